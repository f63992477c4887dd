//! What a writer has stored, and what it still has to store.
//!
//! A store may lose cells that it acknowledged: by a restart without its data, with data of an
//! earlier moment, or by the loss of a node. So the writer keeps its cells, and each batch shows
//! whether the store still has the ones before. Batches of a stripe have numbers, and each names
//! the one before it. The store keeps the last number of an unbroken series, and returns it: if it
//! is lower than that of the batch before, the store has gone back, and all cells of the stripe are
//! sent again, as a new series. An epoch, which a store draws when it is empty, would not show that
//! it returned to contents of the same epoch.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use core_time::Instance;

use crate::cell::{Cell, Place, STRIPES};
use crate::error::StoreError;
use crate::store::{Batch, Reply, Store};

/// The bytes of values that are sent before the store has answered.
const BYTES_MAX: usize = 1 << 20;

/// Brings the cells of one writer into a store, whatever happens to messages and to the store.
///
/// It keeps each cell until [`forget`](Self::forget), because the store may lose it.
///
/// # Examples
///
/// ```
/// use core_time::Instance;
/// use std::time::Duration;
/// use store::{Cell, Fault, Faulty, MemoryStore, Outbox, Place, Store};
///
/// let memory = MemoryStore::default();
/// let mut store = Faulty::new(memory.clone());
/// let [interval, keep] = [1, 360].map(Duration::from_secs);
/// let mut outbox = Outbox::new(Instance::draw(), interval, keep);
/// let place = Place { bucket: 7, chunk: 0 };
/// outbox.put(Cell { place, revision: 1, value: b"one".to_vec() });
///
/// store.fail([Fault::ReplyLost]);
/// assert!(outbox.flush(&mut store).is_err());
/// assert_eq!(outbox.unflushed(), 1);
/// assert_eq!(outbox.flush(&mut store)?.stored, 1);
/// assert_eq!(outbox.unflushed(), 0);
///
/// memory.wipe();
/// assert_eq!(outbox.flush(&mut store)?.stored, 1);
/// assert_eq!(store.read(&[(7, None)])?.buckets[0].cells[0].value, b"one");
/// # Ok::<(), store::StoreError>(())
/// ```
#[derive(Debug)]
pub struct Outbox {
    writer: Instance,
    /// `None` when the next flush is the last.
    interval: Option<Duration>,
    keep: Duration,
    sequence: u64,
    stripes: [Stripe; STRIPES],
}

#[derive(Debug, Default)]
struct Stripe {
    /// The number of the last batch that the store has acknowledged.
    acknowledged: Option<u64>,
    cells: BTreeMap<Place, Kept>,
}

#[derive(Debug)]
struct Kept {
    cell: Cell,
    /// The last revision that the store has acknowledged.
    acknowledged: Option<u64>,
}

impl Kept {
    fn is_due(&self) -> bool {
        self.acknowledged < Some(self.cell.revision)
    }
}

/// What a flush did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flushed {
    /// The number of cells that were stored.
    pub stored: usize,
    /// The number of stripes that the store had lost, and that were sent again.
    pub lost: usize,
    /// The number of cells of which the store has a later revision.
    ///
    /// Another process writes with the same identity.
    pub foreign: usize,
}

/// What was sent in a batch.
struct Sent {
    stripe: usize,
    sequence: u64,
    after: Option<u64>,
    cells: Vec<(Place, u64)>,
}

impl Outbox {
    /// Creates the outbox of a writer that flushes at an interval, and whose cells are kept.
    #[must_use]
    pub fn new(writer: Instance, interval: Duration, keep: Duration) -> Self {
        let (interval, stripes) = (Some(interval), Default::default());
        Self { writer, interval, keep, sequence: 0, stripes }
    }

    /// Adds a cell to the next flush, unless one with a higher revision is known.
    pub fn put(&mut self, cell: Cell) {
        let cells = &mut self.stripes[cell.place.stripe()].cells;
        match cells.get_mut(&cell.place) {
            Some(kept) if cell.revision <= kept.cell.revision => {}
            Some(kept) => kept.cell = cell,
            None => drop(cells.insert(cell.place, Kept { cell, acknowledged: None })),
        }
    }

    /// Returns the value of a place.
    #[must_use]
    pub fn get(&self, place: Place) -> Option<&[u8]> {
        Some(&self.stripes[place.stripe()].cells.get(&place)?.cell.value)
    }

    /// Forgets the cells before a bucket, and returns how many of them were never stored.
    pub fn forget(&mut self, before: i64) -> usize {
        let mut lost = 0;
        for stripe in &mut self.stripes {
            let rest = stripe.cells.split_off(&Place { bucket: before, chunk: 0 });
            let forgotten = mem::replace(&mut stripe.cells, rest);
            lost += forgotten.values().filter(|kept| kept.is_due()).count();
        }
        lost
    }

    /// Makes the next flush the last one: readers do not wait for the writer any more.
    pub fn end(&mut self) {
        self.interval = None;
    }

    /// Returns the number of cells whose last value the store has not acknowledged.
    #[must_use]
    pub fn unflushed(&self) -> usize {
        self.kept().filter(|kept| kept.is_due()).count()
    }

