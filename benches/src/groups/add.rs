//! `add`: adds a parsed action to the statistics.

use core_actions::{PostTracker, RunningTracker};
use criterion::Criterion;

use super::THREADS;
use crate::harness::Harness;
use crate::harness::actions::{Actions, Times};
use crate::implementations::{Add, FloorRows, GetStats, MutexMap};

/// The number of actions that a thread adds to a new tracker in one round.
const ACTIONS: u64 = 10_000;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    let actions = Actions::new(ACTIONS as usize, Times::Whole);
    for threads in THREADS {
        let name = format!("add/threads_{threads:02}");
        let mut harness = Harness::new(criterion, &name, threads, ACTIONS);
        measure::<PostTracker>(&mut harness, "post", &actions);
        measure::<RunningTracker>(&mut harness, "running", &actions);
        measure::<MutexMap>(&mut harness, "mutex_map", &actions);
        measure::<FloorRows>(&mut harness, "floor_add", &actions);
    }
}

fn measure<S: Add + GetStats + Default>(harness: &mut Harness, name: &str, actions: &Actions) {
    let parsed: Vec<_> = actions.iter().map(S::parsed).collect();
    let add = |implementation: &S| implementation.add_parsed(&parsed);
    harness.bench_writer(name, S::default, add, |implementation| {
        actions.verify(&implementation.stats_text())
    });
}
