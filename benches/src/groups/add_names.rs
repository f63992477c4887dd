//! `add`, `add_new`, `handle`: an action by its name, of few names and of many; of a name that is
//! new; and by what was got for its name beforehand.
//!
//! But for `add_new`, all names are known when the time is taken: each thread was given every name
//! once, and goes on round after round. To meet a name costs many times what a record does, and in
//! a short round nothing else would be seen.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use core_actions::{PostTracker, RunningTracker};
use criterion::Criterion;

use super::THREADS;
use crate::contest::{Contest, Steady, Verdict};
use crate::names::{Draws, Frequency};
use crate::subjects::by_name::{
    BareCells, Bind, Bound, ByName, DashRows, LocalMap, LocalRows, Merged, MergedQuantiles,
    MetricsRegistry, MutexRows, OpenTelemetryHistogram, Plain, PrometheusClientFamily,
    PrometheusHistogramVec, SameRow, Windowed,
};
use crate::workload::Times;

/// How many actions a thread adds in one round of few names: they lie in the nearest cache but one.
const FEW: usize = 1 << 14;

/// And of many: enough to meet most of them.
const MANY: usize = 1 << 17;

/// Up to how many names are few.
const FEW_NAMES: usize = 1_000;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    for names in [4, FEW_NAMES, 100_000] {
        for (called, frequency) in [("uniform", Frequency::Uniform), ("zipf", Frequency::Zipf)] {
            let draws = if names <= FEW_NAMES { FEW } else { MANY };
            let draws = Draws::new(names, draws, frequency, Times::Whole);
            for threads in THREADS {
                let name = format!("add/names_{names:06}_{called}_threads_{threads:02}");
                add(&mut Contest::new(criterion, &name, threads, size(&draws)), &draws, frequency);
            }
        }
    }
    add_fractions(criterion);
    add_new(criterion);
    handle(criterion);
}

fn size(draws: &Draws) -> u64 {
    draws.iter().count() as u64
}

/// Rivals differ little in whether names are skewed, so they are in one of the two.
fn add(contest: &mut Contest<'_>, draws: &Draws, frequency: Frequency) {
    enter::<PostTracker>(contest, "post", draws);
    enter::<RunningTracker>(contest, "running", draws);
    enter::<Merged>(contest, "merged", draws);
    if draws.names().len() <= FEW_NAMES {
        // Of a hundred thousand names they take more than half a gigabyte for each thread.
        enter::<MergedQuantiles>(contest, "merged_quantiles", draws);
    }
    enter::<Windowed>(contest, "windowed", draws);
    enter::<MutexRows>(contest, "mutex_map", draws);
    enter::<DashRows>(contest, "shared_dashmap", draws);
    enter::<LocalMap<Plain>>(contest, "local_map", draws);
    enter::<LocalMap<SameRow>>(contest, "local_map_same_row", draws);
    enter::<BareCells>(contest, "bare_cells", draws);
    if frequency == Frequency::Zipf {
        enter::<PrometheusHistogramVec>(contest, "rival_prometheus", draws);
        enter::<PrometheusClientFamily>(contest, "rival_prometheus_client", draws);
        enter::<OpenTelemetryHistogram>(contest, "rival_opentelemetry", draws);
        enter::<MetricsRegistry>(contest, "rival_metrics", draws);
    }
}

/// What an exact sum costs of times that are no integers.
fn add_fractions(criterion: &mut Criterion) {
    let draws = &Draws::new(FEW_NAMES, FEW, Frequency::Zipf, Times::Fractions);
    let name = "add/names_001000_zipf_fractions_threads_01";
    let contest = &mut Contest::new(criterion, name, 1, size(draws));
    enter::<PostTracker>(contest, "post", draws);
    enter::<RunningTracker>(contest, "running", draws);
    enter::<Merged>(contest, "merged", draws);
    enter::<MergedQuantiles>(contest, "merged_quantiles", draws);
    enter::<MutexRows>(contest, "mutex_map", draws);
    enter::<LocalMap<Plain>>(contest, "local_map", draws);
    enter::<LocalMap<SameRow>>(contest, "local_map_same_row", draws);
    enter::<BareCells>(contest, "bare_cells", draws);
}

