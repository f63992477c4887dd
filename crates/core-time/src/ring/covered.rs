//! The buckets of a window, and which of them are wholly inside it.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::counter::{BucketRange, Coverage};
use crate::spec::Grid;
use crate::stamp::{Interval, Stamp};

/// The buckets of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoveredBuckets {
    /// The tier that answers, counted from the finest, 0.
    pub tier: usize,
    /// Their ticks in that tier; empty for a window of zero length.
    pub ticks: RangeInclusive<i64>,
    /// The interval that they span.
    pub interval: Interval,
    /// The width of a bucket.
    pub resolution: Duration,
    /// The present, at which the window ends.
    pub now: Stamp,
    range: BucketRange,
}

impl CoveredBuckets {
    pub(crate) fn new(tier: usize, grid: &Grid, range: BucketRange, now: Stamp) -> Self {
        let ticks = range.counted();
        let interval = Interval { from: grid.start(*ticks.start()), to: grid.end(*ticks.end()) };
        Self { tier, ticks, interval, resolution: grid.resolution(), now, range }
    }

    pub(crate) fn range(&self) -> BucketRange {
        self.range
    }

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

    /// Returns each bucket with the time that it covers for records since a stamp, oldest first.
    pub fn each(&self, since: Stamp) -> impl Iterator<Item = (i64, Coverage)> + use<> {
        let Self { ticks, interval, resolution, now, .. } = self.clone();
        let (first, width) = (*ticks.start(), resolution.as_nanos() as i64);
        ticks.map(move |tick| {
            // From the start of the first bucket, because that of another may be before any stamp.
            let bucket = Interval {
                from: if tick == first { interval.from } else { start(tick, width) },
                to: start(tick.saturating_add(1), width),
            };
            (tick, Coverage::new(bucket, resolution, since, now))
        })
    }

    /// Returns the buckets that the window touches: those of [`ticks`](Self::ticks), and up to one
    /// before them, which it cuts.
    ///
    /// Together they have every record of the window, and those of up to one bucket more.
    #[must_use]
    pub fn touched(&self) -> RangeInclusive<i64> {
        self.range.touched()
    }

    /// Returns the buckets that are wholly inside the window: they have no other record.
    ///
    /// Without the bucket that is filling, which may have records after [`now`](Self::now): those
    /// made after the clock was read, and those stamped ahead of it.
    #[must_use]
    pub fn inside(&self) -> RangeInclusive<i64> {
        self.range.inside(false)
    }

    /// Returns the same with the bucket that is filling, if no later record is known.
    #[must_use]
    pub fn inside_and_filling(&self) -> RangeInclusive<i64> {
        self.range.inside(true)
    }
}

fn start(tick: i64, width: i64) -> Stamp {
    Stamp::from_nanos(tick.saturating_mul(width))
}
