//! All actions of a tracker by name, within a limit, with what every writer recorded of each.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{self, Relaxed},
};
use std::thread;

use core_time::{Instance, Instances, SnapshotHeader, Statistic, Tag};
use dashmap::{DashMap, Entry};

use crate::action::error::ActionError;
use crate::action::key::FOLDED;
use crate::action::name::ActionName;
use crate::action::words::AsWords;
use crate::snapshot::{TrackerSnapshot, TrackerSnapshotError, same_unit};
use crate::sync::{AtomicU64, Mutex, lock};
use crate::tracker::action::{Action, Pin};
use crate::tracker::eviction::{Listed, Listing, Orders};
use crate::tracker::lamport::Uses;
use crate::tracker::row::{Row, check_merge};
use crate::tracker::shard::{Newest, Part, Waiting};
use crate::tracker::spec::{OverflowCounts, TrackerSpec, WhenFull};

// ORDERING: every access in this file is Relaxed.
// Needs: no more actions than there may be, and numbers that grow with what happened before.
// Gives: each is one number that hangs together with no other memory; coherence.
// Not needed: any order among them. What was recorded is found through locks.
// Checks: tests/bounds.rs, for the limit; none of the others can be wrong by an order.
const ALONE: Ordering = Relaxed;

/// The actions of a tracker.
pub(crate) struct Registry<S: Statistic> {
    pub(crate) spec: TrackerSpec,
    /// What a row begins with.
    pub(crate) empty: S,
    names: DashMap<Arc<str>, Arc<Action<S>>>,
    /// Locked after a name's place in `names`, never before.
    listed: Mutex<Listed<S>>,
    /// How many actions there are, or are about to be, but for the one that others are folded into.
    taken: AtomicUsize,
    /// The number of the next record to be an action's first.
    pub(crate) next: AtomicU64,
    /// Orders records, where it matters which action is idle.
    pub(crate) uses: Option<Uses>,
    /// When actions expire, if they do.
    expiry: Option<Expiry<S>>,
    overflow: Counts,
    /// Tells this tracker from others in snapshots, with the number of the process.
    instance: Instance,
    merged: Mutex<Merged>,
}

/// What is changed and told together with the rows, under a lock.
#[derive(Debug, Default)]
struct Merged {
    /// Whose snapshots were merged into this tracker since the last reset.
    instances: Instances,
    /// How often all was reset.
    resets: u64,
    /// The revision of the last snapshot.
    revision: u64,
}

/// When an action expires: its newest bucket is older than any that a window covers.
pub(crate) struct Expiry<S> {
    /// The oldest bucket that a window covers at present.
    pub(crate) oldest: Box<dyn Fn() -> i64 + Send + Sync>,
    pub(crate) newest: Newest<S>,
}

#[derive(Debug, Default)]
struct Counts {
    refused: AtomicU64,
    folded: AtomicU64,
}

impl<S: Statistic<Value: AsWords>> Registry<S> {
    pub(crate) fn new(spec: TrackerSpec, empty: S, expiry: Option<Expiry<S>>) -> Self {
        Self {
            uses: spec.evicts().then(Uses::default),
            expiry,
            spec,
            empty,
            names: DashMap::new(),
            listed: Mutex::new(Listed::new()),
            taken: AtomicUsize::new(0),
            next: AtomicU64::new(0),
            overflow: Counts::default(),
            instance: Instance::draw(),
            merged: Mutex::default(),
        }
    }

