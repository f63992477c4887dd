//! The work that programs share: the files that they read, and on how many threads.

use super::inputs::{Input, Maker, Packing};
use super::programs::{
    DUCKDB, GZIP, JQ, MEANS, MILLER, NEWLINES, PYTHON, Program, TABLE, WC, ZSTD,
};

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
const NAMES: Input =
    Input { name: "names", maker: Maker::Generate(&["--actions=100000"]), ..COMMON };
const COMMON_GZIP: Input = Input { packing: Packing::Gzip, ..COMMON };
const COMMON_ZSTD: Input = Input { packing: Packing::Zstd, ..COMMON };

/// The same work for several programs.
pub(crate) struct Scenario {
    /// `operation/scenario`, as for every benchmark.
    pub(crate) name: &'static str,
    pub(crate) input: Input,
    pub(crate) threads: u8,
    pub(crate) programs: &'static [Program],
}

/// A program that takes minutes is in one scenario only; one that stops at the first line that is
/// not JSON is not in `mixed`.
pub(crate) const SCENARIOS: [Scenario; 10] = [
    Scenario {
        name: "e2e/common_threads_01",
        input: COMMON,
        threads: 1,
        programs: &[MEANS, TABLE, WC, DUCKDB, PYTHON, JQ],
    },
    Scenario {
        name: "e2e/common_threads_02",
        input: COMMON,
        threads: 2,
        programs: &[MEANS, TABLE, NEWLINES, DUCKDB, MILLER],
    },
    Scenario {
        name: "e2e/mixed_threads_01",
        input: MIXED,
        threads: 1,
        programs: &[MEANS, TABLE, WC, DUCKDB, PYTHON],
    },
    Scenario {
        name: "e2e/mixed_threads_02",
        input: MIXED,
        threads: 2,
        programs: &[MEANS, TABLE, NEWLINES, DUCKDB],
    },
    Scenario {
        name: "e2e/names_100000_threads_01",
        input: NAMES,
        threads: 1,
        programs: &[MEANS, TABLE, WC, DUCKDB, PYTHON],
    },
    Scenario {
        name: "e2e/names_100000_threads_02",
        input: NAMES,
        threads: 2,
        programs: &[MEANS, TABLE, NEWLINES, DUCKDB, MILLER],
    },
    Scenario {
        name: "e2e/gzip_threads_01",
        input: COMMON_GZIP,
        threads: 1,
        programs: &[MEANS, GZIP],
    },
    Scenario {
        name: "e2e/gzip_threads_02",
        input: COMMON_GZIP,
        threads: 2,
        programs: &[MEANS, GZIP],
    },
    Scenario {
        name: "e2e/zstd_threads_01",
        input: COMMON_ZSTD,
        threads: 1,
        programs: &[MEANS, ZSTD],
    },
    Scenario {
        name: "e2e/zstd_threads_02",
        input: COMMON_ZSTD,
        threads: 2,
        programs: &[MEANS, ZSTD],
    },
];

#[cfg(test)]
mod tests {
    use super::super::logs;
    use super::*;

    #[test]
    fn every_scenario_has_windrow_and_a_floor() {
        for Scenario { name, programs, .. } in SCENARIOS.iter().chain(&logs::SCENARIOS) {
            let has = |start| programs.iter().any(|one| one.name.starts_with(start));
            assert!(has("windrow_") && has("floor_"), "{name}");
        }
    }
}
