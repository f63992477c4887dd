//! `cargo xtask bench --e2e`: whole programs on files of some hundred megabytes, ours and others.
//!
//! Who takes part and on what is in [`contestant`](super::contestant). The files are in the page
//! cache, everybody does the same work in turn, and all answers are compared before a time is
//! shown. A program that is not here is named with how to get it, and the others go on without it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use xshell::{Shell, cmd};

use super::answer::Answer;
use super::child::{self, Took};
use super::contestant::{CONTESTS, Contest, Contestant, Form, Input, Tool, Tools};
use crate::flags::Flags;
use crate::measure::readme;
use crate::measure::record::{self, Circumstances, Kind};
use crate::measure::table::Table;
use crate::measure::{Measurement, Role, groups, time};
use crate::step::{self, Job, Steps};
use crate::workspace::{Workspace, root};

const LINES: u64 = 10_000_000;
/// How often each contestant runs at most.
const RUNS: usize = 5;
/// Who took so long in all does not run again.
const PATIENCE: Duration = Duration::from_secs(20);
/// By how many lines a file is known as the same that would be generated today.
const HEAD_LINES: u64 = 1_000;
/// How a program of ours ends if it refused lines.
const REFUSED: i64 = 3;

/// What a contestant took in each of its runs.
struct Outcome {
    contest: &'static Contest,
    contestant: &'static Contestant,
    runs: Vec<Took>,
    /// Where it wrote its last answer.
    output: PathBuf,
}

pub(super) fn run(sh: &Shell, flags: &Flags, records: &Path) -> anyhow::Result<()> {
    let lines = flags.value("--lines").map_or(Ok(LINES), str::parse);
    let lines =
        lines.ok().filter(|&lines| lines > 0).context("`--lines` needs a number of lines")?;
    let filter = flags.operands.first().map_or("", String::as_str);
    let contests: Vec<_> = CONTESTS.iter().filter(|one| one.name.contains(filter)).collect();
    ensure!(!contests.is_empty(), "no contest has `{filter}` in its name");
    let command = format!("cargo xtask bench --e2e --lines {lines} {filter}");
    let mut circumstances = Circumstances::now(sh, command.trim_end().to_owned())?;
    let target = Workspace::read(sh)?.target;
    let place = Place { folder: target.join("e2e-bench"), lines };
    fs::create_dir_all(&place.folder)?;

    let names = contests.iter().map(|contest| contest.name);
    let mut steps = Steps::named(names.chain(["compare"]));
    // One after the other: built together, the program would get what the other asks of the crates.
    let builds = [
        ("build", cmd!(sh, "cargo build --release --locked --package cli")),
        (
            "build_floor",
            cmd!(sh, "cargo build --release --locked --package benches --bin newlines"),
        ),
    ];
    for (name, build) in builds {
        if !steps.command(Job::new(name, build)) {
            return steps.finish("bench --e2e");
        }
    }
    let tools = Tools::look(sh, target.join("release"));
    steps.run("programs", || Ok(tell_programs(&tools)));
    let mut outcomes = Vec::new();
    for contest in contests {
        steps.watch(contest.name, |doing| {
            doing("makes the input");
            let Some(file) = place.input(sh, &tools, &contest.input)? else {
                return Ok("left out: nobody here compresses so".to_owned());
            };
            let outcomes_before = outcomes.len();
            outcomes.extend(place.run(&tools, contest, &file, doing)?);
            let took: usize = outcomes[outcomes_before..].iter().map(|one| one.runs.len()).sum();
            Ok(format!("{} programs, {took} runs", outcomes.len() - outcomes_before))
        });
    }
    steps.watch("compare", |doing| compare(&outcomes, lines, doing));
    // A time of who answered otherwise is worth nothing, and neither are the others beside it.
    steps.finish("bench --e2e")?;

    let measured = measurements(&outcomes, lines, &place)?;
    let tables = tables(&outcomes, &measured, lines);
    for table in &tables {
        step::say(&format!("\n{}", table.plain()));
    }
    for (name, how) in tools.missing() {
        step::say(&format!("without {name}: `{how}` brings it"));
        circumstances.add("not there", name);
    }
    for (name, version) in tools.versions() {
        circumstances.add(name, version);
    }
    let raw =
        outcomes.iter().zip(&measured).map(|(outcome, one)| (one.id.clone(), outcome.raw(one)));
    let folder = record::write_as(Kind::E2e, records, &circumstances, raw, &tables)?;
    let shown = folder.strip_prefix(root()).unwrap_or(&folder);
    step::say(&format!("bench: {} programs, {}", measured.len(), shown.display()));
    // The README tells of everybody, of files of this length, and of no try.
    let is_whole = filter.is_empty() && lines == LINES && flags.value("--out").is_none();
    match readme::check_complete(Kind::E2e, &measured) {
        Ok(()) if is_whole => super::renew_readme(sh, &folder)?,
        Err(error) if is_whole => step::say(&format!("the README keeps its figures: {error}")),
        _ => {}
    }
    Ok(())
}

