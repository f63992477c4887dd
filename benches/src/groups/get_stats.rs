//! `get_stats`: the means of all four actions as JSON text, after a number of records.

use core_actions::{PostTracker, RunningTracker};
use criterion::Criterion;

use crate::contest::Contest;
use crate::subjects::{Add, BareRows, GetStats, MutexMap, MutexMapOfVecs};
use crate::workload::{Actions, Times};

/// How many records were made before, and of what kind of times.
const SCENARIOS: [(&str, usize, Times); 4] = [
    ("records_0001000", 1_000, Times::Whole),
    ("records_0400000", 400_000, Times::Whole),
    ("records_1000000", 1_000_000, Times::Whole),
    ("fractions_0400000", 400_000, Times::Fractions),
];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for (scenario, records, times) in SCENARIOS {
        let actions = Actions::new(records, times);
        let mut contest = Contest::new(criterion, &format!("get_stats/{scenario}"), 1, 1);
        enter::<PostTracker>(&mut contest, "post", &actions);
        enter::<RunningTracker>(&mut contest, "running", &actions);
        enter::<MutexMap>(&mut contest, "mutex_map", &actions);
        enter::<MutexMapOfVecs>(&mut contest, "mutex_map_of_vecs", &actions);
        enter::<BareRows>(&mut contest, "bare_encode", &actions);
    }
}

fn enter<S: Add + GetStats + Default>(contest: &mut Contest, name: &str, actions: &Actions) {
    let filled = || {
        let subject = S::default();
        let parsed: Vec<_> = actions.iter().map(S::parsed).collect();
        subject.add_parsed(&parsed);
        subject
    };
    let verify = |subject: &S| actions.verify(&subject.stats_text());
    contest.enter_reader(name, filled, S::stats_text, verify);
}
