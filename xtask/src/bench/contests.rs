//! The programs, files and scenarios of `benches/e2e/contests.toml`, whose head describes the form.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use regex::Regex;
use serde::Deserialize;
use xshell::Shell;

use crate::measure::record::Kind;
use crate::workspace::root;

const TEXT: &str = include_str!("../../../benches/e2e/contests.toml");
const SCRIPTS: &str = "benches/e2e";

/// Everything that whole programs are measured with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contests {
    tool: BTreeMap<String, Tool>,
    input: BTreeMap<String, Input>,
    program: BTreeMap<String, Program>,
    scenario: Vec<Scenario>,
}

/// An executable that is measured or that a measured program needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    /// The command that prints its version.
    version: String,
    /// How to install it; absent if it is built from this workspace.
    install: Option<String>,
}

/// The file that is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The command that writes it to standard output.
    pub(super) make: String,
    /// The input that it is made of, which has the same records.
    pub(super) of: Option<String>,
    /// The file extension.
    #[serde(default = "log")]
    pub(super) ending: String,
    #[serde(default = "one")]
    share: u64,
    /// The number of lines before the first record.
    #[serde(default)]
    pub(super) header_lines: u64,
}

/// A program with its arguments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    name: Option<String>,
    /// The tool that it needs, if that is not the first word of the command.
    needs: Option<String>,
    command: String,
    #[serde(default)]
    pub(super) answer: Form,
    #[serde(default = "action")]
    pub(super) names: Vec<String>,
    #[serde(default)]
    pub(super) prefix: String,
    /// The file that it reads instead of that of its scenario, with the same records.
    input: Option<String>,
}

/// The format of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    #[default]
    Json,
    Sums,
    Lines,
    Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    names: Vec<String>,
    /// The input; by default that with the name of the scenario.
    input: Option<String>,
    threads: u8,
    #[serde(default = "one")]
    passes: u64,
    #[serde(default)]
    measure: Measure,
    programs: Vec<String>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Measure {
    /// The time from the start of the process to its end.
    #[default]
    Wall,
    /// The processor time in user mode, which is without that of reading the file.
    User,
    /// The peak memory on this input and on one of a tenth of its lines.
    Memory,
}

fn one() -> u64 {
    1
}

fn log() -> String {
    "log".to_owned()
}

fn action() -> Vec<String> {
    vec!["action".to_owned()]
}

/// A program in a scenario.
pub(super) struct Contender<'c> {
    /// The name of the scenario.
    pub(super) scenario: &'c str,
    pub(super) measure: Measure,
    pub(super) threads: u8,
    /// How often the program reads the file.
    pub(super) passes: u64,
    pub(super) program: &'c Program,
    /// The name of the program in the record.
    pub(super) name: &'c str,
    /// The name of the input.
    pub(super) input: &'c str,
    /// What is equal for programs with the same answer.
    pub(super) records_of: &'c str,
}

impl Contests {
    /// Parses the file; each name in it is defined in it.
    pub(super) fn read() -> anyhow::Result<Self> {
        let contests: Self = toml::from_str(TEXT)?;
        for scenario in &contests.scenario {
            for key in &scenario.programs {
                let program = contests.program.get(key);
                let program = program.with_context(|| format!("no program `{key}`"))?;
                let tool = program.tool();
                ensure!(contests.tool.contains_key(tool), "`{key}` needs no tool: `{tool}`");
                for input in scenario.names.iter().map(|name| program.input(scenario, name)) {
                    ensure!(contests.input.contains_key(input), "no input `{input}`");
                }
            }
        }
        Ok(contests)
    }

    /// Returns the scenarios of a kind whose name matches `filter`, each with its programs.
    pub(super) fn of(&self, kind: Kind, filter: &Regex) -> Vec<(&str, Vec<Contender<'_>>)> {
        let start = match kind {
            Kind::E2e => "e2e/",
            Kind::Logs => "logs/",
            Kind::Shapes => "shapes/",
            Kind::Operations | Kind::Service | Kind::Adapters | Kind::Snapshots => {
                return Vec::new();
            }
        };
        let mut chosen = Vec::new();
        for scenario in &self.scenario {
            for name in &scenario.names {
                if name.starts_with(start) && filter.is_match(name) {
                    chosen.push((name.as_str(), self.contenders(scenario, name)));
                }
            }
        }
        chosen
    }

