//! Histories of events, and the clock readings that they need.

use std::time::Duration;

use core_time::Stamp;

/// The first reading of manual clocks: inside a bucket, as a real one mostly is.
pub const START: Stamp = Stamp::from_millis(1_000_000_500);

/// The width of a bucket.
pub const SECOND: Duration = Duration::from_secs(1);

/// The number of events in each second of a history.
pub const EVENTS_PER_SECOND: u64 = 10;

/// Returns a duration of `count` seconds.
#[must_use]
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
