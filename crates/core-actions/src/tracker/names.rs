//! The names that several local trackers share.

use std::sync::atomic::Ordering::Relaxed;

use core_time::{OverflowCounts, WhenFull};
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::action::error::ActionError;
use crate::action::key::{FOLDED, KeyedName};
use crate::sync::{AtomicU64, Mutex, MutexGuard, lock};
use crate::tracker::spec::TrackerSpec;

/// The names of actions that several local trackers share, within one limit.
///
/// Each name is kept once. A local tracker looks up a name at its first record of it.
#[derive(Debug)]
pub struct NameTable {
    pub(super) spec: TrackerSpec,
    names: Mutex<Names>,
    refused: AtomicU64,
    folded: AtomicU64,
    pub(super) seed: RandomState,
}

/// All names, each with a number.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The numbers by name.
    numbers: HashTable<u32>,
    /// All names, one after the other.
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
    /// The number of the row of folded actions.
    other: Option<u32>,
}

impl NameTable {
    /// Creates a table without names.
    ///
    /// It never evicts an action: with [`WhenFull::EvictIdle`], new actions are refused.
    #[must_use]
    pub fn new(spec: TrackerSpec) -> Self {
        let (refused, folded) = Default::default();
        Self { spec, names: Mutex::default(), refused, folded, seed: RandomState::default() }
    }

    /// Returns the counts of what exceeded the [limit](TrackerSpec::actions) of actions.
    #[must_use]
    pub fn overflow(&self) -> OverflowCounts {
        // ORDERING: Relaxed: each number stands for itself.
        let (refused, folded) = (self.refused.load(Relaxed), self.folded.load(Relaxed));
        OverflowCounts { refused, folded, ..OverflowCounts::default() }
    }

    /// The name that an action is kept under, and its number.
    pub(super) fn enter<'a>(&self, name: &'a str) -> Result<(&'a str, u32), ActionError> {
        let mut names = self.lock();
        if let Some(number) = names.find(name, &self.seed) {
            return Ok((name, number));
        }
        let apart = names.ends.len() - usize::from(names.other.is_some());
        let limit = self.spec.actions;
        // Numbers have 32 bits.
        if apart < limit.min(u32::MAX as usize) {
            return Ok((name, names.push(name, &self.seed)));
        }
        if self.spec.when_full != WhenFull::Fold {
            // ORDERING: Relaxed, as in `overflow`.
            self.refused.fetch_add(1, Relaxed);
            return Err(ActionError::Full { limit });
        }
        self.folded.fetch_add(1, Relaxed);
        Ok((FOLDED, names.other(&self.seed)))
    }

    /// The number of a name whatever the limit.
    pub(super) fn number(&self, name: &str) -> u32 {
        let mut names = self.lock();
        if name == FOLDED {
            return names.other(&self.seed);
        }
        names.find(name, &self.seed).unwrap_or_else(|| names.push(name, &self.seed))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Names> {
        lock(&self.names)
    }
}

impl Names {
    pub(super) fn name(&self, number: u32) -> &str {
        name(&self.text, &self.ends, number)
    }

    fn find(&self, name: &str, seed: &RandomState) -> Option<u32> {
        let is_it = |&number: &u32| self.name(number) == name;
        self.numbers.find(hash(name, seed), is_it).copied()
    }

    /// The number of the row of folded actions, which comes on top of the limit.
    fn other(&mut self, seed: &RandomState) -> u32 {
        let other = self.other.unwrap_or_else(|| self.push(FOLDED, seed));
        *self.other.insert(other)
    }

    fn push(&mut self, new: &str, seed: &RandomState) -> u32 {
        let number = self.ends.len() as u32;
        self.text.push_str(new);
        self.ends.push(self.text.len());
        let Self { numbers, text, ends, .. } = self;
        let rehash = |&number: &u32| hash(name(text, ends, number), seed);
        numbers.insert_unique(hash(new, seed), number, rehash);
        number
    }
}

/// The name with a number, of names that lie one after the other.
fn name<'t>(text: &'t str, ends: &[usize], number: u32) -> &'t str {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[number]]
}

fn hash(name: &str, seed: &RandomState) -> u64 {
    KeyedName::kept(name).key().hash_with(name, seed)
}
