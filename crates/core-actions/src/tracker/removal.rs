//! Removing actions: one, those that a program does not keep, and those that expired.
//!
//! An action is removed under the lock of the index, as it is evicted: all of its shards are
//! retired at once, so each record is in the row that is returned, or is counted as made
//! concurrently, or begins a new row of the name. A handle holds its action, and never loses it.

use std::sync::Arc;

use core_time::{Clock, Statistic};

use crate::action::error::ActionError;
use crate::action::key::FOLDED;
use crate::action::words::AsWords;
use crate::row::Row;
use crate::sync::lock;
use crate::tracker::MergedTracker;
use crate::tracker::action::{Action, Removal};
use crate::tracker::lamport::UseClock;
use crate::tracker::read::add_all;
use crate::tracker::registry::{Expiry, Registry};
use crate::tracker::shard::Buffered;
use crate::tracker::spec::TrackerSpec;

/// How often an action is looked at that is recorded between the look and its removal.
const LOOKS: usize = 16;

impl<S: Statistic<Value: AsWords>> Registry<S> {
    /// Creates a registry whose actions expire by a clock, if they do.
    pub(crate) fn with_clock(spec: TrackerSpec, empty: S, clock: impl Clock) -> Self {
        let Some(idle) = spec.idle else { return Self::new(spec, empty, None) };
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let now = Arc::clone(&clock);
        // The record of the nanosecond that is `idle` ago has expired.
        let oldest = move || (now.now() - idle).as_nanos().saturating_add(1);
        let expiry = Expiry { oldest: Box::new(oldest), newest: None };
        let mut registry = Self::new(spec, empty, Some(expiry));
        registry.uses = Some(UseClock::Time(clock));
        registry
    }

