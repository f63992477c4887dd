//! The event counter: the number of events in the past window, recorded from any thread.

use std::fmt;
use std::sync::{Mutex, MutexGuard};

use crate::clock::{Clock, ClockReading};
use crate::instance::{Instance, Instances};
use crate::ring::TimeAxis;
use crate::spec::WindowSpec;
use crate::stamp::Stamp;
use crate::sync::unpoisoned;

mod answers;
pub(crate) mod cell;
pub(crate) mod cells;
mod error;
mod lease;
mod merge;
mod owned;
pub(crate) mod query;
mod recorder;
pub(crate) mod refused;
mod ring_tier;
mod seqlock;
pub(crate) mod shared;
pub(crate) mod window;

use cell::Cell;
use cells::WriterCells;
pub use error::{RecordError, WindowError};
pub use owned::OwnedRecorder;
pub(crate) use query::{BucketRange, Query, window_nanos};
pub use recorder::Recorder;
pub(crate) use refused::Refusals;
pub use refused::RefusedCounts;
use shared::SharedCounts;
pub use window::{Coverage, Series, Window};

/// Counts events over sliding windows of time.
///
/// Events are counted by bucket, by default of one second, as far back as the span, by default
/// 300 s. Any window up to the span can be counted at any time, from any thread, at the same cost.
///
/// ```
/// use core_time::{EventCounter, ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let counter = EventCounter::with_clock(Default::default(), clock.clone());
///
/// counter.record();
/// counter.record_many(45);
/// counter.record_at(Stamp::from_secs(980), 1)?; // 20 s late.
///
/// assert_eq!(counter.count(Duration::from_secs(10))?.events, 46);
/// assert_eq!(counter.count(Duration::from_secs(300))?.events, 47);
///
/// clock.advance(Duration::from_secs(290));
/// assert_eq!(counter.count(Duration::from_secs(300))?.events, 46);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Accuracy
///
/// Exact to one bucket; [`Window`] has the bounds. A bucket holds at least 2^40 events. Events that
/// do not fit are refused and affect no other bucket.
///
/// # Refusals
///
/// An event is refused if it is older than the span, further ahead of the clock than the tolerance,
/// or if its bucket in any tier, or the total (2^63), has no room. A refused event changes nothing
/// and is counted in [`refused`](Self::refused).
///
/// # Complexity
///
/// A record in the open bucket of its thread is a few loads and one store to the thread's own
/// memory. The first record in a new bucket takes a lock and constant time; after a long idle time,
/// at most one step for each block of the ring, whose number is about the square root of the number
/// of buckets. A record in another bucket takes the lock and at most twice as many steps. The cost
/// of a read depends on the number of threads that ever recorded at the same time, and of recorders
/// that exist, not on the window. Recording allocates once for each of these threads, reading never
/// does.
///
/// # Concurrency
///
/// A record that happened before a read began is in the answer exactly if its bucket is in the
/// window. A record made concurrently with the read may or may not be included. A read changes
/// nothing. A thread that ends or panics loses nothing. After `fork` in a process with several
/// threads, the child must not use an inherited counter: another thread may have held its lock.
///
/// # Clocks that step back
///
/// The clocks of this crate do not step back. With one that does, events are still counted by their
/// stamps, and a window still ends at the time of the clock: an event stamped later is included
/// once the clock reaches its stamp. Buckets are held at least as far behind the newest one as the
/// span, the tolerance and two buckets. If the clock stepped back by more than these two buckets,
/// buckets that it would need again were evicted: an event for one of them is refused, and so is a
/// window that begins in one. To detect that, every record takes the lock as long as
/// [`Clock::may_step_back`].
pub struct EventCounter {
    counts: SharedCounts,
    axis: TimeAxis,
    cells: WriterCells,
    /// Distinguishes this counter from others in snapshots.
    instance: Instance,
    merged: Mutex<Merged>,
}

/// What snapshots need in addition to the counts, under a lock.
#[derive(Default)]
pub(crate) struct Merged {
    /// The instances whose snapshots were merged into this counter since the last reset.
    pub(crate) instances: Instances,
    /// The revision of the last snapshot.
    pub(crate) revision: u64,
}

impl Default for EventCounter {
    /// Counts in one-second buckets over 300 s, by the system's clock.
    fn default() -> Self {
        Self::new(WindowSpec::default())
    }
}

impl EventCounter {
    /// Makes a counter with the cheapest system clock that suits the resolution.
    #[must_use]
    pub fn new(spec: WindowSpec) -> Self {
        Self::on(TimeAxis::new(spec))
    }

    /// Makes a counter with a custom clock.
    #[must_use]
    pub fn with_clock(spec: WindowSpec, clock: impl Clock) -> Self {
        Self::on(TimeAxis::with_clock(spec, clock))
    }

    fn on(axis: TimeAxis) -> Self {
        Self {
            counts: SharedCounts::new(axis.spec.clone(), axis.now()),
            axis,
            cells: WriterCells::default(),
            instance: Instance::draw(),
            merged: Mutex::default(),
        }
    }

    /// Returns the resolution, span and tolerance of the counter.
    #[must_use]
    pub fn spec(&self) -> &WindowSpec {
        self.counts.spec()
    }

    /// Returns the clock, to share it with another counter or tracker.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{Clock, EventCounter, ManualClock, Stamp};
    ///
    /// let manual = ManualClock::new(Stamp::from_secs(1_000));
    /// let calls = EventCounter::with_clock(Default::default(), manual.clone());
    /// let errors = EventCounter::with_clock(Default::default(), calls.clock());
    /// manual.set(Stamp::from_secs(1_060));
    /// assert_eq!((calls.now(), errors.now()), (manual.now(), manual.now()));
    /// ```
    #[must_use]
    pub fn clock(&self) -> impl Clock + Clone + use<> {
        self.axis.clock.clone()
    }

