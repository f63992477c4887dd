//! Counts of events for each key.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use super::error::{KeyedRecordError, KeyedSpecError};
use super::map::{Admission, KeyMap, State};
use super::spec::KeyedSpec;
use crate::clock::Clock;
use crate::counter::{Query, RecordError, RefusedCounts, Window, WindowError};
use crate::overflow::OverflowCounts;
use crate::ring::{SparseCounts, TimeAxis};
use crate::spec::WindowSpec;
use crate::stamp::{Interval, Stamp};
use crate::sync::{AtomicI64, Ordering::Relaxed};

/// Counts the events of many keys over sliding windows of time.
///
/// For each key, the same windows and bounds as an [`EventCounter`](crate::EventCounter), in memory
/// that follows the buckets in which the key has events: an idle key of 16 bytes takes less than
/// 300 bytes.
///
/// # Many keys
///
/// [`KeyedSpec::keys`] limits the number of keys. A key gives way once no window covers its newest
/// event. While all keys have events in a window, [`KeyedSpec::when_full`] determines what happens
/// to a new one. The events of a key that was refused, folded, evicted or removed are not in its
/// later answers; `coverage.elapsed` of an answer says for how long the key was counted.
///
/// # Accuracy
///
/// As an [`EventCounter`](crate::EventCounter). Clocks that step back are treated as by a
/// [`TimeAxis`].
///
/// # Complexity
///
/// A record takes one lookup in a table, one read of the clock and the lock of one of 64 shards. A
/// record in an older bucket takes one step for each later bucket of the key. A new key also takes
/// a lock of all keys and allocates; if the counter is full, it visits all keys, at most once in a
/// bucket, or once for each sixteenth of the keys that it evicts. A read takes the logarithm of the
/// number of buckets.
///
/// # Concurrency
///
/// Each answer is of one moment of its key. The code of `K` runs under a lock and must not call the
/// counter. After `fork`, the same applies as for an [`EventCounter`](crate::EventCounter).
///
/// # Examples
///
/// ```
/// use core_time::{KeyedCounter, ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let logins = KeyedCounter::<String>::with_clock(Default::default(), clock.clone())?;
/// logins.record("alice")?;
/// logins.record_many("bob", 3)?;
/// clock.advance(Duration::from_secs(30));
/// logins.record("alice")?;
///
/// let minute = Duration::from_secs(60);
/// assert_eq!(logins.count("alice", minute)?.events, 2);
/// assert_eq!(logins.count("alice", minute)?.rate(), Some(2.0 / 30.0));
/// let top: Vec<_> = logins.top(1, minute)?.into_iter().map(|(key, _)| key).collect();
/// assert_eq!(top, ["bob"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyedCounter<K> {
    axis: TimeAxis,
    keys: KeyMap<K, Counted>,
    /// The latest stamp that was ahead of the clock when it was recorded, in nanoseconds.
    ///
    /// Stored before the event is, under the lock of a shard, and loaded under that lock.
    latest_ahead: AtomicI64,
    /// When counting began, in nanoseconds.
    started: AtomicI64,
}

/// The events of a key.
struct Counted {
    counts: SparseCounts,
    /// When counting of the key began: with the counter, unless events of keys were lost since.
    since: Stamp,
}

/// A record: where, and how far back a key is counted with it.
#[derive(Clone, Copy)]
struct Event {
    tick: i64,
    events: u64,
    /// The stamp of the events, if it is before the start of the counter.
    before_start: Option<Stamp>,
}

impl Counted {
    fn new(since: Stamp) -> Self {
        Self { counts: SparseCounts::default(), since }
    }

    #[inline]
    fn add(
        &mut self,
        event: Event,
        oldest: impl Fn() -> i64,
        started: impl Fn() -> Stamp,
    ) -> Result<(), RecordError> {
        let Event { tick, events, before_start } = event;
        let is_newest = before_start.is_none() && self.counts.newest() == Some(tick);
        if is_newest && self.counts.add_to_newest(events) {
            return Ok(());
        }
        self.counts.evict_before(oldest());
        self.counts.add(tick, events).map_err(|room| RecordError::Full { events, room })?;
        // Not if the key is counted since later, because older events were lost.
        if let Some(stamp) = before_start.filter(|_| self.since <= started()) {
            self.since = self.since.min(stamp);
        }
        Ok(())
    }
}

impl State for Counted {
    fn is_expired(&self, oldest: i64) -> bool {
        self.counts.is_expired(oldest)
    }

    fn events(&self) -> u64 {
        self.counts.events()
    }
}

