//! `keyed`, `keyed_contended`: records an event of a key now, on one thread and on two that share a
//! counter.
//!
//! The keys are names, drawn by Zipf's law.

use core_time::{Clock as _, CoarseClock, KeyedCounter};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::actions::Times;
use crate::harness::names::{Draws, Frequency};
use crate::implementations::keyed::{Keyed, MapOfRings};
use crate::implementations::{FloorClock, Record as _};

/// The number of events of a thread in one round.
const EVENTS: usize = 1 << 14;

/// The numbers of keys.
const KEYS: [usize; 3] = [4, 1_000, 100_000];

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    for (operation, threads) in [("keyed", 1), ("keyed_contended", 2)] {
        for keys in KEYS {
            let draws = &Draws::new(keys, EVENTS, Frequency::Zipf, Times::Whole);
            let name = format!("{operation}/keys_{keys:06}");
            let harness = &mut Harness::new(criterion, &name, threads, EVENTS as u64);
            measure::<KeyedCounter<String>>(harness, "keyed_counter", draws);
            measure::<MapOfRings>(harness, "map_of_rings", draws);
            let fresh = || FloorClock::new(|| CoarseClock.now());
            let read = |clock: &FloorClock<_>| clock.record_all(EVENTS as u64);
            harness.bench_writer("floor_coarse_clock", fresh, read, |_| Ok(()));
        }
    }
}

/// Verifies the count of each key, and times records of keys that exist.
fn measure<S: Keyed>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let threads = harness.threads() as u64;
    let first: Vec<_> = draws.first().map(|draw| draw.name).collect();
    let rest: Vec<_> = draws.iter().map(|draw| draw.name).collect();
    let fresh = || {
        let implementation = S::fresh();
        implementation.record_each(&first);
        implementation
    };
    harness.bench_writer(
        name,
        fresh,
        |implementation| implementation.record_each(&rest),
        |implementation| {
            let mut expected = vec![1; draws.names().len()];
            draws.iter().for_each(|draw| expected[draw.id] += threads);
            let found = draws.names().iter().map(|name| implementation.count(name));
            match found.zip(&expected).zip(draws.names()).find(|((found, of), _)| found != *of) {
                Some(((found, of), name)) => Err(format!("{found} of `{name}`, should be {of}")),
                None => Ok(()),
            }
        },
    );
}
