//! `merge`: takes a snapshot of a thousand actions, and merges two of them.

use std::collections::HashMap;

use core_actions::{MergedTracker, TrackerSnapshot};
use criterion::Criterion;

use super::stats::filled;
use crate::harness::Harness;
use crate::harness::actions::Times;
use crate::harness::names::{Draws, Found, Frequency};
use crate::implementations::by_name::{
    ByName, Figures, FloorCells, HdrRow, HdrRows, Merged, MergedQuantiles, MutexRows, Plain, found,
};

/// The number of actions.
const NAMES: usize = 1_000;

/// The number of records.
const RECORDS: usize = 100_000;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    let draws = &Draws::new(NAMES, RECORDS - NAMES, Frequency::Uniform, Times::Whole);
    let taking = "merge/snapshot_names_001000";
    let merging = "merge/two_snapshots_names_001000";
    snapshot(&mut Harness::new(criterion, taking, 1, 1), draws);
    two_snapshots(&mut Harness::new(criterion, merging, 1, 1), draws);
}

/// Takes a snapshot, which leaves the tracker unchanged.
fn snapshot(harness: &mut Harness<'_>, draws: &Draws) {
    measure::<Merged>(harness, "merged", draws);
    measure::<MergedQuantiles>(harness, "merged_quantiles", draws);
    measure::<MutexRows>(harness, "mutex_map", draws);
    measure::<HdrRows>(harness, "rival_hdrhistogram", draws);
    measure::<FloorCells>(harness, "floor_cells", draws);
}

fn measure<S: CounterSnapshot>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let verify = |implementation: &S| draws.verify(1, implementation.rows(&implementation.taken()));
    harness.bench_reader(name, || filled::<S>(draws, 1), S::taken, verify);
}

/// Copies one snapshot and merges the other into the copy.
fn two_snapshots(harness: &mut Harness<'_>, draws: &Draws) {
    measure_two::<Merged>(harness, "merged", draws);
    measure_two::<MergedQuantiles>(harness, "merged_quantiles", draws);
    measure_two::<MutexRows>(harness, "mutex_map", draws);
    measure_two::<HdrRows>(harness, "rival_hdrhistogram", draws);
    measure_two::<FloorCells>(harness, "floor_cells", draws);
}

fn measure_two<S: CounterSnapshot>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let two = || {
        let [one, other] = [(); 2].map(|()| filled::<S>(draws, 1));
        let taken = [one.taken(), other.taken()];
        (one, taken)
    };
    let merged = |(_, [one, other]): &(S, [S::Taken; 2])| {
        let mut both = one.clone();
        S::merge(&mut both, other);
        both
    };
    harness.bench_reader(name, two, merged, |two| draws.verify(2, two.0.rows(&merged(two))));
}

/// Takes snapshots that merge.
trait CounterSnapshot: ByName {
    type Taken: Clone + Sync;

    fn taken(&self) -> Self::Taken;

    fn merge(into: &mut Self::Taken, other: &Self::Taken);

    fn rows(&self, taken: &Self::Taken) -> Vec<Found>;
}

impl<S: Figures> CounterSnapshot for MergedTracker<S> {
    type Taken = TrackerSnapshot<S>;

    fn taken(&self) -> Self::Taken {
        self.snapshot()
    }

    fn merge(into: &mut Self::Taken, other: &Self::Taken) {
        into.merge(other).expect("two trackers");
    }

    fn rows(&self, taken: &Self::Taken) -> Vec<Found> {
        taken.rows().iter().map(found).collect()
    }
}

/// Merges rows by name, as hand-written code does.
fn merge_rows<R: Clone>(
    into: &mut HashMap<String, R>,
    other: &HashMap<String, R>,
    merge: impl Fn(&mut R, &R),
) {
    for (name, more) in other {
        match into.get_mut(name) {
            Some(row) => merge(row, more),
            None => drop(into.insert(name.clone(), more.clone())),
        }
    }
}

impl CounterSnapshot for MutexRows {
    type Taken = HashMap<String, Plain>;

    fn taken(&self) -> Self::Taken {
        self.with(|rows| rows.clone())
    }

    fn merge(into: &mut Self::Taken, other: &Self::Taken) {
        merge_rows(into, other, Plain::merge);
    }

    fn rows(&self, taken: &Self::Taken) -> Vec<Found> {
        taken.iter().map(|(name, row)| row.found(name)).collect()
    }
}

impl CounterSnapshot for FloorCells {
    type Taken = Vec<(u64, u64)>;

    fn taken(&self) -> Self::Taken {
        self.with(<[_]>::to_vec)
    }

    fn merge(into: &mut Self::Taken, other: &Self::Taken) {
        for ((count, sum), (more, added)) in into.iter_mut().zip(other) {
            *count += more;
            *sum += added;
        }
    }

    fn rows(&self, taken: &Self::Taken) -> Vec<Found> {
        FloorCells::rows(self, taken)
    }
}

impl CounterSnapshot for HdrRows {
    type Taken = HashMap<String, HdrRow>;

    fn taken(&self) -> Self::Taken {
        self.with(|rows| rows.clone())
    }

    fn merge(into: &mut Self::Taken, other: &Self::Taken) {
        merge_rows(into, other, HdrRow::merge);
    }

    fn rows(&self, taken: &Self::Taken) -> Vec<Found> {
        taken.iter().map(|(name, row)| row.found(name)).collect()
    }
}
