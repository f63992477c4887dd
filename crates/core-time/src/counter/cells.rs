//! The cells of all writers: one for each thread that recorded, and one for each recorder.
//!
//! A thread adopts the cell of one that ended. A recorder returns its cell when it is dropped: the
//! events that are open in it are flushed to the rings, and readers no longer visit it. So a read
//! depends on the recorders that exist, not on those that did.
//!
//! The first recorders have places in an array, which readers visit without a lock and later
//! recorders reuse. Further ones are in a map, whose memory is freed with them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::cell::Cell;
use crate::per_thread::PerThread;
use crate::sync::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    RwLock, unpoisoned,
};

/// A set of cells.
pub(crate) trait Cells {
    /// Calls `visit` with each cell.
    fn for_each(&self, visit: impl FnMut(&Cell));

    /// Returns the number of cells, or a larger one.
    fn made(&self) -> usize;
}

/// The cells of all writers of a counter.
#[derive(Debug, Default)]
pub(super) struct WriterCells {
    threads: PerThread<ThreadCell>,
    /// Made for the first recorder.
    recorders: OnceLock<Box<RecorderCells>>,
}

/// The cell of a thread.
///
/// It has two cache lines to itself, because processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct ThreadCell(Cell);

impl WriterCells {
    /// Returns the cell of this thread, if it has one.
    #[inline]
    pub(super) fn get(&self) -> Option<&Cell> {
        self.threads.get().map(|ThreadCell(cell)| cell)
    }

    /// Returns the cell of this thread, which is made if it has none.
    ///
    /// Returns `None` at the very end of a thread.
    pub(super) fn get_or_make(&self) -> Option<&Cell> {
        self.threads.get_or(|| ThreadCell(Cell::new())).map(|ThreadCell(cell)| cell)
    }

    /// Returns the number of cells of threads.
    pub(super) fn threads(&self) -> usize {
        self.threads.made()
    }

    /// Returns the number of cells of recorders.
    pub(super) fn recorders_now(&self) -> usize {
        self.recorders.get().map_or(0, |recorders| recorders.made())
    }

    /// Returns the cells of recorders.
    pub(super) fn recorders(&self) -> &RecorderCells {
        self.recorders.get_or_init(|| Box::new(RecorderCells::new()))
    }
}

impl Cells for WriterCells {
    #[inline]
    fn for_each(&self, mut visit: impl FnMut(&Cell)) {
        self.threads.for_each(|ThreadCell(cell)| visit(cell));
        if let Some(recorders) = self.recorders.get() {
            recorders.for_each(visit);
        }
    }

    fn made(&self) -> usize {
        self.threads() + self.recorders_now()
    }
}

/// The number of recorders whose cells are found without a lock.
const FIRST: u32 = if cfg!(loom) { 1 } else { 32 };

/// The cells of the recorders of a counter.
///
/// # Memory ordering
///
/// A cell that is returned has no open events: its owner flushed them, in a write that stepped the
/// version of the shared counts. A reader that no longer finds the cell must find that write, or
/// repeat its read. So `taken` and `len` are stored with Release, after the step of the version.
/// The fence of the reader pairs with that, and its second load of the version sees the step.
/// A visit under the lock finds each cell flushed, or in place.
///
/// A reader that does not find a new cell misses no event recorded before the read: what orders
/// the record before the read orders the place before it too.
#[derive(Debug)]
pub(crate) struct RecorderCells {
    /// Bit `n` is set while place `n` of `first` has an owner.
    taken: AtomicU64,
    /// The cells of the first places, which are made once.
    first: [OnceLock<Arc<RecorderCell>>; FIRST as usize],
    /// The number of cells in `more`.
    len: AtomicU64,
    /// The cells of further places, by their numbers.
    ///
    /// No other lock is taken under this one.
    more: RwLock<BTreeMap<u64, Arc<RecorderCell>>>,
}

/// The cell of a recorder.
///
/// In an `Arc`, the reference counts have a cache line and the cell the next one: 128 bytes. So the
/// cells of two recorders are never in one pair of lines.
#[derive(Debug)]
#[repr(align(64))]
struct RecorderCell(Cell);

impl RecorderCell {
    fn make() -> Arc<Self> {
        Arc::new(Self(Cell::new()))
    }
}

