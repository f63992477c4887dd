//! The clocks of the operating system.

use std::time::Duration;

use super::Clock;
use super::anchor::{Anchor, Source as _};
use crate::stamp::Stamp;
use crate::sync::shared;

/// The system's time to the nanosecond, which never steps back.
///
/// All clocks of this type in a process are the same clock.
///
/// # Accuracy
///
/// Follows the wall clock forwards within 100 ms. If the wall is set back, continues at the
/// monotonic rate until the wall has caught up; [`ahead_of_wall`](Self::ahead_of_wall) returns the
/// difference.
///
/// # Examples
///
/// ```
/// use core_time::{Clock, SystemClock};
///
/// let (first, second) = (SystemClock.now(), SystemClock.now());
/// assert!(first <= second);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemClock;

/// The system's time at the kernel's last tick, the cheapest clock.
///
/// All clocks of this type in a process are the same clock. Outside Linux, this is [`SystemClock`].
///
/// # Accuracy
///
/// Lags by up to [`lag`](Clock::lag), two ticks of the kernel, usually 2 to 20 ms, which does not
/// matter for buckets of a second. Otherwise as [`SystemClock`].
///
/// # Examples
///
/// ```
/// use core_time::{Clock, CoarseClock};
///
/// assert!(CoarseClock.now() <= CoarseClock.now());
/// assert!(CoarseClock.lag().as_millis() <= 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CoarseClock;

shared!(static FINE: Anchor = Anchor::new());
shared!(static COARSE: Anchor = Anchor::new());

impl SystemClock {
    /// Returns the time by which the clock is ahead of the wall clock.
    ///
    /// Zero, unless the wall was set back.
    #[must_use]
    pub fn ahead_of_wall(&self) -> Duration {
        self.now().saturating_since(Stamp::from_nanos(source::Fine.wall()))
    }
}

impl CoarseClock {
    /// Returns the time by which the clock is ahead of the wall clock.
    ///
    /// Zero, unless the wall was set back.
    #[must_use]
    pub fn ahead_of_wall(&self) -> Duration {
        self.now().saturating_since(Stamp::from_nanos(source::Coarse.wall()))
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Stamp {
        FINE.now(source::Fine)
    }

    fn may_step_back(&self) -> bool {
        false
    }
}

impl Clock for CoarseClock {
    #[inline]
    fn now(&self) -> Stamp {
        COARSE.now(source::Coarse)
    }

    fn may_step_back(&self) -> bool {
        false
    }

    fn lag(&self) -> Duration {
        2 * source::coarse_tick() // One because it moves in ticks, one that a look may miss.
    }
}

#[cfg(all(target_os = "linux", not(std_clock)))]
pub(super) mod source {
    //! The kernel's clocks, read without a system call.

    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    use super::super::anchor::Source;

    #[derive(Clone, Copy)]
    pub(in crate::clock) struct Fine;

    #[derive(Clone, Copy)]
    pub(super) struct Coarse;

    impl Source for Fine {
        #[inline]
        fn monotonic(self) -> i64 {
            nanos(clock_gettime(ClockId::Monotonic))
        }

        fn wall(self) -> i64 {
            nanos(clock_gettime(ClockId::Realtime))
        }
    }

    impl Source for Coarse {
        #[inline]
        fn monotonic(self) -> i64 {
            nanos(clock_gettime(ClockId::MonotonicCoarse))
        }

        fn wall(self) -> i64 {
            nanos(clock_gettime(ClockId::RealtimeCoarse))
        }
    }

    pub(super) fn coarse_tick() -> Duration {
        let tick = nanos(clock_getres(ClockId::MonotonicCoarse));
        Duration::from_nanos(tick.unsigned_abs())
    }

    #[inline]
    fn nanos(time: Timespec) -> i64 {
        // Wraps in 292 years, which is further than the kernel goes.
        time.tv_sec.wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec)
    }
}

#[cfg(any(not(target_os = "linux"), std_clock))]
pub(super) mod source {
    //! The clocks of the standard library, for other systems than Linux.
    //!
    //! `--cfg std_clock` uses them on Linux too, so that the tests run there.

    #![expect(clippy::disallowed_methods, reason = "this is the one place that asks for the time")]

    use std::sync::OnceLock;
    use std::time::{Duration, Instant, SystemTime};

    use super::super::anchor::Source;
    use crate::stamp::Stamp;

    #[derive(Clone, Copy)]
    pub(in crate::clock) struct Fine;

    pub(super) use Fine as Coarse;

    impl Source for Fine {
        fn monotonic(self) -> i64 {
            static FIRST: OnceLock<Instant> = OnceLock::new();
            let first = *FIRST.get_or_init(Instant::now);
            i64::try_from(first.elapsed().as_nanos()).unwrap_or(i64::MAX)
        }

        fn wall(self) -> i64 {
            Stamp::from(SystemTime::now()).as_nanos()
        }
    }

    pub(super) fn coarse_tick() -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::{
        AtomicI64,
        Ordering::{Acquire, Release},
    };

    #[test]
    fn threads_see_one_clock() {
        let latest = AtomicI64::new(i64::MIN);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let before = latest.load(Acquire);
                        let now = CoarseClock.now().as_nanos();
                        assert!(before <= now, "clock ran from {before} back to {now}");
                        latest.fetch_max(now, Release);
                    }
                });
            }
        });
    }
}
