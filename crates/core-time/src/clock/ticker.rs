//! A clock that a thread updates at a steady rate.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::Clock;
use super::shared::SharedTime;
use super::system::SystemClock;
use crate::stamp::Stamp;

/// The system's time, updated by a background thread, so that a read costs one load.
///
/// The thread ends within one period after the last clone of the clock is dropped. After `fork`,
/// the child does not have the thread, and the clock stands still.
///
/// # Accuracy
///
/// Lags by up to the period, which [`lag`](Clock::lag) returns, and by the time for which the
/// system does not run the thread: tens of milliseconds on an overloaded machine. An event is
/// stamped with the time that the clock shows, so it may be counted one bucket early. Otherwise as
/// [`SystemClock`].
///
/// # Examples
///
/// ```
/// use core_time::{Clock, TickerClock};
/// use std::time::Duration;
///
/// let clock = TickerClock::start(Duration::from_millis(1))?;
/// assert!(clock.now() <= clock.clone().now());
/// assert_eq!(clock.lag(), Duration::from_millis(1));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TickerClock(Arc<SharedTime>);

impl TickerClock {
    /// The minimum period; a shorter one is raised to it.
    pub const PERIOD_MIN: Duration = Duration::from_micros(100);

    /// Starts a thread that reads the system's time once per period.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    pub fn start(period: Duration) -> io::Result<Self> {
        let period = period.max(Self::PERIOD_MIN);
        let shared = SharedTime::new(SystemClock.now(), period);
        let weak = Arc::downgrade(&shared);
        thread::Builder::new().name("windrow-ticker".into()).spawn(move || {
            while let Some(shared) = weak.upgrade() {
                shared.store(SystemClock.now());
                drop(shared);
                thread::park_timeout(period);
            }
        })?;
        Ok(Self(shared))
    }

    pub(super) fn shared(&self) -> Arc<SharedTime> {
        Arc::clone(&self.0)
    }
}

impl Clock for TickerClock {
    #[inline]
    fn now(&self) -> Stamp {
        self.0.now()
    }

    fn may_step_back(&self) -> bool {
        false
    }

    fn lag(&self) -> Duration {
        self.0.lag()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticker_shows_the_system_time_and_moves() {
        let before = SystemClock.now();
        let clock = TickerClock::start(Duration::ZERO).unwrap();
        let first = clock.now();
        assert!(before <= first);
        while clock.now() == first {
            thread::yield_now();
        }
        assert!(clock.now() <= SystemClock.now());
        assert_eq!(clock.lag(), TickerClock::PERIOD_MIN);
    }

    #[test]
    fn thread_of_a_ticker_ends_with_its_last_clone() {
        let clock = TickerClock::start(Duration::from_millis(1)).unwrap();
        let shared = Arc::downgrade(&clock.0);
        drop(clock.clone());
        assert!(shared.upgrade().is_some());
        drop(clock);
        while shared.upgrade().is_some() {
            thread::yield_now(); // The thread may be about to update the time once more.
        }
    }
}
