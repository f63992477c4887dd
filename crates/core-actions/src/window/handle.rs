//! Recording one action of a windowed tracker without looking it up.

use std::sync::Arc;
use std::time::Duration;

use core_time::{InBucket, Statistic, StatisticRing, WindowError};

use crate::action::words::AsWords;
use crate::tracker::handle::Handle;
use crate::window::rows::{ActionWindow, merge_window};
use crate::window::timeline::Timeline;

/// Records one action of a [`WindowedTracker`] without looking it up.
///
/// A [`Handle`] that reads the clock; see there. A record for a bucket that was given up before the
/// clock stepped back is not recorded, and is counted in [`WindowedTracker::refused`].
#[derive(Debug, Clone)]
pub struct WindowedHandle<S: Statistic<Value: AsWords>> {
    pub(super) timeline: Arc<Timeline>,
    pub(super) ring: Handle<StatisticRing<S>>,
}

impl<S: Statistic<Value: AsWords>> WindowedHandle<S> {
    /// Returns the name of the action, as [`Handle::name`].
    #[must_use]
    pub fn name(&self) -> &str {
        self.ring.name()
    }

    /// Returns whether the action was folded, as [`Handle::is_other`].
    #[must_use]
    pub fn is_other(&self) -> bool {
        self.ring.is_other()
    }

    /// Records that the action took so long, and ended now.
    #[inline]
    pub fn record(&self, time: impl Into<S::Value>) {
        // A refusal was counted.
        if let Ok(tick) = self.timeline.axis.tick_to_record() {
            self.ring.record(InBucket { tick, value: time.into() });
        }
    }

    /// Returns the statistics of this action over the past `window`.
    ///
    /// It covers the newest `ceil(window / resolution)` buckets, as
    /// [`WindowedTracker::window`] does. A read changes nothing.
    ///
    /// # Errors
    ///
    /// As [`WindowedTracker::window`].
    ///
    /// # Complexity
    ///
    /// For each thread that recorded the action, merges of four times the square root of the
    /// buckets at most. Other actions cost nothing.
    ///
    /// # Concurrency
    ///
    /// Every record that happened before the call is in the answer. One made concurrently is in it
    /// or not, and all statistics are of the same records.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Summary, WindowedTracker};
    /// use std::time::Duration;
    ///
    /// let tracker = WindowedTracker::<Summary>::new(Default::default())?;
    /// let checkout = tracker.action("checkout")?;
    /// for time in [120_u64, 80, 100] {
    ///     checkout.record(time);
    /// }
    /// let minute = checkout.window(Duration::from_secs(60))?;
    /// assert_eq!((minute.count(), minute.statistic().mean()), (3, Some(100.0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn window(&self, window: Duration) -> Result<ActionWindow<S>, WindowError> {
        let covered = self.timeline.axis.past(window)?;
        let mut statistic = S::default();
        self.ring.read(|ring, buffered| {
            merge_window(ring, buffered, &covered, &mut statistic);
        });
        Ok(ActionWindow { statistic, coverage: covered.coverage(self.timeline.since()) })
    }
}
