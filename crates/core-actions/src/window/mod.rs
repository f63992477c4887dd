//! Statistics over sliding windows: a ring of statistics for each action.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use core_time::{
    Clock, InBucket, MonotonicClock, OverflowCounts, RecordError, RefusedCounts, Stamp, Statistic,
    TieredRing, TimeAxis, WindowSpec,
};

use crate::action::error::ActionError;
use crate::action::key::KeyedName;
use crate::action::time::{ActionTime, TimeError};
use crate::action::words::AsWords;
use crate::snapshot::{TrackerSnapshotError, WindowedSnapshot};
use crate::tracker::MergedTracker;
use crate::tracker::recorder::Timer;
use crate::tracker::registry::{Expiry, Registry};
use crate::tracker::shard::Buffered;
use crate::tracker::spec::TrackerSpec;

mod answers;
pub(crate) mod changes;
pub(crate) mod handle;
pub(crate) mod read;
mod removal;
pub(crate) mod rows;
pub(crate) mod shared;
pub(crate) mod spec;
pub(crate) mod timeline;

pub use changes::WindowedCursor;
pub use handle::WindowedHandle;
pub use rows::{ActionWindow, WindowRows};
pub use shared::SharedWindowedHandle;
pub use spec::{WindowedSpec, WindowedSpecError};

use timeline::Timeline;

/// Keeps a statistic `S` for each action and bucket of time, and answers for any window.
///
/// It has the names and limits of a [`MergedTracker`]. A record also reads the clock. Each action
/// has a [ring](core_time::StatisticRing) of statistics for each tier.
///
/// # Memory
///
/// At most [`WindowedSpec::bytes_max`] for each thread that records; buckets without records take
/// none. Each tier takes memory for its own buckets, and a record costs an insert into each. The
/// number of actions is limited to those whose rings fit into [`WindowedSpec::bytes`].
///
/// # Limit of actions
///
/// When the tracker is [full](TrackerSpec::actions), a new action replaces one whose newest bucket
/// no window touches any more. Only if there is none, an action is refused, folded or evicted.
/// [`OverflowCounts::expired`] counts the replaced actions. An action with a handle is kept. A
/// refused name checks each action at most once for each bucket of time.
///
/// # Concurrency
///
/// As [`ActionTracker`](crate::ActionTracker): a reader sees a cut of each action, and all rows
/// cover the same buckets. A record made concurrently with the removal of its action may be removed
/// with it, and is counted in [`OverflowCounts::evicted_records`].
///
/// # Clocks that step back
///
/// The system clocks do not. If an injected clock steps back by more than the tolerance, a record
/// for an evicted bucket is refused and counted in [`refused`](Self::refused), and a window that
/// begins in one is refused, until the clock has caught up; see [`TimeAxis`].
///
/// # Examples
///
/// ```
/// use core_actions::{HasCount, Mean, MinMax, HasMean, Quantile, Quantiles, WindowedTracker};
/// use core_time::{ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let spec = Default::default();
/// type Latency = (Mean, MinMax, Quantiles);
/// let tracker = WindowedTracker::<Latency>::with_clock(spec, clock.clone())?;
/// tracker.record("checkout", 120)?;
/// clock.advance(Duration::from_secs(60));
/// tracker.record("checkout", 80)?;
/// tracker.record("checkout", 100)?;
///
/// let minute = tracker.window(Duration::from_secs(60))?;
/// let row = &minute.rows()[0];
/// let (mean, min_max, quantiles) = row.statistic();
/// assert_eq!((row.name(), row.count(), row.mean()), ("checkout", 2, 90.0));
/// assert_eq!(min_max.max(), Some(100_u64.into()));
/// assert_eq!(quantiles.quantile(Quantile::P99), Some(100_u64.into()));
/// assert_eq!(tracker.window(Duration::from_secs(61))?.rows()[0].mean(), 100.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WindowedTracker<S: Statistic<Value: AsWords>> {
    timeline: Arc<Timeline>,
    rings: MergedTracker<TieredRing<S>>,
}

