//! `cargo xtask bench --e2e`: measures whole programs on files of some hundred megabytes.
//!
//! [`scenarios`](super::scenarios) lists the contests on the default form, and [`logs`] those on
//! logs of other programs; each kind gets a record of its own. The files are in the page cache, the
//! programs take turns, and all answers are compared before any time is shown. A missing program is
//! named with how to install it, and the others run without it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use xshell::{Shell, cmd};

use super::answer::Answer;

use super::inputs::{Place, warm};
use super::programs::{Form, Program};
use super::rusage::{self, Usage};
use super::scenarios::{SCENARIOS, Scenario};
use super::tools::{Tool, Tools};
use super::{logs, memory};
use crate::flags::Flags;
use crate::measure::headline;
use crate::measure::record::{self, Circumstances, Kind};
use crate::measure::table::Table;
use crate::measure::{Measurement, Role, groups, time};
use crate::step::{self, Job, Steps};
use crate::workspace::{Workspace, root};

/// The kinds of contests, in the order in which they run.
const KINDS: [Kind; 2] = [Kind::E2e, Kind::Logs];
const LINES: u64 = 10_000_000;
/// The maximum number of runs of each program.
const RUNS: usize = 9;
/// A program whose runs took longer in total does not run again.
const PATIENCE: Duration = Duration::from_secs(20);
/// The exit code of `windrow` if it refused lines.
const REFUSED: i64 = 3;

/// The runs of one program.
struct Outcome {
    scenario: &'static Scenario,
    program: &'static Program,
    runs: Vec<Usage>,
    /// The number of records that it reads.
    records: u64,
    /// The size of its input without compression.
    plain_bytes: u64,
    /// The file of its last answer.
    output: PathBuf,
}

/// Runs the contests whose name contains the operand, of both kinds.
pub(super) fn run(sh: &Shell, flags: &Flags, records: &Path) -> anyhow::Result<()> {
    let filter = flags.operands.first().map_or("", String::as_str);
    let chosen: Vec<_> = KINDS.into_iter().filter(|&kind| has_any(kind, filter)).collect();
    ensure!(!chosen.is_empty(), "no scenario name contains `{filter}`");
    chosen.into_iter().try_for_each(|kind| run_kind(sh, flags, kind, records))
}

/// Returns the scenarios of a kind whose name contains `filter`.
fn scenarios(kind: Kind, filter: &str) -> impl Iterator<Item = &'static Scenario> {
    let all = if kind == Kind::Logs { &logs::SCENARIOS[..] } else { &SCENARIOS[..] };
    all.iter().filter(move |one| one.name.contains(filter))
}

fn measures_memory(kind: Kind, filter: &str) -> bool {
    kind == Kind::Logs && memory::NAME.contains(filter)
}

fn has_any(kind: Kind, filter: &str) -> bool {
    measures_memory(kind, filter) || scenarios(kind, filter).next().is_some()
}

