//! The monotonic clock, which never follows the wall.

use std::sync::OnceLock;

use super::Clock;
use super::anchor::Source as _;
use super::system::source::Fine;
use crate::stamp::Stamp;

/// The system's monotonic time, which no change of the wall clock moves.
///
/// Use it for limits: if the wall is set forwards, every window of a clock that follows is empty
/// at once, and a limiter would accept all events again. All clocks of this type in a process are
/// the same clock.
///
/// # Accuracy
///
/// Stamps count from the wall time at the first use in the process, to the nanosecond, and advance
/// at the rate of [`Instant`](std::time::Instant). After a change of the wall they differ from it
/// by that change for as long as the process runs. On Linux, the clock stands still while the
/// machine is suspended.
///
/// # Examples
///
/// ```
/// use core_time::{Clock, MonotonicClock};
///
/// let (first, second) = (MonotonicClock.now(), MonotonicClock.now());
/// assert!(first <= second && !MonotonicClock.may_step_back());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MonotonicClock;

/// The offset of the wall from the monotonic clock at the first use, in nanoseconds.
static OFFSET: OnceLock<i64> = OnceLock::new();

impl Clock for MonotonicClock {
    #[inline]
    fn now(&self) -> Stamp {
        let monotonic = Fine.monotonic();
        let offset = *OFFSET.get_or_init(|| Fine.wall().saturating_sub(monotonic));
        Stamp::from_nanos(monotonic.saturating_add(offset))
    }

    fn may_step_back(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_the_monotonic_clock_with_one_offset() {
        MonotonicClock.now();
        let offset = *OFFSET.get().expect("set at the first use");
        for _ in 0..1_000 {
            let before = Fine.monotonic();
            let now = MonotonicClock.now().as_nanos();
            let after = Fine.monotonic();
            assert!((before..=after).contains(&(now - offset)), "{before} {now} {after}");
        }
        assert_eq!(OFFSET.get(), Some(&offset));
    }
}
