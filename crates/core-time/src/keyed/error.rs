//! The errors of keyed counters.

use thiserror::Error;

use crate::counter::RecordError;
use crate::text::counted;

/// The error returned when an event of a key is refused; nothing else changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyedRecordError {
    /// The stamp is refused, or the bucket has no room.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The key is new and the counter is full.
    #[error("counter has {max} keys, its limit, and refuses new ones")]
    TooManyKeys {
        /// The maximum number of keys.
        max: usize,
    },
}

/// The error returned when a counter of keys cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyedSpecError {
    /// A keyed counter has buckets of one width. Use a counter for each tier.
    #[error("window has {found} tiers, a keyed counter has 1; use a counter for each tier")]
    TooManyTiers {
        /// The number of tiers.
        found: usize,
    },
    /// A summary of the heaviest keys has too few counts for an answer.
    #[error("{} in a bucket, at least {min} are needed", counted(*found as u64, "count"))]
    TooFewCounts {
        /// The number of counts.
        found: usize,
        /// The minimum.
        min: usize,
    },
}
