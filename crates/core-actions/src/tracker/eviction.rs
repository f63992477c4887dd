//! The index of actions: their order, and which of them make room for new ones.
//!
//! Two queues are kept, each only where a tracker needs it: by the last use of an action, for one
//! that evicts the longest idle, and by its newest bucket of time, for one whose actions expire. A
//! key in a queue is what the action showed when it was last checked. The true value can only have
//! grown since. So the first of a queue is checked again and queued with its present value, until
//! the first one has not changed. An action is checked at most once for each use since the last
//! check, and one whose newest bucket is in time is not checked at all: a refused name in a full
//! tracker costs a look at the first of a queue.
//!
//! An action that has a handle is pinned and cannot make room. It leaves its queue when it is
//! checked ("parked"), and returns when its last handle is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use core_time::Statistic;

use crate::action::key::FOLDED;
use crate::action::words::AsWords;
use crate::sync::lock;
use crate::tracker::action::{Action, Expired, ExpiryRule, SharedShard, Unparked};

/// The actions in the order of their registration.
pub(super) struct Index<S: Statistic> {
    pub(super) all: BTreeMap<u64, Indexed<S>>,
    /// The last use of each action at its last check, and its id.
    idle: BTreeSet<(u64, u64)>,
    /// The newest bucket of each action at its last check, and its id.
    expiring: BTreeSet<(i64, u64)>,
    /// The ids of parked actions whose last handle was dropped.
    unparked: Arc<Unparked>,
    /// The ids of actions that may have had no record since a reset.
    emptied: Vec<u64>,
    next_id: u64,
    pub(super) evicted: Evicted<S>,
}

/// An action with its keys in the queues, if it is in them.
pub(super) struct Indexed<S: Statistic> {
    pub(super) action: Arc<Action<S>>,
    used: Option<u64>,
    newest: Option<i64>,
}

/// The queues that an action is in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Queues {
    /// Whether it may be evicted when it is idle.
    pub(super) idle: bool,
    /// The bucket before which it does not expire, if it can expire.
    pub(super) expires: Option<i64>,
}

/// The outcome of an attempt to evict an action.
pub(super) enum Eviction<S: Statistic> {
    /// This action was removed from the index.
    Evicted(Arc<Action<S>>),
    /// Nothing can be evicted: all of these actions are pinned.
    AllPinned { actions: usize },
}

/// Counts of evicted, expired and removed actions.
pub(super) struct Evicted<S> {
    pub(super) actions: u64,
    pub(super) expired: u64,
    pub(super) removed: u64,
    /// The records of evicted actions, without those in `shards`.
    records: u64,
    /// Shards that their threads may not have dropped yet. A record made concurrently with the
    /// eviction may still arrive in them.
    shards: Vec<SharedShard<S>>,
    /// The number of shards from which on they are checked.
    shards_max: usize,
}

impl<S: Statistic<Value: AsWords>> Index<S> {
    /// Creates an index without actions.
    pub(super) fn new() -> Self {
        let (actions, expired, removed, records, shards_max) = Default::default();
        let evicted =
            Evicted { actions, expired, removed, records, shards: Vec::new(), shards_max };
        let (all, idle, expiring) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let (unparked, emptied) = (Arc::default(), Vec::new());
        Self { all, idle, expiring, unparked, emptied, next_id: 0, evicted }
    }

    /// Adds the action of a name.
    pub(super) fn push(&mut self, name: Arc<str>, queues: Queues) -> Arc<Action<S>> {
        let id = self.next_id;
        self.next_id += 1;
        let action = Arc::new(Action::new(name, id, Arc::clone(&self.unparked)));
        self.all.insert(id, Indexed { action: Arc::clone(&action), used: None, newest: None });
        if queues.idle {
            self.queue_idle(id, 0);
        }
        if let Some(oldest) = queues.expires {
            self.queue_expiring(id, oldest);
        }
        action
    }

    fn queue_idle(&mut self, id: u64, used: u64) {
        if let Some(indexed) = self.all.get_mut(&id) {
            indexed.used = Some(used);
            self.idle.insert((used, id));
        }
    }

