//! The processor's own counter of time.

use std::sync::OnceLock;
use std::time::Duration;

use super::Clock;
use super::anchor::{Anchor, Source};
use super::system::SystemClock;
use crate::stamp::Stamp;
use crate::sync::shared;

/// The system's time by the processor's counter, for buckets too fine for the coarse clock.
///
/// All clocks of this kind in a process are one and the same. The first that is asked finds out how
/// fast the counter goes, which may take 200 ms. Where the processor has no counter that is fit for
/// this, it is the system's monotonic clock.
///
/// # Accuracy
///
/// Follows the wall clock forwards within 100 ms, as [`SystemClock`], and is behind it by up to 25
/// µs besides (or 50 where the counter was measured badly): the counter is taken to be 1/4096
/// slower than measured, so that its error never puts it ahead, where it could not come back from.
///
/// The processor may read its counter before what was asked for earlier is done, and two
/// processors' counters may differ. So the stamps of two threads may be in the wrong order by as
/// much, measured at up to 2 µs; and a bound of a [`Window`](crate::Window) may be wrong by the
/// events of that.
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
    fn counter_keeps_behind_the_system_but_not_far() {
        for _ in 0..3 {
            let now = TscClock.now();
            let system = SystemClock.now();
            assert!(now <= system, "{now:?} is ahead of {system:?}");
            while TscClock.now() == now {}
        }
        assert!(TscClock.now() <= TscClock.now());
    }

    #[test]
    fn slowed_counter_falls_back_by_less_than_it_says_between_two_looks() {
        assert_eq!(slowed(0), 0);
        assert_eq!(slowed(100_000_000), 100_000_000 - 24_414);
        assert!((0..10_000).all(|nanos| slowed(nanos) <= slowed(nanos + 1)));
    }
}
