//! What one writer recorded of one action: a statistic, and a buffer of values to insert into it.
//!
//! A record appends its value to the buffer and publishes the new length: two stores into memory
//! that no other thread writes, and no lock. When the buffer is full, the writer takes the lock and
//! flushes all values into the statistic at once, which costs less than one by one. So the
//! statistic may be of any kind, because it is touched only under the lock. A reader that holds the
//! lock finds everything at rest: the statistic, and the values below the published length, which
//! are not overwritten until they have been flushed. A reader always gets its cut at once. It
//! delays the writer by one copy of the statistic at most, and only if the buffer is full at that
//! moment.
//!
//! A version counter over a statistic made of atomics costs about the same, but restricts the
//! statistics to those made of atomics, and next to a busy writer a reader starves once a copy
//! takes longer than the pauses of the writer.
//!
//! A reset or an eviction cannot remove values from the buffer, because its length belongs to the
//! writer. It notes how many values are discarded, and sets the limit to 0, which sends the writer
//! to the lock with its next value.

mod absorb;

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use core_time::Statistic;

use crate::action::key::{Key, KeyedName};
use crate::action::words::AsWords;
use crate::sync::{AtomicU32, AtomicU64, Mutex, MutexGuard, fetch, lock};

/// The number of words in the buffer: four cache lines with what else the writer needs.
///
/// With fewer, the lock is taken more often; many more make shards larger than their statistics.
#[cfg(not(loom))]
const WORDS: usize = 26;
/// So few that a model fills them, and enough that some values need no lock.
#[cfg(loom)]
const WORDS: usize = 4;

/// Stands for the number of the first record where there is none.
const NONE: u64 = u64::MAX;

/// What one writer recorded of one action.
#[derive(Debug)]
#[repr(C)] // The fields that a record needs are first and together.
pub(crate) struct Shard<S> {
    /// Finds the shard in a table.
    pub(crate) key: Key,
    /// The number of buffered words. Written by the writer only.
    buffered: AtomicU32,
    /// The maximum of `buffered`; 0 sends the writer to the lock.
    limit: AtomicU32,
    /// The number of the last use by the [clock](crate::tracker::lamport) of the tracker.
    used: AtomicU64,
    /// The smallest number of a record. Changed under the lock.
    first: AtomicU64,
    words: [AtomicU64; WORDS],
    /// The name of the action.
    name: Arc<str>,
    flushed: Mutex<Flushed<S>>,
}

/// The fields of a shard that are behind its lock.
#[derive(Debug, Default, Clone)]
struct Flushed<S> {
    statistic: S,
    /// The number of values in the statistic.
    records: u64,
    /// How often the contents changed, without the values that are buffered.
    changes: u64,
    /// The number of buffered words that were discarded.
    discarded: u32,
    /// Whether the shard accepts no more values.
    retired: bool,
}

/// The shard is retired: the value needs another one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Retired;

/// The source of the number of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Numbering<'a> {
    /// The next number of this counter.
    Next(&'a AtomicU64),
    /// A number of the caller.
    Given(u64),
}

impl Numbering<'_> {
    fn number(self) -> u64 {
        match self {
            // ORDERING: Relaxed.
            // Needs: a record that happened before has the smaller number. Gives: coherence.
            // Not needed: an order with the shard, which has a lock. Checks: no model, for that
            // reason.
            Numbering::Next(next) => {
                let more = |number: u64| number.checked_add(1);
                next.fetch_update(Relaxed, Relaxed, more).unwrap_or(NONE).min(NONE - 1)
            }
            Numbering::Given(number) => number.min(NONE - 1),
        }
    }
}

impl<S: Statistic> Shard<S> {
    /// Creates a shard of an action without records.
    pub(crate) fn new(name: Arc<str>, empty: S) -> Self {
        Self {
            key: KeyedName::kept(&name).key(),
            name,
            buffered: AtomicU32::new(0),
            limit: AtomicU32::new(0),
            used: AtomicU64::new(0),
            first: AtomicU64::new(NONE),
            words: std::array::from_fn(|_| AtomicU64::new(0)),
            flushed: Mutex::new(Flushed {
                statistic: empty,
                records: 0,
                changes: 0,
                discarded: 0,
                retired: false,
            }),
        }
    }
}

