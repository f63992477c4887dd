//! A limiter for each key.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;

use super::error::{Exceeded, Remaining};
use super::history::History;
use super::limits::Limits;
use crate::clock::{AnyClock, Clock, MonotonicClock};
use crate::keyed::{Full, KeyMap};
use crate::overflow::{OverflowCounts, WhenFull};

/// Records events of keys, such as users or addresses, as long as no limit of the key is exceeded.
///
/// Each key has the limits of a [`Limiter`](crate::Limiter) to itself, with the same promises.
///
/// # Many keys
///
/// A key takes memory from its first event until its last one has left every window. Then it can be
/// forgotten, and is when the memory is needed. While [`keys_max`](Self::keys_max) keys have events
/// in a window, all further keys share the limits of one key. So none of them exceeds its limits,
/// but they can be refused because of each other; [`overflow`](Self::overflow) counts their calls.
/// A key that is kept apart later begins with what these keys used, because that may have been its
/// own.
///
/// # Complexity
///
/// As a [`Limiter`](crate::Limiter), with one lookup in a table and one lock, of a 64th of the
/// keys. A new key also takes a lock of all keys and allocates. When the limit is reached, a new
/// key visits all keys, at most once for each bucket of time. Memory is at most
/// [`bytes_max`](Self::bytes_max).
///
/// # Concurrency
///
/// Calls are linearizable. The code of `K` runs under a lock and must not call the limiter.
///
/// # Examples
///
/// ```
/// use core_time::{KeyedLimiter, Limit, Limits};
///
/// let limiter = KeyedLimiter::<String>::new(Limits::new([Limit::per_minute(2)])?);
/// assert!(limiter.try_record("alice").is_ok());
/// assert!(limiter.try_record("alice").is_ok());
/// assert!(limiter.try_record("alice").is_err());
/// assert_eq!(limiter.try_record("bob")?.events, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyedLimiter<K> {
    limits: Limits,
    clock: AnyClock,
    keys: KeyMap<K, History>,
}

impl<K: Hash + Eq> KeyedLimiter<K> {
    /// The default maximum number of keys.
    pub const KEYS_MAX: usize = 1 << 16;

    /// Makes a limiter of up to [`KEYS_MAX`](Self::KEYS_MAX) keys with the monotonic clock.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::with_clock(limits, Self::KEYS_MAX, MonotonicClock)
    }

    /// Makes a limiter of up to `keys_max` keys with a custom clock.
    ///
    /// Which clocks are safe is described at [`Limiter`](crate::Limiter#clocks).
    #[must_use]
    pub fn with_clock(limits: Limits, keys_max: usize, clock: impl Clock) -> Self {
        let keys = KeyMap::new(keys_max, WhenFull::Fold, History::default());
        Self { limits, clock: AnyClock::new(clock), keys }
    }

    /// Returns the limits of each key.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the maximum number of keys that have limits to themselves.
    #[must_use]
    pub fn keys_max(&self) -> usize {
        self.keys.max()
    }

    /// Returns the number of keys in memory.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Returns the maximum memory, in bytes, without what keys allocate themselves.
    ///
    /// For each key, up to 2.3 times its own size and that of its history in a table, and
    /// [`Limits::history_bytes_max`]; 8 KiB for tables without keys.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        let key = KeyMap::<K, History>::KEY_BYTES + self.limits.history_bytes_max();
        self.keys_max()
            .saturating_add(1)
            .saturating_mul(key)
            .saturating_add(KeyMap::<K, History>::EMPTY_BYTES)
    }

    /// Records one event of a key now, unless a limit would be exceeded.
    ///
    /// # Errors
    ///
    /// [`Exceeded`] if a limit of the key is reached.
    pub fn try_record<Q>(&self, key: &Q) -> Result<Remaining, Exceeded>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.try_record_many(key, 1)
    }

    /// Records a number of events of a key now, all or none.
    ///
    /// Zero events are always accepted: they return what remains.
    ///
    /// # Errors
    ///
    /// [`Exceeded`] if a limit of the key would be exceeded.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{KeyedLimiter, Limit, Limits};
    /// let limiter = KeyedLimiter::<u64>::new(Limits::new([Limit::per_hour(100)])?);
    /// assert_eq!(limiter.try_record_many(&7, 60)?.events, 40);
    /// assert!(limiter.try_record_many(&7, 41).is_err());
    /// assert_eq!(limiter.try_record_many(&8, 41)?.events, 59);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_record_many<Q>(&self, key: &Q, events: u64) -> Result<Remaining, Exceeded>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let change = |history: &mut History| {
            self.limits.try_record(history, self.clock.now_of_limiter(), events)
        };
        let keeps = |recorded: &Result<_, _>| recorded.is_ok() && events > 0;
        let oldest = || {
            let now = self.clock.now();
            (self.limits.oldest(now), now)
        };
        let recorded = self.keys.upsert(
            self.keys.hash(key),
            key,
            change,
            keeps,
            |admission, oldest| {
                let mut shared = admission.other.clone();
                shared.counts.evict_before(oldest);
                shared
            },
            oldest,
        );
        recorded.unwrap_or_else(|Full| unreachable!("keys beyond the limit are folded"))
    }

    /// Returns the number of calls for keys beyond the limit, and of keys that expired.
    #[must_use]
    pub fn overflow(&self) -> OverflowCounts {
        self.keys.admission().overflow
    }

    /// Removes a key and its events, so that its limits are unused. Returns whether it existed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{KeyedLimiter, Limit, Limits};
    /// let limiter = KeyedLimiter::<String>::new(Limits::new([Limit::per_hour(1)])?);
    /// limiter.try_record("alice")?;
    /// assert!(limiter.remove("alice") && limiter.try_record("alice").is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.keys.remove(key, || self.clock.now(), |_| History::default())
    }

    /// Removes the keys for which `keep` returns `false`, and their events. Returns their number.
    ///
    /// `keep` is called for each key once, under a lock, and must not call the limiter.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{KeyedLimiter, Limit, Limits};
    /// let limiter = KeyedLimiter::<u64>::new(Limits::new([Limit::per_hour(1)])?);
    /// limiter.try_record(&1)?;
    /// limiter.try_record(&2)?;
    /// assert_eq!(limiter.retain(|key| *key == 1), 1);
    /// assert!(limiter.try_record(&1).is_err() && limiter.try_record(&2).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retain(&self, keep: impl FnMut(&K) -> bool) -> usize {
        self.keys.retain(keep, || self.clock.now(), |_| History::default())
    }

    /// Removes the keys without events in any window. Returns their number.
    ///
    /// Not needed: they give way to new keys. Returns their memory at once.
    ///
    /// # Complexity
    ///
    /// Visits all keys.
    pub fn expire(&self) -> usize {
        self.keys.expire(self.limits.oldest(self.clock.now()))
    }

    /// Removes all keys and counts.
    pub fn reset(&self) {
        self.keys.clear(History::default());
    }
}

impl<K: Hash + Eq> fmt::Debug for KeyedLimiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedLimiter")
            .field("limits", &self.limits)
            .field("clock", &self.clock)
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}
