//! `add_action`: one line of JSON after the other, decoded and added to the statistics.

use core_actions::{PostTracker, RunningTracker};
use criterion::Criterion;
use facade::Windrow;

use super::THREADS;
use crate::contest::Contest;
use crate::subjects::{AddAction, BareRows, GetStats, MutexMap};
use crate::workload::{Actions, Times};

/// How many lines a thread adds to a fresh tracker in one round.
const LINES: u64 = 10_000;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    let actions = Actions::new(LINES as usize, Times::Whole);
    let text = actions.text();
    let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
    for threads in THREADS {
        let name = format!("add_action/threads_{threads:02}");
        let mut contest = Contest::new(criterion, &name, threads, LINES);
        enter::<PostTracker>(&mut contest, "post", &lines, &actions);
        enter::<RunningTracker>(&mut contest, "running", &lines, &actions);
        enter::<Windrow>(&mut contest, "facade", &lines, &actions);
        enter::<MutexMap>(&mut contest, "mutex_map", &lines, &actions);
        enter::<BareRows>(&mut contest, "bare_decode", &lines, &actions);
    }
}

fn enter<S: AddAction + GetStats + Default>(
    contest: &mut Contest,
    name: &str,
    lines: &[&[u8]],
    actions: &Actions,
) {
    let add = |subject: &S| subject.add_lines(lines);
    contest.enter_writer(name, S::default, add, |subject| actions.verify(&subject.stats_text()));
}
