//! All actions of a tracker by name, within a limit.
//!
//! # Memory ordering
//!
//! Every access is Relaxed.
//! Needs: no more actions than the limit, and numbers that grow with what happened before.
//! Gives: each number stands for itself; coherence.
//! Not needed: an order among them. Records are found through locks.
//! Checks: `tests/bounds.rs`, for the limit; no order can make the others wrong.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use core_time::{Instance, Instances, OverflowCounts, SnapshotHeader, Statistic, Tag, WhenFull};
use dashmap::{DashMap, Entry};

use crate::action::error::ActionError;
use crate::action::key::FOLDED;
use crate::action::name::ActionName;
use crate::action::words::AsWords;
use crate::row::Row;
use crate::snapshot::{TrackerSnapshot, TrackerSnapshotError, same_unit};
use crate::sync::{AtomicU64, Mutex, lock};
use crate::tracker::action::{Action, ExpiryRule, Pin};
use crate::tracker::eviction::{Eviction, Index, Queues};
use crate::tracker::lamport::{LamportClock, UseClock};
use crate::tracker::row::check_merge;
use crate::tracker::shard::{Newest, Shard};
use crate::tracker::spec::TrackerSpec;

/// The actions of a tracker.
pub(crate) struct Registry<S: Statistic> {
    pub(crate) spec: TrackerSpec,
    /// The statistic that a row begins with.
    pub(crate) empty: S,
    names: DashMap<Arc<str>, Arc<Action<S>>>,
    /// Locked after an entry of `names`, never before.
    pub(super) index: Mutex<Index<S>>,
    /// The number of actions that are or will be registered, without the row of folded actions.
    taken: AtomicUsize,
    /// The number of the next first record of an action.
    pub(crate) next: AtomicU64,
    /// Numbers records; only if idle actions are evicted or expire.
    pub(crate) uses: Option<UseClock>,
    /// Decides which actions expire, if they do.
    pub(super) expiry: Option<Expiry<S>>,
    overflow: OverflowCounters,
    /// Identifies this tracker in snapshots, with the process id.
    instance: Instance,
    snapshots: Mutex<SnapshotState>,
}

/// The state that snapshots, merges and resets change under one lock.
#[derive(Debug, Default)]
struct SnapshotState {
    /// The trackers whose snapshots were merged since the last reset.
    instances: Instances,
    /// The number of resets.
    resets: u64,
    /// The revision of the last snapshot.
    revision: u64,
}

/// The rule by which actions expire: their newest record is too old.
pub(crate) struct Expiry<S> {
    /// Returns the oldest bucket that is not too old at present; without buckets, the nanosecond.
    pub(crate) oldest: Box<dyn Fn() -> i64 + Send + Sync>,
    /// Returns the newest bucket of an action. Without it, its last use counts.
    pub(crate) newest: Option<Newest<S>>,
}

#[derive(Debug, Default)]
struct OverflowCounters {
    refused: AtomicU64,
    folded: AtomicU64,
}

impl<S: Statistic<Value: AsWords>> Registry<S> {
    pub(crate) fn new(spec: TrackerSpec, empty: S, expiry: Option<Expiry<S>>) -> Self {
        let order = || UseClock::Order(Box::<LamportClock>::default());
        Self {
            uses: spec.evicts().then(order),
            expiry,
            spec,
            empty,
            names: DashMap::new(),
            index: Mutex::new(Index::new()),
            taken: AtomicUsize::new(0),
            next: AtomicU64::new(0),
            overflow: OverflowCounters::default(),
            instance: Instance::draw(),
            snapshots: Mutex::default(),
        }
    }

    /// Returns the action of a name, which is created if needed; at the limit, what replaces it.
    pub(crate) fn register(&self, name: &ActionName<'_>) -> Result<Arc<Action<S>>, ActionError> {
        let name = name.as_str();
        if let Some(action) = self.find(name) {
            return Ok(action);
        }
        if self.spec.idle.is_some() {
            // Two for each new name, so that expired ones become fewer.
            (0..2).for_each(|_| _ = self.drop_expired());
        }
        loop {
            if let Some(action) = self.find(name) {
                return Ok(action);
            }
            if self.reserve() {
                return Ok(self.enter(name, true));
            }
            if self.make_room() {
                continue;
            }
            // ORDERING: Relaxed, see the module.
            if self.spec.when_full == WhenFull::Fold {
                self.overflow.folded.fetch_add(1, Relaxed);
                return Ok(self.other());
            }
            self.overflow.refused.fetch_add(1, Relaxed);
            return Err(ActionError::Full { limit: self.spec.actions });
        }
    }

