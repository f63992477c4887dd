//! A clock of whole seconds.

use std::time::Duration;

use super::Clock;
use super::system::CoarseClock;
use crate::stamp::Stamp;
use crate::sync::{AtomicI64, Ordering::Relaxed, shared};

/// The system's time in whole seconds, at a third of a [`CoarseClock`]'s cost on Linux.
///
/// All clocks of this type in a process are the same clock. Use it for buckets of one or more whole
/// seconds: finer buckets would receive all events of a second at once.
///
/// # Accuracy
///
/// Lags by up to a second, the elapsed part of the current one, and by one tick of the kernel,
/// because a second may begin that late. Follows the wall clock forwards at once. Its weakness: if
/// the wall is set back, or repeats a leap second, the clock *stands still* until the wall has
/// caught up, and all events meanwhile are counted in one second. The [`CoarseClock`] continues
/// then.
///
/// Outside Linux, this is the [`SystemClock`](crate::SystemClock), rounded down.
///
/// # Examples
///
/// ```
/// use core_time::{EventCounter, SecondsClock, WindowSpec};
/// use std::time::Duration;
///
/// let requests = EventCounter::with_clock(WindowSpec::default(), SecondsClock);
/// requests.record();
/// assert_eq!(requests.count(Duration::from_secs(300))?.events, 1);
/// # Ok::<(), core_time::WindowError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecondsClock;

// The latest second returned on any thread.
shared!(static LATEST: AtomicI64 = AtomicI64::new(i64::MIN));

impl Clock for SecondsClock {
    #[inline]
    fn now(&self) -> Stamp {
        Stamp::from_secs(never_back(&LATEST, seconds()))
    }

    fn may_step_back(&self) -> bool {
        false
    }

    fn lag(&self) -> Duration {
        Duration::from_secs(1) + CoarseClock.lag()
    }
}

/// Returns the later of a second and the latest one returned before.
#[inline]
fn never_back(latest: &AtomicI64, second: i64) -> i64 {
    // ORDERING: Relaxed load, Relaxed maximum.
    // Needs: a second not earlier than one returned before this call happened.
    // Gives: coherence. The thread that returned it had loaded it here, or stored it.
    // Not needed: any order with other memory.
    // Checks: `tests::second_is_never_earlier_than_one_before`. No model: one variable that only
    // grows.
    let known = latest.load(Relaxed);
    if second <= known { known } else { latest.fetch_max(second, Relaxed).max(second) }
}

#[cfg(all(target_os = "linux", not(std_clock)))]
#[expect(unsafe_code, reason = "the safe ways to call `time` cost more; see Worth below")]
#[inline]
fn seconds() -> i64 {
    // SAFETY: `time` writes to its argument unless that is null. It is null, and `time` requires
    // nothing else.
    // Worth: 3.4 ns. The coarse clock takes 10.5, and so do its seconds read through a safe call
    // (medians of nine runs).
    unsafe { libc::time(std::ptr::null_mut()) }
}

#[cfg(any(not(target_os = "linux"), std_clock))]
fn seconds() -> i64 {
    super::system::SystemClock.now().as_nanos().div_euclid(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn second_is_never_earlier_than_one_before() {
        let latest = AtomicI64::new(i64::MIN);
        let found = [-3, -2, -5, 4, 4, 3, i64::MAX, 0].map(|second| never_back(&latest, second));
        assert_eq!(found, [-3, -2, -2, 4, 4, 4, i64::MAX, i64::MAX]);
    }

    #[test]
    fn second_is_that_of_the_other_clocks() {
        let before = CoarseClock.now().as_nanos().div_euclid(1_000_000_000);
        let second = SecondsClock.now();
        assert_eq!(second.as_nanos() % 1_000_000_000, 0);
        assert!(Stamp::from_secs(before) <= second && second <= SystemClock.now());
    }
}
