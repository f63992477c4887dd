//! A counter and a cell in it, which belongs to a recorder until it is dropped.

use std::ops::Deref;

use super::EventCounter;
use super::cells::Place;
use super::error::RecordError;
use crate::clock::ClockReading;
use crate::stamp::Stamp;

/// The cell of a recorder, and the counter that it belongs to.
///
/// Not the cell of the thread: a recorder moves between threads, and a late destructor may hold it
/// when its thread has no cell any more.
#[derive(Debug)]
pub(super) struct Lease<C: Deref<Target = EventCounter>> {
    pub(super) counter: C,
    place: Place,
}

impl<C: Deref<Target = EventCounter>> Lease<C> {
    pub(super) fn new(counter: C) -> Self {
        let place = counter.cells.recorders().take();
        Self { counter, place }
    }

    #[inline]
    pub(super) fn record(&self, now: ClockReading, events: u64) {
        let ClockReading { stamp: now, may_step_back } = now;
        // As `EventCounter::record_in`, but the cell's address need not be made for `turn`.
        if events > 0 && (may_step_back || !self.place.cell().count(now, events)) {
            self.turn(now, events);
        }
    }

    #[cold]
    fn turn(&self, now: Stamp, events: u64) {
        // A refusal is counted, as in `record_in`.
        drop(self.counter.turn(Some(self.place.cell()), now, now, events));
    }

    pub(super) fn record_at(&self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.counter.record_at_in(Some(self.place.cell()), stamp, events)
    }
}

impl<C: Deref<Target = EventCounter>> Drop for Lease<C> {
    fn drop(&mut self) {
        self.counter.counts.retire(self.counter.cells.recorders(), &self.place);
    }
}
