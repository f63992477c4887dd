//! The recorder: a cell for one owner, the cheapest way to record.

use super::EventCounter;
use super::cell::Cell;
use super::error::RecordError;
use crate::clock::SharedTime;
use crate::per_thread::SlotId;
use crate::stamp::Stamp;

/// Records events for one owner, without finding the thread's cell each time.
///
/// Make one for a hot loop and keep it. Its events are in every answer at once, like those of the
/// counter: nothing is buffered, and there is nothing to flush. It can be sent to another thread.
/// When it is dropped, the next recorder or thread reuses its cell.
///
/// # Complexity
///
/// An event in the open bucket costs one read of the clock, a few loads and one store. Making a
/// recorder takes a lock, and allocates 128 bytes unless it reuses a cell.
///
/// # Examples
///
/// ```
/// use core_time::{EventCounter, TickerClock, WindowSpec};
/// use std::time::Duration;
///
/// let clock = TickerClock::start(Duration::from_millis(1))?;
/// let requests = EventCounter::with_clock(WindowSpec::default(), clock);
/// std::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| {
///             let mut recorder = requests.recorder();
///             (0..1_000).for_each(|_| recorder.record());
///         });
///     }
/// });
/// assert_eq!(requests.count(Duration::from_secs(300))?.events, 2_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Recorder<'a> {
    counter: &'a EventCounter,
    cell: &'a Cell,
    /// The time of a [`TickerClock`](crate::TickerClock), found once.
    ticked: Option<&'a SharedTime>,
    /// Owns the cell. Not the id of the thread: a late destructor may still hold a recorder when
    /// its thread has no id any more.
    _slot: SlotId,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(counter: &'a EventCounter, cell: &'a Cell, slot: SlotId) -> Self {
        Self { counter, cell, ticked: counter.axis.clock.shared(), _slot: slot }
    }

    /// Records one event now.
    #[inline]
    pub fn record(&mut self) {
        self.record_many(1);
    }

    /// Records a number of events now, as [`EventCounter::record_many`].
    #[inline]
    pub fn record_many(&mut self, events: u64) {
        let now = match self.ticked {
            Some(time) => time.now_checked(),
            None => self.counter.axis.clock.now_checked(),
        };
        self.counter.record_in(Some(self.cell), now, events);
    }

    /// Records events at a stamp, as [`EventCounter::record_at`].
    ///
    /// # Errors
    ///
    /// As [`EventCounter::record_at`].
    pub fn record_at(&mut self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.counter.record_at_in(Some(self.cell), stamp, events)
    }
}
