//! An action of a tracker, with one shard for each writer.

use std::sync::Arc;

use core_time::Statistic;
use crossbeam_utils::CachePadded;

use crate::action::words::AsWords;
use crate::row::Row;
use crate::sync::{AtomicU64, Mutex, fetch, lock};
use crate::tracker::lamport::nanos_of;
use crate::tracker::shard::{Buffered, Cut, Merge, Newest, Numbering, Retired, Shard};

/// An action, with what each writer recorded of it.
pub(crate) struct Action<S: Statistic> {
    pub(crate) name: Arc<str>,
    /// Its id in the index.
    pub(super) id: u64,
    unparked: Arc<Unparked>,
    pub(crate) shards: Mutex<Shards<S>>,
}

/// The ids of actions that can be evicted again. Locked last.
pub(crate) type Unparked = Mutex<Vec<u64>>;

/// The outcome of a check whether an action expired.
pub(super) enum Expired<S> {
    /// It is retired, with these shards and as many records as count.
    Yes { shards: Vec<SharedShard<S>>, records: u64 },
    /// It has records in a bucket that windows cover.
    No { newest: i64 },
    /// It has a handle.
    Pinned,
}

/// The rule by which actions expire, at present.
pub(super) struct ExpiryRule<S> {
    /// The oldest bucket or nanosecond that is not too old.
    pub(super) oldest: i64,
    /// Returns the newest bucket of a shard. Without it, the last use of the action counts.
    pub(super) newest: Option<Newest<S>>,
    /// Whether the records of an expired action count, because they could be read until then.
    pub(super) counts: bool,
}

/// The outcome of an attempt to remove an action.
pub(crate) enum Removal<S, T> {
    /// It is retired, with these shards, and had this row.
    Done { shards: Vec<SharedShard<S>>, row: Option<Row<T>> },
    /// It has been removed before.
    Gone,
    /// Its records changed since it was looked at.
    Changed,
    /// It has handles.
    Held { handles: usize },
}

/// A shard that a writer shares with readers.
pub(crate) type SharedShard<S> = Arc<CachePadded<Shard<S>>>;

pub(crate) struct Shards<S: Statistic> {
    pub(crate) all: Vec<SharedShard<S>>,
    /// The shards among them that were lent, and whose writers are gone.
    free: Vec<SharedShard<S>>,
    /// The number of holds; a held action is not removed.
    pins: usize,
    /// Whether the action left its queue because of a pin.
    is_parked: bool,
    evicted: bool,
}

/// The number of free shards that are kept for the next writers, however few writers there are.
const FREE_KEPT: usize = if cfg!(loom) { 1 } else { 8 };

/// A shard for one writer that keeps its action from being evicted.
pub(crate) struct Pin<S: Statistic<Value: AsWords>> {
    pub(crate) action: Arc<Action<S>>,
    pub(crate) shard: SharedShard<S>,
}

impl<S: Statistic<Value: AsWords>> Pin<S> {
    /// Creates another pin of the same action.
    pub(crate) fn another(&self, empty: &S) -> Self {
        let mut shards = lock(&self.action.shards);
        shards.pins += 1;
        let shard = shards.lend(|| self.action.new_shard(empty));
        Self { action: Arc::clone(&self.action), shard }
    }
}

impl<S: Statistic<Value: AsWords>> Drop for Pin<S> {
    fn drop(&mut self) {
        self.action.release([Arc::clone(&self.shard)]);
    }
}

impl<S: Statistic> Shards<S> {
    /// Returns a free shard, or a new one, for a writer that keeps the action.
    fn lend(&mut self, new: impl FnOnce() -> SharedShard<S>) -> SharedShard<S> {
        self.free.pop().unwrap_or_else(|| {
            let shard = new();
            self.all.push(Arc::clone(&shard));
            shard
        })
    }
}

impl<S: Statistic> Action<S> {
    /// Loads what a reader needs into the cache, without a lock. The result has no meaning.
    #[inline]
    pub(super) fn fetch(&self) -> u8 {
        u8::from(fetch(&self.shards)) ^ self.name.as_bytes().first().copied().unwrap_or(0)
    }

