//! `cargo xtask bench --e2e`: measures whole programs on files of some hundred megabytes.
//!
//! [`scenarios`](super::scenarios) lists the contests on the default form, and [`logs`] those on
//! logs of other programs; each kind gets a record of its own. The files are in the page cache, the
//! programs take turns, and all answers are compared before any time is shown. A missing program is
//! named with how to install it, and the others run without it. `cargo xtask bench` without
//! `--e2e` measures [`shapes`] in the same way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use xshell::{Shell, cmd};

use super::Args;
use super::answer::Answer;
use super::inputs::{Maker, Place, warm};
use super::outcome::{Outcome, tables};
use super::programs::Form;
use super::scenario::Scenario;
use super::scenarios::SCENARIOS;
use super::tools::{Tool, Tools};
use super::{logs, memory, shapes, simdjson};
use crate::measure::headline;
use crate::measure::record::{self, Circumstances, Kind};
use crate::step::{self, Job, Steps};
use crate::workspace::{Workspace, root};

/// The kinds of contests, in the order in which they run.
const KINDS: [Kind; 2] = [Kind::E2e, Kind::Logs];
/// The maximum number of runs of each program.
const RUNS: usize = 9;
const RUNS_QUICK: usize = 3;
/// A program whose runs took longer in total does not run again.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the contests whose name contains the operand, of both kinds.
pub(super) fn run(sh: &Shell, args: &Args) -> anyhow::Result<()> {
    let filter = args.filter.as_deref().unwrap_or_default();
    let chosen: Vec<_> = KINDS.into_iter().filter(|&kind| has_any(kind, filter)).collect();
    ensure!(!chosen.is_empty(), "no scenario name contains `{filter}`");
    chosen.into_iter().try_for_each(|kind| run_kind(sh, args, kind))
}

/// Returns the scenarios of a kind whose name contains `filter`.
fn scenarios(kind: Kind, filter: &str) -> impl Iterator<Item = &'static Scenario> {
    let all = match kind {
        Kind::Logs => &logs::SCENARIOS[..],
        Kind::Shapes => &shapes::SCENARIOS[..],
        _ => &SCENARIOS[..],
    };
    all.iter().filter(move |one| one.name.contains(filter))
}

fn measures_memory(kind: Kind, filter: &str) -> bool {
    kind == Kind::Logs && memory::NAME.contains(filter)
}

pub(super) fn has_any(kind: Kind, filter: &str) -> bool {
    measures_memory(kind, filter) || scenarios(kind, filter).next().is_some()
}

