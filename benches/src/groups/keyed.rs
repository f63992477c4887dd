//! `keyed`, `keyed_contended`: records an event of a key now, on one thread and on two that share a
//! counter; `keyed_handle`, `keyed_handle_contended`: by handles that were kept.
//!
//! The keys are names, drawn by Zipf's law.

use std::sync::Arc;

use core_time::{Clock as _, CoarseClock, KeyedCounter};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::actions::Times;
use crate::harness::names::{Draws, Frequency};
use crate::implementations::keyed::{
    Kept, Keyed, MapOfRings, MetricsCounters, Moka, PrometheusClientCounters,
};
use crate::implementations::{FloorClock, Record as _};

/// The number of events of a thread in one round.
const EVENTS: usize = 1 << 14;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    // Of more keys, two threads meet less.
    for (keys, contended, threads) in [(1_000, "", 1), (1_000, "_contended", 2), (100_000, "", 1)] {
        let draws = &Draws::new(keys, EVENTS, Frequency::Zipf, Times::Whole);
        let name = format!("keyed{contended}/keys_{keys:06}");
        by_key(&mut harness(criterion, &name, threads, keys), draws);
        let name = format!("keyed_handle{contended}/keys_{keys:06}");
        by_handle(&mut harness(criterion, &name, threads, keys), draws);
    }
}

fn harness<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    threads: usize,
    keys: usize,
) -> Harness<'c> {
    let harness = Harness::new(criterion, name, threads, EVENTS as u64);
    // Each round begins with all keys known.
    if keys <= 1_000 { harness } else { harness.of_long_rounds() }
}

fn by_key(harness: &mut Harness<'_>, draws: &Draws) {
    measure::<KeyedCounter<String>>(harness, "keyed_counter", draws);
    measure::<MapOfRings>(harness, "shared_map_of_rings", draws);
    measure::<Moka>(harness, "rival_moka", draws);
    measure::<MetricsCounters>(harness, "rival_metrics", draws);
    measure::<PrometheusClientCounters>(harness, "rival_prometheus_client", draws);
    floor(harness);
}

fn by_handle(harness: &mut Harness<'_>, draws: &Draws) {
    measure_kept::<KeyedCounter<String>>(harness, "key_handle", draws);
    measure_kept::<Moka>(harness, "rival_moka", draws);
    measure_kept::<MetricsCounters>(harness, "rival_metrics", draws);
    measure_kept::<PrometheusClientCounters>(harness, "rival_prometheus_client", draws);
    floor(harness);
}

fn floor(harness: &mut Harness<'_>) {
    let fresh = || FloorClock::new(|| CoarseClock.now());
    let read = |clock: &FloorClock<_>| clock.record_all(EVENTS as u64);
    harness.bench_writer("floor_coarse_clock", fresh, read, |_| Ok(()));
}

/// Makes a counter that knows all keys, each with one event.
fn with_keys<S: Keyed>(draws: &Draws) -> S {
    let implementation = S::fresh();
    draws.first().for_each(|draw| implementation.record(&S::key(draw.name)));
    implementation
}

/// Verifies the count of each key, and times records of keys that exist.
fn measure<S: Keyed>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let threads = harness.threads() as u64;
    let keys: Vec<_> = draws.iter().map(|draw| S::key(draw.name)).collect();
    harness.bench_writer(
        name,
        || with_keys::<S>(draws),
        |implementation| keys.iter().for_each(|key| implementation.record(key)),
        |implementation| verify(implementation, draws, threads),
    );
}

/// Verifies the count of each key, and times records by handles.
fn measure_kept<S: Kept>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let threads = harness.threads() as u64;
    let ids: Vec<_> = draws.iter().map(|draw| draw.id).collect();
    harness.bench_writer(
        name,
        || {
            let implementation = Arc::new(with_keys::<S>(draws));
            let handles = draws.names().iter().map(|name| S::handle(&implementation, name));
            let handles: Vec<_> = handles.collect();
            (implementation, handles)
        },
        |(_, handles)| ids.iter().for_each(|&id| S::record_by(&handles[id])),
        |(implementation, _)| verify(&**implementation, draws, threads),
    );
}

fn verify<S: Keyed>(implementation: &S, draws: &Draws, threads: u64) -> Result<(), String> {
    let mut expected = vec![1; draws.names().len()];
    draws.iter().for_each(|draw| expected[draw.id] += threads);
    let found = draws.names().iter().map(|name| implementation.count(name));
    match found.zip(&expected).zip(draws.names()).find(|((found, of), _)| found != *of) {
        Some(((found, of), name)) => Err(format!("{found} of `{name}`, should be {of}")),
        None => Ok(()),
    }
}
