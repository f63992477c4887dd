//! Actions in the order in which they were registered, and which of them give way to new ones.
//!
//! Two orders are kept, each as far as a tracker needs it: by when an action was last used, for one
//! that evicts the longest idle, and by its newest bucket of time, for one whose actions expire. An
//! order is a set of what each action showed when it was last looked at, which can only have grown
//! since. So the first of the set is looked at again, and goes back with what it shows now, until
//! one is first that has not changed. An action is looked at once for each time that it was used
//! since, at most, and one whose newest bucket is in time not at all: what a full tracker refuses
//! costs a look at the first of a set.
//!
//! An action that has a handle cannot give way. Where one is met it is left out of the order
//! ("parked"), and comes back when its last handle is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use core_time::Statistic;

use crate::action::key::FOLDED;
use crate::action::words::AsWords;
use crate::sync::lock;
use crate::tracker::action::{Action, Expired, SharedPart, Unparked};
use crate::tracker::shard::Newest;

/// Actions in the order in which they were registered.
pub(super) struct Listed<S: Statistic> {
    pub(super) all: BTreeMap<u64, Listing<S>>,
    /// What to evict next: when an action was used, by the last look at it, and its place in `all`.
    idle: BTreeSet<(u64, u64)>,
    /// What expires next: the newest bucket of an action, by the last look at it, and its place.
    expiring: BTreeSet<(i64, u64)>,
    /// Places of actions that left an order for their handles, and have none any more.
    unparked: Arc<Unparked>,
    /// Places of actions of which nothing may have been recorded since a reset.
    emptied: Vec<u64>,
    next: u64,
    pub(super) evicted: Evicted<S>,
}

/// An action with its keys in the orders, if it is in them.
pub(super) struct Listing<S: Statistic> {
    pub(super) action: Arc<Action<S>>,
    used: Option<u64>,
    newest: Option<i64>,
}

/// In which orders an action is to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Orders {
    /// Whether it may be evicted for being idle.
    pub(super) idle: bool,
    /// The bucket before which it does not expire, if it does.
    pub(super) expires: Option<i64>,
}

/// What became of actions that were evicted, or expired.
pub(super) struct Evicted<S> {
    pub(super) actions: u64,
    pub(super) expired: u64,
    /// Without those that are in `parts`.
    records: u64,
    /// Parts that their threads may not have dropped yet: what they recorded beside the eviction
    /// went with the others, and may still come.
    parts: Vec<SharedPart<S>>,
    /// How many parts there may be before they are looked through.
    parts_max: usize,
}

impl<S: Statistic<Value: AsWords>> Listed<S> {
    pub(super) fn new() -> Self {
        let evicted =
            Evicted { actions: 0, expired: 0, records: 0, parts: Vec::new(), parts_max: 0 };
        let (all, idle, expiring) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let (unparked, emptied) = (Arc::default(), Vec::new());
        Self { all, idle, expiring, unparked, emptied, next: 0, evicted }
    }

    /// Adds the action of a name.
    pub(super) fn push(&mut self, name: Arc<str>, orders: Orders) -> Arc<Action<S>> {
        let place = self.next;
        self.next += 1;
        let action = Arc::new(Action::new(name, place, Arc::clone(&self.unparked)));
        let listing = Listing { action: Arc::clone(&action), used: None, newest: None };
        self.all.insert(place, listing);
        if orders.idle {
            self.place_idle(place, 0);
        }
        if let Some(oldest) = orders.expires {
            self.place_expiring(place, oldest);
        }
        action
    }

    fn place_idle(&mut self, place: u64, used: u64) {
        if let Some(listing) = self.all.get_mut(&place) {
            listing.used = Some(used);
            self.idle.insert((used, place));
        }
    }

    fn place_expiring(&mut self, place: u64, newest: i64) {
        if let Some(listing) = self.all.get_mut(&place) {
            listing.newest = Some(newest);
            self.expiring.insert((newest, place));
        }
    }

    fn remove(&mut self, place: u64) -> Option<Arc<Action<S>>> {
        let Listing { action, used, newest } = self.all.remove(&place)?;
        used.map(|used| self.idle.remove(&(used, place)));
        newest.map(|newest| self.expiring.remove(&(newest, place)));
        Some(action)
    }

