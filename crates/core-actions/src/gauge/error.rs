//! Errors of gauges.

use std::time::Duration;

use core_time::RecordError;
use thiserror::Error;

/// The error returned when a value of a gauge is refused; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GaugeError {
    /// A later value was set before.
    #[error("value is of {behind:?} before the last one, set values in the order of their times")]
    BeforeLast {
        /// The time from the value to the last one.
        behind: Duration,
    },
    /// The timestamp is too far ahead of the clock, or the clock stepped back too far.
    #[error(transparent)]
    Stamp(#[from] RecordError),
}
