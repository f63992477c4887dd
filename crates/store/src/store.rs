//! What a shared store must be able to do.

use std::fmt::Debug;
use std::time::Duration;

use core_time::{Instance, Stamp};

use crate::cell::{Cell, Version};
use crate::error::StoreError;

/// Keeps the cells of many writers, each with its highest revision.
///
/// What is written may be repeated, delayed and reordered: the highest revision remains. A store
/// may also lose everything or return to earlier contents; its replies show that to a writer.
pub trait Store: Debug + Send {
    /// Stores batches, and returns a reply or an error for each, in order.
    ///
    /// An error leaves open whether the batch was stored.
    fn write(&mut self, batches: &[Batch<'_>]) -> Vec<Result<Reply, StoreError>>;

    /// Returns the present by the clock of the store.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if it does not answer.
    fn now(&mut self) -> Result<Stamp, StoreError>;

    /// Returns the writers, and the buckets whose version is another one than that known.
    ///
    /// Two buckets may be of slightly different moments; each cell is whole.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if it does not answer, [`StoreError::Foreign`] if it has something else
    /// under the keys of this crate.
    fn read(&mut self, known: &[(i64, Option<Version>)]) -> Result<Contents, StoreError>;
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn write(&mut self, batches: &[Batch<'_>]) -> Vec<Result<Reply, StoreError>> {
        (**self).write(batches)
    }

    fn now(&mut self) -> Result<Stamp, StoreError> {
        (**self).now()
    }

    fn read(&mut self, known: &[(i64, Option<Version>)]) -> Result<Contents, StoreError> {
        (**self).read(known)
    }
}

/// Cells of one writer and one stripe, which are stored together.
#[derive(Debug, Clone)]
pub struct Batch<'c> {
    /// The number of the stripe, the bucket of each cell modulo 16.
    pub stripe: usize,
    /// Who writes.
    pub writer: Instance,
    /// The number of the batch, higher for a later one.
    pub sequence: u64,
    /// The number of the batch before it; `None` if the writer knows of none in this stripe.
    ///
    /// If the store does not know that one, it has lost something.
    pub after: Option<u64>,
    /// The time between two flushes of the writer; `None` if this is the last one.
    pub interval: Option<Duration>,
    /// How long the store keeps the cells from now on.
    pub keep: Duration,
    /// The cells, all of this stripe.
    pub cells: Vec<&'c Cell>,
}

/// What a store knew before a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The number of the last batch of the writer in the stripe; `None` if it knew none.
    pub sequence: Option<u64>,
    /// The revision of each cell; `None` for a new cell.
    pub revisions: Vec<Option<u64>>,
}

/// What a reader finds in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// The writers in each stripe, in any order.
    pub writers: Vec<WriterState>,
    /// The buckets with another version, in the order in which they were asked for.
    pub buckets: Vec<BucketContents>,
}

/// When a writer last wrote into a stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterState {
    /// Who it is.
    pub writer: Instance,
    /// The number of the stripe.
    pub stripe: usize,
    /// The moment, by the clock of the store.
    pub seen: Stamp,
    /// The time until its next flush; `None` if it ended.
    pub interval: Option<Duration>,
    /// How long its cells are kept from that moment on.
    pub keep: Duration,
}

/// The cells of all writers in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketContents {
    /// The number of the bucket.
    pub bucket: i64,
    /// `None` for a bucket without cells.
    pub version: Option<Version>,
    /// The cells, in any order.
    pub cells: Vec<StoredCell>,
}

/// A cell as a reader finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCell {
    /// Who wrote it.
    pub writer: Instance,
    /// Which of the writer's cells in the bucket.
    pub chunk: u32,
    /// The value.
    pub value: Vec<u8>,
}
