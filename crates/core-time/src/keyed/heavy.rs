//! The heaviest of very many keys, in bounded memory.
//!
//! Each bucket of time has a summary of its events: a table of a fixed number of keys with a count
//! each. When the table overflows, the median of the counts is subtracted from all, and keys
//! without a rest are dropped. So a count is too small by at most the sum of these medians. At
//! least half of the counts lose a whole median each time, so with `c` counts and `n` events this
//! sum is at most `2 n / (c + 1)`, whatever the events and their order.
//!
//! # References
//!
//! Misra and Gries, "Finding Repeated Elements" (1982), which subtracts 1 at a time. Anderson et
//! al., "A High-Performance Algorithm for Identifying Frequent Items in Data Streams" (2017), which
//! subtracts the median; here the exact one, so that the bound is certain.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::error::KeyedSpecError;
use super::hasher::KeyHasher;
use crate::clock::Clock;
use crate::counter::{BucketRange, Query, RecordError, RefusedCounts, Window, WindowError};
use crate::ring::{RangeCounts, TimeAxis};
use crate::spec::WindowSpec;
use crate::stamp::Stamp;
use crate::sync::unpoisoned;

/// Finds the heaviest of very many keys over sliding windows, in bounded memory.
///
/// For keys that would fill any memory, such as the addresses of an attack. Counts of rare keys are
/// not known; those of heavy ones have a stated error. For up to some millions of keys, a
/// [`KeyedCounter`](crate::KeyedCounter) is exact to the bucket.
///
/// # Accuracy
///
/// In the answer for a key, `events` and `at_least` are never too large, and `at_most` is never too
/// small. Each differs from that of a [`KeyedCounter`](crate::KeyedCounter) by at most `2 n / (c +
/// 1)`, for `n` events of all keys in the buckets of the window and `c` counts in each bucket. So
/// every key with more events than that is among the keys of [`top`](Self::top).
///
/// # Complexity
///
/// Every call takes one lock. A record is a lookup in a table, amortised with the removal of rare
/// keys. A read takes a lookup for each bucket of the window. Memory is at most
/// [`bytes_max`](Self::bytes_max): by the number of buckets and counts, not of keys.
///
/// # Examples
///
/// ```
/// use core_time::{HeavyKeys, WindowSpec};
/// use std::time::Duration;
///
/// let window = Duration::from_secs(60);
/// let spec = WindowSpec::builder().resolution(Duration::from_secs(10)).span(window).build()?;
/// let addresses = HeavyKeys::<u64>::new(spec, 1_000)?;
/// for event in 0..50_000 {
///     addresses.record(&event)?; // Each once.
///     addresses.record(&(event % 2))?;
/// }
/// let top = addresses.top(2, window)?;
/// for (key, count) in &top {
///     assert!(*key < 2 && count.at_most >= 25_000);
///     assert!(count.at_most - count.events <= 2 * 100_000 / 1_001);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HeavyKeys<K> {
    axis: TimeAxis,
    counts_max: usize,
    held: Mutex<Held<K>>,
}

struct Held<K> {
    /// That of all buckets.
    hasher: KeyHasher,
    /// In ascending order of ticks.
    buckets: VecDeque<Bucket<K>>,
    since: Stamp,
    /// The latest stamp that was ahead of the clock when it was recorded.
    latest_ahead: Stamp,
}

struct Bucket<K> {
    tick: i64,
    counts: HashMap<K, u64, KeyHasher>,
    /// The sum of what was subtracted from each count.
    subtracted: u64,
    /// The events of all keys.
    events: u64,
}

impl<K: Hash + Eq> Bucket<K> {
    fn new(tick: i64, hasher: KeyHasher) -> Self {
        Self { tick, counts: HashMap::with_hasher(hasher), subtracted: 0, events: 0 }
    }

    fn add<Q>(&mut self, key: &Q, events: u64, counts_max: usize) -> Result<(), RecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let room = u64::MAX - self.events;
        if events > room {
            return Err(RecordError::Full { events, room });
        }
        if let Some(count) = self.counts.get_mut(key) {
            *count += events;
        } else {
            self.counts.insert(key.to_owned(), events);
        }
        self.events += events;
        if self.counts.len() > counts_max {
            self.subtract_median();
        }
        Ok(())
    }

    #[cold]
    fn subtract_median(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let middle = counts.len() / 2;
        let (_, &mut median, _) = counts.select_nth_unstable(middle);
        self.counts.retain(|_, count| {
            *count = count.saturating_sub(median);
            *count > 0
        });
        self.subtracted += median;
    }
}

