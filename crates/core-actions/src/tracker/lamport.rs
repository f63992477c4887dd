//! The order of records: by a Lamport clock, or by the time.
//!
//! A tracker that evicts the longest idle action needs only an order, which is cheaper than the
//! time. One whose actions expire reads a clock at each record, and orders by it too.
//!
//! # The Lamport clock
//!
//! A record has a smaller number than a later one of the same thread, and than one of another
//! thread if its thread [observed](LamportClock::observe) the clock after it and the other thread
//! observed the clock afterwards. Other records are not ordered.
//!
//! # Memory ordering
//!
//! Every access is Relaxed.
//! Needs: the numbers of one thread grow, and a thread that observes the clock after another one
//! gets a larger number.
//! Gives: one writer for each thread's clock; coherence of `largest`.
//! Not needed: an order with other memory, because the numbers describe none.
//! Checks: `tests/bounds.rs`; no model, for that reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use core_time::{Clock, PerThread, Stamp};

/// Numbers the uses of actions.
pub(crate) enum UseClock {
    /// In an order.
    Order(Box<LamportClock>),
    /// By the time.
    Time(Arc<dyn Clock>),
}

/// Numbers the uses of one thread.
pub(crate) enum ThreadUses {
    Order(Arc<ThreadClock>),
    Time(Arc<dyn Clock>),
}

/// Returns the number of a use at a stamp. Larger for later ones, and 0 for no use.
fn number_at(stamp: Stamp) -> u64 {
    stamp.as_nanos().cast_unsigned() ^ 1 << 63
}

/// Returns the nanoseconds of the use with a number.
pub(crate) fn nanos_of(number: u64) -> i64 {
    (number ^ 1 << 63).cast_signed()
}

impl UseClock {
    /// Returns the clock of this thread; `None` while the thread is being torn down.
    pub(crate) fn of_thread(&self) -> Option<ThreadUses> {
        match self {
            Self::Order(clock) => clock.of_thread().map(ThreadUses::Order),
            Self::Time(clock) => Some(ThreadUses::Time(Arc::clone(clock))),
        }
    }

    /// Returns the number of a use by this thread.
    pub(crate) fn tick(&self) -> u64 {
        match self {
            Self::Order(clock) => clock.tick(),
            Self::Time(clock) => number_at(clock.now()),
        }
    }

    /// Brings this thread's clock in step with others.
    pub(crate) fn observe(&self) {
        match self {
            Self::Order(clock) => clock.observe(),
            Self::Time(_) => {}
        }
    }
}

impl ThreadUses {
    /// Returns the number of a use.
    #[inline]
    pub(crate) fn tick(&self) -> u64 {
        match self {
            Self::Order(clock) => clock.tick(),
            Self::Time(clock) => number_at(clock.now()),
        }
    }
}

/// Numbers the records of each thread.
#[derive(Default)]
pub(crate) struct LamportClock {
    threads: PerThread<Arc<ThreadClock>>,
    /// The largest number that any thread had when it observed the clock.
    largest: AtomicU64,
}

/// The clock of one thread, which no other thread changes.
#[derive(Debug, Default)]
pub(crate) struct ThreadClock(AtomicU64);

impl ThreadClock {
    /// Returns the next number.
    #[inline]
    pub(crate) fn tick(&self) -> u64 {
        // ORDERING: Relaxed, see the module.
        let next = self.0.load(Relaxed) + 1;
        self.0.store(next, Relaxed);
        next
    }
}

impl LamportClock {
    /// Returns the clock of this thread; `None` while the thread is being torn down.
    pub(crate) fn of_thread(&self) -> Option<Arc<ThreadClock>> {
        self.threads.get_or(Arc::default).map(Arc::clone)
    }

    /// Returns the next number of this thread.
    pub(crate) fn tick(&self) -> u64 {
        let number = self.threads.get_or(Arc::default).map(|clock| clock.tick());
        // ORDERING: Relaxed, see the module.
        number.unwrap_or_else(|| self.largest.fetch_add(1, Relaxed) + 1)
    }

    /// Advances the clock of this thread to the largest number that was observed.
    pub(crate) fn observe(&self) {
        if let Some(clock) = self.threads.get_or(Arc::default) {
            // ORDERING: Relaxed, see the module.
            let largest = self.largest.fetch_max(clock.0.load(Relaxed), Relaxed);
            clock.0.fetch_max(largest, Relaxed);
        }
    }
}
