//! Trackers of one thread, for records that are read only at the end, mostly of files.
//!
//! A [`MergedTracker`](crate::MergedTracker) can be read while others record. For that it buffers
//! values in words that readers may read, four cache lines for each action and thread. A local
//! tracker belongs to one thread and inserts each value at once, so it takes little more memory
//! than the statistics.

use std::ptr;

use core_time::Statistic;
use hashbrown::HashTable;

use crate::action::error::ActionError;
use crate::action::key::{Key, KeyedName};
use crate::action::name::ActionName;
use crate::action::time::TimeError;
use crate::row::Row;
use crate::tracker::names::NameTable;

/// Keeps a statistic for each action that one thread records.
///
/// It is a [`MergedTracker`](crate::MergedTracker) for one thread, with the same statistics, names
/// and rows; it takes less memory and less time. Each of several threads has one; they share their
/// [names](NameTable) and are [merged](Self::merge) at the end.
///
/// # Complexity
///
/// A record costs a look-up and the insertion.
///
/// # Memory
///
/// For each action 64 bytes and the statistic, three times that for a moment when tables are full
/// and grow to twice their size; and its name, once for all tallies, once more in each if it is
/// longer than 16 bytes.
///
/// # Examples
///
/// ```
/// use core_actions::{Mean, LocalTracker, NameTable, TrackerSpec};
///
/// let names = NameTable::new(TrackerSpec::default());
/// let [mut one, mut two] = [(); 2].map(|()| LocalTracker::<Mean>::new(&names));
/// std::thread::scope(|scope| {
///     // Numbered, because the lines of a file have an order that threads do not keep.
///     scope.spawn(|| two.record_numbered("run", 75, 1));
///     scope.spawn(|| one.record_numbered("jump", 100, 0));
/// });
/// two.record_numbered("jump", 200, 2)?;
///
/// one.merge(two);
/// let rows = one.into_rows();
/// let means: Vec<_> = rows.iter().map(|row| (row.name(), row.mean())).collect();
/// assert_eq!(means, [("jump", 150.0), ("run", 75.0)]);
/// # Ok::<(), core_actions::ActionError>(())
/// ```
#[derive(Debug)]
pub struct LocalTracker<'n, S> {
    names: &'n NameTable,
    /// Places in `entries`, by name.
    indices: HashTable<u32>,
    entries: Vec<Entry<S>>,
    /// Names that are more than a key, one after the other.
    long: String,
    /// The number of the next record to be an action's first.
    next: u64,
}

/// No number of a record.
const NONE: u64 = u64::MAX;

/// One action.
#[derive(Debug)]
struct Entry<S> {
    key: Key,
    /// Where the name begins among the long ones, if it is one.
    long: usize,
    /// The smallest number of its records; [`NONE`] if its statistic panicked at the first.
    first: u64,
    /// The number of the name.
    id: u32,
    statistic: S,
}

impl<'n, S: Statistic> LocalTracker<'n, S> {
    /// Creates a tracker without records.
    #[must_use]
    pub fn new(names: &'n NameTable) -> Self {
        let (indices, entries, long) = Default::default();
        Self { names, indices, entries, long, next: 0 }
    }

