//! The events between two snapshots of one counter.

use std::time::Duration;

use super::error::SnapshotError;
use super::{Buckets, CounterSnapshot, check_same_tiers};
use crate::counter::refused::RefusedCounts;
use crate::counter::window::Series;
use crate::spec::Grid;
use crate::stamp::Interval;

/// The events that were recorded between two snapshots of one counter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CounterDelta {
    /// The number of events, including those that left all buckets.
    pub events: u64,
    /// The numbers of refused events, by reason.
    pub refused: RefusedCounts,
    /// From the time of the earlier snapshot to that of the later one.
    pub interval: Interval,
    /// The events of each bucket, for each tier, the finest first.
    ///
    /// A late event is in the bucket of its stamp, which may be before the interval.
    pub series: Vec<Series>,
}

impl CounterDelta {
    /// Returns the number of events per second; `None` if no time passed between the snapshots.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let elapsed: Duration = self.interval.duration();
        (!elapsed.is_zero()).then(|| self.events as f64 / elapsed.as_secs_f64())
    }
}

impl CounterSnapshot {
    /// Returns the events that were recorded since an earlier snapshot of the same counter.
    ///
    /// To send only what is new, or for the rate between two looks.
    ///
    /// # Errors
    ///
    /// - [`SnapshotError::OtherTiers`] if the tiers differ.
    /// - [`SnapshotError::NotEarlier`] if the other snapshot is later or of other counters, or if
    ///   the counter was reset in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{EventCounter, ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock.clone());
    /// counter.record_many(7);
    /// let earlier = counter.snapshot();
    /// clock.advance(Duration::from_secs(2));
    /// counter.record_many(5);
    ///
    /// let delta = counter.snapshot().diff(&earlier)?;
    /// assert_eq!((delta.events, delta.rate()), (5, Some(2.5)));
    /// # Ok::<(), core_time::SnapshotError>(())
    /// ```
    pub fn diff(&self, earlier: &Self) -> Result<CounterDelta, SnapshotError> {
        check_same_tiers(&self.spec, &earlier.spec)?;
        let differs = self.instances() != earlier.instances()
            || self.revision() < earlier.revision()
            || self.at < earlier.at
            || self.since > earlier.since; // A reset moves it forwards, a late event back.
        if differs {
            return Err(SnapshotError::NotEarlier);
        }
        let pairs = self.tiers.iter().zip(&earlier.tiers).zip(self.spec.grids());
        let series = pairs.map(|((later, earlier), grid)| later.without(earlier, grid));
        let delta = || {
            Some(CounterDelta {
                events: self.total.checked_sub(earlier.total)?,
                refused: without(self.refused, earlier.refused)?,
                interval: Interval { from: earlier.at, to: self.at },
                series: series.collect::<Option<_>>()?,
            })
        };
        delta().ok_or(SnapshotError::NotEarlier)
    }
}

pub(crate) fn without(later: RefusedCounts, earlier: RefusedCounts) -> Option<RefusedCounts> {
    Some(RefusedCounts {
        too_old: later.too_old.checked_sub(earlier.too_old)?,
        too_new: later.too_new.checked_sub(earlier.too_new)?,
        full: later.full.checked_sub(earlier.full)?,
    })
}

impl Buckets {
    /// Subtracts the events of an earlier snapshot. Buckets that were evicted since are left out.
    ///
    /// `None` if a bucket has fewer events than before.
    fn without(&self, earlier: &Self, grid: &Grid) -> Option<Series> {
        let before = |tick: i64| {
            let at = tick.checked_sub(earlier.first).and_then(|at| usize::try_from(at).ok());
            at.and_then(|at| earlier.counts.get(at)).copied().unwrap_or_default()
        };
        let counts = (self.first..).zip(&self.counts);
        let counts = counts.map(|(tick, count)| count.checked_sub(before(tick)));
        let more = Self::new(self.first, counts.collect::<Option<_>>()?, i64::MAX);
        Some(Series {
            from: grid.start(more.first),
            resolution: grid.resolution(),
            counts: more.counts,
        })
    }
}