impl<S: Statistic<Value: AsWords>> Shard<S> {
    /// The number of words of a value.
    const EACH: usize = if S::Value::WORDS == 0 { 1 } else { S::Value::WORDS };
    /// The number of words that values may use. It is 0 if an insertion may panic, because the
    /// caller must see that at once.
    const CAPACITY: u32 =
        if S::NEVER_PANICS { (WORDS / Self::EACH * Self::EACH) as u32 } else { 0 };

    /// Records a value. For the writer only.
    #[inline]
    pub(crate) fn record(&self, value: S::Value, next: &AtomicU64) -> Result<(), Retired> {
        if self.try_push(value) { Ok(()) } else { self.flush(value, Numbering::Next(next)) }
    }

    /// Records a value with a number of the caller. For the writer only.
    #[inline]
    pub(crate) fn record_numbered(&self, value: S::Value, number: u64) -> Result<(), Retired> {
        // ORDERING: Relaxed; see `try_push` for what another thread may have stored.
        if number >= self.first.load(Relaxed) && self.try_push(value) {
            return Ok(());
        }
        self.flush(value, Numbering::Given(number))
    }

    /// Reads the memory that the next record will touch. For the writer only.
    #[inline]
    pub(crate) fn prefetch(&self) -> u64 {
        // ORDERING: Relaxed: the numbers are used for nothing.
        let at = self.buffered.load(Relaxed) as usize;
        self.words.get(at).map_or(0, |word| word.load(Relaxed))
    }

    /// Appends a value to the buffer, and returns whether it is in it.
    ///
    /// It is not if the limit is reached, or if the value does not fit into words; both are for
    /// [`flush`](Self::flush) to handle.
    #[inline]
    fn try_push(&self, value: S::Value) -> bool {
        // ORDERING: `buffered` Relaxed load, Release store; words Relaxed; `limit` Relaxed.
        // Needs: a reader sees the words below the length that it sees; a value recorded after a
        // reset or a retirement goes to the lock.
        // Gives: the Acquire in `Shard::buffered`; a word is overwritten only after the lock was
        // held to flush it. A later value sees the limit of 0 by coherence.
        // Not needed: that a value concurrent with a reset sees it. It is kept, behind the
        // discarded ones.
        // Checks: loom.rs, `a_reader_sees_whole_records`, `a_record_after_a_reset_is_numbered`.
        let buffered = self.buffered.load(Relaxed);
        if buffered >= self.limit.load(Relaxed) {
            return false;
        }
        let mut words = [0; WORDS];
        if !value.write_words(&mut words[..S::Value::WORDS]) {
            return false;
        }
        // ORDERING: as above.
        for (at, &word) in (buffered as usize..).zip(&words[..S::Value::WORDS]) {
            let Some(room) = self.words.get(at) else { return false };
            room.store(word, Relaxed);
        }
        self.buffered.store(buffered + Self::EACH as u32, Release);
        true
    }

    /// Flushes the buffer into the statistic and records a value. For the writer only.
    #[cold]
    #[inline(never)]
    fn flush(&self, value: S::Value, numbering: Numbering<'_>) -> Result<(), Retired> {
        let mut flushed = self.lock();
        if flushed.retired {
            return Err(Retired);
        }
        let buffered = self.buffered(&flushed);
        // First, so that no value is inserted twice if the statistic panics after all.
        // ORDERING: Relaxed, here and for the limit: a reader needs the lock to read them.
        self.buffered.store(0, Relaxed);
        flushed.discarded = 0;
        flushed.records += buffered.len();
        flushed.changes += buffered.len();
        flushed.statistic.insert_all(buffered.values());
        self.limit.store(Self::CAPACITY, Relaxed);
        if !self.try_push(value) {
            flushed.statistic.insert_whole(value);
            flushed.records += 1;
            flushed.changes += 1;
        }
        self.number(numbering);
        Ok(())
    }

    /// Inserts a value into the statistic. For any thread.
    #[cold]
    pub(crate) fn insert(&self, value: S::Value, numbering: Numbering<'_>) -> Result<(), Retired> {
        let mut flushed = self.lock();
        if flushed.retired {
            return Err(Retired);
        }
        flushed.statistic.insert_whole(value);
        flushed.records += 1;
        flushed.changes += 1;
        self.number(numbering);
        Ok(())
    }

    /// Inserts `n` equal values into the statistic, at least one. For any thread.
    pub(crate) fn insert_n(
        &self,
        value: S::Value,
        n: u64,
        numbering: Numbering<'_>,
    ) -> Result<(), Retired> {
        let mut flushed = self.lock();
        if flushed.retired {
            return Err(Retired);
        }
        flushed.statistic.insert_n_whole(value, n);
        flushed.records = flushed.records.saturating_add(n);
        flushed.changes += 1;
        self.number(numbering);
        Ok(())
    }