fn run_kind(sh: &Shell, flags: &Flags, kind: Kind, records: &Path) -> anyhow::Result<()> {
    let lines = flags.value("--lines").map_or(Ok(LINES), str::parse);
    let lines = lines
        .ok()
        .filter(|&lines| lines > 0)
        .context("`--lines` needs a number of lines above 0")?;
    let filter = flags.operands.first().map_or("", String::as_str);
    let scenarios: Vec<_> = scenarios(kind, filter).collect();
    let has_memory = measures_memory(kind, filter);
    let command = format!("cargo xtask bench --e2e --lines {lines} {filter}").trim_end().to_owned();
    let mut circumstances = Circumstances::now(sh, command.clone())?;
    let target = Workspace::read(sh)?.target;
    let place = Place { folder: target.join("e2e-bench") };
    fs::create_dir_all(&place.folder)?;

    let names = scenarios.iter().map(|scenario| scenario.name);
    let names = names.chain(has_memory.then_some(memory::NAME));
    let mut steps = Steps::named(names.chain(["compare"]));
    // Two builds: in one, `windrow` would get the crate features that `benches` enables.
    let builds = [
        ("build", cmd!(sh, "cargo build --release --locked --package cli")),
        (
            "build_floor",
            cmd!(sh, "cargo build --release --locked --package benches --bin newlines --bin logs"),
        ),
    ];
    for (name, build) in builds {
        if !steps.command(Job::new(name, build)) {
            return steps.finish(&command);
        }
    }
    let tools = Tools::look(sh, target.join("release"));
    steps.run("programs", || Ok(installed(&tools)));
    let mut outcomes = Vec::new();
    for scenario in scenarios {
        steps.watch(scenario.name, |doing| {
            let outcomes_before = outcomes.len();
            let Some(found) = outcomes_of(sh, &place, &tools, scenario, lines, doing)? else {
                return Ok("left out: the compressor is not installed".to_owned());
            };
            outcomes.extend(found);
            let runs: usize = outcomes[outcomes_before..].iter().map(|one| one.runs.len()).sum();
            Ok(format!("{} programs, {runs} runs", outcomes.len() - outcomes_before))
        });
    }
    let mut peaks = None;
    if has_memory {
        steps.watch(memory::NAME, |doing| {
            let found = memory::measure(sh, &place, &tools, lines, doing)?;
            let figure = memory::check(&found)?;
            peaks = Some(memory::table(&found));
            Ok(figure)
        });
    }
    steps.watch("compare", |doing| compare(&outcomes, doing));
    // If one answer differs, no time is shown: any of the programs may be the wrong one.
    steps.finish(&command)?;

    let measured = outcomes.iter().map(Outcome::measurement).collect::<anyhow::Result<Vec<_>>>()?;
    let mut tables = tables(&outcomes, &measured);
    tables.extend(peaks);
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
    let raw =
        outcomes.iter().zip(&measured).map(|(outcome, one)| (one.id.clone(), outcome.raw(one)));
    let folder = record::write_as(kind, records, &circumstances, raw, &tables)?;
    let shown = folder.strip_prefix(root()).unwrap_or(&folder);
    step::print(&format!("bench: {} programs, {}", measured.len(), shown.display()));
    // The README shows only complete records of files of the default length.
    let is_whole = filter.is_empty() && lines == LINES && flags.value("--out").is_none();
    match headline::check_complete(kind, &measured) {
        Ok(()) if is_whole => super::update_readme(sh, &folder)?,
        Err(error) if is_whole => step::print(&format!("the README was not updated: {error}")),
        _ => {}
    }
    Ok(())
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
    lines: u64,
    doing: &dyn Fn(&str),
) -> anyhow::Result<Option<Vec<Outcome>>> {
    let mut turns = Vec::new();
    for program in scenario.programs.iter().filter(|one| tools.has(one.tool)) {
        doing("making the input");
        let input = program.input.unwrap_or(scenario.input);
        let Some(file) = place.input(sh, tools, &input, lines)? else { return Ok(None) };
        let name = format!("{}-{}.out", scenario.name, program.name);
        let outcome = Outcome {
            scenario,
            program,
            runs: Vec::new(),
            records: input.records(lines),
            plain_bytes: fs::metadata(place.plain(&input, lines))?.len(),
            output: place.folder.join(name.replace('/', "-")),
        };
        turns.push((file, outcome));
    }
    run_in_turns(tools, &mut turns, doing)?;
    Ok(Some(turns.into_iter().map(|(_, outcome)| outcome).collect()))
}

/// Runs programs in turns, so that other load on the machine affects all alike.
fn run_in_turns(
    tools: &Tools,
    turns: &mut [(PathBuf, Outcome)],
    doing: &dyn Fn(&str),
) -> anyhow::Result<()> {
    for run in 1..=RUNS {
        for (file, outcome) in &mut *turns {
            if outcome.runs.iter().map(|usage| usage.wall).sum::<Duration>() > PATIENCE {
                continue;
            }
            doing(&format!("{}, run {run} of at most {RUNS}", outcome.program.name));
            warm(file)?;
            let usage =
                outcome.program.run(tools, file, outcome.scenario.threads, &outcome.output)?;
            outcome.runs.push(usage);
        }
    }
    Ok(())
}

impl Program {
    /// Runs the program once, and writes its answer to `output`.
    pub(super) fn run(
        &self,
        tools: &Tools,
        file: &Path,
        threads: u8,
        output: &Path,
    ) -> anyhow::Result<Usage> {
        let Self { name, tool, form, .. } = self;
        let args = self.args(file, threads, &root().join("benches/e2e"));
        let kept = (*form != Form::Bytes).then_some(output);
        let usage = rusage::run(&tools.program(*tool), &args, self.env(threads), kept)?;
        let is_done =
            usage.code == Some(0) || (*tool == Tool::Windrow && usage.code == Some(REFUSED));
        if !is_done {
            let errors = fs::read_to_string(output.with_extension("err"));
            let end = match usage.code {
                Some(code) => format!("exit code {code}"),
                None => "a signal".to_owned(),
            };
            bail!("{name} ended with {end}: {}", errors.unwrap_or_default());
        }
        Ok(usage)
    }
}

