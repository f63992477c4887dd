//! A connection with the faults of a network.

use std::collections::VecDeque;

use core_time::Stamp;

use crate::cell::{Cell, Version};
use crate::error::StoreError;
use crate::store::{Batch, Contents, Reply, Store};

/// A connection to a store that fails in each way in which a network can.
///
/// For tests of what is built on a [`Store`]. The faults are chosen, not drawn.
///
/// # Examples
///
/// See [`Outbox`](crate::Outbox).
#[derive(Debug)]
pub struct Faulty<S> {
    store: S,
    faults: VecDeque<Fault>,
    /// What comes again before the next writes; nothing for most of them.
    repeated: VecDeque<Vec<Repeated>>,
}

/// What happens to a call of [`Store::write`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The batches do not reach the store.
    Dropped,
    /// They are stored, but the writer does not learn of it.
    ReplyLost,
    /// They are stored twice, and the writer gets the second reply.
    Doubled,
    /// They are stored, and again before the second write after them.
    Repeated,
}

/// A batch that comes again, with its cells.
#[derive(Debug)]
struct Repeated {
    batch: Batch<'static>,
    cells: Vec<Cell>,
}

impl<S: Store> Faulty<S> {
    /// Creates a connection without faults.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store, faults: VecDeque::new(), repeated: VecDeque::new() }
    }

    /// Adds faults of the next writes, in order.
    pub fn fail(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.extend(faults);
    }
}

impl<S: Store> Store for Faulty<S> {
    fn write(&mut self, batches: &[Batch<'_>]) -> Vec<Result<Reply, StoreError>> {
        let fault = self.faults.pop_front().unwrap_or(Fault::None);
        let lost = |_: &Batch<'_>| Err(StoreError::Away(format!("{fault:?}")));
        if fault == Fault::Dropped {
            return batches.iter().map(lost).collect();
        }
        for Repeated { batch, cells } in self.repeated.pop_front().unwrap_or_default() {
            self.store.write(&[Batch { cells: cells.iter().collect(), ..batch }]);
        }
        let replies = self.store.write(batches);
        match fault {
            Fault::None | Fault::Dropped => replies,
            Fault::ReplyLost => batches.iter().map(lost).collect(),
            Fault::Doubled => self.store.write(batches),
            Fault::Repeated => {
                let repeated = batches.iter().map(Repeated::new).collect();
                self.repeated.extend([vec![], repeated]);
                replies
            }
        }
    }

    fn now(&mut self) -> Result<Stamp, StoreError> {
        self.store.now()
    }

    fn read(&mut self, known: &[(i64, Option<Version>)]) -> Result<Contents, StoreError> {
        self.store.read(known)
    }
}

impl Repeated {
    fn new(batch: &Batch<'_>) -> Self {
        let cells = batch.cells.iter().map(|&cell| cell.clone()).collect();
        let Batch { stripe, writer, sequence, after, interval, keep, .. } = *batch;
        let batch = Batch { stripe, writer, sequence, after, interval, keep, cells: vec![] };
        Self { batch, cells }
    }
}