    /// Returns the time of the counter's clock.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.axis.clock.now()
    }

    /// Records one event now.
    #[inline(always)]
    pub fn record(&self) {
        self.record_many(1);
    }

    /// Records a number of events now.
    ///
    /// More than 2^40 events in one bucket may be refused. Then none of them is counted, except in
    /// [`refused`](Self::refused).
    #[inline(always)]
    pub fn record_many(&self, events: u64) {
        let now = self.axis.clock.now_checked();
        self.record_in(self.cells.get(), now, events);
    }

    /// Records events that happened at a stamp, in the bucket of that stamp.
    ///
    /// # Errors
    ///
    /// - [`RecordError::TooOld`] if the stamp is older than the span.
    /// - [`RecordError::TooNew`] if it is further ahead of the clock than the tolerance and the
    ///   clock's lag.
    /// - [`RecordError::Full`] if its bucket has no room.
    /// - [`RecordError::Evicted`] if its bucket was evicted and the clock stepped back since then.
    ///
    /// A refused event is counted only in [`refused`](Self::refused).
    pub fn record_at(&self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.record_at_in(self.cells.get(), stamp, events)
    }

    /// Makes a recorder with its own cell, for hot loops.
    ///
    /// To find the cell of the thread costs as much as the record itself.
    #[must_use]
    pub fn recorder(&self) -> Recorder<'_> {
        Recorder::new(self)
    }

    /// Records events now, in the caller's cell if it has one.
    #[inline(always)]
    fn record_in(&self, cell: Option<&Cell>, now: ClockReading, events: u64) {
        let ClockReading { stamp: now, may_step_back } = now;
        let open = cell.filter(|_| !may_step_back);
        if events > 0 && !open.is_some_and(|cell| cell.count(now, events)) {
            // A refusal is counted. The caller gave no stamp and could not avoid it.
            drop(self.turn(cell, now, now, events));
        }
    }

    /// Records events at a stamp, in the caller's cell if it has one.
    fn record_at_in(
        &self,
        cell: Option<&Cell>,
        stamp: Stamp,
        events: u64,
    ) -> Result<(), RecordError> {
        let ClockReading { stamp: now, may_step_back } = self.axis.clock.now_checked();
        if let Err(refusal) = self.axis.check_stamp(stamp, now) {
            return self.refuse(refusal, events);
        }
        if events == 0 {
            return Ok(());
        }
        // A refused event must leave no trace, and a counted one must not be seen before its stamp.
        // So the cell is asked first, then the stamp is observed, then the event is counted.
        let open = cell.filter(|cell| !may_step_back && cell.accepts(stamp, events));
        let Some(cell) = open else { return self.turn(cell, stamp, now, events) };
        self.counts.observe(stamp, now);
        cell.count(stamp, events);
        Ok(())
    }

    /// Records events that the open bucket does not accept.
    ///
    /// Makes a cell for this thread if it has none.
    #[cold]
    fn turn(
        &self,
        cell: Option<&Cell>,
        stamp: Stamp,
        now: Stamp,
        events: u64,
    ) -> Result<(), RecordError> {
        let recorded = match cell.or_else(|| self.cells.get_or_make()) {
            Some(cell) if stamp <= now => self.counts.turn(cell, &self.cells, stamp, events),
            _ => self.counts.record_in_rings(&self.cells, stamp, now, events),
        };
        recorded.or_else(|refusal| self.refuse(refusal, events))
    }

    #[cold]
    fn refuse(&self, refusal: RecordError, events: u64) -> Result<(), RecordError> {
        self.axis.refused.add(&refusal, events);
        Err(refusal)
    }

    /// Returns the number of events since the start or the last reset.
    ///
    /// Includes events that left every window.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{EventCounter, ManualClock, Stamp};
    /// # use std::time::Duration;
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock.clone());
    /// counter.record_many(5);
    /// clock.advance(Duration::from_secs(86_400));
    /// assert_eq!(counter.total(), 5);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.total(&self.cells)
    }

    /// Returns the numbers of refused events, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        let refused = self.axis.refused.read();
        RefusedCounts { full: refused.full.saturating_add(self.counts.dropped()), ..refused }
    }

    /// Removes all events recorded before, and all refusals.
    ///
    /// # Concurrency
    ///
    /// An event that is recorded concurrently is removed or kept as a whole. If one was ahead of
    /// the clock before, [`Window::at_least`] leaves out the filling bucket until the clock has
    /// reached its stamp.
    pub fn reset(&self) {
        let now = self.axis.clock.now();
        let mut merged = self.lock_merged();
        self.counts.reset(&self.cells, now);
        merged.instances.clear();
        self.axis.refused.reset();
    }

    /// Locks what belongs to snapshots, to change or read it together with the events.
    ///
    /// The only user's code that runs under the lock is that of the clock.
    fn lock_merged(&self) -> MutexGuard<'_, Merged> {
        unpoisoned(self.merged.lock())
    }
}

impl fmt::Debug for EventCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCounter")
            .field("spec", self.spec())
            .field("clock", &self.axis.clock)
            .field("threads", &self.cells.threads())
            .field("recorders", &self.cells.recorders_now())
            .field("refused", &self.refused())
            .finish_non_exhaustive()
    }
}
