//! The answers of a keyed counter.

use std::borrow::Borrow;
use std::hash::Hash;
use std::time::Duration;

use super::counted::Counted;
use super::counter::KeyedCounter;
use crate::clock::Clock as _;
use crate::counter::{Query, Series, Window, WindowError};
use crate::stamp::Interval;
use crate::sync::Ordering::Relaxed;

impl<K: Hash + Eq> KeyedCounter<K> {
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
        let query = Query::past(self.axis.spec(), window)?;
        self.ask(self.keys.hash(key), key, |counted| self.answer(query, counted))
    }

    /// Counts the events of a key in several windows at the same time, each as
    /// [`count`](Self::count).
    ///
    /// All answers are of one state and one present.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count), for the first window with an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::KeyedCounter;
    /// # use std::time::Duration;
    /// let logins = KeyedCounter::<String>::new(Default::default())?;
    /// logins.record_many("alice", 3)?;
    /// let [ten, all] = logins.count_each("alice", [10, 300].map(Duration::from_secs))?;
    /// assert_eq!((ten.events, all.events), (3, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count_each<Q, const N: usize>(
        &self,
        key: &Q,
        windows: [Duration; N],
    ) -> Result<[Window; N], WindowError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let queries = self.queries(windows)?;
        self.ask(self.keys.hash(key), key, |counted| self.answer_each(queries, counted))
    }

    pub(super) fn queries<const N: usize>(
        &self,
        windows: [Duration; N],
    ) -> Result<[Query; N], WindowError> {
        let mut queries = [Query::Past(0); N];
        for (query, window) in queries.iter_mut().zip(windows) {
            *query = Query::past(self.axis.spec(), window)?;
        }
        Ok(queries)
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
        let query = Query::between(interval.into())?;
        self.ask(self.keys.hash(key), key, |counted| self.answer(query, counted))
    }

    /// Returns the events of a key in each bucket of the past `window`, the oldest first.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count).
    ///
    /// # Complexity
    ///
    /// Linear in the number of buckets, and allocates for them.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{KeyedCounter, ManualClock, Stamp};
    /// # use std::time::Duration;
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let logins = KeyedCounter::<String>::with_clock(Default::default(), clock.clone())?;
    /// logins.record_many("alice", 2)?;
    /// clock.advance(Duration::from_secs(2));
    /// logins.record("alice")?;
    /// assert_eq!(logins.series("alice", Duration::from_secs(4))?.counts, [0, 2, 0, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn series<Q>(&self, key: &Q, window: Duration) -> Result<Series, WindowError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let query = Query::past(self.axis.spec(), window)?;
        self.ask(self.keys.hash(key), key, |counted| self.answer_series(query, counted))
    }

    /// Answers from the state of a key, or of one without events.
    pub(super) fn ask<Q, R>(
        &self,
        hash: u64,
        key: &Q,
        answer: impl Fn(&Counted) -> Result<R, WindowError>,
    ) -> Result<R, WindowError>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let found = self.keys.get(hash, key, &answer);
        found.unwrap_or_else(|| answer(&Self::unknown(&self.keys.admission())))
    }

    /// Answers a query for one key, under the lock of its shard.
    ///
    /// The clock is read under the lock, so no event that was recorded now is ahead of it.
    pub(super) fn answer(&self, query: Query, counted: &Counted) -> Result<Window, WindowError> {
        let [window] = self.answer_each([query], counted)?;
        Ok(window)
    }

    /// Answers several queries at one present, under the same lock.
    pub(super) fn answer_each<const N: usize>(
        &self,
        queries: [Query; N],
        counted: &Counted,
    ) -> Result<[Window; N], WindowError> {
        let ranges = self.axis.touched_each(queries)?;
        // ORDERING: Relaxed; under the lock under which the event was recorded. See the field.
        let latest_ahead = self.latest_ahead.load(Relaxed);
        let may_step_back = self.axis.clock.may_step_back();
        Ok(ranges.map(|(range, now)| {
            let counts = counted.counts.read(range.oldest, range.newest);
            let nothing_is_ahead = !may_step_back && latest_ahead <= now.as_nanos();
            range.window(self.axis.spec.finest(), counts, counted.since, now, nothing_is_ahead)
        }))
    }

    /// Returns the buckets of a query, under the same lock.
    pub(super) fn answer_series(
        &self,
        query: Query,
        counted: &Counted,
    ) -> Result<Series, WindowError> {
        let (range, _) = self.axis.touched(query)?;
        let grid = self.axis.spec.finest();
        Ok(Series {
            from: grid.start(*range.counted().start()),
            resolution: grid.resolution(),
            counts: counted.counts.read_each(range.counted()),
        })
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
}

fn keep_top<K: Ord>(top: &mut Vec<(K, Window)>, number: usize) {
    top.sort_unstable_by(|(a, x), (b, y)| y.events.cmp(&x.events).then_with(|| a.cmp(b)));
    top.truncate(number);
}