impl<K: Hash + Eq> Held<K> {
    fn new(since: Stamp) -> Self {
        let hasher = KeyHasher::default();
        Self { hasher, buckets: VecDeque::new(), since, latest_ahead: Stamp::MIN }
    }

    fn bucket(&mut self, tick: i64) -> &mut Bucket<K> {
        let at = self.buckets.partition_point(|bucket| bucket.tick < tick);
        if self.buckets.get(at).is_none_or(|bucket| bucket.tick != tick) {
            self.buckets.insert(at, Bucket::new(tick, self.hasher.clone()));
        }
        &mut self.buckets[at]
    }

    fn touched(&self, range: BucketRange) -> impl Iterator<Item = &Bucket<K>> {
        let inside =
            move |bucket: &&Bucket<K>| (range.oldest..=range.newest).contains(&bucket.tick);
        self.buckets.iter().filter(inside)
    }
}

/// A moment of the summaries, at which a query is answered.
struct Moment {
    range: BucketRange,
    now: Stamp,
    nothing_is_ahead: bool,
}

impl<K: Hash + Eq> HeavyKeys<K> {
    /// The minimum number of counts in a bucket.
    pub const COUNTS_MIN: usize = 2;

    /// Makes an empty summary with the cheapest system clock that suits the resolution.
    ///
    /// Each bucket has `counts` counts. Buckets should be wide: memory is that of all of them.
    ///
    /// # Errors
    ///
    /// - [`KeyedSpecError::TooManyTiers`] if the window has more than one tier.
    /// - [`KeyedSpecError::TooFewCounts`] below [`COUNTS_MIN`](Self::COUNTS_MIN).
    pub fn new(window: WindowSpec, counts: usize) -> Result<Self, KeyedSpecError> {
        Self::on(TimeAxis::new(window), counts)
    }

