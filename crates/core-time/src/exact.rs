//! The exact counter, which keeps every stamp.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::clock::{AnyClock, Clock};
use crate::counter::{Query, RecordError, RefusedCounts, Window, WindowError, window_nanos};
use crate::ring::TimeAxis;
use crate::spec::WindowSpec;
use crate::stamp::{Interval, Stamp};
use crate::sync::unpoisoned;

/// Counts events over sliding windows of time, exactly, by keeping every stamp.
///
/// For exact numbers of any window, and to test the [`EventCounter`]: it has the same queries, and
/// accepts and refuses the same events. It keeps stamps for the span of the longest tier; the
/// resolution does not matter.
///
/// # Accuracy
///
/// Exact to the nanosecond: [`Window::events`], `at_least` and `at_most` are the same number. An
/// event stamped ahead of the clock is counted in a window of the past once the clock has reached
/// its stamp.
///
/// # Complexity
///
/// Every call takes one lock. A record costs the logarithm of the number of stamps; a read costs
/// that, and one step for each different stamp in its window. Each stamp takes some tens of bytes,
/// however many events it has. A stamp older than the span is evicted at the next record, even if
/// the clock steps back afterwards. At most [`STAMPS_MAX`](Self::STAMPS_MAX) stamps are held; an
/// event with another stamp is refused as [`RecordError::Full`].
///
/// # Concurrency
///
/// Calls are linearizable. After `fork`, the same applies as for the [`EventCounter`].
///
/// # Examples
///
/// ```
/// use core_time::{ExactCounter, ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_millis(10_500));
/// let counter = ExactCounter::with_clock(Default::default(), clock.clone());
/// counter.record();
/// clock.advance(Duration::from_millis(1_000));
/// counter.record();
/// assert_eq!(counter.count(Duration::from_millis(1_000))?.events, 1);
/// assert_eq!(counter.count(Duration::from_millis(1_001))?.events, 2);
/// # Ok::<(), core_time::WindowError>(())
/// ```
///
/// [`EventCounter`]: crate::EventCounter
pub struct ExactCounter {
    axis: TimeAxis,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    /// The number of events at each stamp.
    events: BTreeMap<Stamp, u64>,
    total: u64,
    since: Stamp,
    /// Older stamps were evicted.
    oldest: Stamp,
}

impl Held {
    fn new(since: Stamp) -> Self {
        Self { events: BTreeMap::new(), total: 0, since, oldest: Stamp::MIN }
    }

    /// Evicts stamps before `oldest`.
    fn evict_before(&mut self, oldest: Stamp) {
        if self.events.first_key_value().is_some_and(|(&first, _)| first < oldest) {
            self.events = self.events.split_off(&oldest);
            self.oldest = oldest;
        }
    }

    fn sum(&self, range: (Bound<Stamp>, Bound<Stamp>)) -> u64 {
        self.events.range(range).map(|(_, &events)| events).sum()
    }

    fn add(&mut self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        let is_full =
            self.events.len() >= ExactCounter::STAMPS_MAX && !self.events.contains_key(&stamp);
        // A sum of stamps that are held cannot overflow, because the total does not.
        let room = if is_full { 0 } else { u64::MAX - self.total };
        if events > room {
            return Err(RecordError::Full { events, room });
        }
        *self.events.entry(stamp).or_default() += events;
        self.total += events;
        self.since = self.since.min(stamp);
        Ok(())
    }
}

impl Default for ExactCounter {
    /// Counts over 300 s, by the system's clock.
    fn default() -> Self {
        Self::new(WindowSpec::default())
    }
}

impl ExactCounter {
    /// The maximum number of different stamps.
    pub const STAMPS_MAX: usize = 1 << 24;

    /// Makes a counter with the system's clock.
    #[must_use]
    pub fn new(spec: WindowSpec) -> Self {
        Self::on(TimeAxis::of(spec, AnyClock::Fine))
    }

    /// Makes a counter with a custom clock.
    #[must_use]
    pub fn with_clock(spec: WindowSpec, clock: impl Clock) -> Self {
        Self::on(TimeAxis::with_clock(spec, clock))
    }

    fn on(axis: TimeAxis) -> Self {
        Self { held: Mutex::new(Held::new(axis.now())), axis }
    }

    /// Records one event now.
    pub fn record(&self) {
        self.record_many(1);
    }

    /// Records a number of events now.
    pub fn record_many(&self, events: u64) {
        let now = self.axis.clock.now();
        // A refusal is counted. The caller gave no stamp and could not avoid it.
        let _ = self.record_by(now, now, events);
    }

