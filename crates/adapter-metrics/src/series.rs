//! A histogram of a recorder, for readers of its tracker.

use std::fmt;

use exposition::Labels;
use metrics::Unit;

/// Describes a histogram of a recorder.
///
/// Its [`Display`](fmt::Display) is its name with its labels, such as `wait{queue="mail"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistogramSeries {
    /// The action of [`histogram_windows`](crate::WindrowRecorder::histogram_windows).
    pub action: String,
    /// The name, with `_` for each character that the formats do not have.
    pub name: String,
    /// The labels.
    pub labels: Labels,
    /// The unit of the values, where a program described it.
    pub unit: Option<Unit>,
}

impl HistogramSeries {
    /// Returns the unit of values that are times.
    ///
    /// `None` if the values have no unit or another one.
    ///
    /// # Examples
    ///
    /// ```
    /// use adapter_metrics::WindrowRecorder;
    /// use metrics::Unit;
    ///
    /// let recorder = WindrowRecorder::default();
    /// metrics::with_local_recorder(&recorder, || {
    ///     metrics::describe_histogram!("body", Unit::Bytes, "Lengths of bodies.");
    ///     metrics::describe_histogram!("wait", Unit::Microseconds, "Time in the queue.");
    ///     metrics::histogram!("body").record(512.0);
    ///     metrics::histogram!("wait").record(40.0);
    /// });
    /// let units: Vec<_> = recorder.histograms().iter().map(|it| it.time_unit()).collect();
    /// assert_eq!(units, [None, Some(core_actions::Unit::Microseconds)]);
    /// ```
    #[must_use]
    pub fn time_unit(&self) -> Option<core_actions::Unit> {
        match self.unit? {
            Unit::Seconds => Some(core_actions::Unit::Seconds),
            Unit::Milliseconds => Some(core_actions::Unit::Milliseconds),
            Unit::Microseconds => Some(core_actions::Unit::Microseconds),
            Unit::Nanoseconds => Some(core_actions::Unit::Nanoseconds),
            _ => None,
        }
    }
}

impl fmt::Display for HistogramSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.labels.iter().len() > 0 { write!(f, "{{{}}}", self.labels) } else { Ok(()) }
    }
}
