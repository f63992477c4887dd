//! `stats`: returns the rows of all actions with their means. `get_stats` encodes them as text.

use core_actions::{PostTracker, RunningTracker};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::actions::Times;
use crate::harness::names::{Draws, Frequency};
use crate::implementations::by_name::{
    ByName, DashRows, FloorCells, Means, Merged, MergedQuantiles, MutexRows,
};

/// The records before the call.
struct Scenario {
    name: &'static str,
    names: usize,
    /// The number of records per pass, including the first of each name.
    records: usize,
    /// The number of passes.
    passes: u64,
    times: Times,
}

const FOUR: Scenario =
    Scenario { name: "", names: 4, records: 100_000, passes: 1, times: Times::Whole };

const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "stats/records_00001000", records: 1_000, ..FOUR },
    Scenario { name: "stats/records_10000000", passes: 100, ..FOUR },
    Scenario { name: "stats/names_001000", names: 1_000, ..FOUR },
    Scenario { name: "stats/names_100000", names: 100_000, ..FOUR },
];

/// The maximum number of records for an implementation that keeps every value.
const KEPT: u64 = 1_000_000;

/// The maximum number of names for an implementation with quantiles.
const NAMES_WITH_QUANTILES: usize = 1_000;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for scenario in &SCENARIOS {
        let &Scenario { name, names, records, passes, times } = scenario;
        let draws = &Draws::new(names, records - names, Frequency::Zipf, times);
        let harness = Harness::new(criterion, name, 1, 1);
        let harness =
            &mut if names <= NAMES_WITH_QUANTILES { harness } else { harness.of_long_rounds() };
        if records as u64 * passes <= KEPT {
            measure::<PostTracker>(harness, "post", draws, passes);
        }
        measure::<RunningTracker>(harness, "running", draws, passes);
        measure::<Merged>(harness, "merged", draws, passes);
        if names <= NAMES_WITH_QUANTILES {
            measure::<MergedQuantiles>(harness, "merged_quantiles", draws, passes);
        }
        measure::<MutexRows>(harness, "mutex_map", draws, passes);
        measure::<DashRows>(harness, "shared_dashmap", draws, passes);
        measure::<FloorCells>(harness, "floor_cells", draws, passes);
    }
}

fn measure<S: Means>(harness: &mut Harness<'_>, name: &str, draws: &Draws, passes: u64) {
    let filled = || filled::<S>(draws, passes);
    harness.bench_reader(name, filled, S::means, |implementation| {
        draws.verify(passes, implementation.found())
    });
}

/// Makes an implementation that was given all actions `passes` times.
pub(super) fn filled<S: ByName>(draws: &Draws, passes: u64) -> S {
    let parsed: Vec<_> = draws.first().chain(draws.iter()).map(S::parsed).collect();
    let implementation = S::fresh(draws);
    let mut local = implementation.local();
    for _ in 0..passes {
        implementation.add_all(&mut local, &parsed);
    }
    implementation.collect(local);
    implementation
}
