//! `quantile`: inserts values, returns the median and the 99th percentile, and merges.

use std::hint::black_box;
use std::sync::Mutex;

use core_actions::{Histogram, Quantiles};
use criterion::Criterion;

use crate::harness::actions::{THOUSANDTHS, Times};
use crate::harness::names::{Draws, Frequency};
use crate::harness::{Harness, Steady};
use crate::implementations::sketches::{
    Batch, DdSketch, FloorCounts, Hdr, LocalVec, RivalHistogram, Sketch,
};

/// The number of values inserted per round, and before a read.
const INSERTS: usize = 1 << 14;

/// A number of values that [`Quantiles`] keeps exactly.
const FEW: usize = 20;

/// The number of merges per round.
const MERGES: usize = 64;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    insert_whole(criterion);
    insert_fractions(criterion);
    ask(criterion);
    merge(criterion);
}

fn thousandths(count: usize, times: Times) -> Vec<u64> {
    let draws = Draws::new(1, count, Frequency::Uniform, times);
    draws.iter().map(|draw| draw.thousandths).collect()
}

fn insert_whole(criterion: &mut Criterion) {
    let whole = &thousandths(INSERTS, Times::Whole);
    let harness = &mut Harness::new(criterion, "quantile/insert_whole", 1, INSERTS as u64);
    measure_insert::<Quantiles>(harness, "quantiles", whole);
    measure_insert::<Batch<Quantiles>>(harness, "quantiles_batch", whole);
    measure_insert::<Histogram>(harness, "histogram", whole);
    measure_insert::<LocalVec>(harness, "local_vec", whole);
    measure_insert::<FloorCounts>(harness, "floor_counts", whole);
    measure_insert::<Hdr>(harness, "rival_hdrhistogram", whole);
    measure_insert::<RivalHistogram>(harness, "rival_histogram", whole);
    measure_insert::<DdSketch>(harness, "rival_ddsketch", whole);
}

/// Inserts fractions, without the rivals that accept only integers.
fn insert_fractions(criterion: &mut Criterion) {
    let fractions = &thousandths(INSERTS, Times::Fractions);
    let harness = &mut Harness::new(criterion, "quantile/insert_fractions", 1, INSERTS as u64);
    measure_insert::<Quantiles>(harness, "quantiles", fractions);
    measure_insert::<Batch<Quantiles>>(harness, "quantiles_batch", fractions);
    measure_insert::<Histogram>(harness, "histogram", fractions);
    measure_insert::<LocalVec>(harness, "local_vec", fractions);
    measure_insert::<FloorCounts>(harness, "floor_counts", fractions);
    measure_insert::<DdSketch>(harness, "rival_ddsketch", fractions);
}

fn ask(criterion: &mut Criterion) {
    for (name, count) in [("quantile/ask_many", INSERTS), ("quantile/ask_few", FEW)] {
        let whole = &thousandths(count, Times::Whole);
        let harness = &mut Harness::new(criterion, name, 1, 1);
        measure_ask::<Quantiles>(harness, "quantiles", whole);
        measure_ask::<Histogram>(harness, "histogram", whole);
        measure_ask::<LocalVec>(harness, "local_vec", whole);
        measure_ask::<Hdr>(harness, "rival_hdrhistogram", whole);
        measure_ask::<RivalHistogram>(harness, "rival_histogram", whole);
        measure_ask::<DdSketch>(harness, "rival_ddsketch", whole);
        let known = || SHARES.map(|share| exact(whole, share));
        harness.bench_reader("floor_load", known, |known| *black_box(known), |_| Ok(()));
    }
}

fn merge(criterion: &mut Criterion) {
    let whole = &thousandths(INSERTS, Times::Whole);
    let harness = &mut Harness::new(criterion, "quantile/merge", 1, MERGES as u64);
    measure_merge::<Quantiles>(harness, "quantiles", whole);
    measure_merge::<Histogram>(harness, "histogram", whole);
    measure_merge::<LocalVec>(harness, "local_vec", whole);
    measure_merge::<FloorCounts>(harness, "floor_counts", whole);
    measure_merge::<Hdr>(harness, "rival_hdrhistogram", whole);
    measure_merge::<RivalHistogram>(harness, "rival_histogram", whole);
    measure_merge::<DdSketch>(harness, "rival_ddsketch", whole);
}