    /// Keeps the action from being removed until [`release`](Self::release).
    pub(crate) fn hold(&self) -> Result<(), Retired> {
        let mut shards = lock(&self.shards);
        if shards.evicted {
            return Err(Retired);
        }
        shards.pins += 1;
        Ok(())
    }
}

impl<S: Statistic<Value: AsWords>> Action<S> {
    pub(crate) fn new(name: Arc<str>, id: u64, unparked: Arc<Unparked>) -> Self {
        let (all, free) = (Vec::new(), Vec::new());
        let shards = Shards { all, free, pins: 0, is_parked: false, evicted: false };
        Self { name, id, unparked, shards: Mutex::new(shards) }
    }

    /// Creates an empty shard, which readers do not see yet.
    pub(crate) fn new_shard(&self, empty: &S) -> SharedShard<S> {
        Arc::new(CachePadded::new(Shard::new(Arc::clone(&self.name), empty.clone())))
    }

    /// Shares a shard with readers.
    pub(crate) fn share(&self, shard: &SharedShard<S>) -> Result<(), Retired> {
        let mut shards = lock(&self.shards);
        if shards.evicted {
            return Err(Retired);
        }
        shards.all.push(Arc::clone(shard));
        Ok(())
    }

    /// Returns a shard for one writer, who holds the action.
    pub(crate) fn lend(&self, empty: &S) -> SharedShard<S> {
        lock(&self.shards).lend(|| self.new_shard(empty))
    }

    /// Ends a hold, and frees the shards that were lent during it.
    pub(crate) fn release(&self, lent: impl IntoIterator<Item = SharedShard<S>>) {
        let mut shards = lock(&self.shards);
        shards.pins -= 1;
        shards.free.extend(lent);
        if shards.pins == 0 && std::mem::take(&mut shards.is_parked) {
            lock(&self.unparked).push(self.id);
        }
        shards.merge_free();
    }

    /// Records `n` equal values for a writer without a shard.
    ///
    /// `used` is the number of the use, if it counts.
    pub(crate) fn insert(
        &self,
        value: S::Value,
        n: u64,
        numbering: Numbering<'_>,
        used: Option<u64>,
        empty: &S,
    ) -> Result<(), Retired> {
        let mut shards = lock(&self.shards);
        if shards.evicted {
            return Err(Retired);
        }
        if shards.all.is_empty() {
            let shard = self.new_shard(empty);
            shards.free.push(Arc::clone(&shard));
            shards.all.push(shard);
        }
        if let Some(used) = used {
            shards.all[0].use_at_least(used);
        }
        shards.all[0].insert_n(value, n, numbering)
    }

