//! The outcomes of calls.

use core_time::{Statistic, Subtract, Tag};

use crate::statistics::traits::{HasCount, counts_fit};

/// The outcome of one call.
///
/// # Examples
///
/// ```
/// use core_actions::Outcome;
///
/// let timed_out = Outcome { failed: true, slow: true };
/// assert_eq!(Outcome::default(), Outcome { failed: false, slow: false });
/// # let _ = timed_out;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// Whether the call failed.
    pub failed: bool,
    /// Whether the call took longer than it should, in either case.
    pub slow: bool,
}

/// Keeps the numbers of calls, of failed and of slow ones, all of the same calls.
///
/// For a breaker, which compares shares with limits. With one counter for calls and another one for
/// failures, a reader may find more failures than calls, because a call is recorded between its
/// two reads. All numbers of one row are of the same calls.
///
/// Takes 24 bytes. Can be subtracted.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "tracker")] {
/// use core_actions::{Outcome, Outcomes, WindowedTracker};
/// use std::time::Duration;
///
/// let calls = WindowedTracker::<Outcomes>::new(Default::default())?;
/// for call in 0..20 {
///     calls.record("payment", Outcome { failed: call % 4 == 0, slow: call < 2 })?;
/// }
/// let minute = calls.window(Duration::from_secs(60))?;
/// let payment = minute.rows()[0].statistic();
/// assert_eq!((payment.calls(), payment.failed(), payment.slow()), (20, 5, 2));
/// assert_eq!(payment.failed_share(10), Some(0.25));
/// assert_eq!(payment.failed_share(100), None); // Too few calls to judge.
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    pub(crate) calls: u64,
    pub(crate) failed: u64,
    pub(crate) slow: u64,
}

impl Outcomes {
    /// Returns the number of calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Returns the number of calls that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Returns the number of calls that were slow, failed or not.
    #[must_use]
    pub fn slow(&self) -> u64 {
        self.slow
    }

    /// Returns the share of calls that failed, from 0 to 1.
    ///
    /// `None` with fewer than `calls_min` calls, or without a call.
    #[must_use]
    pub fn failed_share(&self, calls_min: u64) -> Option<f64> {
        self.share(self.failed, calls_min)
    }

    /// Returns the share of calls that were slow, from 0 to 1.
    ///
    /// `None` with fewer than `calls_min` calls, or without a call.
    #[must_use]
    pub fn slow_share(&self, calls_min: u64) -> Option<f64> {
        self.share(self.slow, calls_min)
    }

    fn share(&self, number: u64, calls_min: u64) -> Option<f64> {
        (self.calls >= calls_min.max(1)).then(|| number as f64 / self.calls as f64)
    }
}

impl Statistic for Outcomes {
    type Value = Outcome;

    const TAG: Tag = Tag::standard("outcomes");

    const NEVER_PANICS: bool = true;

    #[inline]
    fn insert(&mut self, outcome: Outcome) {
        self.insert_n(outcome, 1);
    }

    #[inline]
    fn insert_n(&mut self, Outcome { failed, slow }: Outcome, n: u64) {
        self.calls = self.calls.wrapping_add(n);
        self.failed = self.failed.wrapping_add(if failed { n } else { 0 });
        self.slow = self.slow.wrapping_add(if slow { n } else { 0 });
    }

    fn merge(&mut self, other: &Self) {
        self.calls = self.calls.wrapping_add(other.calls);
        self.failed = self.failed.wrapping_add(other.failed);
        self.slow = self.slow.wrapping_add(other.slow);
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl Subtract for Outcomes {
    fn subtract(&mut self, other: &Self) {
        self.calls = self.calls.wrapping_sub(other.calls);
        self.failed = self.failed.wrapping_sub(other.failed);
        self.slow = self.slow.wrapping_sub(other.slow);
    }

    fn can_subtract(&self, other: &Self) -> bool {
        let calls = self.calls.checked_sub(other.calls);
        let parts = [(self.failed, other.failed), (self.slow, other.slow)];
        // Of the calls that remain, no more than all failed.
        parts.into_iter().all(|(part, of_other)| {
            let left = part.checked_sub(of_other);
            left.zip(calls).is_some_and(|(left, calls)| left <= calls)
        })
    }
}

impl HasCount for Outcomes {
    fn count(&self) -> u64 {
        self.calls
    }
}