    /// Removes an action that may be removed; returns whether there is or will be room.
    fn make_room(&self) -> bool {
        self.drop_empty() || self.drop_expired() || (self.spec.evicts() && self.evict())
    }

    /// Returns the row of folded actions, which is created if needed and not counted in the limit.
    fn other(&self) -> Arc<Action<S>> {
        self.find(FOLDED).unwrap_or_else(|| self.enter(FOLDED, false))
    }

    /// Returns the action of a name, under which it is kept.
    pub(super) fn find(&self, name: &str) -> Option<Arc<Action<S>>> {
        self.names.get(name).map(|action| Arc::clone(action.value()))
    }

    /// Returns the number of actions.
    pub(crate) fn len(&self) -> usize {
        lock(&self.index).all.len()
    }

    /// Takes a snapshot, and calls `also` between this one and the next.
    ///
    /// Both happen under a lock, so that the snapshot with the larger revision is the later one.
    pub(crate) fn snapshot<T>(
        &self,
        tag: Tag,
        also: impl FnOnce() -> T,
    ) -> (TrackerSnapshot<S>, T) {
        let (header, (rows, forgotten, also)) = self.revise(tag, |resets| {
            // A range, because an eviction may happen meanwhile: a row that restarted must not
            // pass for the one before.
            let forgotten = || {
                let Index { evicted, .. } = &*lock(&self.index);
                let gone =
                    evicted.actions.wrapping_add(evicted.expired).wrapping_add(evicted.removed);
                resets.wrapping_add(gone)
            };
            let before = forgotten();
            let rows = self.rows();
            (rows, before..forgotten(), also())
        });
        (TrackerSnapshot::new(header, self.spec.unit, forgotten, rows), also)
    }

    /// Calls `read` between two revisions, with the number of resets; returns the later one.
    ///
    /// No reset and no merge happens meanwhile.
    pub(crate) fn revise<T>(&self, tag: Tag, read: impl FnOnce(u64) -> T) -> (SnapshotHeader, T) {
        let mut state = lock(&self.snapshots);
        state.revision += 1;
        let found = read(state.resets);
        let instances = state.instances.with(self.instance.here());
        (SnapshotHeader::new(tag, instances, state.revision), found)
    }

    /// Merges a snapshot; after an error nothing of it was merged.
    pub(crate) fn merge(&self, snapshot: &TrackerSnapshot<S>) -> Result<(), TrackerSnapshotError> {
        same_unit(snapshot.unit(), self.spec.unit)?;
        let mut state = lock(&self.snapshots);
        let rows = snapshot.rows();
        let is_empty = rows.is_empty();
        let instances = state.instances.accept(snapshot.instances(), is_empty, self.instance)?;
        let pins = self.pin_rows(rows)?;
        self.check_merge(&pins, rows)?;
        for (pin, row) in pins.iter().zip(rows) {
            // ORDERING: Relaxed, see the module.
            self.next.fetch_max(row.first().saturating_add(1), Relaxed);
            self.note_use(&pin.shard);
            pin.shard.merge(row.first(), row.statistic());
        }
        state.instances = instances;
        Ok(())
    }

    /// Pins the action of each row, so that the merge cannot fail for want of room.
    fn pin_rows(&self, rows: &[Row<S>]) -> Result<Vec<Pin<S>>, TrackerSnapshotError> {
        // `None` for the row of folded actions, which is not counted in the limit.
        let names = rows.iter().map(|row| match row.is_other() {
            true => Ok(None),
            false => ActionName::with_limit(row.name(), self.spec.name_bytes).map(Some),
        });
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let full = TrackerSnapshotError::Full { limit: self.spec.actions };
        // Checked before other actions are evicted in vain.
        if names.iter().flatten().count() > self.spec.actions
            && self.spec.when_full != WhenFull::Fold
        {
            return Err(full);
        }
        let pin = |name: &Option<_>| match name {
            Some(name) => self.pin(name),
            None => self.held(|| Ok(self.other())).map(|action| self.pinned(action)),
        };
        names.iter().map(|name| pin(name).map_err(|_| full.clone())).collect()
    }

