//! `get_stats`: returns the means of four actions as JSON text.

use core_actions::{PostTracker, RunningTracker};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::actions::{Actions, Times};
use crate::implementations::{Add, FloorRows, GetStats, MutexMap, MutexMapOfVecs};

/// The number of records before the call, and the kind of their times.
const SCENARIOS: [(&str, usize, Times); 3] = [
    ("records_0001000", 1_000, Times::Whole),
    ("records_1000000", 1_000_000, Times::Whole),
    ("fractions_0400000", 400_000, Times::Fractions),
];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for (scenario, records, times) in SCENARIOS {
        let actions = Actions::new(records, times);
        let mut harness = Harness::new(criterion, &format!("get_stats/{scenario}"), 1, 1);
        measure::<PostTracker>(&mut harness, "post", &actions);
        measure::<RunningTracker>(&mut harness, "running", &actions);
        measure::<MutexMap>(&mut harness, "mutex_map", &actions);
        measure::<MutexMapOfVecs>(&mut harness, "mutex_map_of_vecs", &actions);
        measure::<FloorRows>(&mut harness, "floor_encode", &actions);
    }
}

fn measure<S: Add + GetStats + Default>(harness: &mut Harness, name: &str, actions: &Actions) {
    let filled = || {
        let implementation = S::default();
        let parsed: Vec<_> = actions.iter().map(S::parsed).collect();
        implementation.add_parsed(&parsed);
        implementation
    };
    let verify = |implementation: &S| actions.verify(&implementation.stats_text());
    harness.bench_reader(name, filled, S::stats_text, verify);
}
