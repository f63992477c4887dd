//! One thread's parts, by name.

use std::cell::RefCell;
use std::sync::Arc;

use core_time::Statistic;
use hashbrown::HashTable;

use crate::action::key::{Key, KeyedName};
use crate::action::words::AsWords;
use crate::tracker::action::{Action, SharedPart};
use crate::tracker::lamport::{Count, Uses};
use crate::tracker::registry::Registry;
use crate::tracker::shard::{Numbering, Part, Retired};

/// Finds the part that a thread has of an action.
///
/// What is needed to find it lies in the part itself, so that a record touches, besides the table's
/// own index, the two cache lines that it writes.
pub(crate) struct Table<S: Statistic> {
    parts: RefCell<HashTable<SharedPart<S>>>,
    seed: foldhash::fast::RandomState,
    /// Counts the records of this thread, where it matters which action is idle.
    uses: Option<Arc<Count>>,
}

impl<S: Statistic<Value: AsWords>> Table<S> {
    pub(crate) fn new(registry: &Registry<S>) -> Self {
        let uses = registry.uses.as_ref().and_then(Uses::of_thread);
        Self { parts: RefCell::default(), seed: Default::default(), uses }
    }

    /// Takes a value in, if the thread has a part of the action.
    #[inline]
    pub(crate) fn record(
        &self,
        name: KeyedName<'_>,
        record: impl FnOnce(&Part<S>) -> Result<(), Retired>,
    ) -> bool {
        let key = name.key();
        let parts = self.parts.borrow();
        let found = if key.is_whole() {
            parts.find(key.hash(&self.seed), |part| part.key == key)
        } else {
            self.find_long(&parts, key, name.as_str())
        };
        let Some(part) = found else { return false };
        self.note_use(part);
        record(part).is_ok()
    }

    /// Finds the part of a name of which the key does not say all.
    ///
    /// Called, because in line it would take the registers that the others need.
    #[inline(never)]
    fn find_long<'a>(
        &self,
        parts: &'a HashTable<SharedPart<S>>,
        key: Key,
        name: &str,
    ) -> Option<&'a SharedPart<S>> {
        parts.find(key.hash_with(name, &self.seed), |part| part.is_of(key, name))
    }

    /// Takes in the first value that this thread has for an action.
    pub(crate) fn record_new(
        &self,
        action: &Action<S>,
        registry: &Registry<S>,
        value: S::Value,
        numbering: Numbering<'_>,
    ) -> Result<(), Retired> {
        let (name, key) = (&*action.name, KeyedName::kept(&action.name).key());
        let hash = key.hash_with(name, &self.seed);
        registry.meet(); // Again, as something may have been evicted.
        let known = self.parts.borrow().find(hash, |part| part.is_of(key, name)).map(Arc::clone);
        if let Some(part) = known {
            // That of all others; or the old one of an action that was evicted.
            self.note_use(&part);
            if part.insert(value, numbering).is_ok() {
                return Ok(());
            }
            self.remove(hash, &part);
        }
        let part = action.part(&registry.empty);
        self.note_use(&part);
        part.insert(value, numbering)?;
        action.share(&part)?;
        // Half of them were given up at least.
        if self.parts.borrow().len() > registry.spec.actions.saturating_mul(2) {
            self.sweep();
        }
        let rehash = |part: &SharedPart<S>| part.key.hash_with(part.name(), &self.seed);
        self.parts.borrow_mut().insert_unique(hash, part, rehash);
        Ok(())
    }

    /// Drops the parts that were given up.
    fn sweep(&self) {
        self.parts.borrow_mut().retain(|part| !part.is_retired());
    }

    /// Drops a part that was given up.
    fn remove(&self, hash: u64, part: &SharedPart<S>) {
        let mut parts = self.parts.borrow_mut();
        if let Ok(entry) = parts.find_entry(hash, |found| Arc::ptr_eq(found, part)) {
            entry.remove();
        }
    }

    #[inline]
    fn note_use(&self, part: &Part<S>) {
        if let Some(uses) = &self.uses {
            part.use_at(uses.tick());
        }
    }
}
