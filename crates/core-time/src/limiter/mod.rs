//! Limiters: count and record in one step, under one lock.
//!
//! A limiter keeps the events that it accepted, by bucket, with running totals. So the events of
//! any window are a difference of two totals, and the moment at which a refused call succeeds is
//! that at which a bucket leaves the window. The generic cell rate algorithm (GCRA) needs one
//! number in place of the buckets and no lock, but it limits the rate, not the windows: with 100
//! events per minute, up to 199 pass in one minute, 100 at once and then one each 0.6 s.

mod error;
mod keyed;
mod limit;
mod limits;

use std::fmt;
use std::sync::Mutex;

pub use error::{Exceeded, LimitsError, Remaining};
pub use keyed::KeyedLimiter;
pub use limit::Limit;
pub use limits::Limits;

use crate::clock::{AnyClock, Clock, MonotonicClock};
use crate::ring::SparseCounts;
use crate::sync::unpoisoned;

/// Records events as long as no limit is exceeded.
///
/// Counts and records in one step. So a limit is never exceeded in any window, from any number of
/// threads, to the accuracy of [`Limits`]: an event counts for up to one bucket longer than the
/// window. Refused events do not count.
///
/// # Clocks
///
/// The default is the [`MonotonicClock`]. Do not use a clock that follows the wall, such as
/// [`SystemClock`](crate::SystemClock): if the wall is set forwards, its windows are empty at once.
/// If a custom clock steps back, later events still count until the clock has passed them.
///
/// # Complexity
///
/// One lock, one read of the clock, and for each limit the logarithm of the number of buckets.
/// Memory is at most [`Limits::history_bytes_max`].
///
/// # Concurrency
///
/// Calls are linearizable. The clock is read under the lock, so stamps are in the order of calls.
///
/// # Examples
///
/// ```
/// use core_time::{Limit, Limiter, Limits, ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let limits = Limits::new([Limit::per_second(2), Limit::per_minute(3)])?;
/// let limiter = Limiter::with_clock(limits, clock.clone());
/// assert_eq!(limiter.try_record()?.events, 1);
/// assert_eq!(limiter.try_record()?.events, 0);
///
/// let exceeded = limiter.try_record().unwrap_err();
/// assert_eq!(exceeded.limit, Limit::per_second(2));
/// clock.advance(exceeded.retry_after.unwrap());
/// assert!(limiter.try_record().is_ok());
/// assert_eq!(limiter.try_record().unwrap_err().limit, Limit::per_minute(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Limiter {
    limits: Limits,
    clock: AnyClock,
    /// The accepted events. No user's code runs under the lock except the clock, before a change.
    history: Mutex<SparseCounts>,
}

impl Limiter {
    /// Makes a limiter with the monotonic clock.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::with_clock(limits, MonotonicClock)
    }

    /// Makes a limiter with a custom clock.
    #[must_use]
    pub fn with_clock(limits: Limits, clock: impl Clock) -> Self {
        Self { limits, clock: AnyClock::new(clock), history: Mutex::default() }
    }

    /// Returns the limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Records one event now, unless a limit would be exceeded.
    ///
    /// # Errors
    ///
    /// [`Exceeded`] if a limit is reached.
    pub fn try_record(&self) -> Result<Remaining, Exceeded> {
        self.try_record_many(1)
    }

    /// Records a number of events now, all or none.
    ///
    /// For calls of different cost. Zero events are always accepted: they return what remains.
    ///
    /// # Errors
    ///
    /// [`Exceeded`] if a limit would be exceeded.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{Limit, Limiter, Limits};
    /// let limiter = Limiter::new(Limits::new([Limit::per_hour(100)])?);
    /// assert_eq!(limiter.try_record_many(60)?.events, 40);
    /// assert!(limiter.try_record_many(41).is_err());
    /// assert_eq!(limiter.try_record_many(0)?.events, 40);
    /// assert_eq!(limiter.try_record_many(101).unwrap_err().retry_after, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_record_many(&self, events: u64) -> Result<Remaining, Exceeded> {
        let mut history = unpoisoned(self.history.lock());
        let now = self.clock.now();
        self.limits.try_record(&mut history, now, events)
    }

    /// Removes all events, so that the limits are unused.
    pub fn reset(&self) {
        *unpoisoned(self.history.lock()) = SparseCounts::default();
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("limits", &self.limits)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