/// A cell that belongs to one recorder until it is [returned](RecorderCells::free).
#[derive(Debug)]
pub(crate) struct Place {
    number: u64,
    cell: Arc<RecorderCell>,
}

impl Place {
    #[inline]
    pub(crate) fn cell(&self) -> &Cell {
        &self.cell.0
    }
}

impl RecorderCells {
    pub(crate) fn new() -> Self {
        Self {
            taken: AtomicU64::new(0),
            first: [const { OnceLock::new() }; FIRST as usize],
            len: AtomicU64::new(0),
            more: RwLock::new(BTreeMap::new()),
        }
    }

    /// Takes the first place that is free, or makes one.
    pub(crate) fn take(&self) -> Place {
        let with_next = |taken: u64| {
            let next = taken.trailing_ones();
            (next < FIRST).then(|| taken | 1 << next)
        };
        // ORDERING: Acquire if it succeeds, Relaxed if not.
        // Needs: what the last owner of the place counted, and flushed.
        // Gives: the Release of `free`, or of a later `take`, which continues its sequence.
        // Not needed: Release, as nothing was written yet.
        // Checks: loom, `a_recorder_that_takes_a_place_counts_on`.
        match self.taken.fetch_update(Acquire, Relaxed, with_next) {
            Ok(taken) => {
                let number = taken.trailing_ones();
                let cell = self.first[number as usize].get_or_init(RecorderCell::make);
                Place { number: number.into(), cell: Arc::clone(cell) }
            }
            Err(_) => self.add(RecorderCell::make()),
        }
    }

    fn add(&self, cell: Arc<RecorderCell>) -> Place {
        let mut more = unpoisoned(self.more.write());
        let number = more.last_key_value().map_or(FIRST.into(), |(&last, _)| last + 1);
        more.insert(number, Arc::clone(&cell));
        self.publish_len(&more);
        Place { number, cell }
    }

    /// Returns a place, whose cell has no open events.
    pub(crate) fn free(&self, place: &Place) {
        if place.number < FIRST.into() {
            // ORDERING: Release.
            // Needs: the flush, for a reader without the cell; the count, for the next owner.
            // Gives: the fence of the reader, and the Acquire of `take`.
            // Not needed: more. The fence in the write of the flush alone would do, which is why
            // no model fails without Release here.
            // Checks: loom, `a_recorder_that_is_dropped_loses_nothing` and
            // `a_recorder_that_takes_a_place_counts_on`.
            self.taken.fetch_and(!(1 << place.number), Release);
        } else {
            let mut more = unpoisoned(self.more.write());
            more.remove(&place.number);
            self.publish_len(&more);
        }
    }

    /// Stores the number of further cells, for readers that take no lock.
    fn publish_len(&self, more: &BTreeMap<u64, Arc<RecorderCell>>) {
        // ORDERING: Release.
        // Needs: the flush of a cell that was returned, for a reader that finds no cell and takes
        // no lock.
        // Gives: the fence of the reader. One that takes the lock has the flush by that.
        // Not needed: anything, for a cell that was added. As for `free`, the fence in the write of
        // the flush alone would do.
        // Checks: loom, `a_recorder_beyond_the_first_loses_nothing`.
        self.len.store(more.len() as u64, Release);
    }

    #[cold]
    fn for_each_further(&self, visit: &mut dyn FnMut(&Cell)) {
        unpoisoned(self.more.read()).values().for_each(|cell| visit(&cell.0));
    }
}

impl Cells for RecorderCells {
    #[inline]
    fn for_each(&self, mut visit: impl FnMut(&Cell)) {
        // ORDERING: Relaxed loads, before the fence of the reader or under the lock: see the type.
        let mut taken = self.taken.load(Relaxed);
        while taken != 0 {
            // A place without a cell was taken concurrently.
            if let Some(cell) = self.first[taken.trailing_zeros() as usize].get() {
                visit(&cell.0);
            }
            taken &= taken - 1;
        }
        if self.len.load(Relaxed) > 0 {
            self.for_each_further(&mut visit);
        }
    }

    fn made(&self) -> usize {
        // ORDERING: Relaxed. A place that is not seen was taken concurrently.
        let (taken, len) = (self.taken.load(Relaxed), self.len.load(Relaxed));
        usize::try_from(len).unwrap_or(usize::MAX).saturating_add(taken.count_ones() as usize)
    }
}
