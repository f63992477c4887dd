//! Trackers of one thread, for records that are read only at the end, mostly of files.
//!
//! A [`MergedTracker`](crate::MergedTracker) can be read while others record. For that it buffers
//! values in words that readers may read, four cache lines for each action and thread. A local
//! tracker belongs to one thread and inserts each value at once, so it takes little more memory
//! than the statistics.

use std::hint::black_box;
use std::{mem, ptr};

use core_time::Statistic;
use hashbrown::HashTable;

use crate::action::error::ActionError;
use crate::action::key::{FOLDED, Key, KeyedName};
use crate::action::name::ActionName;
use crate::action::time::TimeError;
use crate::row::Row;
use crate::tracker::buffer::{BATCH, Buffer};
use crate::tracker::entries::{Entries, Entry, NONE};
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
/// For each action 48 bytes and the statistic, and its name: once for all trackers, and once more
/// in each if it is longer than 16 bytes.
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
pub struct LocalTracker<'n, S: Statistic> {
    names: &'n NameTable,
    /// Indices in `entries`, by name.
    indices: HashTable<u32>,
    entries: Entries<S>,
    /// Names that are more than a key, one after the other.
    long: String,
    /// The number of the next record to be an action's first.
    next: u64,
    /// Values with the numbers of their records.
    buffer: Buffer<(S::Value, u64)>,
}

impl<'n, S: Statistic> LocalTracker<'n, S> {
    /// Creates a tracker without records.
    #[must_use]
    pub fn new(names: &'n NameTable) -> Self {
        let (indices, entries, long, buffer) = Default::default();
        Self { names, indices, entries, long, next: 0, buffer }
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
    // As a function of its own it takes 30 instructions more a record, which then goes through
    // memory.
    #[inline(always)]
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
        let known = self.find(action);
        // One check of bounds for each access, where there is one chunk of rows.
        match known.and_then(|index| self.entries.few_mut(index)) {
            Some(entry) => entry.insert(time, number),
            None => self.record_elsewhere(action.as_str(), known, time, number)?,
        }
        Ok(())
    }

    /// Records an action that is new, or not one of the first.
    #[inline(never)]
    fn record_elsewhere(
        &mut self,
        action: &str,
        known: Option<usize>,
        time: S::Value,
        number: u64,
    ) -> Result<(), ActionError> {
        let index = match known {
            Some(index) => index,
            None => self.register(action, number)?,
        };
        self.entries[index].insert(time, number);
        Ok(())
    }

    /// Returns the statistic of an action, to which records from elsewhere are added.
    ///
    /// `number` is that of the first of them. An empty name is that of the row of actions beyond a
    /// limit. Records that are [buffered](Self::record_buffered) are not in it yet.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, LocalTracker, NameTable, Statistic, TrackerSpec};
    ///
    /// let names = NameTable::new(TrackerSpec::default());
    /// let mut tracker = LocalTracker::<Count>::new(&names);
    /// let mut seen_elsewhere = Count::default();
    /// seen_elsewhere.insert_n(100_u32.into(), 7);
    /// tracker.row_mut("jump", 0)?.merge(&seen_elsewhere);
    /// assert_eq!(tracker.into_rows()[0].count(), 7);
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    pub fn row_mut(&mut self, action: &str, number: u64) -> Result<&mut S, ActionError> {
        let index = match self.find(KeyedName::kept(action)) {
            Some(index) => index,
            None if action == FOLDED => self.other(),
            None => self.register(action, number)?,
        };
        let entry = &mut self.entries[index];
        entry.first = entry.first.min(number);
        Ok(&mut entry.statistic)
    }

