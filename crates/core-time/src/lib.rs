#![doc = include_str!("../README.md")]

mod clock;
mod counter;
mod exact;
mod instance;
pub mod laws;
#[cfg(all(test, loom))]
mod loom;
mod per_thread;
mod ring;
mod snapshot;
mod spec;
mod stamp;
mod statistic;
mod sync;
mod tag;
mod text;

#[cfg(feature = "tsc")]
pub use clock::TscClock;
pub use clock::{Clock, CoarseClock, ManualClock, SecondsClock, SystemClock, TickerClock};
pub use counter::{
    Coverage, EventCounter, RecordError, Recorder, RefusedCounts, Series, Window, WindowError,
};
pub use exact::ExactCounter;
pub use instance::{Instance, InstanceError, Instances};
pub use per_thread::PerThread;
pub use ring::{CoveredBuckets, InBucket, StatisticRing, TimeAxis};
pub use snapshot::{CounterSnapshot, SnapshotError, SnapshotHeader, SnapshotHeaderError};
pub use spec::{SpecError, Tier, WindowSpec, WindowSpecBuilder};
pub use stamp::{Interval, Stamp};
pub use statistic::{COUNT_MAX, Statistic, Subtract};
pub use tag::Tag;
#[doc(hidden)]
pub use text::counted;
