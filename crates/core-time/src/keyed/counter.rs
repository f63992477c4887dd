//! Counts of events for each key.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::counted::{Counted, Event};
use super::error::{KeyedRecordError, KeyedSpecError};
use super::map::{Admission, KeyMap};
use super::spec::KeyedSpec;
use crate::clock::Clock;
use crate::counter::{Merged, RefusedCounts};
use crate::instance::Instance;
use crate::overflow::OverflowCounts;
use crate::ring::{SparseCounts, TimeAxis};
use crate::spec::WindowSpec;
use crate::stamp::Stamp;
use crate::sync::{AtomicI64, Ordering::Relaxed, unpoisoned};

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
    pub(super) axis: TimeAxis,
    pub(super) keys: KeyMap<K, Counted>,
    /// The latest stamp that was ahead of the clock when it was recorded, in nanoseconds.
    ///
    /// Stored before the event is, under the lock of a shard, and loaded under that lock.
    pub(super) latest_ahead: AtomicI64,
    /// When counting began, in nanoseconds.
    pub(super) started: AtomicI64,
    /// Distinguishes this counter from others in snapshots.
    pub(super) instance: Instance,
    /// Locked before all keys are.
    merged: Mutex<Merged>,
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
        Ok(Self::on_one_tier(axis, spec))
    }

    pub(super) fn on_one_tier(axis: TimeAxis, spec: &KeyedSpec) -> Self {
        let now = axis.now();
        Self {
            axis,
            keys: KeyMap::new(spec.keys, spec.when_full, Counted::new(now)),
            latest_ahead: AtomicI64::new(i64::MIN),
            started: AtomicI64::new(now.as_nanos()),
            instance: Instance::draw(),
            merged: Mutex::default(),
        }
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
    /// For each key, up to 2.3 times its own size and 72 bytes in a table, and for each bucket with
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
        self.record_hashed(self.keys.hash(key), key, events)
    }

    /// Records events of a key that happened at a stamp, in the bucket of that stamp.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record), and [`TooOld`](crate::RecordError::TooOld) or
    /// [`TooNew`](crate::RecordError::TooNew).
    pub fn record_at<Q>(&self, key: &Q, stamp: Stamp, events: u64) -> Result<(), KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.record_hashed_at(self.keys.hash(key), key, stamp, events)
    }

    /// Records events now of a key whose hash is known.
    #[inline]
    pub(super) fn record_hashed<Q>(
        &self,
        hash: u64,
        key: &Q,
        events: u64,
    ) -> Result<(), KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        let tick = self.axis.tick_to_record()?;
        self.record_in(hash, key, Event { tick, events, before_start: None })
    }

    /// Records events of a stamp of a key whose hash is known.
    pub(super) fn record_hashed_at<Q>(
        &self,
        hash: u64,
        key: &Q,
        stamp: Stamp,
        events: u64,
    ) -> Result<(), KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        let tick = self.axis.tick_at(stamp)?;
        if stamp > self.axis.now() {
            // ORDERING: Relaxed; the lock of the shard comes after it. See the field.
            self.latest_ahead.fetch_max(stamp.as_nanos(), Relaxed);
        }
        let before_start = Some(stamp).filter(|&stamp| stamp < self.started());
        self.record_in(hash, key, Event { tick, events, before_start })
    }

    fn record_in<Q>(&self, hash: u64, key: &Q, event: Event) -> Result<(), KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Eq + ToOwned<Owned = K> + ?Sized,
    {
        if event.events == 0 {
            return Ok(());
        }
        let recorded = self.keys.upsert(
            hash,
            key,
            |counted| counted.add(event, || self.axis.oldest(), || self.started()),
            Result::is_ok,
            |admission, _| Self::unknown(admission),
            || (self.axis.oldest(), self.loss_now()),
        );
        let Ok(recorded) = recorded else {
            return Err(KeyedRecordError::TooManyKeys { max: self.keys.max() });
        };
        recorded.inspect_err(|refusal| self.axis.refused.add(refusal, 1))?;
        Ok(())
    }

    /// Returns the stamp of a loss of events now.
    ///
    /// Later than the start, which a key is counted from if no events were lost.
    pub(super) fn loss_now(&self) -> Stamp {
        self.axis.now().max(self.started() + Duration::from_nanos(1))
    }

    pub(super) fn started(&self) -> Stamp {
        // ORDERING: Relaxed. A reset, a merge or a restore changes it, and a concurrent record may
        // see either.
        Stamp::from_nanos(self.started.load(Relaxed))
    }

    /// Returns the state of a key without events: counted since events of any key were lost.
    pub(super) fn unknown(admission: &Admission<Counted>) -> Counted {
        Counted::new(admission.lost.unwrap_or(Stamp::MIN).max(admission.other.since))
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
    ///
    /// A key with a [handle](Self::handle) stays, without its events.
    pub fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.keys.remove(key, || self.loss_now(), Counted::new)
    }

    /// Removes the keys for which `keep` returns `false`, and their events. Returns their number.
    ///
    /// A key with a [handle](Self::handle) stays, without its events. `keep` is called for each key
    /// once, under a lock, and must not call the counter.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::KeyedCounter;
    /// let calls = KeyedCounter::<String>::new(Default::default())?;
    /// calls.record("GET /a")?;
    /// calls.record("PUT /a")?;
    /// assert_eq!(calls.retain(|key| key.starts_with("GET")), 1);
    /// assert_eq!(calls.keys(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retain(&self, keep: impl FnMut(&K) -> bool) -> usize {
        self.keys.retain(keep, || self.loss_now(), Counted::new)
    }

    /// Removes the keys whose newest event left the span. Returns their number.
    ///
    /// Not needed: they give way to new keys. Returns their memory at once.
    ///
    /// # Complexity
    ///
    /// Visits all keys.
    pub fn expire(&self) -> usize {
        // What is removed is missing for a clock that steps back afterwards.
        self.axis.observe(self.axis.tick_now());
        self.keys.expire(self.axis.oldest())
    }

    /// Removes all events and counts, and all keys without a [handle](Self::handle).
    pub fn reset(&self) {
        let mut merged = self.lock_merged();
        let now = self.axis.now();
        self.keys.clear(Counted::new(now));
        merged.instances.clear();
        // ORDERING: Relaxed; see `started`.
        self.started.store(now.as_nanos(), Relaxed);
        self.axis.reset_refused();
    }

    /// Locks what is part of snapshots, to change or read it together with the events.
    pub(super) fn lock_merged(&self) -> MutexGuard<'_, Merged> {
        unpoisoned(self.merged.lock())
    }
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
