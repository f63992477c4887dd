//! Who takes part, on which input, and how each is started.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

/// A program that takes part, or that others need. The first two are built here.
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

    /// Its name, the arguments by which it tells its version, and how to get it.
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

/// The programs that there are here.
pub(crate) struct Tools {
    /// Where those are that are built here.
    built: PathBuf,
    found: BTreeMap<Tool, String>,
}

impl Tools {
    /// Asks each for its version; who does not answer is not there.
    pub(crate) fn look(sh: &Shell, built: PathBuf) -> Self {
        let mut tools = Self { built, found: BTreeMap::new() };
        for tool in Tool::OTHERS.into_iter().chain([Tool::Windrow, Tool::Newlines]) {
            let (program, (_, args, _)) = (tools.program(tool), tool.describe());
            let told = cmd!(sh, "{program} {args...}").quiet().ignore_status().output();
            let told = told.ok().filter(|told| told.status.success());
            // A `wc` that does not know its version counts lines all the same.
            let version = match told {
                Some(told) => String::from_utf8_lossy(&told.stdout).trim().to_owned(),
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

    /// Those that are here, with what they say of their version.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.found.iter().map(|(tool, version)| (tool.describe().0, version.as_str()))
    }

    /// Those that are not here, with how to get them.
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
            // The interpreter that has the module may be that of an environment of its own.
            Tool::Python | Tool::Duckdb => env::var("PYTHON").unwrap_or_else(|_| "python3".into()),
            _ => tool.describe().0.to_owned(),
        }
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Objects with `action`, `count`, `mean` or `avg`, `min` and `max`: an array or lines.
    Json,
    /// The same with each key after `time_`.
    JsonOfTime,
    /// Columns for people, rounded.
    Table,
    /// How many lines there are.
    Lines,
    /// Nothing that could be compared.
    Bytes,
}

/// Who does the work of a contest, and how.
pub(crate) struct Contestant {
    /// What it is called in the record; the beginning tells its role.
    pub(crate) name: &'static str,
    pub(crate) tool: Tool,
    /// With `FILE`, `THREADS` and `SCRIPTS` for what they stand for.
    args: &'static [&'static str],
    pub(crate) form: Form,
}

const MEANS: Contestant = Contestant {
    name: "windrow_means",
    tool: Tool::Windrow,
    args: &["stats", "--threads=THREADS", "--stat=count,mean,min,max", "--format=json", "FILE"],
    form: Form::Json,
};
/// What one gets who asks for nothing: quantiles, too.
const TABLE: Contestant = Contestant {
    name: "windrow_table",
    tool: Tool::Windrow,
    args: &["stats", "--threads=THREADS", "FILE"],
    form: Form::Table,
};
const WC: Contestant =
    Contestant { name: "bare_wc", tool: Tool::Wc, args: &["-l", "FILE"], form: Form::Lines };
/// The same on several threads, which `wc` cannot.
const NEWLINES: Contestant = Contestant {
    name: "bare_newlines",
    tool: Tool::Newlines,
    args: &["FILE", "THREADS"],
    form: Form::Lines,
};
const GZIP: Contestant =
    Contestant { name: "bare_gzip", tool: Tool::Gzip, args: &["-dc", "FILE"], form: Form::Bytes };
const ZSTD: Contestant =
    Contestant { name: "bare_zstd", tool: Tool::Zstd, args: &["-dc", "FILE"], form: Form::Bytes };
