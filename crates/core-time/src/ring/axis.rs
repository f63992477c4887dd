//! The time axis: a clock, divided into buckets.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::clock::{AnyClock, Clock};
use crate::counter::{
    BucketRange, Coverage, Query, RecordError, Refusals, RefusedCounts, WindowError, window_nanos,
};
use crate::spec::WindowSpec;
use crate::stamp::{Interval, Stamp};
use crate::sync::{
    AtomicI64,
    Ordering::{Acquire, Release},
};

/// Maps stamps and windows to buckets.
///
/// Statistics over time need an axis and one or more [rings](crate::StatisticRing). A bucket is
/// identified by its tick, `floor(stamp / resolution)`, also before 1970. The axis uses only the
/// finest tier of a specification.
///
/// # Clocks that step back
///
/// The system's clocks do not step back. With a clock that does, records still go into the bucket
/// of their stamp, and a window still ends at the present. Rings hold buckets as far behind the
/// newest one as the span, the tolerance and one bucket. If the clock stepped back further, buckets
/// that it would need again were evicted: [`tick_to_record`](Self::tick_to_record) and
/// [`tick_at`](Self::tick_at) refuse a record in one of them, and [`past`](Self::past) refuses a
/// window that begins in one, until the clock has caught up.
///
/// # Memory ordering
///
/// The newest bucket is stored with Release after the clock was read, and loaded with Acquire
/// before the clock is read. So a clock that does not step back never shows a thread an earlier
/// time than it showed the thread that stored the newest bucket, and nothing is refused however
/// long a thread pauses between the two. Checks: loom,
/// `a_record_is_not_refused_for_one_of_another_thread`.
///
/// # Examples
///
/// ```
/// use core_time::{ManualClock, Stamp, TimeAxis, WindowSpec};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let axis = TimeAxis::with_clock(WindowSpec::default(), clock);
/// assert_eq!(axis.tick_to_record()?, 1_000);
/// assert_eq!(axis.tick_at(Stamp::from_millis(999_999))?, 999);
/// assert!(axis.tick_at(Stamp::from_secs(1)).is_err());
/// assert_eq!(axis.past(Duration::from_secs(10))?.ticks, 991..=1_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TimeAxis {
    pub(crate) spec: WindowSpec,
    pub(crate) clock: AnyClock,
    /// How far ahead of the clock a stamp may be, in nanoseconds: the tolerance and the lag.
    ahead_max: i64,
    pub(crate) refused: Refusals,
    /// The newest bucket with a record. Only grows.
    newest: AtomicI64,
    /// The number of buckets behind it that a ring holds.
    reach: u64,
}

/// The buckets of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredBuckets {
    /// Their ticks; empty for a window of zero length.
    pub ticks: RangeInclusive<i64>,
    /// The interval that they span.
    pub interval: Interval,
    /// The width of a bucket.
    pub resolution: Duration,
    /// The present, at which the window ends.
    pub now: Stamp,
}

impl TimeAxis {
    /// Makes an axis with the cheapest system clock that suits the resolution.
    #[must_use]
    pub fn new(spec: WindowSpec) -> Self {
        let clock = AnyClock::for_resolution(spec.resolution());
        Self::of(spec, clock)
    }

    /// Makes an axis with a custom clock.
    #[must_use]
    pub fn with_clock(spec: WindowSpec, clock: impl Clock) -> Self {
        Self::of(spec, AnyClock::new(clock))
    }

    pub(crate) fn of(spec: WindowSpec, clock: AnyClock) -> Self {
        let ahead_max = spec.ahead_max(clock.lag());
        let (newest, reach) = (AtomicI64::new(i64::MIN), spec.finest().reach());
        Self { spec, clock, ahead_max, refused: Refusals::default(), newest, reach }
    }

