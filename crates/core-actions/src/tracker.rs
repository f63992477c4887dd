//! The trackers: a statistic for each action, recorded by any number of threads.
//!
//! Each thread has a table of its own, from names to rows, and each row a lock that nobody contends
//! for but a reader, who takes it for one row at a time and as long as it takes to copy that. So a
//! record finds its row without looking at anything that other threads write, and a reader sees a
//! cut of each row: all figures of exactly the same records.
//!
//! The registry knows, by name, the rows of all threads. It is touched when a thread meets a name
//! for the first time, and by readers. A thread that ends leaves its table to the next one that
//! starts, so nothing it recorded is lost and short-lived threads do not make memory grow.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use core_time::{PerThread, Statistic};
use crossbeam_utils::CachePadded;
use dashmap::DashMap;
use hashbrown::HashMap;

use crate::error::AddError;
use crate::mean::ExactMean;
use crate::name::{ActionName, NAME_BYTES_MAX};
use crate::raw::Raw;
use crate::row::Row;
use crate::time::{ActionTime, TimeError, Unit};

/// What all trackers do: take in actions with their times, and tell a statistic of each.
pub trait ActionTracker: Send + Sync {
    /// What is kept of each action.
    type Statistic: Statistic;

    /// Takes in that an action took so long.
    ///
    /// # Errors
    ///
    /// [`AddError::Name`] if the name is no name for an action. Nothing changes then.
    fn add(
        &self,
        action: &str,
        time: <Self::Statistic as Statistic>::Value,
    ) -> Result<(), AddError>;

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
/// A record costs a look-up in the thread's own table, a lock without contention and one insert;
/// the name is checked when it is new to the thread. [`stats`](Self::stats) costs by actions and
/// threads, and by records only if the statistic does.
///
/// # Concurrency
///
/// See [`ActionTracker`]. A statistic must not use the tracker that it is kept in.
///
/// # Examples
///
/// ```
/// use core_actions::RunningTracker;
///
/// let tracker = RunningTracker::default();
/// tracker.add("jump", 100)?;
/// tracker.add("run", 75)?;
/// tracker.add("jump", 200)?;
///
/// let stats = tracker.stats();
/// assert_eq!((stats[0].action(), stats[0].mean()), ("jump", 150.0));
/// assert_eq!((stats[1].action(), stats[1].mean()), ("run", 75.0));
///
/// let refused = tracker.add(" ", 1).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "action name is blank, it needs a character that is not white space",
/// );
/// # Ok::<(), core_actions::AddError>(())
/// ```
pub struct MergedTracker<S: Statistic> {
    spec: TrackerSpec,
    registry: DashMap<Arc<str>, Arc<Action<S>>>,
    tables: PerThread<RefCell<Table<S>>>,
    /// What the next action to be recorded for the first time is numbered.
    next: AtomicU64,
}

/// Keeps every time of each action, so that any figure can be had of them, and averages on demand.
pub type PostTracker = MergedTracker<Raw>;

/// Keeps count and exact sum for each action: a mean costs the same however many records it has.
pub type RunningTracker = MergedTracker<ExactMean>;

/// The settings of a tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerSpec {
    /// What a duration is converted to. Numbers are taken as they are.
    pub unit: Unit,
    /// The longest name of an action, in bytes.
    pub name_bytes: usize,
}

impl Default for TrackerSpec {
    /// Nanoseconds, and names of up to [`NAME_BYTES_MAX`].
    fn default() -> Self {
        Self { unit: Unit::default(), name_bytes: NAME_BYTES_MAX }
    }
}

/// One thread's rows by name, hashed with a seed of the process.
type Table<S> = HashMap<Arc<str>, SharedRow<S>, foldhash::fast::RandomState>;

type SharedRow<S> = Arc<CachePadded<Mutex<Part<S>>>>;

/// An action, with its rows in the tables of all threads.
struct Action<S> {
    name: Arc<str>,
    rows: Mutex<Vec<SharedRow<S>>>,
}

/// What one thread recorded of one action.
#[derive(Debug, Default)]
struct Part<S> {
    /// The number of the first record, if there is one.
    first: Option<u64>,
    statistic: S,
}

impl<S: Statistic> Default for MergedTracker<S> {
    fn default() -> Self {
        Self::new(TrackerSpec::default())
    }
}

impl<S: Statistic> MergedTracker<S> {
    /// A tracker with settings of one's choice.
    #[must_use]
    pub fn new(spec: TrackerSpec) -> Self {
        Self {
            spec,
            registry: DashMap::new(),
            tables: PerThread::default(),
            next: AtomicU64::new(0),
        }
    }

    /// The settings.
    #[must_use]
    pub fn spec(&self) -> &TrackerSpec {
        &self.spec
    }

