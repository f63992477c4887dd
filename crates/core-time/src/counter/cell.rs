//! The cell of a writer: the bucket that is open for it, and a count that only grows.

use crate::spec::Grid;
use crate::stamp::Stamp;
use crate::sync::{
    AtomicI64, AtomicU64,
    Ordering::{Relaxed, Release},
};

/// The maximum number of events in an open bucket; a cell that reaches it flushes.
///
/// Small enough that thousands of cells together stay below the limit of a bucket.
pub(crate) const OPEN_LIMIT: u64 = 1 << 28;

/// Counts what one writer recorded in its open bucket.
///
/// The owner writes `total`. Everything else is written under the lock of the shared counts, by the
/// owner or by a reset.
#[derive(Debug)]
pub(crate) struct Cell {
    /// The start of the open bucket. Has no meaning while `len` is 0.
    start: AtomicI64,
    /// The length of the open bucket in nanoseconds. 0 while none is open: then no stamp is inside.
    len: AtomicU64,
    /// The number of events ever counted in this cell.
    total: AtomicU64,
    /// How many of `total` have left the cell: at most `total`, at least `total - OPEN_LIMIT`.
    flushed: AtomicU64,
}

impl Cell {
    pub(crate) fn new() -> Self {
        Self {
            start: AtomicI64::new(0),
            len: AtomicU64::new(0),
            total: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
        }
    }

    /// Returns whether the stamp is in the open bucket and the events fit.
    ///
    /// For the owner only. The answer stays true until the owner opens another bucket.
    #[inline]
    pub(crate) fn accepts(&self, stamp: Stamp, events: u64) -> bool {
        // ORDERING: Relaxed loads.
        // Needs: the values last stored by this thread, or by a reset before this call.
        // Gives: program order; for a reset, whatever made it happen before this call.
        // Not needed: more. A concurrent reset may count as before or after this call.
        // Checks: loom, `reset_leaves_nothing_of_before_and_all_of_after`.
        let offset = stamp.as_nanos().wrapping_sub(self.start.load(Relaxed)).cast_unsigned();
        if offset >= self.len.load(Relaxed) {
            return false;
        }
        let open = self.total.load(Relaxed) - self.flushed.load(Relaxed);
        events <= OPEN_LIMIT - open
    }

    /// Counts events in the open bucket, and returns whether it accepted them.
    #[inline]
    pub(crate) fn count(&self, stamp: Stamp, events: u64) -> bool {
        let accepted = self.accepts(stamp, events);
        if accepted {
            // ORDERING: Relaxed load, Release store.
            // Needs: a reader that sees this total also sees the change that opened its bucket.
            // Gives: the version was stepped before; Release orders it before the total, and the
            // reader's fence pairs with that.
            // Not needed: an atomic add. Only this thread writes `total`.
            // Checks: loom, `a_read_concurrent_with_a_turn_sees_one_state`.
            self.total.store(self.total.load(Relaxed) + events, Release);
        }
        accepted
    }

    /// Opens the bucket `tick`. The caller has flushed the cell and holds the write lock.
    pub(super) fn open(&self, grid: &Grid, tick: i64) {
        // ORDERING: Relaxed stores, between the two steps of the version.
        // Needs: no reader combines the new bucket with the old count, or the reverse.
        // Gives: the version, as for everything in the ring.
        // Not needed: an order between the two stores.
        // Checks: loom, `a_read_concurrent_with_a_turn_sees_one_state`.
        self.start.store(grid.start(tick).as_nanos(), Relaxed);
        self.len.store(grid.len(tick), Relaxed);
    }

    /// Marks all events as flushed. The caller holds the write lock.
    pub(super) fn mark_flushed(&self) {
        // ORDERING: Relaxed load and store, between the two steps of the version.
        // Needs: every record that happened before this call is in `total`; no reader sees more
        // flushed than counted.
        // Gives: coherence for the first; the version's Release for the second.
        // Not needed: to stop the owner. During a reset, what it adds from here on stays.
        // Checks: loom, `reset_leaves_nothing_of_before_and_all_of_after`.
        self.flushed.store(self.total.load(Relaxed), Relaxed);
    }

    /// Returns the number of events in the open bucket, to a reader or under the lock.
    pub(super) fn open_events(&self) -> u64 {
        self.read().1
    }

    /// Returns the start of the open bucket and the number of events in it.
    ///
    /// Without an open bucket the number is 0 and the start has no meaning.
    #[inline]
    pub(super) fn read(&self) -> (i64, u64) {
        // ORDERING: Relaxed loads, `flushed` before `total`.
        // Needs: a total that is not older than the part of it that was flushed.
        // Gives: the thread that stored `flushed` had seen that much of `total`, and stepped the
        // version afterwards; the reader's Acquire load of the version, or the lock, pairs with it.
        // Not needed: one state of both. `total` only grows, and a newer one is a concurrent
        // record.
        // Checks: loom, `reset_leaves_nothing_of_before_and_all_of_after`.
        let (start, flushed) = (self.start.load(Relaxed), self.flushed.load(Relaxed));
        (start, self.total.load(Relaxed).wrapping_sub(flushed))
    }

    /// Returns the start of the open bucket, if one is open.
    pub(super) fn open_start(&self) -> Option<i64> {
        // ORDERING: Relaxed loads, under the version or the lock.
        (self.len.load(Relaxed) > 0).then(|| self.start.load(Relaxed))
    }
}
