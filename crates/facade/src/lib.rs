#![doc = include_str!("../README.md")]

mod error;
#[cfg(doctest)]
mod readme;
mod windrow;

pub use codec::{
    Action, Cell, DecodeError, Entry, Excerpt, Format, Fractions, Kind, Largest, Limits, Policy,
    ReadError, Refusal, Report, Sink, Spot, StampForm, StampKey, StampKeyError, decode, encode,
    encode_rows, visible,
};
pub use core_actions::{
    ActionName, ActionTime, ActionTracker, AddError, ExactMean, Mean, MergedTracker, NameError,
    PostTracker, Raw, Row, RunningTracker, TimeError, TrackerSpec, Unit,
};
pub use core_time::{
    Clock, CoarseClock, EventCounter, Interval, ManualClock, RecordError, Refused, Series,
    SpecError, Stamp, Statistic, SystemClock, Window, WindowError, WindowSpec, WindowSpecBuilder,
};
pub use error::Error;
pub use windrow::{Windrow, WindrowBuilder};
