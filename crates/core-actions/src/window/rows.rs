//! Answers of a windowed tracker.

use core_time::{Coverage, CoveredBuckets, Stamp, Statistic};

use crate::row::Row;
use crate::statistics::traits::HasCount;

/// The statistics of all actions in one window.
///
/// # Accuracy
///
/// A tracker does not know where inside a bucket an action ended, and a window rarely begins at the
/// edge of a bucket. So there are three answers, as a [`Window`](core_time::Window) of events has
/// three numbers, all of the same records: [`rows`](Self::rows) are of whole buckets,
/// [`at_least`](Self::at_least) of the records that are certainly in the window, and
/// [`at_most`](Self::at_most) of those that may be. What is true of exactly the window lies between
/// the last two wherever a statistic can only grow with more records, such as a count, a sum or a
/// maximum. A mean or a quantile may be outside both.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowRows<S> {
    pub(crate) rows: Vec<Row<S>>,
    /// `None` if they are those of `rows`.
    pub(crate) inside: Option<Vec<Row<S>>>,
    /// The records of the bucket before the covered ones, if the window cuts it.
    pub(crate) before: Vec<Row<S>>,
    pub(crate) covered: CoveredBuckets,
    pub(crate) since: Stamp,
}

impl<S> WindowRows<S> {
    /// Returns a row for each action with records in the window, in the order of first records.
    #[must_use]
    pub fn rows(&self) -> &[Row<S>] {
        &self.rows
    }

    /// Returns the rows of the records that are certainly in the window.
    ///
    /// They are those of the buckets wholly inside it. The filling bucket is one of them, unless it
    /// may have a record stamped ahead of the clock.
    #[must_use]
    pub fn at_least(&self) -> &[Row<S>] {
        self.inside.as_deref().unwrap_or(&self.rows)
    }

    /// Returns the rows of all records that may be in the window.
    ///
    /// They are those of every bucket that it touches, which is up to one bucket more than
    /// [`rows`](Self::rows) cover.
    ///
    /// # Complexity
    ///
    /// Copies the rows.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, Row, WindowedTracker};
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_millis(1_000_700));
    /// let tracker = WindowedTracker::<Count>::with_clock(Default::default(), clock.clone())?;
    /// tracker.record("jump", 1)?;
    /// clock.set(Stamp::from_millis(1_010_500));
    /// tracker.record("jump", 1)?;
    /// // The past ten seconds begin in the middle of a bucket with a record.
    /// let window = tracker.window(Duration::from_secs(10))?;
    /// let count = |rows: &[Row<Count>]| rows[0].count();
    /// assert_eq!((count(window.at_least()), count(&window.at_most())), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at_most(&self) -> Vec<Row<S>>
    where
        S: Statistic,
    {
        let mut all = self.rows.clone();
        for row in &self.before {
            match self.rows.binary_search_by(|known| known.by_first(row)) {
                Ok(at) => all[at].merge(row),
                Err(_) => all.push(row.clone()),
            }
        }
        all.sort_unstable_by(Row::by_first);
        all
    }

    /// Returns the time that the window covers, the same for every action.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.covered.coverage(self.since)
    }

    /// Returns the buckets that the window covers.
    #[must_use]
    pub fn covered(&self) -> &CoveredBuckets {
        &self.covered
    }
}

impl<S: HasCount> WindowRows<S> {
    /// Returns the records of an action per second of the covered time.
    ///
    /// The covered time is shorter than the window at first. `None` if no time has passed.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, WindowedTracker};
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let tracker = WindowedTracker::<Count>::with_clock(Default::default(), clock.clone())?;
    /// tracker.record("jump", 1)?;
    /// tracker.record("jump", 2)?;
    /// clock.advance(Duration::from_millis(500));
    /// let minute = tracker.window(Duration::from_secs(60))?;
    /// assert_eq!(minute.rate(&minute.rows()[0]), Some(4.0));
    /// assert_eq!(minute.coverage().elapsed, Duration::from_millis(500));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rate(&self, row: &Row<S>) -> Option<f64> {
        self.coverage().rate(row.count())
    }
}

/// The statistics of one action in one window, or in one bucket of a series.
///
/// # Accuracy
///
/// As [`WindowRows`].
#[derive(Debug, Clone, PartialEq)]
pub struct ActionWindow<S> {
    pub(crate) statistic: S,
    /// `None` if it is the statistic.
    pub(crate) inside: Option<Box<S>>,
    /// The records of the bucket before the covered ones, if the window cuts it.
    pub(crate) before: Option<Box<S>>,
    pub(crate) coverage: Coverage,
}

impl<S> ActionWindow<S> {
    /// Returns the statistic of the action in the window.
    #[must_use]
    pub fn statistic(&self) -> &S {
        &self.statistic
    }

    /// Returns the statistic of the records that are certainly in the window.
    ///
    /// As [`WindowRows::at_least`].
    #[must_use]
    pub fn at_least(&self) -> &S {
        self.inside.as_deref().unwrap_or(&self.statistic)
    }

    /// Returns the statistic of all records that may be in the window.
    ///
    /// As [`WindowRows::at_most`]. Copies the statistic.
    #[must_use]
    pub fn at_most(&self) -> S
    where
        S: Statistic,
    {
        let mut all = self.statistic.clone();
        if let Some(before) = &self.before {
            all.merge(before);
        }
        all
    }

    /// Returns the time that the window covers, and how much of it has passed.
    ///
    /// [`Coverage::is_partial`] marks a window or bucket of which some has not passed yet, or
    /// passed before recording began.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.coverage
    }
}

impl<S: HasCount> ActionWindow<S> {
    /// Returns the number of records.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.statistic.count()
    }

    /// Returns the records per second of the covered time.
    ///
    /// The covered time is shorter than the window at first. `None` if no time has passed.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.coverage.rate(self.count())
    }
}
