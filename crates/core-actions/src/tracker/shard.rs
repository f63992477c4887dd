//! What one writer recorded of one action: a statistic, and a few values that wait to go into it.
//!
//! A record puts its value behind those that wait and publishes how many there are: two stores into
//! memory that nobody else writes, and no lock. When there is no room left, the writer takes the
//! lock and inserts all that wait at once, which costs less than one by one. So the statistic may
//! be of any kind, as nobody touches it but under the lock, and a reader that holds it finds
//! everything at rest: the statistic, and below the published number values that no one writes
//! until they have been inserted. It always gets its cut, at once, and holds the writer up for one
//! copy of the statistic at most, and only if the writer is out of room just then.
//!
//! A version counter over a statistic made of atomics costs about the same, but only those can be
//! kept that are made of atomics, and beside a busy writer a reader starves once a copy takes
//! longer than the writer's pause.
//!
//! Whoever forgets what a part holds, be it for good, cannot take back the values that wait,
//! because their number belongs to the writer. It notes how many they are, and sends the writer, by
//! a limit of none, to the lock with its next value.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use core_time::Statistic;

use crate::action::key::{Key, KeyedName};
use crate::action::words::AsWords;
use crate::sync::{AtomicU32, AtomicU64, Mutex, MutexGuard, lock};

/// How many words there are for values that wait: with what else the writer needs, four cache
/// lines. With fewer the lock is taken more often; many more make parts larger than what they hold.
#[cfg(not(loom))]
const WORDS: usize = 26;
/// So few that a model fills them, and so many that not all wait under the lock.
#[cfg(loom)]
const WORDS: usize = 4;

/// The number of a first record that was not.
const NONE: u64 = u64::MAX;

/// What one writer recorded of one action.
#[derive(Debug)]
#[repr(C)] // What the writer needs for a record comes first, and together.
pub(crate) struct Part<S> {
    /// What the part is found by.
    pub(crate) key: Key,
    /// How many words wait. Belongs to the writer.
    waiting: AtomicU32,
    /// How many may; 0 to send the writer to the lock.
    limit: AtomicU32,
    /// When the writer last recorded, where that matters.
    used: AtomicU64,
    /// The smallest number of a record. Changed under the lock.
    first: AtomicU64,
    words: [AtomicU64; WORDS],
    /// Of the action.
    name: Arc<str>,
    settled: Mutex<Settled<S>>,
}

/// What of a part is behind its lock.
#[derive(Debug, Default)]
struct Settled<S> {
    statistic: S,
    /// How many values went into the statistic.
    records: u64,
    /// How many of the words that wait were forgotten.
    forgotten: u32,
    /// Whether the part was given up for good.
    retired: bool,
}

/// The part was given up: what is to be recorded needs another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Retired;

/// Where the next number of a record comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Numbering<'a> {
    /// The next one.
    Next(&'a AtomicU64),
    /// The caller.
    Given(u64),
}

impl Numbering<'_> {
    fn number(self) -> u64 {
        match self {
            // ORDERING: Relaxed.
            // Needs: a record that happened before has the smaller number. Gives: coherence.
            // Not needed: any order towards the part, which has a lock. Checks: no model,
            // therefore.
            Numbering::Next(next) => {
                let more = |number: u64| number.checked_add(1);
                next.fetch_update(Relaxed, Relaxed, more).unwrap_or(NONE).min(NONE - 1)
            }
            Numbering::Given(number) => number.min(NONE - 1),
        }
    }
}

impl<S: Statistic> Part<S> {
    /// A part of an action with nothing in it but an empty statistic.
    pub(crate) fn new(name: Arc<str>, empty: S) -> Self {
        Self {
            key: KeyedName::kept(&name).key(),
            name,
            waiting: AtomicU32::new(0),
            limit: AtomicU32::new(0),
            used: AtomicU64::new(0),
            first: AtomicU64::new(NONE),
            words: std::array::from_fn(|_| AtomicU64::new(0)),
            settled: Mutex::new(Settled {
                statistic: empty,
                records: 0,
                forgotten: 0,
                retired: false,
            }),
        }
    }
}

impl<S: Statistic<Value: AsWords>> Part<S> {
    /// How many words a value takes.
    const EACH: usize = if S::Value::WORDS == 0 { 1 } else { S::Value::WORDS };
    /// How many words may wait: none, if inserting may panic, as that must be seen at once.
    const ROOM: u32 = if S::NEVER_PANICS { (WORDS / Self::EACH * Self::EACH) as u32 } else { 0 };

