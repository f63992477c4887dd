//! Errors of records.

use thiserror::Error;

use core_time::{RecordError, counted};

use crate::action::name::NameError;
use crate::action::time::TimeError;

/// An error of a record, which changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The name is invalid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The time is negative, not finite or too large.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The timestamp is too old, or too far ahead of the clock.
    #[error(transparent)]
    Stamp(#[from] RecordError),
    /// The action is new, and the tracker is full.
    #[error("action is new and the tracker is full, limit is {limit}")]
    Full {
        /// The maximum number of actions.
        limit: usize,
    },
    /// The action has handles, so it cannot be removed.
    #[error("action has {}, drop them to remove it", counted(*handles as u64, "handle"))]
    Held {
        /// The number of handles; clones of a shared one count once.
        handles: usize,
    },
}
