//! What a fleet knows of one instance.
//!
//! All that is kept is a maximum: the newest revision of each cell, of each removal and of the last
//! complete list. A maximum does not depend on the order or the number of what it is of, and so
//! neither does a member. What is forgotten is so old that no window touches it, and is ignored
//! when it arrives again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use core_time::{Instance, Stamp};

use super::horizon::Horizon;
use super::merged::Merged;

/// What a fleet knows of one instance.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member<S> {
    /// The newest revision, and the start of recording at that revision.
    pub(super) newest: (u64, Stamp),
    /// The latest look, by the clock of the instance.
    pub(super) at: Stamp,
    /// No known record has a later stamp.
    pub(super) latest: Stamp,
    /// The first and the last revision of each process that the instance was seen in.
    pub(super) processes: BTreeMap<Instance, (u64, u64)>,
    /// The newest complete list. Cells of earlier revisions are gone.
    complete: u64,
    actions: BTreeMap<Arc<str>, Action<S>>,
}

/// The buckets of an action.
#[derive(Debug, Clone, PartialEq)]
struct Action<S> {
    /// The newest removal after the complete list, and a stamp that no record before it exceeds.
    removed: Option<(u64, Stamp)>,
    /// By tier and tick.
    cells: BTreeMap<(usize, i64), Cell<S>>,
}

/// What an action has in a bucket.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell<S> {
    pub(super) revision: u64,
    /// The number of the first record of the action.
    pub(super) first: u64,
    /// `None` if all records were removed.
    pub(super) statistic: Option<S>,
}

/// Which look something is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) instance: Instance,
    pub(super) revision: u64,
    pub(super) at: Stamp,
    pub(super) since: Stamp,
    pub(super) latest: Stamp,
}

impl<S> Member<S> {
    pub(super) fn new(look: Look) -> Self {
        Self {
            newest: (look.revision, look.since),
            at: look.at,
            latest: look.latest,
            processes: BTreeMap::new(),
            complete: 0,
            actions: BTreeMap::new(),
        }
    }

    /// Notes a look.
    pub(super) fn note(&mut self, look: Look) {
        self.note_newest((look.revision, look.since), look.at, look.latest);
        self.note_process(look.instance, (look.revision, look.revision));
    }

    fn note_newest(&mut self, (revision, since): (u64, Stamp), at: Stamp, latest: Stamp) {
        // Of equal revisions the earlier start, so that the order does not matter.
        let (newest, before) = self.newest;
        if revision > newest || revision == newest && since < before {
            self.newest = (revision, since);
        }
        (self.at, self.latest) = (self.at.max(at), self.latest.max(latest));
    }

    fn note_process(&mut self, instance: Instance, (first, last): (u64, u64)) {
        let seen = self.processes.entry(instance).or_insert((first, last));
        *seen = (seen.0.min(first), seen.1.max(last));
    }

    /// Notes a revision that has all cells.
    pub(super) fn complete(&mut self, revision: u64, merged: &mut Merged<S>) {
        if revision <= self.complete {
            return;
        }
        self.complete = revision;
        self.actions.retain(|name, action| {
            action.removed = action.removed.filter(|&(removed, _)| removed > revision);
            action.keep(revision, name, merged);
            !action.is_nothing()
        });
    }

    /// Notes that the cells of earlier revisions of an action are gone.
    pub(super) fn remove(
        &mut self,
        name: &Arc<str>,
        removal: (u64, Stamp),
        horizon: &Horizon,
        merged: &mut Merged<S>,
    ) {
        if removal.0 <= self.complete || horizon.is_past(removal.1) {
            return;
        }
        let action = self.actions.entry(Arc::clone(name)).or_default();
        action.removed = action.removed.max(Some(removal));
        action.keep(removal.0, name, merged);
    }

    /// Keeps a cell, unless a newer one is known or it is gone.
    pub(super) fn put(
        &mut self,
        name: &Arc<str>,
        at: (usize, i64),
        cell: Cell<S>,
        horizon: &Horizon,
        merged: &mut Merged<S>,
    ) {
        if cell.revision < self.complete || at.1 < horizon.oldest(at.0) {
            return;
        }
        let action = match self.actions.get_mut(name) {
            Some(action) => action,
            None => self.actions.entry(Arc::clone(name)).or_default(),
        };
        if action.removed.is_some_and(|(removed, _)| cell.revision < removed) {
            return;
        }
        match action.cells.entry(at) {
            Entry::Vacant(entry) => drop(entry.insert(cell)),
            Entry::Occupied(mut entry) if entry.get().revision < cell.revision => {
                entry.insert(cell);
            }
            Entry::Occupied(_) => return,
        }
        merged.touch(name, at);
    }

    /// Notes all cells as changed.
    pub(super) fn touch_all(&self, merged: &mut Merged<S>) {
        for (name, action) in &self.actions {
            action.cells.keys().for_each(|&at| merged.touch(name, at));
        }
    }

    /// Forgets what no window touches any more.
    pub(super) fn forget(&mut self, horizon: &Horizon) {
        self.actions.retain(|_, action| {
            for tier in 0..horizon.tiers() {
                let old = (tier, i64::MIN)..(tier, horizon.oldest(tier));
                while let Some((&at, _)) = action.cells.range(old.clone()).next() {
                    action.cells.remove(&at);
                }
            }
            action.removed = action.removed.filter(|&(_, latest)| !horizon.is_past(latest));
            !action.is_nothing()
        });
    }

    /// Adds what another fleet knows of the same instance.
    pub(super) fn merge(&mut self, other: &Self, horizon: &Horizon, merged: &mut Merged<S>)
    where
        S: Clone,
    {
        self.note_newest(other.newest, other.at, other.latest);
        other.processes.iter().for_each(|(&at, &range)| self.note_process(at, range));
        self.complete(other.complete, merged);
        for (name, action) in &other.actions {
            if let Some(removal) = action.removed {
                self.remove(name, removal, horizon, merged);
            }
            for (&at, cell) in &action.cells {
                self.put(name, at, cell.clone(), horizon, merged);
            }
        }
    }

    /// Returns the numbers of the first records and the statistics of an action in several buckets.
    pub(super) fn cells<'a>(
        &'a self,
        name: &str,
        tier: usize,
        ticks: &[i64],
    ) -> impl Iterator<Item = (usize, u64, &'a S)> {
        let action = self.actions.get(name);
        action.into_iter().flat_map(move |action| {
            ticks.iter().enumerate().filter_map(move |(at, &tick)| {
                let cell = action.cells.get(&(tier, tick))?;
                Some((at, cell.first, cell.statistic.as_ref()?))
            })
        })
    }
}

impl<S> Default for Action<S> {
    fn default() -> Self {
        Self { removed: None, cells: BTreeMap::new() }
    }
}

impl<S> Action<S> {
    fn is_nothing(&self) -> bool {
        self.removed.is_none() && self.cells.is_empty()
    }

    /// Removes the cells of earlier revisions.
    fn keep(&mut self, revision: u64, name: &Arc<str>, merged: &mut Merged<S>) {
        self.cells.retain(|&at, cell| {
            let stays = cell.revision >= revision;
            if !stays {
                merged.touch(name, at);
            }
            stays
        });
    }
}
