//! The time axis: a clock, divided into buckets.

use std::time::Duration;

use super::covered::CoveredBuckets;
use crate::clock::{AnyClock, Clock};
use crate::counter::{BucketRange, Query, RecordError, Refusals, RefusedCounts, WindowError};
use crate::spec::{Grid, WindowSpec};
use crate::stamp::{Interval, Stamp};
use crate::sync::{
    AtomicI64,
    Ordering::{Acquire, Release},
};

/// Maps stamps and windows to buckets.
///
/// Statistics over time need an axis and one or more [rings](crate::StatisticRing). A bucket is
/// identified by its tick, `floor(stamp / resolution)`, also before 1970. A record has the tick of
/// the finest tier; a window is answered from the finest tier that holds it.
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
        let (refused, newest) = (Refusals::default(), AtomicI64::new(i64::MIN));
        Self { spec, clock, ahead_max, refused, newest }
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

    /// Returns whether the clock may show an earlier time than before.
    #[must_use]
    pub fn may_step_back(&self) -> bool {
        self.clock.may_step_back()
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
        // The longest tier holds all that the others do.
        let (grid, finest) = (self.spec.longest(), self.spec.finest());
        if self.tick_in(grid, tick) < self.oldest_held(grid, newest) {
            let behind = finest.end(newest).saturating_since(finest.start(tick));
            let width = grid.width().cast_unsigned();
            let held = Duration::from_nanos(width.saturating_mul(grid.reach()));
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
    /// For an axis of one tier.
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
        for (query, &(range, _)) in queries.into_iter().zip(&ranges) {
            if !query.fits(grid, now) {
                return Err(self.before_span(query, now));
            }
            self.check_range(grid, range, newest)?;
        }
        Ok(ranges)
    }

    /// Checks that a ring of a tier that holds the finest bucket `newest` holds all of a range.
    #[inline]
    fn check_range(&self, grid: &Grid, range: BucketRange, newest: i64) -> Result<(), WindowError> {
        let (first, oldest) = (*range.touched().start(), self.oldest_held(grid, newest));
        if first < oldest && !range.is_empty {
            let [from, held] = [first, oldest].map(|tick| grid.start(tick));
            return Err(WindowError::Evicted { from, held });
        }
        Ok(())
    }

    /// Returns the oldest bucket that a ring of the finest tier holds.
    pub(crate) fn oldest(&self) -> i64 {
        let newest = self.newest.load(Acquire); // ORDERING: see `TimeAxis`.
        self.oldest_held(self.spec.finest(), newest)
    }

    /// Returns the newest bucket that was recorded in or observed, or `i64::MIN`.
    pub(crate) fn newest(&self) -> i64 {
        self.newest.load(Acquire) // ORDERING: see `TimeAxis`.
    }

    /// Returns the oldest bucket that a ring of a tier holds with the finest bucket `newest`.
    #[inline]
    fn oldest_held(&self, grid: &Grid, newest: i64) -> i64 {
        self.tick_in(grid, newest).saturating_sub_unsigned(grid.reach())
    }

    /// Returns the bucket of a tier that a finest bucket is part of.
    #[inline]
    fn tick_in(&self, grid: &Grid, finest: i64) -> i64 {
        let finer = self.spec.finest().width();
        if grid.width() == finer { finest } else { finest.div_euclid(grid.width() / finer) }
    }

    /// Returns the oldest bucket that a window still touches, as a finest bucket.
    ///
    /// What is older is in no answer any more, while the clock does not step back.
    #[must_use]
    pub fn oldest_touched(&self) -> i64 {
        let grid = self.spec.longest();
        let oldest = grid.tick(self.now()).saturating_sub_unsigned(grid.tier().buckets());
        oldest.saturating_mul(grid.width() / self.spec.finest().width())
    }

    /// Checks that a stamp is inside the span and the tolerance at the moment `now`.
    ///
    /// The clock is not read, and a refusal is not counted. A stamp that was valid before may be
    /// refused by [`tick_at`](Self::tick_at).
    ///
    /// # Errors
    ///
    /// - [`RecordError::TooOld`] if the stamp is older than the span.
    /// - [`RecordError::TooNew`] if it is further ahead of `now` than the tolerance.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{ManualClock, Stamp, TimeAxis};
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let axis = TimeAxis::with_clock(Default::default(), clock);
    /// let stamp = Stamp::from_secs(600);
    /// assert!(axis.tick_at(stamp).is_err()); // The span is 300 s.
    /// assert!(axis.check_stamp(stamp, Stamp::from_secs(900)).is_ok());
    /// ```
    pub fn check_stamp(&self, stamp: Stamp, now: Stamp) -> Result<(), RecordError> {
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

    /// Returns the buckets of the past `window`, of the finest tier that holds it.
    ///
    /// The newest `ceil(window / resolution)`, including the one that is filling.
    ///
    /// # Errors
    ///
    /// - [`WindowError::LongerThanSpan`] if `window` is longer than the span.
    /// - [`WindowError::Evicted`] if the clock stepped back and the first bucket was evicted.
    pub fn past(&self, window: Duration) -> Result<CoveredBuckets, WindowError> {
        self.covered(Query::past(&self.spec, window)?)
    }

    /// Returns the buckets of an interval `from..to`, of the finest tier that holds it.
    ///
    /// Every bucket that it touches. The interval may end ahead of the clock.
    ///
    /// # Errors
    ///
    /// - [`WindowError::BeforeSpan`] if it begins further back than the span.
    /// - [`WindowError::Backwards`] if it ends before it begins.
    /// - [`WindowError::Evicted`] as [`past`](Self::past).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{ManualClock, Stamp, TimeAxis};
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let axis = TimeAxis::with_clock(Default::default(), clock);
    /// let covered = axis.between(Stamp::from_millis(990_500)..Stamp::from_secs(995))?;
    /// assert_eq!((covered.ticks.clone(), covered.inside()), (990..=994, 991..=994));
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    pub fn between(&self, interval: impl Into<Interval>) -> Result<CoveredBuckets, WindowError> {
        self.covered(Query::between(interval.into())?)
    }

    fn covered(&self, query: Query) -> Result<CoveredBuckets, WindowError> {
        let newest = self.newest.load(Acquire); // ORDERING: before the clock; see `TimeAxis`.
        let now = self.now();
        let mut refusal = None;
        for (tier, grid) in self.spec.grids().iter().enumerate() {
            if query.fits(grid, now) {
                let range = query.range(grid, now);
                match self.check_range(grid, range, newest) {
                    Ok(()) => return Ok(CoveredBuckets::new(tier, grid, range, now)),
                    Err(evicted) => refusal = Some(evicted),
                }
            }
        }
        Err(refusal.unwrap_or_else(|| self.before_span(query, now)))
    }

    /// Checks that rings still hold the buckets of a window, after they were read.
    ///
    /// # Errors
    ///
    /// [`WindowError::Evicted`] if a record evicted some, because the caller was paused for long
    /// after it got them.
    pub fn check_held(&self, covered: &CoveredBuckets) -> Result<(), WindowError> {
        let newest = self.newest.load(Acquire); // ORDERING: see `TimeAxis`.
        let grid = self.spec.grids().get(covered.tier);
        grid.map_or(Ok(()), |grid| self.check_range(grid, covered.range(), newest))
    }

    /// Returns the error of a query that no tier is long enough for.
    fn before_span(&self, query: Query, now: Stamp) -> WindowError {
        let span = self.spec.span();
        match query {
            Query::Past(window) => {
                let window = Duration::from_nanos(window.unsigned_abs());
                WindowError::LongerThanSpan { window, span }
            }
            Query::Between(interval) => {
                let age = now.saturating_since(interval.from);
                WindowError::BeforeSpan { interval, age, span }
            }
        }
    }
}
