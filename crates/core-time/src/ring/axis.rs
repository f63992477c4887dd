//! The time axis: a clock, cut into buckets.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::clock::{AnyClock, Clock};
use crate::counter::{
    BucketRange, Coverage, RecordError, Refusals, RefusedCounts, WindowError, window_nanos,
};
use crate::spec::WindowSpec;
use crate::stamp::{Interval, Stamp};
use crate::sync::{
    AtomicI64,
    Ordering::{Acquire, Release},
};

/// Maps moments and windows to buckets of time.
///
/// To keep statistics by time takes an axis and one or more [rings](crate::StatisticRing). Buckets
/// have numbers, ticks: `floor(stamp / resolution)`, also before 1970. Of the tiers of a
/// specification the axis uses only the finest.
///
/// # Clocks that step back
///
/// The system's clocks do not. With a clock that does, records still go into the bucket of their
/// stamp, and a window still ends at the present. Rings hold buckets as far behind the newest one
/// as the span, the tolerance and one bucket. Where the clock stepped back further, old buckets
/// were given up that it would ask for again: [`tick_to_record`](Self::tick_to_record) and
/// [`tick_at`](Self::tick_at) refuse a record for one of them and [`past`](Self::past) refuses a
/// window that begins in one, until the clock has caught up.
///
/// # Memory ordering
///
/// The newest bucket is stored with Release after the clock was read, and loaded with Acquire
/// before the clock is read. So a clock that does not step back shows a thread no less than what it
/// showed the thread that stored the newest bucket, and nothing is refused however long a thread
/// pauses between the two. Checks: loom.rs, `a_record_is_not_refused_for_one_of_another_thread`.
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
    /// How far ahead of the clock a stamp may be, in nanoseconds: the tolerance, and what the clock
    /// may be behind.
    ahead_max: i64,
    pub(crate) refused: Refusals,
    /// The newest bucket that something was recorded in. Only grows.
    newest: AtomicI64,
    /// How many buckets behind that one a ring holds.
    reach: u64,
}

/// The buckets that a window covers at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredBuckets {
    /// Their numbers; none if the window is of no length.
    pub ticks: RangeInclusive<i64>,
    /// The time that they span.
    pub interval: Interval,
    /// The width of one.
    pub resolution: Duration,
    /// The moment.
    pub now: Stamp,
}

impl TimeAxis {
    /// Buckets to a specification, by the cheapest clock of the system that is fine enough.
    #[must_use]
    pub fn new(spec: WindowSpec) -> Self {
        let clock = AnyClock::for_resolution(spec.resolution());
        Self::of(spec, clock)
    }

    /// Buckets to a specification, by a clock of one's own.
    #[must_use]
    pub fn with_clock(spec: WindowSpec, clock: impl Clock) -> Self {
        Self::of(spec, AnyClock::new(clock))
    }

    pub(crate) fn of(spec: WindowSpec, clock: AnyClock) -> Self {
        let ahead_max = spec.ahead_max(clock.lag());
        let (newest, reach) = (AtomicI64::new(i64::MIN), spec.finest().reach());
        Self { spec, clock, ahead_max, refused: Refusals::default(), newest, reach }
    }

    /// What is remembered, in buckets of which width.
    #[must_use]
    pub fn spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// The present.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.clock.now()
    }

    /// The bucket that is filling.
    #[inline]
    #[must_use]
    pub fn tick_now(&self) -> i64 {
        self.spec.finest().tick(self.now())
    }

    /// Returns the bucket that is filling, to record in it. A refusal is counted.
    ///
    /// # Errors
    ///
    /// [`RecordError::Evicted`] if the clock stepped back to a bucket that rings no longer hold.
    #[inline]
    pub fn tick_to_record(&self) -> Result<i64, RecordError> {
        let newest = self.newest.load(Acquire); // ORDERING: before the clock; see `TimeAxis`.
        let tick = self.tick_now();
        if tick == newest { Ok(tick) } else { self.enter(tick, newest) }
    }

    /// Returns the bucket of a moment, to record in it. A refusal is counted.
    ///
    /// # Errors
    ///
    /// [`RecordError::TooOld`] if the moment is longer ago than the span, [`RecordError::TooNew`]
    /// if it is further ahead of the clock than the tolerance, [`RecordError::Evicted`] if the
    /// clock stepped back and rings no longer hold the bucket.
    pub fn tick_at(&self, stamp: Stamp) -> Result<i64, RecordError> {
        let newest = self.newest.load(Acquire); // ORDERING: before the clock; see `TimeAxis`.
        let checked = self.check_stamp(stamp, self.now());
        checked.inspect_err(|refusal| self.refused.add(refusal, 1))?;
        self.enter(self.spec.finest().tick(stamp), newest)
    }

    /// Notes that a ring holds a bucket, such as one of a snapshot that was merged.
    ///
    /// What [`tick_to_record`](Self::tick_to_record) and [`tick_at`](Self::tick_at) return is noted
    /// already.
    pub fn observe(&self, tick: i64) {
        self.newest.fetch_max(tick, Release); // ORDERING: see `TimeAxis`.
    }

    /// Makes a bucket the newest, if it is newer than the newest was; refuses one that rings with
    /// that newest no longer hold.
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

    /// The oldest bucket that a ring holds, if it has this newest one.
    fn oldest_held(&self, newest: i64) -> i64 {
        newest.saturating_sub_unsigned(self.reach)
    }

    /// Whether a stamp lies in the time that is believed.
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

    /// How many moments were refused, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.refused.read()
    }

    /// Forgets how many moments were refused.
    pub fn reset_refused(&self) {
        self.refused.reset();
    }

    /// The buckets that the past `window` covers: the newest `ceil(window / resolution)`, the
    /// filling one included.
    ///
    /// # Errors
    ///
    /// [`WindowError::LongerThanSpan`] if `window` is longer than the span,
    /// [`WindowError::Evicted`] if the clock stepped back and rings no longer hold its first
    /// bucket.
    pub fn past(&self, window: Duration) -> Result<CoveredBuckets, WindowError> {
        let newest = self.newest.load(Acquire); // ORDERING: before the clock; see `TimeAxis`.
        let (grid, now) = (self.spec.finest(), self.now());
        let window = window_nanos(&self.spec, window)?;
        let ticks = BucketRange::past(grid, window, now).counted();
        let oldest = self.oldest_held(newest);
        if !ticks.is_empty() && *ticks.start() < oldest {
            let [from, held] = [*ticks.start(), oldest].map(|tick| grid.start(tick));
            return Err(WindowError::Evicted { from, held });
        }
        let interval = Interval { from: grid.start(*ticks.start()), to: grid.end(*ticks.end()) };
        Ok(CoveredBuckets { ticks, interval, resolution: grid.resolution(), now })
    }
}

impl CoveredBuckets {
    /// Returns the time that the buckets cover for what has been kept since a moment.
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
