//! Scenarios of lines in several forms, decoded by the codec, by `windrow` and by parsers.
//!
//! Every program decodes a file on one thread, several times, and returns the number of records,
//! the bytes of their names and the sum of their times. The time is that in user mode. `windrow`
//! also computes the statistics of each action.

use super::inputs::{Input, Maker};
use super::programs::{Form, Program};
use super::scenario::{Scenario, Timing};
use super::scenarios::COMMON;
use super::tools::Tool;
use crate::measure::table::Table;
use crate::measure::{Measurement, digits, groups, time};

/// The number of times that a file is decoded, so that reading it is a small part of a run and the
/// kernel's division into time in user mode and in the system is good enough.
const PASSES: u64 = 16;
/// That of short lines, which take longer.
const PASSES_SHORT: u64 = 8;

/// Defines a decoder of the program `decode`.
macro_rules! decoder {
    ($name:literal, $decoder:literal, $form:expr) => {
        Program {
            name: $name,
            tool: Tool::Decode,
            args: &[$decoder, "FORM", "FILE", "PASSES"],
            form: $form,
            input: None,
        }
    };
}

/// The codec in the same program as the crates that it is compared with.
pub(super) const CODEC: Program = decoder!("windrow_codec", "batch", Form::Sums);
const NEWLINES: Program = decoder!("floor_newlines", "floor_newlines", Form::Lines);
const SERDE_JSON: Program = decoder!("rival_serde_json", "rival_serde_json", Form::Sums);
const SIMD_JSON: Program = decoder!("rival_simd_json", "rival_simd_json", Form::Sums);
const SONIC_RS: Program = decoder!("rival_sonic_rs", "rival_sonic_rs", Form::Sums);

/// simdjson, which skips ignored values without checking them.
const SIMDJSON: Program = Program {
    name: "rival_simdjson",
    tool: Tool::Simdjson,
    args: &["ondemand", "FORM", "FILE", "PASSES"],
    form: Form::Sums,
    input: None,
};
/// simdjson, which reads every value.
const SIMDJSON_STRICT: Program = Program {
    name: "rival_simdjson_strict",
    args: &["strict", "FORM", "FILE", "PASSES"],
    ..SIMDJSON
};

const STATS: Program = Program {
    name: "windrow_stats",
    tool: Tool::Windrow,
    args: &["stats", "--threads=1", "--stat=count,mean,min,max", "--format=json", "FILES"],
    form: Form::ACTIONS,
    input: None,
};
const STATS_CADDY: Program = Program {
    args: &[
        "stats",
        "--threads=1",
        "--stat=count,mean,min,max",
        "--format=json",
        "--by=request.method,request.uri",
        "--value=duration",
        "--unit=s",
        "FILES",
    ],
    ..STATS
};

const PROGRAMS: &[Program] =
    &[CODEC, STATS, NEWLINES, SERDE_JSON, SIMD_JSON, SONIC_RS, SIMDJSON, SIMDJSON_STRICT];
const PROGRAMS_CADDY: &[Program] =
    &[CODEC, STATS_CADDY, NEWLINES, SERDE_JSON, SIMD_JSON, SONIC_RS, SIMDJSON, SIMDJSON_STRICT];

/// Defines a form of about 16 MB of lines; `share` is the part of ten million lines.
const fn shape(name: &'static str, form: &'static str, share: u64) -> Scenario {
    let input = Input { name: form, maker: Maker::Lines(form), share, ..COMMON };
    let scenario = Scenario::new(name, input, 1, PROGRAMS);
    Scenario { passes: PASSES, timing: Timing::User, ..scenario }
}

const fn short(name: &'static str, form: &'static str, share: u64) -> Scenario {
    Scenario { passes: PASSES_SHORT, ..shape(name, form, share) }
}

pub(crate) const SCENARIOS: [Scenario; 12] = [
    short("shapes/common", "common", 20),
    short("shapes/mixed", "mixed", 20),
    short("shapes/floats", "floats", 28),
    shape("shapes/service_log", "service_log", 270),
    Scenario { programs: PROGRAMS_CADDY, ..shape("shapes/caddy", "caddy", 270) },
    shape("shapes/cyrillic", "cyrillic", 330),
    shape("shapes/chinese", "chinese", 330),
    shape("shapes/json_text", "json_text", 330),
    shape("shapes/stack_trace", "stack_trace", 570),
    shape("shapes/long_text", "long_text", 1_350),
    shape("shapes/short_keys", "short_keys", 205),
    shape("shapes/number_arrays", "number_arrays", 285),
];

/// Makes a table with a row for each form and a column for each program.
///
/// The tables of the forms compare with the fastest rival; this one compares with the codec.
pub(super) fn overview(measured: &[Measurement]) -> Table {
    let names = PROGRAMS.iter().map(|program| program.name);
    let others: Vec<_> =
        names.filter(|&name| name != CODEC.name && name != NEWLINES.name).collect();
    let row = |(group, all): (&str, Vec<&Measurement>)| {
        let named = |name: &str| all.iter().find(|one| one.implementation() == name);
        let codec = named(CODEC.name);
        let multiple = |name: &&str| {
            let (codec, other) = codec.zip(named(name))?;
            Some(digits(other.median_ns() / codec.median_ns()))
        };
        let mut row =
            vec![group.to_owned(), codec.map_or("-".to_owned(), |one| time(one.median_ns()))];
        row.extend(others.iter().map(|name| multiple(name).unwrap_or_else(|| "-".to_owned())));
        row
    };
    let mut head = vec!["form".to_owned(), CODEC.name.to_owned()];
    head.extend(others.iter().map(|name| name.trim_start_matches("rival_").to_owned()));
    let title = "User time of a line, and multiples of it (below 1: faster than the codec)";
    Table::new(title.to_owned(), head, groups(measured).into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::tests::measured;

    #[test]
    fn overview_compares_all_programs_with_the_codec() {
        let times = [
            ("shapes/a/windrow_codec", 100.0),
            ("shapes/a/floor_newlines", 1.0),
            ("shapes/a/rival_sonic_rs", 150.0),
            ("shapes/a/rival_simdjson", 50.0),
            ("shapes/b/rival_simdjson", 50.0),
        ];
        let text = overview(&times.map(|(id, ns)| measured(id, ns, ns))).markdown();
        let rows: Vec<_> = text.lines().skip(2).collect();
        let expected = [
            "| form | windrow_codec | windrow_stats | serde_json | simd_json | sonic_rs | simdjson \
             | simdjson_strict |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            "| shapes/a | 100 ns | - | - | - | 1.50 | 0.50 | - |",
            "| shapes/b | - | - | - | - | - | - | - |",
        ];
        assert_eq!(rows, expected);
    }
}