    /// Reads the shards that have records.
    pub(crate) fn read(&self, next: &AtomicU64, mut read: impl FnMut(&S, Buffered<'_>)) {
        for shard in &lock(&self.shards).all {
            shard.read(next, |_, statistic, buffered| read(statistic, buffered));
        }
    }

    /// Returns the number of the last use.
    pub(super) fn used(&self) -> u64 {
        lock(&self.shards).all.iter().map(|shard| shard.used()).max().unwrap_or_default()
    }

    /// Retires all shards, and returns them with the number of their records; `None` if pinned.
    pub(crate) fn evict(&self, empty: &S) -> Option<(Vec<SharedShard<S>>, u64)> {
        let mut shards = lock(&self.shards);
        shards.is_parked = shards.pins > 0;
        (shards.pins == 0).then(|| shards.retire(empty))
    }

    /// Retires all shards, unless the action is pinned or is not too old.
    pub(super) fn expire(&self, rule: &ExpiryRule<S>, empty: &S) -> Expired<S> {
        let mut shards = lock(&self.shards);
        if shards.pins > 0 {
            shards.is_parked = true;
            return Expired::Pinned;
        }
        // All are locked, so that none gets a record while another is checked. Values that are
        // buffered without the lock are counted by each shard.
        let cuts: Vec<_> = shards.all.iter().map(|shard| shard.cut()).collect();
        let found = match rule.newest {
            Some(newest) => {
                cuts.iter().filter_map(|cut| newest(cut.statistic(), cut.buffered())).max()
            }
            None => shards.all.iter().map(|shard| nanos_of(shard.used())).max(),
        };
        if let Some(newest) = found.filter(|&newest| newest >= rule.oldest) {
            return Expired::No { newest };
        }
        let records: u64 = cuts.into_iter().map(|cut| cut.retire(empty)).sum();
        let records = if rule.counts { records } else { 0 };
        Expired::Yes { shards: shards.close(), records }
    }

    /// Retires all shards, and returns the row that `add` makes of them, unless the action is held.
    ///
    /// Does nothing if there were other [changes](Self::changes) than `seen`.
    pub(crate) fn remove<T>(
        &self,
        seen: Option<u64>,
        next: &AtomicU64,
        mut add: impl FnMut(&mut Option<T>, &S, Buffered<'_>),
        empty: &S,
    ) -> Removal<S, T> {
        let mut shards = lock(&self.shards);
        if shards.evicted {
            return Removal::Gone;
        }
        if shards.pins > 0 {
            return Removal::Held { handles: shards.pins };
        }
        // All are locked, as in `expire`, so that each record is in the row, or counted by its
        // shard, or goes to the new action of the name.
        let cuts: Vec<_> = shards.all.iter().map(|shard| shard.cut()).collect();
        if seen.is_some_and(|seen| seen != cuts.iter().map(Cut::changes).sum()) {
            return Removal::Changed;
        }
        let (mut sum, mut first) = (None, u64::MAX);
        for cut in cuts {
            if let Some(number) = cut.first(next) {
                first = first.min(number);
                add(&mut sum, cut.statistic(), cut.buffered());
            }
            cut.retire(empty);
        }
        let row = sum.map(|sum| Row::new(Arc::clone(&self.name), first, sum));
        Removal::Done { shards: shards.close(), row }
    }

    /// Returns a number that grows whenever the records of the action change.
    pub(super) fn changes(&self) -> u64 {
        lock(&self.shards).all.iter().map(|shard| shard.cut().changes()).sum()
    }

    /// Retires all shards if they have no record and the action is not pinned.
    pub(super) fn evict_if_empty(&self, empty: &S) -> bool {
        let mut shards = lock(&self.shards);
        let is_empty = shards.pins == 0 && shards.all.iter().all(|shard| shard.is_empty());
        if is_empty {
            shards.retire(empty);
        }
        is_empty
    }
}

impl<S: Statistic<Value: AsWords>> Shards<S> {
    /// Merges the free shards into one if they are most of all.
    ///
    /// So the shards are at most twice as many as their writers, and a few, and each is merged
    /// once. They have no writer, and a reader waits for the lock of the action: it sees all of
    /// them, or the one.
    fn merge_free(&mut self) {
        if self.free.len() <= FREE_KEPT.max(self.all.len() / 2) {
            return;
        }
        let Some((kept, others)) = self.free.split_first() else { return };
        let mut kept = kept.cut();
        // Into a copy, so that a statistic that panics leaves everything as it was.
        let mut sum = Merge::of(&kept);
        let merged = others.iter().filter(|shard| sum.add(&shard.cut()));
        let mut gone: Vec<_> = merged.map(Arc::as_ptr).collect();
        gone.sort_unstable();
        kept.replace(sum);
        drop(kept);
        let stays = |shard: &SharedShard<S>| gone.binary_search(&Arc::as_ptr(shard)).is_err();
        for shards in [&mut self.all, &mut self.free] {
            shards.retain(stays);
            shards.shrink_to(2 * shards.len());
        }
    }

    /// Retires all shards, and returns them with the number of their records.
    fn retire(&mut self, empty: &S) -> (Vec<SharedShard<S>>, u64) {
        let shards = self.close();
        let records = shards.iter().map(|shard| shard.cut().retire(empty)).sum();
        (shards, records)
    }

    /// Accepts no more shards, and returns the present ones.
    fn close(&mut self) -> Vec<SharedShard<S>> {
        self.evicted = true;
        self.free.clear();
        std::mem::take(&mut self.all)
    }
}
