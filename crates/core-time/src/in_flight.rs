//! Counts of what is in flight: up when a call begins, down when it ends, with the highest level.
//!
//! Level and peak are the halves of one word, so that each change and each read is of one moment:
//! a peak is never below the level that a reader sees with it. Two words would need a protocol, and
//! totals for each thread, which do not contend, have no peak. The price is one cache line that all
//! threads write.
//!
//! A level is never negative: a guard counts up before it counts down, and all changes of one word
//! have one order.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use thiserror::Error;

use crate::sync::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

/// Counts what is in flight: calls, connections, jobs.
///
/// [`enter`](Self::enter) counts one up and returns a guard, which counts it down when it is
/// dropped, also by a panic. A guard that is leaked stays counted.
///
/// # Accuracy
///
/// Exact, never negative, up to 2^32 - 1. A further guard is not counted.
///
/// # Complexity
///
/// One atomic change to enter and one to leave. No allocation, no lock. Takes 8 bytes.
///
/// # Concurrency
///
/// All threads write one cache line: where each call takes less than a microsecond on many threads,
/// give each thread a counter of its own. A read that no longer counts a guard sees what its thread
/// did before, so a server whose level has come to zero may release what its calls used.
///
/// # Examples
///
/// ```
/// use core_time::InFlight;
///
/// static CALLS: InFlight = InFlight::new();
///
/// let first = CALLS.enter();
/// {
///     let _second = CALLS.try_enter(2)?;
///     assert!(CALLS.try_enter(2).is_err());
/// }
/// assert_eq!((CALLS.current(), CALLS.peak()), (1, 2));
/// drop(first);
/// assert_eq!(CALLS.current(), 0);
/// # Ok::<(), core_time::TooManyInFlight>(())
/// ```
#[derive(Default)]
pub struct InFlight {
    /// The level in the lower half, and the peak, which is never below it, in the upper one.
    word: AtomicU64,
}

impl InFlight {
    /// Makes a count of zero.
    #[cfg(not(loom))] // The atomics of a model have no constant constructor.
    #[must_use]
    pub const fn new() -> Self {
        Self { word: AtomicU64::new(0) }
    }

    /// Counts one until the guard is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let calls = core_time::InFlight::default();
    /// let call = calls.enter();
    /// assert_eq!(calls.current(), 1);
    /// drop(call);
    /// assert_eq!(calls.current(), 0);
    /// ```
    pub fn enter(&self) -> InFlightGuard<&Self> {
        InFlightGuard::new(self)
    }

    /// Counts one until the guard is dropped, which may be moved into a thread or task.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::InFlight;
    /// use std::sync::Arc;
    /// use std::thread;
    ///
    /// let jobs = Arc::new(InFlight::default());
    /// let job = jobs.enter_owned();
    /// thread::spawn(move || drop(job)).join().unwrap();
    /// assert_eq!((jobs.current(), jobs.peak()), (0, 1));
    /// ```
    pub fn enter_owned(self: &Arc<Self>) -> InFlightGuard<Arc<Self>> {
        InFlightGuard::new(Arc::clone(self))
    }

    /// Counts one unless `max` are in flight already.
    ///
    /// One step: the level never exceeds `max` if all enter this way, from any number of threads.
    ///
    /// # Errors
    ///
    /// [`TooManyInFlight`] if `max` or more are in flight; nothing was counted.
    pub fn try_enter(&self, max: u32) -> Result<InFlightGuard<&Self>, TooManyInFlight> {
        self.add(max)?;
        Ok(InFlightGuard { is_counted: true, in_flight: self })
    }

    /// Counts one as [`try_enter`](Self::try_enter), with a guard as of
    /// [`enter_owned`](Self::enter_owned).
    ///
    /// # Errors
    ///
    /// [`TooManyInFlight`] if `max` or more are in flight; nothing was counted.
    pub fn try_enter_owned(
        self: &Arc<Self>,
        max: u32,
    ) -> Result<InFlightGuard<Arc<Self>>, TooManyInFlight> {
        self.add(max)?;
        Ok(InFlightGuard { is_counted: true, in_flight: Arc::clone(self) })
    }

    /// Returns the number in flight.
    #[must_use]
    pub fn current(&self) -> u32 {
        // ORDERING: Acquire pairs with the Release of `leave`. A level without a guard comes after
        // what its thread did; later changes are read-modify-writes, which keep that order.
        halves(self.word.load(Acquire)).0
    }

    /// Returns the maximum number in flight since the start or the last reset.
    #[must_use]
    pub fn peak(&self) -> u32 {
        // ORDERING: Relaxed. A peak says nothing about what any thread has done.
        halves(self.word.load(Relaxed)).1
    }

