//! `add`: a name and a time, already parsed, added to the statistics.

use core_actions::{PostTracker, RunningTracker};
use criterion::Criterion;

use super::THREADS;
use crate::contest::Contest;
use crate::subjects::{Add, BareRows, GetStats, MutexMap};
use crate::workload::{Actions, Times};

/// How many actions a thread adds to a fresh tracker in one round.
const ACTIONS: u64 = 10_000;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    let actions = Actions::new(ACTIONS as usize, Times::Whole);
    for threads in THREADS {
        let name = format!("add/threads_{threads:02}");
        let mut contest = Contest::new(criterion, &name, threads, ACTIONS);
        enter::<PostTracker>(&mut contest, "post", &actions);
        enter::<RunningTracker>(&mut contest, "running", &actions);
        enter::<MutexMap>(&mut contest, "mutex_map", &actions);
        enter::<BareRows>(&mut contest, "bare_add", &actions);
    }
}

fn enter<S: Add + GetStats + Default>(contest: &mut Contest, name: &str, actions: &Actions) {
    let parsed: Vec<_> = actions.iter().map(S::parsed).collect();
    let add = |subject: &S| subject.add_parsed(&parsed);
    contest.enter_writer(name, S::default, add, |subject| actions.verify(&subject.stats_text()));
}
