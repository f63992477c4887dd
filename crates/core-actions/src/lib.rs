#![cfg_attr(feature = "tracker", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "tracker"), doc = "Names, times, rows and statistics of actions.")]

mod action;
#[cfg(feature = "tracker")]
mod binary;
mod exact;
#[cfg(feature = "tracker")]
mod fleet;
#[cfg(feature = "tracker")]
mod gauge;
mod labels;
#[cfg(all(test, loom, feature = "tracker"))]
mod loom;
#[cfg(test)]
#[path = "../tests/statistics/oracle.rs"]
mod oracle;
mod row;
#[cfg(feature = "tracker")]
mod snapshot;
mod statistics;
#[cfg(feature = "tracker")]
mod sync;
#[cfg(feature = "tracker")]
mod tracker;
#[cfg(feature = "tracker")]
mod window;

#[cfg(feature = "tracker")]
pub use action::{ActionError, AsWords};
pub use action::{
    ActionName, ActionTime, Conversion, KeyedName, NAME_BYTES_MAX, NameError, SignedValue,
    TimeError, Unit, UnitError,
};
#[cfg(feature = "tracker")]
pub use binary::{
    BinaryError, BinaryForm, BinaryReader, BinaryWriter, RowHead, RowsHeader, RowsReader,
    RowsWriter,
};
pub use core_time::{COUNT_MAX, OverflowCounts, Statistic, Subtract, Tag, WhenFull, laws};
#[cfg(feature = "tracker")]
pub use fleet::{Fleet, FleetError, FleetMember};
#[cfg(feature = "tracker")]
pub use gauge::{Gauge, GaugeError, GaugeWindow};
pub use labels::{GroupError, LabelError, LabeledName, group_by};
pub use row::Row;
#[cfg(feature = "tracker")]
pub use snapshot::{
    ChangedBucket, TrackerSnapshot, TrackerSnapshotError, WindowedChanges, WindowedSnapshot,
};
pub use statistics::{
    Bin, Converted, Count, HasCount, HasMean, Held, Histogram, Last, Level, Mean, MinMax, Outcome,
    Outcomes, Quantile, QuantileError, Quantiles, Signed, Summary, Timestamped, TopK, Values,
    Variance,
};
#[cfg(feature = "tracker")]
pub use tracker::{
    ACTIONS_MAX, ActionRecorder, ActionTracker, Batch, CORRECTED_MAX, Handle, LocalTracker,
    MergedTracker, NameTable, PostTracker, RunningTracker, SharedHandle, Timer, TrackerSpec,
};
#[cfg(feature = "tracker")]
pub use window::{
    ActionWindow, SharedWindowedHandle, WindowRows, WindowedCursor, WindowedHandle, WindowedSpec,
    WindowedSpecError, WindowedTracker,
};