    /// Checks that rows can be merged with the records of their actions.
    ///
    /// Records that are made meanwhile are too few to matter.
    fn check_merge(&self, pins: &[Pin<S>], rows: &[Row<S>]) -> Result<(), TrackerSnapshotError> {
        let mut sums = HashMap::new();
        for (pin, row) in pins.iter().zip(rows) {
            let sum = sums.entry(Arc::as_ptr(&pin.action)).or_insert_with(|| {
                let mut sum = self.empty.clone();
                self.read(&pin.action, |shard, _| sum.merge(shard));
                sum
            });
            check_merge(row.name(), sum, row.statistic())?;
            // Folded rows share an action.
            if self.spec.when_full == WhenFull::Fold {
                sum.merge(row.statistic());
            }
        }
        Ok(())
    }

    /// Continues as one of the trackers of a merged snapshot.
    ///
    /// So repeated restores do not add instances. Resets and evictions are counted on, because
    /// otherwise an older snapshot could pass for an earlier one.
    pub(crate) fn continue_from(&mut self, snapshot: &TrackerSnapshot<S>) {
        let mut state = lock(&self.snapshots);
        state.instances = snapshot.instances().clone();
        self.instance = state.instances.pop().unwrap_or(self.instance);
        [state.resets, state.revision] = snapshot.age();
    }

    /// Returns a shard of an action that is not evicted while the pin is held.
    pub(crate) fn pin(&self, name: &ActionName<'_>) -> Result<Pin<S>, ActionError> {
        self.hold(name).map(|action| self.pinned(action))
    }

    fn pinned(&self, action: Arc<Action<S>>) -> Pin<S> {
        let shard = action.lend(&self.empty);
        Pin { action, shard }
    }

    /// Returns an action that is held.
    pub(crate) fn hold(&self, name: &ActionName<'_>) -> Result<Arc<Action<S>>, ActionError> {
        self.held(|| self.register(name))
    }

    fn held(
        &self,
        find: impl Fn() -> Result<Arc<Action<S>>, ActionError>,
    ) -> Result<Arc<Action<S>>, ActionError> {
        loop {
            let action = find()?;
            if action.hold().is_ok() {
                return Ok(action);
            }
            self.remove_name(&action);
        }
    }

    /// Discards all records made before.
    pub(crate) fn reset(&self) {
        let mut state = lock(&self.snapshots);
        state.resets = state.resets.wrapping_add(1);
        state.instances.clear();
        for action in self.actions() {
            lock(&action.shards).all.iter().for_each(|shard| shard.reset(&self.empty));
        }
        lock(&self.index).note_emptied();
    }

    /// Returns the counts of what exceeded the limit.
    pub(crate) fn overflow(&self) -> OverflowCounts {
        let OverflowCounters { refused, folded } = &self.overflow;
        // ORDERING: Relaxed, see the module.
        let (refused, folded) = (refused.load(Relaxed), folded.load(Relaxed));
        let Index { evicted, .. } = &*lock(&self.index);
        OverflowCounts {
            refused,
            folded,
            evicted: evicted.actions,
            evicted_records: evicted.records(),
            expired: evicted.expired,
            removed: evicted.removed,
        }
    }