    /// Records `n` occurrences of an action with equal times.
    ///
    /// As [`MergedTracker::record_n`](crate::MergedTracker::record_n).
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn record_n<'a, T>(
        &mut self,
        action: impl Into<KeyedName<'a>>,
        time: T,
        n: u64,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let action = action.into();
        let time = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        if n > 0 {
            let index = match self.find(action) {
                Some(index) => index,
                None => self.register(action.as_str(), self.next)?,
            };
            let number = self.next;
            self.entries[index].insert_n(time, n, number);
        }
        Ok(())
    }

    /// Records one occurrence of an action, at once or together with later ones.
    ///
    /// With thousands of actions, most of the time of a record is that in which its row comes from
    /// memory. So the tracker collects 16 records and looks up their rows together. With few
    /// actions, and for a statistic that may panic, it works as
    /// [`record_numbered`](Self::record_numbered) does. The rows are the same.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record); an error may be that of an earlier record that was buffered.
    /// All other records are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{LocalTracker, Mean, NameTable, TrackerSpec};
    ///
    /// let names = NameTable::new(TrackerSpec::default());
    /// let mut tracker = LocalTracker::<Mean>::new(&names);
    /// for number in 0..1_000_000_u64 {
    ///     tracker.record_buffered(&format!("user {}", number % 10_000), number, number)?;
    /// }
    /// tracker.flush()?;
    /// let rows = tracker.into_rows();
    /// assert_eq!((rows.len(), rows[1].name(), rows[1].count()), (10_000, "user 1", 100));
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    #[inline(always)] // As `record_numbered`.
    pub fn record_buffered<'a, T>(
        &mut self,
        action: impl Into<KeyedName<'a>>,
        time: T,
        number: u64,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        if self.entries.few().is_some() || !S::NEVER_PANICS {
            return self.record_numbered(action, time, number);
        }
        let action = action.into();
        let time = time.try_into().map_err(|error| ActionError::Time(error.into()))?;
        self.buffer(action, time, number)
    }

    /// Buffers a record. Called, so that it takes no registers from records of few actions.
    #[inline(never)]
    fn buffer(
        &mut self,
        action: KeyedName<'_>,
        time: S::Value,
        number: u64,
    ) -> Result<(), ActionError> {
        self.buffer.push(action, (time, number));
        if self.buffer.is_full() { self.flush() } else { Ok(()) }
    }

    /// Records what [`record_buffered`](Self::record_buffered) holds back.
    ///
    /// # Errors
    ///
    /// The first error of these records. All others are kept.
    #[inline(never)]
    pub fn flush(&mut self) -> Result<(), ActionError> {
        let mut buffer = mem::take(&mut self.buffer);
        let hashes = buffer.hashes(&self.names.seed);
        self.load(&buffer, hashes);
        let mut result = Ok(());
        for (record, hash) in buffer.records.iter().zip(hashes) {
            let name = buffer.long_name(record);
            let (value, number) = record.value;
            let index = match self.find_hashed(record.key, hash, name) {
                Some(index) => Ok(index),
                None => self.register(record.key.text(name).as_ref(), number),
            };
            match index {
                Ok(index) => self.entries[index].insert(value, number),
                Err(error) => result = result.and(Err(error)),
            }
        }
        buffer.clear();
        self.buffer = buffer;
        result
    }

    /// Reads the rows of buffered records into the cache, with what their statistics allocated.
    #[inline]
    fn load(&self, buffer: &Buffer<(S::Value, u64)>, hashes: [u64; BATCH]) {
        let guesses = self.fetch(hashes);
        for (guess, record) in guesses.into_iter().zip(&buffer.records) {
            if let Some(entry) = self.entries.get(guess as usize) {
                black_box(entry.statistic.prefetch(record.value.0));
            }
        }
    }

    /// Reads the rows of names with these hashes into the cache, and returns their indices.
    ///
    /// The loads of all rows are independent, so the processor waits for them together. The rows
    /// are guesses by hash: another one is loaded in vain.
    #[inline]
    fn fetch(&self, hashes: [u64; BATCH]) -> [u32; BATCH] {
        let guesses = hashes.map(|hash| self.indices.find(hash, |_| true).copied());
        let guesses = guesses.map(|guess| guess.unwrap_or(u32::MAX));
        for guess in guesses {
            if let Some(entry) = self.entries.get(guess as usize) {
                // Its first and its last cache line.
                black_box(entry.key.len() as u64 ^ entry.first);
            }
        }
        guesses
    }

    /// Merges the records of another tracker.
    ///
    /// An empty tracker takes over the memory of the other. Flushes both: for errors of buffered
    /// records call [`flush`](Self::flush) before.
    pub fn merge(&mut self, mut other: Self) {
        let _ = (self.flush(), other.flush());
        let is_same = ptr::eq(self.names, other.names);
        if self.entries.is_empty() && is_same {
            mem::swap(self, &mut other);
        }
        let mut entries = other.entries.into_iter();
        let mut some = Vec::with_capacity(BATCH);
        loop {
            some.extend(entries.by_ref().take(BATCH));
            if some.is_empty() {
                break;
            }
            self.merge_some(&mut some, &other.long, is_same);
        }
        self.next = self.next.max(other.next);
    }

    /// Merges rows of another tracker, whose names are longer than their keys in `long`.
    fn merge_some(&mut self, some: &mut Vec<Entry<S>>, long: &str, is_same: bool) {
        let mut hashes = [0; BATCH];
        for (hash, entry) in hashes.iter_mut().zip(&*some) {
            *hash = self.names.hash(entry.key, entry.long_name(long));
        }
        self.fetch(hashes);
        for (entry, hash) in some.drain(..).zip(hashes) {
            let (key, name) = (entry.key, entry.long_name(long));
            if !is_same {
                self.names.enter_beyond_limit(key.text(name).as_ref());
            }
            let index = self.find_hashed(key, hash, name);
            let index = index.unwrap_or_else(|| self.push(key, hash, name));
            let own = &mut self.entries[index];
            own.first = own.first.min(entry.first);
            own.statistic.merge(&entry.statistic);
        }
    }

    /// Returns a row for each action, in the order of their first records.
    ///
    /// Flushes as [`merge`](Self::merge) does.
    #[must_use]
    pub fn into_rows(mut self) -> Vec<Row<S>> {
        let _ = self.flush();
        let mut rows = Vec::with_capacity(self.entries.len());
        for entry in self.entries.into_iter().filter(|entry| entry.first != NONE) {
            let name = entry.key.text(entry.long_name(&self.long)).as_ref().into();
            rows.push(Row::new(name, entry.first, entry.statistic));
        }
        rows.sort_unstable_by(Row::by_first);
        rows
    }

    /// Finds the index of a name, in which something was recorded.
    #[inline]
    fn find(&self, name: KeyedName<'_>) -> Option<usize> {
        let key = name.key();
        if !key.is_whole() {
            return self.find_long(name.as_str());
        }
        self.find_whole(key, key.hash(&self.names.seed))
    }

    /// Finds the index of a name that is longer than its key.
    ///
    /// Takes only the text, so that the key needs no memory where short names are found.
    #[inline(never)]
    fn find_long(&self, name: &str) -> Option<usize> {
        let key = KeyedName::from(name).key();
        self.find_hashed(key, self.names.hash(key, name), name)
    }

    #[inline]
    fn find_whole(&self, key: Key, hash: u64) -> Option<usize> {
        let found = match self.entries.few() {
            Some(few) => self.indices.find(hash, |&index| few[index as usize].key == key),
            None => self.indices.find(hash, |&index| self.entries[index as usize].key == key),
        };
        found.map(|&index| index as usize)
    }

    /// Finds the index of the name with this key and hash, `name` if it is a long one.
    #[inline]
    fn find_hashed(&self, key: Key, hash: u64, name: &str) -> Option<usize> {
        if key.is_whole() {
            return self.find_whole(key, hash);
        }
        let is_it = |&index: &u32| {
            let entry = &self.entries[index as usize];
            entry.key == key && entry.long_name(&self.long) == name
        };
        self.indices.find(hash, is_it).map(|&index| index as usize)
    }

    /// Makes a row for an action that is not known here; for one beyond the limit, finds that of
    /// all others.
    #[cold]
    #[inline(never)]
    fn register(&mut self, name: &str, number: u64) -> Result<usize, ActionError> {
        let name = ActionName::with_limit(name, self.names.spec.name_bytes)?;
        let key = KeyedName::from(name.as_str()).key();
        let hash = self.names.hash(key, name.as_str());
        let is_kept = self.names.enter(name.as_str(), hash)?;
        self.next = self.next.max(number.saturating_add(1));
        Ok(if is_kept { self.push(key, hash, name.as_str()) } else { self.other() })
    }

    /// Returns the index of the row of all actions beyond the limit.
    fn other(&mut self) -> usize {
        let key = KeyedName::kept(FOLDED).key();
        let hash = self.names.hash(key, FOLDED);
        self.find_whole(key, hash).unwrap_or_else(|| self.push(key, hash, FOLDED))
    }

    /// Adds a row for the name with this key and hash, `name` if it is a long one.
    fn push(&mut self, key: Key, hash: u64, name: &str) -> usize {
        let long = self.long.len();
        if !key.is_whole() {
            self.long.push_str(name);
        }
        let index = self.entries.push(Entry { key, statistic: S::default(), first: NONE, long });
        let Self { indices, entries, long, names, .. } = self;
        let rehash = |&index: &u32| {
            let entry = &entries[index as usize];
            names.hash(entry.key, entry.long_name(long))
        };
        indices.insert_unique(hash, index as u32, rehash);
        index
    }
}
