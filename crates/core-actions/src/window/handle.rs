//! Records of one action of a windowed tracker without a lookup.

use std::sync::Arc;
use std::time::Duration;

use core_time::{InBucket, Interval, RecordError, Stamp, Statistic, TieredRing, WindowError};

use crate::action::time::ActionTime;
use crate::action::unit::Unit;
use crate::action::words::AsWords;
use crate::tracker::handle::Handle;
use crate::tracker::recorder::{ActionRecorder, handle_is_a_recorder};
use crate::window::rows::ActionWindow;
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
    pub(super) ring: Handle<TieredRing<S>>,
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

    /// Records one occurrence of the action, which ended at `stamp`.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the stamp is older than the span, is further ahead of the clock than the
    /// tolerance, or is in a bucket that was evicted before the clock stepped back. Nothing changes
    /// then, and [`WindowedTracker::refused`](crate::WindowedTracker::refused) counts it.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, WindowedTracker};
    /// use std::time::Duration;
    ///
    /// let tracker = WindowedTracker::<Mean>::new(Default::default())?;
    /// let checkout = tracker.action("checkout")?;
    /// checkout.record_at(120_u64, tracker.now() - Duration::from_secs(90))?; // 90 s late.
    /// assert_eq!(checkout.window(Duration::from_secs(60))?.count(), 0);
    /// assert_eq!(checkout.window(Duration::from_secs(120))?.count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record_at(&self, time: impl Into<S::Value>, stamp: Stamp) -> Result<(), RecordError> {
        let tick = self.timeline.tick_at(stamp)?;
        self.ring.record(InBucket { tick, value: time.into() });
        self.timeline.extend_to(stamp);
        Ok(())
    }

    /// Records one occurrence of the action, in the tracker's [unit](crate::TrackerSpec::unit).
    ///
    /// The action ended now.
    pub fn record_duration(&self, duration: Duration)
    where
        S::Value: From<ActionTime>,
    {
        self.record(ActionTime::from_duration(duration, self.ring.unit()));
    }

    /// Records `n` equal values, which ended now.
    pub(crate) fn insert_n(&self, value: S::Value, n: u64) {
        // The axis counts refused records.
        if let Ok(tick) = self.timeline.axis.tick_to_record() {
            self.ring.insert_n(InBucket { tick, value }, n);
        }
    }

    /// Returns the unit of the tracker.
    pub(crate) fn unit(&self) -> Unit {
        self.ring.unit()
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
        self.timeline.action_window(|axis| axis.past(window), |visit| self.ring.read(visit))
    }

    /// Returns the statistics of this action in an interval `from..to`.
    ///
    /// As [`WindowedTracker::between`](crate::WindowedTracker::between), at the cost of
    /// [`window`](Self::window).
    ///
    /// # Errors
    ///
    /// As [`WindowedTracker::between`](crate::WindowedTracker::between).
    pub fn between(&self, interval: impl Into<Interval>) -> Result<ActionWindow<S>, WindowError> {
        let interval = interval.into();
        self.timeline.action_window(|axis| axis.between(interval), |visit| self.ring.read(visit))
    }

    /// Returns the statistics of this action in each bucket of the past `window`, oldest first.
    ///
    /// As [`WindowedTracker::series`](crate::WindowedTracker::series).
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    pub fn series(&self, window: Duration) -> Result<Vec<ActionWindow<S>>, WindowError> {
        self.timeline.action_series(|axis| axis.past(window), |visit| self.ring.read(visit))
    }
}

handle_is_a_recorder!(WindowedHandle);
