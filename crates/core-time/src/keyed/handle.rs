//! Handles: a key of a counter, found once.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use super::counter::KeyedCounter;
use super::error::KeyedRecordError;
use crate::counter::{Query, RecordError, Series, Window, WindowError};
use crate::stamp::{Interval, Stamp};

/// Records and counts the events of one key of a [`KeyedCounter`], without hashing it.
///
/// For a `static`, a task or the state of a service: threads share it, and it keeps the counter.
/// The key stays while it has a handle, also without events: it is never evicted or refused. Making
/// and dropping a handle takes a lock of all keys, so keep it.
///
/// Where the counter is full and [folds](crate::WhenFull::Fold) keys when the handle is made, each
/// record of the handle is like one by the key: folded, until there is room.
///
/// # Examples
///
/// ```
/// use core_time::{KeyHandle, KeyedCounter};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// let calls = Arc::new(KeyedCounter::<String>::new(Default::default())?);
/// let checkout: KeyHandle<String> = calls.handle("checkout")?;
/// std::thread::spawn(move || checkout.record()).join().unwrap();
/// assert_eq!(calls.count("checkout", Duration::from_secs(60))?.events, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyHandle<K: Hash + Eq + Clone> {
    counter: Arc<KeyedCounter<K>>,
    key: K,
    hash: u64,
    /// Whether the key had room, and stays.
    is_pinned: bool,
}

impl<K: Hash + Eq + Clone> KeyedCounter<K> {
    /// Returns a handle that records a key without hashing it.
    ///
    /// # Errors
    ///
    /// [`KeyedRecordError::TooManyKeys`] if the key is new and the counter is full, and refuses
    /// keys or can evict none because all have a handle.
    pub fn handle<Q>(self: &Arc<Self>, key: &Q) -> Result<KeyHandle<K>, KeyedRecordError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.keys.hash(key);
        KeyHandle::of(Arc::clone(self), hash, key.to_owned())
    }
}

impl<K: Hash + Eq + Clone> KeyHandle<K> {
    fn of(counter: Arc<KeyedCounter<K>>, hash: u64, key: K) -> Result<Self, KeyedRecordError> {
        let axis = &counter.axis;
        let new = |admission: &_, _| KeyedCounter::<K>::unknown(admission);
        let pinned = counter.keys.pin(hash, &key, new, || (axis.oldest(), counter.loss_now()));
        let Ok(is_pinned) = pinned else {
            return Err(KeyedRecordError::TooManyKeys { max: counter.keys.max() });
        };
        Ok(Self { counter, key, hash, is_pinned })
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Returns the counter.
    #[must_use]
    pub fn counter(&self) -> &Arc<KeyedCounter<K>> {
        &self.counter
    }

    /// Records one event now.
    ///
    /// A refusal, for a full bucket or a clock that stepped back, is counted in
    /// [`KeyedCounter::refused`].
    #[inline]
    pub fn record(&self) {
        self.record_many(1);
    }

    /// Records a number of events now. A refusal is counted.
    #[inline]
    pub fn record_many(&self, events: u64) {
        let recorded = self.counter.record_hashed(self.hash, &self.key, events);
        debug_assert!(!matches!(recorded, Err(KeyedRecordError::TooManyKeys { .. })));
    }

    /// Records events that happened at a stamp, in the bucket of that stamp.
    ///
    /// # Errors
    ///
    /// - [`RecordError::TooOld`], [`RecordError::TooNew`] if the stamp is outside of the span or of
    ///   the tolerance.
    /// - [`RecordError::Full`], [`RecordError::Evicted`] as [`KeyedCounter::record`].
    pub fn record_at(&self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        match self.counter.record_hashed_at(self.hash, &self.key, stamp, events) {
            Ok(()) => Ok(()),
            Err(KeyedRecordError::Record(refusal)) => Err(refusal),
            Err(KeyedRecordError::TooManyKeys { .. }) => unreachable!("the key stays or is folded"),
        }
    }

    /// Counts the events of the past `window`, as [`KeyedCounter::count`].
    ///
    /// # Errors
    ///
    /// As [`KeyedCounter::count`].
    pub fn count(&self, window: Duration) -> Result<Window, WindowError> {
        let query = Query::past(self.counter.window_spec(), window)?;
        self.counter.ask(self.hash, &self.key, |counted| self.counter.answer(query, counted))
    }

    /// Counts the events of several windows at the same time, as [`KeyedCounter::count_each`].
    ///
    /// # Errors
    ///
    /// As [`KeyedCounter::count_each`].
    pub fn count_each<const N: usize>(
        &self,
        windows: [Duration; N],
    ) -> Result<[Window; N], WindowError> {
        let queries = self.counter.queries(windows)?;
        self.counter.ask(self.hash, &self.key, |counted| self.counter.answer_each(queries, counted))
    }

    /// Counts the events of an interval, as [`KeyedCounter::count_between`].
    ///
    /// # Errors
    ///
    /// As [`KeyedCounter::count_between`].
    pub fn count_between(&self, interval: impl Into<Interval>) -> Result<Window, WindowError> {
        let query = Query::between(interval.into())?;
        self.counter.ask(self.hash, &self.key, |counted| self.counter.answer(query, counted))
    }

    /// Returns the events of each bucket, as [`KeyedCounter::series`].
    ///
    /// # Errors
    ///
    /// As [`KeyedCounter::series`].
    pub fn series(&self, window: Duration) -> Result<Series, WindowError> {
        let query = Query::past(self.counter.window_spec(), window)?;
        self.counter.ask(self.hash, &self.key, |counted| self.counter.answer_series(query, counted))
    }
}

impl<K: Hash + Eq + Clone> Clone for KeyHandle<K> {
    fn clone(&self) -> Self {
        let cloned = Self::of(Arc::clone(&self.counter), self.hash, self.key.clone());
        cloned.expect("the key stays or is folded")
    }
}

impl<K: Hash + Eq + Clone> Drop for KeyHandle<K> {
    fn drop(&mut self) {
        if self.is_pinned {
            let axis = &self.counter.axis;
            self.counter.keys.unpin(self.hash, &self.key, || axis.oldest());
        }
    }
}

impl<K: Hash + Eq + Clone + fmt::Debug> fmt::Debug for KeyHandle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyHandle").field("key", &self.key).finish_non_exhaustive()
    }
}
