//! Errors of tracker snapshots.

use std::time::Duration;

use core_time::{InstanceError, SnapshotHeaderError, SpecError, Stamp, WindowSpec, counted};
use thiserror::Error;

use crate::action::name::NameError;
use crate::action::time::Unit;
use crate::window::WindowedSpecError;

/// Why a snapshot of a tracker is refused; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrackerSnapshotError {
    /// A key is missing in what was read.
    #[error("snapshot has no `{key}`")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// An action would have more records than a statistic counts.
    #[error("action {action:?} would have more records than are counted, limit is {max}")]
    TooManyRecords {
        /// The action.
        action: String,
        /// How many are counted.
        max: u64,
    },
    /// It forgot more often than anything can.
    #[error("snapshot was reset or evicted from {found} times, limit is {max}")]
    ForgottenTooOften {
        /// How often that is.
        found: u64,
        /// How often it may be.
        max: u64,
    },
    /// An action is in it twice.
    #[error("snapshot has the action {action:?} twice")]
    Twice {
        /// The action.
        action: String,
    },
    /// A name in it is no name for an action.
    #[error("snapshot has an action that cannot be one")]
    Name(#[from] NameError),
    /// Its times are in another unit.
    #[error("snapshot is in {found:?}, needed are {expected:?}")]
    OtherUnit {
        /// The unit it is in.
        found: Unit,
        /// The unit it should be in.
        expected: Unit,
    },
    /// Its header is that of another kind, statistic or version, or cannot be.
    #[error(transparent)]
    Header(SnapshotHeaderError),
    /// Its instances are included already, too many or missing.
    #[error(transparent)]
    Instances(#[from] InstanceError),
    /// It was not taken of the same trackers earlier, with nothing forgotten since.
    #[error("snapshot is not an earlier one of the same trackers, or something was reset since")]
    NotEarlier,
    /// It has other buckets of time, or more of them.
    #[error("snapshot is of {found:?}, needed is {expected:?}")]
    OtherWindow {
        /// What it is of.
        found: WindowSpec,
        /// What it should be of.
        expected: WindowSpec,
    },
    /// Its buckets of time make no sense.
    #[error("window of the snapshot makes no sense")]
    Window(#[from] SpecError),
    /// The rings in it are not as long as its window says.
    #[error("snapshot has a ring of {}, its window needs {needed}", counted(*found, "bucket"))]
    OtherReach {
        /// How many buckets the ring has.
        found: u64,
        /// How many it should have.
        needed: u64,
    },
    /// It was taken, or has buckets, further ahead of the clock than is believed.
    #[error("snapshot is of {newest:?}, which is {ahead:?} ahead of the clock")]
    TooNew {
        /// When it was taken, or where its newest bucket begins.
        newest: Stamp,
        /// How far ahead of the clock that is.
        ahead: Duration,
    },
    /// There can be no tracker to restore it to.
    #[error(transparent)]
    Tracker(#[from] WindowedSpecError),
    /// It has more actions than the tracker has room for.
    #[error("snapshot has more actions than there is room for, limit is {limit}")]
    Full {
        /// How many actions the tracker may have.
        limit: usize,
    },
}

impl From<SnapshotHeaderError> for TrackerSnapshotError {
    fn from(error: SnapshotHeaderError) -> Self {
        match error {
            SnapshotHeaderError::Instances(error) => Self::Instances(error),
            error => Self::Header(error),
        }
    }
}
