//! What is known of one action, as a plain value.

use std::sync::Arc;

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
