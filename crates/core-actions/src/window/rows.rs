//! Answers of a windowed tracker.

use std::time::Duration;

use core_time::{Coverage, CoveredBuckets, InBucket, Stamp, Statistic, StatisticRing, WindowError};

use crate::action::words::AsWords;
use crate::row::Row;
use crate::statistics::traits::HasCount;
use crate::tracker::shard::Buffered;
use crate::window::timeline::Timeline;

/// The statistics of all actions in one window.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowRows<S> {
    pub(super) rows: Vec<Row<S>>,
    pub(super) covered: CoveredBuckets,
    pub(super) since: Stamp,
}

impl<S> WindowRows<S> {
    /// Returns a row for each action with records in the window, in the order of first records.
    #[must_use]
    pub fn rows(&self) -> &[Row<S>] {
        &self.rows
    }

    /// Returns the time that the window covers, the same for every action.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.covered.coverage(self.since)
    }

    /// Returns the buckets that the window covers.
    #[must_use]
    pub fn covered(&self) -> &CoveredBuckets {
        &self.covered
    }
}

impl<S: HasCount> WindowRows<S> {
    /// Returns the records of an action per second of the covered time.
    ///
    /// The covered time is shorter than the window at first. `None` if no time has passed.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, WindowedTracker};
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let tracker = WindowedTracker::<Count>::with_clock(Default::default(), clock.clone())?;
    /// tracker.record("jump", 1)?;
    /// tracker.record("jump", 2)?;
    /// clock.advance(Duration::from_millis(500));
    /// let minute = tracker.window(Duration::from_secs(60))?;
    /// assert_eq!(minute.rate(&minute.rows()[0]), Some(4.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rate(&self, row: &Row<S>) -> Option<f64> {
        self.coverage().rate(row.count())
    }
}

/// The statistics of one action in one window.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionWindow<S> {
    pub(super) statistic: S,
    pub(super) coverage: Coverage,
}

impl<S> ActionWindow<S> {
    /// Returns the statistic of the action in the window.
    #[must_use]
    pub fn statistic(&self) -> &S {
        &self.statistic
    }

    /// Returns the time that the window covers.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.coverage
    }
}

impl<S: HasCount> ActionWindow<S> {
    /// Returns the number of records.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.statistic.count()
    }

    /// Returns the records per second of the covered time.
    ///
    /// The covered time is shorter than the window at first. `None` if no time has passed.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.coverage.rate(self.count())
    }
}

/// Merges the covered buckets of one writer; returns whether they have records.
pub(super) fn merge_window<S: Statistic<Value: AsWords>>(
    ring: &StatisticRing<S>,
    buffered: Buffered<'_>,
    covered: &CoveredBuckets,
    into: &mut S,
) -> bool {
    let any = ring.merge_window(covered.ticks.clone(), into);
    let buffered =
        buffered.values().filter(|value: &InBucket<_>| covered.ticks.contains(&value.tick));
    let any = any || buffered.clone().next().is_some();
    into.insert_all(buffered.map(|value| value.value));
    any
}

/// Returns the window of one action, whose shards `read_all` visits.
pub(super) fn window_of<S: Statistic<Value: AsWords>>(
    timeline: &Timeline,
    window: Duration,
    read_all: impl FnOnce(&mut dyn FnMut(&StatisticRing<S>, Buffered<'_>)),
) -> Result<ActionWindow<S>, WindowError> {
    let covered = timeline.axis.past(window)?;
    let mut statistic = S::default();
    read_all(&mut |ring, buffered| {
        merge_window(ring, buffered, &covered, &mut statistic);
    });
    Ok(ActionWindow { statistic, coverage: covered.coverage(timeline.since()) })
}
