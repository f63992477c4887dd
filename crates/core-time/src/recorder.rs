//! A cell of one's own to record in: the cheapest path there is.

use crate::counter::EventCounter;
use crate::error::RecordError;
use crate::ledger::Cell;
use crate::per_thread::Number;
use crate::stamp::Stamp;

/// Records events for one owner, without looking for the thread's cell each time.
///
/// What a counter does for a thread, found by the thread's number, is done here for whoever holds
/// the recorder, so make one for a hot loop and keep it. What it records is in every answer at
/// once, as if the counter had been told; nothing is held back, and nothing is to be flushed. It
/// may be sent to another thread. When it is dropped, the next recorder or thread takes its cell
/// over.
///
/// # Complexity
///
/// An event in the bucket that is open costs a look at the clock, a few loads and one store. Making
/// a recorder takes a lock, and allocates 128 bytes unless another has left its cell.
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
    /// What makes the cell ours. Not the number of the thread: a destructor that comes late, when
    /// the thread has none any more, may still hold a recorder.
    _number: Number,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(counter: &'a EventCounter, cell: &'a Cell, number: Number) -> Self {
        Self { counter, cell, _number: number }
    }

    /// Counts one event now.
    #[inline]
    pub fn record(&mut self) {
        self.record_many(1);
    }

    /// Counts so many events now, as [`EventCounter::record_many`].
    #[inline]
    pub fn record_many(&mut self, events: u64) {
        self.counter.record_in(Some(self.cell), self.counter.tell(), events);
    }

    /// Counts events that happened at a stamp, as [`EventCounter::record_at`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn record_at(&mut self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.counter.record_at_in(Some(self.cell), stamp, events)
    }
}
