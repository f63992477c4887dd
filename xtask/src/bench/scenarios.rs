//! Scenarios of the default form: the files that programs read, and on how many threads.

use super::inputs::{Input, Maker, Packing};
use super::programs::{
    DUCKDB, DUCKDB_MIXED, DUCKDB_QUANTILES, GZIP, JQ, MEANS, MILLER, NEWLINES, PYTHON, QUANTILES,
    TABLE, WC, ZSTD,
};
use super::scenario::Scenario;

pub(super) const COMMON: Input = Input {
    name: "common",
    maker: Maker::Generate(&[]),
    packing: Packing::Plain,
    share: 1,
    header_lines: 0,
};
/// One line in a thousand is not a valid action.
const MIXED: Input =
    Input { name: "mixed", maker: Maker::Generate(&["--shape=mixed", "--bad=0.001"]), ..COMMON };
const MILLION: Input = Input { name: "million", share: 10, ..COMMON };
const NAMES: Input =
    Input { name: "names", maker: Maker::Generate(&["--actions=100000"]), ..COMMON };
const COMMON_GZIP: Input = Input { packing: Packing::Gzip, ..COMMON };
const COMMON_ZSTD: Input = Input { packing: Packing::Zstd, ..COMMON };

/// Groups whose programs find the same figures. DuckDB and Windrow both estimate quantiles, by a
/// digest and by a histogram; `names_*_quantiles` shows that with many of them.
pub(crate) const SCENARIOS: [Scenario; 15] = [
    Scenario::new("e2e/common_threads_01", COMMON, 1, &[MEANS, WC, DUCKDB, PYTHON]),
    Scenario::new("e2e/common_threads_02", COMMON, 2, &[MEANS, NEWLINES, DUCKDB]),
    Scenario::new(
        "e2e/common_quantiles_threads_01",
        COMMON,
        1,
        &[QUANTILES, TABLE, WC, DUCKDB_QUANTILES],
    ),
    Scenario::new(
        "e2e/common_quantiles_threads_02",
        COMMON,
        2,
        &[QUANTILES, TABLE, NEWLINES, DUCKDB_QUANTILES],
    ),
    // A tenth of the lines, for programs that would take minutes.
    Scenario::new("e2e/million_threads_02", MILLION, 2, &[MEANS, NEWLINES, MILLER, JQ, PYTHON]),
    Scenario::new("e2e/mixed_threads_01", MIXED, 1, &[MEANS, WC, DUCKDB_MIXED]),
    Scenario::new("e2e/mixed_threads_02", MIXED, 2, &[MEANS, NEWLINES, DUCKDB_MIXED]),
    Scenario::new("e2e/names_100000_threads_01", NAMES, 1, &[MEANS, WC, DUCKDB]),
    Scenario::new("e2e/names_100000_threads_02", NAMES, 2, &[MEANS, NEWLINES, DUCKDB]),
    Scenario::new(
        "e2e/names_100000_quantiles_threads_01",
        NAMES,
        1,
        &[QUANTILES, TABLE, WC, DUCKDB_QUANTILES],
    ),
    Scenario::new(
        "e2e/names_100000_quantiles_threads_02",
        NAMES,
        2,
        &[QUANTILES, TABLE, NEWLINES, DUCKDB_QUANTILES],
    ),
    Scenario::new("e2e/gzip_threads_01", COMMON_GZIP, 1, &[MEANS, GZIP]),
    Scenario::new("e2e/gzip_threads_02", COMMON_GZIP, 2, &[MEANS, GZIP]),
    Scenario::new("e2e/zstd_threads_01", COMMON_ZSTD, 1, &[MEANS, ZSTD]),
    Scenario::new("e2e/zstd_threads_02", COMMON_ZSTD, 2, &[MEANS, ZSTD]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{logs, shapes};
    use super::*;

    #[test]
    fn every_scenario_has_windrow_and_a_floor() {
        for Scenario { name, programs, .. } in
            SCENARIOS.iter().chain(&logs::SCENARIOS).chain(&shapes::SCENARIOS)
        {
            let has = |start| programs.iter().any(|one| one.name.starts_with(start));
            assert!(has("windrow_") && has("floor_"), "{name}");
        }
    }

    #[test]
    fn inputs_of_one_name_have_the_same_records() {
        // Kinds are compared apart.
        for kind in [&SCENARIOS[..], &logs::SCENARIOS, &shapes::SCENARIOS] {
            let inputs: BTreeSet<_> =
                kind.iter().map(|one| (one.input.name, one.input.records(1_000_000))).collect();
            let names: BTreeSet<_> = inputs.iter().map(|(name, _)| name).collect();
            assert_eq!(inputs.len(), names.len(), "{inputs:?}");
        }
    }
}