impl<S: Statistic<Value: AsWords>> WindowedTracker<S> {
    /// Creates a tracker with the cheapest system clock that is fine enough.
    ///
    /// # Errors
    ///
    /// [`WindowedSpecError`] if the memory is too small for one action.
    pub fn new(spec: WindowedSpec) -> Result<Self, WindowedSpecError> {
        let axis = TimeAxis::new(spec.window.clone());
        Self::of(spec, axis)
    }

    /// Creates a tracker with a custom clock.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_clock(spec: WindowedSpec, clock: impl Clock) -> Result<Self, WindowedSpecError> {
        let axis = TimeAxis::with_clock(spec.window.clone(), clock);
        Self::of(spec, axis)
    }

    fn of(spec: WindowedSpec, axis: TimeAxis) -> Result<Self, WindowedSpecError> {
        let tracker = spec.checked::<S>()?;
        let timeline = Arc::new(Timeline::new(axis));
        Ok(Self { rings: MergedTracker::of(registry(tracker, &timeline)), timeline })
    }

    /// Returns the span and the resolution.
    #[must_use]
    pub fn window_spec(&self) -> &WindowSpec {
        self.timeline.axis.spec()
    }

    /// Returns the common settings of trackers, with the number of actions that fit.
    #[must_use]
    pub fn spec(&self) -> &TrackerSpec {
        self.rings.spec()
    }

    /// Returns the time of the tracker's clock.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.timeline.axis.now()
    }

    /// Records one occurrence of an action, which ended now.
    ///
    /// # Errors
    ///
    /// As [`MergedTracker::record`](crate::MergedTracker::record), and [`ActionError::Stamp`] if
    /// the clock stepped back to an evicted bucket.
    #[inline]
    pub fn record<'a, T>(
        &self,
        action: impl Into<KeyedName<'a>>,
        time: T,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let value = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        let tick = self.timeline.axis.tick_to_record()?;
        self.rings.record(action, InBucket { tick, value })
    }

    /// Records one occurrence of an action, which ended at `stamp`.
    ///
    /// # Errors
    ///
    /// As [`MergedTracker::record`](crate::MergedTracker::record), and [`ActionError::Stamp`] if
    /// the stamp is older than the span, is further ahead of the clock than the tolerance, or is in
    /// a bucket that was evicted before the clock stepped back.
    pub fn record_at<'a, T>(
        &self,
        action: impl Into<KeyedName<'a>>,
        time: T,
        stamp: Stamp,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let value = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        let tick = self.timeline.tick_at(stamp)?;
        self.rings.record(action, InBucket { tick, value })?;
        self.timeline.extend_to(stamp);
        Ok(())
    }

    /// Checks that a stamp is inside the span and the tolerance at the moment `now`.
    ///
    /// It judges records that came before, such as those of a log, as
    /// [`record_at`](Self::record_at) did then. The clock is not read, and a refusal is not
    /// counted.
    ///
    /// # Errors
    ///
    /// - [`RecordError::TooOld`] if the stamp is older than the span.
    /// - [`RecordError::TooNew`] if it is further ahead of `now` than the tolerance.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, WindowedTracker};
    /// use core_time::Stamp;
    ///
    /// let tracker = WindowedTracker::<Mean>::new(Default::default())?;
    /// let (stamp, came) = (Stamp::from_secs(600), Stamp::from_secs(900));
    /// assert!(tracker.check_stamp(stamp, came).is_ok());
    /// assert!(tracker.check_stamp(stamp, tracker.now()).is_err());
    /// # Ok::<(), core_actions::WindowedSpecError>(())
    /// ```
    pub fn check_stamp(&self, stamp: Stamp, now: Stamp) -> Result<(), RecordError> {
        self.timeline.axis.check_stamp(stamp, now)
    }

    /// Records `n` occurrences of an action with equal times, which ended now.
    ///
    /// As [`MergedTracker::record_n`](crate::MergedTracker::record_n).
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn record_n<'a, T>(
        &self,
        action: impl Into<KeyedName<'a>>,
        time: T,
        n: u64,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let value = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        let tick = self.timeline.axis.tick_to_record()?;
        self.rings.record_n(action, InBucket { tick, value }, n)
    }

    /// Records one occurrence of an action, in the tracker's [unit](TrackerSpec::unit).
    ///
    /// The action ended now.
    ///
    /// # Errors
    ///
    /// As [`MergedTracker::record_duration`](crate::MergedTracker::record_duration).
    pub fn record_duration(&self, action: &str, duration: Duration) -> Result<(), ActionError>
    where
        S::Value: From<ActionTime>,
    {
        self.record(action, ActionTime::from_duration(duration, self.spec().unit))
    }

    /// Starts to measure a time of an action, which is recorded when the timer is dropped.
    ///
    /// The name is checked here, so that the record cannot fail. The action ends when the timer is
    /// dropped. As [`MergedTracker::start`](crate::MergedTracker::start).
    ///
    /// # Errors
    ///
    /// As [`action`](Self::action).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, WindowedTracker};
    /// use std::time::Duration;
    ///
    /// let tracker = WindowedTracker::<Mean>::new(Default::default())?;
    /// let timer = tracker.start("jump")?;
    /// let elapsed = timer.stop();
    /// let minute = tracker.window(Duration::from_secs(60))?;
    /// assert_eq!(minute.rows()[0].mean(), elapsed.as_nanos() as f64);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start(&self, action: &str) -> Result<Timer<WindowedHandle<S>>, ActionError>
    where
        S::Value: From<ActionTime>,
    {
        Ok(Timer::new(self.action(action)?, MonotonicClock))
    }

    /// Returns a handle that records one action without a lookup.
    ///
    /// # Errors
    ///
    /// As [`MergedTracker::action`](crate::MergedTracker::action).
    pub fn action(&self, action: &str) -> Result<WindowedHandle<S>, ActionError> {
        Ok(WindowedHandle {
            timeline: Arc::clone(&self.timeline),
            ring: self.rings.action(action)?,
        })
    }

    /// Returns a handle that threads share.
    ///
    /// # Errors
    ///
    /// As [`MergedTracker::action`](crate::MergedTracker::action).
    pub fn shared(&self, action: &str) -> Result<SharedWindowedHandle<S>, ActionError> {
        let (timeline, ring) = (Arc::clone(&self.timeline), self.rings.shared(action)?);
        Ok(SharedWindowedHandle { timeline, ring })
    }

    /// Returns the contents of the tracker as a value.
    ///
    /// It can be serialized, merged and restored.
    ///
    /// # Concurrency
    ///
    /// The snapshot has a cut of each action, taken one after the other.
    #[must_use]
    pub fn snapshot(&self) -> WindowedSnapshot<S> {
        let moments = || (self.now(), self.timeline.since());
        let registry = self.rings.registry();
        let (rings, (at, since)) =
            registry.snapshot(WindowedSnapshot::<S>::tag(self.window_spec()), moments);
        WindowedSnapshot::new(self.window_spec().clone(), at, since, rings)
    }

    /// Adds the records of a snapshot of other trackers.
    ///
    /// The tracker keeps the instances of the snapshot, as [`MergedTracker::merge`] does. Its own
    /// tolerance remains.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::OtherWindow`] if it has other tiers,
    /// [`TrackerSnapshotError::TooNew`] if its buckets are further ahead of the clock than the
    /// tolerance, and as [`MergedTracker::merge`]. No record is added then, but new names may have
    /// taken up room.
    ///
    /// # Concurrency
    ///
    /// A concurrent reader may see the added records of some actions only.
    pub fn merge(&self, snapshot: &WindowedSnapshot<S>) -> Result<(), TrackerSnapshotError> {
        snapshot.is_for(&self.timeline.axis)?;
        self.note_newest(snapshot);
        self.rings.merge(&snapshot.rings_for(self.window_spec()))?;
        self.timeline.extend_to(snapshot.since());
        Ok(())
    }

    /// Creates a tracker that continues from a snapshot, with a system clock.
    ///
    /// It uses the cheapest system clock that is fine enough. For merges it counts as the tracker
    /// of the snapshot, because snapshots of both have the earlier records.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::Tracker`] as [`new`](Self::new), else as [`merge`](Self::merge).
    pub fn restore(
        spec: WindowedSpec,
        snapshot: &WindowedSnapshot<S>,
    ) -> Result<Self, TrackerSnapshotError> {
        Self::new(spec)?.continue_from(snapshot)
    }

    /// Creates a tracker that continues from a snapshot, with a custom clock.
    ///
    /// To read windows of a snapshot, use a clock that stands at the time of the snapshot.
    ///
    /// # Errors
    ///
    /// As [`restore`](Self::restore).
    pub fn restore_with_clock(
        spec: WindowedSpec,
        snapshot: &WindowedSnapshot<S>,
        clock: impl Clock,
    ) -> Result<Self, TrackerSnapshotError> {
        Self::with_clock(spec, clock)?.continue_from(snapshot)
    }

    fn continue_from(
        mut self,
        snapshot: &WindowedSnapshot<S>,
    ) -> Result<Self, TrackerSnapshotError> {
        snapshot.is_for(&self.timeline.axis)?;
        self.note_newest(snapshot);
        let registry = registry(self.spec().clone(), &self.timeline);
        self.rings = MergedTracker::restore_of(registry, &snapshot.rings_for(self.window_spec()))?;
        self.timeline.extend_to(snapshot.since());
        Ok(self)
    }

    /// Notes the newest bucket that the rings will have.
    ///
    /// This comes before the merge, so that no record is accepted for a bucket that it evicts.
    fn note_newest(&self, snapshot: &WindowedSnapshot<S>) {
        if let Some(newest) = snapshot.newest() {
            self.timeline.axis.observe(newest);
            self.timeline.note_latest(snapshot.latest());
        }
    }

    /// Returns the counts of what exceeded the [limit](TrackerSpec::actions) of actions.
    #[must_use]
    pub fn overflow(&self) -> OverflowCounts {
        self.rings.overflow()
    }

    /// Returns how many records were refused for their timestamp, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.timeline.axis.refused()
    }

    /// Removes all records made before, and the counts of refused timestamps.
    ///
    /// # Concurrency
    ///
    /// A record made concurrently is removed or kept as a whole.
    pub fn reset(&self) {
        self.rings.reset();
        self.timeline.restart();
        self.timeline.axis.reset_refused();
    }
}

