//! All actions of a tracker by name, within a limit, with what every writer recorded of each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{self, Relaxed},
};
use std::thread;

use core_time::{Instance, Instances, Statistic};
use crossbeam_utils::CachePadded;
use dashmap::{DashMap, Entry};

use crate::error::AddError;
use crate::key::FOLDED;
use crate::name::ActionName;
use crate::packed::Packed;
use crate::part::{Numbering, Part, Retired, Waiting};
use crate::row::Row;
use crate::snapshot::{TrackerSnapshot, TrackerSnapshotError, same_unit};
use crate::spec::{Overflow, TrackerSpec, WhenFull};
use crate::sync::{AtomicU64, Mutex, lock};

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
    /// The greatest count of uses that a thread came here with; see `Table::uses`.
    pub(crate) uses: AtomicU64,
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
    /// How many snapshots were taken.
    taken: u64,
}

/// Actions in the order in which they were registered.
struct Listed<S: Statistic> {
    all: BTreeMap<u64, Arc<Action<S>>>,
    /// What to evict next: when an action was used, by the last look at it, and its place in `all`.
    idle: BinaryHeap<Reverse<(u64, u64)>>,
    /// Places of actions of which nothing may have been recorded since a reset.
    emptied: Vec<u64>,
    next: u64,
    evicted: Evicted<S>,
}

/// What became of actions that were evicted.
struct Evicted<S> {
    actions: u64,
    /// Without those that are in `parts`.
    records: u64,
    /// Parts that their threads may not have dropped yet: what they recorded beside the eviction
    /// went with the others, and may still come.
    parts: Vec<SharedPart<S>>,
    /// How many parts there may be before they are looked through.
    parts_max: usize,
}

#[derive(Debug, Default)]
struct Counts {
    refused: AtomicU64,
    folded: AtomicU64,
}

/// An action, with what each writer recorded of it.
pub(crate) struct Action<S: Statistic> {
    pub(crate) name: Arc<str>,
    parts: Mutex<Parts<S>>,
}

/// What writers share with readers.
pub(crate) type SharedPart<S> = Arc<CachePadded<Part<S>>>;

struct Parts<S: Statistic> {
    all: Vec<SharedPart<S>>,
    /// Those of them whose pin is gone.
    free: Vec<SharedPart<S>>,
    /// How many pins there are: while there is one, the action is not evicted.
    pins: usize,
    evicted: bool,
}

/// A part of an action for a writer of one's own, which keeps the action from being evicted.
pub(crate) struct Pin<S: Statistic> {
    pub(crate) action: Arc<Action<S>>,
    pub(crate) part: SharedPart<S>,
}

impl<S: Statistic<Value: Packed>> Pin<S> {
    /// Another pin of the same action.
    pub(crate) fn another(&self, empty: &S) -> Self {
        let part = lock(&self.action.parts).pin(|| self.action.part(empty));
        Self { action: Arc::clone(&self.action), part }
    }
}

impl<S: Statistic> Drop for Pin<S> {
    fn drop(&mut self) {
        self.action.leave(&self.part);
    }
}

impl<S: Statistic<Value: Packed>> Registry<S> {
    pub(crate) fn new(spec: TrackerSpec, empty: S) -> Self {
        Self {
            spec,
            empty,
            names: DashMap::new(),
            listed: Mutex::new(Listed::new()),
            taken: AtomicUsize::new(0),
            next: AtomicU64::new(0),
            uses: AtomicU64::new(0),
            overflow: Counts::default(),
            instance: Instance::draw(),
            merged: Mutex::default(),
        }
    }