    /// Returns the bytes of all values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kept().map(|kept| kept.cell.value.len()).sum()
    }

    fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.stripes.iter().flat_map(|stripe| stripe.cells.values())
    }

    /// Stores what the store does not have yet, and shows it that the writer is there.
    ///
    /// # Errors
    ///
    /// The first error of the store. What was acknowledged is not sent again; the rest is sent by
    /// the next flush.
    pub fn flush(&mut self, store: &mut dyn Store) -> Result<Flushed, StoreError> {
        let mut flushed = Flushed::default();
        // The second round sends again what the first found to be lost.
        for _ in 0..2 {
            let lost = self.flush_once(store, &mut flushed)?;
            if lost == 0 {
                break;
            }
            flushed.lost += lost;
        }
        Ok(flushed)
    }

    /// Sends all batches, and returns the number of stripes that the store had lost.
    fn flush_once(
        &mut self,
        store: &mut dyn Store,
        flushed: &mut Flushed,
    ) -> Result<usize, StoreError> {
        let batches = self.batches();
        let mut sent: Vec<_> = batches.iter().map(Sent::of).collect();
        let number = batches.len() as u64;
        let mut replies = Vec::with_capacity(batches.len());
        let mut result = Ok(());
        for pipeline in pipelines(&batches) {
            for reply in store.write(pipeline) {
                if let Err(error) = &reply {
                    result = result.and(Err(error.clone()));
                }
                replies.push(reply);
            }
            if result.is_err() {
                break; // The others would wait for the same answer in vain.
            }
        }
        self.sequence += number;
        sent.truncate(replies.len());
        let mut lost = [false; STRIPES];
        for (sent, reply) in sent.iter().zip(replies) {
            let stripe = sent.stripe;
            if let (Ok(reply), false) = (reply, lost[stripe]) {
                lost[stripe] = self.stripes[stripe].accept(sent, &reply, flushed);
            }
        }
        result.map(|()| lost.into_iter().filter(|&lost| lost).count())
    }

    /// Returns at least one batch for each stripe, so that the store can show what it lost.
    fn batches(&self) -> Vec<Batch<'_>> {
        let mut batches = Vec::with_capacity(STRIPES);
        for (at, stripe) in self.stripes.iter().enumerate() {
            let mut after = stripe.acknowledged;
            let (mut cells, mut bytes) = (vec![], 0);
            let due = stripe.cells.values().filter(|kept| kept.is_due());
            for Kept { cell, .. } in due {
                if bytes > 0 && bytes + cell.value.len() > BYTES_MAX {
                    let full = mem::take(&mut cells);
                    let batch = self.batch(at, batches.len(), after, full);
                    (after, bytes) = (Some(batch.sequence), 0);
                    batches.push(batch);
                }
                bytes += cell.value.len();
                cells.push(cell);
            }
            batches.push(self.batch(at, batches.len(), after, cells));
        }
        batches
    }

    fn batch<'c>(
        &self,
        stripe: usize,
        before: usize,
        after: Option<u64>,
        cells: Vec<&'c Cell>,
    ) -> Batch<'c> {
        let Self { writer, interval, keep, .. } = *self;
        let sequence = self.sequence + 1 + before as u64;
        Batch { stripe, writer, sequence, after, interval, keep, cells }
    }
}

/// Divides batches so that each part has no more than the maximum of bytes, or one batch.
fn pipelines<'b, 'c>(mut batches: &'b [Batch<'c>]) -> impl Iterator<Item = &'b [Batch<'c>]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |batch: &&Batch<'_>| {
            bytes += batch.cells.iter().map(|cell| cell.value.len()).sum::<usize>();
            bytes <= BYTES_MAX
        };
        let len = batches.iter().take_while(fits).count().max(1).min(batches.len());
        let (part, rest) = batches.split_at(len);
        batches = rest;
        (!part.is_empty()).then_some(part)
    })
}

impl Sent {
    fn of(batch: &Batch<'_>) -> Self {
        let Batch { stripe, sequence, after, .. } = *batch;
        let cells = batch.cells.iter().map(|cell| (cell.place, cell.revision)).collect();
        Self { stripe, sequence, after, cells }
    }
}

impl Stripe {
    /// Notes what was stored, and returns whether the store has lost something.
    fn accept(&mut self, sent: &Sent, reply: &Reply, flushed: &mut Flushed) -> bool {
        let cells = sent.cells.iter().zip(&reply.revisions);
        let has_gone_back = reply.sequence < sent.after;
        // A single key may have been deleted.
        let is_less = |(&(place, _), &before): (&(Place, u64), &Option<u64>)| {
            self.cells.get(&place).is_some_and(|kept| before < kept.acknowledged)
        };
        if has_gone_back || cells.clone().any(is_less) {
            self.acknowledged = None;
            self.cells.values_mut().for_each(|kept| kept.acknowledged = None);
            return true;
        }
        for (&(place, revision), &before) in cells {
            if let Some(kept) = self.cells.get_mut(&place) {
                kept.acknowledged = kept.acknowledged.max(Some(revision));
            }
            flushed.foreign += usize::from(before > Some(revision));
            flushed.stored += 1;
        }
        self.acknowledged = Some(sent.sequence);
        false
    }
}
