//! The programs that are measured, their inputs, and how each is started.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

/// An executable that is measured or that a measured program needs. The first two are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Windrow,
    Newlines,
    Wc,
    Gzip,
    Zstd,
    Python,
    Duckdb,
    Miller,
    Jq,
}

impl Tool {
    pub(crate) const OTHERS: [Self; 7] =
        [Self::Wc, Self::Gzip, Self::Zstd, Self::Python, Self::Duckdb, Self::Miller, Self::Jq];

    /// Returns its name, the arguments that print its version, and how to install it.
    fn describe(self) -> (&'static str, &'static [&'static str], &'static str) {
        const DUCKDB: &[&str] = &["-c", "import duckdb; print(duckdb.__version__)"];
        match self {
            Self::Windrow => ("windrow", &["--version"], "cargo build --release -p cli"),
            Self::Newlines => ("newlines", &["--version"], "cargo build --release -p benches"),
            Self::Wc => ("wc", &["--version"], "apt-get install coreutils"),
            Self::Gzip => ("gzip", &["--version"], "apt-get install gzip"),
            Self::Zstd => ("zstd", &["--version"], "apt-get install zstd"),
            Self::Python => ("python3", &["--version"], "apt-get install python3"),
            Self::Duckdb => ("duckdb", DUCKDB, "pip install duckdb"),
            Self::Miller => ("mlr", &["--version"], "apt-get install miller"),
            Self::Jq => ("jq", &["--version"], "apt-get install jq"),
        }
    }
}

/// The executables that are installed.
pub(crate) struct Tools {
    /// The folder of the executables that are built here.
    built: PathBuf,
    found: BTreeMap<Tool, String>,
}

impl Tools {
    /// Runs each for its version; one that fails is missing.
    pub(crate) fn look(sh: &Shell, built: PathBuf) -> Self {
        let mut tools = Self { built, found: BTreeMap::new() };
        for tool in Tool::OTHERS.into_iter().chain([Tool::Windrow, Tool::Newlines]) {
            let (program, (_, args, _)) = (tools.program(tool), tool.describe());
            let output = cmd!(sh, "{program} {args...}").quiet().ignore_status().output();
            let output = output.ok().filter(|output| output.status.success());
            // A `wc` without `--version` counts lines all the same.
            let version = match output {
                Some(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
                None if tool == Tool::Wc && cfg!(unix) => "of the system".to_owned(),
                None => continue,
            };
            let version = version.lines().next().unwrap_or_default();
            tools.found.insert(tool, version.trim_matches('*').trim().to_owned());
        }
        tools
    }

    pub(crate) fn has(&self, tool: Tool) -> bool {
        self.found.contains_key(&tool)
    }

    /// Iterates over the installed executables with their versions.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.found.iter().map(|(tool, version)| (tool.describe().0, version.as_str()))
    }

    /// Iterates over the missing executables with how to install them.
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let missing = Tool::OTHERS.into_iter().filter(|&tool| !self.has(tool));
        missing.map(|tool| (tool.describe().0, tool.describe().2))
    }

    pub(crate) fn program(&self, tool: Tool) -> String {
        match tool {
            Tool::Windrow | Tool::Newlines => {
                let name = format!("{}{}", tool.describe().0, env::consts::EXE_SUFFIX);
                self.built.join(name).display().to_string()
            }
            // The module may be installed in a virtual environment.
            Tool::Python | Tool::Duckdb => env::var("PYTHON").unwrap_or_else(|_| "python3".into()),
            _ => tool.describe().0.to_owned(),
        }
    }
}

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Objects with `action`, `count`, `mean` or `avg`, `min` and `max`, in an array or in lines.
    Json,
    /// The same; each key has the prefix `time_`.
    JsonOfTime,
    /// Columns of rounded numbers.
    Table,
    /// The number of lines.
    Lines,
    /// Bytes that are not compared.
    Bytes,
}

/// A program with its arguments.
pub(crate) struct Program {
    /// Its name in the record; the prefix gives the role.
    pub(crate) name: &'static str,
    pub(crate) tool: Tool,
    /// Its arguments; `FILE`, `THREADS` and `SCRIPTS` are replaced.
    args: &'static [&'static str],
    pub(crate) form: Form,
}

const MEANS: Program = Program {
    name: "windrow_means",
    tool: Tool::Windrow,
    args: &["stats", "--threads=THREADS", "--stat=count,mean,min,max", "--format=json", "FILE"],
    form: Form::Json,
};
/// The default output, which includes quantiles.
const TABLE: Program = Program {
    name: "windrow_table",
    tool: Tool::Windrow,
    args: &["stats", "--threads=THREADS", "FILE"],
    form: Form::Table,
};
const WC: Program =
    Program { name: "floor_wc", tool: Tool::Wc, args: &["-l", "FILE"], form: Form::Lines };
/// Counts newlines on several threads, which `wc` cannot.
const NEWLINES: Program = Program {
    name: "floor_newlines",
    tool: Tool::Newlines,
    args: &["FILE", "THREADS"],
    form: Form::Lines,
};
const GZIP: Program =
    Program { name: "floor_gzip", tool: Tool::Gzip, args: &["-dc", "FILE"], form: Form::Bytes };
const ZSTD: Program =
    Program { name: "floor_zstd", tool: Tool::Zstd, args: &["-dc", "FILE"], form: Form::Bytes };
const PYTHON: Program = Program {
    name: "local_python",
    tool: Tool::Python,
    args: &["SCRIPTS/plain.py", "FILE"],
    form: Form::Json,
};
const DUCKDB: Program = Program {
    name: "rival_duckdb",
    tool: Tool::Duckdb,
    args: &["SCRIPTS/duckdb_stats.py", "FILE", "THREADS"],
    form: Form::Json,
};
const MILLER: Program = Program {
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
    form: Form::JsonOfTime,
};
const JQ: Program = Program {
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
    form: Form::Json,
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

/// The file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    /// The options of `windrow generate`, without the number of lines.
    pub(crate) options: &'static [&'static str],
    pub(crate) packing: Packing,
}

/// The compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// Returns the compressor and the file extension.
    pub(crate) fn tool(self) -> Option<(Tool, &'static str)> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some((Tool::Gzip, "gz")),
            Self::Zstd => Some((Tool::Zstd, "zst")),
        }
    }
}

const COMMON: Input = Input { name: "common", options: &[], packing: Packing::Plain };
/// One line in a thousand is not a valid action.
const MIXED: Input =
    Input { name: "mixed", options: &["--shape=mixed", "--bad=0.001"], packing: Packing::Plain };
const NAMES: Input =
    Input { name: "names", options: &["--actions=100000"], packing: Packing::Plain };
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
    use super::*;

    #[test]
    fn every_scenario_has_windrow_and_a_floor() {
        for Scenario { name, programs, .. } in &SCENARIOS {
            let has = |start| programs.iter().any(|one| one.name.starts_with(start));
            assert!(has("windrow_") && has("floor_"), "{name}");
        }
    }

    #[test]
    fn arguments_name_the_file_and_the_threads() {
        let (file, scripts) = (Path::new("a b.ndjson"), Path::new("e2e"));
        let args = DUCKDB.args(file, 2, scripts);
        assert_eq!(args, ["e2e/duckdb_stats.py", "a b.ndjson", "2"]);
        assert!(MEANS.args(file, 1, scripts).contains(&"--threads=1".to_owned()));
        assert_eq!(MILLER.env(2), Some(("GOMAXPROCS", "2".to_owned())));
    }
}
