//! `add`, `add_new`, `handle`: adds an action by a known name, by a new name, and by a handle.
//!
//! Except in `add_new`, all names are known before the clock is started: each thread added every
//! name once, and continues from round to round. The first action of a name costs many times as
//! much as a later one, and would dominate a short round.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use core_actions::{Mean, MinMax, PostTracker, RunningTracker};
use criterion::Criterion;

use super::THREADS;
use crate::harness::actions::Times;
use crate::harness::names::{Draws, Frequency};
use crate::harness::{Harness, Steady};
use crate::implementations::by_name::{
    Bind, Bound, ByName, DashRows, FloorCells, InBatches, LocalMap, LocalRows, Merged,
    MergedQuantiles, MetricsRegistry, MutexRows, OpenTelemetryHistogram, Plain,
    PrometheusClientFamily, PrometheusHistogramVec, SameRow, Shared, Windowed,
};

/// The number of actions per round of few names; they fit in the second-level cache.
const FEW: usize = 1 << 14;

/// The number of actions per round of many names, enough to use most of them.
const MANY: usize = 1 << 17;

/// The maximum number of names that counts as few.
const FEW_NAMES: usize = 1_000;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    let (zipf, uniform) = (("zipf", Frequency::Zipf), ("uniform", Frequency::Uniform));
    // Of few names, all are in the cache at any frequency; of many, two threads seldom meet.
    for (names, (called, frequency), threads) in [
        (4, zipf, 1),
        (FEW_NAMES, zipf, 1),
        (FEW_NAMES, zipf, 2),
        (100_000, zipf, 1),
        (100_000, uniform, 1),
    ] {
        let draws = if names <= FEW_NAMES { FEW } else { MANY };
        let draws = Draws::new(names, draws, frequency, Times::Whole);
        let name = format!("add/names_{names:06}_{called}_threads_{threads:02}");
        let harness = Harness::new(criterion, &name, threads, size(&draws));
        let mut harness = if names <= FEW_NAMES { harness } else { harness.of_long_rounds() };
        add(&mut harness, &draws);
    }
    add_fractions(criterion);
    add_new(criterion);
    handle(criterion);
}

fn size(draws: &Draws) -> u64 {
    draws.iter().count() as u64
}

/// Measures all implementations. Rivals depend little on the number of names, so they run with one.
fn add(harness: &mut Harness<'_>, draws: &Draws) {
    measure::<PostTracker>(harness, "post", draws);
    measure::<RunningTracker>(harness, "running", draws);
    measure::<Merged>(harness, "merged", draws);
    measure::<InBatches<(Mean, MinMax)>>(harness, "merged_batch", draws);
    if draws.names().len() <= FEW_NAMES {
        // With 100,000 names they need more than half a gigabyte per thread.
        measure::<MergedQuantiles>(harness, "merged_quantiles", draws);
    }
    measure::<Windowed>(harness, "windowed", draws);
    measure::<MutexRows>(harness, "mutex_map", draws);
    measure::<DashRows>(harness, "shared_dashmap", draws);
    measure::<LocalMap<Plain>>(harness, "local_map", draws);
    measure::<LocalMap<SameRow>>(harness, "local_map_same_row", draws);
    measure::<FloorCells>(harness, "floor_cells", draws);
    if draws.names().len() == FEW_NAMES {
        measure::<PrometheusHistogramVec>(harness, "rival_prometheus", draws);
        measure::<PrometheusClientFamily>(harness, "rival_prometheus_client", draws);
        measure::<OpenTelemetryHistogram>(harness, "rival_opentelemetry", draws);
        measure::<MetricsRegistry>(harness, "rival_metrics", draws);
    }
}

/// Measures the cost of an exact sum of fractions.
fn add_fractions(criterion: &mut Criterion) {
    let draws = &Draws::new(FEW_NAMES, FEW, Frequency::Zipf, Times::Fractions);
    let name = "add/names_001000_zipf_fractions_threads_01";
    let harness = &mut Harness::new(criterion, name, 1, size(draws));
    measure::<RunningTracker>(harness, "running", draws);
    measure::<Merged>(harness, "merged", draws);
    measure::<MergedQuantiles>(harness, "merged_quantiles", draws);
    measure::<MutexRows>(harness, "mutex_map", draws);
    measure::<LocalMap<SameRow>>(harness, "local_map_same_row", draws);
    measure::<FloorCells>(harness, "floor_cells", draws);
}

