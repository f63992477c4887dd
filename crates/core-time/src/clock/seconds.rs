//! Whole seconds, the cheapest there are.

use std::time::Duration;

use super::Clock;
use super::system::CoarseClock;
use crate::stamp::Stamp;
use crate::sync::{AtomicI64, Ordering::Relaxed, shared};

/// The system's time in whole seconds, for a third of what the [`CoarseClock`] costs on Linux.
///
/// All clocks of this kind in a process are one and the same. For buckets of one or more whole
/// seconds: finer ones would be filled by one moment of each second.
///
/// # Accuracy
///
/// Behind by up to a second, as far as the second has gone, and by a tick of the kernel: a second
/// begins up to that late. Follows the wall clock forwards at once. This is the weakness: where the
/// wall is set back, or repeats a leap second, the clock *stands* until the wall has caught up, and
/// all that happens meanwhile is counted in one second. The [`CoarseClock`] goes on then.
///
/// Elsewhere than on Linux this is the [`SystemClock`](crate::SystemClock), rounded down.
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

// The latest second that anyone was told.
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

/// The later of a second and the latest that anyone was told.
#[inline]
fn never_back(latest: &AtomicI64, second: i64) -> i64 {
    // ORDERING: Relaxed load, Relaxed maximum.
    // Needs: a second not earlier than one that was told before this call happened.
    // Gives: coherence. Whoever told it had read it here, or written it.
    // Not needed: any order with other memory.
    // Checks: `tests::second_is_never_earlier_than_one_told_before`; nothing here for a model, one
    // variable that only grows.
    let known = latest.load(Relaxed);
    if second <= known { known } else { latest.fetch_max(second, Relaxed).max(second) }
}

#[cfg(all(target_os = "linux", not(std_clock)))]
#[expect(unsafe_code, reason = "`time` has no safe form that is as cheap; see Worth below")]
#[inline]
fn seconds() -> i64 {
    // SAFETY: `time` writes to its argument unless that is null, and it is; there is nothing else
    // that it asks for.
    // Worth: 3.4 ns where the coarse clock takes 10.5 and the safe way to that clock's seconds as
    // much (medians of nine runs).
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
    fn second_is_never_earlier_than_one_told_before() {
        let latest = AtomicI64::new(i64::MIN);
        let told = [-3, -2, -5, 4, 4, 3, i64::MAX, 0].map(|second| never_back(&latest, second));
        assert_eq!(told, [-3, -2, -2, 4, 4, 4, i64::MAX, i64::MAX]);
    }

    #[test]
    fn second_is_that_of_the_other_clocks() {
        let before = CoarseClock.now().as_nanos().div_euclid(1_000_000_000);
        let second = SecondsClock.now();
        assert_eq!(second.as_nanos() % 1_000_000_000, 0);
        assert!(Stamp::from_secs(before) <= second && second <= SystemClock.now());
    }
}
