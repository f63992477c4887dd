//! Handles of one action that all threads share.
//!
//! A shard has one writer. So a shared handle borrows a shard for each thread that records through
//! it, and finds that of the calling thread by the [slot](PerThread) of the thread. The handle
//! holds the action as long as one of its clones exists, and then returns all borrowed shards,
//! which the next handles of the action borrow.
//!
//! A thread that ends leaves its shard to the next one that starts. So the shards of a handle are
//! at most as many as threads existed at one time. A thread that is being torn down has no slot; it
//! records under the lock of the action.

use std::fmt;
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
use crate::sync::PerThread;
use crate::tracker::action::{Action, SharedShard};
use crate::tracker::lamport::UseClock;
use crate::tracker::registry::Registry;
use crate::tracker::shard::{Buffered, Numbering};

/// Records one action of a tracker, from any thread and without a lookup of its name.
///
/// [`MergedTracker::shared`](crate::MergedTracker::shared) returns one. It can be put into a
/// `static`, into the state of a server, or be cloned into tasks. All clones are of the same
/// action, which is not evicted while one of them exists. A handle may outlive its tracker; then
/// nobody can read what it records.
///
/// # Complexity
///
/// A record finds the data of the calling thread, which takes a few loads, and then costs as much
/// as one of a [`Handle`](crate::Handle). The first record of each thread takes a lock, and
/// allocates unless a dropped handle left its memory. The drop of the last clone is that of a
/// [`Handle`](crate::Handle).
///
/// # Concurrency
///
/// Readers see its records like all others. No record is lost when a thread ends or the handle is
/// dropped, in whatever thread.
///
/// # Examples
///
/// ```
/// use core_actions::RunningTracker;
/// use std::thread;
///
/// let tracker = RunningTracker::default();
/// let jump = tracker.shared("jump")?;
/// thread::scope(|scope| {
///     for time in [100_u64, 200, 300] {
///         let jump = &jump; // Or a clone, for a thread or a task that outlives the scope.
///         scope.spawn(move || jump.record(time));
///     }
/// });
/// let stats = tracker.stats();
/// assert_eq!((stats[0].name(), stats[0].count(), stats[0].mean()), ("jump", 3, 200.0));
/// # Ok::<(), core_actions::ActionError>(())
/// ```
pub struct SharedHandle<S: Statistic<Value: AsWords>>(Arc<Shared<S>>);

struct Shared<S: Statistic<Value: AsWords>> {
    registry: Arc<Registry<S>>,
    writers: Writers<S>,
    /// Whether uses of the action are noted. A copy, because a record reads little else of the
    /// registry.
    notes_use: bool,
}

impl<S: Statistic<Value: AsWords>> SharedHandle<S> {
    pub(crate) fn new(
        registry: &Arc<Registry<S>>,
        name: &ActionName<'_>,
    ) -> Result<Self, ActionError> {
        let writers = Writers::of(registry.hold(name)?);
        let notes_use = registry.uses.is_some();
        Ok(Self(Arc::new(Shared { registry: Arc::clone(registry), writers, notes_use })))
    }

    /// Returns the name of the action, or [`WhenFull::OTHER`] if it was folded.
    ///
    /// [`WhenFull::OTHER`]: crate::WhenFull::OTHER
    #[must_use]
    pub fn name(&self) -> &str {
        shown(&self.0.writers.action.name)
    }

    /// Returns whether the action was [folded](crate::WhenFull::Fold) into the row of all others.
    #[must_use]
    pub fn is_other(&self) -> bool {
        *self.0.writers.action.name == *FOLDED
    }

    /// Records one occurrence of the action.
    #[inline]
    pub fn record(&self, time: impl Into<S::Value>) {
        let (shared, value) = (&*self.0, time.into());
        let Some(shard) = shared.writers.shards.get() else { return shared.record_first(value) };
        if shared.notes_use {
            shared.registry.note_use(shard);
        }
        // The shard of a held action is not retired.
        let _ = shard.record(value, &shared.registry.next);
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
        let Shared { registry, writers, .. } = &*self.0;
        if n == 0 {
            return;
        }
        let numbering = Numbering::Next(&registry.next);
        // As in `record_first`.
        let _ = match writers.shard(&registry.empty) {
            Some(shard) => {
                registry.note_use(shard);
                shard.insert_n(value, n, numbering)
            }
            None => {
                let used = registry.uses.as_ref().map(UseClock::tick);
                writers.action.insert(value, n, numbering, used, &registry.empty)
            }
        };
    }

    /// Returns the unit of the tracker.
    pub(crate) fn unit(&self) -> Unit {
        self.0.registry.spec.unit
    }

    /// Returns the row of the action, as [`Handle::stats`](crate::Handle::stats).
    #[must_use]
    pub fn stats(&self) -> Option<Row<S>> {
        self.0.registry.row_of(&self.0.writers.action)
    }

    /// Reads the shards of the action.
    pub(crate) fn read(&self, read: impl FnMut(&S, Buffered<'_>)) {
        self.0.registry.read(&self.0.writers.action, read);
    }
}

impl<S: Statistic<Value: AsWords>> Shared<S> {
    /// Records the first value of this thread, or one of a thread that is being torn down.
    #[cold]
    #[inline(never)]
    fn record_first(&self, value: S::Value) {
        let Self { registry, writers, .. } = self;
        let numbering = Numbering::Next(&registry.next);
        // A held action is not retired, here and below.
        let _ = match writers.shard(&registry.empty) {
            Some(shard) => {
                registry.note_use(shard);
                shard.record(value, &registry.next)
            }
            None => {
                let used = registry.uses.as_ref().map(UseClock::tick);
                writers.action.insert(value, 1, numbering, used, &registry.empty)
            }
        };
    }
}

impl<S: Statistic<Value: AsWords>> Clone for SharedHandle<S> {
    /// Returns another handle of the same action, which shares everything with this one.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Statistic<Value: AsWords>> fmt::Debug for SharedHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedHandle").field("action", &self.name()).finish_non_exhaustive()
    }
}

/// A hold on an action, with the shard that each thread borrowed.
pub(crate) struct Writers<S: Statistic<Value: AsWords>> {
    action: Arc<Action<S>>,
    shards: PerThread<SharedShard<S>>,
}

impl<S: Statistic<Value: AsWords>> Writers<S> {
    /// Owns the hold of an action, which its caller took.
    pub(crate) fn of(action: Arc<Action<S>>) -> Self {
        Self { action, shards: PerThread::default() }
    }

    /// Returns the shard of this thread, which is borrowed if it has none.
    ///
    /// `None` if the thread is being torn down.
    pub(crate) fn shard(&self, empty: &S) -> Option<&SharedShard<S>> {
        self.shards.get_or(|| self.action.lend(empty))
    }
}

impl<S: Statistic<Value: AsWords>> Drop for Writers<S> {
    /// Returns the shards. No thread uses them any more, because a use borrows the handle.
    fn drop(&mut self) {
        let mut lent = Vec::new();
        self.shards.for_each(|shard| lent.push(Arc::clone(shard)));
        self.action.release(lent);
    }
}
