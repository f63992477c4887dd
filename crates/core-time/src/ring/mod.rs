//! Rings of buckets: counts, statistics, and the time axis that maps stamps to buckets.

mod axis;
mod counts;
mod covered;
mod merged;
mod sparse;
mod tiered;

pub use axis::TimeAxis;
pub(crate) use counts::{Layout, RangeCounts, Ring, increase};
pub use covered::CoveredBuckets;
pub use merged::{InBucket, RingMark, StatisticRing};
pub(crate) use sparse::SparseCounts;
pub use tiered::{TieredMark, TieredRing};