    /// The action of a name, made if there is none; or what stands for it when there are too many.
    pub(crate) fn register(&self, name: &ActionName<'_>) -> Result<Arc<Action<S>>, AddError> {
        let name = name.as_str();
        loop {
            if let Some(action) = self.find(name) {
                return Ok(action);
            }
            if self.reserve() {
                return Ok(self.enter(name, true));
            }
            match self.spec.when_full {
                _ if self.drop_empty() => {}
                WhenFull::Fold => {
                    self.overflow.folded.fetch_add(1, ALONE);
                    return Ok(self.other());
                }
                WhenFull::EvictIdle if self.evict() => {}
                WhenFull::EvictIdle | WhenFull::Refuse => {
                    self.overflow.refused.fetch_add(1, ALONE);
                    return Err(AddError::Full { limit: self.spec.actions });
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
        lock(&self.listed).all.values().cloned().collect()
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

    pub(crate) fn snapshot(&self) -> TrackerSnapshot<S> {
        let mut merged = lock(&self.merged);
        merged.taken = merged.taken.wrapping_add(1);
        // An eviction beside this is within the range, so that a row which began anew is not taken
        // for the one before.
        let forgotten = || merged.resets.wrapping_add(lock(&self.listed).evicted.actions);
        let before = forgotten();
        let rows = self.rows();
        let instances = merged.instances.with(self.instance.here());
        TrackerSnapshot::new(instances, self.spec.unit, merged.taken, before..forgotten(), rows)
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
            false => ActionName::with_limit(row.action(), self.spec.name_bytes).map(Some),
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
        for (pin, row) in pins.iter().zip(rows) {
            self.next.fetch_max(row.first().saturating_add(1), ALONE);
            pin.part.merge(row.first(), row.statistic());
        }
        merged.instances = instances;
        Ok(())
    }

    /// Goes on as one of the trackers whose snapshot was merged, so that to restore again and again
    /// names no more of them. What they forgot is counted on, or an older snapshot could pass for
    /// an earlier one.
    pub(crate) fn go_on_from(&mut self, snapshot: &TrackerSnapshot<S>) {
        let mut merged = lock(&self.merged);
        merged.instances = snapshot.instances().clone();
        self.instance = merged.instances.pop().unwrap_or(self.instance);
        [merged.resets, merged.taken] = snapshot.age();
    }

    /// A part of an action for somebody who is no thread; the action stays while it is held.
    pub(crate) fn pin(&self, name: &ActionName<'_>) -> Result<Pin<S>, AddError> {
        self.pin_action(|| self.register(name))
    }

    fn pin_action(
        &self,
        find: impl Fn() -> Result<Arc<Action<S>>, AddError>,
    ) -> Result<Pin<S>, AddError> {
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

    pub(crate) fn overflow(&self) -> Overflow {
        let Counts { refused, folded } = &self.overflow;
        let (refused, folded) = (refused.load(ALONE), folded.load(ALONE));
        let Listed { evicted, .. } = &*lock(&self.listed);
        Overflow { refused, folded, evicted: evicted.actions, evicted_records: evicted.records() }
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
                let action = Arc::new(Action::new(name));
                // Listed before others can find it, or a reader could miss what they record.
                lock(&self.listed).push(Arc::clone(&action), reserved && self.spec.evicts());
                entry.insert(Arc::clone(&action));
                action
            }
        }
    }

    /// Evicts what was idle for longest, and tells whether there is a place now, or is about to be;
    /// there is none while all have handles.
    fn evict(&self) -> bool {
        let now = self.uses.fetch_add(1, ALONE) + 1;
        let evicted = lock(&self.listed).evict(now, &self.empty);
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

impl<S: Statistic<Value: Packed>> Listed<S> {
    fn new() -> Self {
        let evicted = Evicted { actions: 0, records: 0, parts: Vec::new(), parts_max: 0 };
        let (all, idle, emptied) = (BTreeMap::new(), BinaryHeap::new(), Vec::new());
        Self { all, idle, emptied, next: 0, evicted }
    }

    fn push(&mut self, action: Arc<Action<S>>, may_be_evicted: bool) {
        if may_be_evicted {
            self.idle.push(Reverse((0, self.next)));
        }
        self.all.insert(self.next, action);
        self.next += 1;
    }

    /// Takes out what was idle for longest; if nothing can be, tells how many have handles.
    ///
    /// An action that was used since the last look goes back with its newer count; so this is the
    /// logarithm of all for each that does. As many go back as there are and no more, because
    /// threads may use them faster than one can look.
    fn evict(&mut self, now: u64, empty: &S) -> Result<Arc<Action<S>>, usize> {
        let (mut pinned, mut looks) = (Vec::new(), self.idle.len());
        let evicted = loop {
            let Some(Reverse((seen, place))) = self.idle.pop() else { break Err(pinned.len()) };
            let Some(action) = self.all.get(&place) else { continue };
            let used = action.used(now);
            if used > seen && looks > 0 {
                looks -= 1;
                self.idle.push(Reverse((used, place)));
                continue;
            }
            match action.evict(empty) {
                Some((parts, records)) => {
                    let action = Arc::clone(action);
                    self.evicted.add(parts, records);
                    self.all.remove(&place);
                    break Ok(action);
                }
                None => pinned.push(Reverse((used, place))),
            }
        };
        self.idle.extend(pinned);
        evicted
    }

    /// Notes that everything was reset.
    fn note_emptied(&mut self) {
        // The row that all others share has no place that it could give away.
        let has_place = |action: &Action<S>| *action.name != *FOLDED;
        let places = self.all.iter().filter(|(_, action)| has_place(action)).map(|(&at, _)| at);
        self.emptied = places.rev().collect();
    }

    /// Takes out an action of which nothing was recorded since a reset.
    fn drop_empty(&mut self, empty: &S) -> Option<Arc<Action<S>>> {
        while let Some(place) = self.emptied.pop() {
            if self.all.get(&place).is_some_and(|action| action.evict_if_empty(empty)) {
                return self.all.remove(&place);
            }
        }
        None
    }
}

impl<S: Statistic<Value: Packed>> Evicted<S> {
    fn add(&mut self, parts: Vec<SharedPart<S>>, records: u64) {
        self.actions += 1;
        self.records += records;
        self.parts.extend(parts);
        if self.parts.len() > self.parts_max {
            self.drop_parts();
            // Half of them are new when they are looked through again.
            self.parts_max = self.parts.len() * 2;
        }
    }

    /// Drops the parts that nobody else has any more, to which nothing more can come.
    fn drop_parts(&mut self) {
        let records = &mut self.records;
        self.parts.retain_mut(|part| {
            let is_gone = Arc::get_mut(part).is_some();
            *records += if is_gone { part.stragglers() } else { 0 };
            !is_gone
        });
    }

    fn records(&self) -> u64 {
        self.records + self.parts.iter().map(|part| part.stragglers()).sum::<u64>()
    }
}

impl<S: Statistic> Parts<S> {
    /// A part that nobody writes to, or a new one.
    fn pin(&mut self, new: impl FnOnce() -> SharedPart<S>) -> SharedPart<S> {
        self.pins += 1;
        self.free.pop().unwrap_or_else(|| {
            let part = new();
            self.all.push(Arc::clone(&part));
            part
        })
    }
}

impl<S: Statistic> Action<S> {
    /// Leaves the part of a pin to the next one.
    fn leave(&self, part: &SharedPart<S>) {
        let mut parts = lock(&self.parts);
        part.use_until_now();
        parts.pins -= 1;
        parts.free.push(Arc::clone(part));
    }
}

impl<S: Statistic<Value: Packed>> Action<S> {
    fn new(name: Arc<str>) -> Self {
        let parts = Parts { all: Vec::new(), free: Vec::new(), pins: 0, evicted: false };
        Self { name, parts: Mutex::new(parts) }
    }

    /// A part for a writer, with nothing in it.
    pub(crate) fn part(&self, empty: &S) -> SharedPart<S> {
        Arc::new(CachePadded::new(Part::new(Arc::clone(&self.name), empty.clone())))
    }

    /// Shows a part to readers.
    pub(crate) fn share(&self, part: &SharedPart<S>) -> Result<(), Retired> {
        let mut parts = lock(&self.parts);
        if parts.evicted {
            return Err(Retired);
        }
        parts.all.push(Arc::clone(part));
        Ok(())
    }

    /// A part that keeps the action from being evicted until it is [left](Self::leave).
    fn pin(&self, empty: &S) -> Result<SharedPart<S>, Retired> {
        let mut parts = lock(&self.parts);
        if parts.evicted { Err(Retired) } else { Ok(parts.pin(|| self.part(empty))) }
    }

    /// Takes a value in for a writer who has no part.
    pub(crate) fn insert(
        &self,
        value: S::Value,
        numbering: Numbering<'_>,
        empty: &S,
    ) -> Result<(), Retired> {
        let mut parts = lock(&self.parts);
        if parts.evicted {
            return Err(Retired);
        }
        if parts.all.is_empty() {
            let part = self.part(empty);
            parts.free.push(Arc::clone(&part));
            parts.all.push(part);
        }
        parts.all[0].insert(value, numbering)
    }

    /// When the action was last used.
    fn used(&self, now: u64) -> u64 {
        lock(&self.parts).all.iter().map(|part| part.used(now)).max().unwrap_or_default()
    }

    /// Gives everything up, and tells how many records that were; unless there is a pin.
    fn evict(&self, empty: &S) -> Option<(Vec<SharedPart<S>>, u64)> {
        let mut parts = lock(&self.parts);
        (parts.pins == 0).then(|| parts.give_up(empty))
    }

    /// Gives everything up if there is nothing, and no pin.
    fn evict_if_empty(&self, empty: &S) -> bool {
        let mut parts = lock(&self.parts);
        let is_empty = parts.pins == 0 && parts.all.iter().all(|part| part.is_empty());
        if is_empty {
            parts.give_up(empty);
        }
        is_empty
    }
}

impl<S: Statistic<Value: Packed>> Parts<S> {
    /// Retires all, and tells how many records that were.
    fn give_up(&mut self, empty: &S) -> (Vec<SharedPart<S>>, u64) {
        self.evicted = true;
        self.free.clear();
        let parts = std::mem::take(&mut self.all);
        let records = parts.iter().map(|part| part.retire(empty)).sum();
        (parts, records)
    }
}
