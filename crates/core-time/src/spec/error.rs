//! The errors of a specification.

use std::time::Duration;

use thiserror::Error;

use crate::text::counted;

/// The error returned when a specification is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The resolution is finer than the minimum, or zero.
    #[error("resolution is {resolution:?}, minimum is {min:?}")]
    ResolutionTooFine {
        /// The requested width of a bucket.
        resolution: Duration,
        /// The minimum.
        min: Duration,
    },
    /// The span is shorter than one bucket.
    #[error("span is {span:?}, it must be at least the resolution of {resolution:?}")]
    SpanTooShort {
        /// The requested span.
        span: Duration,
        /// The width of a bucket.
        resolution: Duration,
    },
    /// The span is not a whole number of buckets.
    #[error("span is {span:?}, it must be a whole number of buckets of {resolution:?}")]
    SpanNotWhole {
        /// The requested span.
        span: Duration,
        /// The width of a bucket.
        resolution: Duration,
    },
    /// The resolution of a tier is not a multiple of that of the tier before, or the same.
    #[error(
        "resolution of a tier is {resolution:?}, it must be a multiple (2 or more) of the \
         {finer:?} of the tier before"
    )]
    TierNotCoarser {
        /// The resolution of the tier.
        resolution: Duration,
        /// The resolution of the tier before.
        finer: Duration,
    },
    /// The span of a tier is not longer than that of the tier before.
    #[error("span of a tier is {span:?}, it must be longer than the {finer:?} of the tier before")]
    TierNotLonger {
        /// The span of the tier.
        span: Duration,
        /// The span of the tier before.
        finer: Duration,
    },
    /// The span, the tolerance or the resolution is too long.
    #[error("{what} is {length:?}, limit is {max:?}")]
    TooLong {
        /// What is too long: `span`, `tolerance` or `resolution`.
        what: &'static str,
        /// The requested length.
        length: Duration,
        /// The maximum.
        max: Duration,
    },
    /// The buckets need too much memory.
    #[error(
        "{} and those of the tolerance need {bytes} bytes, limit is {max}",
        counted(*buckets, "bucket")
    )]
    TooLarge {
        /// The number of buckets in the spans of this tier and those before.
        buckets: u64,
        /// The memory that they need, in bytes.
        bytes: usize,
        /// The maximum, in bytes.
        max: usize,
    },
}