    /// Reserves room for one action within the limit.
    fn reserve(&self) -> bool {
        let more = |taken| (taken < self.spec.actions).then_some(taken + 1);
        // ORDERING: Relaxed, see the module.
        self.taken.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    pub(super) fn release(&self) {
        // ORDERING: Relaxed, see the module.
        self.taken.fetch_sub(1, Relaxed);
    }

    /// Enters a name, unless another thread has entered it, which reserved room too.
    fn enter(&self, name: &str, is_reserved: bool) -> Arc<Action<S>> {
        let name: Arc<str> = name.into();
        match self.names.entry(Arc::clone(&name)) {
            Entry::Occupied(entry) => {
                if is_reserved {
                    self.release();
                }
                Arc::clone(entry.get())
            }
            Entry::Vacant(entry) => {
                // Indexed before other threads can find it; otherwise a reader could miss their
                // records.
                let action = lock(&self.index).push(name, self.queues(is_reserved));
                entry.insert(Arc::clone(&action));
                action
            }
        }
    }

    /// Returns the queues of a new action; none if it is not counted in the limit.
    fn queues(&self, is_limited: bool) -> Queues {
        if !is_limited {
            return Queues::default();
        }
        // The present, because its first record cannot be earlier.
        let expires = self.expiry.as_ref().map(|expiry| (expiry.oldest)());
        Queues { idle: self.spec.evicts(), expires }
    }

    /// Brings this thread's clock in step with others, before and after an eviction.
    pub(crate) fn observe_clock(&self) {
        if let Some(clock) = &self.uses {
            clock.observe();
        }
    }

    /// Notes that a shard is used now, where that counts. For its writer only.
    #[inline]
    pub(crate) fn note_use(&self, shard: &Shard<S>) {
        if let Some(clock) = &self.uses {
            shard.use_at(clock.tick());
        }
    }

    /// Evicts the longest idle action; returns whether there is or will be room.
    fn evict(&self) -> bool {
        let evicted = lock(&self.index).evict(self.expiry.is_some(), &self.empty);
        match evicted {
            Eviction::Evicted(action) => self.release_removed(Some(action)),
            // Other threads have removed actions, and are about to release their room.
            Eviction::AllPinned { actions } if actions < self.spec.actions => {
                thread::yield_now();
                true
            }
            Eviction::AllPinned { .. } => false,
        }
    }

    /// Removes an expired action, if there is one.
    pub(super) fn drop_expired(&self) -> bool {
        let Some(Expiry { oldest, newest }) = &self.expiry else { return false };
        let rule =
            ExpiryRule { oldest: oldest(), newest: *newest, counts: self.spec.idle.is_some() };
        let dropped = lock(&self.index).drop_expired(rule, self.spec.evicts(), &self.empty);
        self.release_removed(dropped)
    }

    /// Removes an action without records since a reset, if there is one.
    fn drop_empty(&self) -> bool {
        let dropped = lock(&self.index).drop_empty(&self.empty);
        self.release_removed(dropped)
    }

    /// Releases the room of an action that left the index; returns whether there is one.
    fn release_removed(&self, action: Option<Arc<Action<S>>>) -> bool {
        if let Some(action) = &action {
            self.remove_name(action);
            self.release();
        }
        action.is_some()
    }

    /// Removes an evicted action from the names.
    pub(crate) fn remove_name(&self, action: &Arc<Action<S>>) {
        self.names.remove_if(&action.name, |_, found| Arc::ptr_eq(found, action));
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::statistics::count::Count;
    use crate::tracker::MergedTracker;
    use crate::tracker::shard::Buffered;

    thread_local! {
        static CHECKS: Cell<u64> = const { Cell::new(0) };
        static NOW: Cell<i64> = const { Cell::new(0) };
    }

    #[test]
    fn refused_names_check_each_action_at_most_once_in_a_bucket() {
        let newest = |_: &Count, _: Buffered<'_>| {
            CHECKS.set(CHECKS.get() + 1);
            Some(NOW.get())
        };
        let expiry = Expiry { oldest: Box::new(|| NOW.get()), newest: Some(newest) };
        let spec = TrackerSpec { actions: 1_000, ..TrackerSpec::default() };
        let tracker = MergedTracker::of(Registry::new(spec, Count::default(), Some(expiry)));
        (0..1_000).for_each(|name| tracker.record(&format!("name {name}"), 1).unwrap());
        for bucket in 0..5 {
            for name in 0..3_000 {
                assert!(tracker.record(&format!("beyond {name}"), 1).is_err());
            }
            assert_eq!(CHECKS.get(), bucket * 1_000);
            NOW.set(NOW.get() + 1); // All actions are in the newest bucket again.
        }
    }
}
