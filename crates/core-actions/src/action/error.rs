//! Why an action is refused.

use thiserror::Error;

use core_time::RecordError;

use crate::action::name::NameError;
use crate::action::time::TimeError;

/// Why a tracker did not take an action in; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The name is no name for an action.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The time is no time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The moment is too long ago, or too far ahead of the clock.
    #[error(transparent)]
    Stamp(#[from] RecordError),
    /// The action is new, and there are as many as there may be.
    #[error("action is new, and the tracker has as many as it may: limit is {limit}")]
    Full {
        /// How many actions may be kept apart.
        limit: usize,
    },
}
