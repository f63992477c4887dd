//! The programs that are measured, and how each is started.

use super::inputs::Input;
use super::tools::Tool;

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Objects with `count`, `mean` or `avg`, `min` and `max`, in an array or in lines.
    Json {
        /// The keys whose texts, joined by spaces, are the name.
        names: &'static [&'static str],
        /// The prefix of all other keys.
        prefix: &'static str,
    },
    /// Columns of rounded numbers.
    Table,
    /// The totals of all lines: `accepted`, `refused`, `name_bytes` and `time`.
    Sums,
    /// The number of lines.
    Lines,
    /// Bytes that are not compared.
    Bytes,
}

impl Form {
    /// Objects with the name as `action`.
    pub(super) const ACTIONS: Self = Self::Json { names: &["action"], prefix: "" };
}

/// A program with its arguments.
pub(crate) struct Program {
    /// Its name in the record; the prefix gives the role.
    pub(crate) name: &'static str,
    pub(crate) tool: Tool,
    /// Its arguments; `FILE`, `THREADS`, `FORM`, `PASSES` and `SCRIPTS` are replaced. `FILES` is
    /// replaced by the file, as often as there are passes.
    pub(super) args: &'static [&'static str],
    pub(crate) form: Form,
    /// The file that it reads instead of that of its scenario, with the same records.
    pub(super) input: Option<Input>,
}

pub(super) const MEANS: Program = Program {
    name: "windrow_means",
    tool: Tool::Windrow,
    args: &["stats", "--threads=THREADS", "--stat=count,mean,min,max", "--format=json", "FILE"],
    form: Form::ACTIONS,
    input: None,
};
/// Basic statistics and two quantiles.
pub(super) const QUANTILES: Program = Program {
    name: "windrow_quantiles",
    args: &[
        "stats",
        "--threads=THREADS",
        "--stat=count,mean,min,p50,p99,max",
        "--format=json",
        "FILE",
    ],
    ..MEANS
};
/// The default output, which includes the same quantiles and a distribution.
pub(super) const TABLE: Program = Program {
    name: "windrow_table",
    tool: Tool::Windrow,
    args: &["stats", "--threads=THREADS", "FILE"],
    form: Form::Table,
    input: None,
};
pub(super) const WC: Program = Program {
    name: "floor_wc",
    tool: Tool::Wc,
    args: &["-l", "FILE"],
    form: Form::Lines,
    input: None,
};
/// Counts newlines on several threads, which `wc` cannot.
pub(super) const NEWLINES: Program = Program {
    name: "floor_newlines",
    tool: Tool::Newlines,
    args: &["FILE", "THREADS"],
    form: Form::Lines,
    input: None,
};
pub(super) const GZIP: Program = Program {
    name: "floor_gzip",
    tool: Tool::Gzip,
    args: &["-dc", "FILE"],
    form: Form::Bytes,
    input: None,
};
pub(super) const ZSTD: Program = Program {
    name: "floor_zstd",
    tool: Tool::Zstd,
    args: &["-dc", "FILE"],
    form: Form::Bytes,
    input: None,
};
pub(super) const PYTHON: Program = Program {
    name: "local_python",
    tool: Tool::Python,
    args: &["SCRIPTS/plain.py", "FILE"],
    form: Form::ACTIONS,
    input: None,
};
/// Defines a query of the script for DuckDB.
macro_rules! duckdb {
    ($query:literal) => {
        Program {
            name: "rival_duckdb",
            tool: Tool::Duckdb,
            args: &["SCRIPTS/duckdb_stats.py", "FILE", "THREADS", $query],
            form: Form::ACTIONS,
            input: None,
        }
    };
}

pub(super) const DUCKDB: Program = duckdb!("actions");
/// Leaves out lines that are not valid, instead of ending at the first.
pub(super) const DUCKDB_MIXED: Program = duckdb!("mixed");
pub(super) const DUCKDB_QUANTILES: Program = duckdb!("quantiles");
pub(super) const DUCKDB_CADDY: Program = duckdb!("caddy");
pub(super) const DUCKDB_CSV: Program = duckdb!("csv");
pub(super) const MILLER: Program = Program {
    name: "rival_miller",
    tool: Tool::Miller,
    args: &[
        "--ijsonl",
        "--ojsonl",
        "stats1",
        "-a",
        "count,mean,min,max",
        "-f",
        "time",
        "-g",
        "action",
        "FILE",
    ],
    form: Form::Json { names: &["action"], prefix: "time_" },
    input: None,
};
pub(super) const JQ: Program = Program {
    name: "rival_jq",
    tool: Tool::Jq,
    args: &[
        "-cn",
        "reduce inputs as {$action, $time} ({}; .[$action] |= (
             if . then .
             else {count: 0, sum: 0, min: $time, max: $time}
             end
             | .count += 1 | .sum += $time
             | if $time < .min then .min = $time else . end
             | if $time > .max then .max = $time else . end
         ))
         | to_entries[]
         | {action: .key, count: .value.count, mean: (.value.sum / .value.count),
            min: .value.min, max: .value.max}",
        "FILE",
    ],
    form: Form::ACTIONS,
    input: None,
};

impl Program {
    /// Returns the environment variable that sets the number of threads.
    pub(crate) fn env(&self, threads: u8) -> Option<(&'static str, String)> {
        (self.tool == Tool::Miller).then(|| ("GOMAXPROCS", threads.to_string()))
    }
}
