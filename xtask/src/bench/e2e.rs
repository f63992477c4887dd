//! Measures whole programs on files of some hundred megabytes, with hyperfine.
//!
//! Each kind of scenarios gets a record of its own. The files are in the page cache, the programs
//! take turns, and all answers are compared before anything is timed. A missing program is named
//! with how to install it, and the others run without it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use regex::Regex;
use xshell::{Shell, cmd};

use super::Args;
use super::answer::Answer;
use super::contests::{Contender, Contests, Form, Measure, SIMDJSON, Tools};
use super::outcome::{Outcome, Peaks, TIMES, mebibytes, overview, tables};
use super::runs::{Place, build_simdjson};
use crate::measure::headline;
use crate::measure::record::{self, Circumstances, Kind};
use crate::measure::table::Table;
use crate::step::{self, Job, Steps};
use crate::workspace::{Workspace, root};

/// The maximum number of runs of each program.
const RUNS: usize = 9;
const RUNS_QUICK: usize = 3;
/// A program whose runs took longer in total does not run again.
const PATIENCE_NS: f64 = 20e9;

/// Runs the scenarios whose names match the filter, of both kinds.
pub(super) fn run(sh: &Shell, args: &Args) -> anyhow::Result<()> {
    let (contests, filter) = (Contests::read()?, scenarios(args)?);
    let has_any = |kind: &Kind| !contests.of(*kind, &filter).is_empty();
    let chosen: Vec<_> = [Kind::E2e, Kind::Logs].into_iter().filter(has_any).collect();
    ensure!(!chosen.is_empty(), "no name of a scenario matches `{filter}`");
    chosen.into_iter().try_for_each(|kind| run_kind(sh, args, kind))
}

/// Runs the scenarios of a kind whose names match the filter, and writes a record.
pub(super) fn run_kind(sh: &Shell, args: &Args, kind: Kind) -> anyhow::Result<()> {
    let contests = Contests::read()?;
    let filter = scenarios(args)?;
    let scenarios = contests.of(kind, &filter);
    ensure!(!scenarios.is_empty(), "no name of a scenario matches `{filter}`");
    let command = command(args, kind);
    let mut circumstances = Circumstances::now(sh, command.clone())?;
    let target = Workspace::read(sh)?.target;
    let (built, folder) = (target.join("release"), target.join("e2e-bench"));
    sh.create_dir(&folder)?;

    let mut steps = Steps::named(scenarios.iter().map(|(name, _)| *name));
    let wanted = contests.wanted(scenarios.iter().flat_map(|(_, contenders)| contenders));
    if !build(sh, &mut steps, &wanted, &built) {
        return steps.finish(&command);
    }
    let tools = Tools::look(sh, &contests, &wanted, built)?;
    let missing = |name: &str| tools.missing.get(name).cloned().unwrap_or_default();
    ensure!(tools.has("hyperfine"), "no hyperfine; install it with `{}`", missing("hyperfine"));
    let place = Place { sh, contests: &contests, tools: &tools, folder };
    let mut contest = Contest { place, args, first: BTreeMap::new(), outcomes: Vec::new() };
    let mut peaks = None;
    for (name, contenders) in scenarios {
        steps.run(name, || match contenders[0].measure {
            Measure::Memory => {
                let (table, figure) = contest.memory(name, contenders)?;
                peaks = Some(table);
                Ok(figure)
            }
            _ => contest.times(contenders),
        });
    }
    // If one answer differs, no time is shown: any of the programs may be the wrong one.
    steps.finish(&command)?;

    let outcomes = contest.outcomes;
    let measured = outcomes.iter().map(Outcome::measurement).collect::<anyhow::Result<Vec<_>>>()?;
    let mut tables = tables(&outcomes, &measured);
    tables.extend(peaks);
    tables.extend((kind == Kind::Shapes).then(|| overview(&measured)));
    for table in &tables {
        step::print(&format!("\n{}", table.plain()));
    }
    for (name, install) in &tools.missing {
        step::print(&format!("without {name}; install it with `{install}`"));
        circumstances.add("missing", name);
    }
    tools.versions.iter().for_each(|(name, version)| circumstances.add(name, version));
    let raw: Vec<_> = outcomes.iter().zip(&measured).map(|(one, of_one)| one.raw(of_one)).collect();
    let folder = record::write(kind, &args.records(), &circumstances, &raw, &tables)?;
    let shown = folder.strip_prefix(root()).unwrap_or(&folder);
    step::print(&format!("bench: {} programs, {}", measured.len(), shown.display()));
    match headline::check_complete(kind, &measured) {
        Ok(()) if args.is_of_whole_files() => super::update_readme(sh, &folder)?,
        Err(error) if args.is_whole() => {
            step::print(&format!("the README was not updated: {error}"));
        }
        _ => {}
    }
    Ok(())
}

/// Returns the filter, which every name matches by default.
fn scenarios(args: &Args) -> anyhow::Result<Regex> {
    Ok(args.filter.clone().map_or_else(|| Regex::new(""), Ok)?)
}

/// Returns the command line that repeats a kind of scenarios.
fn command(args: &Args, kind: Kind) -> String {
    let mut command = "cargo xtask bench".to_owned();
    command += if kind == Kind::Shapes { "" } else { " --e2e" };
    command += if args.quick { " --quick" } else { "" };
    command += &format!(" --lines {}", args.lines);
    let filter = args.filter.as_ref().map(Regex::as_str);
    let filter = filter.or((kind == Kind::Shapes).then_some("shapes"));
    let filter = filter.and_then(|filter| shlex::try_quote(filter).ok());
    command + &filter.map(|filter| format!(" {filter}")).unwrap_or_default()
}

