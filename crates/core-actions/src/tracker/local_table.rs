//! The shards of one thread, by name.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;

use core_time::Statistic;
use hashbrown::HashTable;

use crate::action::key::KeyedName;
use crate::action::words::AsWords;
use crate::tracker::action::{Action, SharedShard};
use crate::tracker::buffer::Buffer;
use crate::tracker::lamport::{ThreadUses, UseClock};
use crate::tracker::registry::Registry;
use crate::tracker::shard::{Numbering, Retired, Shard};

/// The number of shards from which on a batch pays.
const MANY: usize = 1 << 12;

/// Finds the shard that a thread has of an action.
///
/// The key lies in the shard itself. So a record touches the table's index and the two cache lines
/// that it writes.
pub(crate) struct LocalTable<S: Statistic> {
    shards: RefCell<HashTable<SharedShard<S>>>,
    seed: foldhash::fast::RandomState,
    /// Numbers the records of this thread; only if idle actions are evicted or expire.
    clock: Option<ThreadUses>,
}

impl<S: Statistic<Value: AsWords>> LocalTable<S> {
    /// Creates an empty table for this thread.
    pub(crate) fn new(registry: &Registry<S>) -> Self {
        let clock = registry.uses.as_ref().and_then(UseClock::of_thread);
        Self { shards: RefCell::default(), seed: Default::default(), clock }
    }

    /// Records a value if the thread has a shard of the action; returns whether it did.
    #[inline]
    pub(crate) fn record(
        &self,
        name: KeyedName<'_>,
        record: impl FnOnce(&Shard<S>) -> Result<(), Retired>,
    ) -> bool {
        let key = name.key();
        let shards = self.shards.borrow();
        let found = if key.is_whole() {
            shards.find(key.hash(&self.seed), |shard| shard.key == key)
        } else {
            self.find_long(&shards, name.as_str())
        };
        let Some(shard) = found else { return false };
        self.note_use(shard);
        record(shard).is_ok()
    }

    /// Returns whether the shards are too many for the cache of a core.
    pub(crate) fn is_large(&self) -> bool {
        self.shards.borrow().len() > MANY
    }

    /// Reads the shards of buffered records into the cache.
    ///
    /// The loads of all shards are independent, so the processor waits for them together. The
    /// shards are guesses by hash: another one is loaded in vain.
    pub(super) fn prefetch(&self, buffer: &Buffer<S::Value>) {
        let shards = self.shards.borrow();
        let hashes = buffer.hashes(&self.seed);
        let guesses = hashes.map(|hash| shards.find(hash, |_| true).map(|shard| &***shard));
        for shard in guesses.into_iter().flatten() {
            black_box(shard.prefetch());
        }
    }

    /// Finds the shard of a name that is longer than its key.
    ///
    /// Not inlined, because it would take registers that short names need. Takes only the text, so
    /// that the key needs no memory where short names are found.
    #[inline(never)]
    fn find_long<'a>(
        &self,
        shards: &'a HashTable<SharedShard<S>>,
        name: &str,
    ) -> Option<&'a SharedShard<S>> {
        let key = KeyedName::from(name).key();
        shards.find(key.hash_with(name, &self.seed), |shard| shard.is_of(key, name))
    }

    /// Records the first value of this thread for an action.
    pub(crate) fn record_new(
        &self,
        action: &Action<S>,
        registry: &Registry<S>,
        value: S::Value,
        numbering: Numbering<'_>,
    ) -> Result<(), Retired> {
        let (name, key) = (&*action.name, KeyedName::kept(&action.name).key());
        let hash = key.hash_with(name, &self.seed);
        registry.observe_clock(); // Once more, because an action may have been evicted since.
        let known = self.shards.borrow().find(hash, |shard| shard.is_of(key, name)).map(Arc::clone);
        if let Some(shard) = known {
            // The shard of folded actions, or the retired one of an action that was evicted.
            self.note_use(&shard);
            if shard.insert(value, numbering).is_ok() {
                return Ok(());
            }
            self.remove(hash, &shard);
        }
        let shard = action.new_shard(&registry.empty);
        self.note_use(&shard);
        shard.insert(value, numbering)?;
        action.share(&shard)?;
        // At least half of them are retired.
        if self.shards.borrow().len() > registry.spec.actions.saturating_mul(2) {
            self.sweep();
        }
        let rehash = |shard: &SharedShard<S>| shard.key.hash_with(shard.name(), &self.seed);
        self.shards.borrow_mut().insert_unique(hash, shard, rehash);
        Ok(())
    }

    /// Drops the retired shards.
    fn sweep(&self) {
        self.shards.borrow_mut().retain(|shard| !shard.is_retired());
    }

    /// Drops a retired shard.
    fn remove(&self, hash: u64, shard: &SharedShard<S>) {
        let mut shards = self.shards.borrow_mut();
        if let Ok(entry) = shards.find_entry(hash, |found| Arc::ptr_eq(found, shard)) {
            entry.remove();
        }
    }

    #[inline]
    fn note_use(&self, shard: &Shard<S>) {
        if let Some(clock) = &self.clock {
            shard.use_at(clock.tick());
        }
    }
}
