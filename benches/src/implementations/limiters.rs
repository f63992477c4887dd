//! Limiters: ours, the queue that one would write, and the crate `governor`.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Mutex;

use core_time::{Clock as _, KeyedLimiter, Limit, Limiter, Limits, MonotonicClock, Stamp};
use governor::clock::MonotonicClock as InstantClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// Lets calls pass up to a limit per hour.
pub trait Limited: Send + Sync {
    /// Makes a limiter.
    fn per_hour(events: u32) -> Self;

    /// Returns whether a call of a key passes.
    fn passes(&self, key: u64) -> bool;
}

fn limits(events: u32) -> Limits {
    Limits::new([Limit::per_hour(events.into())]).expect("an hour of 64 buckets is allowed")
}

impl Limited for Limiter {
    fn per_hour(events: u32) -> Self {
        Self::new(limits(events))
    }

    fn passes(&self, _: u64) -> bool {
        self.try_record().is_ok()
    }
}

impl Limited for KeyedLimiter<u64> {
    fn per_hour(events: u32) -> Self {
        Self::new(limits(events))
    }

    fn passes(&self, key: u64) -> bool {
        self.try_record(&key).is_ok()
    }
}

/// Keeps the stamp of every call that passed, under a lock.
pub struct MutexQueue {
    passed: Mutex<VecDeque<Stamp>>,
    limit: usize,
}

impl Limited for MutexQueue {
    fn per_hour(events: u32) -> Self {
        Self { passed: Mutex::default(), limit: events as usize }
    }

    fn passes(&self, _: u64) -> bool {
        let mut passed = self.passed.lock().expect("no thread panicked with the lock");
        let now = MonotonicClock.now();
        let hour_ago = now - Limit::per_hour(1).window;
        while passed.front().is_some_and(|&stamp| stamp <= hour_ago) {
            passed.pop_front();
        }
        let passes = passed.len() < self.limit;
        if passes {
            passed.push_back(now);
        }
        passes
    }
}

fn quota(events: u32) -> Quota {
    Quota::per_hour(NonZeroU32::new(events).expect("a limit above zero"))
}

/// `governor`: one limit, by the algorithm GCRA, with the clock of the standard library.
pub type Governor =
    RateLimiter<NotKeyed, InMemoryState, InstantClock, NoOpMiddleware<std::time::Instant>>;

impl Limited for Governor {
    fn per_hour(events: u32) -> Self {
        RateLimiter::direct_with_clock(quota(events), InstantClock)
    }

    fn passes(&self, _: u64) -> bool {
        self.check().is_ok()
    }
}

/// `governor` with keys.
pub type GovernorKeyed =
    RateLimiter<u64, DefaultKeyedStateStore<u64>, InstantClock, NoOpMiddleware<std::time::Instant>>;

impl Limited for GovernorKeyed {
    fn per_hour(events: u32) -> Self {
        RateLimiter::new(quota(events), DefaultKeyedStateStore::default(), InstantClock)
    }

    fn passes(&self, key: u64) -> bool {
        self.check_key(&key).is_ok()
    }
}
