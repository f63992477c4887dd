//! Trackers keep a statistic for each action and are shared by threads.
//!
//! Each thread has a [local table](local_table) from names to [shards](shard), which no other
//! thread writes. So a record reads nothing that other threads write, and a reader gets a cut of
//! each shard, in which all statistics are of exactly the same records.
//!
//! The [registry] finds the shards of all threads by name. Readers use it, and so does a thread
//! that records a name for the first time. A thread that ends leaves its table to the next one that
//! starts, so no record is lost and short-lived threads do not increase the memory.

pub(crate) mod action;
mod batch;
mod buffer;
mod by_name;
mod entries;
pub(crate) mod eviction;
pub(crate) mod handle;
pub(crate) mod lamport;
pub(crate) mod local_table;
pub(crate) mod local_tracker;
pub(crate) mod names;
pub(crate) mod read;
pub(crate) mod recorder;
pub(crate) mod registry;
mod removal;
mod row;
pub(crate) mod shard;
pub(crate) mod shared;
pub(crate) mod spec;

pub use batch::Batch;
pub use handle::Handle;
pub use local_tracker::LocalTracker;
pub use names::NameTable;
pub use recorder::{ActionRecorder, CORRECTED_MAX, Timer};
pub use shared::SharedHandle;
pub use spec::{ACTIONS_MAX, TrackerSpec};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use core_time::{Clock, MonotonicClock, OverflowCounts, PerThread, Statistic};

use crate::action::error::ActionError;
use crate::action::key::KeyedName;
use crate::action::name::ActionName;
use crate::action::time::{ActionTime, TimeError};
use crate::action::words::AsWords;
use crate::row::Row;
use crate::snapshot::{TrackerSnapshot, TrackerSnapshotError};
use crate::statistics::mean::Mean;
use crate::statistics::values::Values;
use crate::sync::AtomicU64;
use crate::tracker::lamport::UseClock;
use crate::tracker::local_table::LocalTable;
use crate::tracker::registry::Registry;
use crate::tracker::shard::Numbering;

/// Records actions with their times, and returns a statistic of each.
pub trait ActionTracker: Send + Sync {
    /// The statistic of each action.
    type Statistic: Statistic;

    /// Records one occurrence of an action.
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is invalid, [`ActionError::Full`] if the action is new and
    /// the tracker is full. Nothing changes then.
    fn record(
        &self,
        action: &str,
        time: <Self::Statistic as Statistic>::Value,
    ) -> Result<(), ActionError>;

    /// Returns a row for each recorded action, in the order of their first records.
    ///
    /// # Concurrency
    ///
    /// Each row is a cut: it has every record made before the call, and all of its statistics cover
    /// the same records. Records made concurrently may or may not be included. Rows are cut one
    /// after the other.
    fn stats(&self) -> Vec<Row<Self::Statistic>>;

    /// Returns the row of one action, or `None` without a record of it.
    ///
    /// Costs by that action: a lookup, and a merge for each thread that recorded it.
    ///
    /// # Concurrency
    ///
    /// As [`stats`](Self::stats).
    fn get(&self, action: &str) -> Option<Row<Self::Statistic>>;

    /// Removes all records made before.
    ///
    /// # Concurrency
    ///
    /// A record made concurrently is removed or kept as a whole.
    fn reset(&self);
}

/// Keeps a statistic `S` for each action.
///
/// Any [`Statistic`] can be used, also a tuple of several or a custom one; each costs only where it
/// is named. The statistic determines the type of the values, mostly [`ActionTime`].
/// [`PostTracker`] and [`RunningTracker`] are this tracker with one statistic each.
///
/// # Complexity
///
/// A record costs a lookup in the table of the thread and two stores. About one in twenty takes a
/// lock without contention and flushes the buffered values. The name is checked when it is new to
/// the thread. The cost of [`stats`](Self::stats) grows with actions and threads, and with records
/// only if that of the statistic does.
///
/// # Concurrency
///
/// See [`ActionTracker`]. A statistic must not use the tracker that it is kept in. After `fork` in
/// a process with several threads, the child must not use a tracker that it inherited.
///
/// # Examples
///
/// ```
/// use core_actions::RunningTracker;
///
/// let tracker = RunningTracker::default();
/// tracker.record("jump", 100)?;
/// tracker.record("run", 75)?;
/// tracker.record("jump", 200)?;
///
/// let stats = tracker.stats();
/// assert_eq!((stats[0].name(), stats[0].mean()), ("jump", 150.0));
/// assert_eq!((stats[1].name(), stats[1].mean()), ("run", 75.0));
///
/// let refused = tracker.record(" ", 1).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "action name is blank, it needs a character that is not white space",
/// );
/// # Ok::<(), core_actions::ActionError>(())
/// ```
pub struct MergedTracker<S: Statistic> {
    registry: Arc<Registry<S>>,
    tables: PerThread<LocalTable<S>>,
}

/// Keeps every time of each action, and computes means on demand.
pub type PostTracker = MergedTracker<Values>;

/// Keeps count and exact sum of each action, so that a mean costs the same for any count.
pub type RunningTracker = MergedTracker<Mean>;

