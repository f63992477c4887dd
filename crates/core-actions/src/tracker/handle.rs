//! Records of one action without a lookup.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use core_time::Statistic;

use crate::action::error::ActionError;
use crate::action::key::FOLDED;
use crate::action::name::ActionName;
use crate::action::time::ActionTime;
use crate::action::unit::Unit;
use crate::action::words::AsWords;
use crate::row::{Row, shown};
use crate::tracker::action::Pin;
use crate::tracker::registry::Registry;
use crate::tracker::shard::{Buffered, Numbering};

/// Records one action of a tracker, without a lookup and without errors.
///
/// [`MergedTracker::action`](crate::MergedTracker::action) returns one. While it exists, its action
/// is not evicted.
///
/// # Complexity
///
/// A record costs two stores. About one in twenty takes a lock that only readers contend for. The
/// memory of dropped handles is merged once it is more than that of the others, so reads cost what
/// lives; that drop waits as long as a read.
///
/// # Concurrency
///
/// A handle is for one thread at a time; each thread needs a clone. Readers see its records like
/// all others. No record is lost when it is dropped, and the next handle of the action reuses its
/// memory.
///
/// # Examples
///
/// ```
/// use core_actions::RunningTracker;
/// use std::thread;
///
/// let tracker = RunningTracker::default();
/// let jump = tracker.action("jump")?;
/// let other = jump.clone();
/// thread::spawn(move || other.record(200_u64)).join().unwrap();
/// jump.record(100_u64);
///
/// let stats = tracker.stats();
/// assert_eq!((stats[0].name(), stats[0].count(), stats[0].mean()), ("jump", 2, 150.0));
/// # Ok::<(), core_actions::ActionError>(())
/// ```
pub struct Handle<S: Statistic<Value: AsWords>> {
    registry: Arc<Registry<S>>,
    pin: Pin<S>,
    /// Whether uses of the action are noted. A copy, because a record reads nothing else of the
    /// registry.
    notes_use: bool,
    /// A shard has one writer, so a handle is not `Sync`.
    not_sync: PhantomData<Cell<()>>,
}

impl<S: Statistic<Value: AsWords>> Handle<S> {
    pub(crate) fn new(
        registry: &Arc<Registry<S>>,
        name: &ActionName<'_>,
    ) -> Result<Self, ActionError> {
        let pin = registry.pin(name)?;
        Ok(Self::of(Arc::clone(registry), pin))
    }

    fn of(registry: Arc<Registry<S>>, pin: Pin<S>) -> Self {
        let notes_use = registry.uses.is_some();
        Self { registry, pin, notes_use, not_sync: PhantomData }
    }

    /// Returns the name of the action, or [`WhenFull::OTHER`] if it was folded.
    ///
    /// [`WhenFull::OTHER`]: crate::WhenFull::OTHER
    #[must_use]
    pub fn name(&self) -> &str {
        shown(&self.pin.action.name)
    }

    /// Returns whether the action was [folded](crate::WhenFull::Fold) into the row of all others.
    #[must_use]
    pub fn is_other(&self) -> bool {
        *self.pin.action.name == *FOLDED
    }

    /// Records one occurrence of the action.
    #[inline]
    pub fn record(&self, time: impl Into<S::Value>) {
        if self.notes_use {
            self.registry.note_use(&self.pin.shard);
        }
        // A pinned shard is not retired.
        let _ = self.pin.shard.record(time.into(), &self.registry.next);
    }

    /// Records one occurrence of the action, in the tracker's [unit](crate::TrackerSpec::unit).
    pub fn record_duration(&self, duration: Duration)
    where
        S::Value: From<ActionTime>,
    {
        self.record(ActionTime::from_duration(duration, self.unit()));
    }

    /// Records `n` equal values.
    pub(crate) fn insert_n(&self, value: S::Value, n: u64) {
        if n == 0 {
            return;
        }
        if self.notes_use {
            self.registry.note_use(&self.pin.shard);
        }
        let _ = self.pin.shard.insert_n(value, n, Numbering::Next(&self.registry.next));
    }

    /// Returns the unit of the tracker.
    pub(crate) fn unit(&self) -> Unit {
        self.registry.spec.unit
    }
}

impl<S: Statistic<Value: AsWords>> Handle<S> {
    /// Returns the row of the action, or `None` without a record of it.
    ///
    /// It has the records of all threads and handles, not only of this one. A handle of a folded
    /// action returns the row of all [folded](crate::WhenFull::Fold) actions.
    ///
    /// # Complexity
    ///
    /// One merge for each thread that recorded the action, without a lookup.
    ///
    /// # Concurrency
    ///
    /// As [`ActionTracker::stats`](crate::ActionTracker::stats).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::RunningTracker;
    ///
    /// let tracker = RunningTracker::default();
    /// let jump = tracker.action("jump")?;
    /// assert!(jump.stats().is_none());
    /// jump.record(100_u64);
    /// tracker.record("jump", 200)?;
    /// assert_eq!(jump.stats().map(|row| row.mean()), Some(150.0));
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Option<Row<S>> {
        self.registry.row_of(&self.pin.action)
    }

    /// Reads the shards of the action.
    pub(crate) fn read(&self, read: impl FnMut(&S, Buffered<'_>)) {
        self.registry.read(&self.pin.action, read);
    }
}

impl<S: Statistic<Value: AsWords>> Clone for Handle<S> {
    /// Creates a handle of the same action, for another thread.
    fn clone(&self) -> Self {
        let pin = self.pin.another(&self.registry.empty);
        Self::of(Arc::clone(&self.registry), pin)
    }
}

impl<S: Statistic<Value: AsWords>> fmt::Debug for Handle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("action", &self.name()).finish_non_exhaustive()
    }
}
