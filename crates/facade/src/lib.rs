#![doc = include_str!("../README.md")]

mod error;
#[cfg(doctest)]
mod readme;
mod windrow;

pub use codec::{Action, DecodeError, Kind, Limits, decode, encode};
pub use core_actions::{
    ActionName, ActionTime, ActionTracker, AddError, Count, Counted, ExactMean, Extent, Histogram,
    HistogramCell, Largest, Last, Mean, MergedTracker, NameError, PostTracker, Quantile,
    QuantileError, Quantiles, Raw, Row, RunningTracker, Stamped, TimeError, TrackerSpec, Unit,
    Variance,
};
pub use core_time::{
    Clock, CoarseClock, EventCounter, Interval, ManualClock, RecordError, Refused, Series,
    SpecError, Stamp, Statistic, Subtract, SystemClock, Window, WindowError, WindowSpec,
    WindowSpecBuilder, laws,
};
pub use error::Error;
pub use windrow::{Windrow, WindrowBuilder};
