//! A bounded map from keys to states, shared by threads.
//!
//! The states are in shards, each behind a lock. A second lock, of the *admission*, is held by all
//! changes of the set of keys, and taken before that of a shard. So a call for a key that exists
//! takes one lock, and the number of keys never exceeds the limit.
//!
//! # Eviction
//!
//! The longest idle key is found without a list in order of use, which every record would change.
//! When there is nothing to evict, all keys are scanned, and the longest idle sixteenth becomes a
//! queue. A key that was used since then is skipped. Every other key was used later than
//! these at the time of the scan, and use only grows, so the next unused key of the queue is the
//! longest idle of all. Use is ordered by the admission of keys: a key used after the admission of
//! another has a later *turn*. A clock would not do, as a flood of new keys fits between two of its
//! ticks, and a key in constant use would be as idle as they.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use hashbrown::HashTable;

use super::hasher::KeyHasher;
use crate::overflow::{OverflowCounts, WhenFull};
use crate::stamp::Stamp;
use crate::sync::{AtomicU64, Ordering::Relaxed, unpoisoned};

mod all;

pub(crate) use all::AllKeys;

/// The state of a key.
pub(crate) trait State: Sized {
    /// Returns whether a key in this state can be removed without a trace.
    ///
    /// `oldest` is the oldest bucket that a window touches.
    fn is_expired(&self, oldest: i64) -> bool;

    /// Returns the number of events that are lost with the state.
    fn events(&self) -> u64;
}

pub(crate) struct KeyMap<K, V> {
    shards: Box<[Shard<K, V>]>,
    hasher: KeyHasher,
    admission: Mutex<Admission<V>>,
    /// Grows by 2 with each new key, which has the turn in between.
    turn: AtomicU64,
    /// The maximum number of keys.
    max: usize,
    when_full: WhenFull,
}

/// Two cache lines, because processors fetch lines in pairs: shards do not share them.
#[repr(align(128))]
struct Shard<K, V>(Mutex<HashTable<Slot<K, V>>>);

struct Slot<K, V> {
    key: K,
    /// The turn of the last use.
    used: u64,
    /// The number of handles, with which the key stays.
    pins: u32,
    state: V,
}

/// What changes with the set of keys.
pub(crate) struct Admission<V> {
    keys: usize,
    /// The number of keys at which expired ones are removed.
    sweep_at: usize,
    /// The oldest bucket of a window at the last such removal from a full map.
    swept: Option<i64>,
    /// The longest idle keys by turn and hash, the longest idle last.
    idle: Vec<(u64, u64)>,
    /// The state of the keys beyond the limit, if they are folded.
    pub(crate) other: V,
    /// When events of keys were last lost, by eviction, removal or refusal.
    pub(crate) lost: Option<Stamp>,
    pub(crate) overflow: OverflowCounts,
}

impl<V> Admission<V> {
    /// Notes that events of a key are lost now. Returns the stamp from which it is counted again.
    ///
    /// Later than the one before, so that a key which is lost and begins again is known by it.
    fn lose(&mut self, now: Stamp) -> Stamp {
        let after = self.lost.map_or(Stamp::MIN, |last| last + Duration::from_nanos(1));
        let lost = now.max(after);
        self.lost = Some(lost);
        lost
    }

    fn new(other: V) -> Self {
        Self {
            keys: 0,
            sweep_at: SWEEP_MIN,
            swept: None,
            idle: Vec::new(),
            other,
            lost: None,
            overflow: OverflowCounts::default(),
        }
    }
}

/// The number of shards: more than threads that run at once.
const SHARDS: usize = 64;
/// The share of keys that a scan for eviction finds.
const IDLE_SHARE: usize = 16;
/// The number of keys below which expired ones are not removed.
const SWEEP_MIN: usize = 1 << 10;

/// The refusal of a new key.
pub(crate) struct Full;

impl<K: Hash + Eq, V: State> KeyMap<K, V> {
    /// The memory of a map without keys, in bytes.
    pub(crate) const EMPTY_BYTES: usize = SHARDS * size_of::<Shard<K, V>>();
    /// The memory of a key in the table, which may be seven sixteenths full, in bytes.
    pub(crate) const KEY_BYTES: usize = (size_of::<Slot<K, V>>() + 1) * 16 / 7;