impl<K: Hash + Eq> KeyedCounter<K> {
    /// Makes a counter with the cheapest system clock that suits the resolution.
    ///
    /// # Errors
    ///
    /// [`KeyedSpecError::TooManyTiers`] if the window has more than one tier.
    pub fn new(spec: KeyedSpec) -> Result<Self, KeyedSpecError> {
        let axis = TimeAxis::new(spec.window.clone());
        Self::on(axis, &spec)
    }

    /// Makes a counter with a custom clock.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_clock(spec: KeyedSpec, clock: impl Clock) -> Result<Self, KeyedSpecError> {
        let axis = TimeAxis::with_clock(spec.window.clone(), clock);
        Self::on(axis, &spec)
    }

    fn on(axis: TimeAxis, spec: &KeyedSpec) -> Result<Self, KeyedSpecError> {
        let found = spec.window.tiers().len();
        if found > 1 {
            return Err(KeyedSpecError::TooManyTiers { found });
        }
        let now = axis.now();
        Ok(Self {
            axis,
            keys: KeyMap::new(spec.keys, spec.when_full, Counted::new(now)),
            latest_ahead: AtomicI64::new(i64::MIN),
            started: AtomicI64::new(now.as_nanos()),
        })
    }

    /// Returns the resolution, span and tolerance of the counter.
    #[must_use]
    pub fn window_spec(&self) -> &WindowSpec {
        self.axis.spec()
    }

    /// Returns the time of the counter's clock.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.axis.now()
    }

    /// Returns the number of keys in memory.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Returns the maximum memory of a counter, in bytes, without what keys allocate themselves.
    ///
    /// For each key, up to 2.3 times its own size and 64 bytes in a table, and for each bucket with
    /// events 16 bytes, in a queue that may be half empty; 8 KiB for tables without keys.
    #[must_use]
    pub fn bytes_max(spec: &KeyedSpec) -> usize {
        let buckets = usize::try_from(spec.window.finest().reach()).unwrap_or(usize::MAX);
        let queue = buckets.saturating_add(2).saturating_mul(2 * SparseCounts::BUCKET_BYTES);
        let key = queue.saturating_add(KeyMap::<K, Counted>::KEY_BYTES);
        let keys = spec.keys.saturating_add(1).saturating_mul(key);
        keys.saturating_add(KeyMap::<K, Counted>::EMPTY_BYTES)
    }

    /// Records one event of a key now.
    ///
    /// # Errors
    ///
    /// - [`KeyedRecordError::TooManyKeys`] if the key is new, the counter is full and refuses keys.
    /// - [`KeyedRecordError::Record`] if the buckets of the key have no room, or the bucket was
    ///   evicted and the clock stepped back since then.
    pub fn record<Q>(&self, key: &Q) -> Result<(), KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.record_many(key, 1)
    }

    /// Records a number of events of a key now.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn record_many<Q>(&self, key: &Q, events: u64) -> Result<(), KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let tick = self.axis.tick_to_record()?;
        self.record_in(key, Event { tick, events, before_start: None })
    }

    /// Records events of a key that happened at a stamp, in the bucket of that stamp.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record), and [`RecordError::TooOld`] or [`RecordError::TooNew`].
    pub fn record_at<Q>(&self, key: &Q, stamp: Stamp, events: u64) -> Result<(), KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let tick = self.axis.tick_at(stamp)?;
        if stamp > self.axis.now() {
            // ORDERING: Relaxed; the lock of the shard comes after it. See the field.
            self.latest_ahead.fetch_max(stamp.as_nanos(), Relaxed);
        }
        let before_start = Some(stamp).filter(|&stamp| stamp < self.started());
        self.record_in(key, Event { tick, events, before_start })
    }

    fn record_in<Q>(&self, key: &Q, event: Event) -> Result<(), KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if event.events == 0 {
            return Ok(());
        }
        let recorded = self.keys.upsert(
            key,
            |counted| counted.add(event, || self.axis.oldest(), || self.started()),
            Result::is_ok,
            |admission, _| Self::unknown(admission),
            || (self.axis.oldest(), self.axis.now()),
        );
        let Ok(recorded) = recorded else {
            return Err(KeyedRecordError::TooManyKeys { max: self.keys.max() });
        };
        recorded.inspect_err(|refusal| self.axis.refused.add(refusal, 1))?;
        Ok(())
    }

    fn started(&self) -> Stamp {
        // ORDERING: Relaxed. Only a reset changes it, and a concurrent record may see either.
        Stamp::from_nanos(self.started.load(Relaxed))
    }

    /// Returns the state of a key without events: counted since events of any key were lost.
    fn unknown(admission: &Admission<Counted>) -> Counted {
        Counted::new(admission.lost.unwrap_or(Stamp::MIN).max(admission.other.since))
    }

    /// Counts the events of a key in the past `window`, with bounds.
    ///
    /// A key without events has an answer of 0. A read changes nothing.
    ///
    /// # Errors
    ///
    /// - [`WindowError::LongerThanSpan`] if `window` is longer than the span.
    /// - [`WindowError::Evicted`] if the clock stepped back and buckets were evicted before.
    pub fn count<Q>(&self, key: &Q, window: Duration) -> Result<Window, WindowError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.ask(key, Query::past(self.axis.spec(), window)?)
    }

    /// Counts the events of a key in an interval `from..to`, with bounds.
    ///
    /// # Errors
    ///
    /// - [`WindowError::BeforeSpan`] if it begins further back than the span.
    /// - [`WindowError::Backwards`] if it ends before it begins.
    /// - [`WindowError::Evicted`] as [`count`](Self::count).
    pub fn count_between<Q>(
        &self,
        key: &Q,
        interval: impl Into<Interval>,
    ) -> Result<Window, WindowError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.ask(key, Query::between(interval.into())?)
    }

    fn ask<Q>(&self, key: &Q, query: Query) -> Result<Window, WindowError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let found = self.keys.get(key, |counted| self.answer(query, counted));
        found.unwrap_or_else(|| self.answer(query, &Self::unknown(&self.keys.admission())))
    }

    /// Answers a query for one key, under the lock of its shard.
    ///
    /// The clock is read under the lock, so no event that was recorded now is ahead of it.
    fn answer(&self, query: Query, counted: &Counted) -> Result<Window, WindowError> {
        let (range, now) = self.axis.touched(query)?;
        let counts = counted.counts.read(range.oldest, range.newest);
        // ORDERING: Relaxed; under the lock under which the event was recorded. See the field.
        let latest_ahead = self.latest_ahead.load(Relaxed);
        let nothing_is_ahead = !self.axis.clock.may_step_back() && latest_ahead <= now.as_nanos();
        Ok(range.window(self.axis.spec.finest(), counts, counted.since, now, nothing_is_ahead))
    }

    /// Returns up to `number` keys with the most events in the past `window`, the most first.
    ///
    /// Keys with equally many are in their own order. Keys without events, and those that were
    /// folded, are left out.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count).
    ///
    /// # Complexity
    ///
    /// Visits all keys, one shard after the other, each at its own moment. Copies at most twice
    /// `number` keys at a time.
    pub fn top(&self, number: usize, window: Duration) -> Result<Vec<(K, Window)>, WindowError>
    where
        K: Clone + Ord,
    {
        let query = Query::past(self.axis.spec(), window)?;
        let mut top: Vec<(K, Window)> = Vec::new();
        let mut fewest = 1; // Fewer events cannot be among the most.
        self.keys.for_each_shard(|keys| {
            for (key, counted) in keys {
                let window = self.answer(query, counted)?;
                if window.events < fewest || number == 0 {
                    continue;
                }
                top.push((key.clone(), window));
                if top.len() > number.saturating_mul(2) {
                    keep_top(&mut top, number);
                    fewest = top[number - 1].1.events;
                }
            }
            Ok(())
        })?;
        keep_top(&mut top, number);
        Ok(top)
    }

    /// Counts the folded events of all keys beyond the limit.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count).
    pub fn count_other(&self, window: Duration) -> Result<Window, WindowError> {
        let query = Query::past(self.axis.spec(), window)?;
        self.answer(query, &self.keys.admission().other)
    }

    /// Returns the counts of what exceeded the limit of keys.
    #[must_use]
    pub fn overflow(&self) -> OverflowCounts {
        self.keys.admission().overflow
    }

    /// Returns the number of records that were refused for their stamps or buckets, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.axis.refused()
    }

    /// Removes a key and its events. Returns whether it existed.
    pub fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.keys.remove(key, || self.axis.now()).is_some()
    }

    /// Removes all keys, events and counts.
    pub fn reset(&self) {
        let now = self.axis.now();
        self.keys.clear(Counted::new(now));
        // ORDERING: Relaxed; see `started`.
        self.started.store(now.as_nanos(), Relaxed);
        self.axis.reset_refused();
    }
}

fn keep_top<K: Ord>(top: &mut Vec<(K, Window)>, number: usize) {
    top.sort_unstable_by(|(a, x), (b, y)| y.events.cmp(&x.events).then_with(|| a.cmp(b)));
    top.truncate(number);
}

impl<K: Hash + Eq> fmt::Debug for KeyedCounter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedCounter")
            .field("spec", self.axis.spec())
            .field("clock", &self.axis.clock)
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}
