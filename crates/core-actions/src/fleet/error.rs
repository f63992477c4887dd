//! Errors of a fleet.

use core_time::{COUNT_MAX, Stamp, WindowError, WindowSpec};
use thiserror::Error;

use crate::action::name::NameError;
use crate::action::unit::Unit;

/// An error of a [`Fleet`](crate::Fleet), which changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FleetError {
    /// The changes have other tiers.
    #[error("changes have the window {found:?}, expected {expected:?}")]
    OtherWindow {
        /// The window of the changes.
        found: WindowSpec,
        /// The window of the fleet.
        expected: WindowSpec,
    },
    /// The times of the changes are in another unit.
    #[error("times of the changes are in {found:?}, expected {expected:?}")]
    OtherUnit {
        /// The unit of the changes.
        found: Unit,
        /// The unit of the fleet.
        expected: Unit,
    },
    /// The changes have the records of several trackers, whose revisions are not ordered.
    #[error("changes have the records of {found} instances, expected those of 1")]
    Instances {
        /// The number of instances.
        found: usize,
    },
    /// The name of an action is not valid.
    #[error("name of the rows is not valid")]
    Name(#[from] NameError),
    /// The window is not valid.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The window begins in a bucket that was forgotten.
    #[error("window begins at {from:?}, buckets before {held:?} were forgotten")]
    Forgotten {
        /// The start of the window.
        from: Stamp,
        /// The start of the oldest bucket that is held.
        held: Stamp,
    },
    /// An action has more records than a statistic can count.
    #[error("action {action:?} has too many records, limit is {COUNT_MAX}")]
    TooManyRecords {
        /// The action.
        action: String,
    },
}