    /// Merges a statistic whose first record had a number. For any thread.
    pub(crate) fn merge(&self, first: u64, statistic: &S) {
        let mut flushed = self.lock();
        flushed.statistic.merge(statistic);
        flushed.changes += 1;
        self.number(Numbering::Given(first));
    }

    /// Notes the number of a record. The lock is held.
    fn number(&self, numbering: Numbering<'_>) {
        // ORDERING: Relaxed, here and below: written under the lock.
        let first = self.first.load(Relaxed);
        if first == NONE || matches!(numbering, Numbering::Given(number) if number < first) {
            self.first.store(numbering.number(), Relaxed);
        }
    }

    /// Reads the number of the first record, the statistic and the buffered values.
    ///
    /// Returns `None` without a record.
    pub(crate) fn read<R>(
        &self,
        next: &AtomicU64,
        read: impl FnOnce(u64, &S, Buffered<'_>) -> R,
    ) -> Option<R> {
        let flushed = self.lock();
        let buffered = self.buffered(&flushed);
        self.first(buffered, next).map(|first| read(first, &flushed.statistic, buffered))
    }

    /// Returns the number of the first record, if there is one. The lock is held.
    fn first(&self, buffered: Buffered<'_>, next: &AtomicU64) -> Option<u64> {
        if buffered.len() > 0 {
            self.number(Numbering::Next(next)); // A record concurrent with a reset has none yet.
        }
        let first = self.first.load(Relaxed); // ORDERING: as in `number`.
        (first != NONE).then_some(first)
    }

    /// Loads what a reader needs into the cache, without a lock. The result has no meaning.
    #[inline]
    pub(crate) fn fetch(&self) -> u64 {
        // ORDERING: Relaxed: the value is not used.
        self.first.load(Relaxed) ^ u64::from(fetch(&self.flushed))
    }

    /// Discards all records made before.
    pub(crate) fn reset(&self, empty: &S) {
        self.cut().discard(empty);
    }

    /// Locks the shard at one state. Its writer may still append values to the buffer.
    pub(crate) fn cut(&self) -> Cut<'_, S> {
        let flushed = self.lock();
        Cut { shard: self, buffered: self.buffered(&flushed), flushed }
    }

    /// Returns whether the shard is retired.
    pub(crate) fn is_retired(&self) -> bool {
        self.lock().retired
    }

    /// Returns the number of buffered values that were not discarded.
    ///
    /// In a retired shard, these are the records made concurrently with its retirement.
    pub(crate) fn stragglers(&self) -> u64 {
        self.buffered(&self.lock()).len()
    }

    /// Returns whether nothing was recorded since the last discard.
    pub(crate) fn is_empty(&self) -> bool {
        let flushed = self.lock();
        // ORDERING: Relaxed, as in `number`.
        self.first.load(Relaxed) == NONE && self.buffered(&flushed).len() == 0
    }

    /// Returns the buffered words that were not discarded.
    fn buffered<'a>(&'a self, flushed: &MutexGuard<'_, Flushed<S>>) -> Buffered<'a> {
        // ORDERING: Acquire, pairs with the Release in `try_push`; see there.
        let to = self.buffered.load(Acquire) as usize;
        let words = self.words.get(flushed.discarded as usize..to).unwrap_or_default();
        Buffered { words, each: Self::EACH }
    }

    fn lock(&self) -> MutexGuard<'_, Flushed<S>> {
        lock(&self.flushed)
    }
}

impl<S> Shard<S> {
    /// Returns whether the shard belongs to the action of a name with this key.
    #[inline]
    pub(crate) fn is_of(&self, key: Key, name: &str) -> bool {
        self.key == key && (key.is_whole() || *self.name == *name)
    }

    /// Returns the name of the action.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of the last use.
    pub(crate) fn used(&self) -> u64 {
        // ORDERING: Relaxed, here and below: the number only decides which action was idle longest.
        self.used.load(Relaxed)
    }

    /// Notes the number of a use. For the writer only.
    #[inline]
    pub(crate) fn use_at(&self, number: u64) {
        self.used.store(number, Relaxed);
    }

    /// Notes the number of a use. For any thread.
    pub(crate) fn use_at_least(&self, number: u64) {
        self.used.fetch_max(number, Relaxed);
    }
}