    /// The action of a name, made if there is none; or what stands for it when there are too many.
    pub(crate) fn register(&self, name: &ActionName<'_>) -> Result<Arc<Action<S>>, ActionError> {
        let name = name.as_str();
        loop {
            if let Some(action) = self.find(name) {
                return Ok(action);
            }
            if self.reserve() {
                return Ok(self.enter(name, true));
            }
            match self.spec.when_full {
                _ if self.drop_empty() || self.drop_expired() => {}
                WhenFull::Fold => {
                    self.overflow.folded.fetch_add(1, ALONE);
                    return Ok(self.other());
                }
                WhenFull::EvictIdle if self.evict() => {}
                WhenFull::EvictIdle | WhenFull::Refuse => {
                    self.overflow.refused.fetch_add(1, ALONE);
                    return Err(ActionError::Full { limit: self.spec.actions });
                }
            }
        }
    }

    /// The row of folded actions, made if there is none. It comes on top of the limit.
    fn other(&self) -> Arc<Action<S>> {
        self.find(FOLDED).unwrap_or_else(|| self.enter(FOLDED, false))
    }

    fn find(&self, name: &str) -> Option<Arc<Action<S>>> {
        self.names.get(name).map(|action| Arc::clone(action.value()))
    }

    /// All actions there are, in the order in which they were registered.
    pub(crate) fn actions(&self) -> Vec<Arc<Action<S>>> {
        let action = |listing: &Listing<S>| Arc::clone(&listing.action);
        lock(&self.listed).all.values().map(action).collect()
    }

    /// How many actions there are.
    pub(crate) fn len(&self) -> usize {
        lock(&self.listed).all.len()
    }

    /// A row for each action that was recorded, in the order in which they first were.
    pub(crate) fn rows(&self) -> Vec<Row<S>> {
        self.rows_of(|sum: Option<S>, part, waiting| {
            let mut sum = match sum {
                None => part.clone(),
                Some(mut sum) => {
                    sum.merge(part);
                    sum
                }
            };
            sum.insert_all(waiting.values());
            Some(sum)
        })
    }

