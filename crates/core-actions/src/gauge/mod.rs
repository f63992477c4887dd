//! Gauges: a value that goes up and down, over sliding windows of time.
//!
//! A value holds until the next one is set. Only then is it known for how long, so it is inserted
//! into its buckets by the set that replaces it, and the value that holds at present is added to
//! each answer by the read. So a read changes nothing, and nothing has to be updated before it.
//!
//! All of it is under one lock: two sets by two threads have an order, and the time between them
//! belongs to the first. Values that each thread keeps for itself have no such order.

mod error;
mod pieces;

use std::fmt;
use std::time::Duration;

use core_time::{
    Clock, Coverage, CoveredBuckets, InBucket, Interval, MonotonicClock, Stamp, Statistic,
    TieredRing, TimeAxis, WindowError, WindowSpec,
};

use crate::action::signed::SignedValue;
use crate::statistics::level::{Held, LastSet, Level};
use crate::sync::{Mutex, MutexGuard, lock};
pub use error::GaugeError;
use pieces::Grids;

/// Keeps a value that goes up and down: a length of a queue, a size of a pool, a temperature.
///
/// [`set`](Self::set) and [`add`](Self::add) change the value, which holds until the next change.
/// A [`window`](Self::window) has the last value, the minimum, the maximum and the time-weighted
/// mean, in whole buckets up to the present. A bucket without a change has the value that held in
/// it. A gauge begins without a value.
///
/// For calls in flight, where each is one up and one down, [`InFlight`](core_time::InFlight) takes
/// 8 bytes and no lock, and keeps no windows.
///
/// # Accuracy
///
/// To the nanosecond of the clock: see [`Level`]. The window is of whole buckets, as
/// [`WindowedTracker::window`](crate::WindowedTracker::window).
///
/// # Memory
///
/// A ring of [`Level`]s: at most [`bytes_max`](Self::bytes_max), 430 KB for 300 buckets.
///
/// # Complexity
///
/// A change costs an insert into each bucket since the one before, so at most one for each bucket
/// that passes. A window costs as many merges as four times the square root of its buckets.
///
/// # Concurrency
///
/// Calls are linearizable. All threads take one lock.
///
/// # Clocks that step back
///
/// A value is never set before the last one: while an injected clock is behind it, a change counts
/// from the time of the last one.
///
/// # Examples
///
/// ```
/// use core_actions::{Gauge, SignedValue};
/// use core_time::{ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let queue = Gauge::with_clock(Default::default(), clock.clone());
/// queue.set(10);
/// clock.advance(Duration::from_secs(45));
/// queue.add(-6);
/// clock.advance(Duration::from_secs(14));
///
/// let minute = queue.window(Duration::from_secs(60))?.level;
/// assert_eq!((minute.last(), minute.max()), (Some(4.into()), Some(10.into())));
/// assert_eq!(minute.mean(), Some((10.0 * 45.0 + 4.0 * 14.0) / 59.0));
///
/// clock.advance(Duration::from_secs(100)); // Nothing is set, so 4 still holds.
/// let minute = queue.window(Duration::from_secs(60))?.level;
/// assert_eq!((minute.max(), minute.mean()), (Some(SignedValue::from(4)), Some(4.0)));
/// # Ok::<(), core_time::WindowError>(())
/// ```
pub struct Gauge {
    axis: TimeAxis,
    grids: Grids,
    state: Mutex<State>,
}

struct State {
    /// The value that holds, of which nothing is in the ring yet.
    current: Option<Current>,
    /// When the first value was set.
    since: Option<Stamp>,
    /// The values that held before.
    ring: TieredRing<Level>,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    value: SignedValue,
    set: Stamp,
}

/// The level of a gauge in one window, or in one bucket of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GaugeWindow {
    /// Last value, minimum, maximum and mean; of no value before the first one was set.
    pub level: Level,
    /// The time that the window covers, and how much of it has passed since the first value.
    pub coverage: Coverage,
}

impl Default for Gauge {
    /// Makes a gauge of 300 buckets of one second.
    fn default() -> Self {
        Self::new(WindowSpec::default())
    }
}

impl Gauge {
    /// Makes a gauge with a [`MonotonicClock`].
    ///
    /// So a change of the wall clock does not count as time that a value held.
    #[must_use]
    pub fn new(spec: WindowSpec) -> Self {
        Self::with_clock(spec, MonotonicClock)
    }