/// `handle`: adds to four rows in turn.
fn handle(criterion: &mut Criterion) {
    let draws = &Draws::new(4, FEW, Frequency::RoundRobin, Times::Whole);
    for threads in THREADS {
        let name = format!("handle/four_rows_threads_{threads:02}");
        let harness = &mut Harness::new(criterion, &name, threads, size(draws));
        measure_bound::<RunningTracker>(harness, "running", draws);
        measure_bound::<Merged>(harness, "merged", draws);
        measure::<Shared<SameRow>>(harness, "merged_shared", draws);
        measure_bound::<MergedQuantiles>(harness, "merged_quantiles", draws);
        measure_bound::<Windowed>(harness, "windowed", draws);
        measure::<LocalRows>(harness, "local_rows_same_row", draws);
        measure::<FloorCells>(harness, "floor_cells", draws);
        measure_bound::<PrometheusHistogramVec>(harness, "rival_prometheus", draws);
        measure_bound::<PrometheusClientFamily>(harness, "rival_prometheus_client", draws);
        measure_bound::<OpenTelemetryHistogram>(harness, "rival_opentelemetry_bound", draws);
        measure_bound::<MetricsRegistry>(harness, "rival_metrics", draws);
    }
}

fn measure_bound<S: Bind>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    measure::<Bound<S>>(harness, name, draws);
}

fn measure<S: ByName>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let threads = harness.threads() as u64;
    harness.bench_steady(name, || Rounds::<S> {
        implementation: S::fresh(draws),
        first: draws.first().map(S::parsed).collect(),
        rest: draws.iter().map(S::parsed).collect(),
        draws,
        threads,
        done: AtomicU64::new(0),
    });
}

/// Adds the same actions in every round.
struct Rounds<'a, S: ByName> {
    implementation: S,
    first: Vec<S::Parsed<'a>>,
    rest: Vec<S::Parsed<'a>>,
    draws: &'a Draws,
    threads: u64,
    done: AtomicU64,
}

/// The number of rounds after which an implementation that keeps every value is emptied.
///
/// It is large enough that refilling costs little, and small enough for the memory.
const KEPT: u64 = 64;

impl<S: ByName> Steady for Rounds<'_, S> {
    type Local = S::Local;

    fn local(&self) -> S::Local {
        let mut local = self.implementation.local();
        self.implementation.add_all(&mut local, &self.first);
        local
    }

    fn work(&self, local: &mut S::Local) {
        self.implementation.add_all(local, &self.rest);
    }

    fn make_room(&self) {
        // ORDERING: Relaxed. Only the leader calls this.
        if self.done.fetch_add(1, Relaxed) % KEPT == KEPT - 1 {
            self.implementation.make_room();
        }
    }

    fn collect(&self, local: S::Local) {
        self.implementation.collect(local);
    }

    fn verify(&self) -> Result<(), String> {
        self.draws.verify(self.threads, self.implementation.found())
    }
}

/// `add_new`: adds actions whose names are all new.
fn add_new(criterion: &mut Criterion) {
    for (names, threads) in [(1_000, 1), (100_000, 1)] {
        let draws = &Draws::new(names, 0, Frequency::Uniform, Times::Whole);
        let name = format!("add_new/names_{names:06}_threads_{threads:02}");
        let harness = Harness::new(criterion, &name, threads, names as u64);
        let harness = &mut if names <= FEW_NAMES { harness } else { harness.of_long_rounds() };
        measure_new::<RunningTracker>(harness, "running", draws);
        measure_new::<Merged>(harness, "merged", draws);
        measure_new::<MergedQuantiles>(harness, "merged_quantiles", draws);
        measure_new::<Windowed>(harness, "windowed", draws);
        measure_new::<MutexRows>(harness, "mutex_map", draws);
        measure_new::<DashRows>(harness, "shared_dashmap", draws);
        measure_new::<FloorCells>(harness, "floor_cells", draws);
        measure_new::<PrometheusHistogramVec>(harness, "rival_prometheus", draws);
    }
}

fn measure_new<S: ByName>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let threads = harness.threads() as u64;
    let parsed: Vec<_> = draws.first().map(S::parsed).collect();
    let write = |implementation: &S| {
        let mut local = implementation.local();
        implementation.add_all(&mut local, &parsed);
        implementation.collect(local);
    };
    let verify = |implementation: &S| draws.verify_first(threads, implementation.found());
    harness.bench_writer(name, || S::fresh(draws), write, verify);
}