    /// Removes the action of a name, if there is one, and returns its row, if it has one.
    pub(crate) fn remove<T>(
        &self,
        name: &str,
        add: impl Fn(&mut Option<T>, &S, Buffered<'_>),
    ) -> Result<Option<Row<T>>, ActionError> {
        let Some(action) = self.find(name).filter(|action| *action.name != *FOLDED) else {
            return Ok(None);
        };
        match self.remove_action(&action, None, add) {
            Removal::Done { row, .. } => Ok(row),
            Removal::Held { handles } => Err(ActionError::Held { handles }),
            // Another thread removed it; what was recorded since is later than this call.
            Removal::Gone | Removal::Changed => Ok(None),
        }
    }

    /// Removes the actions whose rows are not kept, and returns their number.
    ///
    /// `keep` is called without a lock, with the row that `add` makes of all records before.
    pub(crate) fn retain<T>(
        &self,
        add: impl Fn(&mut Option<T>, &S, Buffered<'_>),
        mut keep: impl FnMut(&Row<T>) -> bool,
    ) -> usize {
        let mut removed = 0;
        for action in self.actions() {
            for _ in 0..LOOKS {
                // Before the row is read, so that the row has all of them.
                let seen = action.changes();
                let row = self.row_of_shards(&action, &lock(&action.shards), &add);
                if row.as_ref().is_none_or(&mut keep) {
                    break;
                }
                match self.remove_action(&action, Some(seen), &add) {
                    Removal::Changed => {} // It is looked at once more.
                    Removal::Done { .. } => {
                        removed += 1;
                        break;
                    }
                    Removal::Gone | Removal::Held { .. } => break,
                }
            }
        }
        removed
    }

    fn remove_action<T>(
        &self,
        action: &Arc<Action<S>>,
        seen: Option<u64>,
        add: impl Fn(&mut Option<T>, &S, Buffered<'_>),
    ) -> Removal<S, T> {
        let mut index = lock(&self.index);
        let removal = action.remove(seen, &self.next, add, &self.empty);
        let Removal::Done { shards, row } = removal else { return removal };
        index.evicted.removed += 1;
        index.evicted.add(shards, 0);
        index.remove(action.id);
        drop(index);
        self.remove_name(action);
        if *action.name != *FOLDED {
            self.release();
        }
        Removal::Done { shards: Vec::new(), row }
    }

    /// Removes all actions that expired, and returns their number.
    pub(crate) fn remove_expired(&self) -> usize {
        std::iter::from_fn(|| self.drop_expired().then_some(())).count()
    }
}

impl<S: Statistic<Value: AsWords>> MergedTracker<S> {
    /// Creates a tracker with a custom clock, by which idle actions [expire](TrackerSpec::idle).
    ///
    /// [`new`](Self::new) uses a [`MonotonicClock`](core_time::MonotonicClock). A tracker whose
    /// actions do not expire reads no clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{RunningTracker, TrackerSpec};
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let idle = Some(Duration::from_secs(60));
    /// let spec = TrackerSpec { idle, ..TrackerSpec::default() };
    /// let tracker = RunningTracker::with_clock(spec, clock.clone());
    /// tracker.record("jump", 100)?;
    /// clock.advance(Duration::from_secs(30));
    /// tracker.record("run", 75)?;
    /// clock.advance(Duration::from_secs(30));
    /// assert_eq!(tracker.remove_expired(), 1);
    /// assert_eq!(tracker.stats()[0].name(), "run");
    /// assert_eq!(tracker.overflow().expired, 1);
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    #[must_use]
    pub fn with_clock(spec: TrackerSpec, clock: impl Clock) -> Self {
        Self::of(Registry::with_clock(spec, S::default(), clock))
    }

    /// Removes an action, and returns its row, or `None` without a record of it.
    ///
    /// If it is recorded again, it begins a new row. An older snapshot of it that
    /// is merged brings it back as well. [`OverflowCounts::removed`] counts it.
    ///
    /// [`OverflowCounts::removed`]: crate::OverflowCounts::removed
    ///
    /// # Errors
    ///
    /// [`ActionError::Held`] if the action has a handle, which would record into nowhere. Nothing
    /// changes then.
    ///
    /// # Concurrency
    ///
    /// The row has every record made before the call. One that is made concurrently is in the row,
    /// or begins a new row, or is counted in
    /// [`OverflowCounts::evicted_records`](crate::OverflowCounts::evicted_records).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::RunningTracker;
    ///
    /// let tracker = RunningTracker::default();
    /// tracker.record("jump", 100)?;
    /// let removed = tracker.remove("jump")?;
    /// assert_eq!(removed.map(|row| row.mean()), Some(100.0));
    /// assert!(tracker.stats().is_empty());
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    pub fn remove(&self, action: &str) -> Result<Option<Row<S>>, ActionError> {
        self.registry.remove(action, add_all)
    }

    /// Removes the actions for which `keep` returns `false`, and returns their number.
    ///
    /// An action is removed only as `keep` saw it: if it was recorded meanwhile, `keep` is called
    /// again, up to 16 times; one that is recorded that often stays. One that has a handle stays
    /// too, whatever `keep` returns. The row of [folded](crate::WhenFull::Fold) actions is treated
    /// like the others.
    ///
    /// [`OverflowCounts::removed`](crate::OverflowCounts::removed) counts the removed actions.
    ///
    /// # Concurrency
    ///
    /// As [`remove`](Self::remove). `keep` may use the tracker.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::RunningTracker;
    ///
    /// let tracker = RunningTracker::default();
    /// for name in ["jump", "run", "jump"] {
    ///     tracker.record(name, 100)?;
    /// }
    /// assert_eq!(tracker.retain(|row| row.count() > 1), 1);
    /// assert_eq!(tracker.stats()[0].name(), "jump");
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    pub fn retain(&self, keep: impl FnMut(&Row<S>) -> bool) -> usize {
        self.registry.retain(add_all, keep)
    }

    /// Removes the actions that [expired](TrackerSpec::idle), and returns their number.
    ///
    /// Call it before a read that should not show them; a read changes nothing itself. An action
    /// that has a handle does not expire. [`OverflowCounts::expired`] counts the removed actions,
    /// and [`OverflowCounts::evicted_records`] their records.
    ///
    /// [`OverflowCounts::expired`]: crate::OverflowCounts::expired
    /// [`OverflowCounts::evicted_records`]: crate::OverflowCounts::evicted_records
    ///
    /// # Complexity
    ///
    /// A logarithmic step for each action that expired or was recorded since it was last looked at.
    pub fn remove_expired(&self) -> usize {
        self.registry.remove_expired()
    }
}
