#![doc = include_str!("../README.md")]

mod axis;
mod clock;
mod counter;
mod error;
mod exact;
mod grid;
mod instance;
pub mod laws;
mod ledger;
#[cfg(all(test, loom))]
mod loom;
mod per_thread;
mod question;
mod recorder;
mod refused;
mod ring;
mod snapshot;
mod spec;
mod stamp;
mod statistic;
mod statistic_ring;
mod sync;
mod tag;
mod text;
mod window;

pub use axis::{CoveredBuckets, TimeAxis};
#[cfg(feature = "tsc")]
pub use clock::TscClock;
pub use clock::{Clock, CoarseClock, ManualClock, SecondsClock, SystemClock, TickerClock};
pub use counter::EventCounter;
pub use error::{RecordError, SnapshotError, SpecError, WindowError};
pub use exact::ExactCounter;
pub use instance::{Instance, InstanceError, Instances};
pub use per_thread::PerThread;
pub use recorder::Recorder;
pub use refused::RefusedCounts;
pub use snapshot::{CounterSnapshot, SnapshotHeader, SnapshotHeaderError};
pub use spec::{Tier, WindowSpec, WindowSpecBuilder};
pub use stamp::{Interval, Stamp};
pub use statistic::{COUNT_MAX, Statistic, Subtract};
pub use statistic_ring::{InBucket, StatisticRing};
pub use tag::Tag;
#[doc(hidden)]
pub use text::counted;
pub use window::{Coverage, Series, Window};