/// Runs the contests of a kind whose name contains the operand, and writes a record.
pub(super) fn run_kind(sh: &Shell, args: &Args, kind: Kind) -> anyhow::Result<()> {
    let lines = args.lines;
    let filter = args.filter.as_deref().unwrap_or_default();
    let scenarios: Vec<_> = scenarios(kind, filter).collect();
    let has_memory = measures_memory(kind, filter);
    ensure!(has_any(kind, filter), "no scenario name contains `{filter}`");
    let is_quick = args.quick;
    let mut command = "cargo xtask bench".to_owned();
    command += if kind == Kind::Shapes { "" } else { " --e2e" };
    command += if is_quick { " --quick" } else { "" };
    command += format!(" --lines {lines} {filter}").trim_end();
    let mut circumstances = Circumstances::now(sh, command.clone())?;
    let target = Workspace::read(sh)?.target;
    let place = Place { folder: target.join("e2e-bench") };
    fs::create_dir_all(&place.folder)?;

    let names = scenarios.iter().map(|scenario| scenario.name);
    let names = names.chain(has_memory.then_some(memory::NAME));
    let mut steps = Steps::named(names.chain(["compare"]));
    let wanted = wanted(&scenarios, has_memory);
    let folder = target.join("release");
    if !build(sh, &mut steps, &wanted, &folder) {
        return steps.finish(&command);
    }
    let tools = Tools::look(sh, folder, wanted);
    steps.run("programs", || Ok(installed(&tools)));
    let runs_max = if is_quick { RUNS_QUICK } else { RUNS };
    let mut outcomes = Vec::new();
    for scenario in scenarios {
        steps.run(scenario.name, || {
            let outcomes_before = outcomes.len();
            let Some(found) = outcomes_of(sh, &place, &tools, scenario, (lines, runs_max))? else {
                return Ok("left out: the compressor is not installed".to_owned());
            };
            outcomes.extend(found);
            let runs: usize = outcomes[outcomes_before..].iter().map(|one| one.runs.len()).sum();
            Ok(format!("{} programs, {runs} runs", outcomes.len() - outcomes_before))
        });
    }
    let mut peaks = None;
    if has_memory {
        steps.run(memory::NAME, || {
            let found = memory::measure(sh, &place, &tools, lines)?;
            let figure = memory::check(&found)?;
            peaks = Some(memory::table(&found));
            Ok(figure)
        });
    }
    steps.run("compare", || compare(&outcomes));
    // If one answer differs, no time is shown: any of the programs may be the wrong one.
    steps.finish(&command)?;

    let measured = outcomes.iter().map(Outcome::measurement).collect::<anyhow::Result<Vec<_>>>()?;
    let mut tables = tables(&outcomes, &measured);
    tables.extend(peaks);
    if kind == Kind::Shapes {
        tables.push(shapes::overview(&measured));
    }
    for table in &tables {
        step::print(&format!("\n{}", table.plain()));
    }
    for (name, how) in tools.missing() {
        step::print(&format!("without {name}; install it with `{how}`"));
        circumstances.add("missing", name);
    }
    for (name, version) in tools.versions() {
        circumstances.add(name, version);
    }
    let raw: Vec<_> =
        outcomes.iter().zip(&measured).map(|(outcome, one)| outcome.raw(one)).collect();
    let folder = record::write(kind, &args.records(), &circumstances, &raw, &tables)?;
    let shown = folder.strip_prefix(root()).unwrap_or(&folder);
    step::print(&format!("bench: {} programs, {}", measured.len(), shown.display()));
    // The README shows only complete records of files of the default length.
    let is_whole = args.is_whole();
    match headline::check_complete(kind, &measured) {
        Ok(()) if is_whole => super::update_readme(sh, &folder)?,
        Err(error) if is_whole => step::print(&format!("the README was not updated: {error}")),
        _ => {}
    }
    Ok(())
}

/// Returns the programs that scenarios run, and those that make their files.
fn wanted(scenarios: &[&Scenario], has_memory: bool) -> BTreeSet<Tool> {
    // The memory of `windrow` is measured on the files of `lines`.
    let mut wanted = BTreeSet::from([Tool::Windrow]);
    wanted.extend(has_memory.then_some(Tool::Lines));
    for scenario in scenarios {
        wanted.extend(scenario.programs.iter().map(|program| program.tool));
        wanted.extend(scenario.input.packing.tool().map(|(tool, _)| tool));
        wanted.extend(matches!(scenario.input.maker, Maker::Lines(_)).then_some(Tool::Lines));
    }
    wanted
}

/// Builds the programs of the workspace and that of simdjson; `false` if a crate does not compile.
///
/// Two builds are needed: in one, `windrow` would get the crate features that `benches` enables.
fn build(sh: &Shell, steps: &mut Steps, wanted: &BTreeSet<Tool>, folder: &Path) -> bool {
    let bins = [(Tool::Newlines, "newlines"), (Tool::Lines, "lines"), (Tool::Decode, "decode")];
    let bins: Vec<_> = bins
        .into_iter()
        .filter(|(tool, _)| wanted.contains(tool))
        .flat_map(|(_, name)| ["--bin", name])
        .collect();
    let has_helpers = !bins.is_empty();
    let ours = cmd!(sh, "cargo build --release --locked --package cli");
    let helpers = cmd!(sh, "cargo build --release --locked --package benches {bins...}");
    let is_built = steps.command(Job::new("build", ours))
        && (!has_helpers || steps.command(Job::new("build_others", helpers)));
    if is_built && wanted.contains(&Tool::Simdjson) {
        steps.run("build_simdjson", || {
            let version = simdjson::build(sh, folder)?;
            Ok(version.unwrap_or_else(|| format!("left out; {}", simdjson::INSTALL)))
        });
    }
    is_built
}

/// Renders the installed programs as the figure of a step.
fn installed(tools: &Tools) -> String {
    let here = tools.versions().count();
    let missing: Vec<_> = tools.missing().map(|(name, how)| format!("{name} ({how})")).collect();
    match &missing[..] {
        [] => format!("all {here} installed"),
        missing => format!("{here} installed, missing: {}", missing.join(", ")),
    }
}