    fn contenders<'c>(&'c self, scenario: &'c Scenario, name: &'c str) -> Vec<Contender<'c>> {
        let &Scenario { measure, threads, passes, .. } = scenario;
        let contender = |key: &'c String| {
            let program = &self.program[key];
            let input = program.input(scenario, name);
            let shown = program.name.as_ref().unwrap_or(key);
            let records_of = self.plain(scenario.input.as_deref().unwrap_or(name));
            let (scenario, name) = (name, shown);
            Contender { scenario, measure, threads, passes, program, name, input, records_of }
        };
        scenario.programs.iter().map(contender).collect()
    }

    pub(super) fn input(&self, name: &str) -> &Input {
        &self.input[name]
    }

    /// Returns the name of the input that the input of a program is made of, or of itself.
    pub(super) fn plain<'c>(&'c self, name: &'c str) -> &'c str {
        self.input.get(name).and_then(|input| input.of.as_deref()).unwrap_or(name)
    }

    /// Returns the tools that programs run, and those that make their files.
    pub(super) fn wanted<'c>(
        &'c self,
        all: impl Iterator<Item = &'c Contender<'c>>,
    ) -> BTreeSet<&'c str> {
        let mut wanted = BTreeSet::from(["hyperfine"]);
        for one in all {
            wanted.insert(one.program.tool());
            for input in [one.input, self.plain(one.input)] {
                wanted.insert(first_word(&self.input[input].make));
            }
        }
        wanted
    }
}

impl Input {
    /// Returns the number of records in the file if `lines` are asked for.
    pub(super) fn records(&self, lines: u64) -> u64 {
        (lines / self.share).max(1)
    }
}

impl Program {
    pub(super) fn tool(&self) -> &str {
        self.needs.as_deref().unwrap_or_else(|| first_word(&self.command))
    }

    fn input<'c>(&'c self, scenario: &'c Scenario, name: &'c str) -> &'c str {
        self.input.as_deref().or(scenario.input.as_deref()).unwrap_or(name)
    }
}

impl Contender<'_> {
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.scenario, self.name)
    }

    /// Returns the command line that reads a file.
    pub(super) fn command(&self, tools: &Tools, file: &Path) -> anyhow::Result<Vec<String>> {
        let (file, form) = (file.display().to_string(), self.scenario.rsplit('/').next());
        let scripts = root().join(SCRIPTS).display().to_string();
        tools.command(&self.program.command, |word| match word {
            "FILE" => vec![file.clone()],
            "FILES" => vec![file.clone(); self.passes as usize],
            "FORM" => vec![form.unwrap_or_default().to_owned()],
            "PASSES" => vec![self.passes.to_string()],
            _ => {
                let word = word.replace("THREADS", &self.threads.to_string());
                vec![word.replace("SCRIPTS", &scripts)]
            }
        })
    }
}

/// The executables that are installed, and those that are not.
pub(super) struct Tools {
    /// The folder of the executables that are built here, and their names.
    built: PathBuf,
    names_built: BTreeSet<String>,
    pub(super) versions: BTreeMap<String, String>,
    /// The missing executables with how to install them.
    pub(super) missing: BTreeMap<String, String>,
}

impl Tools {
    /// Runs each of the tools for its version; one that fails is missing.
    pub(super) fn look(
        sh: &Shell,
        contests: &Contests,
        wanted: &BTreeSet<&str>,
        built: PathBuf,
    ) -> anyhow::Result<Self> {
        let of_cargo = contests.tool.iter().filter(|(_, tool)| tool.install.is_none());
        let names_built = of_cargo.map(|(name, _)| name.clone()).chain([SIMDJSON.to_owned()]);
        let (versions, missing) = (BTreeMap::new(), BTreeMap::new());
        let mut tools = Self { built, names_built: names_built.collect(), versions, missing };
        for (name, tool) in contests.tool.iter().filter(|(name, _)| wanted.contains(&***name)) {
            let command = tools.command(&tool.version, |word| vec![word.to_owned()])?;
            let version = sh.cmd(&command[0]).args(&command[1..]).quiet().ignore_status();
            let output = version.ignore_stderr().output();
            let output = output.ok().filter(|output| output.status.success());
            // A `wc` without `--version` counts lines all the same.
            let version = match output {
                Some(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
                None if name == "wc" && cfg!(unix) => "of the system".to_owned(),
                None => {
                    let install = tool.install.clone().unwrap_or_default();
                    tools.missing.insert(name.clone(), install);
                    continue;
                }
            };
            let version = version.trim().lines().next().unwrap_or_default();
            tools.versions.insert(name.clone(), version.trim_matches('*').trim().to_owned());
        }
        Ok(tools)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.versions.contains_key(name)
    }

    /// Splits a command into words, finds its program, and replaces the other words.
    pub(super) fn command(
        &self,
        command: &str,
        replace: impl Fn(&str) -> Vec<String>,
    ) -> anyhow::Result<Vec<String>> {
        let words = shlex::split(command).with_context(|| format!("no command: `{command}`"))?;
        let (program, args) = words.split_first().context("an empty command")?;
        let program = match program.as_str() {
            built if self.names_built.contains(built) => {
                let name = format!("{built}{}", env::consts::EXE_SUFFIX);
                self.built.join(name).display().to_string()
            }
            // The module of DuckDB may be installed in a virtual environment.
            "python3" => env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned()),
            other => other.to_owned(),
        };
        Ok([program].into_iter().chain(args.iter().flat_map(|word| replace(word))).collect())
    }
}

