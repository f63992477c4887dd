#![doc = include_str!("../README.md")]

mod action;
mod exact;
#[cfg(all(test, loom))]
mod loom;
#[cfg(test)]
#[path = "../tests/statistics/oracle.rs"]
mod oracle;
mod snapshot;
mod statistics;
mod sync;
mod tracker;
mod window;

pub use action::{
    ActionError, ActionName, ActionTime, AsWords, KeyedName, NAME_BYTES_MAX, NameError, TimeError,
    Unit, UnitError,
};
pub use core_time::{COUNT_MAX, Statistic, Subtract, Tag, laws};
pub use snapshot::{TrackerSnapshot, TrackerSnapshotError, WindowedSnapshot};
pub use statistics::{
    Bin, Count, HasCount, HasMean, Histogram, Last, Mean, MinMax, Quantile, QuantileError,
    Quantiles, Summary, Timestamped, TopK, Values, Variance,
};
pub use tracker::{
    ACTIONS_MAX, ActionTracker, Handle, LocalTracker, MergedTracker, NameTable, OverflowCounts,
    PostTracker, Row, RunningTracker, TrackerSpec, WhenFull,
};
pub use window::{
    ActionWindow, WindowRows, WindowedHandle, WindowedSpec, WindowedSpecError, WindowedTracker,
};
