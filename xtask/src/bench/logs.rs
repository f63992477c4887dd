//! Scenarios of logs in the forms of other programs, which `lines` of `benches` writes.
//!
//! All figures of one scenario are in the same unit, so that the answers can be compared.

use super::inputs::{Input, Maker};
use super::programs::{DUCKDB_CADDY, DUCKDB_CSV, Form, NEWLINES, Program, WC};
use super::scenario::Scenario;
use super::scenarios::COMMON;
use super::tools::Tool;

const ACTIONS: Input = Input { name: "actions", maker: Maker::Lines("actions"), ..COMMON };
/// The records of `actions` under other keys of the same lengths.
const RENAMED: Input = Input { name: "renamed", maker: Maker::Lines("renamed"), ..COMMON };
/// The records of `actions` with each time in quotes.
const QUOTED: Input = Input { name: "quoted", maker: Maker::Lines("quoted"), ..COMMON };
/// The records of `actions` with each time in quotes, in milliseconds.
const UNITS: Input = Input { name: "units", maker: Maker::Lines("units"), ..COMMON };
/// The records of `actions`, each over several lines.
const PRETTY: Input = Input { name: "pretty", maker: Maker::Lines("pretty"), ..LONG };
const CADDY: Input = Input { name: "caddy", maker: Maker::Lines("caddy"), ..LONG };
const LOGFMT: Input = Input { name: "logfmt", maker: Maker::Lines("logfmt"), ..LONG };
const CSV: Input = Input { name: "csv", maker: Maker::Lines("csv"), header_lines: 1, ..LONG };
const COMBINED: Input = Input { name: "combined", maker: Maker::Lines("combined"), ..LONG };
const LONG: Input = Input { share: 10, ..COMMON };

/// Defines `windrow stats` with options that name fields.
macro_rules! windrow {
    ($name:literal, $input:expr $(, $option:literal)*) => {
        Program {
            name: $name,
            tool: Tool::Windrow,
            args: &[
                "stats",
                "--threads=THREADS",
                "--stat=count,mean,min,max",
                "--format=json",
                $($option,)*
                "FILE",
            ],
            form: Form::ACTIONS,
            input: $input,
        }
    };
}

const DEFAULT_FORM: Program = windrow!("windrow_default", None);
/// The same file with the default names given as options.
const NAMED: Program = windrow!("windrow_named", None, "--by=action", "--value=time");
const WINDROW_RENAMED: Program =
    windrow!("windrow_renamed", Some(RENAMED), "--by=method", "--value=took");
const WINDROW_QUOTED: Program =
    windrow!("windrow_quoted", Some(QUOTED), "--by=action", "--value=time");
const WINDROW_UNITS: Program =
    windrow!("windrow_units", Some(UNITS), "--by=action", "--value=time", "--unit=ms");
const WINDROW_PRETTY: Program = windrow!("windrow_pretty", Some(PRETTY));
const WINDROW_CADDY: Program = windrow!(
    "windrow_caddy",
    Some(CADDY),
    "--by=request.method,request.uri",
    "--value=duration",
    "--unit=s"
);
const WINDROW_LOGFMT: Program =
    windrow!("windrow_logfmt", Some(LOGFMT), "--by=method,path,status", "--value=duration_ms");
const WINDROW_CSV: Program =
    windrow!("windrow_csv", Some(CSV), "--by=method,path,status", "--value=elapsed_ms");
const WINDROW_COMBINED: Program = windrow!(
    "windrow_pattern",
    Some(COMBINED),
    r#"--pattern="(?<action>\S+ \S+) [^"]*" \d+ \d+ "[^"]*" "[^"]*" (?<value>[\d.]+)$"#
);

/// Defines a run of Miller that groups values by fields.
macro_rules! miller {
    ($prefix:literal, $names:expr, $value:literal, $groups:literal $(, $option:literal)*) => {
        Program {
            name: "rival_miller",
            tool: Tool::Miller,
            args: &[
                "--ojsonl",
                $($option,)*
                "stats1",
                "-a",
                "count,mean,min,max",
                "-f",
                $value,
                "-g",
                $groups,
                "FILE",
            ],
            form: Form::Json { names: $names, prefix: $prefix },
            input: None,
        }
    };
}

const REQUEST: &[&str] = &["method", "path", "status"];
const MILLER_CADDY: Program = miller!(
    "duration_",
    &["request.method", "request.uri"],
    "duration",
    "request.method,request.uri",
    "--ijsonl",
    "flatten",
    "then"
);
const MILLER_LOGFMT: Program = miller!(
    "duration_ms_",
    REQUEST,
    "duration_ms",
    "method,path,status",
    "--idkvp",
    "--ifs",
    "space"
);
const MILLER_CSV: Program =
    miller!("elapsed_ms_", REQUEST, "elapsed_ms", "method,path,status", "--icsv");
/// It has no option for the number of threads.
const ANGLE_GRINDER: Program = Program {
    name: "rival_angle_grinder",
    tool: Tool::AngleGrinder,
    args: &[
        "--file",
        "FILE",
        "--output",
        "json",
        "* | logfmt | count as count, avg(duration_ms) as mean, min(duration_ms) as min, \
         max(duration_ms) as max by method, path, status",
    ],
    form: Form::Json { names: REQUEST, prefix: "" },
    input: None,
};

pub(crate) const SCENARIOS: [Scenario; 7] = [
    Scenario::new(
        "logs/keys_and_values_threads_01",
        ACTIONS,
        1,
        &[DEFAULT_FORM, NAMED, WINDROW_RENAMED, WINDROW_QUOTED, WINDROW_UNITS, WC],
    ),
    Scenario::new("logs/caddy_threads_01", CADDY, 1, &[WINDROW_CADDY, DUCKDB_CADDY, WC]),
    Scenario::new(
        "logs/caddy_threads_02",
        CADDY,
        2,
        &[WINDROW_CADDY, DUCKDB_CADDY, MILLER_CADDY, NEWLINES],
    ),
    Scenario::new("logs/logfmt_threads_01", LOGFMT, 1, &[WINDROW_LOGFMT, ANGLE_GRINDER, WC]),
    Scenario::new(
        "logs/logfmt_threads_02",
        LOGFMT,
        2,
        &[WINDROW_LOGFMT, ANGLE_GRINDER, MILLER_LOGFMT, NEWLINES],
    ),
    Scenario::new("logs/csv_threads_01", CSV, 1, &[WINDROW_CSV, DUCKDB_CSV, WC]),
    Scenario::new("logs/csv_threads_02", CSV, 2, &[WINDROW_CSV, DUCKDB_CSV, MILLER_CSV, NEWLINES]),
];

/// Programs whose peak memory must not grow with their input. Each names its input.
pub(crate) const FORMS: [Program; 7] = [
    WINDROW_RENAMED,
    WINDROW_UNITS,
    WINDROW_PRETTY,
    WINDROW_CADDY,
    WINDROW_LOGFMT,
    WINDROW_CSV,
    WINDROW_COMBINED,
];
