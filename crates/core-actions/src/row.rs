//! What is known of one action, as a plain value.

use std::cmp::Ordering;
use std::sync::Arc;

use core_time::{Statistic, Subtract};

use crate::figures::{Counted, Mean};

/// One action with its statistic, as of one moment.
///
/// All figures of a row are of exactly the same records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<S> {
    action: Arc<str>,
    first: u64,
    /// Of at least one record.
    statistic: S,
}

impl<S> Row<S> {
    pub(crate) fn new(action: Arc<str>, first: u64, statistic: S) -> Self {
        Self { action, first, statistic }
    }

    /// Orders rows by which was first seen, and by name.
    pub(crate) fn by_first(&self, other: &Self) -> Ordering {
        (self.first, &self.action).cmp(&(other.first, &other.action))
    }

    /// The name, to be kept beside the row.
    pub(crate) fn shared_action(&self) -> Arc<str> {
        Arc::clone(&self.action)
    }

    /// The name of the action.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// When the action was first recorded, as the number by which rows are ordered.
    ///
    /// Numbers grow with first records; they may leave gaps.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// What was kept of the action's times; of a tuple, take the members apart by position.
    #[must_use]
    pub fn statistic(&self) -> &S {
        &self.statistic
    }
}

impl<S: Statistic> Row<S> {
    /// Takes in what another row of the same action has.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.statistic.merge(&other.statistic);
    }
}

impl<S: Subtract> Row<S> {
    /// What this row has and an earlier one had not.
    pub(crate) fn without(&self, earlier: &Self) -> Self {
        let mut row = self.clone();
        row.statistic.subtract(&earlier.statistic);
        row
    }
}

impl<S: Counted> Row<S> {
    /// How many times the action was recorded: at least once.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.statistic.count()
    }
}

impl<S: Mean> Row<S> {
    /// The mean time of the action, correctly rounded.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.statistic.mean().unwrap_or_default() // A row has a record, so there is a mean.
    }
}