    /// Takes a value in. For the writer alone.
    #[inline]
    pub(crate) fn record(&self, value: S::Value, next: &AtomicU64) -> Result<(), Retired> {
        if self.wait(value) { Ok(()) } else { self.settle(value, Numbering::Next(next)) }
    }

    /// Takes a value in with a number of the caller's. For the writer alone.
    #[inline]
    pub(crate) fn record_numbered(&self, value: S::Value, number: u64) -> Result<(), Retired> {
        // ORDERING: Relaxed; see `wait` for what another thread may have stored.
        if number >= self.first.load(Relaxed) && self.wait(value) {
            return Ok(());
        }
        self.settle(value, Numbering::Given(number))
    }

    /// Puts a value behind those that wait, if there is room.
    #[inline]
    fn wait(&self, value: S::Value) -> bool {
        // ORDERING: `waiting` Relaxed load, Release store; words Relaxed; `limit` Relaxed.
        // Needs: a reader sees the words of the number that it sees; a value that comes after a
        // reset or a retirement goes to the lock.
        // Gives: the Acquire in `Part::waiting`; a word is not written again before the lock was
        // held to insert it. What comes after sees the limit of none by coherence.
        // Not needed: that a value beside a reset sees it. It is kept, behind what was forgotten.
        // Checks: loom.rs, `a_reader_sees_whole_records`, `what_comes_after_a_reset_is_numbered`.
        let waiting = self.waiting.load(Relaxed);
        if waiting >= self.limit.load(Relaxed) {
            return false;
        }
        let mut words = [0; WORDS];
        if !value.write_words(&mut words[..S::Value::WORDS]) {
            return false;
        }
        // ORDERING: as above.
        for (at, &word) in (waiting as usize..).zip(&words[..S::Value::WORDS]) {
            let Some(room) = self.words.get(at) else { return false };
            room.store(word, Relaxed);
        }
        self.waiting.store(waiting + Self::EACH as u32, Release);
        true
    }

    /// Inserts all that wait, and lets a value wait in their stead. For the writer alone.
    #[cold]
    #[inline(never)]
    fn settle(&self, value: S::Value, numbering: Numbering<'_>) -> Result<(), Retired> {
        let mut settled = self.lock();
        if settled.retired {
            return Err(Retired);
        }
        let waiting = self.waiting(&settled);
        // First, so that no value is met twice should the statistic panic after all.
        // ORDERING: Relaxed, here and for the limit: a reader needs the lock to look.
        self.waiting.store(0, Relaxed);
        settled.forgotten = 0;
        settled.records += waiting.len();
        settled.statistic.insert_all(waiting.values());
        self.limit.store(Self::ROOM, Relaxed);
        if !self.wait(value) {
            settled.statistic.insert_whole(value);
            settled.records += 1;
        }
        self.number(numbering);
        Ok(())
    }

    /// Takes a value in at once. For anybody.
    #[cold]
    pub(crate) fn insert(&self, value: S::Value, numbering: Numbering<'_>) -> Result<(), Retired> {
        let mut settled = self.lock();
        if settled.retired {
            return Err(Retired);
        }
        settled.statistic.insert_whole(value);
        settled.records += 1;
        self.number(numbering);
        Ok(())
    }

    /// Takes in all that another statistic did, whose first record had a number. For anybody.
    pub(crate) fn merge(&self, first: u64, statistic: &S) {
        let mut settled = self.lock();
        settled.statistic.merge(statistic);
        self.number(Numbering::Given(first));
    }

    /// Notes the number of a record, under the lock.
    fn number(&self, numbering: Numbering<'_>) {
        // ORDERING: Relaxed, here and below: written under the lock.
        let first = self.first.load(Relaxed);
        if first == NONE || matches!(numbering, Numbering::Given(number) if number < first) {
            self.first.store(numbering.number(), Relaxed);
        }
    }

    /// Reads all that was recorded, if anything was: the number of the first record, the statistic,
    /// and the values that wait to go into it.
    pub(crate) fn read<R>(
        &self,
        next: &AtomicU64,
        read: impl FnOnce(u64, &S, Waiting<'_>) -> R,
    ) -> Option<R> {
        let settled = self.lock();
        let waiting = self.waiting(&settled);
        if waiting.len() > 0 {
            self.number(Numbering::Next(next)); // A value that came beside a reset has none yet.
        }
        let first = self.first.load(Relaxed); // ORDERING: as in `number`.
        (first != NONE).then(|| read(first, &settled.statistic, waiting))
    }

    /// Forgets all that was recorded before.
    pub(crate) fn reset(&self, empty: &S) {
        self.cut().forget(empty);
    }

    /// What the part holds, at rest but for values that its writer puts behind those that wait.
    pub(crate) fn cut(&self) -> Cut<'_, S> {
        let settled = self.lock();
        Cut { part: self, waiting: self.waiting(&settled), settled }
    }