    /// Makes an empty summary with a custom clock.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_clock(
        window: WindowSpec,
        counts: usize,
        clock: impl Clock,
    ) -> Result<Self, KeyedSpecError> {
        Self::on(TimeAxis::with_clock(window, clock), counts)
    }

    fn on(axis: TimeAxis, counts_max: usize) -> Result<Self, KeyedSpecError> {
        let (found, min) = (axis.spec.tiers().len(), Self::COUNTS_MIN);
        if found > 1 {
            return Err(KeyedSpecError::TooManyTiers { found });
        }
        if counts_max < min {
            return Err(KeyedSpecError::TooFewCounts { found: counts_max, min });
        }
        let held = Mutex::new(Held::new(axis.now()));
        Ok(Self { axis, counts_max, held })
    }

    /// Returns the maximum memory, in bytes, without what keys allocate themselves.
    ///
    /// For each bucket and count, up to 2.3 times the size of `K` and 8 bytes, and 8 bytes while
    /// rare keys are removed.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        // One more than the limit, in a table that is seven sixteenths full; 16 bytes at its end.
        let counts = self.counts_max.saturating_add(1);
        let slots = counts.saturating_mul(16) / 7 + 16;
        let bucket = slots.saturating_mul(size_of::<(K, u64)>() + 1).saturating_add(128);
        let buckets = usize::try_from(self.axis.spec.finest().reach() + 2).unwrap_or(usize::MAX);
        buckets.saturating_mul(bucket).saturating_add(counts.saturating_mul(8)).saturating_add(128)
    }

    /// Records one event of a key now.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the bucket has 2^64 events, or was evicted and the clock stepped back.
    pub fn record<Q>(&self, key: &Q) -> Result<(), RecordError>
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
    pub fn record_many<Q>(&self, key: &Q, events: u64) -> Result<(), RecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let tick = self.axis.tick_to_record()?;
        self.record_in(&mut self.lock(), key, tick, events)
    }

    /// Records events of a key that happened at a stamp, in the bucket of that stamp.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record), and [`RecordError::TooOld`] or [`RecordError::TooNew`].
    pub fn record_at<Q>(&self, key: &Q, stamp: Stamp, events: u64) -> Result<(), RecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let tick = self.axis.tick_at(stamp)?;
        let is_ahead = stamp > self.axis.now();
        let mut held = self.lock();
        self.record_in(&mut held, key, tick, events)?;
        if events > 0 {
            held.since = held.since.min(stamp);
        }
        if is_ahead {
            held.latest_ahead = held.latest_ahead.max(stamp);
        }
        Ok(())
    }

    fn record_in<Q>(
        &self,
        held: &mut Held<K>,
        key: &Q,
        tick: i64,
        events: u64,
    ) -> Result<(), RecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if events == 0 {
            return Ok(());
        }
        let oldest = self.axis.oldest();
        while held.buckets.front().is_some_and(|bucket| bucket.tick < oldest) {
            held.buckets.pop_front();
        }
        let recorded = held.bucket(tick).add(key, events, self.counts_max);
        recorded.inspect_err(|refusal| self.axis.refused.add(refusal, 1))
    }

    /// Counts the events of a key in the past `window`, with bounds.
    ///
    /// A key that is not among the heaviest has 0 `events`, and an `at_most` above 0.
    ///
    /// # Errors
    ///
    /// As [`KeyedCounter::count`](crate::KeyedCounter::count).
    pub fn count<Q>(&self, key: &Q, window: Duration) -> Result<Window, WindowError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let held = self.lock();
        let moment = self.moment(&held, window)?;
        Ok(self.answer(&held, &moment, key))
    }

    /// Returns up to `number` keys with the most events in the past `window`, the most first.
    ///
    /// Keys with equally many are in their own order.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count).
    pub fn top(&self, number: usize, window: Duration) -> Result<Vec<(K, Window)>, WindowError>
    where
        K: Clone + Ord,
    {
        let held = self.lock();
        let moment = self.moment(&held, window)?;
        let mut keys: Vec<&K> =
            held.touched(moment.range).flat_map(|bucket| bucket.counts.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        let answers = keys.into_iter().map(|key| (key, self.answer(&held, &moment, key)));
        let mut top: Vec<_> = answers.filter(|(_, window)| window.events > 0).collect();
        top.sort_by_key(|(_, window)| std::cmp::Reverse(window.events)); // Keeps the order of keys.
        top.truncate(number);
        Ok(top.into_iter().map(|(key, window)| (key.clone(), window)).collect())
    }

    /// Returns the number of records that were refused, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.axis.refused()
    }

    /// Removes all events and counts of refusals.
    pub fn reset(&self) {
        *self.lock() = Held::new(self.axis.now());
        self.axis.reset_refused();
    }

    /// The clock is read under the lock, so no event that was recorded now is ahead of it.
    fn moment(&self, held: &Held<K>, window: Duration) -> Result<Moment, WindowError> {
        let (range, now) = self.axis.touched(Query::past(&self.axis.spec, window)?)?;
        let nothing_is_ahead = !self.axis.clock.may_step_back() && held.latest_ahead <= now;
        Ok(Moment { range, now, nothing_is_ahead })
    }

    fn answer<Q>(&self, held: &Held<K>, moment: &Moment, key: &Q) -> Window
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let &Moment { range, now, nothing_is_ahead } = moment;
        let (mut fewest, mut most) = (RangeCounts::default(), RangeCounts::default());
        for bucket in held.touched(range) {
            let count = bucket.counts.get(key).copied().unwrap_or_default();
            for (sum, more) in [(&mut fewest, count), (&mut most, count + bucket.subtracted)] {
                let sum = match bucket.tick {
                    tick if tick == range.newest => &mut sum.newest,
                    tick if tick == range.oldest => &mut sum.oldest,
                    _ => &mut sum.between,
                };
                *sum = sum.saturating_add(more);
            }
        }
        let window = |counts| {
            range.window(self.axis.spec.finest(), counts, held.since, now, nothing_is_ahead)
        };
        Window { at_most: window(most).at_most, ..window(fewest) }
    }

    fn lock(&self) -> MutexGuard<'_, Held<K>> {
        unpoisoned(self.held.lock())
    }
}

impl<K> fmt::Debug for HeavyKeys<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeavyKeys")
            .field("spec", &self.axis.spec)
            .field("clock", &self.axis.clock)
            .field("counts", &self.counts_max)
            .finish_non_exhaustive()
    }
}
