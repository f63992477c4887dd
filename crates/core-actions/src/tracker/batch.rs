//! Records of many actions, several at a time.

use std::fmt;

use core_time::Statistic;

use crate::action::error::ActionError;
use crate::action::key::KeyedName;
use crate::action::time::TimeError;
use crate::action::words::AsWords;
use crate::tracker::MergedTracker;
use crate::tracker::buffer::{Buffer, Buffered};

/// Records actions in a tracker, several at a time where that is faster.
///
/// [`MergedTracker::batch`] returns one. Where a thread has recorded thousands of actions, most of
/// the time of a record is that in which its row comes from memory. So a batch then holds back up
/// to 16 records and fetches their rows together. With fewer actions, and for a statistic that may
/// panic, it records at once. The rows are the same.
///
/// Dropping it flushes it.
///
/// # Concurrency
///
/// Readers of the tracker do not see a record that is held back.
///
/// # Examples
///
/// ```
/// use core_actions::RunningTracker;
///
/// let tracker = RunningTracker::default();
/// let mut batch = tracker.batch();
/// for number in 0..100_000_u64 {
///     batch.record(&format!("user {}", number % 10_000), number)?;
/// }
/// batch.flush()?;
/// let rows = tracker.stats();
/// assert_eq!((rows.len(), rows[1].name(), rows[1].count()), (10_000, "user 1", 10));
/// # Ok::<(), core_actions::ActionError>(())
/// ```
pub struct Batch<'t, S: Statistic<Value: AsWords>> {
    tracker: &'t MergedTracker<S>,
    /// Whether this thread has recorded thousands of actions, whose rows are fetched together.
    is_large: bool,
    buffer: Buffer<S::Value>,
    refused: u64,
}

impl<'t, S: Statistic<Value: AsWords>> Batch<'t, S> {
    pub(super) fn new(tracker: &'t MergedTracker<S>) -> Self {
        Self { tracker, is_large: tracker.is_large(), buffer: Buffer::default(), refused: 0 }
    }

    /// Records one occurrence of an action, at once or together with later ones.
    ///
    /// # Errors
    ///
    /// As [`MergedTracker::record`]; an error may be that of an earlier record that was held back.
    /// All other records are kept.
    #[inline]
    pub fn record<'a, T>(
        &mut self,
        action: impl Into<KeyedName<'a>>,
        time: T,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let action = action.into();
        let time = match time.try_into() {
            Ok(time) => time,
            Err(error) => {
                self.refused += 1;
                return Err(ActionError::Time(error.into()));
            }
        };
        if self.is_large && S::NEVER_PANICS {
            self.buffer.push(action, time);
            return if self.buffer.is_full() { self.flush() } else { Ok(()) };
        }
        let tracker = self.tracker;
        let known = tracker
            .with_table(|table| table.record(action, |shard| shard.record(time, tracker.next())));
        if known == Some(true) { Ok(()) } else { self.record_new(action.as_str(), time) }
    }

    /// Records an action that is new to this thread.
    #[cold]
    #[inline(never)]
    fn record_new(&mut self, action: &str, time: S::Value) -> Result<(), ActionError> {
        let recorded = self.tracker.record_new(action, time);
        self.refused += u64::from(recorded.is_err());
        self.is_large = self.tracker.is_large();
        recorded
    }

    /// Records what is held back.
    ///
    /// # Errors
    ///
    /// The first error of these records. All others are kept.
    #[inline(never)]
    pub fn flush(&mut self) -> Result<(), ActionError> {
        let mut result = Ok(());
        self.tracker.record_buffered(&self.buffer, |refused| {
            self.refused += 1;
            if result.is_ok() {
                result = Err(refused);
            }
        });
        self.buffer.clear();
        result
    }

    /// Returns the number of records that were refused.
    ///
    /// A record that is held back is not among them yet.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

impl<S: Statistic<Value: AsWords>> Drop for Batch<'_, S> {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

impl<S: Statistic<Value: AsWords>> fmt::Debug for Batch<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("refused", &self.refused).finish_non_exhaustive()
    }
}

impl<S: Statistic<Value: AsWords>> MergedTracker<S> {
    /// Returns a batch, which records many actions in less time.
    #[must_use]
    pub fn batch(&self) -> Batch<'_, S> {
        Batch::new(self)
    }

    /// Records several actions, each with its time.
    ///
    /// It is a [`Batch`] that ends with the call.
    ///
    /// # Errors
    ///
    /// The first error, as that of [`record`](Self::record). All other records are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::RunningTracker;
    ///
    /// let tracker = RunningTracker::default();
    /// tracker.record_all([("jump", 100), ("run", 75), ("jump", 200)])?;
    /// let refused = tracker.record_all([(" ", 1), ("run", 25)]).unwrap_err();
    /// assert!(refused.to_string().starts_with("action name is blank"));
    ///
    /// let rows = tracker.stats();
    /// let means: Vec<_> = rows.iter().map(|row| (row.name(), row.mean())).collect();
    /// assert_eq!(means, [("jump", 150.0), ("run", 50.0)]);
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    pub fn record_all<'a, T>(
        &self,
        actions: impl IntoIterator<Item = (impl Into<KeyedName<'a>>, T)>,
    ) -> Result<(), ActionError>
    where
        T: TryInto<S::Value, Error: Into<TimeError>>,
    {
        let mut batch = self.batch();
        let mut result = Ok(());
        for (action, time) in actions {
            result = result.and(batch.record(action, time));
        }
        result.and(batch.flush())
    }

    /// Records buffered actions, and calls `refuse` with each error.
    fn record_buffered(&self, buffer: &Buffer<S::Value>, mut refuse: impl FnMut(ActionError)) {
        let mut record_new = |record: &Buffered<S::Value>| {
            let name = record.key.text(buffer.long_name(record));
            self.record_new(name.as_ref(), record.value).unwrap_or_else(&mut refuse);
        };
        let recorded = self.with_table(|table| {
            table.prefetch(buffer);
            for record in &buffer.records {
                let name = KeyedName::of_key(record.key, buffer.long_name(record));
                if !table.record(name, |shard| shard.record(record.value, self.next())) {
                    record_new(record);
                }
            }
        });
        if recorded.is_none() {
            // The thread is being torn down, and has no table.
            buffer.records.iter().for_each(record_new);
        }
    }
}
