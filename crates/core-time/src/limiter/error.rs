//! The answers of limiters, and the errors of their limits.

use std::time::Duration;

use thiserror::Error;

use super::limit::Limit;
use crate::text::counted;

/// The answer to events that were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remaining {
    /// The number of events that would be recorded now.
    pub events: u64,
    /// The limit that allows the fewest.
    pub limit: Limit,
}

/// The error returned when events would exceed a limit; nothing was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{}", message(self))]
#[non_exhaustive]
pub struct Exceeded {
    /// The number of events that were refused.
    pub events: u64,
    /// The limit that they exceed, the one that holds them up longest.
    pub limit: Limit,
    /// The time until the same call succeeds, if nothing is recorded until then.
    ///
    /// Exact: a nanosecond earlier, by the limiter's clock, the call is refused. `None` if it can
    /// never succeed, because the limit allows fewer events.
    pub retry_after: Option<Duration>,
}

fn message(exceeded: &Exceeded) -> String {
    let Exceeded { events, limit, retry_after } = exceeded;
    match retry_after {
        Some(after) => format!("limit of {limit} is reached, retry after {after:?}"),
        None => format!("{} at once, limit is {limit}", counted(*events, "event")),
    }
}

/// The error returned when limits cannot hold at the same time, or need too much memory.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LimitsError {
    /// No limit is given.
    #[error("0 limits, at least 1 is needed")]
    Empty,
    /// A window is empty or longer than 100 years.
    #[error("window is {window:?}, allowed are 1ns to {max:?}")]
    Window {
        /// The window.
        window: Duration,
        /// The longest window.
        max: Duration,
    },
    /// The resolution is zero, or coarser than the shortest window.
    #[error("resolution is {resolution:?}, allowed are 1ns to {max:?}, the shortest window")]
    Resolution {
        /// The resolution.
        resolution: Duration,
        /// The shortest window.
        max: Duration,
    },
    /// The events of one key need too much memory.
    #[error("history takes up to {bytes} bytes, limit is {max}: use a coarser resolution")]
    TooLarge {
        /// The bytes of one history.
        bytes: usize,
        /// The maximum.
        max: usize,
    },
}
