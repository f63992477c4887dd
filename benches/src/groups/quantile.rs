//! `quantile`: to take times in, to tell the median and the 99th percentile, and to merge.

use std::hint::black_box;
use std::sync::Mutex;

use core_actions::{Histogram, Quantiles};
use criterion::Criterion;

use crate::contest::{Contest, Steady, Verdict};
use crate::names::{Draws, Frequency};
use crate::subjects::sketches::{
    BareCounts, Batch, DdSketch, Hdr, LocalVec, RivalHistogram, Sketch,
};
use crate::workload::{THOUSANDTHS, Times};

/// How many times are taken in, in one round or before one asks.
const INSERTS: usize = 1 << 14;

/// So few that [`Quantiles`] keeps them as they are.
const FEW: usize = 20;

/// How many merges a round has.
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
    let contest = &mut Contest::new(criterion, "quantile/insert_whole", 1, INSERTS as u64);
    enter_insert::<Quantiles>(contest, "quantiles", whole);
    enter_insert::<Batch<Quantiles>>(contest, "quantiles_batch", whole);
    enter_insert::<Histogram>(contest, "histogram", whole);
    enter_insert::<LocalVec>(contest, "local_vec", whole);
    enter_insert::<BareCounts>(contest, "bare_counts", whole);
    enter_insert::<Hdr>(contest, "rival_hdrhistogram", whole);
    enter_insert::<RivalHistogram>(contest, "rival_histogram", whole);
    enter_insert::<DdSketch>(contest, "rival_ddsketch", whole);
}

/// Rivals that know integers alone are left out.
fn insert_fractions(criterion: &mut Criterion) {
    let fractions = &thousandths(INSERTS, Times::Fractions);
    let contest = &mut Contest::new(criterion, "quantile/insert_fractions", 1, INSERTS as u64);
    enter_insert::<Quantiles>(contest, "quantiles", fractions);
    enter_insert::<Batch<Quantiles>>(contest, "quantiles_batch", fractions);
    enter_insert::<Histogram>(contest, "histogram", fractions);
    enter_insert::<LocalVec>(contest, "local_vec", fractions);
    enter_insert::<BareCounts>(contest, "bare_counts", fractions);
    enter_insert::<DdSketch>(contest, "rival_ddsketch", fractions);
}

fn ask(criterion: &mut Criterion) {
    for (name, count) in [("quantile/ask_many", INSERTS), ("quantile/ask_few", FEW)] {
        let whole = &thousandths(count, Times::Whole);
        let contest = &mut Contest::new(criterion, name, 1, 1);
        enter_ask::<Quantiles>(contest, "quantiles", whole);
        enter_ask::<Histogram>(contest, "histogram", whole);
        enter_ask::<LocalVec>(contest, "local_vec", whole);
        enter_ask::<Hdr>(contest, "rival_hdrhistogram", whole);
        enter_ask::<RivalHistogram>(contest, "rival_histogram", whole);
        enter_ask::<DdSketch>(contest, "rival_ddsketch", whole);
        let known = || SHARES.map(|share| exact(whole, share));
        contest.enter_reader("bare_load", known, |known| *black_box(known), |_| Ok(()));
    }
}

fn merge(criterion: &mut Criterion) {
    let whole = &thousandths(INSERTS, Times::Whole);
    let contest = &mut Contest::new(criterion, "quantile/merge", 1, MERGES as u64);
    enter_merge::<Quantiles>(contest, "quantiles", whole);
    enter_merge::<Histogram>(contest, "histogram", whole);
    enter_merge::<LocalVec>(contest, "local_vec", whole);
    enter_merge::<BareCounts>(contest, "bare_counts", whole);
    enter_merge::<Hdr>(contest, "rival_hdrhistogram", whole);
    enter_merge::<RivalHistogram>(contest, "rival_histogram", whole);
    enter_merge::<DdSketch>(contest, "rival_ddsketch", whole);
}

/// What is asked.
const SHARES: [f64; 2] = [0.5, 0.99];

/// How far an answer may be from the true one, relative to it: what the sketches are set to, and
/// a little for how they understand a rank.
const WITHIN: f64 = 0.0125;

/// The smallest of the times that such a share of them do not exceed.
fn exact(thousandths: &[u64], share: f64) -> f64 {
    let mut sorted = thousandths.to_vec();
    sorted.sort_unstable();
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.max(1) - 1] as f64 / THOUSANDTHS as f64
}

/// Checks both answers; of few times, who keeps cells may take a neighbour for the one in question.
fn check<S: Sketch>(sketch: &S, thousandths: &[u64]) -> Verdict {
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

fn enter_ask<S: Sketch>(contest: &mut Contest<'_>, name: &str, thousandths: &[u64]) {
    let ask = |sketch: &S| SHARES.map(|share| black_box(sketch).quantile(share));
    contest.enter_reader(name, || filled(thousandths), ask, |sketch| check(sketch, thousandths));
}

fn enter_insert<S: Sketch>(contest: &mut Contest<'_>, name: &str, thousandths: &[u64]) {
    contest.enter_steady(name, || Inserts::<S> {
        thousandths,
        times: thousandths.iter().map(|&time| S::time(time)).collect(),
        handed_in: Mutex::new(None),
    });
}

/// Takes in the same times in every round.
struct Inserts<'a, S: Sketch> {
    thousandths: &'a [u64],
    times: Vec<S::Time>,
    handed_in: Mutex<Option<S>>,
}

/// Tells the one that was handed in.
fn check_handed_in<S: Sketch>(handed_in: &Mutex<Option<S>>, thousandths: &[u64]) -> Verdict {
    let handed_in = handed_in.lock().expect("no thread panicked with the lock");
    check(handed_in.as_ref().ok_or("nothing was handed in")?, thousandths)
}

impl<S: Sketch> Steady for Inserts<'_, S> {
    type Own = S;

    fn own(&self) -> S {
        filled(self.thousandths)
    }

    fn work(&self, own: &mut S) {
        own.insert_all(&self.times);
    }

    fn hand_in(&self, own: S) {
        *self.handed_in.lock().expect("no thread panicked with the lock") = Some(own);
    }

    fn verify(&self) -> Verdict {
        check_handed_in(&self.handed_in, self.thousandths)
    }
}

fn enter_merge<S: Sketch>(contest: &mut Contest<'_>, name: &str, thousandths: &[u64]) {
    contest.enter_steady(name, || Merges {
        thousandths,
        more: filled::<S>(thousandths),
        handed_in: Mutex::new(None),
    });
}

/// Merges the same into one, over and over.
struct Merges<'a, S> {
    thousandths: &'a [u64],
    more: S,
    handed_in: Mutex<Option<S>>,
}

impl<S: Sketch> Steady for Merges<'_, S> {
    type Own = S;

    fn own(&self) -> S {
        self.more.clone()
    }

    fn work(&self, own: &mut S) {
        for _ in 0..MERGES {
            own.merge(black_box(&self.more));
        }
    }

    fn hand_in(&self, own: S) {
        *self.handed_in.lock().expect("no thread panicked with the lock") = Some(own);
    }

    fn verify(&self) -> Verdict {
        check_handed_in(&self.handed_in, self.thousandths)
    }
}
