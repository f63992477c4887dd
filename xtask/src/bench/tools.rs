//! The executables that are measured or needed, and how to install them.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::PathBuf;

use xshell::{Shell, cmd};

use super::simdjson;

/// An executable that is measured or that a measured program needs. The first four are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Windrow,
    Newlines,
    Lines,
    Decode,
    Wc,
    Gzip,
    Zstd,
    Python,
    Duckdb,
    Miller,
    Jq,
    AngleGrinder,
    Simdjson,
}

impl Tool {
    /// Says whether it is built from this workspace, and therefore never missing.
    fn is_ours(self) -> bool {
        matches!(self, Self::Windrow | Self::Newlines | Self::Lines | Self::Decode)
    }

    /// Returns its name, the arguments that print its version, and how to install it.
    fn describe(self) -> (&'static str, &'static [&'static str], &'static str) {
        const DUCKDB: &[&str] = &["-c", "import duckdb; print(duckdb.__version__)"];
        match self {
            Self::Windrow => ("windrow", &["--version"], "cargo build --release -p cli"),
            Self::Newlines => ("newlines", &["--version"], "cargo build --release -p benches"),
            Self::Lines => ("lines", &["--version"], "cargo build --release -p benches"),
            Self::Decode => ("decode", &["--version"], "cargo build --release -p benches"),
            Self::Wc => ("wc", &["--version"], "apt-get install coreutils"),
            Self::Gzip => ("gzip", &["--version"], "apt-get install gzip"),
            Self::Zstd => ("zstd", &["--version"], "apt-get install zstd"),
            Self::Python => ("python3", &["--version"], "apt-get install python3"),
            Self::Duckdb => ("duckdb", DUCKDB, "pip install duckdb"),
            Self::Miller => ("mlr", &["--version"], "apt-get install miller"),
            Self::Jq => ("jq", &["--version"], "apt-get install jq"),
            Self::AngleGrinder => ("agrind", &["--version"], "cargo install ag"),
            Self::Simdjson => ("simdjson_lines", &["--version"], simdjson::INSTALL),
        }
    }
}

/// The executables that are installed, of those that are wanted.
pub(crate) struct Tools {
    /// The folder of the executables that are built here.
    built: PathBuf,
    wanted: BTreeSet<Tool>,
    found: BTreeMap<Tool, String>,
}

impl Tools {
    /// Runs each for its version; one that fails is missing.
    pub(crate) fn look(sh: &Shell, built: PathBuf, wanted: BTreeSet<Tool>) -> Self {
        let mut tools = Self { built, wanted, found: BTreeMap::new() };
        for tool in tools.wanted.clone() {
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
        let missing = self.wanted.iter().filter(|&&tool| !tool.is_ours() && !self.has(tool));
        missing.map(|tool| (tool.describe().0, tool.describe().2))
    }

    pub(crate) fn program(&self, tool: Tool) -> String {
        match tool {
            _ if tool.is_ours() || tool == Tool::Simdjson => {
                let name = format!("{}{}", tool.describe().0, env::consts::EXE_SUFFIX);
                self.built.join(name).display().to_string()
            }
            // The module may be installed in a virtual environment.
            Tool::Python | Tool::Duckdb => env::var("PYTHON").unwrap_or_else(|_| "python3".into()),
            _ => tool.describe().0.to_owned(),
        }
    }
}
