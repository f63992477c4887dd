//! The time axis: a clock, cut into buckets.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::clock::{AnyClock, Clock};
use crate::error::{RecordError, WindowError};
use crate::question::Touched;
use crate::refused::{Refusals, Refused};
use crate::spec::WindowSpec;
use crate::stamp::{Interval, Stamp};

/// Tells which bucket of time something belongs into, and which buckets a window covers.
///
/// This is what whoever keeps statistics by time needs beside a [ring](crate::StatisticRing) of
/// them. Buckets have numbers, ticks: `floor(stamp / resolution)`, also before 1970. Of the tiers
/// of a specification it knows the finest alone.
///
/// # Examples
///
/// ```
/// use core_time::{ManualClock, Stamp, TimeAxis, WindowSpec};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let axis = TimeAxis::with_clock(WindowSpec::default(), clock);
/// assert_eq!(axis.tick_now(), 1_000);
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
    believed_ahead: i64,
    pub(crate) refused: Refusals,
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
        let believed_ahead = spec.believed_ahead(clock.lag());
        Self { spec, clock, believed_ahead, refused: Refusals::default() }
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

    /// The bucket of a moment. A refusal is counted.
    ///
    /// # Errors
    ///
    /// [`RecordError::TooOld`] if the moment is longer ago than the span, [`RecordError::TooNew`]
    /// if it is further ahead of the clock than the tolerance.
    pub fn tick_at(&self, stamp: Stamp) -> Result<i64, RecordError> {
        let believed = self.believe(stamp, self.now());
        believed.inspect_err(|refusal| self.refused.add(refusal, 1))?;
        Ok(self.spec.finest().tick(stamp))
    }

    /// Whether a stamp lies in the time that is believed.
    pub(crate) fn believe(&self, stamp: Stamp, now: Stamp) -> Result<(), RecordError> {
        let spec = &self.spec;
        let after_now = stamp.as_nanos().saturating_sub(now.as_nanos());
        if after_now < -spec.longest().span() {
            Err(RecordError::TooOld { age: now.saturating_since(stamp), span: spec.span() })
        } else if after_now > self.believed_ahead {
            let (ahead, tolerance) = (stamp.saturating_since(now), spec.tolerance());
            Err(RecordError::TooNew { ahead, tolerance })
        } else {
            Ok(())
        }
    }

    /// How many moments were refused, by reason.
    #[must_use]
    pub fn refused(&self) -> Refused {
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
    /// [`WindowError::LongerThanSpan`] if `window` is longer than the span.
    pub fn past(&self, window: Duration) -> Result<CoveredBuckets, WindowError> {
        let (grid, now) = (self.spec.finest(), self.now());
        let window = self.spec.nanos_in_span(window)?;
        let ticks = Touched::past(grid, window, now).counted();
        let interval = Interval { from: grid.start(*ticks.start()), to: grid.end(*ticks.end()) };
        Ok(CoveredBuckets { ticks, interval, resolution: grid.resolution(), now })
    }
}

impl CoveredBuckets {
    /// So many of something per second, over the time that was truly covered; nothing if none has
    /// passed.
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
    /// assert_eq!(covered.rate(18, Stamp::UNIX_EPOCH), Some(2.0)); // Nine of ten have passed.
    /// assert_eq!(covered.rate(18, Stamp::from_secs(997)), Some(6.0));
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    #[must_use]
    pub fn rate(&self, number: u64, since: Stamp) -> Option<f64> {
        let Interval { from, to } = self.interval;
        let elapsed = to.min(self.now).nanos_since(from.max(since));
        (elapsed > 0).then(|| number as f64 * 1e9 / elapsed as f64)
    }
}
