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
pub(crate) mod eviction;
pub(crate) mod handle;
pub(crate) mod lamport;
pub(crate) mod local_table;
pub(crate) mod local_tracker;
pub(crate) mod names;
pub(crate) mod registry;
pub(crate) mod row;
pub(crate) mod shard;
pub(crate) mod spec;

pub use handle::Handle;
pub use local_tracker::LocalTracker;
pub use names::NameTable;
pub use row::Row;
pub use spec::{ACTIONS_MAX, OverflowCounts, TrackerSpec, WhenFull};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use core_time::{PerThread, Statistic};

use crate::action::error::ActionError;
use crate::action::key::KeyedName;
use crate::action::name::ActionName;
use crate::action::time::{ActionTime, TimeError};
use crate::action::words::AsWords;
use crate::snapshot::{TrackerSnapshot, TrackerSnapshotError};
use crate::statistics::mean::Mean;
use crate::statistics::values::Values;
use crate::tracker::lamport::LamportClock;
use crate::tracker::local_table::LocalTable;
use crate::tracker::registry::Registry;
use crate::tracker::shard::Numbering;

/// What all trackers do: take in actions with their times, and tell a statistic of each.
pub trait ActionTracker: Send + Sync {
    /// What is kept of each action.
    type Statistic: Statistic;

    /// Takes in that an action took so long.
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is no name for an action. Nothing changes then.
    fn record(
        &self,
        action: &str,
        time: <Self::Statistic as Statistic>::Value,
    ) -> Result<(), ActionError>;

    /// A row for each action that was recorded, in the order in which they first were.
    ///
    /// # Concurrency
    ///
    /// Each row is a cut: what was recorded before is in it, what is recorded beside may be, and
    /// all of its figures are of the same records. Rows are cut one after the other.
    fn stats(&self) -> Vec<Row<Self::Statistic>>;

    /// Forgets all that was recorded before.
    ///
    /// # Concurrency
    ///
    /// A record beside the reset is forgotten or kept, never half.
    fn reset(&self);
}

/// Keeps a statistic of one's choice for each action.
///
/// Any [`Statistic`] will do, a tuple of several or one's own among them, and only what is named is
/// paid for. What is added is whatever the statistic takes: mostly an [`ActionTime`].
/// [`PostTracker`] and [`RunningTracker`] are this tracker with one statistic each.
///
/// # Complexity
///
/// A record costs a look-up in the thread's own table and two stores; one in some twenty takes a
/// lock without contention, and inserts what waited since the last one did. The name is checked
/// when it is new to the thread. [`stats`](Self::stats) costs by actions and threads, and by
/// records only if the statistic does.
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

/// Keeps every time of each action, so that any figure can be had of them, and averages on demand.
pub type PostTracker = MergedTracker<Values>;

/// Keeps count and exact sum for each action: a mean costs the same however many records it has.
pub type RunningTracker = MergedTracker<Mean>;

impl<S: Statistic<Value: AsWords>> Default for MergedTracker<S> {
    fn default() -> Self {
        Self::new(TrackerSpec::default())
    }
}

impl<S: Statistic<Value: AsWords>> MergedTracker<S> {
    /// A tracker with settings of one's choice.
    #[must_use]
    pub fn new(spec: TrackerSpec) -> Self {
        Self::of(Registry::new(spec, S::default(), None))
    }

    /// A tracker of these actions.
    pub(crate) fn of(registry: Registry<S>) -> Self {
        Self { registry: Arc::new(registry), tables: PerThread::default() }
    }

    pub(crate) fn registry(&self) -> &Registry<S> {
        &self.registry
    }

    /// The settings.
    #[must_use]
    pub fn spec(&self) -> &TrackerSpec {
        &self.registry.spec
    }

