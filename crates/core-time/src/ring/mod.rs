//! Rings of buckets: counts, statistics, and the time axis that maps stamps to buckets.

mod axis;
mod counts;
mod merged;
mod sparse;

pub use axis::{CoveredBuckets, TimeAxis};
pub(crate) use counts::{Layout, RangeCounts, Ring, increase};
pub use merged::{InBucket, StatisticRing};
pub(crate) use sparse::SparseCounts;