    /// The same of something made from the parts of an action, each of which is added to what was
    /// made of the ones before; no row if it comes to nothing.
    pub(crate) fn rows_of<T>(
        &self,
        mut add: impl FnMut(Option<T>, &S, Waiting<'_>) -> Option<T>,
    ) -> Vec<Row<T>> {
        let actions = self.actions();
        let mut rows = Vec::with_capacity(actions.len());
        for action in actions {
            let mut sum = None;
            let first = self.read(&action, |part, waiting| sum = add(sum.take(), part, waiting));
            rows.extend(sum.map(|sum| Row::new(Arc::clone(&action.name), first, sum)));
        }
        rows.sort_unstable_by(Row::by_first);
        rows
    }

    /// Reads the parts of an action that something was recorded in, and tells the number of the
    /// first record.
    pub(crate) fn read(&self, action: &Action<S>, mut read: impl FnMut(&S, Waiting<'_>)) -> u64 {
        let mut first = u64::MAX;
        for part in &lock(&action.parts).all {
            part.read(&self.next, |number, statistic, waiting| {
                first = first.min(number);
                read(statistic, waiting);
            });
        }
        first
    }

    /// Reads the parts of the action of a name, if there is one.
    pub(crate) fn read_named(&self, name: &str, read: impl FnMut(&S, Waiting<'_>)) {
        if let Some(action) = self.find(name) {
            self.read(&action, read);
        }
    }

    /// Takes a snapshot, with what else is to be read between the one before and the next.
    ///
    /// All under a lock, so that the snapshot with the larger revision is the later one.
    pub(crate) fn snapshot<T>(
        &self,
        tag: Tag,
        also: impl FnOnce() -> T,
    ) -> (TrackerSnapshot<S>, T) {
        let mut merged = lock(&self.merged);
        merged.revision += 1;
        // An eviction beside this is within the range, so that a row which began anew is not taken
        // for the one before.
        let forgotten = || {
            let Listed { evicted, .. } = &*lock(&self.listed);
            merged.resets.wrapping_add(evicted.actions).wrapping_add(evicted.expired)
        };
        let before = forgotten();
        let rows = self.rows();
        let instances = merged.instances.with(self.instance.here());
        let header = SnapshotHeader::new(tag, instances, merged.revision);
        (TrackerSnapshot::new(header, self.spec.unit, before..forgotten(), rows), also())
    }

    pub(crate) fn merge(&self, snapshot: &TrackerSnapshot<S>) -> Result<(), TrackerSnapshotError> {
        same_unit(snapshot.unit(), self.spec.unit)?;
        let mut merged = lock(&self.merged);
        let rows = snapshot.rows();
        let is_empty = rows.is_empty();
        let instances = merged.instances.accept(snapshot.instances(), is_empty, self.instance)?;
        // Nothing for the row of folded actions, which needs no place.
        let names = rows.iter().map(|row| match row.is_other() {
            true => Ok(None),
            false => ActionName::with_limit(row.name(), self.spec.name_bytes).map(Some),
        });
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let full = TrackerSnapshotError::Full { limit: self.spec.actions };
        // Before others are evicted for nothing.
        if names.iter().flatten().count() > self.spec.actions
            && self.spec.when_full != WhenFull::Fold
        {
            return Err(full);
        }
        // First a place for each, which nobody can take away; then nothing can go wrong any more.
        let pin = |name: &Option<_>| match name {
            Some(name) => self.pin(name),
            None => self.pin_action(|| Ok(self.other())),
        };
        let pins = names.iter().map(|name| pin(name).map_err(|_| full.clone()));
        let pins = pins.collect::<Result<Vec<_>, _>>()?;
        self.check_merge(&pins, rows)?;
        for (pin, row) in pins.iter().zip(rows) {
            self.next.fetch_max(row.first().saturating_add(1), ALONE);
            self.note_use(&pin.part);
            pin.part.merge(row.first(), row.statistic());
        }
        merged.instances = instances;
        Ok(())
    }

    /// Checks that rows can be merged with what is recorded of their actions.
    ///
    /// What is recorded meanwhile is too little to matter.
    fn check_merge(&self, pins: &[Pin<S>], rows: &[Row<S>]) -> Result<(), TrackerSnapshotError> {
        let mut sums = HashMap::new();
        for (pin, row) in pins.iter().zip(rows) {
            let sum = sums.entry(Arc::as_ptr(&pin.action)).or_insert_with(|| {
                let mut sum = self.empty.clone();
                self.read(&pin.action, |part, _| sum.merge(part));
                sum
            });
            check_merge(row.name(), sum, row.statistic())?;
            // Rows that are folded share an action.
            if self.spec.when_full == WhenFull::Fold {
                sum.merge(row.statistic());
            }
        }
        Ok(())
    }

    /// Goes on as one of the trackers whose snapshot was merged, so that to restore again and again
    /// names no more of them. What they forgot is counted on, or an older snapshot could pass for
    /// an earlier one.
    pub(crate) fn go_on_from(&mut self, snapshot: &TrackerSnapshot<S>) {
        let mut merged = lock(&self.merged);
        merged.instances = snapshot.instances().clone();
        self.instance = merged.instances.pop().unwrap_or(self.instance);
        [merged.resets, merged.revision] = snapshot.age();
    }

    /// A part of an action for somebody who is no thread; the action stays while it is held.
    pub(crate) fn pin(&self, name: &ActionName<'_>) -> Result<Pin<S>, ActionError> {
        self.pin_action(|| self.register(name))
    }

    fn pin_action(
        &self,
        find: impl Fn() -> Result<Arc<Action<S>>, ActionError>,
    ) -> Result<Pin<S>, ActionError> {
        loop {
            let action = find()?;
            if let Ok(part) = action.pin(&self.empty) {
                return Ok(Pin { action, part });
            }
            self.forget(&action);
        }
    }

    pub(crate) fn reset(&self) {
        let mut merged = lock(&self.merged);
        merged.resets = merged.resets.wrapping_add(1);
        merged.instances.clear();
        for action in self.actions() {
            lock(&action.parts).all.iter().for_each(|part| part.reset(&self.empty));
        }
        lock(&self.listed).note_emptied();
    }

    pub(crate) fn overflow(&self) -> OverflowCounts {
        let Counts { refused, folded } = &self.overflow;
        let (refused, folded) = (refused.load(ALONE), folded.load(ALONE));
        let Listed { evicted, .. } = &*lock(&self.listed);
        OverflowCounts {
            refused,
            folded,
            evicted: evicted.actions,
            evicted_records: evicted.records(),
            expired: evicted.expired,
        }
    }

    /// Takes one of the places that there are for actions.
    fn reserve(&self) -> bool {
        let more = |taken| (taken < self.spec.actions).then_some(taken + 1);
        self.taken.fetch_update(ALONE, ALONE, more).is_ok()
    }

    fn release(&self) {
        self.taken.fetch_sub(1, ALONE);
    }

    /// Enters a name, unless another thread did meanwhile, who reserved a place for it too.
    fn enter(&self, name: &str, reserved: bool) -> Arc<Action<S>> {
        let name: Arc<str> = name.into();
        match self.names.entry(Arc::clone(&name)) {
            Entry::Occupied(entry) => {
                if reserved {
                    self.release();
                }
                Arc::clone(entry.get())
            }
            Entry::Vacant(entry) => {
                // Listed before others can find it, or a reader could miss what they record.
                let action = lock(&self.listed).push(name, self.orders(reserved));
                entry.insert(Arc::clone(&action));
                action
            }
        }
    }

    /// In which orders a new action is, if it has a place.
    fn orders(&self, has_place: bool) -> Orders {
        if !has_place {
            return Orders::default();
        }
        // Not before its first record can have been made.
        let expires = self.expiry.as_ref().map(|expiry| (expiry.oldest)());
        Orders { idle: self.spec.evicts(), expires }
    }

    /// Brings this thread in step with others, before it evicts or is followed by who does.
    pub(crate) fn meet(&self) {
        if let Some(uses) = &self.uses {
            uses.meet();
        }
    }

    /// Notes that a part is used now, where that counts. For its writer alone.
    #[inline]
    pub(crate) fn note_use(&self, part: &Part<S>) {
        if let Some(uses) = &self.uses {
            part.use_at(uses.tick());
        }
    }

    /// Evicts what was idle for longest, and returns whether there is a place now, or is about to
    /// be; there is none while all have handles.
    fn evict(&self) -> bool {
        let evicted = lock(&self.listed).evict(self.expiry.is_some(), &self.empty);
        match evicted {
            Ok(action) => self.let_go(Some(action)),
            // Others have taken out what could be, and are about to give its place away.
            Err(pinned) if pinned < self.spec.actions => {
                thread::yield_now();
                true
            }
            Err(_) => false,
        }
    }

    /// Drops an action that expired, if there is one.
    fn drop_expired(&self) -> bool {
        let Some(Expiry { oldest, newest }) = &self.expiry else { return false };
        let (oldest, is_idle) = (oldest(), self.spec.evicts());
        let dropped = lock(&self.listed).drop_expired(oldest, *newest, is_idle, &self.empty);
        self.let_go(dropped)
    }

    /// Drops an action of which nothing was recorded since a reset, if there is one.
    fn drop_empty(&self) -> bool {
        let dropped = lock(&self.listed).drop_empty(&self.empty);
        self.let_go(dropped)
    }

    /// Gives away the place of an action that is listed no more, if one is.
    fn let_go(&self, action: Option<Arc<Action<S>>>) -> bool {
        if let Some(action) = &action {
            self.forget(action);
            self.release();
        }
        action.is_some()
    }

    /// Takes an action that was evicted out of the names.
    pub(crate) fn forget(&self, action: &Arc<Action<S>>) {
        self.names.remove_if(&action.name, |_, found| Arc::ptr_eq(found, action));
    }
}