/// Creates a registry of rings, whose actions expire when no window covers their newest bucket.
fn registry<S: Statistic<Value: AsWords>>(
    spec: TrackerSpec,
    timeline: &Arc<Timeline>,
) -> Registry<TieredRing<S>> {
    let (axis, of_registry) = (&timeline.axis, Arc::clone(timeline));
    let idle = spec.idle.map(|idle| buckets_of(idle, axis.spec()));
    let oldest = move || {
        let axis = &of_registry.axis;
        let since = idle.map(|buckets| axis.tick_now().saturating_sub_unsigned(buckets) + 1);
        axis.oldest_touched().max(since.unwrap_or(i64::MIN))
    };
    let newest = |ring: &TieredRing<S>, buffered: Buffered<'_>| {
        let buffered = buffered.values().map(|value: InBucket<S::Value>| value.tick).max();
        ring.newest().max(buffered)
    };
    let expiry = Expiry { oldest: Box::new(oldest), newest: Some(newest) };
    Registry::new(spec, TieredRing::new(axis.spec()), Some(expiry))
}

/// Returns the number of buckets that the past `time` touches.
fn buckets_of(time: Duration, window: &WindowSpec) -> u64 {
    let buckets = time.as_nanos().div_ceil(window.resolution().as_nanos().max(1)) + 1;
    u64::try_from(buckets).unwrap_or(u64::MAX)
}

impl<S: Statistic<Value: AsWords>> fmt::Debug for WindowedTracker<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowedTracker")
            .field("axis", &self.timeline.axis)
            .field("rings", &self.rings)
            .finish_non_exhaustive()
    }
}