/// The quantiles that are read.
const SHARES: [f64; 2] = [0.5, 0.99];

/// The relative error allowed in an answer: that of the sketches, and a little for the choice of
/// the rank.
const WITHIN: f64 = 0.0125;

/// Returns the smallest value that is not exceeded by the given share of all.
fn exact(thousandths: &[u64], share: f64) -> f64 {
    let mut sorted = thousandths.to_vec();
    sorted.sort_unstable();
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.max(1) - 1] as f64 / THOUSANDTHS as f64
}

/// Checks both answers. With few values, a sketch may return a neighbour of the exact one.
fn check<S: Sketch>(sketch: &S, thousandths: &[u64]) -> Result<(), String> {
    for share in SHARES {
        let found = sketch.quantile(share);
        let near = 1.0 / thousandths.len() as f64;
        let [low, high] = match thousandths.len() {
            ..=FEW => [share - near, share + near],
            _ => [share; 2],
        };
        let [low, high] = [low, high.min(1.0)].map(|share| exact(thousandths, share));
        if found < low * (1.0 - WITHIN) - 1.0 || found > high * (1.0 + WITHIN) + 1.0 {
            return Err(format!("{found} at {share}, should be from {low} to {high}"));
        }
    }
    Ok(())
}

fn filled<S: Sketch>(thousandths: &[u64]) -> S {
    let mut sketch = S::fresh();
    sketch.insert_all(&thousandths.iter().map(|&time| S::time(time)).collect::<Vec<_>>());
    sketch
}

fn measure_ask<S: Sketch>(harness: &mut Harness<'_>, name: &str, thousandths: &[u64]) {
    let ask = |sketch: &S| SHARES.map(|share| black_box(sketch).quantile(share));
    harness.bench_reader(name, || filled(thousandths), ask, |sketch| check(sketch, thousandths));
}

fn measure_insert<S: Sketch>(harness: &mut Harness<'_>, name: &str, thousandths: &[u64]) {
    harness.bench_steady(name, || Inserts::<S> {
        thousandths,
        times: thousandths.iter().map(|&time| S::time(time)).collect(),
        collected: Mutex::new(None),
    });
}

/// Inserts the same values in every round.
struct Inserts<'a, S: Sketch> {
    thousandths: &'a [u64],
    times: Vec<S::Time>,
    collected: Mutex<Option<S>>,
}

/// Checks the sketch that was collected.
fn check_handed_in<S: Sketch>(
    collected: &Mutex<Option<S>>,
    thousandths: &[u64],
) -> Result<(), String> {
    let collected = collected.lock().expect("no thread panicked with the lock");
    check(collected.as_ref().ok_or("nothing was handed in")?, thousandths)
}

impl<S: Sketch> Steady for Inserts<'_, S> {
    type Local = S;

    fn local(&self) -> S {
        filled(self.thousandths)
    }

    fn work(&self, local: &mut S) {
        local.insert_all(&self.times);
    }

    fn collect(&self, local: S) {
        *self.collected.lock().expect("no thread panicked with the lock") = Some(local);
    }

    fn verify(&self) -> Result<(), String> {
        check_handed_in(&self.collected, self.thousandths)
    }
}

fn measure_merge<S: Sketch>(harness: &mut Harness<'_>, name: &str, thousandths: &[u64]) {
    harness.bench_steady(name, || Merges {
        thousandths,
        more: filled::<S>(thousandths),
        collected: Mutex::new(None),
    });
}

/// Merges the same sketch in every round.
struct Merges<'a, S> {
    thousandths: &'a [u64],
    more: S,
    collected: Mutex<Option<S>>,
}

impl<S: Sketch> Steady for Merges<'_, S> {
    type Local = S;

    fn local(&self) -> S {
        self.more.clone()
    }

    fn work(&self, local: &mut S) {
        for _ in 0..MERGES {
            local.merge(black_box(&self.more));
        }
    }

    fn collect(&self, local: S) {
        *self.collected.lock().expect("no thread panicked with the lock") = Some(local);
    }

    fn verify(&self) -> Result<(), String> {
        check_handed_in(&self.collected, self.thousandths)
    }
}
