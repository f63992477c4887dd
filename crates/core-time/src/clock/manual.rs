//! A clock that is moved by its owner.

use std::sync::Arc;
use std::time::Duration;

use super::Clock;
use super::shared::SharedTime;
use crate::stamp::Stamp;

/// A clock that stands still until it is moved, for tests and for replaying logs.
///
/// Clones show the same time.
///
/// # Concurrency
///
/// A thread that sees the clock moved also sees everything that was recorded before the move.
///
/// # Examples
///
/// ```
/// use core_time::{Clock, ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// clock.advance(Duration::from_millis(2_500));
/// assert_eq!(clock.now(), Stamp::from_millis(1_002_500));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ManualClock(Arc<SharedTime>);

impl ManualClock {
    /// Makes a clock that shows `now`.
    #[must_use]
    pub fn new(now: Stamp) -> Self {
        Self(SharedTime::new(now, Duration::ZERO))
    }

    pub(super) fn shared(&self) -> Arc<SharedTime> {
        Arc::clone(&self.0)
    }

    /// Moves the clock forwards, at most to [`Stamp::MAX`].
    pub fn advance(&self, by: Duration) {
        self.0.advance(by);
    }

    /// Moves the clock to a stamp, which may be earlier.
    ///
    /// A clock that stepped back once [may step back](Clock::may_step_back) from then on. That
    /// makes records of a counter slower and leaves the filling bucket out of `at_least`.
    pub fn set(&self, now: Stamp) {
        self.0.set(now);
    }
}

impl Clock for ManualClock {
    #[inline]
    fn now(&self) -> Stamp {
        self.0.now()
    }

    #[inline]
    fn may_step_back(&self) -> bool {
        self.0.stepped_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manual_clock_remembers_that_it_stepped_back() {
        let clock = ManualClock::new(Stamp::from_secs(10));
        clock.set(Stamp::from_secs(12));
        clock.advance(Duration::MAX);
        assert!(!clock.may_step_back());
        assert_eq!(clock.now(), Stamp::MAX);
        clock.clone().set(Stamp::MIN);
        assert!(clock.may_step_back() && Arc::new(clock).may_step_back());
    }
}
