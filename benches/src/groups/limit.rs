//! `limit`, `limit_contended`: counts and records below a limit, on one thread and on two that
//! share a limiter.
//!
//! All read the monotonic clock of the system, which is most of the cost.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use core_time::{Clock as _, KeyedLimiter, Limiter, MonotonicClock};
use criterion::Criterion;

use crate::harness::Harness;
use crate::implementations::limiters::{Governor, GovernorKeyed, Limited, MutexQueue};
use crate::implementations::{FloorClock, Record as _};

/// The number of calls of a thread in one round.
const CALLS: u64 = 10_000;

/// The number of keys, each called equally often.
const KEYS: u64 = 1_000;

/// More calls than all rounds have.
const PASSING: u32 = 1_000_000_000;

/// So few calls that nearly all are refused.
const REFUSING: u32 = 100;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    for (operation, threads) in [("limit", 1), ("limit_contended", 2)] {
        for (scenario, limit) in [("passing", PASSING), ("refusing", REFUSING)] {
            if threads > 1 && limit == REFUSING {
                continue; // A refusal writes nothing that threads could contend for.
            }
            let name = format!("{operation}/{scenario}");
            let harness = &mut Harness::new(criterion, &name, threads, CALLS);
            measure::<Limiter>(harness, "limiter", limit, 1);
            measure::<MutexQueue>(harness, "mutex_queue", limit, 1);
            measure::<Governor>(harness, "rival_governor", limit, 1);
            floor(harness);
        }
        let name = format!("{operation}/keys_{KEYS}");
        let harness = &mut Harness::new(criterion, &name, threads, CALLS);
        measure::<KeyedLimiter<u64>>(harness, "keyed_limiter", PASSING, KEYS);
        measure::<GovernorKeyed>(harness, "rival_governor", PASSING, KEYS);
        floor(harness);
    }
}

/// Verifies how many calls pass, and times them.
fn measure<L: Limited>(harness: &mut Harness<'_>, name: &str, limit: u32, keys: u64) {
    let expected = (CALLS * harness.threads() as u64).min(u64::from(limit) * keys);
    let call_all = |(limiter, passed): &(L, AtomicU64)| {
        let passes = (0..CALLS).filter(|call| limiter.passes(call % keys)).count();
        passed.fetch_add(passes as u64, Relaxed);
    };
    harness.bench_writer(
        name,
        || {
            let limiter = L::per_hour(limit);
            // The first call of a key allocates, and is not timed.
            (0..keys).filter(|_| keys > 1).for_each(|key| {
                limiter.passes(key);
            });
            (limiter, AtomicU64::new(0))
        },
        call_all,
        |(_, passed)| match passed.load(Relaxed) {
            passed if passed == expected => Ok(()),
            passed => Err(format!("{passed} calls pass, should be {expected}")),
        },
    );
}

fn floor(harness: &mut Harness<'_>) {
    let fresh = || FloorClock::new(|| MonotonicClock.now());
    harness.bench_writer(
        "floor_monotonic_clock",
        fresh,
        |clock| clock.record_all(CALLS),
        |_| Ok(()),
    );
}