    /// Whether it was given up.
    pub(crate) fn is_retired(&self) -> bool {
        self.lock().retired
    }

    /// How many values came since all was forgotten, if none of them found it so.
    ///
    /// Of a part that was given up, those that came beside that.
    pub(crate) fn stragglers(&self) -> u64 {
        self.waiting(&self.lock()).len()
    }

    /// Whether nothing was recorded since all was forgotten.
    pub(crate) fn is_empty(&self) -> bool {
        let settled = self.lock();
        // ORDERING: Relaxed, as in `number`.
        self.first.load(Relaxed) == NONE && self.waiting(&settled).len() == 0
    }

    /// The words that wait and were not forgotten.
    fn waiting<'a>(&'a self, settled: &MutexGuard<'_, Settled<S>>) -> Waiting<'a> {
        // ORDERING: Acquire, for the Release of `wait`; see there.
        let to = self.waiting.load(Acquire) as usize;
        let words = self.words.get(settled.forgotten as usize..to).unwrap_or_default();
        Waiting { words, each: Self::EACH }
    }

    fn lock(&self) -> MutexGuard<'_, Settled<S>> {
        lock(&self.settled)
    }
}

impl<S> Part<S> {
    /// Whether this is a part of the action of a name, which has this key.
    #[inline]
    pub(crate) fn is_of(&self, key: Key, name: &str) -> bool {
        self.key == key && (key.is_whole() || *self.name == *name)
    }

    /// The name of the action.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// When the writer last recorded, by its own count.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed) // ORDERING: Relaxed, here and below: which was idle for longest.
    }

    /// Notes when the writer recorded. For the writer alone.
    #[inline]
    pub(crate) fn use_at(&self, count: u64) {
        self.used.store(count, Relaxed);
    }

    /// Notes that somebody recorded in the stead of the writer.
    pub(crate) fn use_at_least(&self, count: u64) {
        self.used.fetch_max(count, Relaxed);
    }
}

/// What a part holds at one look, while its lock is held.
pub(crate) struct Cut<'a, S> {
    part: &'a Part<S>,
    settled: MutexGuard<'a, Settled<S>>,
    waiting: Waiting<'a>,
}

impl<S: Statistic<Value: AsWords>> Cut<'_, S> {
    pub(crate) fn statistic(&self) -> &S {
        &self.settled.statistic
    }

    pub(crate) fn waiting(&self) -> Waiting<'_> {
        self.waiting
    }

    /// Forgets all, and accepts nothing any more. Returns how many records were forgotten.
    pub(crate) fn retire(mut self, empty: &S) -> u64 {
        self.settled.retired = true;
        self.forget(empty)
    }

    /// Forgets all, and returns how many records that were. A value that came after the look was
    /// not forgotten.
    fn forget(self, empty: &S) -> u64 {
        let Self { part, mut settled, waiting } = self;
        let records = settled.records + waiting.len();
        let forgotten = settled.forgotten + waiting.words.len() as u32;
        *settled = Settled { statistic: empty.clone(), records: 0, forgotten, ..*settled };
        // ORDERING: Relaxed, for what the next value must see, as `wait` says.
        part.first.store(NONE, Relaxed);
        part.limit.store(0, Relaxed);
        records
    }
}

/// The words that wait, at rest while the lock is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting<'a> {
    words: &'a [AtomicU64],
    each: usize,
}

impl<'a> Waiting<'a> {
    fn len(self) -> u64 {
        (self.words.len() / self.each) as u64
    }

    #[inline]
    pub(crate) fn values<V: AsWords>(self) -> impl Iterator<Item = V> + Clone + use<'a, V> {
        self.words.chunks_exact(self.each).map(|chunk| {
            let mut words = [0; WORDS];
            // Both of a length that is known: else this is a loop over memory where it is called.
            for (word, waiting) in words[..V::WORDS].iter_mut().zip(&chunk[..V::WORDS]) {
                *word = waiting.load(Relaxed); // ORDERING: as `Part::waiting`, which saw them.
            }
            V::from_words(&words[..V::WORDS])
        })
    }
}

/// The newest bucket that a part has something in, of its statistic and the values that wait.
pub(crate) type Newest<S> = fn(&S, Waiting<'_>) -> Option<i64>;
