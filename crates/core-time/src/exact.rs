//! The exact counter: every stamp kept.

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

/// Counts events over sliding windows of time to the nanosecond, by keeping every stamp.
///
/// For those who need the exact number for any window, and as a measure for the [`EventCounter`]:
/// it is asked the same questions, and takes and refuses the same events. The longest tier of the
/// specification tells how far back it keeps them; buckets play no part.
///
/// # Accuracy
///
/// Exact: [`Window::events`], `at_least` and `at_most` are the same number. An event stamped ahead
/// of the clock is counted in a window of the past when the clock has come there.
///
/// # Complexity
///
/// Everything takes one lock. A record costs the logarithm of the number of stamps held; a
/// question costs that and as many steps as there are different stamps in its window. Each stamp
/// takes some tens of bytes, which the events of one moment share; one that is older than the span
/// is given up at the next record, also if the clock steps back then. At most
/// [`STAMPS_MAX`](Self::STAMPS_MAX) are held; an event that brings one more is refused as
/// [`RecordError::Full`].
///
/// # Concurrency
///
/// Every operation is at one moment, in one order for all threads. After `fork` as with the
/// [`EventCounter`].
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
    /// How many events there were at each stamp.
    events: BTreeMap<Stamp, u64>,
    total: u64,
    since: Stamp,
    /// What is older was given up.
    oldest: Stamp,
}

impl Held {
    fn new(since: Stamp) -> Self {
        Self { events: BTreeMap::new(), total: 0, since, oldest: Stamp::MIN }
    }

    /// Gives up what is older than `oldest`.
    fn forget_before(&mut self, oldest: Stamp) {
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
        // No sum of what is held can overflow while the sum of all does not.
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
    /// The most different stamps that are held.
    pub const STAMPS_MAX: usize = 1 << 24;

    /// Counts over the span of a specification, by the system's clock to the nanosecond.
    #[must_use]
    pub fn new(spec: WindowSpec) -> Self {
        Self::on(TimeAxis::of(spec, AnyClock::Fine))
    }

    /// Counts over the span of a specification, by a clock of one's own.
    #[must_use]
    pub fn with_clock(spec: WindowSpec, clock: impl Clock) -> Self {
        Self::on(TimeAxis::with_clock(spec, clock))
    }

    fn on(axis: TimeAxis) -> Self {
        Self { held: Mutex::new(Held::new(axis.now())), axis }
    }

    /// Counts one event now.
    pub fn record(&self) {
        self.record_many(1);
    }

    /// Counts so many events now.
    pub fn record_many(&self, events: u64) {
        let now = self.axis.clock.now();
        // A refusal has been counted, and the caller, who gave no stamp, could not avoid it.
        let _ = self.record_by(now, now, events);
    }

    /// Counts events that happened at a stamp.
    ///
    /// # Errors
    ///
    /// [`RecordError::TooOld`] if the stamp is older than the span, [`RecordError::TooNew`] if it
    /// is further ahead of the clock than the tolerance (and what the clock may be behind),
    /// [`RecordError::Full`] if there is no room for another stamp or for so many events.
    pub fn record_at(&self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.record_by(self.axis.clock.now(), stamp, events)
    }

    fn record_by(&self, now: Stamp, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        let mut done = self.axis.check_stamp(stamp, now);
        if done.is_ok() && events > 0 {
            let mut held = self.lock();
            held.forget_before(now - self.axis.spec.span());
            done = held.add(stamp, events);
        }
        done.inspect_err(|refusal| self.axis.refused.add(refusal, events))
    }

    /// Counts the events of the past `window`: those stamped in `(now - window, now]`.
    ///
    /// # Errors
    ///
    /// [`WindowError::LongerThanSpan`] if `window` is longer than the span,
    /// [`WindowError::Evicted`] if the clock stepped back and stamps were given up meanwhile.
    pub fn count(&self, window: Duration) -> Result<Window, WindowError> {
        let nanos = window_nanos(&self.axis.spec, window)?;
        self.ask(|now, held| {
            let before = now.as_nanos().checked_sub(nanos).map(Stamp::from_nanos);
            let from = before.map_or(Stamp::MIN, |before| before + NANOSECOND);
            let events = match nanos {
                0 => 0, // There is no range that excludes both ends of nothing.
                _ => held.sum((Bound::Included(from), Bound::Included(now))),
            };
            Ok((from, Window::exact(events, (from..now + NANOSECOND).into(), held.since, now)))
        })
    }

    /// Counts the events stamped in an interval `from..to`.
    ///
    /// # Errors
    ///
    /// [`WindowError::BeforeSpan`] if it begins further back than the span,
    /// [`WindowError::Backwards`] if it ends before it begins, [`WindowError::Evicted`] as
    /// [`count`](Self::count).
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

    /// Answers from what is held, for a present at which nothing was given up that is asked for.
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
            // Unless the clock stepped back, this thread was not let run for long.
            let then = self.axis.clock.now();
            if then <= now {
                return Err(WindowError::Evicted { from, held });
            }
            now = then;
        }
    }

    /// How many events were counted since the start or the last reset, however long ago.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lock().total
    }

    /// How many events were refused, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.axis.refused.read()
    }

    /// Forgets all events and all refusals.
    pub fn reset(&self) {
        let empty = Held::new(self.axis.clock.now());
        *self.lock() = empty;
        self.axis.refused.reset();
    }

    /// The present, by the counter's clock.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.axis.clock.now()
    }

    /// Takes the lock. No user's code runs under it, not even a clock's.
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
