//! Clocks that somebody else moves: a test by hand, or a thread of our own at a steady pace.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Clock, SystemClock};
use crate::stamp::Stamp;
use crate::sync::{
    AtomicBool, AtomicI64,
    Ordering::{Acquire, Relaxed, Release},
};

/// What such a clock shows.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    nanos: AtomicI64,
    stepped_back: AtomicBool,
    lag: Duration,
}

impl Hands {
    fn new(now: Stamp, lag: Duration) -> Arc<Self> {
        let (nanos, stepped_back) = (AtomicI64::new(now.as_nanos()), AtomicBool::new(false));
        Arc::new(Self { nanos, stepped_back, lag })
    }

    #[inline]
    pub(super) fn now(&self) -> Stamp {
        // ORDERING: Acquire, for the Release of whoever moves the clock: who sees it moved sees
        // what was done before, be it the flag of a step back.
        // Checks: loom.rs, `a_manual_clock_that_was_moved_shows_what_was_done_before`.
        Stamp::from_nanos(self.nanos.load(Acquire))
    }

    #[inline]
    pub(super) fn stepped_back(&self) -> bool {
        // ORDERING: Relaxed load.
        // Needs: the flag, once this thread has seen an earlier time.
        // Gives: the hands, which were released after the flag was stored and received by `now`.
        // Not needed: Acquire. Nothing else hangs on the flag.
        // Checks: loom.rs, `a_manual_clock_that_stepped_back_says_so`.
        self.stepped_back.load(Relaxed)
    }

    pub(super) fn lag(&self) -> Duration {
        self.lag
    }
}

/// A clock that stands until it is moved, for tests and for replaying logs.
///
/// Clones show the same time.
///
/// # Concurrency
///
/// What was recorded before the clock was moved is seen by whoever sees it moved.
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
pub struct ManualClock(Arc<Hands>);

impl ManualClock {
    /// A clock that shows a moment.
    #[must_use]
    pub fn new(now: Stamp) -> Self {
        Self(Hands::new(now, Duration::ZERO))
    }

    pub(super) fn hands(&self) -> Arc<Hands> {
        Arc::clone(&self.0)
    }

    /// Moves the clock forwards, at most to [`Stamp::MAX`].
    pub fn advance(&self, by: Duration) {
        // ORDERING: Release, so that who sees the clock moved sees what was done before.
        let moved = |now| Some((Stamp::from_nanos(now) + by).as_nanos());
        let _ = self.0.nanos.fetch_update(Release, Relaxed, moved);
    }

    /// Moves the clock to a moment, be it an earlier one.
    ///
    /// A clock that stepped back once [may do so](Clock::may_step_back) from then on, which costs a
    /// counter some speed and leaves the filling bucket out of `at_least`.
    pub fn set(&self, now: Stamp) {
        // ORDERING: Release, as in `advance`; and the flag before the hands, so that who sees the
        // earlier time sees the flag. In one step with the comparison, or two who set it at once
        // could step back unseen.
        let nanos = now.as_nanos();
        let _ = self.0.nanos.fetch_update(Release, Relaxed, |before| {
            if nanos < before {
                self.0.stepped_back.store(true, Relaxed);
            }
            Some(nanos)
        });
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

/// The system's time, looked at by a thread of its own, so that asking for it costs one load.
///
/// The thread ends when the last clone of the clock does, within one period. After `fork` the child
/// has no such thread, and there the clock stands.
///
/// # Accuracy
///
/// Behind by up to the period, which [`lag`](Clock::lag) tells, and by as much longer as the system
/// does not let the thread run: on a machine that has more to do than it can, that may be tens of
/// milliseconds. An event is stamped with the time that the clock shows, so it may be counted in
/// the bucket before its own. Otherwise as [`SystemClock`].
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
pub struct TickerClock(Arc<Hands>);

impl TickerClock {
    /// The shortest period; a shorter one is taken for this.
    pub const PERIOD_MIN: Duration = Duration::from_micros(100);

    /// Starts a thread that looks at the system's time once in a period.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn start(period: Duration) -> io::Result<Self> {
        let period = period.max(Self::PERIOD_MIN);
        let hands = Hands::new(SystemClock.now(), period);
        let moved = Arc::downgrade(&hands);
        thread::Builder::new().name("windrow-ticker".into()).spawn(move || {
            while let Some(hands) = moved.upgrade() {
                // ORDERING: Release. Not needed by the time itself, but who sees it moved sees all
                // that this thread saw, as with a clock that is moved by hand.
                hands.nanos.store(SystemClock.now().as_nanos(), Release);
                drop(hands);
                thread::park_timeout(period);
            }
        })?;
        Ok(Self(hands))
    }

    pub(super) fn hands(&self) -> Arc<Hands> {
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
    fn manual_clock_remembers_that_it_stepped_back() {
        let clock = ManualClock::new(Stamp::from_secs(10));
        clock.set(Stamp::from_secs(12));
        clock.advance(Duration::MAX);
        assert!(!clock.may_step_back());
        assert_eq!(clock.now(), Stamp::MAX);
        clock.clone().set(Stamp::MIN);
        assert!(clock.may_step_back() && Arc::new(clock).may_step_back());
    }

    #[test]
    fn ticker_shows_what_the_system_does_and_moves_on() {
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
        let hands = Arc::downgrade(&clock.0);
        drop(clock.clone());
        assert!(hands.upgrade().is_some());
        drop(clock);
        while hands.upgrade().is_some() {
            thread::yield_now(); // The thread may be about to move them one last time.
        }
    }
}
