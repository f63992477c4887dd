//! The errors of recording and of windows.

use std::time::Duration;

use thiserror::Error;

use crate::stamp::{Interval, Stamp};
use crate::text::counted;

/// The error returned when an event is refused; nothing else changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The stamp is older than the span.
    #[error("event is {age:?} old, span is {span:?}")]
    TooOld {
        /// The age of the event.
        age: Duration,
        /// The span of the counter.
        span: Duration,
    },
    /// The bucket of the stamp was evicted, and the clock stepped back since then.
    #[error("event is {behind:?} behind the newest bucket, buckets are held for {held:?}")]
    Evicted {
        /// The time from the event to the end of the newest bucket.
        behind: Duration,
        /// The time that buckets are held.
        held: Duration,
    },
    /// The stamp is further ahead of the clock than the tolerance.
    #[error("event is {ahead:?} ahead of the clock, tolerance is {tolerance:?}")]
    TooNew {
        /// The time from the clock to the stamp.
        ahead: Duration,
        /// The tolerance of the counter.
        tolerance: Duration,
    },
    /// The bucket, or the total, has no room for the events.
    #[error("bucket is full: {} not fit, {room} would", do_not_fit(*events))]
    Full {
        /// The number of events.
        events: u64,
        /// The number of events that would fit.
        room: u64,
    },
}

fn do_not_fit(events: u64) -> String {
    let verb = if events == 1 { "does" } else { "do" };
    format!("{} {verb}", counted(events, "event"))
}

/// The error returned when a window cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WindowError {
    /// The window is longer than the span.
    #[error("window is {window:?}, span is {span:?}")]
    LongerThanSpan {
        /// The requested window.
        window: Duration,
        /// The span of the counter.
        span: Duration,
    },
    /// The interval begins further back than the span.
    #[error("interval {interval:?} begins {age:?} ago, span is {span:?}")]
    BeforeSpan {
        /// The requested interval.
        interval: Interval,
        /// The time from its beginning to the present.
        age: Duration,
        /// The span of the counter.
        span: Duration,
    },
    /// The window begins in a bucket that was evicted before the clock stepped back.
    #[error("window begins at {from:?}, buckets are held from {held:?} on")]
    Evicted {
        /// The start of the window.
        from: Stamp,
        /// The start of the oldest bucket that is held.
        held: Stamp,
    },
    /// The interval ends before it begins.
    #[error("interval {interval:?} ends before it begins")]
    Backwards {
        /// The requested interval.
        interval: Interval,
    },
}
