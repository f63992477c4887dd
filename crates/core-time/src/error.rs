//! Why a specification, a stamp or a window is refused.

use std::time::Duration;

use thiserror::Error;

use crate::instance::InstanceError;
use crate::snapshot::SnapshotHeaderError;
use crate::spec::Tier;
use crate::stamp::{Interval, Stamp};
use crate::text::counted;

/// Why a counter cannot be built to a specification.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Buckets narrower than are offered, or of no width at all.
    #[error("resolution is {resolution:?}, the finest is {min:?}")]
    ResolutionTooFine {
        /// The width asked for.
        resolution: Duration,
        /// The finest there is.
        min: Duration,
    },
    /// The span is shorter than one bucket.
    #[error("span is {span:?}, it must be at least the resolution of {resolution:?}")]
    SpanTooShort {
        /// The span asked for.
        span: Duration,
        /// The width of a bucket.
        resolution: Duration,
    },
    /// The span does not end at the edge of a bucket.
    #[error("span is {span:?}, it must be a whole number of buckets of {resolution:?}")]
    SpanNotWhole {
        /// The span asked for.
        span: Duration,
        /// The width of a bucket.
        resolution: Duration,
    },
    /// The buckets of a tier are not made of two or more whole ones of the tier before.
    #[error(
        "resolution of a tier is {resolution:?}, it must be two or more times the {finer:?} of the \
         tier before, a whole number"
    )]
    TierNotCoarser {
        /// The width of the tier's buckets.
        resolution: Duration,
        /// The width of those of the tier before.
        finer: Duration,
    },
    /// A tier reaches no further back than the one before.
    #[error("span of a tier is {span:?}, it must be longer than the {finer:?} of the tier before")]
    TierNotLonger {
        /// The span of the tier.
        span: Duration,
        /// The span of the tier before.
        finer: Duration,
    },
    /// A length beyond any use.
    #[error("{what} is {length:?}, limit is {max:?}")]
    TooLong {
        /// What is too long: the span, the tolerance or the resolution.
        what: &'static str,
        /// The length asked for.
        length: Duration,
        /// The longest there is.
        max: Duration,
    },
    /// The rings of buckets would take too much memory.
    #[error(
        "{} and what the tolerance adds take {bytes} bytes, limit is {max}",
        counted(*buckets, "bucket")
    )]
    TooLarge {
        /// How many buckets make the spans of this tier and those before.
        buckets: u64,
        /// How much memory they would take.
        bytes: usize,
        /// How much they may take.
        max: usize,
    },
}

/// Why an event was not counted; nothing else changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The stamp is older than the counter remembers.
    #[error("event is {age:?} old, span is {span:?}")]
    TooOld {
        /// How old the event is.
        age: Duration,
        /// How far back the counter remembers.
        span: Duration,
    },
    /// The stamp's bucket was given up for newer ones: the clock stepped back since then.
    #[error("event is {behind:?} behind the newest, buckets are held for {held:?}")]
    GivenUp {
        /// How far the event lies behind the newest bucket that was recorded in.
        behind: Duration,
        /// How far back from there buckets are held.
        held: Duration,
    },
    /// The stamp is further ahead of the clock than is believed.
    #[error("event is {ahead:?} ahead of the clock, tolerance is {tolerance:?}")]
    TooNew {
        /// How far ahead of the clock it is.
        ahead: Duration,
        /// How far ahead it may be.
        tolerance: Duration,
    },
    /// The bucket has no room for so many events.
    #[error("bucket has room for {}, not for {events}", counted(*room, "more event"))]
    Full {
        /// How many events were to be counted.
        events: u64,
        /// How many there was room for.
        room: u64,
    },
}

/// Why a window cannot be answered for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WindowError {
    /// The window reaches further back than the counter remembers.
    #[error("window is {window:?}, span is {span:?}")]
    LongerThanSpan {
        /// The window asked for.
        window: Duration,
        /// How far back the counter remembers.
        span: Duration,
    },
    /// The interval begins before what the counter remembers.
    #[error("interval {interval:?} begins {age:?} ago, span is {span:?}")]
    BeforeSpan {
        /// The interval asked for.
        interval: Interval,
        /// How long ago it begins.
        age: Duration,
        /// How far back the counter remembers.
        span: Duration,
    },
    /// The window reaches back to buckets that were given up: the clock stepped back since then.
    #[error("window begins at {from:?}, buckets are held from {held:?} on")]
    GivenUp {
        /// Where the window begins.
        from: Stamp,
        /// Where the oldest bucket that is held begins.
        held: Stamp,
    },
    /// The interval ends before it begins.
    #[error("interval {interval:?} ends before it begins")]
    Backwards {
        /// The interval asked for.
        interval: Interval,
    },
}

/// Why a snapshot cannot be read, merged or restored; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A key is missing in what was read.
    #[error("snapshot has no `{key}`")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// It names no tier of buckets.
    #[error("snapshot has no tier")]
    NoTier,
    /// Its tiers make no sense.
    #[error("tiers of the snapshot make no sense")]
    Spec(#[from] SpecError),
    /// It holds more buckets of a tier than a counter does.
    #[error("snapshot has {buckets} buckets in a tier, a counter holds {max}")]
    TooManyBuckets {
        /// How many buckets it has.
        buckets: u64,
        /// How many a counter holds.
        max: u64,
    },
    /// A bucket lies outside of what can be stamped.
    #[error("snapshot has buckets from number {first} on, beyond all stamps")]
    OutOfTime {
        /// The number of the first bucket.
        first: i64,
    },
    /// There are more events in the buckets than in all.
    #[error(
        "snapshot has a total of {} and more than that in its buckets",
        counted(*total, "event")
    )]
    TotalTooSmall {
        /// How many events there are said to be.
        total: u64,
    },
    /// The buckets are of other widths, or reach back differently far.
    #[error("snapshot has the tiers {found:?}, needed are {expected:?}")]
    OtherTiers {
        /// The tiers it has.
        found: Vec<Tier>,
        /// The tiers it should have.
        expected: Vec<Tier>,
    },
    /// Its header is that of another kind or version, or cannot be.
    #[error(transparent)]
    Header(SnapshotHeaderError),
    /// Its instances are included already, too many or missing.
    #[error(transparent)]
    Instances(#[from] InstanceError),
    /// A bucket, or the sum of all, has no room for so many events.
    #[error("more events than a bucket or the total has room for")]
    TooManyEvents,
    /// It was taken, or has events, further ahead of the clock than is believed.
    #[error("snapshot is of {newest:?}, which is {ahead:?} ahead of the clock")]
    TooNew {
        /// When it was taken, or where its newest bucket with an event begins.
        newest: Stamp,
        /// How far ahead of the clock that is.
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