/// Who is here, as the figure of a step.
fn tell_programs(tools: &Tools) -> String {
    let here = tools.versions().count();
    let missing: Vec<_> = tools.missing().map(|(name, how)| format!("{name} ({how})")).collect();
    match &missing[..] {
        [] => format!("all {here} are here"),
        missing => format!("{here} are here, not so {}", missing.join(", ")),
    }
}

/// Where inputs and answers are.
struct Place {
    folder: PathBuf,
    lines: u64,
}

impl Place {
    /// The file of an input, made if it is not there; nothing if nobody here can make it.
    fn input(&self, sh: &Shell, tools: &Tools, input: &Input) -> anyhow::Result<Option<PathBuf>> {
        let plain = self.folder.join(format!("{}-{}.ndjson", input.name, self.lines));
        let windrow = tools.program(Tool::Windrow);
        let (options, lines) = (input.options, self.lines.to_string());
        let head_lines = HEAD_LINES.min(self.lines).to_string();
        let head = cmd!(sh, "{windrow} generate --lines {head_lines} {options...}");
        let head = head.quiet().output()?.stdout;
        if !begins_with(&plain, &head)? {
            // Made under another name, so that what is there under this one is whole.
            let made = plain.with_extension("part");
            cmd!(sh, "{windrow} generate --lines {lines} {options...} -o {made}").quiet().run()?;
            fs::rename(&made, &plain)?;
        }
        let Some((tool, ending)) = input.packing.tool() else { return Ok(Some(plain)) };
        if !tools.has(tool) {
            return Ok(None);
        }
        let packed = plain.with_extension(format!("ndjson.{ending}"));
        let made = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
        if made(&packed) < made(&plain) {
            let part = plain.with_extension("part");
            let file = plain.display().to_string();
            let took = child::run(&tools.program(tool), &["-c".into(), file], None, Some(&part))?;
            ensure!(took.code == Some(0), "`{}` could not be compressed", plain.display());
            fs::rename(&part, &packed)?;
        }
        Ok(Some(packed))
    }

    /// Lets all contestants run in turn, so that what disturbs the machine disturbs them alike.
    fn run(
        &self,
        tools: &Tools,
        contest: &'static Contest,
        file: &Path,
        doing: &dyn Fn(&str),
    ) -> anyhow::Result<Vec<Outcome>> {
        let here = contest.contestants.iter().filter(|one| tools.has(one.tool));
        let mut outcomes: Vec<_> = here
            .map(|contestant| {
                let name = format!("{}-{}.out", contest.name, contestant.name);
                let output = self.folder.join(name.replace('/', "-"));
                Outcome { contest, contestant, runs: Vec::new(), output }
            })
            .collect();
        let scripts = root().join("benches/e2e");
        for run in 1..=RUNS {
            for outcome in &mut outcomes {
                let Contestant { name, tool, .. } = outcome.contestant;
                if outcome.runs.iter().map(|took| took.wall).sum::<Duration>() > PATIENCE {
                    continue;
                }
                doing(&format!("{name}, run {run} of {RUNS} at most"));
                warm(file)?;
                let args = outcome.contestant.args(file, contest.threads, &scripts);
                let env = outcome.contestant.env(contest.threads);
                let is_kept = outcome.contestant.form != Form::Bytes;
                let output = is_kept.then_some(outcome.output.as_path());
                let took = child::run(&tools.program(*tool), &args, env, output)?;
                let is_done =
                    took.code == Some(0) || (*tool == Tool::Windrow && took.code == Some(REFUSED));
                if !is_done {
                    let errors = fs::read_to_string(outcome.output.with_extension("err"));
                    bail!("{name} ended with {:?}: {}", took.code, errors.unwrap_or_default());
                }
                outcome.runs.push(took);
            }
        }
        Ok(outcomes)
    }
}

/// Whether a file is there and begins so.
fn begins_with(path: &Path, head: &[u8]) -> anyhow::Result<bool> {
    let Ok(file) = File::open(path) else { return Ok(false) };
    let mut found = Vec::new();
    file.take(head.len() as u64).read_to_end(&mut found)?;
    Ok(found == head)
}

/// Reads a file, so that the next who does finds it in the page cache.
fn warm(path: &Path) -> anyhow::Result<()> {
    io::copy(&mut File::open(path)?, &mut io::sink())?;
    Ok(())
}