impl<S: Statistic<Value: AsWords>> Default for MergedTracker<S> {
    fn default() -> Self {
        Self::new(TrackerSpec::default())
    }
}

impl<S: Statistic<Value: AsWords>> MergedTracker<S> {
    /// Creates a tracker.
    #[must_use]
    pub fn new(spec: TrackerSpec) -> Self {
        Self::with_clock(spec, MonotonicClock)
    }

    /// Creates a tracker of the actions of a registry.
    pub(crate) fn of(registry: Registry<S>) -> Self {
        Self { registry: Arc::new(registry), tables: PerThread::default() }
    }

    pub(crate) fn registry(&self) -> &Registry<S> {
        &self.registry
    }

    /// Returns the settings.
    #[must_use]
    pub fn spec(&self) -> &TrackerSpec {
        &self.registry.spec
    }

    /// Records one occurrence of an action.
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is invalid, [`ActionError::Time`] if the time is negative
    /// or not finite, [`ActionError::Full`] if the action is new and the tracker is full. Nothing
    /// changes then.
    #[inline]
    pub fn record<'a, T>(
        &self,
        action: impl Into<KeyedName<'a>>,
        time: T,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let action = action.into();
        let time = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        // A closure of its own, as in each place that records: one that they share would be
        // called, with arguments in memory, which takes 30 instructions more.
        let known =
            self.with_table(|table| table.record(action, |shard| shard.record(time, self.next())));
        if known == Some(true) { Ok(()) } else { self.record_new(action.as_str(), time) }
    }

    /// Records one occurrence of an action, with a number for the order of rows.
    ///
    /// Rows are sorted by the smallest numbers of their records. So several threads that read one
    /// file get the rows in the order of the file, if they number the records by their position.
    /// [`record`](Self::record) numbers from 0 on, and so does a record that is kept although it is
    /// concurrent with a reset.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    #[inline]
    pub fn record_numbered<'a, T>(
        &self,
        action: impl Into<KeyedName<'a>>,
        time: T,
        number: u64,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let action = action.into();
        let time = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        let record = |table: &LocalTable<S>| {
            table.record(action, |shard| shard.record_numbered(time, number))
        };
        let known = self.with_table(record);
        if known == Some(true) {
            return Ok(());
        }
        self.add_new(action.as_str(), time, Numbering::Given(number))
    }

    /// Records one occurrence of an action, in the tracker's [unit](TrackerSpec::unit).
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is invalid, [`ActionError::Full`] if the action is new and
    /// the tracker is full. Nothing changes then.
    pub fn record_duration(&self, action: &str, duration: Duration) -> Result<(), ActionError>
    where
        S::Value: From<ActionTime>,
    {
        self.record(action, ActionTime::from_duration(duration, self.spec().unit))
    }

    /// Returns a handle that records one action without a lookup.
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is invalid, [`ActionError::Full`] if the action is new and
    /// the tracker is full.
    pub fn action(&self, action: &str) -> Result<Handle<S>, ActionError> {
        let name = ActionName::with_limit(action, self.spec().name_bytes)?;
        self.registry.observe_clock();
        Handle::new(&self.registry, &name)
    }

    /// Returns a handle that threads share.
    ///
    /// # Errors
    ///
    /// As [`action`](Self::action).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, RunningTracker, SharedHandle};
    /// use std::sync::LazyLock;
    /// use std::thread;
    ///
    /// static TRACKER: LazyLock<RunningTracker> = LazyLock::new(RunningTracker::default);
    /// static JUMP: LazyLock<SharedHandle<Mean>> =
    ///     LazyLock::new(|| TRACKER.shared("jump").expect("a valid name, and room for it"));
    ///
    /// thread::spawn(|| JUMP.record(100_u64)).join().unwrap();
    /// JUMP.record(200_u64);
    /// assert_eq!(TRACKER.stats()[0].mean(), 150.0);
    /// ```
    pub fn shared(&self, action: &str) -> Result<SharedHandle<S>, ActionError> {
        let name = ActionName::with_limit(action, self.spec().name_bytes)?;
        self.registry.observe_clock();
        SharedHandle::new(&self.registry, &name)
    }

    /// Returns a row for each recorded action, in the order of their first records.
    ///
    /// # Concurrency
    ///
    /// As [`ActionTracker::stats`].
    #[must_use]
    pub fn stats(&self) -> Vec<Row<S>> {
        self.registry.rows()
    }

    /// Returns the contents of the tracker as a value.
    ///
    /// It can be serialized, merged and restored.
    ///
    /// # Concurrency
    ///
    /// As [`ActionTracker::stats`].
    #[must_use]
    pub fn snapshot(&self) -> TrackerSnapshot<S> {
        self.registry.snapshot(S::TAG, || ()).0
    }

    /// Adds the records of a snapshot of other trackers.
    ///
    /// The tracker keeps the [instances](core_time::Instances) of a snapshot with records, 16 bytes
    /// each, up to [`Instances::MAX`](core_time::Instances::MAX), until the next reset.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::OtherUnit`] if it is in another unit,
    /// [`TrackerSnapshotError::Instances`] if it has records of this tracker or of one that was
    /// merged before, or if the tracker would have too many instances,
    /// [`TrackerSnapshotError::Name`] if a name is longer than this tracker allows,
    /// [`TrackerSnapshotError::TooManyRecords`] if an action would have too many records,
    /// [`TrackerSnapshotError::Full`] if the tracker has too little room. No record is added then,
    /// but new names may have taken up room.
    ///
    /// # Concurrency
    ///
    /// A concurrent reader may see the added records of some actions only.
    pub fn merge(&self, snapshot: &TrackerSnapshot<S>) -> Result<(), TrackerSnapshotError> {
        self.registry.observe_clock(); // A merge counts as a use now.
        let merged = self.registry.merge(snapshot);
        self.registry.observe_clock();
        merged
    }

    /// Creates a tracker that continues from a snapshot.
    ///
    /// For merges it counts as the tracker of the snapshot, because snapshots of both have the
    /// earlier records.
    ///
    /// # Errors
    ///
    /// As [`merge`](Self::merge).
    pub fn restore(
        spec: TrackerSpec,
        snapshot: &TrackerSnapshot<S>,
    ) -> Result<Self, TrackerSnapshotError> {
        Self::restore_with_clock(spec, snapshot, MonotonicClock)
    }

    /// Creates a tracker that continues from a snapshot, with a custom clock.
    ///
    /// The actions of the snapshot were used now, by the [clock](Self::with_clock).
    ///
    /// # Errors
    ///
    /// As [`merge`](Self::merge).
    pub fn restore_with_clock(
        spec: TrackerSpec,
        snapshot: &TrackerSnapshot<S>,
        clock: impl Clock,
    ) -> Result<Self, TrackerSnapshotError> {
        Self::restore_of(Registry::with_clock(spec, S::default(), clock), snapshot)
    }

    /// Creates a tracker from an empty registry and a snapshot.
    pub(crate) fn restore_of(
        mut registry: Registry<S>,
        snapshot: &TrackerSnapshot<S>,
    ) -> Result<Self, TrackerSnapshotError> {
        registry.merge(snapshot)?;
        registry.continue_from(snapshot);
        Ok(Self::of(registry))
    }

    /// Returns the counts of what exceeded the [limit](TrackerSpec::actions) of actions.
    #[must_use]
    pub fn overflow(&self) -> OverflowCounts {
        self.registry.overflow()
    }

    /// Removes all records made before.
    ///
    /// # Concurrency
    ///
    /// As [`ActionTracker::reset`].
    pub fn reset(&self) {
        self.registry.reset();
    }

    /// Records an action that this thread did not record before.
    fn record_new(&self, action: &str, value: S::Value) -> Result<(), ActionError> {
        self.add_new(action, value, Numbering::Next(self.next()))
    }

    /// Returns the source of the numbers of records.
    fn next(&self) -> &AtomicU64 {
        &self.registry.next
    }

    /// Calls `f` with the table of this thread; `None` if the thread is being torn down.
    #[inline]
    fn with_table<R>(&self, f: impl FnOnce(&LocalTable<S>) -> R) -> Option<R> {
        self.tables.with(|| LocalTable::new(&self.registry), f)
    }

    /// Returns whether the table of this thread is so large that its rows are not in the cache.
    fn is_large(&self) -> bool {
        self.with_table(LocalTable::is_large) == Some(true)
    }

    /// Records the first value of this thread for an action.
    #[cold]
    #[inline(never)]
    fn add_new(
        &self,
        name: &str,
        value: S::Value,
        numbering: Numbering<'_>,
    ) -> Result<(), ActionError> {
        let name = ActionName::with_limit(name, self.spec().name_bytes)?;
        self.registry.observe_clock();
        loop {
            let action = self.registry.register(&name)?;
            let record =
                |table: &LocalTable<S>| table.record_new(&action, &self.registry, value, numbering);
            let added = self.with_table(record);
            // A thread that is being torn down has no table.
            let insert = || {
                let used = self.registry.uses.as_ref().map(UseClock::tick);
                action.insert(value, 1, numbering, used, &self.registry.empty)
            };
            if added.unwrap_or_else(insert).is_ok() {
                return Ok(());
            }
            self.registry.remove_name(&action);
        }
    }
}

impl<S: Statistic<Value: AsWords + Send + Sync>> ActionTracker for MergedTracker<S> {
    type Statistic = S;

    fn record(&self, action: &str, time: S::Value) -> Result<(), ActionError> {
        self.record(action, time)
    }

    fn stats(&self) -> Vec<Row<S>> {
        self.stats()
    }

    fn get(&self, action: &str) -> Option<Row<S>> {
        self.get(action)
    }

    fn reset(&self) {
        self.reset();
    }
}

impl<S: Statistic<Value: AsWords>> fmt::Debug for MergedTracker<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergedTracker")
            .field("spec", self.spec())
            .field("actions", &self.registry.len())
            .finish_non_exhaustive()
    }
}
