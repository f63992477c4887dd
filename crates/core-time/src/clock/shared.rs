//! Time that one thread sets and others read: the state of manual clocks and tickers.

use std::sync::Arc;
use std::time::Duration;

use crate::stamp::Stamp;
use crate::sync::{
    AtomicBool, AtomicI64,
    Ordering::{Acquire, Relaxed, Release},
};

/// What a clock returned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClockReading {
    pub(crate) stamp: Stamp,
    /// Whether a later stamp [may be earlier](super::Clock::may_step_back).
    pub(crate) may_step_back: bool,
}

/// The time shown by all clones of a clock.
///
/// # Memory ordering
///
/// The time is stored with Release and loaded with Acquire: a thread that sees the clock moved also
/// sees what was done before, including the flag of a step back. Checks: loom,
/// `a_manual_clock_that_was_moved_shows_what_was_done_before` and
/// `a_manual_clock_that_stepped_back_says_so`.
#[derive(Debug, Default)]
pub(crate) struct SharedTime {
    nanos: AtomicI64,
    stepped_back: AtomicBool,
    lag: Duration,
}

impl SharedTime {
    pub(super) fn new(now: Stamp, lag: Duration) -> Arc<Self> {
        let (nanos, stepped_back) = (AtomicI64::new(now.as_nanos()), AtomicBool::new(false));
        Arc::new(Self { nanos, stepped_back, lag })
    }

    #[inline]
    pub(super) fn now(&self) -> Stamp {
        Stamp::from_nanos(self.nanos.load(Acquire)) // ORDERING: see `SharedTime`.
    }

    #[inline]
    pub(super) fn stepped_back(&self) -> bool {
        // ORDERING: Relaxed load.
        // Needs: the flag, once this thread has seen an earlier time.
        // Gives: `now`, which pairs with a Release after the flag was stored.
        // Not needed: Acquire. Nothing else depends on the flag.
        self.stepped_back.load(Relaxed)
    }

    /// Returns the present, and whether the clock may step back.
    #[inline(always)]
    pub(crate) fn now_checked(&self) -> ClockReading {
        ClockReading { stamp: self.now(), may_step_back: self.stepped_back() }
    }

    pub(super) fn lag(&self) -> Duration {
        self.lag
    }

    /// Shows a time that is not earlier than the one before.
    pub(super) fn store(&self, now: Stamp) {
        self.nanos.store(now.as_nanos(), Release); // ORDERING: see `SharedTime`.
    }

    /// Moves the time forwards, at most to [`Stamp::MAX`].
    pub(super) fn advance(&self, by: Duration) {
        let moved = |now| Some((Stamp::from_nanos(now) + by).as_nanos());
        // ORDERING: Release; see `SharedTime`. Relaxed on failure, which is retried.
        let _ = self.nanos.fetch_update(Release, Relaxed, moved);
    }

    /// Moves the time, forwards or back.
    pub(super) fn set(&self, now: Stamp) {
        let nanos = now.as_nanos();
        // One step with the comparison, or two concurrent calls could step back unseen.
        // ORDERING: Release; see `SharedTime`. The flag is stored before it, so that a thread that
        // sees the earlier time sees the flag.
        let _ = self.nanos.fetch_update(Release, Relaxed, |before| {
            if nanos < before {
                self.stepped_back.store(true, Relaxed);
            }
            Some(nanos)
        });
    }
}
