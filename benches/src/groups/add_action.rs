//! `add_action`: decodes a line of JSON and adds its action to the statistics.

use core_actions::{PostTracker, RunningTracker};
use criterion::Criterion;
use facade::Windrow;

use super::THREADS;
use crate::harness::Harness;
use crate::harness::actions::{Actions, Times};
use crate::implementations::{AddAction, FloorRows, GetStats, MutexMap};

/// The number of lines that a thread adds to a new tracker in one round.
const LINES: u64 = 10_000;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    let actions = Actions::new(LINES as usize, Times::Whole);
    let text = actions.text();
    let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
    for threads in THREADS {
        let name = format!("add_action/threads_{threads:02}");
        let mut harness = Harness::new(criterion, &name, threads, LINES);
        measure::<PostTracker>(&mut harness, "post", &lines, &actions);
        measure::<RunningTracker>(&mut harness, "running", &lines, &actions);
        measure::<Windrow>(&mut harness, "facade", &lines, &actions);
        measure::<MutexMap>(&mut harness, "mutex_map", &lines, &actions);
        measure::<FloorRows>(&mut harness, "floor_decode", &lines, &actions);
    }
}

fn measure<S: AddAction + GetStats + Default>(
    harness: &mut Harness,
    name: &str,
    lines: &[&[u8]],
    actions: &Actions,
) {
    let add = |implementation: &S| implementation.add_lines(lines);
    harness.bench_writer(name, S::default, add, |implementation| {
        actions.verify(&implementation.stats_text())
    });
}