/// The programs that `benches` builds.
const OTHERS: [&str; 3] = ["newlines", "lines", "decode"];

/// Builds the programs of the workspace and that of simdjson; `false` if a crate does not compile.
///
/// Two builds are needed: in one, `windrow` would get the crate features that `benches` enables.
fn build(sh: &Shell, steps: &mut Steps, wanted: &BTreeSet<&str>, folder: &Path) -> bool {
    let bins = OTHERS.into_iter().filter(|name| wanted.contains(name));
    let bins: Vec<_> = bins.flat_map(|name| ["--bin", name]).collect();
    let ours = cmd!(sh, "cargo build --release --locked --package cli");
    let others = cmd!(sh, "cargo build --release --locked --package benches {bins...}");
    let has_others = wanted.iter().any(|name| OTHERS.contains(name));
    let is_built = steps.command(Job::new("build", ours))
        && (!has_others || steps.command(Job::new("build_others", others)));
    if is_built && wanted.contains(SIMDJSON) {
        steps.run("build_simdjson", || build_simdjson(sh, folder));
    }
    is_built
}

/// The scenarios of a kind while they run.
struct Contest<'c> {
    place: Place<'c>,
    args: &'c Args,
    /// The first answer of each input, with the name of its program.
    first: BTreeMap<&'c str, (&'c str, Answer)>,
    outcomes: Vec<Outcome<'c>>,
}

impl<'c> Contest<'c> {
    /// Compares the answers of all programs of a scenario, then measures them in turns.
    fn times(&mut self, contenders: Vec<Contender<'c>>) -> anyhow::Result<String> {
        let mut turns = Vec::new();
        let mut answers = 0;
        for contender in contenders {
            if !self.place.tools.has(contender.program.tool()) {
                continue;
            }
            step::show(&format!("{}: making the input, checking the answer", contender.id()));
            let lines = self.args.lines;
            let Some(file) = self.place.input(contender.input, lines)? else {
                return Ok("left out: the compressor is not installed".to_owned());
            };
            let records = self.place.contests.input(contender.input).records(lines);
            let plain_bytes = self.place.plain_bytes(contender.input, lines)?;
            let records = records * contender.passes;
            answers += usize::from(self.compare(&contender, &file, records)?);
            let plain_bytes = plain_bytes * contender.passes;
            turns.push((file, Outcome { contender, runs: Vec::new(), records, plain_bytes }));
        }
        self.take_turns(&mut turns)?;
        let runs: usize = turns.iter().map(|(_, outcome)| outcome.runs.len()).sum();
        self.outcomes.extend(turns.into_iter().map(|(_, outcome)| outcome));
        Ok(format!("{answers} answers agree, {runs} runs"))
    }

    /// Runs a program and compares its answer; `false` if its output is not compared.
    fn compare(
        &mut self,
        contender: &Contender<'c>,
        file: &Path,
        records: u64,
    ) -> anyhow::Result<bool> {
        let form = contender.program.answer;
        if form == Form::Bytes {
            return Ok(false);
        }
        let [output, errors] = self.place.answer(contender, file)?;
        let id = contender.id();
        let answer = Answer::read(contender.program, &output, &errors);
        let answer = answer.with_context(|| id.clone())?;
        let first = self.first.entry(contender.records_of);
        let (by, expected) = first.or_insert_with(|| (contender.name, answer.clone()));
        let against = || format!("{id} gives another answer than {by}");
        let input = self.place.contests.input(contender.input);
        let header = if form == Form::Lines { input.header_lines } else { 0 };
        answer.check_lines(records + header, expected.refused()).with_context(against)?;
        expected.check_same(&answer).with_context(against)?;
        Ok(true)
    }

    /// Runs programs in turns, so that other load on the machine affects all alike.
    fn take_turns(&self, turns: &mut [(PathBuf, Outcome<'c>)]) -> anyhow::Result<()> {
        let runs_max = if self.args.quick { RUNS_QUICK } else { RUNS };
        for run in 1..=runs_max {
            for (file, outcome) in &mut *turns {
                if outcome.runs.iter().map(|usage| usage.wall_ns).sum::<f64>() < PATIENCE_NS {
                    let id = outcome.contender.id();
                    step::show(&format!("{id}, run {run} of at most {runs_max}"));
                    outcome.runs.push(self.place.time(&outcome.contender, file)?);
                }
            }
        }
        Ok(())
    }

    /// Measures the peak memory of each program on two inputs.
    fn memory(
        &self,
        name: &str,
        contenders: Vec<Contender<'c>>,
    ) -> anyhow::Result<(Table, String)> {
        let mut all = Vec::new();
        let threads = contenders[0].threads;
        for one in contenders {
            step::show(&one.id());
            let mut peaks = Peaks { name: one.name.to_owned(), records: [0; 2], bytes: [0; 2] };
            for (at, lines) in [self.args.lines / TIMES, self.args.lines].into_iter().enumerate() {
                let file = self.place.input(one.input, lines)?.context("it is not compressed")?;
                peaks.records[at] = self.place.contests.input(one.input).records(lines);
                peaks.bytes[at] = self.place.time(&one, &file)?.peak_bytes;
            }
            peaks.check()?;
            all.push(peaks);
        }
        let largest = all.iter().map(|peaks| peaks.bytes[1]).max().unwrap_or_default();
        let figure = format!("{} forms, at most {}", all.len(), mebibytes(largest));
        Ok((Peaks::table(format!("{name}, {threads} threads"), &all), figure))
    }
}