    fn queue_expiring(&mut self, id: u64, newest: i64) {
        if let Some(indexed) = self.all.get_mut(&id) {
            indexed.newest = Some(newest);
            self.expiring.insert((newest, id));
        }
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Arc<Action<S>>> {
        let Indexed { action, used, newest } = self.all.remove(&id)?;
        used.map(|used| self.idle.remove(&(used, id)));
        newest.map(|newest| self.expiring.remove(&(newest, id)));
        Some(action)
    }

    /// Queues parked actions whose last handle was dropped.
    fn unpark(&mut self, is_idle: bool, expires: bool) {
        let ids = std::mem::take(&mut *lock(&self.unparked));
        for id in ids {
            let Some(indexed) = self.all.get(&id) else { continue };
            let (used, newest) = (indexed.used, indexed.newest);
            if is_idle && used.is_none() {
                self.queue_idle(id, 0);
            }
            if expires && newest.is_none() {
                self.queue_expiring(id, i64::MIN);
            }
        }
    }

    /// Evicts the action that was idle for longest.
    ///
    /// At most as many actions are queued again as there are, because threads may use them faster
    /// than they are checked.
    pub(super) fn evict(&mut self, expires: bool, empty: &S) -> Eviction<S> {
        self.unpark(true, expires);
        let mut rechecks = self.idle.len();
        while let Some((seen, id)) = self.idle.pop_first() {
            let Some(indexed) = self.all.get_mut(&id) else { continue };
            indexed.used = None;
            let used = indexed.action.used();
            if used > seen && rechecks > 0 {
                rechecks -= 1;
                self.queue_idle(id, used);
                continue;
            }
            let Some((shards, records)) = indexed.action.evict(empty) else { continue };
            self.evicted.actions += 1;
            self.evicted.add(shards, records);
            if let Some(action) = self.remove(id) {
                return Eviction::Evicted(action);
            }
        }
        Eviction::AllPinned { actions: self.all.len() }
    }

    /// Removes an action that expired.
    pub(super) fn drop_expired(
        &mut self,
        rule: ExpiryRule<S>,
        is_idle: bool,
        empty: &S,
    ) -> Option<Arc<Action<S>>> {
        self.unpark(is_idle, true);
        while let Some(&(seen, id)) = self.expiring.first()
            && seen < rule.oldest
        {
            self.expiring.pop_first();
            let Some(indexed) = self.all.get_mut(&id) else { continue };
            indexed.newest = None;
            match indexed.action.expire(&rule, empty) {
                Expired::No { newest } => self.queue_expiring(id, newest),
                Expired::Pinned => {}
                Expired::Yes { shards, records } => {
                    self.evicted.expired += 1;
                    self.evicted.add(shards, records);
                    return self.remove(id);
                }
            }
        }
        None
    }

    /// Notes that all actions were reset.
    pub(super) fn note_emptied(&mut self) {
        // The row of folded actions is not counted in the limit, so it cannot make room.
        let is_limited = |indexed: &Indexed<S>| *indexed.action.name != *FOLDED;
        let ids = self.all.iter().filter(|(_, indexed)| is_limited(indexed)).map(|(&id, _)| id);
        self.emptied = ids.rev().collect();
    }

    /// Removes an action that has had no record since a reset.
    pub(super) fn drop_empty(&mut self, empty: &S) -> Option<Arc<Action<S>>> {
        while let Some(id) = self.emptied.pop() {
            let indexed = self.all.get(&id);
            if indexed.is_some_and(|indexed| indexed.action.evict_if_empty(empty)) {
                return self.remove(id);
            }
        }
        None
    }
}

impl<S: Statistic<Value: AsWords>> Evicted<S> {
    pub(super) fn add(&mut self, shards: Vec<SharedShard<S>>, records: u64) {
        self.records += records;
        self.shards.extend(shards);
        if self.shards.len() > self.shards_max {
            self.drop_shards();
            // Half of them are new at the next check.
            self.shards_max = self.shards.len() * 2;
        }
    }

    /// Drops the shards that no thread holds, in which no record can arrive.
    fn drop_shards(&mut self) {
        let records = &mut self.records;
        self.shards.retain_mut(|shard| {
            let is_gone = Arc::get_mut(shard).is_some();
            *records += if is_gone { shard.stragglers() } else { 0 };
            !is_gone
        });
    }

    /// Returns the number of records that were evicted.
    pub(super) fn records(&self) -> u64 {
        self.records + self.shards.iter().map(|shard| shard.stragglers()).sum::<u64>()
    }
}