    /// Puts actions back that left an order for their handles.
    fn unpark(&mut self, is_idle: bool, expires: bool) {
        let places = std::mem::take(&mut *lock(&self.unparked));
        for place in places {
            let Some(listing) = self.all.get(&place) else { continue };
            let (used, newest) = (listing.used, listing.newest);
            if is_idle && used.is_none() {
                self.place_idle(place, 0);
            }
            if expires && newest.is_none() {
                self.place_expiring(place, i64::MIN);
            }
        }
    }

    /// Takes out what was idle for longest; if nothing can be, returns how many have handles.
    ///
    /// As many go back with a newer count as there are and no more, because threads may use them
    /// faster than one can look.
    pub(super) fn evict(&mut self, expires: bool, empty: &S) -> Result<Arc<Action<S>>, usize> {
        self.unpark(true, expires);
        let mut looks = self.idle.len();
        while let Some((seen, place)) = self.idle.pop_first() {
            let Some(listing) = self.all.get_mut(&place) else { continue };
            listing.used = None;
            let used = listing.action.used();
            if used > seen && looks > 0 {
                looks -= 1;
                self.place_idle(place, used);
            } else if let Some((parts, records)) = listing.action.evict(empty) {
                self.evicted.actions += 1;
                self.evicted.add(parts, records);
                return self.remove(place).ok_or(0);
            }
        }
        Err(self.all.len())
    }

    /// Takes out an action whose newest bucket is older than the oldest that a window covers.
    pub(super) fn drop_expired(
        &mut self,
        oldest: i64,
        newest: Newest<S>,
        is_idle: bool,
        empty: &S,
    ) -> Option<Arc<Action<S>>> {
        self.unpark(is_idle, true);
        while let Some(&(seen, place)) = self.expiring.first()
            && seen < oldest
        {
            self.expiring.pop_first();
            let Some(listing) = self.all.get_mut(&place) else { continue };
            listing.newest = None;
            match listing.action.expire(oldest, newest, empty) {
                Expired::No { newest } => self.place_expiring(place, newest),
                Expired::Pinned => {}
                Expired::Yes { parts } => {
                    self.evicted.expired += 1;
                    self.evicted.add(parts, 0);
                    return self.remove(place);
                }
            }
        }
        None
    }

    /// Notes that everything was reset.
    pub(super) fn note_emptied(&mut self) {
        // The row that all others share has no place that it could give away.
        let has_place = |listing: &Listing<S>| *listing.action.name != *FOLDED;
        let places = self.all.iter().filter(|(_, listing)| has_place(listing)).map(|(&at, _)| at);
        self.emptied = places.rev().collect();
    }

    /// Takes out an action of which nothing was recorded since a reset.
    pub(super) fn drop_empty(&mut self, empty: &S) -> Option<Arc<Action<S>>> {
        while let Some(place) = self.emptied.pop() {
            let listing = self.all.get(&place);
            if listing.is_some_and(|listing| listing.action.evict_if_empty(empty)) {
                return self.remove(place);
            }
        }
        None
    }
}

impl<S: Statistic<Value: AsWords>> Evicted<S> {
    fn add(&mut self, parts: Vec<SharedPart<S>>, records: u64) {
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

    pub(super) fn records(&self) -> u64 {
        self.records + self.parts.iter().map(|part| part.stragglers()).sum::<u64>()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;

    use crate::statistics::count::Count;
    use crate::tracker::MergedTracker;
    use crate::tracker::registry::{Expiry, Registry};
    use crate::tracker::spec::TrackerSpec;

    thread_local! {
        static LOOKS: Cell<u64> = const { Cell::new(0) };
        static NOW: Cell<i64> = const { Cell::new(0) };
    }

    #[test]
    fn a_refused_name_costs_one_look_at_each_action_in_a_bucket_at_most() {
        let newest = |_: &Count, _: crate::tracker::shard::Waiting<'_>| {
            LOOKS.set(LOOKS.get() + 1);
            Some(NOW.get())
        };
        let expiry = Expiry { oldest: Box::new(|| NOW.get()), newest };
        let spec = TrackerSpec { actions: 1_000, ..TrackerSpec::default() };
        let tracker = MergedTracker::of(Registry::new(spec, Count::default(), Some(expiry)));
        (0..1_000).for_each(|name| tracker.record(&format!("name {name}"), 1).unwrap());
        for bucket in 0..5 {
            for name in 0..3_000 {
                assert!(tracker.record(&format!("beyond {name}"), 1).is_err());
            }
            assert_eq!(LOOKS.get(), bucket * 1_000);
            NOW.set(NOW.get() + 1); // All actions are in the newest bucket again.
        }
    }
}
