//! The error of a snapshot.

use std::time::Duration;

use thiserror::Error;

use super::header::SnapshotHeaderError;
use crate::instance::InstanceError;
use crate::spec::{SpecError, Tier};
use crate::stamp::Stamp;
use crate::text::counted;

/// The error returned when a snapshot cannot be read, merged or restored.
///
/// Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A key is missing.
    #[error("snapshot has no `{key}`")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// The list of tiers is empty.
    #[error("snapshot has no tier")]
    NoTier,
    /// The tiers are not valid.
    #[error("snapshot has invalid tiers")]
    Spec(#[from] SpecError),
    /// A tier has more buckets than a counter holds.
    #[error("snapshot has {buckets} buckets in a tier, limit is {max}")]
    TooManyBuckets {
        /// The number of buckets.
        buckets: u64,
        /// The maximum.
        max: u64,
    },
    /// A bucket is outside the range of [`Stamp`].
    #[error("first bucket of the snapshot is number {first}, which is beyond all timestamps")]
    OutOfTime {
        /// The number of the first bucket.
        first: i64,
    },
    /// The buckets hold more events than the total.
    #[error(
        "total of the snapshot is {}, its buckets hold more",
        counted(*total, "event")
    )]
    TotalTooSmall {
        /// The total.
        total: u64,
    },
    /// The snapshot has other tiers.
    #[error("snapshot has the tiers {found:?}, expected {expected:?}")]
    OtherTiers {
        /// The tiers of the snapshot.
        found: Vec<Tier>,
        /// The tiers that are needed.
        expected: Vec<Tier>,
    },
    /// The header is of another kind or version, or not valid.
    #[error(transparent)]
    Header(SnapshotHeaderError),
    /// The instances are already included, too many or missing.
    #[error(transparent)]
    Instances(#[from] InstanceError),
    /// The snapshot is later, or of other counters, or the counter was reset in between.
    #[error("snapshot is not an earlier one of the same counter since its last reset")]
    NotEarlier,
    /// A bucket or the total has no room for the events.
    #[error("snapshot has more events than a bucket or the total can hold")]
    TooManyEvents,
    /// The keys are not in ascending order, or one is there twice.
    #[error("keys of the snapshot are not in ascending order (row {row})")]
    KeysUnsorted {
        /// The number of the row with the first such key, from 0 on.
        row: usize,
    },
    /// A bucket of a key is empty, not after the one before, or outside of the span.
    #[error("bucket {tick} is empty, out of order or outside of the span")]
    InvalidBucket {
        /// The number of the bucket.
        tick: i64,
    },
    /// The counter of keys has no room for those of the snapshot.
    #[error("counter would have {found} keys, limit is {max}")]
    TooManyKeys {
        /// The number of keys with those of the snapshot.
        found: usize,
        /// The maximum.
        max: usize,
    },
    /// The snapshot, or an event in it, is further ahead of the clock than the tolerance.
    #[error("snapshot ends at {newest:?}, which is {ahead:?} ahead of the clock")]
    TooNew {
        /// The time of the snapshot, or the start of its newest bucket with an event.
        newest: Stamp,
        /// The time from the clock to `newest`.
        ahead: Duration,
    },
}

impl From<SnapshotHeaderError> for SnapshotError {
    fn from(error: SnapshotHeaderError) -> Self {
        match error {
            SnapshotHeaderError::Instances(error) => Self::Instances(error),
            error => Self::Header(error),
        }
    }
}
