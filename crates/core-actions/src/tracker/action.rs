//! An action, with what each writer recorded of it.

use std::sync::Arc;

use core_time::Statistic;
use crossbeam_utils::CachePadded;

use crate::action::words::AsWords;
use crate::sync::{Mutex, lock};
use crate::tracker::shard::{Newest, Numbering, Part, Retired};

/// An action, with what each writer recorded of it.
pub(crate) struct Action<S: Statistic> {
    pub(crate) name: Arc<str>,
    /// Where it is listed.
    place: u64,
    unparked: Arc<Unparked>,
    pub(super) parts: Mutex<Parts<S>>,
}

/// Places of actions that can be evicted again. Locked last.
pub(super) type Unparked = Mutex<Vec<u64>>;

/// What a look found at an action that may have expired.
pub(super) enum Expired<S> {
    /// It is given up, with these parts.
    Yes { parts: Vec<SharedPart<S>> },
    /// It was recorded in a bucket that counts.
    No { newest: i64 },
    /// It has a handle.
    Pinned,
}

/// What writers share with readers.
pub(crate) type SharedPart<S> = Arc<CachePadded<Part<S>>>;

pub(super) struct Parts<S: Statistic> {
    pub(super) all: Vec<SharedPart<S>>,
    /// Those of them whose pin is gone.
    free: Vec<SharedPart<S>>,
    /// How many pins there are: while there is one, the action is not evicted.
    pins: usize,
    /// Whether it was to be evicted while there was one.
    is_parked: bool,
    evicted: bool,
}

/// A part of an action for one writer, which keeps the action from being evicted.
pub(crate) struct Pin<S: Statistic> {
    pub(crate) action: Arc<Action<S>>,
    pub(crate) part: SharedPart<S>,
}

impl<S: Statistic<Value: AsWords>> Pin<S> {
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
        parts.pins -= 1;
        parts.free.push(Arc::clone(part));
        if parts.pins == 0 && std::mem::take(&mut parts.is_parked) {
            lock(&self.unparked).push(self.place);
        }
    }
}

impl<S: Statistic<Value: AsWords>> Action<S> {
    pub(super) fn new(name: Arc<str>, place: u64, unparked: Arc<Unparked>) -> Self {
        let (all, free) = (Vec::new(), Vec::new());
        let parts = Parts { all, free, pins: 0, is_parked: false, evicted: false };
        Self { name, place, unparked, parts: Mutex::new(parts) }
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
    pub(super) fn pin(&self, empty: &S) -> Result<SharedPart<S>, Retired> {
        let mut parts = lock(&self.parts);
        if parts.evicted { Err(Retired) } else { Ok(parts.pin(|| self.part(empty))) }
    }

    /// Records a value for a writer who has no part, with the number of the use if that counts.
    pub(crate) fn insert(
        &self,
        value: S::Value,
        numbering: Numbering<'_>,
        used: Option<u64>,
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
        if let Some(used) = used {
            parts.all[0].use_at_least(used);
        }
        parts.all[0].insert(value, numbering)
    }

    /// When the action was last used.
    pub(super) fn used(&self) -> u64 {
        lock(&self.parts).all.iter().map(|part| part.used()).max().unwrap_or_default()
    }

    /// Gives everything up, and returns how many records that were; unless there is a pin.
    pub(super) fn evict(&self, empty: &S) -> Option<(Vec<SharedPart<S>>, u64)> {
        let mut parts = lock(&self.parts);
        parts.is_parked = parts.pins > 0;
        (parts.pins == 0).then(|| parts.give_up(empty))
    }

    /// Gives everything up, unless there is a pin, or something in a bucket from `oldest` on.
    pub(super) fn expire(&self, oldest: i64, newest: Newest<S>, empty: &S) -> Expired<S> {
        let mut parts = lock(&self.parts);
        if parts.pins > 0 {
            parts.is_parked = true;
            return Expired::Pinned;
        }
        // All at rest, so that none gets a record while another is looked at; but for values that
        // come without the lock, which each part counts.
        let cuts: Vec<_> = parts.all.iter().map(|part| part.cut()).collect();
        let found = cuts.iter().filter_map(|cut| newest(cut.statistic(), cut.waiting())).max();
        if let Some(newest) = found.filter(|&newest| newest >= oldest) {
            return Expired::No { newest };
        }
        cuts.into_iter().for_each(|cut| {
            cut.retire(empty);
        });
        Expired::Yes { parts: parts.close() }
    }

    /// Gives everything up if there is nothing, and no pin.
    pub(super) fn evict_if_empty(&self, empty: &S) -> bool {
        let mut parts = lock(&self.parts);
        let is_empty = parts.pins == 0 && parts.all.iter().all(|part| part.is_empty());
        if is_empty {
            parts.give_up(empty);
        }
        is_empty
    }
}

impl<S: Statistic<Value: AsWords>> Parts<S> {
    /// Retires all, and returns how many records that were.
    fn give_up(&mut self, empty: &S) -> (Vec<SharedPart<S>>, u64) {
        let parts = self.close();
        let records = parts.iter().map(|part| part.cut().retire(empty)).sum();
        (parts, records)
    }

    /// Takes no part any more, and hands over those there are.
    fn close(&mut self) -> Vec<SharedPart<S>> {
        self.evicted = true;
        self.free.clear();
        std::mem::take(&mut self.all)
    }
}
