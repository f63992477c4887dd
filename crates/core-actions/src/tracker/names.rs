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
    /// Where each name starts in the text, by name.
    ///
    /// Not by a number, from which the place is found: other threads with new names wait meanwhile.
    starts: HashTable<usize>,
    /// All names, each with [`END`] behind it.
    text: String,
}

/// Ends a name: a control character, which no name has.
const END: char = '\n';

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
        let len = names.starts.len();
        // Indices of rows have 32 bits.
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
        let is_it = |&start: &usize| {
            let rest = self.text[start..].strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(END))
        };
        self.starts.find(hash, is_it).is_some()
    }

    fn push(&mut self, new: &str, hash: u64, seed: &RandomState) {
        let Self { starts, text } = self;
        let start = text.len();
        text.push_str(new);
        text.push(END);
        let rehash = |&start: &usize| {
            let (name, _) = text[start..].split_once(END).unwrap_or_default();
            KeyedName::from(name).key().hash_with(name, seed)
        };
        starts.insert_unique(hash, start, rehash);
    }
}
