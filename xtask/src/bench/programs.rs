//! The programs that are measured, and how each is started.

use std::path::Path;

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
    /// Its arguments; `FILE`, `THREADS` and `SCRIPTS` are replaced.
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
/// The default output, which includes quantiles.
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
pub(super) const DUCKDB: Program = Program {
    name: "rival_duckdb",
    tool: Tool::Duckdb,
    args: &["SCRIPTS/duckdb_stats.py", "FILE", "THREADS"],
    form: Form::ACTIONS,
    input: None,
};
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
    /// Returns the arguments for a file and a number of threads.
    pub(crate) fn args(&self, file: &Path, threads: u8, scripts: &Path) -> Vec<String> {
        let [file, scripts] = [file, scripts].map(|path| path.display().to_string());
        let filled = |arg: &&str| match *arg {
            "FILE" => file.clone(),
            _ => arg.replace("THREADS", &threads.to_string()).replace("SCRIPTS", &scripts),
        };
        self.args.iter().map(filled).collect()
    }

    /// Returns the environment variable that sets the number of threads.
    pub(crate) fn env(&self, threads: u8) -> Option<(&'static str, String)> {
        (self.tool == Tool::Miller).then(|| ("GOMAXPROCS", threads.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_the_file_and_the_threads() {
        let (file, scripts) = (Path::new("a b.ndjson"), Path::new("e2e"));
        let args = DUCKDB.args(file, 2, scripts);
        assert_eq!(args, ["e2e/duckdb_stats.py", "a b.ndjson", "2"]);
        assert!(MEANS.args(file, 1, scripts).contains(&"--threads=1".to_owned()));
        assert_eq!(MILLER.env(2), Some(("GOMAXPROCS", "2".to_owned())));
    }
}
