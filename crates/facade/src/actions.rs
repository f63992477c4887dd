//! Names, times, statistics and trackers of actions: what the front door uses of `core-actions`.

pub use core_actions::{
    ACTIONS_MAX, ActionError, ActionName, ActionRecorder, ActionTime, ActionTracker, ActionWindow,
    AsWords, Batch, Bin, BinaryError, BinaryForm, BinaryReader, BinaryWriter, CORRECTED_MAX,
    COUNT_MAX, ChangedBucket, Conversion, Converted, Count, Fleet, FleetError, FleetMember, Gauge,
    GaugeError, GaugeWindow, GroupError, Handle, HasCount, HasMean, Held, Histogram, KeyedName,
    LabelError, LabeledName, Last, Level, LocalTracker, Mean, MergedTracker, MinMax, NameError,
    NameTable, Outcome, Outcomes, OverflowCounts, PostTracker, Quantile, QuantileError, Quantiles,
    Row, RowHead, RowsHeader, RowsReader, RowsWriter, RunningTracker, SharedHandle,
    SharedWindowedHandle, Signed, SignedValue, Summary, TimeError, Timer, Timestamped, TopK,
    TrackerSnapshot, TrackerSnapshotError, TrackerSpec, Unit, UnitError, Values, Variance,
    WhenFull, WindowRows, WindowedChanges, WindowedCursor, WindowedHandle, WindowedSnapshot,
    WindowedSpec, WindowedSpecError, WindowedTracker, group_by,
};