/// Runs all programs of a scenario; `None` if the compressor is missing.
fn outcomes_of(
    sh: &Shell,
    place: &Place,
    tools: &Tools,
    scenario: &'static Scenario,
    (lines, runs_max): (u64, usize),
) -> anyhow::Result<Option<Vec<Outcome>>> {
    let mut turns = Vec::new();
    for program in scenario.programs.iter().filter(|one| tools.has(one.tool)) {
        step::show("making the input");
        let input = program.input.unwrap_or(scenario.input);
        let Some(file) = place.input(sh, tools, &input, lines)? else { return Ok(None) };
        let name = format!("{}-{}.out", scenario.name, program.name);
        let outcome = Outcome {
            scenario,
            program,
            runs: Vec::new(),
            records: input.records(lines) * scenario.passes,
            plain_bytes: fs::metadata(place.plain(&input, lines))?.len() * scenario.passes,
            output: place.folder.join(name.replace('/', "-")),
        };
        turns.push((file, outcome));
    }
    run_in_turns(tools, &mut turns, runs_max)?;
    Ok(Some(turns.into_iter().map(|(_, outcome)| outcome).collect()))
}

/// Runs programs in turns, so that other load on the machine affects all alike.
fn run_in_turns(
    tools: &Tools,
    turns: &mut [(PathBuf, Outcome)],
    runs_max: usize,
) -> anyhow::Result<()> {
    for run in 1..=runs_max {
        for (file, outcome) in &mut *turns {
            if outcome.runs.iter().map(|usage| usage.wall).sum::<Duration>() > PATIENCE {
                continue;
            }
            step::show(&format!("{}, run {run} of at most {runs_max}", outcome.program.name));
            warm(file)?;
            let usage = outcome.scenario.run(outcome.program, tools, file, &outcome.output)?;
            outcome.runs.push(usage);
        }
    }
    Ok(())
}

/// Compares all answers, and returns their number as the figure.
fn compare(outcomes: &[Outcome]) -> anyhow::Result<String> {
    let mut answers = 0;
    // The first answer of an input is compared with the others.
    let mut first: Option<(&'static str, &'static str, Answer)> = None;
    for outcome in outcomes {
        let Outcome { scenario, program, records, output, .. } = outcome;
        let id = format!("{}/{}", scenario.name, program.name);
        step::show(&id);
        // The output of a decompressor is as large as the input, and is not kept.
        if program.form == Form::Bytes {
            continue;
        }
        let errors = fs::read_to_string(output.with_extension("err"))?;
        let answer = Answer::read(program.form, &fs::read_to_string(output)?, &errors);
        let answer = answer.with_context(|| id.clone())?;
        let input = scenario.input.name;
        if first.as_ref().is_none_or(|(of, ..)| *of != input) {
            first = Some((input, program.name, answer.clone()));
        }
        let Some((_, by, expected)) = &first else { continue };
        let against = || format!("{id} gives another answer than {by}");
        let header = if program.form == Form::Lines { scenario.input.header_lines } else { 0 };
        answer.check_lines(records + header, expected.refused()).with_context(against)?;
        expected.check_same(&answer).with_context(against)?;
        answers += 1;
    }
    Ok(format!("{answers} answers agree"))
}

#[cfg(test)]
mod tests {
    use super::super::inputs::{Input, Packing};
    use super::super::scenarios::COMMON;
    use super::*;

    #[test]
    fn filter_chooses_scenarios_of_each_kind() {
        let chosen = |filter| KINDS.map(|kind| has_any(kind, filter));
        assert_eq!(chosen(""), [true, true]);
        assert_eq!(chosen("gzip"), [true, false]);
        assert_eq!(chosen("logs/"), [false, true]);
        assert_eq!(chosen("memory"), [false, true]);
        assert_eq!(chosen("none of them"), [false, false]);
    }

    #[test]
    fn only_the_programs_of_the_scenarios_are_wanted() {
        let all: Vec<_> = scenarios(Kind::Shapes, "").collect();
        assert_eq!(
            wanted(&all, false),
            BTreeSet::from([Tool::Windrow, Tool::Lines, Tool::Decode, Tool::Simdjson])
        );
        let packed = Input { packing: Packing::Zstd, ..COMMON };
        let packed = Scenario::new("e2e/packed", packed, 1, &[]);
        assert_eq!(wanted(&[&packed], false), BTreeSet::from([Tool::Windrow, Tool::Zstd]));
        assert_eq!(wanted(&[], true), BTreeSet::from([Tool::Windrow, Tool::Lines]));
    }
}