    /// Returns the peak, and sets it to the present level.
    ///
    /// For a report at intervals: the peaks that it returns leave no moment out.
    ///
    /// # Examples
    ///
    /// ```
    /// let calls = core_time::InFlight::default();
    /// drop([calls.enter(), calls.enter()]);
    /// let _open = calls.enter();
    /// assert_eq!((calls.reset_peak(), calls.reset_peak()), (2, 1));
    /// ```
    pub fn reset_peak(&self) -> u32 {
        // ORDERING: Relaxed. The peak goes with the level in one word, and orders nothing else.
        let reset = self.word.fetch_update(Relaxed, Relaxed, |word| {
            let (level, _) = halves(word);
            Some(joined(level, level))
        });
        halves(reset.unwrap_or_else(|word| word)).1
    }

    /// Counts one up, unless `max` are in flight.
    fn add(&self, max: u32) -> Result<(), TooManyInFlight> {
        // ORDERING: Acquire pairs with the Release of `leave`: who enters below a limit of one sees
        // what the call before did. Relaxed if nothing is counted, which promises nothing.
        let added = self.word.fetch_update(Acquire, Relaxed, |word| {
            let (level, peak) = halves(word);
            (level < max).then(|| joined(level + 1, peak.max(level + 1)))
        });
        added.map(|_| ()).map_err(|word| TooManyInFlight { current: halves(word).0, max })
    }

    /// Counts one down that was counted up.
    fn leave(&self) {
        // ORDERING: Release, so that who sees the lower level sees what was done before.
        // Checks: loom, `a_level_of_zero_comes_after_what_was_in_flight`.
        self.word.fetch_sub(1, Release);
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // ORDERING: Relaxed. Both halves are of one moment, and order nothing else.
        let (current, peak) = halves(self.word.load(Relaxed));
        f.debug_struct("InFlight").field("current", &current).field("peak", &peak).finish()
    }
}

/// Splits a word into level and peak.
fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

fn joined(level: u32, peak: u32) -> u64 {
    u64::from(level) | u64::from(peak) << 32
}

/// Keeps one counted in an [`InFlight`] until it is dropped.
///
/// It borrows the count, or owns what the count is in, such as an `Arc`, and moves anywhere.
#[must_use = "a guard that is dropped at once counts nothing"]
pub struct InFlightGuard<C: Deref<Target = InFlight>> {
    in_flight: C,
    /// Whether there was room in the level.
    is_counted: bool,
}

impl<C: Deref<Target = InFlight>> InFlightGuard<C> {
    /// Counts one until the guard is dropped, in what `in_flight` leads to.
    ///
    /// For a call that owns a value which has the count in it: one reference instead of two.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{InFlight, InFlightGuard};
    /// use std::ops::Deref;
    /// use std::sync::Arc;
    ///
    /// #[derive(Default)]
    /// struct Server {
    ///     calls: InFlight,
    /// }
    /// struct ToServer(Arc<Server>);
    /// impl Deref for ToServer {
    ///     type Target = InFlight;
    ///     fn deref(&self) -> &InFlight {
    ///         &self.0.calls
    ///     }
    /// }
    ///
    /// let server = Arc::new(Server::default());
    /// let call = InFlightGuard::new(ToServer(Arc::clone(&server)));
    /// assert_eq!(call.get_ref().0.calls.current(), 1);
    /// drop(call);
    /// assert_eq!(server.calls.current(), 0);
    /// ```
    pub fn new(in_flight: C) -> Self {
        Self { is_counted: in_flight.add(u32::MAX).is_ok(), in_flight }
    }

    /// Returns what leads to the count.
    pub fn get_ref(&self) -> &C {
        &self.in_flight
    }
}

impl<C: Deref<Target = InFlight>> Drop for InFlightGuard<C> {
    fn drop(&mut self) {
        if self.is_counted {
            self.in_flight.leave();
        }
    }
}

impl<C: Deref<Target = InFlight>> fmt::Debug for InFlightGuard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlightGuard").field("in_flight", &*self.in_flight).finish()
    }
}

/// The error returned when as many are in flight as allowed; nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{current} in flight, limit is {max}, retry when one has ended")]
#[non_exhaustive]
pub struct TooManyInFlight {
    /// The number in flight.
    pub current: u32,
    /// The limit that was given.
    pub max: u32,
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_guard_beyond_the_room_is_not_counted() {
        let in_flight = InFlight { word: AtomicU64::new(joined(u32::MAX - 1, 7)) };
        let last = in_flight.enter();
        let beyond = in_flight.enter();
        assert_eq!((in_flight.current(), in_flight.peak()), (u32::MAX, u32::MAX));
        drop(beyond);
        assert_eq!(in_flight.current(), u32::MAX);
        drop(last);
        assert_eq!((in_flight.current(), in_flight.peak()), (u32::MAX - 1, u32::MAX));
    }
}
