//! All keys of a map at once, to change them together.

use std::hash::{BuildHasher as _, Hash};
use std::sync::MutexGuard;

use hashbrown::HashTable;

use super::{Admission, KeyMap, Slot, State, shard_of};
use crate::sync::{Ordering::Relaxed, unpoisoned};

/// All keys, locked: the admission first, as wherever both are locked.
pub(crate) struct AllKeys<'a, K, V> {
    map: &'a KeyMap<K, V>,
    pub(crate) admission: MutexGuard<'a, Admission<V>>,
    tables: Vec<MutexGuard<'a, HashTable<Slot<K, V>>>>,
}

impl<K: Hash + Eq, V: State> KeyMap<K, V> {
    /// Locks all keys, which no other thread changes or reads meanwhile.
    pub(crate) fn lock_all(&self) -> AllKeys<'_, K, V> {
        let admission = self.admission();
        let tables = self.shards.iter().map(|shard| unpoisoned(shard.0.lock())).collect();
        AllKeys { map: self, admission, tables }
    }
}

impl<K: Hash + Eq, V> AllKeys<'_, K, V> {
    /// Returns the number of keys.
    pub(crate) fn len(&self) -> usize {
        self.admission.keys
    }

    /// Returns the state of a key.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let hash = self.map.hasher.hash_one(key);
        let slot = self.tables[shard_of(hash)].find(hash, |slot| slot.key == *key);
        slot.map(|slot| &slot.state)
    }

    /// Returns the state of a key, to change it.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let hash = self.map.hasher.hash_one(key);
        let slot = self.tables[shard_of(hash)].find_mut(hash, |slot| slot.key == *key);
        slot.map(|slot| &mut slot.state)
    }

    /// Returns all keys with their states.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        let slots = self.tables.iter_mut().flat_map(|table| table.iter_mut());
        slots.map(|slot| (&slot.key, &mut slot.state))
    }

    /// Inserts a key that does not exist.
    pub(crate) fn insert(&mut self, key: K, state: V) {
        let hasher = &self.map.hasher;
        let hash = hasher.hash_one(&key);
        // ORDERING: Relaxed; as in `KeyMap::insert`.
        let used = self.map.turn.fetch_add(2, Relaxed) + 1;
        let slot = Slot { key, used, pins: 0, state };
        let table = &mut self.tables[shard_of(hash)];
        table.insert_unique(hash, slot, |slot| hasher.hash_one(&slot.key));
        self.admission.keys += 1;
    }
}
