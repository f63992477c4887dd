//! Errors of tracker snapshots.

use std::time::Duration;

use core_time::{InstanceError, SnapshotHeaderError, SpecError, Stamp, WindowSpec, counted};
use thiserror::Error;

use crate::action::name::NameError;
use crate::action::unit::Unit;
use crate::binary::BinaryError;
use crate::window::spec::WindowedSpecError;

/// An error of a tracker snapshot, which changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrackerSnapshotError {
    /// A key is missing in the input.
    #[error("snapshot has no `{key}`")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// An action would have more records than a statistic can count.
    #[error("action {action:?} would have too many records, limit is {max}")]
    TooManyRecords {
        /// The action.
        action: String,
        /// The maximum count.
        max: u64,
    },
    /// It counts too many resets and evictions.
    #[error("snapshot counts {found} resets and evictions, limit is {max}")]
    ForgottenTooOften {
        /// The count that was found.
        found: u64,
        /// The maximum count.
        max: u64,
    },
    /// An action is in it twice.
    #[error("snapshot has the action {action:?} twice")]
    Twice {
        /// The action.
        action: String,
    },
    /// It has an invalid name of an action.
    #[error("snapshot has an invalid action name")]
    Name(#[from] NameError),
    /// Its times are in another unit.
    #[error("times of the snapshot are in {found:?}, expected {expected:?}")]
    OtherUnit {
        /// The unit it is in.
        found: Unit,
        /// The unit it should be in.
        expected: Unit,
    },
    /// Its header is invalid, or has another kind, statistic or version.
    #[error(transparent)]
    Header(SnapshotHeaderError),
    /// Its instances are included already, too many or missing.
    #[error(transparent)]
    Instances(#[from] InstanceError),
    /// It is not an earlier snapshot of the same trackers, or records were removed since.
    #[error("snapshot is not an earlier one of the same trackers, or records were removed since")]
    NotEarlier,
    /// It has other tiers.
    #[error("snapshot has the window {found:?}, expected {expected:?}")]
    OtherWindow {
        /// The window of the snapshot.
        found: WindowSpec,
        /// The window of the tracker.
        expected: WindowSpec,
    },
    /// Its window is invalid.
    #[error("snapshot has an invalid window")]
    Window(#[from] SpecError),
    /// The rings in it are not as long as its window says.
    #[error("snapshot has a ring of {}, expected {needed}", counted(*found, "bucket"))]
    OtherReach {
        /// The number of buckets of the ring.
        found: u64,
        /// The number of buckets of the window.
        needed: u64,
    },
    /// It has rings of another number of tiers than its tag or its window says.
    #[error("snapshot has rings of {}, expected {needed}", counted(*found, "tier"))]
    OtherTiers {
        /// The number of tiers that it has.
        found: u64,
        /// The number of tiers that it should have.
        needed: u64,
    },
    /// It was taken, or has buckets, too far ahead of the clock.
    #[error("snapshot ends at {newest:?}, which is {ahead:?} ahead of the clock")]
    TooNew {
        /// The time of the snapshot, or the start of its newest bucket.
        newest: Stamp,
        /// How far ahead of the clock that is.
        ahead: Duration,
    },
    /// The specification of the tracker to restore is invalid.
    #[error(transparent)]
    Tracker(#[from] WindowedSpecError),
    /// Its bytes are not the binary form of rows, damaged, or of another statistic.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// Its rows are divided into intervals, which a tracker has none of.
    #[error("rows are of intervals of {resolution:?}, expected rows without intervals")]
    ByTime {
        /// The width of the intervals.
        resolution: Duration,
    },
    /// Its bytes are changes since an earlier look, not all that a tracker held.
    #[error("bytes are changes since an earlier look, expected a whole snapshot")]
    Incomplete,
    /// The buckets of an action are not those of one window, or have too many records.
    #[error(
        "buckets of action {action:?} are further apart than its window, \
         or have more records than a statistic can count"
    )]
    NoRing {
        /// The action.
        action: String,
    },
    /// It has more actions than the tracker has room for.
    #[error("snapshot has too many actions, limit is {limit}")]
    Full {
        /// The maximum number of actions.
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
