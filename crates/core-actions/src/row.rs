//! The statistic of one action as a plain value.

use std::sync::Arc;

use core_time::WhenFull;

use crate::action::key::FOLDED;
use crate::statistics::traits::{HasCount, HasMean};

/// An action with its statistic at one moment.
///
/// All statistics of a row cover exactly the same records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<S> {
    /// [`FOLDED`] in the row of folded actions.
    pub(crate) name: Arc<str>,
    pub(crate) first: u64,
    /// Of at least one record.
    pub(crate) statistic: S,
}

impl<S> Row<S> {
    /// Returns the name of the action, or [`WhenFull::OTHER`] for the row of folded actions.
    ///
    /// [`WhenFull::OTHER`]: crate::WhenFull::OTHER
    ///
    /// An action may have that name as well: [`is_other`](Self::is_other) distinguishes the two.
    #[must_use]
    pub fn name(&self) -> &str {
        shown(&self.name)
    }

    /// Returns whether this is the row of the [folded](crate::WhenFull::Fold) actions.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "tracker")] {
    /// use core_actions::{RunningTracker, TrackerSpec, WhenFull};
    ///
    /// let spec = TrackerSpec { actions: 1, when_full: WhenFull::Fold, ..TrackerSpec::default() };
    /// let tracker = RunningTracker::new(spec);
    /// tracker.record("(other)", 1)?;
    /// tracker.record("jump", 100)?;
    /// let stats = tracker.stats();
    /// let rows: Vec<_> = stats.iter().map(|row| (row.name(), row.is_other())).collect();
    /// assert_eq!(rows, [("(other)", false), ("(other)", true)]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
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
