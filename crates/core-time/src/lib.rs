#![cfg_attr(feature = "counter", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "counter"), doc = "Timestamps and the trait of statistics.")]

#[cfg(feature = "counter")]
mod clock;
#[cfg(feature = "counter")]
mod counter;
#[cfg(feature = "counter")]
mod exact;
#[cfg(feature = "counter")]
mod in_flight;
#[cfg(feature = "counter")]
mod instance;
#[cfg(feature = "counter")]
mod keyed;
pub mod laws;
#[cfg(feature = "counter")]
mod limiter;
#[cfg(all(test, loom, feature = "counter"))]
mod loom;
mod overflow;
#[cfg(feature = "counter")]
mod per_thread;
#[cfg(feature = "counter")]
mod ring;
#[cfg(feature = "counter")]
mod snapshot;
#[cfg(feature = "counter")]
mod spec;
mod stamp;
mod statistic;
#[cfg(feature = "counter")]
mod sync;
mod tag;
mod text;

#[cfg(feature = "tsc")]
pub use clock::TscClock;
#[cfg(feature = "counter")]
pub use clock::{
    Clock, CoarseClock, ManualClock, MonotonicClock, SecondsClock, SystemClock, TickerClock,
};
#[cfg(feature = "counter")]
pub use counter::{
    Coverage, EventCounter, OwnedRecorder, RecordError, Recorder, RefusedCounts, Series, Window,
    WindowError,
};
#[cfg(feature = "counter")]
pub use exact::ExactCounter;
#[cfg(feature = "counter")]
pub use in_flight::{InFlight, InFlightGuard, TooManyInFlight};
#[cfg(feature = "counter")]
pub use instance::{Instance, InstanceError, Instances};
#[cfg(feature = "counter")]
pub use keyed::{
    HeavyKeys, KeyHandle, KeyRow, KeyedCounter, KeyedDelta, KeyedRecordError, KeyedSnapshot,
    KeyedSpec, KeyedSpecError,
};
#[cfg(feature = "counter")]
pub use limiter::{Exceeded, KeyedLimiter, Limit, Limiter, Limits, LimitsError, Remaining};
pub use overflow::{OverflowCounts, WhenFull};
#[cfg(feature = "counter")]
pub use per_thread::PerThread;
#[cfg(feature = "counter")]
pub use ring::{
    CoveredBuckets, InBucket, RingMark, StatisticRing, TieredMark, TieredRing, TimeAxis,
};
#[cfg(feature = "counter")]
pub use snapshot::{
    CounterChanges, CounterCursor, CounterDelta, CounterSnapshot, SnapshotError, SnapshotHeader,
    SnapshotHeaderError,
};
#[cfg(feature = "counter")]
pub use spec::{SpecError, Tier, WindowSpec, WindowSpecBuilder};
pub use stamp::{Interval, Stamp};
pub use statistic::{COUNT_MAX, Statistic, Subtract};
pub use tag::Tag;
#[doc(hidden)]
pub use text::counted;