    /// Takes in that an action took so long.
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is no name for an action, [`ActionError::Time`] if the
    /// time is
    /// negative or not finite, [`ActionError::Full`] if the action is new and there are too many.
    /// Nothing changes then.
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
        let registry = &*self.registry;
        let known = self.tables.with(
            || LocalTable::new(registry),
            |table| table.record(action, |shard| shard.record(time, &registry.next)),
        );
        if known == Some(true) {
            return Ok(());
        }
        self.add_new(action.as_str(), time, Numbering::Next(&registry.next))
    }

    /// Takes in that an action took so long, in a record that has a number.
    ///
    /// Rows come in the order of the smallest numbers of their records. Whoever adds records in
    /// another order than that in which they lie, such as several threads that read a file, numbers
    /// them, and gets the rows in the order of the file. [`record`](Self::record) numbers from 0
    /// on, and
    /// so is a record numbered that is kept although it came beside a reset.
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
        let known = self.tables.with(
            || LocalTable::new(&self.registry),
            |table| table.record(action, |shard| shard.record_numbered(time, number)),
        );
        if known == Some(true) {
            return Ok(());
        }
        self.add_new(action.as_str(), time, Numbering::Given(number))
    }

    /// Takes in that an action took so long, in the tracker's [unit](TrackerSpec::unit).
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is no name for an action, [`ActionError::Full`] if the
    /// action is
    /// new and there are too many. Nothing changes then.
    pub fn record_duration(&self, action: &str, duration: Duration) -> Result<(), ActionError>
    where
        S::Value: From<ActionTime>,
    {
        self.record(action, ActionTime::from_duration(duration, self.spec().unit))
    }

    /// A handle that records one action without looking it up.
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is no name for an action, [`ActionError::Full`] if the
    /// action is
    /// new and there are too many.
    pub fn action(&self, action: &str) -> Result<Handle<S>, ActionError> {
        let name = ActionName::with_limit(action, self.spec().name_bytes)?;
        self.registry.observe_clock();
        Handle::new(&self.registry, &name)
    }

    /// A row for each action that was recorded, in the order in which they first were.
    ///
    /// # Concurrency
    ///
    /// As [`ActionTracker::stats`].
    #[must_use]
    pub fn stats(&self) -> Vec<Row<S>> {
        self.registry.rows()
    }

    /// What the tracker holds, as a value: to be kept, sent, merged and restored.
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
    /// The tracker keeps the [instances](core_time::Instances) of the snapshot, 16 bytes each,
    /// unless it has no records: up to [`Instances::MAX`](core_time::Instances::MAX) until the next
    /// reset.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::OtherUnit`] if it is in another unit,
    /// [`TrackerSnapshotError::Instances`] if records of the same tracker are here already, be it
    /// this one, or those of too many, [`TrackerSnapshotError::Name`] if the name of an action is
    /// longer than is allowed here, [`TrackerSnapshotError::Full`] if it has more actions than
    /// there is room for. Nothing is added then, but the new names among them may have taken up
    /// room.
    ///
    /// # Concurrency
    ///
    /// A reader beside this may see some actions with what was added, and others without.
    pub fn merge(&self, snapshot: &TrackerSnapshot<S>) -> Result<(), TrackerSnapshotError> {
        self.registry.observe_clock(); // What is merged counts as used now.
        let merged = self.registry.merge(snapshot);
        self.registry.observe_clock();
        merged
    }

    /// A tracker that goes on from a snapshot.
    ///
    /// It is the tracker that the snapshot is of, as far as merging goes: the records before are in
    /// the snapshots of both.
    ///
    /// # Errors
    ///
    /// As [`merge`](Self::merge).
    pub fn restore(
        spec: TrackerSpec,
        snapshot: &TrackerSnapshot<S>,
    ) -> Result<Self, TrackerSnapshotError> {
        Self::restore_of(Registry::new(spec, S::default(), None), snapshot)
    }

    /// A tracker of these actions, of which there are none, that goes on from a snapshot.
    pub(crate) fn restore_of(
        mut registry: Registry<S>,
        snapshot: &TrackerSnapshot<S>,
    ) -> Result<Self, TrackerSnapshotError> {
        registry.merge(snapshot)?;
        registry.continue_from(snapshot);
        Ok(Self::of(registry))
    }

    /// How much was beyond the [limit](TrackerSpec::actions) of actions.
    #[must_use]
    pub fn overflow(&self) -> OverflowCounts {
        self.registry.overflow()
    }

    /// Forgets all that was recorded before.
    ///
    /// # Concurrency
    ///
    /// As [`ActionTracker::reset`].
    pub fn reset(&self) {
        self.registry.reset();
    }

    /// Takes in the first record that this thread makes of an action.
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
            let added = self.tables.with(
                || LocalTable::new(&self.registry),
                |table| table.record_new(&action, &self.registry, value, numbering),
            );
            // A thread that is being torn down has no table.
            let insert = || {
                let used = self.registry.lamport.as_ref().map(LamportClock::tick);
                action.insert(value, numbering, used, &self.registry.empty)
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
