//! The statistic of one action as a plain value.

use std::cmp::Ordering;
use std::sync::Arc;

use core_time::{COUNT_MAX, Statistic, Subtract};

use crate::action::key::FOLDED;
use crate::snapshot::error::TrackerSnapshotError;
use crate::statistics::traits::{HasCount, HasMean};
use crate::tracker::spec::WhenFull;

/// An action with its statistic at one moment.
///
/// All statistics of a row cover exactly the same records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<S> {
    /// [`FOLDED`] in the row of folded actions.
    name: Arc<str>,
    first: u64,
    /// Of at least one record.
    statistic: S,
}

impl<S> Row<S> {
    pub(crate) fn new(name: Arc<str>, first: u64, statistic: S) -> Self {
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

    /// Returns the name of the action, or [`WhenFull::OTHER`] for the row of folded actions.
    ///
    /// An action may have that name as well: [`is_other`](Self::is_other) distinguishes the two.
    #[must_use]
    pub fn name(&self) -> &str {
        shown(&self.name)
    }

    /// Returns whether this is the row of the [folded](WhenFull::Fold) actions.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{RunningTracker, TrackerSpec, WhenFull};
    ///
    /// let spec = TrackerSpec { actions: 1, when_full: WhenFull::Fold, ..TrackerSpec::default() };
    /// let tracker = RunningTracker::new(spec);
    /// tracker.record("(other)", 1)?;
    /// tracker.record("jump", 100)?;
    /// let stats = tracker.stats();
    /// let rows: Vec<_> = stats.iter().map(|row| (row.name(), row.is_other())).collect();
    /// assert_eq!(rows, [("(other)", false), ("(other)", true)]);
    /// # Ok::<(), core_actions::ActionError>(())
    /// ```
    #[must_use]
    pub fn is_other(&self) -> bool {
        *self.name == *FOLDED
    }

    /// Returns the number of the first record, by which rows are sorted.
    ///
    /// Numbers grow with first records; they may leave gaps.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Returns the statistic of the action's times.
    #[must_use]
    pub fn statistic(&self) -> &S {
        &self.statistic
    }
}

/// Returns the name to show for the name under which an action is kept.
pub(crate) fn shown(kept: &str) -> &str {
    if kept == FOLDED { WhenFull::OTHER } else { kept }
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

impl<S: HasCount> Row<S> {
    /// Returns the number of records, which is at least 1.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.statistic.count()
    }
}

impl<S: HasMean> Row<S> {
    /// Returns the mean time of the action, correctly rounded.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.statistic.mean().unwrap_or_default() // A row has a record, so there is a mean.
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