    /// Takes in that an action took so long.
    ///
    /// # Errors
    ///
    /// [`AddError::Name`] if the name is no name for an action, [`AddError::Time`] if the time is
    /// negative or not finite. Nothing changes then.
    #[inline]
    pub fn add<T>(&self, action: &str, time: T) -> Result<(), AddError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let time = time.try_into().map_err(|error| AddError::Time(error.into()))?;
        let known = self.tables.with(RefCell::default, |table| {
            table.borrow().get(action).map(|row| self.insert(row, time)).is_some()
        });
        if known == Some(true) { Ok(()) } else { self.add_new(action, time) }
    }

    /// Takes in that an action took so long, in the tracker's [unit](TrackerSpec::unit).
    ///
    /// # Errors
    ///
    /// [`AddError::Name`] if the name is no name for an action. Nothing changes then.
    pub fn add_duration(&self, action: &str, duration: Duration) -> Result<(), AddError>
    where
        S::Value: From<ActionTime>,
    {
        self.add(action, ActionTime::from_duration(duration, self.spec.unit))
    }

    /// A row for each action that was recorded, in the order in which they first were.
    ///
    /// # Concurrency
    ///
    /// As [`ActionTracker::stats`].
    #[must_use]
    pub fn stats(&self) -> Vec<Row<S>> {
        let mut rows: Vec<_> = self.actions().iter().filter_map(|action| action.row()).collect();
        rows.sort_unstable_by(|a, b| (a.first(), a.action()).cmp(&(b.first(), b.action())));
        rows
    }

    /// Forgets all that was recorded before.
    ///
    /// # Concurrency
    ///
    /// As [`ActionTracker::reset`].
    pub fn reset(&self) {
        for action in self.actions() {
            for row in lock(&action.rows).iter() {
                *lock(row) = Part::default();
            }
        }
    }

    /// All actions there are, without holding on to the registry.
    fn actions(&self) -> Vec<Arc<Action<S>>> {
        self.registry.iter().map(|action| Arc::clone(action.value())).collect()
    }

    /// Takes in the first record that this thread makes of an action.
    #[cold]
    fn add_new(&self, name: &str, time: S::Value) -> Result<(), AddError> {
        let name = ActionName::with_limit(name, self.spec.name_bytes)?;
        let action = self.register(name.as_str());
        let added = self.tables.with(RefCell::default, |table| {
            let row = SharedRow::<S>::default();
            self.insert(&row, time);
            lock(&action.rows).push(Arc::clone(&row));
            table.borrow_mut().insert(Arc::clone(&action.name), row);
        });
        if added.is_none() {
            // A thread that is being torn down has no table. Any row will do, they all have locks.
            let mut rows = lock(&action.rows);
            if rows.is_empty() {
                rows.push(SharedRow::<S>::default());
            }
            let row = Arc::clone(&rows[0]);
            drop(rows);
            self.insert(&row, time);
        }
        Ok(())
    }

    fn register(&self, name: &str) -> Arc<Action<S>> {
        if let Some(action) = self.registry.get(name) {
            return Arc::clone(action.value());
        }
        let name: Arc<str> = name.into();
        let new = || Arc::new(Action { name: Arc::clone(&name), rows: Mutex::default() });
        Arc::clone(self.registry.entry(Arc::clone(&name)).or_insert_with(new).value())
    }

    #[inline]
    fn insert(&self, row: &SharedRow<S>, time: S::Value) {
        let mut part = lock(row);
        part.statistic.insert(time); // First: if it panics, there is no record to be numbered.
        if part.first.is_none() {
            // ORDERING: Relaxed.
            // Needs: a record that happened before has the smaller number. Gives: coherence.
            // Not needed: any order towards the row, which has a lock. Checks: no model, therefore.
            part.first = Some(self.next.fetch_add(1, Relaxed));
        }
    }
}

impl<S: Statistic> Action<S> {
    /// All that was recorded of the action, if anything was.
    fn row(&self) -> Option<Row<S>> {
        let rows = lock(&self.rows).clone();
        let mut first: Option<u64> = None;
        let mut statistic = S::default();
        for row in rows {
            let part = lock(&row);
            if let Some(number) = part.first {
                first = Some(first.map_or(number, |first| first.min(number)));
                statistic.merge(&part.statistic);
            }
        }
        first.map(|first| Row::new(Arc::clone(&self.name), first, statistic))
    }
}

impl<S: Statistic> ActionTracker for MergedTracker<S> {
    type Statistic = S;

    fn add(&self, action: &str, time: S::Value) -> Result<(), AddError> {
        self.add(action, time)
    }

    fn stats(&self) -> Vec<Row<S>> {
        self.stats()
    }

    fn reset(&self) {
        self.reset();
    }
}

impl<S: Statistic> fmt::Debug for MergedTracker<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergedTracker")
            .field("spec", &self.spec)
            .field("actions", &self.registry.len())
            .finish_non_exhaustive()
    }
}

/// Takes a lock, be it one that a thread held when it panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