/// `handle`: over four rows in turn, and always the same one.
fn handle(criterion: &mut Criterion) {
    for (called, names) in [("four_rows", 4), ("one_row", 1)] {
        let draws = &Draws::new(names, FEW, Frequency::RoundRobin, Times::Whole);
        for threads in THREADS {
            let name = format!("handle/{called}_threads_{threads:02}");
            let contest = &mut Contest::new(criterion, &name, threads, size(draws));
            enter_bound::<RunningTracker>(contest, "running", draws);
            enter_bound::<Merged>(contest, "merged", draws);
            enter_bound::<MergedQuantiles>(contest, "merged_quantiles", draws);
            enter_bound::<Windowed>(contest, "windowed", draws);
            enter::<LocalRows>(contest, "local_rows_same_row", draws);
            enter::<BareCells>(contest, "bare_cells", draws);
            enter_bound::<PrometheusHistogramVec>(contest, "rival_prometheus", draws);
            enter_bound::<PrometheusClientFamily>(contest, "rival_prometheus_client", draws);
            enter_bound::<OpenTelemetryHistogram>(contest, "rival_opentelemetry_bound", draws);
            enter_bound::<MetricsRegistry>(contest, "rival_metrics", draws);
        }
    }
}

fn enter_bound<S: Bind>(contest: &mut Contest<'_>, name: &str, draws: &Draws) {
    enter::<Bound<S>>(contest, name, draws);
}

fn enter<S: ByName>(contest: &mut Contest<'_>, name: &str, draws: &Draws) {
    let threads = contest.threads() as u64;
    contest.enter_steady(name, || Rounds::<S> {
        subject: S::fresh(draws),
        first: draws.first().map(S::parsed).collect(),
        rest: draws.iter().map(S::parsed).collect(),
        draws,
        threads,
        done: AtomicU64::new(0),
    });
}

/// Adds the same actions in every round.
struct Rounds<'a, S: ByName> {
    subject: S,
    first: Vec<S::Parsed<'a>>,
    rest: Vec<S::Parsed<'a>>,
    draws: &'a Draws,
    threads: u64,
    done: AtomicU64,
}

/// After so many rounds, who keeps every time forgets them: seldom, so that it counts for little
/// that all begin anew, and often enough for memory.
const KEPT: u64 = 64;

impl<S: ByName> Steady for Rounds<'_, S> {
    type Own = S::Own;

    fn own(&self) -> S::Own {
        let mut own = self.subject.own();
        self.subject.add_all(&mut own, &self.first);
        own
    }

    fn work(&self, own: &mut S::Own) {
        self.subject.add_all(own, &self.rest);
    }

    fn make_room(&self) {
        // ORDERING: Relaxed. One thread at a time is here.
        if self.done.fetch_add(1, Relaxed) % KEPT == KEPT - 1 {
            self.subject.make_room();
        }
    }

    fn hand_in(&self, own: S::Own) {
        self.subject.hand_in(own);
    }

    fn verify(&self) -> Verdict {
        self.draws.verify(self.threads, self.subject.found())
    }
}

/// `add_new`: actions all of which are new.
fn add_new(criterion: &mut Criterion) {
    for (names, threads) in [(1_000, 1), (1_000, 2), (100_000, 1)] {
        let draws = &Draws::new(names, 0, Frequency::Uniform, Times::Whole);
        let name = format!("add_new/names_{names:06}_threads_{threads:02}");
        let contest = &mut Contest::new(criterion, &name, threads, names as u64);
        enter_new::<RunningTracker>(contest, "running", draws);
        enter_new::<Merged>(contest, "merged", draws);
        enter_new::<MergedQuantiles>(contest, "merged_quantiles", draws);
        enter_new::<Windowed>(contest, "windowed", draws);
        enter_new::<MutexRows>(contest, "mutex_map", draws);
        enter_new::<DashRows>(contest, "shared_dashmap", draws);
        enter_new::<BareCells>(contest, "bare_cells", draws);
        enter_new::<PrometheusHistogramVec>(contest, "rival_prometheus", draws);
    }
}

fn enter_new<S: ByName>(contest: &mut Contest<'_>, name: &str, draws: &Draws) {
    let threads = contest.threads() as u64;
    let parsed: Vec<_> = draws.first().map(S::parsed).collect();
    let write = |subject: &S| {
        let mut own = subject.own();
        subject.add_all(&mut own, &parsed);
        subject.hand_in(own);
    };
    let verify = |subject: &S| draws.verify_first(threads, subject.found());
    contest.enter_writer(name, || S::fresh(draws), write, verify);
}