/// Compares what everybody found; the figure is how many answers there were.
fn compare(outcomes: &[Outcome], lines: u64, doing: &dyn Fn(&str)) -> anyhow::Result<String> {
    let mut answers = 0;
    // The first of an input is what the others are held against.
    let mut first: Option<(&'static str, &'static str, Answer)> = None;
    for outcome in outcomes {
        let Outcome { contest, contestant, output, .. } = outcome;
        let who = format!("{}/{}", contest.name, contestant.name);
        doing(&who);
        // What was unpacked was kept nowhere, and is as large as the input.
        if contestant.form == Form::Bytes {
            continue;
        }
        let errors = fs::read_to_string(output.with_extension("err"))?;
        let answer = Answer::read(contestant.form, &fs::read_to_string(output)?, &errors);
        let answer = answer.with_context(|| who.clone())?;
        let input = contest.input.name;
        if first.as_ref().is_none_or(|(of, ..)| *of != input) {
            first = Some((input, contestant.name, answer.clone()));
        }
        let Some((_, by, expected)) = &first else { continue };
        let against = || format!("{who} answers otherwise than {by}");
        answer.check_lines(lines, expected.refused()).with_context(against)?;
        expected.check_same(&answer).with_context(against)?;
        answers += 1;
    }
    Ok(format!("{answers} answers agree"))
}

impl Outcome {
    fn measurement(&self, lines: u64, bytes: u64) -> anyhow::Result<Measurement> {
        let id = format!("{}/{}", self.contest.name, self.contestant.name);
        let samples = self.runs.iter().map(|took| took.wall.as_nanos() as f64 / lines as f64);
        let mut one = Measurement::new(&id, "line", samples.collect(), [1, 1])?;
        one.unit_bytes = Some(bytes as f64 / lines as f64);
        Ok(one)
    }

    /// The form it has in a record: that of every measurement, and what only a process has.
    fn raw(&self, measurement: &Measurement) -> serde_json::Value {
        let mut raw = measurement.to_json();
        let cpu: Vec<_> = self.runs.iter().map(|took| took.cpu.as_nanos() as u64).collect();
        raw["cpu_ns_of_all_lines"] = json!(cpu);
        let peaks: Vec<_> = self.runs.iter().map(|took| took.peak_bytes).collect();
        raw["peak_bytes"] = json!(peaks);
        raw
    }

    /// The middle one of its runs, by what they took of the processor.
    fn cpu(&self) -> Duration {
        let mut all: Vec<_> = self.runs.iter().map(|took| took.cpu).collect();
        all.sort_unstable();
        all[all.len() / 2]
    }

    /// The most memory that any of its runs had.
    fn peak(&self) -> Option<u64> {
        self.runs.iter().filter_map(|took| took.peak_bytes).max()
    }
}

fn measurements(
    outcomes: &[Outcome],
    lines: u64,
    place: &Place,
) -> anyhow::Result<Vec<Measurement>> {
    let measurement = |outcome: &Outcome| {
        let name = outcome.contest.input.name;
        let plain = place.folder.join(format!("{name}-{lines}.ndjson"));
        outcome.measurement(lines, fs::metadata(plain)?.len())
    };
    outcomes.iter().map(measurement).collect()
}

/// A table for each contest: who, how long in all, how much work, how much memory, against whom.
fn tables(outcomes: &[Outcome], measured: &[Measurement], lines: u64) -> Vec<Table> {
    let whole = |ns: f64| time(ns * lines as f64);
    let table = |(name, group): (&str, Vec<&Measurement>)| {
        let of = |role| group.iter().copied().filter(move |one| one.role() == role);
        // The floor, and the rival that comes nearest.
        let marks: Vec<_> =
            of(Role::Floor).next_back().into_iter().chain(of(Role::Rival).next()).collect();
        let mut head: Vec<String> =
            ["program", "time", "spread", "processor", "memory", "GB/s"].map(str::to_owned).into();
        head.extend(marks.iter().map(|mark| format!("to {}", mark.implementation())));
        let rows = group.iter().map(|one| {
            let of_one = |outcome: &&Outcome| {
                one.id == format!("{}/{}", outcome.contest.name, outcome.contestant.name)
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
    use super::super::contestant::CONTESTS;
    use super::*;

    fn outcome(index: usize, wall_ms: u64) -> Outcome {
        let took = Took {
            wall: Duration::from_millis(wall_ms),
            cpu: Duration::from_millis(wall_ms / 2),
            peak_bytes: Some(3 << 20),
            code: Some(0),
        };
        let contest = &CONTESTS[0];
        let contestant = &contest.contestants[index];
        Outcome { contest, contestant, runs: vec![took; 3], output: PathBuf::new() }
    }

    #[test]
    fn table_has_time_work_memory_and_ratios() {
        let outcomes = [outcome(0, 400), outcome(2, 100), outcome(3, 4_000)];
        let measured: Vec<_> =
            outcomes.iter().map(|one| one.measurement(1_000_000, 33_000_000).unwrap()).collect();
        let text = tables(&outcomes, &measured, 1_000_000)[0].markdown();
        let rows = [
            "program|time|spread|processor|memory|GB/s|to bare_wc|to rival_duckdb",
            "bare_wc|100 ms|100 ms to 100 ms|50.0 ms|3.0 MiB|0.33|-|40.0x faster",
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
