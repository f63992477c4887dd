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
pub use error::AddError;
pub use extent::Extent;
pub use figures::{Counted, Mean};
pub use handle::Handle;
pub use histogram::{Histogram, HistogramCell};
pub use key::KeyedName;
pub use largest::Largest;
pub use last::{Last, Stamped};
pub use mean::ExactMean;
pub use name::{ActionName, NAME_BYTES_MAX, NameError};
pub use packed::Packed;
pub use quantile::{Quantile, QuantileError};
pub use quantiles::Quantiles;
pub use raw::Raw;
pub use row::Row;
pub use snapshot::{TrackerSnapshot, TrackerSnapshotError};
pub use spec::{ACTIONS_MAX, Overflow, TrackerSpec, WhenFull};
pub use summary::Summary;
pub use tally::{Tally, TallyNames};
pub use time::{ActionTime, TimeError, Unit};
pub use tracker::{ActionTracker, MergedTracker, PostTracker, RunningTracker};
pub use variance::Variance;
pub use windowed::{
    ActionWindow, WindowRows, WindowedHandle, WindowedSnapshot, WindowedSpec, WindowedSpecError,
    WindowedTracker,
};