    /// Makes a gauge with a custom clock.
    #[must_use]
    pub fn with_clock(spec: WindowSpec, clock: impl Clock) -> Self {
        let axis = TimeAxis::with_clock(spec, clock);
        let ring = TieredRing::new(axis.spec());
        let grids = Grids::of(axis.spec(), &ring);
        Self { axis, grids, state: Mutex::new(State { current: None, since: None, ring }) }
    }

    /// Returns the span and the resolution.
    #[must_use]
    pub fn spec(&self) -> &WindowSpec {
        self.axis.spec()
    }

    /// Returns the time of the gauge's clock.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.axis.now()
    }

    /// Returns the maximum memory of a gauge, in bytes.
    #[must_use]
    pub fn bytes_max(spec: &WindowSpec) -> usize {
        let grids = spec.tiers().len() * 2 * size_of::<u64>();
        (size_of::<Self>() + grids).saturating_add(TieredRing::<Level>::bytes_max(spec))
    }

    /// Sets the value, which holds from now on.
    ///
    /// A float is converted first: `gauge.set(SignedValue::try_from(21.5)?)`.
    pub fn set(&self, value: impl Into<SignedValue>) {
        let value = value.into();
        let mut state = self.lock();
        self.set_now(&mut state, value);
    }

    /// Adds to the value, which begins at 0, and returns the sum.
    ///
    /// One step, from any number of threads.
    ///
    /// # Accuracy
    ///
    /// Exact for integers from -2^63 to 2^64 - 1. Other sums are rounded to the nearest `f64`.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::Gauge;
    ///
    /// let queue = Gauge::default();
    /// queue.add(3);
    /// assert_eq!(queue.add(-1), 2.into());
    /// ```
    pub fn add(&self, more: i64) -> SignedValue {
        let mut state = self.lock();
        let sum = state.current.map_or(SignedValue::ZERO, |current| current.value).plus(more);
        self.set_now(&mut state, sum);
        sum
    }

    /// Sets the value as of a timestamp, which may be as old as the last value.
    ///
    /// A value that was read before, or that has held since the program was last run, can be set
    /// with its time; also with one older than the span.
    ///
    /// # Errors
    ///
    /// [`GaugeError::BeforeLast`] if a later value was set, [`GaugeError::Stamp`] if the timestamp
    /// is further ahead of the clock than the tolerance, or the clock stepped back by more than the
    /// span. Nothing changes then.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::Gauge;
    /// use std::time::Duration;
    ///
    /// let queue = Gauge::default();
    /// queue.set_at(5, queue.now() - Duration::from_secs(20))?;
    /// assert_eq!(queue.window(Duration::from_secs(10))?.level.mean(), Some(5.0));
    /// let late = queue.set_at(7, queue.now() - Duration::from_secs(30));
    /// assert!(late.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_at(&self, value: impl Into<SignedValue>, stamp: Stamp) -> Result<(), GaugeError> {
        let value = value.into();
        let mut state = self.lock();
        if let Some(last) = state.current.filter(|last| stamp < last.set) {
            return Err(GaugeError::BeforeLast { behind: last.set.saturating_since(stamp) });
        }
        // No value is too old, because it still holds.
        self.axis.tick_at(stamp.max(self.axis.now()))?;
        self.replace(&mut state, Current { value, set: stamp });
        Ok(())
    }

    fn set_now(&self, state: &mut State, value: SignedValue) {
        let now = self.axis.now();
        let set = state.current.map_or(now, |last| now.max(last.set));
        self.replace(state, Current { value, set });
    }

    /// Inserts the value that held up to now into its buckets, and keeps the next one.
    fn replace(&self, state: &mut State, next: Current) {
        let (to, grids) = (next.set.as_nanos(), &self.grids);
        self.axis.observe(grids.tick(to));
        if let Some(Current { value, set }) = state.current.replace(next) {
            let mut insert = |tick, nanos| {
                state.ring.insert(InBucket { tick, value: Held { value, set, nanos } });
            };
            if set == next.set {
                insert(grids.tick(to), 0);
            }
            for piece in grids.pieces(set.as_nanos(), to) {
                insert(piece.tick, piece.nanos);
            }
        }
        let since = state.since.unwrap_or(next.set);
        state.since = Some(since.min(next.set));
    }

    /// Returns the value that was set last; `None` before the first one.
    #[must_use]
    pub fn last(&self) -> Option<SignedValue> {
        self.lock().current.map(|current| current.value)
    }

    /// Returns the level over the past `window`.
    ///
    /// It covers the newest `ceil(window / resolution)` buckets, with the current one, of the
    /// finest tier that holds the window, up to the present.
    ///
    /// # Errors
    ///
    /// [`WindowError::LongerThanSpan`] if `window` is longer than the span,
    /// [`WindowError::Evicted`] if the clock stepped back and the window begins in an evicted
    /// bucket.
    pub fn window(&self, window: Duration) -> Result<GaugeWindow, WindowError> {
        let state = self.lock();
        let covered = self.axis.past(window)?;
        let coverage = covered.coverage(state.since(&covered));
        Ok(state.answer(&covered, *covered.ticks.start(), *covered.ticks.end(), coverage))
    }

    /// Returns the level in an interval `from..to`.
    ///
    /// It covers every bucket that the interval touches, of the finest tier that holds it, up to
    /// the present.
    ///
    /// # Errors
    ///
    /// [`WindowError::BeforeSpan`] if it begins further back than the span,
    /// [`WindowError::Backwards`] if it ends before it begins, [`WindowError::Evicted`] as
    /// [`window`](Self::window).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::Gauge;
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let queue = Gauge::with_clock(Default::default(), clock.clone());
    /// for length in [5, 7, 9] {
    ///     queue.set(length);
    ///     clock.advance(Duration::from_secs(10));
    /// }
    /// let found = queue.between(Stamp::from_secs(1_005)..Stamp::from_secs(1_015))?;
    /// assert_eq!((found.level.mean(), found.level.last()), (Some(6.0), Some(7.into())));
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    pub fn between(&self, interval: impl Into<Interval>) -> Result<GaugeWindow, WindowError> {
        let state = self.lock();
        let covered = self.axis.between(interval)?;
        let coverage = covered.coverage(state.since(&covered));
        Ok(state.answer(&covered, *covered.ticks.start(), *covered.ticks.end(), coverage))
    }

    /// Returns the level in each bucket of the past `window`, oldest first.
    ///
    /// Those before the first value have none, and the last one ends at the present.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::Gauge;
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let queue = Gauge::with_clock(Default::default(), clock.clone());
    /// queue.set(5);
    /// clock.set(Stamp::from_millis(1_002_500));
    /// queue.set(7);
    /// clock.set(Stamp::from_secs(1_003));
    /// let series = queue.series(Duration::from_secs(4))?;
    /// let means: Vec<_> = series.iter().map(|bucket| bucket.level.mean()).collect();
    /// assert_eq!(means, [Some(5.0), Some(5.0), Some(6.0), None]);
    /// assert_eq!(series[3].level.last(), Some(7.into())); // It has held for no time there.
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    pub fn series(&self, window: Duration) -> Result<Vec<GaugeWindow>, WindowError> {
        let state = self.lock();
        let covered = self.axis.past(window)?;
        let each = covered.each(state.since(&covered));
        Ok(each.map(|(tick, coverage)| state.answer(&covered, tick, tick, coverage)).collect())
    }

    /// Removes the value and all values before.
    pub fn reset(&self) {
        let ring = TieredRing::new(self.axis.spec());
        *self.lock() = State { current: None, since: None, ring };
    }

    /// Takes the lock. Of a user's code, only a clock runs under it, before anything is changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// Returns when the first value was set, or the present if there is none.
    fn since(&self, covered: &CoveredBuckets) -> Stamp {
        self.since.unwrap_or(covered.now)
    }

    /// Returns the level in the buckets from `first` to `last` of the covered ones.
    fn answer(
        &self,
        covered: &CoveredBuckets,
        first: i64,
        last: i64,
        coverage: Coverage,
    ) -> GaugeWindow {
        let mut level = Level::default();
        if first <= last {
            if let Some(ring) = self.ring.tier(covered.tier) {
                ring.merge_window(first..=last, &mut level);
            }
            self.insert_current(coverage.interval, covered.now, &mut level);
        }
        GaugeWindow { level, coverage }
    }

    /// Inserts the value that holds at present, if it held in an interval.
    fn insert_current(&self, Interval { from, to }: Interval, now: Stamp, level: &mut Level) {
        // It may have been set ahead of the clock, within the tolerance.
        let is_inside = |it: &Current| it.set < to && from <= now.max(it.set);
        let Some(Current { value, set }) = self.current.filter(is_inside) else { return };
        let nanos = to.min(now).saturating_since(set.max(from)).as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        level.insert(Held { value, set, nanos });
        // Also if another one was set and replaced at the same time.
        level.last = Some(LastSet { set, has_held: nanos > 0, value });
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.last();
        f.debug_struct("Gauge")
            .field("axis", &self.axis)
            .field("last", &last)
            .finish_non_exhaustive()
    }
}