    /// Returns the resolution, span and tolerance of the axis.
    #[must_use]
    pub fn spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// Returns the present.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.clock.now()
    }

    /// Returns the bucket that is filling.
    #[inline]
    #[must_use]
    pub fn tick_now(&self) -> i64 {
        self.spec.finest().tick(self.now())
    }

    /// Returns the bucket that is filling, to record in it.
    ///
    /// Counts a refusal.
    ///
    /// # Errors
    ///
    /// [`RecordError::Evicted`] if the clock stepped back to a bucket that was evicted.
    #[inline]
    pub fn tick_to_record(&self) -> Result<i64, RecordError> {
        let newest = self.newest.load(Acquire); // ORDERING: before the clock; see `TimeAxis`.
        let tick = self.tick_now();
        if tick == newest { Ok(tick) } else { self.enter(tick, newest) }
    }

    /// Returns the bucket of a stamp, to record in it.
    ///
    /// Counts a refusal.
    ///
    /// # Errors
    ///
    /// - [`RecordError::TooOld`] if the stamp is older than the span.
    /// - [`RecordError::TooNew`] if it is further ahead of the clock than the tolerance.
    /// - [`RecordError::Evicted`] if the clock stepped back and the bucket was evicted before.
    pub fn tick_at(&self, stamp: Stamp) -> Result<i64, RecordError> {
        let newest = self.newest.load(Acquire); // ORDERING: before the clock; see `TimeAxis`.
        let checked = self.check_stamp(stamp, self.now());
        checked.inspect_err(|refusal| self.refused.add(refusal, 1))?;
        self.enter(self.spec.finest().tick(stamp), newest)
    }

    /// Updates the newest bucket, after a snapshot with that bucket was merged.
    ///
    /// Not needed for the ticks that [`tick_to_record`](Self::tick_to_record) and
    /// [`tick_at`](Self::tick_at) return.
    pub fn observe(&self, tick: i64) {
        self.newest.fetch_max(tick, Release); // ORDERING: see `TimeAxis`.
    }

    /// Updates the newest bucket, and refuses one that was evicted.
    #[inline(never)]
    fn enter(&self, tick: i64, newest: i64) -> Result<i64, RecordError> {
        if tick < self.oldest_held(newest) {
            let grid = self.spec.finest();
            let behind = grid.end(newest).saturating_since(grid.start(tick));
            let width = grid.width().cast_unsigned();
            let held = Duration::from_nanos(width.saturating_mul(self.reach));
            let refusal = RecordError::Evicted { behind, held };
            self.refused.add(&refusal, 1);
            return Err(refusal);
        }
        if tick > newest {
            self.observe(tick);
        }
        Ok(tick)
    }

    /// Returns the buckets that a query touches, and the present.
    ///
    /// The query must be one of the finest tier.
    pub(crate) fn touched(&self, query: Query) -> Result<(BucketRange, Stamp), WindowError> {
        let [range] = self.touched_each([query])?;
        Ok(range)
    }

    /// Returns the buckets that each of several queries touches at one present, which it returns.
    pub(crate) fn touched_each<const N: usize>(
        &self,
        queries: [Query; N],
    ) -> Result<[(BucketRange, Stamp); N], WindowError> {
        let newest = self.newest.load(Acquire); // ORDERING: before the clock; see `TimeAxis`.
        let (grid, now) = (self.spec.finest(), self.now());
        let ranges = queries.map(|query| (query.range(grid, now), now));
        for (query, (range, _)) in queries.into_iter().zip(&ranges) {
            if let Query::Between(interval) = query
                && !query.fits(grid, now)
            {
                let (age, span) = (now.saturating_since(interval.from), self.spec.span());
                return Err(WindowError::BeforeSpan { interval, age, span });
            }
            if !range.is_empty {
                self.check_held(range.oldest, newest)?;
            }
        }
        Ok(ranges)
    }

    /// Checks that a ring that holds `newest` also holds the bucket in which a window begins.
    #[inline]
    fn check_held(&self, first: i64, newest: i64) -> Result<(), WindowError> {
        let oldest = self.oldest_held(newest);
        if first < oldest {
            let [from, held] = [first, oldest].map(|tick| self.spec.finest().start(tick));
            return Err(WindowError::Evicted { from, held });
        }
        Ok(())
    }

    /// Returns the oldest bucket that a ring holds.
    pub(crate) fn oldest(&self) -> i64 {
        self.oldest_held(self.newest.load(Acquire)) // ORDERING: see `TimeAxis`.
    }

    /// Returns the oldest bucket that a ring holds together with `newest`.
    fn oldest_held(&self, newest: i64) -> i64 {
        newest.saturating_sub_unsigned(self.reach)
    }

    /// Checks that a stamp is inside the span and the tolerance.
    pub(crate) fn check_stamp(&self, stamp: Stamp, now: Stamp) -> Result<(), RecordError> {
        let spec = &self.spec;
        let after_now = stamp.as_nanos().saturating_sub(now.as_nanos());
        if after_now < -spec.longest().span() {
            Err(RecordError::TooOld { age: now.saturating_since(stamp), span: spec.span() })
        } else if after_now > self.ahead_max {
            let (ahead, tolerance) = (stamp.saturating_since(now), spec.tolerance());
            Err(RecordError::TooNew { ahead, tolerance })
        } else {
            Ok(())
        }
    }

    /// Returns the numbers of refused stamps, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.refused.read()
    }

    /// Sets the numbers of refused stamps to zero.
    pub fn reset_refused(&self) {
        self.refused.reset();
    }

    /// Returns the buckets of the past `window`.
    ///
    /// The newest `ceil(window / resolution)`, including the one that is filling.
    ///
    /// # Errors
    ///
    /// - [`WindowError::LongerThanSpan`] if `window` is longer than the span.
    /// - [`WindowError::Evicted`] if the clock stepped back and the first bucket was evicted.
    pub fn past(&self, window: Duration) -> Result<CoveredBuckets, WindowError> {
        let newest = self.newest.load(Acquire); // ORDERING: before the clock; see `TimeAxis`.
        let (grid, now) = (self.spec.finest(), self.now());
        let window = window_nanos(&self.spec, window)?;
        let ticks = BucketRange::past(grid, window, now).counted();
        if !ticks.is_empty() {
            self.check_held(*ticks.start(), newest)?;
        }
        let interval = Interval { from: grid.start(*ticks.start()), to: grid.end(*ticks.end()) };
        Ok(CoveredBuckets { ticks, interval, resolution: grid.resolution(), now })
    }
}

impl CoveredBuckets {
    /// Returns the time that the buckets cover for records since a stamp.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{ManualClock, Stamp, TimeAxis};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let axis = TimeAxis::with_clock(Default::default(), clock);
    /// let covered = axis.past(Duration::from_secs(10))?;
    /// // Nine of the ten seconds have passed.
    /// assert_eq!(covered.coverage(Stamp::UNIX_EPOCH).rate(18), Some(2.0));
    /// assert_eq!(covered.coverage(Stamp::from_secs(997)).rate(18), Some(6.0));
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    #[must_use]
    pub fn coverage(&self, since: Stamp) -> Coverage {
        Coverage::new(self.interval, self.resolution, since, self.now)
    }
}