const PYTHON: Contestant = Contestant {
    name: "local_python",
    tool: Tool::Python,
    args: &["SCRIPTS/plain.py", "FILE"],
    form: Form::Json,
};
const DUCKDB: Contestant = Contestant {
    name: "rival_duckdb",
    tool: Tool::Duckdb,
    args: &["SCRIPTS/duckdb_stats.py", "FILE", "THREADS"],
    form: Form::Json,
};
const MILLER: Contestant = Contestant {
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
const JQ: Contestant = Contestant {
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

impl Contestant {
    /// The arguments for a file and so many threads.
    pub(crate) fn args(&self, file: &Path, threads: u8, scripts: &Path) -> Vec<String> {
        let [file, scripts] = [file, scripts].map(|path| path.display().to_string());
        let filled = |arg: &&str| match *arg {
            "FILE" => file.clone(),
            _ => arg.replace("THREADS", &threads.to_string()).replace("SCRIPTS", &scripts),
        };
        self.args.iter().map(filled).collect()
    }

    /// What has to be in the environment for so many threads.
    pub(crate) fn env(&self, threads: u8) -> Option<(&'static str, String)> {
        (self.tool == Tool::Miller).then(|| ("GOMAXPROCS", threads.to_string()))
    }
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    /// What `windrow generate` is told besides how many lines.
    pub(crate) options: &'static [&'static str],
    pub(crate) packing: Packing,
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// Who compresses so, and what such files end with.
    pub(crate) fn tool(self) -> Option<(Tool, &'static str)> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some((Tool::Gzip, "gz")),
            Self::Zstd => Some((Tool::Zstd, "zst")),
        }
    }
}

const COMMON: Input = Input { name: "common", options: &[], packing: Packing::Plain };
/// One line in a thousand is no action.
const MIXED: Input =
    Input { name: "mixed", options: &["--shape=mixed", "--bad=0.001"], packing: Packing::Plain };
const NAMES: Input =
    Input { name: "names", options: &["--actions=100000"], packing: Packing::Plain };
const COMMON_GZIP: Input = Input { packing: Packing::Gzip, ..COMMON };
const COMMON_ZSTD: Input = Input { packing: Packing::Zstd, ..COMMON };

/// The same work for several.
pub(crate) struct Contest {
    /// `operation/scenario`, as of every benchmark.
    pub(crate) name: &'static str,
    pub(crate) input: Input,
    pub(crate) threads: u8,
    pub(crate) contestants: &'static [Contestant],
}

/// Who takes minutes takes part once; who ends at the first line that is no JSON, where there is
/// none.
pub(crate) const CONTESTS: [Contest; 10] = [
    Contest {
        name: "e2e/common_threads_01",
        input: COMMON,
        threads: 1,
        contestants: &[MEANS, TABLE, WC, DUCKDB, PYTHON, JQ],
    },
    Contest {
        name: "e2e/common_threads_02",
        input: COMMON,
        threads: 2,
        contestants: &[MEANS, TABLE, NEWLINES, DUCKDB, MILLER],
    },
    Contest {
        name: "e2e/mixed_threads_01",
        input: MIXED,
        threads: 1,
        contestants: &[MEANS, TABLE, WC, DUCKDB, PYTHON],
    },
    Contest {
        name: "e2e/mixed_threads_02",
        input: MIXED,
        threads: 2,
        contestants: &[MEANS, TABLE, NEWLINES, DUCKDB],
    },
    Contest {
        name: "e2e/names_100000_threads_01",
        input: NAMES,
        threads: 1,
        contestants: &[MEANS, TABLE, WC, DUCKDB, PYTHON],
    },
    Contest {
        name: "e2e/names_100000_threads_02",
        input: NAMES,
        threads: 2,
        contestants: &[MEANS, TABLE, NEWLINES, DUCKDB, MILLER],
    },
    Contest {
        name: "e2e/gzip_threads_01",
        input: COMMON_GZIP,
        threads: 1,
        contestants: &[MEANS, GZIP],
    },
    Contest {
        name: "e2e/gzip_threads_02",
        input: COMMON_GZIP,
        threads: 2,
        contestants: &[MEANS, GZIP],
    },
    Contest {
        name: "e2e/zstd_threads_01",
        input: COMMON_ZSTD,
        threads: 1,
        contestants: &[MEANS, ZSTD],
    },
    Contest {
        name: "e2e/zstd_threads_02",
        input: COMMON_ZSTD,
        threads: 2,
        contestants: &[MEANS, ZSTD],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contest_has_ours_and_a_floor() {
        for Contest { name, contestants, .. } in &CONTESTS {
            let has = |start| contestants.iter().any(|one| one.name.starts_with(start));
            assert!(has("windrow_") && has("bare_"), "{name}");
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
