#![doc = include_str!("../README.md")]

mod count;
mod error;
mod exact;
mod extent;
mod few;
mod figures;
mod handle;
mod histogram;
mod key;
mod largest;
mod last;
mod limbs;
#[cfg(all(test, loom))]
mod loom;
mod mean;
mod name;
#[cfg(test)]
#[path = "../tests/statistics/oracle.rs"]
mod oracle;
mod packed;
mod part;
mod quantile;
mod quantiles;
mod raw;
mod registry;
mod row;
mod slice;
mod snapshot;
mod spec;
mod summary;
mod sums;
mod sync;
mod table;
mod tally;
mod time;
mod tracker;
mod uses;
mod variance;
mod windowed;
#[cfg(feature = "serde")]
mod wire;

pub use core_time::{COUNT_MAX, Statistic, Subtract, Tag, laws};
pub use count::Count;
pub use error::ActionError;
pub use extent::MinMax;
pub use figures::{HasCount, HasMean};
pub use handle::Handle;
pub use histogram::{Bin, Histogram};
pub use key::KeyedName;
pub use largest::TopK;
pub use last::{Last, Timestamped};
pub use mean::Mean;
pub use name::{ActionName, NAME_BYTES_MAX, NameError};
pub use packed::AsWords;
pub use quantile::{Quantile, QuantileError};
pub use quantiles::Quantiles;
pub use raw::Values;
pub use row::Row;
pub use snapshot::{TrackerSnapshot, TrackerSnapshotError};
pub use spec::{ACTIONS_MAX, OverflowCounts, TrackerSpec, WhenFull};
pub use summary::Summary;
pub use tally::{LocalTracker, NameTable};
pub use time::{ActionTime, TimeError, Unit};
pub use tracker::{ActionTracker, MergedTracker, PostTracker, RunningTracker};
pub use variance::Variance;
pub use windowed::{
    ActionWindow, WindowRows, WindowedHandle, WindowedSnapshot, WindowedSpec, WindowedSpecError,
    WindowedTracker,
};
