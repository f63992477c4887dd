//! Handles of one action of a windowed tracker that all threads share.

use std::sync::Arc;
use std::time::Duration;

use core_time::{InBucket, Interval, RecordError, Stamp, Statistic, TieredRing, WindowError};

use crate::action::time::ActionTime;
use crate::action::unit::Unit;
use crate::action::words::AsWords;
use crate::tracker::recorder::{ActionRecorder, handle_is_a_recorder};
use crate::tracker::shared::SharedHandle;
use crate::window::rows::ActionWindow;
use crate::window::timeline::Timeline;

/// Records one action of a [`WindowedTracker`](crate::WindowedTracker), from any thread.
///
/// It is a [`SharedHandle`] that reads the clock: for a `static`, the state of a server, or tasks.
/// A record for a bucket that was evicted before the clock stepped back is refused, and is counted
/// in [`WindowedTracker::refused`](crate::WindowedTracker::refused).
///
/// # Examples
///
/// ```
/// use core_actions::{SharedWindowedHandle, Summary, WindowedTracker};
/// use std::sync::LazyLock;
/// use std::thread;
/// use std::time::Duration;
///
/// static CHECKOUT: LazyLock<SharedWindowedHandle<Summary>> = LazyLock::new(|| {
///     let tracker = WindowedTracker::new(Default::default()).expect("valid by default");
///     tracker.shared("checkout").expect("a valid name, and room for it")
/// });
///
/// thread::spawn(|| CHECKOUT.record_duration(Duration::from_nanos(120))).join().unwrap();
/// CHECKOUT.record(80_u64);
/// let minute = CHECKOUT.window(Duration::from_secs(60))?;
/// assert_eq!((minute.count(), minute.statistic().mean()), (2, Some(100.0)));
/// # Ok::<(), core_time::WindowError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SharedWindowedHandle<S: Statistic<Value: AsWords>> {
    pub(super) timeline: Arc<Timeline>,
    pub(super) ring: SharedHandle<TieredRing<S>>,
}

impl<S: Statistic<Value: AsWords>> SharedWindowedHandle<S> {
    /// Returns the name of the action, as [`SharedHandle::name`].
    #[must_use]
    pub fn name(&self) -> &str {
        self.ring.name()
    }

    /// Returns whether the action was folded, as [`SharedHandle::is_other`].
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
    /// As [`WindowedHandle::record_at`](crate::WindowedHandle::record_at).
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
    /// # Errors
    ///
    /// As [`WindowedTracker::window`](crate::WindowedTracker::window).
    ///
    /// # Complexity
    ///
    /// As [`WindowedHandle::window`](crate::WindowedHandle::window), which it equals.
    pub fn window(&self, window: Duration) -> Result<ActionWindow<S>, WindowError> {
        self.timeline.action_window(|axis| axis.past(window), |visit| self.ring.read(visit))
    }

    /// Returns the statistics of this action in an interval `from..to`.
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

handle_is_a_recorder!(SharedWindowedHandle);