/// The name of the program in C++, which is compiled here if its library is installed.
pub(super) const SIMDJSON: &str = "simdjson_lines";

fn first_word(command: &str) -> &str {
    command.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn tools() -> Tools {
        let names_built = ["windrow", "decode"].map(str::to_owned).into();
        let (versions, missing) = (BTreeMap::new(), BTreeMap::new());
        Tools { built: "built".into(), names_built, versions, missing }
    }

    pub(crate) fn matching(filter: &str) -> Regex {
        Regex::new(filter).unwrap()
    }

    #[test]
    fn every_scenario_has_windrow_and_a_floor_on_the_same_records() {
        let contests = Contests::read().unwrap();
        let kinds = [(Kind::E2e, 17), (Kind::Logs, 8), (Kind::Shapes, 12)];
        for (kind, count) in kinds {
            let scenarios = contests.of(kind, &matching(""));
            assert_eq!(scenarios.len(), count);
            for (name, contenders) in scenarios {
                let has = |start| contenders.iter().any(|one| one.name.starts_with(start));
                let is_of_memory = contenders[0].measure == Measure::Memory;
                assert!(has("windrow_") && (has("floor_") || is_of_memory), "{name}");
                let records = |one: &Contender<'_>| contests.input(one.input).records(1_000_000);
                let first = records(&contenders[0]);
                assert!(
                    is_of_memory || contenders.iter().all(|one| records(one) == first),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn filter_chooses_scenarios_of_each_kind() {
        let contests = Contests::read().unwrap();
        let chosen = |filter| {
            [Kind::E2e, Kind::Logs, Kind::Shapes]
                .map(|kind| contests.of(kind, &matching(filter)).len())
        };
        assert_eq!(chosen("gzip"), [2, 0, 0]);
        assert_eq!(chosen("logs/memory"), [0, 1, 0]);
        assert_eq!(chosen("caddy"), [0, 2, 1]);
        assert_eq!(chosen("^e2e/(names|service_log)_"), [6, 0, 0]);
        assert_eq!(chosen("none of them"), [0, 0, 0]);
    }

    #[test]
    fn only_the_tools_of_the_scenarios_are_wanted() {
        let contests = Contests::read().unwrap();
        let wanted = |kind, filter| {
            let all = contests.of(kind, &matching(filter));
            let wanted = contests.wanted(all.iter().flat_map(|(_, all)| all));
            wanted.into_iter().map(str::to_owned).collect::<Vec<_>>().join(" ")
        };
        let of_shapes = "decode hyperfine lines simdjson_lines windrow";
        assert_eq!(wanted(Kind::Shapes, ""), of_shapes);
        assert_eq!(wanted(Kind::E2e, "zstd"), "hyperfine windrow zstd");
        assert_eq!(wanted(Kind::E2e, "common_threads_01"), "duckdb hyperfine python3 wc windrow");
    }

    #[test]
    fn words_of_a_command_are_replaced() {
        let contests = Contests::read().unwrap();
        let command = |kind, filter, name| {
            let all = contests.of(kind, &matching(filter));
            let one = all[0].1.iter().find(|one| one.name == name).unwrap();
            one.command(&tools(), Path::new("a b.log")).unwrap()
        };
        let duckdb = command(Kind::E2e, "e2e/common_threads_02", "rival_duckdb");
        assert!(duckdb[1].ends_with("benches/e2e/duckdb_stats.py"), "{duckdb:?}");
        assert_eq!(duckdb[2..], ["a b.log", "2", "actions"]);
        let codec = command(Kind::Shapes, "shapes/common", "windrow_codec");
        assert_eq!(codec[1..], ["batch", "common", "a b.log", "8"]);
        let stats = command(Kind::Shapes, "shapes/common", "windrow_stats");
        assert_eq!(stats.iter().filter(|word| *word == "a b.log").count(), 8);
        assert!(stats[0].starts_with("built") && stats[2] == "--threads=1", "{stats:?}");
        let pattern = command(Kind::Logs, "memory", "windrow_pattern");
        let expected =
            r#"--pattern="(?<action>\S+ \S+) [^"]*" \d+ \d+ "[^"]*" "[^"]*" (?<value>[\d.]+)$"#;
        assert_eq!(pattern[5], expected);
    }
}
