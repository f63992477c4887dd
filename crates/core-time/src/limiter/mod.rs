//! Limiters: count and record in one step.
//!
//! A limiter keeps the events that it accepted, by bucket, with running totals. So the events of
//! any window are a difference of two totals, and the moment at which a refused call succeeds is
//! that at which a bucket leaves the window. Between two moments at which a bucket begins or leaves
//! a window, calls need neither: they are answered from a *grant*.
//!
//! The generic cell rate algorithm (GCRA) needs one number in place of the buckets, but it limits
//! the rate, not the windows: with 100 events per minute, up to 199 pass in one minute, 100 at once
//! and then one each 0.6 s.

mod error;
mod grant;
mod history;
mod keyed;
mod limit;
mod limits;

use std::fmt;

pub use error::{Exceeded, LimitsError, Remaining};
pub use keyed::KeyedLimiter;
pub use limit::Limit;
pub use limits::Limits;

use crate::clock::{AnyClock, Clock, MonotonicClock};
use crate::sync::{Mutex, MutexGuard, unpoisoned};
use grant::SharedGrant;
use history::History;

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
/// One read of the clock and one atomic exchange; a call that is refused only loads. The first call
/// in each bucket of time, and after each moment at which a bucket with events leaves a window,
/// takes a lock, and for each limit the logarithm of the number of buckets. Memory is at most
/// [`Limits::history_bytes_max`].
///
/// # Concurrency
///
/// Calls are linearizable. The clock is read during the call, and events are recorded in the order
/// of their buckets.
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
    grant: SharedGrant,
    /// No user's code runs under the lock except the clock, while nothing is half changed.
    held: Mutex<Held>,
}

/// The accepted events, without those that were taken from the open grant.
#[derive(Default)]
struct Held {
    history: History,
    /// The events of the open grant when it was opened, that threads can take.
    opened: u64,
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
        Self {
            limits,
            clock: AnyClock::new(clock),
            grant: SharedGrant::closed(),
            held: Mutex::new(Held::default()),
        }
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
        let limits = self.limits.as_slice();
        let answer = self.grant.take(limits, || self.clock.now_of_limiter(), events);
        answer.unwrap_or_else(|| self.try_record_locked(events))
    }

    /// Does the same by the history, and renews the grant.
    #[inline(never)]
    fn try_record_locked(&self, events: u64) -> Result<Remaining, Exceeded> {
        let mut held = self.settle();
        let now = self.clock.now(); // After the stamps of all events that were taken.
        let recorded = self.limits.try_record(&mut held.history, now, events);
        held.opened = self.grant.open(held.history.grant);
        recorded
    }

    /// Closes the grant, and adds the events that were taken from it to the history.
    fn settle(&self) -> MutexGuard<'_, Held> {
        let mut held = unpoisoned(self.held.lock());
        let taken = held.opened - self.grant.close();
        held.opened = 0;
        self.limits.settle(&mut held.history, taken);
        held
    }

    /// Removes all events, so that the limits are unused.
    pub fn reset(&self) {
        *self.settle() = Held::default();
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
