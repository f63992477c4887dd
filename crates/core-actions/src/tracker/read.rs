//! Reading a tracker: all rows, or one action at its own cost.

use std::sync::Arc;
use std::{array, hint};

use core_time::Statistic;

use crate::action::key::FOLDED;
use crate::action::words::AsWords;
use crate::row::Row;
use crate::sync::{AtomicU64, lock};
use crate::tracker::MergedTracker;
use crate::tracker::action::{Action, Shards, SharedShard};
use crate::tracker::eviction::Indexed;
use crate::tracker::registry::Registry;
use crate::tracker::shard::{Buffered, Cut};

/// The number of actions whose memory is fetched at the same time.
///
/// Each of them takes several cache misses, one after the other, because every lock waits for all
/// loads before it. Loads of several actions without a lock between them are done at once. Found by
/// measurement: 16 and 64 are as good.
const BATCH: usize = 32;

/// An action whose shards are locked, so that they can be read.
pub(crate) struct LockedAction<'a, S: Statistic> {
    /// Differs from that of each action before and later, also of the same name.
    pub(crate) id: u64,
    pub(crate) name: &'a Arc<str>,
    shards: &'a Shards<S>,
    next: &'a AtomicU64,
}

impl<S: Statistic<Value: AsWords>> Registry<S> {
    /// Returns all actions in the order of their registration.
    pub(crate) fn actions(&self) -> Vec<Arc<Action<S>>> {
        let index = lock(&self.index);
        let mut all = index.all.values().map(|indexed: &Indexed<S>| &indexed.action);
        let mut actions = Vec::with_capacity(index.all.len());
        while actions.len() < index.all.len() {
            let batch: [_; BATCH] = array::from_fn(|_| all.next());
            let batch = batch.iter().flatten();
            hint::black_box(batch.clone().fold(0, |sum, action| sum ^ action.fetch()));
            actions.extend(batch.map(|action| Arc::clone(action)));
        }
        actions
    }

    /// Returns a row for each recorded action, in the order of their first records.
    pub(crate) fn rows(&self) -> Vec<Row<S>> {
        let mut rows = Vec::with_capacity(self.len());
        self.for_each(|action| rows.extend(action.row(add_all)));
        rows.sort_unstable_by(Row::by_first);
        rows
    }

