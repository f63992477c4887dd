#![doc = include_str!("../README.md")]

mod action;
mod error;
#[cfg(doctest)]
mod readme;
mod windrow;

pub use action::{ActionHandle, WindowSummary};
pub use codec::{
    Action, DecodeError, DecodeOptions, Excerpt, Field, Format, Fractions, Kind, Limits, ReadError,
    Record, Refusal, RefusedLine, Report, Sink, Snippet, StampForm, StampKey, StampKeyError,
    TimeMax, decode, encode, encode_means, encode_rows, threads_within_memory, visible,
    write_records,
};
pub use core_actions::{
    ACTIONS_MAX, ActionName, ActionTime, ActionTracker, ActionWindow, AddError, COUNT_MAX, Count,
    Counted, ExactMean, Extent, Handle, Histogram, HistogramCell, KeyedName, Largest, Last, Mean,
    MergedTracker, NameError, Overflow, Packed, PostTracker, Quantile, QuantileError, Quantiles,
    Raw, Row, RunningTracker, Stamped, Summary, Tally, TallyNames, TimeError, TrackerSnapshot,
    TrackerSnapshotError, TrackerSpec, Unit, Variance, WhenFull, WindowRows, WindowedHandle,
    WindowedSnapshot, WindowedSpec, WindowedSpecError, WindowedTracker,
};
#[cfg(feature = "tsc")]
pub use core_time::TscClock;
pub use core_time::{
    Clock, CoarseClock, Coverage, CoveredBuckets, EventCounter, ExactCounter, InBucket, Instance,
    InstanceError, Instances, Interval, ManualClock, RecordError, Recorder, Refused, SecondsClock,
    Series, Snapshot, SnapshotError, SnapshotHeader, SnapshotHeaderError, SpecError, Stamp,
    Statistic, StatisticRing, Subtract, SystemClock, Tag, TickerClock, Tier, TimeAxis, Window,
    WindowError, WindowSpec, WindowSpecBuilder, laws,
};
pub use error::Error;
pub use windrow::{Windrow, WindrowBuilder};