    /// Records one occurrence of an action.
    ///
    /// # Errors
    ///
    /// [`ActionError::Name`] if the name is invalid, [`ActionError::Time`] if the time is negative
    /// or not finite, [`ActionError::Full`] if the action is new and the limit is reached. Nothing
    /// changes then.
    #[inline]
    pub fn record<'a, T>(
        &mut self,
        action: impl Into<KeyedName<'a>>,
        time: T,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        self.record_numbered(action, time, self.next)
    }

    /// Records one occurrence of an action, with a number for the order of rows.
    ///
    /// Rows are sorted by the smallest numbers of their records.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    #[inline]
    pub fn record_numbered<'a, T>(
        &mut self,
        action: impl Into<KeyedName<'a>>,
        time: T,
        number: u64,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let action = action.into();
        let time = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        let index = match self.find(action) {
            Some(index) => index,
            None => self.register(action.as_str(), number)?,
        };
        let entry = &mut self.entries[index];
        entry.statistic.insert_whole(time);
        entry.first = entry.first.min(number.min(NONE - 1));
        Ok(())
    }

    /// Merges the records of another tracker.
    ///
    /// An empty tracker takes over the memory of the other.
    pub fn merge(&mut self, mut other: Self) {
        if self.entries.is_empty() && ptr::eq(self.names, other.names) {
            std::mem::swap(self, &mut other);
        }
        // Copied, because to enter a name takes the lock of all names.
        let mut name = String::new();
        for entry in other.entries {
            name.clear();
            name.push_str(other.names.lock().name(entry.id));
            let index = self.find(KeyedName::kept(&name));
            let index = index.unwrap_or_else(|| self.push(&name, self.names.number(&name)));
            let own = &mut self.entries[index];
            own.first = own.first.min(entry.first);
            own.statistic.merge(&entry.statistic);
        }
        self.next = self.next.max(other.next);
    }

    /// Returns a row for each action, in the order of their first records.
    #[must_use]
    pub fn into_rows(self) -> Vec<Row<S>> {
        let names = self.names.lock();
        let entries = self.entries.into_iter().filter(|entry| entry.first != NONE);
        let row =
            |entry: Entry<S>| Row::new(names.name(entry.id).into(), entry.first, entry.statistic);
        let mut rows: Vec<_> = entries.map(row).collect();
        rows.sort_unstable_by(Row::by_first);
        rows
    }

    /// Finds the index of a name, in which something was recorded.
    #[inline]
    fn find(&self, name: KeyedName<'_>) -> Option<usize> {
        let key = name.key();
        if !key.is_whole() {
            return self.find_long(key, name.as_str());
        }
        let is_it = |&index: &u32| self.entries[index as usize].key == key;
        let index = self.indices.find(key.hash(&self.names.seed), is_it);
        index.map(|&index| index as usize)
    }

    /// Finds the index of a name of which the key does not say all.
    ///
    /// Called, because in line it would take the registers that the others need.
    #[inline(never)]
    fn find_long(&self, key: Key, name: &str) -> Option<usize> {
        let is_it = |&index: &u32| {
            let entry = &self.entries[index as usize];
            entry.key == key && entry.name(&self.long) == name
        };
        let index = self.indices.find(key.hash_with(name, &self.names.seed), is_it);
        index.map(|&index| index as usize)
    }

    /// Makes a index for an action that is not known here; of one beyond the limit, finds that of
    /// all others.
    #[cold]
    #[inline(never)]
    fn register(&mut self, name: &str, number: u64) -> Result<usize, ActionError> {
        let name = ActionName::with_limit(name, self.names.spec.name_bytes)?;
        let (name, id) = self.names.enter(name.as_str())?;
        self.next = self.next.max(number.saturating_add(1));
        Ok(self.find(KeyedName::kept(name)).unwrap_or_else(|| self.push(name, id)))
    }

    /// Makes a index for a name.
    fn push(&mut self, name: &str, id: u32) -> usize {
        let (index, long) = (self.entries.len(), self.long.len());
        let key = KeyedName::kept(name).key();
        if !key.is_whole() {
            self.long.push_str(name);
        }
        let statistic = S::default();
        self.entries.push(Entry { key, long, first: NONE, id, statistic });
        let Self { indices, entries, long, names, .. } = self;
        let rehash = |&index: &u32| {
            let entry = &entries[index as usize];
            entry.key.hash_with(entry.name(long), &names.seed)
        };
        indices.insert_unique(key.hash_with(name, &names.seed), index as u32, rehash);
        index
    }
}

impl<S> Entry<S> {
    /// The name, if it is one of the long ones.
    fn name<'t>(&self, long: &'t str) -> &'t str {
        if self.key.is_whole() { "" } else { &long[self.long..self.long + self.key.len()] }
    }
}
