//! Rows as trackers make, sort and merge them.

use std::cmp::Ordering;
use std::sync::Arc;

use core_time::{COUNT_MAX, Statistic, Subtract};

use crate::row::Row;
use crate::snapshot::error::TrackerSnapshotError;

impl<S> Row<S> {
    /// Makes a row by the name that an action is kept under: empty for the [folded] actions.
    ///
    /// `first` is the number of the first record, and the statistic has at least one.
    ///
    /// [folded]: crate::WhenFull::Fold
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, Row, Statistic};
    ///
    /// let mut count = Count::default();
    /// count.insert_n(100_u32.into(), 3);
    /// assert_eq!(Row::new("jump".into(), 0, count).count(), 3);
    /// assert!(Row::new("".into(), 0, count).is_other());
    /// ```
    #[must_use]
    pub fn new(name: Arc<str>, first: u64, statistic: S) -> Self {
        Self { name, first, statistic }
    }

    /// Orders rows by which was first seen, and by name.
    pub(crate) fn by_first(&self, other: &Self) -> Ordering {
        (self.first, &self.name).cmp(&(other.first, &other.name))
    }

    /// Returns the name under which the row is kept, which differs for each row of a tracker.
    pub(crate) fn kept_name(&self) -> &Arc<str> {
        &self.name
    }
}

impl<S: Statistic> Row<S> {
    /// Checks that the records of the action can be merged with others.
    pub(crate) fn check_merge(&self, other: &S) -> Result<(), TrackerSnapshotError> {
        check_merge(self.name(), &self.statistic, other)
    }

    /// Merges another row of the same action.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.statistic.merge(&other.statistic);
    }
}

impl<S: Subtract> Row<S> {
    /// Returns the row without the records of an earlier one.
    pub(crate) fn without(&self, earlier: &Self) -> Self {
        let mut row = self.clone();
        row.statistic.subtract(&earlier.statistic);
        row
    }
}

/// Checks that two statistics of an action can be merged.
pub(crate) fn check_merge<S: Statistic>(
    action: &str,
    one: &S,
    other: &S,
) -> Result<(), TrackerSnapshotError> {
    if one.can_merge(other) {
        return Ok(());
    }
    Err(TrackerSnapshotError::TooManyRecords { action: action.to_owned(), max: COUNT_MAX })
}