    /// Records events that happened at a stamp.
    ///
    /// # Errors
    ///
    /// - [`RecordError::TooOld`] if the stamp is older than the span.
    /// - [`RecordError::TooNew`] if it is further ahead of the clock than the tolerance and the
    ///   clock's lag.
    /// - [`RecordError::Full`] if another stamp, or the events, would exceed the limit.
    pub fn record_at(&self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.record_by(self.axis.clock.now(), stamp, events)
    }

    fn record_by(&self, now: Stamp, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        let mut done = self.axis.check_stamp(stamp, now);
        if done.is_ok() && events > 0 {
            let mut held = self.lock();
            held.evict_before(now - self.axis.spec.span());
            done = held.add(stamp, events);
        }
        done.inspect_err(|refusal| self.axis.refused.add(refusal, events))
    }

    /// Counts the events of the past `window`: those stamped in `(now - window, now]`.
    ///
    /// # Errors
    ///
    /// - [`WindowError::LongerThanSpan`] if `window` is longer than the span.
    /// - [`WindowError::Evicted`] if the clock stepped back and stamps of the window were evicted
    ///   before.
    pub fn count(&self, window: Duration) -> Result<Window, WindowError> {
        let nanos = window_nanos(&self.axis.spec, window)?;
        self.ask(|now, held| {
            let before = now.as_nanos().checked_sub(nanos).map(Stamp::from_nanos);
            let from = before.map_or(Stamp::MIN, |before| before + NANOSECOND);
            let events = match nanos {
                0 => 0, // An empty range would begin after it ends, which panics.
                _ => held.sum((Bound::Included(from), Bound::Included(now))),
            };
            Ok((from, Window::exact(events, (from..now + NANOSECOND).into(), held.since, now)))
        })
    }

    /// Counts the events stamped in an interval `from..to`.
    ///
    /// # Errors
    ///
    /// - [`WindowError::BeforeSpan`] if it begins further back than the span.
    /// - [`WindowError::Backwards`] if it ends before it begins.
    /// - [`WindowError::Evicted`] as [`count`](Self::count).
    pub fn count_between(&self, interval: impl Into<Interval>) -> Result<Window, WindowError> {
        let interval = interval.into();
        let query = Query::between(interval)?;
        self.ask(|now, held| {
            if !query.fits(self.axis.spec.longest(), now) {
                let (age, span) = (now.saturating_since(interval.from), self.axis.spec.span());
                return Err(WindowError::BeforeSpan { interval, age, span });
            }
            let events = held.sum((Bound::Included(interval.from), Bound::Excluded(interval.to)));
            Ok((interval.from, Window::exact(events, interval, held.since, now)))
        })
    }

    /// Answers from the stamps that are held.
    ///
    /// Reads the clock again if stamps of the window were evicted while this thread was paused.
    fn ask(
        &self,
        answer: impl Fn(Stamp, &Held) -> Result<(Stamp, Window), WindowError>,
    ) -> Result<Window, WindowError> {
        let mut now = self.axis.clock.now();
        loop {
            let (from, held) = {
                let held = self.lock();
                let (from, window) = answer(now, &held)?;
                if held.oldest <= from {
                    return Ok(window);
                }
                (from, held.oldest)
            };
            // Unless the clock stepped back, this thread was paused for long.
            let then = self.axis.clock.now();
            if then <= now {
                return Err(WindowError::Evicted { from, held });
            }
            now = then;
        }
    }

    /// Returns the number of events since the start or the last reset.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lock().total
    }

    /// Returns the numbers of refused events, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.axis.refused.read()
    }

    /// Removes all events and all refusals.
    pub fn reset(&self) {
        let empty = Held::new(self.axis.clock.now());
        *self.lock() = empty;
        self.axis.refused.reset();
    }

    /// Returns the time of the counter's clock.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.axis.clock.now()
    }

    /// Takes the lock. No user's code runs under it, so a panic leaves nothing half changed.
    fn lock(&self) -> MutexGuard<'_, Held> {
        unpoisoned(self.held.lock())
    }
}

const NANOSECOND: Duration = Duration::from_nanos(1);

impl fmt::Debug for ExactCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamps = self.lock().events.len(); // The lock is not held while others write.
        f.debug_struct("ExactCounter")
            .field("spec", &self.axis.spec)
            .field("clock", &self.axis.clock)
            .field("stamps", &stamps)
            .finish_non_exhaustive()
    }
}