/// Compares all answers, and returns their number as the figure.
fn compare(outcomes: &[Outcome], doing: &dyn Fn(&str)) -> anyhow::Result<String> {
    let mut answers = 0;
    // The first answer of an input is compared with the others.
    let mut first: Option<(&'static str, &'static str, Answer)> = None;
    for outcome in outcomes {
        let Outcome { scenario, program, records, output, .. } = outcome;
        let id = format!("{}/{}", scenario.name, program.name);
        doing(&id);
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

impl Outcome {
    fn measurement(&self) -> anyhow::Result<Measurement> {
        let id = format!("{}/{}", self.scenario.name, self.program.name);
        let lines = self.records as f64;
        let samples = self.runs.iter().map(|usage| usage.wall.as_nanos() as f64 / lines);
        let mut one = Measurement::new(&id, "line", samples.collect(), [1, 1])?;
        one.unit_bytes = Some(self.plain_bytes as f64 / lines);
        Ok(one)
    }

    /// Encodes it for a record: as a measurement, with the usage of the process.
    fn raw(&self, measurement: &Measurement) -> serde_json::Value {
        let mut raw = measurement.to_json();
        let cpu: Vec<_> = self.runs.iter().map(|usage| usage.cpu.as_nanos() as u64).collect();
        raw["cpu_ns_of_all_lines"] = json!(cpu);
        let peaks: Vec<_> = self.runs.iter().map(|usage| usage.peak_bytes).collect();
        raw["peak_bytes"] = json!(peaks);
        raw
    }

    /// Returns the median processor time of the runs.
    fn cpu(&self) -> Duration {
        let mut all: Vec<_> = self.runs.iter().map(|usage| usage.cpu).collect();
        all.sort_unstable();
        all[all.len() / 2]
    }

    /// Returns the maximum peak memory of the runs.
    fn peak(&self) -> Option<u64> {
        self.runs.iter().filter_map(|usage| usage.peak_bytes).max()
    }
}

/// Makes a table for each scenario: time, processor time, memory and ratios of each program.
fn tables(outcomes: &[Outcome], measured: &[Measurement]) -> Vec<Table> {
    let table = |(name, group): (&str, Vec<&Measurement>)| {
        let of_group = outcomes.iter().find(|outcome| outcome.scenario.name == name);
        let lines = of_group.map_or(0, |outcome| outcome.records);
        let whole = |ns: f64| time(ns * lines as f64);
        let of = |role| group.iter().copied().filter(move |one| one.role() == role);
        // The slowest floor and the fastest rival.
        let marks: Vec<_> =
            of(Role::Floor).next_back().into_iter().chain(of(Role::Rival).next()).collect();
        let mut head: Vec<String> =
            ["program", "time", "spread", "processor", "memory", "GB/s"].map(str::to_owned).into();
        head.extend(marks.iter().map(|mark| format!("to {}", mark.implementation())));
        let rows = group.iter().map(|one| {
            let of_one = |outcome: &&Outcome| {
                one.id == format!("{}/{}", outcome.scenario.name, outcome.program.name)
            };
            let outcome = outcomes.iter().find(of_one);
            let [low, high] = one.spread_ns().map(whole);
            let cpu = outcome.map(|outcome| time(outcome.cpu().as_nanos() as f64));
            let peak = outcome.and_then(Outcome::peak);
            let peak = peak.map(|bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)));
            let speed = one.gigabytes_per_s().map(|speed| format!("{speed:.2}"));
            let mut row = vec![
                one.implementation().to_owned(),
                whole(one.median_ns()),
                format!("{low} to {high}"),
            ];
            row.extend([cpu, peak, speed].map(|cell| cell.unwrap_or_else(|| "unknown".to_owned())));
            row.extend(marks.iter().map(|mark| match mark.id == one.id {
                true => "-".to_owned(),
                false => one.against(mark),
            }));
            row
        });
        Table::new(format!("{name}, {lines} lines"), head, rows.collect())
    };
    groups(measured).into_iter().map(table).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(index: usize, wall_ms: u64) -> Outcome {
        let usage = Usage {
            wall: Duration::from_millis(wall_ms),
            cpu: Duration::from_millis(wall_ms / 2),
            peak_bytes: Some(3 << 20),
            code: Some(0),
        };
        let scenario = &SCENARIOS[0];
        let program = &scenario.programs[index];
        let (records, plain_bytes) = (1_000_000, 33_000_000);
        let runs = vec![usage; 3];
        Outcome { scenario, program, runs, records, plain_bytes, output: PathBuf::new() }
    }

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
    fn table_has_time_work_memory_and_ratios() {
        let outcomes = [outcome(0, 400), outcome(2, 100), outcome(3, 4_000)];
        let measured: Vec<_> = outcomes.iter().map(|one| one.measurement().unwrap()).collect();
        let text = tables(&outcomes, &measured)[0].markdown();
        let rows = [
            "program|time|spread|processor|memory|GB/s|to floor_wc|to rival_duckdb",
            "floor_wc|100 ms|100 ms to 100 ms|50.0 ms|3.0 MiB|0.33|-|40.0x faster",
            "windrow_means|400 ms|400 ms to 400 ms|200 ms|3.0 MiB|0.08|4.00x slower|10.0x faster",
            "rival_duckdb|4.00 s|4.00 s to 4.00 s|2.00 s|3.0 MiB|0.01|40.0x slower|-",
        ];
        assert!(text.starts_with("## e2e/common_threads_01, 1000000 lines\n"), "{text}");
        for row in rows {
            let row = format!("| {} |", row.replace('|', " | "));
            assert!(text.lines().any(|line| line == row), "{row}\n{text}");
        }
        let raw = outcomes[0].raw(&measured[0]);
        assert_eq!(raw["peak_bytes"][2], 3 << 20);
        assert_eq!(Measurement::from_json(&raw).unwrap(), measured[0]);
    }
}
