//! A limit of events in a window.

use std::fmt;
use std::time::Duration;

use crate::text::counted;

/// A maximum number of events in any window of a length.
///
/// # Examples
///
/// ```
/// use core_time::Limit;
/// use std::time::Duration;
///
/// let limit = Limit { events: 5, window: Duration::from_secs(10) };
/// assert_eq!(limit.to_string(), "5 events in 10s");
/// assert_eq!(Limit::per_second(5).window, Duration::from_secs(1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The maximum number of events. Zero refuses every event.
    pub events: u64,
    /// The length of the window.
    pub window: Duration,
}

impl Limit {
    /// Limits the events of any second.
    #[must_use]
    pub const fn per_second(events: u64) -> Self {
        Self { events, window: Duration::from_secs(1) }
    }

    /// Limits the events of any 60 seconds.
    #[must_use]
    pub const fn per_minute(events: u64) -> Self {
        Self { events, window: Duration::from_secs(60) }
    }

    /// Limits the events of any 3,600 seconds.
    #[must_use]
    pub const fn per_hour(events: u64) -> Self {
        Self { events, window: Duration::from_secs(3_600) }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {:?}", counted(self.events, "event"), self.window)
    }
}