/// A state of a shard, whose lock is held.
pub(crate) struct Cut<'a, S> {
    shard: &'a Shard<S>,
    flushed: MutexGuard<'a, Flushed<S>>,
    buffered: Buffered<'a>,
}

impl<S: Statistic<Value: AsWords>> Cut<'_, S> {
    /// Returns the statistic, without the buffered values.
    pub(crate) fn statistic(&self) -> &S {
        &self.flushed.statistic
    }

    /// Returns the buffered values.
    pub(crate) fn buffered(&self) -> Buffered<'_> {
        self.buffered
    }

    /// Returns the number of the first record, if there is one.
    pub(crate) fn first(&self, next: &AtomicU64) -> Option<u64> {
        self.shard.first(self.buffered, next)
    }

    /// Returns a number that grows whenever the contents change.
    pub(crate) fn changes(&self) -> u64 {
        self.flushed.changes + self.buffered.len()
    }

    /// Replaces the contents by a merge that began with them.
    pub(crate) fn replace(&mut self, Merge { sum, first, used }: Merge<S>) {
        *self.flushed = sum;
        if first != NONE {
            self.shard.number(Numbering::Given(first));
        }
        self.shard.use_at_least(used);
    }

    /// Discards all records, accepts no more, and returns how many were discarded.
    pub(crate) fn retire(mut self, empty: &S) -> u64 {
        self.flushed.retired = true;
        self.discard(empty)
    }

    /// Discards all records of the cut, and returns how many these were.
    ///
    /// A value that was buffered after the cut is kept.
    fn discard(self, empty: &S) -> u64 {
        let Self { shard, mut flushed, buffered } = self;
        let records = flushed.records + buffered.len();
        flushed.changes += buffered.len() + 1;
        flushed.statistic = empty.clone();
        flushed.records = 0;
        flushed.discarded += buffered.words.len() as u32;
        // ORDERING: Relaxed, for what the next value must see, as `try_push` says.
        shard.first.store(NONE, Relaxed);
        shard.limit.store(0, Relaxed);
        records
    }
}

/// What several shards without writers recorded, as one.
pub(crate) struct Merge<S> {
    sum: Flushed<S>,
    first: u64,
    used: u64,
}

impl<S: Statistic<Value: AsWords>> Merge<S> {
    /// Copies the contents of a shard, except its buffered values.
    pub(crate) fn of(cut: &Cut<'_, S>) -> Self {
        Self { sum: cut.flushed.clone(), first: NONE, used: 0 }
    }

    /// Adds the contents of another shard, and returns whether they can be added.
    ///
    /// Values that have no number yet stay in their shard, where the next reader numbers them.
    pub(crate) fn add(&mut self, cut: &Cut<'_, S>) -> bool {
        let Self { sum, first, used } = self;
        let (other, buffered) = (&*cut.flushed, cut.buffered);
        let number = cut.shard.first.load(Relaxed); // ORDERING: as in `Shard::number`.
        if number == NONE && buffered.len() > 0 || !sum.statistic.can_merge(&other.statistic) {
            return false;
        }
        sum.statistic.merge(&other.statistic);
        sum.statistic.insert_all(buffered.values());
        sum.records = sum.records.saturating_add(other.records).saturating_add(buffered.len());
        sum.changes += cut.changes();
        (*first, *used) = ((*first).min(number), (*used).max(cut.shard.used()));
        true
    }
}

/// The buffered values of a shard, at rest while its lock is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffered<'a> {
    words: &'a [AtomicU64],
    each: usize,
}

impl<'a> Buffered<'a> {
    fn len(self) -> u64 {
        (self.words.len() / self.each) as u64
    }

    /// Iterates over the values.
    #[inline]
    pub(crate) fn values<V: AsWords>(self) -> impl Iterator<Item = V> + Clone + use<'a, V> {
        self.words.chunks_exact(self.each).map(|chunk| {
            let mut words = [0; WORDS];
            // Both of constant length; otherwise this becomes a loop over memory.
            for (word, buffered) in words[..V::WORDS].iter_mut().zip(&chunk[..V::WORDS]) {
                *word = buffered.load(Relaxed); // ORDERING: as in `Shard::buffered`.
            }
            V::from_words(&words[..V::WORDS])
        })
    }
}

/// Returns the newest bucket of a statistic and its buffered values; `None` if there is none.
pub(crate) type Newest<S> = fn(&S, Buffered<'_>) -> Option<i64>;
