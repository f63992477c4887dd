//! The names that several local trackers share.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;

use core_time::{OverflowCounts, WhenFull};
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::action::error::ActionError;
use crate::action::key::{FOLDED, Key, KeyedName};
use crate::sync::{AtomicU64, Mutex, MutexGuard, lock};
use crate::tracker::spec::TrackerSpec;

/// The names of actions that several local trackers share, within one limit.
///
/// Each name is kept once. A local tracker looks up a name at its first record of it.
#[derive(Debug)]
pub struct NameTable {
    pub(super) spec: TrackerSpec,
    names: Mutex<Names>,
    gate: Option<Gate>,
    refused: AtomicU64,
    folded: AtomicU64,
    pub(super) seed: RandomState,
}

/// Decides by the number of names whether one more may be added.
struct Gate(Box<dyn Fn(usize) -> bool + Send + Sync>);

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

/// All names but that of the row of folded actions.
#[derive(Debug, Default)]
struct Names {
    /// The numbers by name.
    numbers: HashTable<u32>,
    /// All names, one after the other.
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl NameTable {
    /// Creates a table without names.
    ///
    /// It never evicts an action: with [`WhenFull::EvictIdle`], new actions are refused.
    #[must_use]
    pub fn new(spec: TrackerSpec) -> Self {
        let (refused, folded, seed) = Default::default();
        Self { spec, names: Mutex::default(), gate: None, refused, folded, seed }
    }

    /// Sets a function that decides before each new name whether it may be added.
    ///
    /// It is called with the number of names so far, by one thread at a time, while other new names
    /// wait. If it returns `false`, the action is treated as one beyond the
    /// [limit](TrackerSpec::actions). So a program can bound what it measures, such as its memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{LocalTracker, Mean, NameTable, TrackerSpec, WhenFull};
    ///
    /// let spec = TrackerSpec { when_full: WhenFull::Fold, ..TrackerSpec::default() };
    /// let names = NameTable::new(spec).with_gate(|names| names < 2);
    /// let mut tracker = LocalTracker::<Mean>::new(&names);
    /// for action in ["a", "b", "c", "a"] {
    ///     tracker.record(action, 1)?;
    /// }
    /// let rows = tracker.into_rows();
    /// let names: Vec<_> = rows.iter().map(|row| row.name()).collect();
    /// assert_eq!(names, ["a", "b", "(other)"]);
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    #[must_use]
    pub fn with_gate(self, gate: impl Fn(usize) -> bool + Send + Sync + 'static) -> Self {
        Self { gate: Some(Gate(Box::new(gate))), ..self }
    }

    /// Returns the counts of what exceeded the [limit](TrackerSpec::actions) of actions.
    #[must_use]
    pub fn overflow(&self) -> OverflowCounts {
        // ORDERING: Relaxed: each number stands for itself.
        let (refused, folded) = (self.refused.load(Relaxed), self.folded.load(Relaxed));
        OverflowCounts { refused, folded, ..OverflowCounts::default() }
    }

    /// Returns the hash of the name with this key, `name` if it is longer than its key.
    #[inline]
    pub(super) fn hash(&self, key: Key, name: &str) -> u64 {
        key.hash_with(name, &self.seed)
    }

    /// Adds a name if it is new, and returns whether it is kept under itself; if not, it is folded.
    pub(super) fn enter(&self, name: &str, hash: u64) -> Result<bool, ActionError> {
        let mut names = self.lock();
        if names.has(name, hash) {
            return Ok(true);
        }
        let limit = self.spec.actions;
        let len = names.ends.len();
        // Numbers have 32 bits.
        let has_room = len < limit.min(u32::MAX as usize);
        if has_room && self.gate.as_ref().is_none_or(|gate| gate.0(len)) {
            names.push(name, hash, &self.seed);
            return Ok(true);
        }
        let limit = limit.min(len);
        if self.spec.when_full != WhenFull::Fold {
            // ORDERING: Relaxed, as in `overflow`.
            self.refused.fetch_add(1, Relaxed);
            return Err(ActionError::Full { limit });
        }
        self.folded.fetch_add(1, Relaxed);
        Ok(false)
    }

    /// Adds a name whatever the limit.
    pub(super) fn enter_beyond_limit(&self, name: &str) {
        let hash = self.hash(KeyedName::kept(name).key(), name);
        let mut names = self.lock();
        if name != FOLDED && !names.has(name, hash) {
            names.push(name, hash, &self.seed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        lock(&self.names)
    }
}

impl Names {
    fn has(&self, name: &str, hash: u64) -> bool {
        let is_it = |&number: &u32| self::name(&self.text, &self.ends, number) == name;
        self.numbers.find(hash, is_it).is_some()
    }

    fn push(&mut self, new: &str, hash: u64, seed: &RandomState) {
        let number = self.ends.len() as u32;
        self.text.push_str(new);
        self.ends.push(self.text.len());
        let Self { numbers, text, ends } = self;
        let rehash = |&number: &u32| {
            let name = name(text, ends, number);
            KeyedName::from(name).key().hash_with(name, seed)
        };
        numbers.insert_unique(hash, number, rehash);
    }
}

/// The name with a number, of names that lie one after the other.
fn name<'t>(text: &'t str, ends: &[usize], number: u32) -> &'t str {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[number]]
}
