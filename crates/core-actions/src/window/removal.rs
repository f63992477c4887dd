//! Removing actions of a windowed tracker.

use std::time::Duration;

use core_time::{Statistic, TieredRing, WindowError};

use crate::action::error::ActionError;
use crate::action::words::AsWords;
use crate::row::Row;
use crate::tracker::shard::Buffered;
use crate::window::WindowedTracker;
use crate::window::read::merge_buckets;

impl<S: Statistic<Value: AsWords>> WindowedTracker<S> {
    /// Removes an action with all of its records, and returns whether there was one.
    ///
    /// As [`MergedTracker::remove`](crate::MergedTracker::remove), which says more.
    ///
    /// # Errors
    ///
    /// [`ActionError::Held`] if the action has a handle. Nothing changes then.
    pub fn remove(&self, action: &str) -> Result<bool, ActionError> {
        let removed = self.rings.registry().remove(action, |any, _, _| *any = Some(()))?;
        Ok(removed.is_some())
    }

    /// Removes the actions for which `keep` returns `false`, and returns their number.
    ///
    /// `keep` sees the row that each action has in the past `window`, with an empty statistic if
    /// all of its records are older. An action that has a handle stays. Otherwise as
    /// [`MergedTracker::retain`](crate::MergedTracker::retain).
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window). Nothing changes then.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, HasCount, WindowedTracker};
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let tracker = WindowedTracker::<Count>::with_clock(Default::default(), clock.clone())?;
    /// tracker.record("jump", 1)?;
    /// clock.advance(Duration::from_secs(120));
    /// tracker.record("run", 1)?;
    /// // Those without a record in the past minute go.
    /// let removed = tracker.retain(Duration::from_secs(60), |row| row.count() > 0)?;
    /// assert_eq!(removed, 1);
    /// assert_eq!(tracker.window(Duration::from_secs(300))?.rows()[0].name(), "run");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retain(
        &self,
        window: Duration,
        keep: impl FnMut(&Row<S>) -> bool,
    ) -> Result<usize, WindowError> {
        let covered = self.timeline.axis.past(window)?;
        let add = |sum: &mut Option<S>, ring: &TieredRing<S>, buffered: Buffered<'_>| {
            merge_buckets(ring, buffered, covered.tier, &covered.ticks, sum);
            sum.get_or_insert_default();
        };
        Ok(self.rings.registry().retain(add, keep))
    }

    /// Removes the actions that expired, and returns their number.
    ///
    /// These are the actions whose newest bucket no window touches any more, or, if
    /// [`TrackerSpec::idle`](crate::TrackerSpec::idle) is shorter, is older than that, by the
    /// buckets that it touches. They also give way to new names when the tracker is full.
    /// [`OverflowCounts::expired`](crate::OverflowCounts::expired) counts them.
    pub fn remove_expired(&self) -> usize {
        self.rings.remove_expired()
    }
}