    pub(crate) fn new(max: usize, when_full: WhenFull, other: V) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard(Mutex::new(HashTable::new()))).collect(),
            hasher: KeyHasher::default(),
            admission: Mutex::new(Admission::new(other)),
            turn: AtomicU64::new(0),
            max,
            when_full,
        }
    }

    /// Returns the limit of keys.
    pub(crate) fn max(&self) -> usize {
        self.max
    }

    /// Locks what changes with the set of keys.
    pub(crate) fn admission(&self) -> MutexGuard<'_, Admission<V>> {
        unpoisoned(self.admission.lock())
    }

    /// Returns the hash of a key, with which the methods find it.
    #[inline]
    pub(crate) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Calls `read` with the state of a key, if it exists. That is not a use of the key.
    pub(crate) fn get<Q, R>(&self, hash: u64, key: &Q, read: impl FnOnce(&V) -> R) -> Option<R>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let shard = self.shard(hash);
        shard.find(hash, |slot| slot.key.borrow() == key).map(|slot| read(&slot.state))
    }

    fn find<Q, R>(&self, hash: u64, key: &Q, change: impl FnOnce(&mut V) -> R) -> Option<R>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let mut shard = self.shard(hash);
        let slot = shard.find_mut(hash, |slot| slot.key.borrow() == key)?;
        // ORDERING: Relaxed. Needs: a turn not before that of a key whose admission happened
        // before, which coherence gives. Nothing else depends on it.
        slot.used = slot.used.max(self.turn.load(Relaxed));
        Some(change(&mut slot.state))
    }

    /// Calls `change` with the state of a key, which is made if the key is new.
    ///
    /// `keeps` returns whether the result of a change has to be kept, else a new key is not. For a
    /// key beyond the limit, `change` may be called with a new state and again with that of all
    /// such keys, so it changes nothing else. `oldest` returns the oldest bucket that a window
    /// touches, and the present.
    #[inline]
    pub(crate) fn upsert<Q, R>(
        &self,
        hash: u64,
        key: &Q,
        change: impl Fn(&mut V) -> R,
        keeps: impl FnOnce(&R) -> bool,
        new: impl FnOnce(&Admission<V>, i64) -> V,
        oldest: impl FnOnce() -> (i64, Stamp),
    ) -> Result<R, Full>
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(changed) = self.find(hash, key, &change) {
            return Ok(changed);
        }
        self.admit(hash, key, change, keeps, new, oldest)
    }

    /// Does the same for a key that was not found.
    #[cold]
    fn admit<Q, R>(
        &self,
        hash: u64,
        key: &Q,
        change: impl Fn(&mut V) -> R,
        keeps: impl FnOnce(&R) -> bool,
        new: impl FnOnce(&Admission<V>, i64) -> V,
        oldest: impl FnOnce() -> (i64, Stamp),
    ) -> Result<R, Full>
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        let mut admission = self.admission();
        if let Some(changed) = self.find(hash, key, &change) {
            return Ok(changed); // Another thread admitted it.
        }
        let (oldest, now) = oldest();
        let mut state = new(&admission, oldest);
        let changed = change(&mut state);
        if !keeps(&changed) {
            return Ok(changed);
        }
        if self.make_room(&mut admission, oldest, now) {
            self.insert(&mut admission, hash, key.to_owned(), state, 0);
            return Ok(changed);
        }
        self.count_overflow(&mut admission, now)?;
        Ok(change(&mut admission.other))
    }

    /// Inserts a key for which there is room.
    fn insert(&self, admission: &mut Admission<V>, hash: u64, key: K, state: V, pins: u32) {
        // ORDERING: Relaxed; see `find`. Under the lock of the admission.
        let used = self.turn.fetch_add(2, Relaxed) + 1;
        let slot = Slot { key, used, pins, state };
        self.shard(hash).insert_unique(hash, slot, |slot| self.hasher.hash_one(&slot.key));
        admission.keys += 1;
    }

    /// Counts what is folded or refused because no key has room.
    fn count_overflow(&self, admission: &mut Admission<V>, now: Stamp) -> Result<(), Full> {
        admission.lost = admission.lost.max(Some(now));
        if self.when_full == WhenFull::Fold {
            admission.overflow.folded += 1;
            return Ok(());
        }
        admission.overflow.refused += 1;
        Err(Full)
    }

    /// Makes a key stay until it is [unpinned](Self::unpin) as often. Returns whether it has room.
    ///
    /// If it has not, its records are folded.
    pub(crate) fn pin<Q>(
        &self,
        hash: u64,
        key: &Q,
        new: impl FnOnce(&Admission<V>, i64) -> V,
        oldest: impl FnOnce() -> (i64, Stamp),
    ) -> Result<bool, Full>
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        let mut admission = self.admission();
        if let Some(slot) = self.shard(hash).find_mut(hash, |slot| slot.key.borrow() == key) {
            slot.pins = slot.pins.saturating_add(1);
            return Ok(true);
        }
        let (oldest, now) = oldest();
        let state = new(&admission, oldest);
        if self.make_room(&mut admission, oldest, now) {
            self.insert(&mut admission, hash, key.to_owned(), state, 1);
            return Ok(true);
        }
        self.count_overflow(&mut admission, now)?;
        Ok(false)
    }

    /// Lets a pinned key go, once it is unused or expired.
    pub(crate) fn unpin<Q>(&self, hash: u64, key: &Q, oldest: impl FnOnce() -> i64)
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let mut admission = self.admission();
        let mut shard = self.shard(hash);
        let slot = shard.find_mut(hash, |slot| slot.key.borrow() == key);
        // At the maximum, the number of handles is not known: the key stays for good.
        let Some(slot) = slot.filter(|slot| slot.pins < u32::MAX) else { return };
        slot.pins = slot.pins.saturating_sub(1);
        if slot.pins == 0 && slot.state.is_expired(oldest()) {
            admission.swept = None; // The next new key finds it.
        }
    }

    /// Returns whether there is room for one more key.
    ///
    /// Removes expired keys first, at most once in a bucket, then the longest idle one.
    fn make_room(&self, admission: &mut Admission<V>, oldest: i64, now: Stamp) -> bool {
        let full = admission.keys >= self.max;
        if admission.keys >= admission.sweep_at || (full && admission.swept != Some(oldest)) {
            self.sweep(admission, oldest);
        }
        admission.keys < self.max
            || (self.when_full == WhenFull::EvictIdle && self.evict(admission, now))
    }

    /// Removes the expired keys. Returns their number.
    pub(crate) fn expire(&self, oldest: i64) -> usize {
        let mut admission = self.admission();
        let before = admission.keys;
        self.sweep(&mut admission, oldest);
        before - admission.keys
    }

    /// Does the same under the lock.
    fn sweep(&self, admission: &mut Admission<V>, oldest: i64) {
        for shard in &self.shards {
            let mut table = unpoisoned(shard.0.lock());
            let before = table.len();
            table.retain(|slot| slot.pins > 0 || !slot.state.is_expired(oldest));
            let removed = before - table.len();
            admission.keys -= removed;
            admission.overflow.expired += removed as u64;
            self.shrink(&mut table);
        }
        admission.swept = Some(oldest);
        admission.sweep_at = (admission.keys * 2).max(SWEEP_MIN);
    }

    /// Returns memory if most keys of a shard were removed.
    fn shrink(&self, table: &mut HashTable<Slot<K, V>>) {
        if table.len() < table.capacity() / 4 {
            let keep = table.len() * 2;
            table.shrink_to(keep, |slot| self.hasher.hash_one(&slot.key));
        }
    }

    /// Removes the longest idle key, unless all are pinned.
    fn evict(&self, admission: &mut Admission<V>, now: Stamp) -> bool {
        loop {
            while let Some((used, hash)) = admission.idle.pop() {
                let mut shard = self.shard(hash);
                // Two keys of one hash and one turn are equally idle: either may go.
                let Ok(entry) = shard.find_entry(hash, |slot| slot.used == used && slot.pins == 0)
                else {
                    continue;
                };
                let (Slot { state, .. }, _) = entry.remove();
                admission.keys -= 1;
                admission.lose(now);
                admission.overflow.evicted += 1;
                admission.overflow.evicted_records += state.events();
                return true;
            }
            admission.idle = self.longest_idle();
            if admission.idle.is_empty() {
                return false;
            }
        }
    }

    fn longest_idle(&self) -> Vec<(u64, u64)> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let table = unpoisoned(shard.0.lock());
            let hashed = |slot: &Slot<K, V>| (slot.used, self.hasher.hash_one(&slot.key));
            keys.extend(table.iter().filter(|slot| slot.pins == 0).map(hashed));
        }
        let number = keys.len() / IDLE_SHARE + 1;
        if number < keys.len() {
            keys.select_nth_unstable(number);
            keys.truncate(number);
            keys.shrink_to_fit();
        }
        keys.sort_unstable_by(|a, b| b.cmp(a));
        keys
    }

    /// Removes keys, or the state of those that are pinned. Returns their number.
    pub(crate) fn retain(
        &self,
        mut keep: impl FnMut(&K) -> bool,
        now: impl FnOnce() -> Stamp,
        new: impl Fn(Stamp) -> V,
    ) -> usize {
        let mut admission = self.admission();
        let before_all = admission.lost;
        let (now, mut removed) = (admission.lose(now()), 0);
        for shard in &self.shards {
            let mut table = unpoisoned(shard.0.lock());
            let before = table.len();
            let mut emptied = 0;
            table.retain(|slot| {
                let keep = keep(&slot.key);
                if !keep && slot.pins > 0 {
                    slot.state = new(now);
                    emptied += 1;
                }
                keep || slot.pins > 0
            });
            admission.keys -= before - table.len();
            removed += before - table.len() + emptied;
            self.shrink(&mut table);
        }
        if removed == 0 {
            admission.lost = before_all;
        }
        removed
    }

    /// Removes a key, or its state if it is pinned. Returns whether it existed.
    pub(crate) fn remove<Q>(
        &self,
        key: &Q,
        now: impl FnOnce() -> Stamp,
        new: impl FnOnce(Stamp) -> V,
    ) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut admission = self.admission();
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash);
        let Ok(mut entry) = shard.find_entry(hash, |slot| slot.key.borrow() == key) else {
            return false;
        };
        let now = admission.lose(now());
        if entry.get().pins > 0 {
            entry.get_mut().state = new(now);
        } else {
            entry.remove();
            admission.keys -= 1;
        }
        true
    }

    /// Removes all keys that are not pinned, all states, and what was counted.
    pub(crate) fn clear(&self, other: V)
    where
        V: Clone,
    {
        let mut admission = self.admission();
        let mut pinned = 0;
        for shard in &self.shards {
            let mut table = unpoisoned(shard.0.lock());
            table.retain(|slot| slot.pins > 0);
            table.iter_mut().for_each(|slot| slot.state = other.clone());
            pinned += table.len();
            self.shrink(&mut table);
        }
        *admission = Admission { keys: pinned, ..Admission::new(other) };
    }

    /// Returns the number of keys.
    pub(crate) fn len(&self) -> usize {
        self.admission().keys
    }

    /// Calls `visit` with the keys and states of each shard, under its lock.
    pub(crate) fn for_each_shard<E>(
        &self,
        mut visit: impl FnMut(&mut dyn Iterator<Item = (&K, &V)>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.shards.iter().try_for_each(|shard| {
            let table = unpoisoned(shard.0.lock());
            visit(&mut table.iter().map(|slot| (&slot.key, &slot.state)))
        })
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, HashTable<Slot<K, V>>> {
        unpoisoned(self.shards[shard_of(hash)].0.lock())
    }
}

/// Returns the shard of a hash.
///
/// From bits that the table uses neither for the place nor for the tag.
fn shard_of(hash: u64) -> usize {
    (hash >> 48) as usize % SHARDS
}
