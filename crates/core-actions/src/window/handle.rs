//! Records of one action of a windowed tracker without a lookup.

use std::sync::Arc;
use std::time::Duration;

use core_time::{InBucket, Statistic, StatisticRing, WindowError};

use crate::action::words::AsWords;
use crate::tracker::handle::Handle;
use crate::window::rows::{ActionWindow, merge_window};
use crate::window::timeline::Timeline;

/// Records one action of a [`WindowedTracker`] without a lookup.
///
/// It is a [`Handle`] that reads the clock. A record for a bucket that was evicted before the clock
/// stepped back is refused, and is counted in [`WindowedTracker::refused`].
///
/// [`WindowedTracker`]: crate::WindowedTracker
/// [`WindowedTracker::refused`]: crate::WindowedTracker::refused
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

    /// Records one occurrence of the action, which ended now.
    #[inline]
    pub fn record(&self, time: impl Into<S::Value>) {
        // The axis counts refused records.
        if let Ok(tick) = self.timeline.axis.tick_to_record() {
            self.ring.record(InBucket { tick, value: time.into() });
        }
    }

    /// Returns the statistics of this action over the past `window`.
    ///
    /// It covers the newest `ceil(window / resolution)` buckets, as
    /// [`WindowedTracker::window`](crate::WindowedTracker::window) does. A read changes nothing.
    ///
    /// # Errors
    ///
    /// As [`WindowedTracker::window`](crate::WindowedTracker::window).
    ///
    /// # Complexity
    ///
    /// For each thread that recorded the action, at most as many merges as four times the square
    /// root of the buckets. Other actions cost nothing.
    ///
    /// # Concurrency
    ///
    /// The answer has every record made before the call. Records made concurrently may or may not
    /// be included, and all statistics cover the same records.
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
