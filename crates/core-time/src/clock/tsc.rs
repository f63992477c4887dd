//! A clock that reads the processor's time-stamp counter.

use std::sync::OnceLock;
use std::time::Duration;

use super::Clock;
use super::anchor::{Anchor, Source};
use super::system::SystemClock;
use crate::stamp::Stamp;
use crate::sync::shared;

/// The system's time by the processor's counter, for fine buckets.
///
/// All clocks of this type in a process are the same clock. The first read measures the rate of the
/// counter, which may take 200 ms. If the processor has no suitable counter, the clock reads the
/// system's monotonic clock.
///
/// # Accuracy
///
/// Follows the wall clock forwards within 100 ms, as [`SystemClock`], and lags by up to another
/// 25 µs (50 if the rate was measured badly). The counter is assumed to be 1/4096 slower than
/// measured, so that an error never puts the clock ahead, from where it could not come back.
///
/// The processor may read its counter before earlier instructions are done, and the counters of two
/// processors may differ. So the stamps of two threads may be out of order, measured at up to 2 µs,
/// and a bound of a [`Window`](crate::Window) may be wrong by the events of that time.
///
/// # Examples
///
/// ```
/// use core_time::{EventCounter, TscClock, WindowSpec};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis(1);
/// let spec = WindowSpec::builder().resolution(ms).span(1_000 * ms).build()?;
/// let requests = EventCounter::with_clock(spec, TscClock);
/// requests.record();
/// assert_eq!(requests.count(1_000 * ms)?.events, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TscClock;

shared!(static TSC: Anchor = Anchor::new());

impl Clock for TscClock {
    #[inline]
    fn now(&self) -> Stamp {
        TSC.now(Counter)
    }

    fn may_step_back(&self) -> bool {
        false
    }

    fn lag(&self) -> Duration {
        Duration::from_micros(50)
    }
}

#[derive(Clone, Copy)]
struct Counter;

impl Source for Counter {
    #[inline]
    fn monotonic(self) -> i64 {
        static CLOCK: OnceLock<(quanta::Clock, u64)> = OnceLock::new();
        let (clock, first) = CLOCK.get_or_init(|| {
            let clock = quanta::Clock::new();
            let first = clock.raw();
            (clock, first)
        });
        slowed(clock.delta_as_nanos(*first, clock.raw()))
    }

    fn wall(self) -> i64 {
        SystemClock.now().as_nanos()
    }
}

#[inline]
fn slowed(nanos: u64) -> i64 {
    (nanos - (nanos >> 12)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_lags_behind_the_system_a_little() {
        for _ in 0..3 {
            let now = TscClock.now();
            let system = SystemClock.now();
            assert!(now <= system, "{now:?} is ahead of {system:?}");
            while TscClock.now() == now {}
        }
        assert!(TscClock.now() <= TscClock.now());
    }

    #[test]
    fn slowed_counter_lags_by_less_than_documented_between_two_looks() {
        assert_eq!(slowed(0), 0);
        assert_eq!(slowed(100_000_000), 100_000_000 - 24_414);
        assert!((0..10_000).all(|nanos| slowed(nanos) <= slowed(nanos + 1)));
    }
}