    /// Calls `visit` with each action in the order of registration, its shards locked.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(LockedAction<'_, S>)) {
        let actions = self.actions();
        let mut all_shards = Vec::with_capacity(BATCH);
        for batch in actions.chunks(BATCH) {
            hint::black_box(batch.iter().fold(0, |sum, action| sum ^ action.fetch()));
            // In the order of registration, as every reader takes them; nobody else takes several.
            all_shards.extend(batch.iter().map(|action| lock(&action.shards)));
            let each = all_shards.iter().flat_map(|shards| &shards.all);
            hint::black_box(each.fold(0, |sum, shard| sum ^ shard.fetch()));
            for (action, shards) in batch.iter().zip(all_shards.drain(..)) {
                visit(self.locked(action, &shards));
            }
        }
    }

    /// Returns the row of an action, if it has records.
    pub(crate) fn row_of(&self, action: &Action<S>) -> Option<Row<S>> {
        self.row_of_shards(action, &lock(&action.shards), &mut add_all)
    }

    fn locked<'a>(&'a self, action: &'a Action<S>, shards: &'a Shards<S>) -> LockedAction<'a, S> {
        LockedAction { id: action.id, name: &action.name, shards, next: &self.next }
    }

    pub(super) fn row_of_shards<T>(
        &self,
        action: &Action<S>,
        shards: &Shards<S>,
        add: impl FnMut(&mut Option<T>, &S, Buffered<'_>),
    ) -> Option<Row<T>> {
        self.locked(action, shards).row(add)
    }

    /// Reads the shards of an action that have records.
    pub(crate) fn read(&self, action: &Action<S>, read: impl FnMut(&S, Buffered<'_>)) {
        action.read(&self.next, read);
    }

    /// Reads the shards of the action of a name, if there is one.
    pub(crate) fn read_named(&self, name: &str, read: impl FnMut(&S, Buffered<'_>)) {
        if let Some(action) = self.find(name) {
            self.read(&action, read);
        }
    }
}

impl<S: Statistic<Value: AsWords>> LockedAction<'_, S> {
    /// Reads the shards that have records, and returns the number of the first record.
    pub(crate) fn read(&self, mut read: impl FnMut(&S, Buffered<'_>)) -> u64 {
        let mut first = u64::MAX;
        for shard in &self.shards.all {
            shard.read(self.next, |number, statistic, buffered| {
                first = first.min(number);
                read(statistic, buffered);
            });
        }
        first
    }

    /// Locks all shards at one state, with all values in their statistics.
    pub(crate) fn absorbed(&self) -> Vec<(&SharedShard<S>, Cut<'_, S>)> {
        let mut cuts: Vec<_> = self.shards.all.iter().map(|shard| (shard, shard.cut())).collect();
        cuts.iter_mut().for_each(|(_, cut)| cut.absorb(self.next));
        cuts
    }

    /// Returns the number of the first record of shards, if there is one.
    pub(crate) fn first(&self, cuts: &[(&SharedShard<S>, Cut<'_, S>)]) -> Option<u64> {
        cuts.iter().filter_map(|(_, cut)| cut.first(self.next)).min()
    }

    /// Returns the row of what `add` makes of the shards, one after the other.
    fn row<T>(&self, mut add: impl FnMut(&mut Option<T>, &S, Buffered<'_>)) -> Option<Row<T>> {
        let mut sum = None;
        let first = self.read(|shard, buffered| add(&mut sum, shard, buffered));
        sum.map(|sum| Row::new(Arc::clone(self.name), first, sum))
    }
}

/// Adds the records of a shard to those of others.
pub(super) fn add_all<S: Statistic<Value: AsWords>>(
    sum: &mut Option<S>,
    shard: &S,
    buffered: Buffered<'_>,
) {
    let sum = match sum {
        None => sum.insert(shard.clone()),
        Some(sum) => {
            sum.merge(shard);
            sum
        }
    };
    sum.insert_all(buffered.values());
}

impl<S: Statistic<Value: AsWords>> MergedTracker<S> {
    /// Returns the row of one action, or `None` without a record of it.
    ///
    /// It is the row that [`stats`](Self::stats) has for the name. For the row of
    /// [folded](crate::WhenFull::Fold) actions see [`other`](Self::other).
    ///
    /// # Complexity
    ///
    /// A lookup, and one merge for each thread that recorded the action. Other actions cost
    /// nothing.
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
    /// tracker.record("jump", 100)?;
    /// tracker.record("jump", 200)?;
    /// assert_eq!(tracker.get("jump").map(|row| row.mean()), Some(150.0));
    /// assert!(tracker.get("run").is_none());
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    #[must_use]
    pub fn get(&self, action: &str) -> Option<Row<S>> {
        let kept = Some(action).filter(|&action| action != FOLDED);
        kept.and_then(|kept| self.row_kept_as(kept))
    }

    /// Returns the row of the [folded](crate::WhenFull::Fold) actions, if there are any.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{RunningTracker, TrackerSpec, WhenFull};
    ///
    /// let spec = TrackerSpec { actions: 1, when_full: WhenFull::Fold, ..TrackerSpec::default() };
    /// let tracker = RunningTracker::new(spec);
    /// for action in ["jump", "run", "swim"] {
    ///     tracker.record(action, 100)?;
    /// }
    /// assert_eq!(tracker.other().map(|row| row.count()), Some(2));
    /// assert!(tracker.get("run").is_none());
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    #[must_use]
    pub fn other(&self) -> Option<Row<S>> {
        self.row_kept_as(FOLDED)
    }

    fn row_kept_as(&self, kept: &str) -> Option<Row<S>> {
        self.registry().row_of(&*self.registry().find(kept)?)
    }
}
