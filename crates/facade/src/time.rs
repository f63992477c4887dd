//! Stamps, clocks, windows and event counters: what the front door uses of `core-time`.

#[cfg(feature = "tsc")]
pub use core_time::TscClock;
pub use core_time::{
    Clock, CoarseClock, CounterChanges, CounterCursor, CounterDelta, CounterSnapshot, Coverage,
    CoveredBuckets, EventCounter, ExactCounter, Exceeded, HeavyKeys, InBucket, InFlight,
    InFlightGuard, Instance, InstanceError, Instances, Interval, KeyHandle, KeyRow, KeyedCounter,
    KeyedDelta, KeyedLimiter, KeyedRecordError, KeyedSnapshot, KeyedSpec, KeyedSpecError, Limit,
    Limiter, Limits, LimitsError, ManualClock, MonotonicClock, OwnedRecorder, RecordError,
    Recorder, RefusedCounts, Remaining, SecondsClock, Series, SnapshotError, SnapshotHeader,
    SnapshotHeaderError, SpecError, Stamp, Statistic, StatisticRing, Subtract, SystemClock, Tag,
    TickerClock, Tier, TieredRing, TimeAxis, TooManyInFlight, Window, WindowError, WindowSpec,
    WindowSpecBuilder, laws,
};
