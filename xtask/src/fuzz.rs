//! `cargo xtask fuzz`: random input against the oracles, for as long as is asked.
//!
//! The targets are a workspace of their own in `fuzz`, for they need a nightly compiler and
//! `cargo fuzz`. What they find new is kept in `fuzz/corpus`, which is not committed; what they
//! begin with is, in `fuzz/seeds`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use xshell::{Shell, cmd};

use crate::flags::{Command, Flags, Opt};
use crate::nightly::NIGHTLY;
use crate::step::{Job, Steps};
use crate::workspace::root;

pub(crate) const COMMAND: Command = Command {
    name: "fuzz",
    operands: "[TARGET]",
    operands_max: 1,
    passes_on: true,
    summary: "Feeds random input to the codec and its oracles, then replays what was found",
    options: &[Opt { name: "--seconds", value: "N", help: "For each target; 30 if not given" }],
    examples: &["fuzz", "fuzz decode --seconds 600", "fuzz lines -- -max_len=65536"],
    run,
};

const SECONDS: u64 = 30;
/// An input that takes longer is a finding: time is to be linear.
const SECONDS_FOR_ONE: u64 = 10;

/// A thread that has ended may not have given back yet what the system keeps for it, which is taken
/// for a leak. There is no `unsafe` to leak by.
const NO_LEAKS: &str = "-detect_leaks=0";

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let seconds = match flags.value("--seconds") {
        None => SECONDS,
        Some(text) => text.parse().with_context(|| format!("`{text}` is no number of seconds"))?,
    };
    let targets = chosen(targets()?, flags.operands.first().map(String::as_str))?;
    check_tools(sh)?;
    let toolchain = format!("+{NIGHTLY}");
    let seconds = format!("-max_total_time={seconds}");
    let slow = format!("-timeout={SECONDS_FOR_ONE}");
    let rest = &flags.rest;
    let mut steps = Steps::new();
    let build = cmd!(sh, "cargo {toolchain} fuzz build");
    if !steps.command(Job::new("build", build)) {
        return steps.finish(COMMAND.name);
    }
    for target in &targets {
        let corpus = format!("fuzz/corpus/{target}");
        let seeds = &seeds(target);
        fs::create_dir_all(root().join(&corpus))?;
        let fuzz = cmd!(
            sh,
            "cargo {toolchain} fuzz run {target} {corpus} {seeds...} -- {seconds} {slow} {NO_LEAKS}
             -dict=fuzz/json.dict -print_final_stats=1 {rest...}"
        );
        let passed = steps.command(Job::new(target, fuzz).figure(found));
        let replay = cmd!(
            sh,
            "cargo {toolchain} fuzz run {target} {corpus} {seeds...} -- -runs=0 {NO_LEAKS}"
        );
        if passed {
            steps.command(Job::new("  replay", replay).figure(replayed));
        }
    }
    steps.finish(COMMAND.name)
}

/// The targets: a file each.
fn targets() -> anyhow::Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        targets.extend(path.file_stem().map(|stem| stem.display().to_string()));
    }
    targets.sort();
    Ok(targets)
}

fn chosen(targets: Vec<String>, wanted: Option<&str>) -> anyhow::Result<Vec<String>> {
    match wanted {
        None => Ok(targets),
        Some(wanted) if targets.iter().any(|target| target == wanted) => Ok(vec![wanted.into()]),
        Some(wanted) => bail!("`{wanted}` is no target; there are {}", targets.join(", ")),
    }
}

/// Where a target's first inputs lie. One input by itself is what the golden files are, too.
fn seeds(target: &str) -> Vec<String> {
    let mut seeds = vec![format!("fuzz/seeds/{target}")];
    if target == "decode" {
        seeds.extend(["accept", "reject"].map(|name| format!("crates/codec/tests/golden/{name}")));
    }
    seeds.retain(|folder| root().join(Path::new(folder)).is_dir());
    seeds
}

/// Says what is missing and how to get it, before anything is built.
fn check_tools(sh: &Shell) -> anyhow::Result<()> {
    let toolchain = format!("+{NIGHTLY}");
    let runs = |command: xshell::Cmd<'_>| command.quiet().ignore_stdout().ignore_stderr().run();
    let mut missing = Vec::new();
    if runs(cmd!(sh, "cargo {toolchain} --version")).is_err() {
        missing.push(format!("a nightly compiler: rustup toolchain install {NIGHTLY}"));
    }
    if runs(cmd!(sh, "cargo fuzz --version")).is_err() {
        missing.push("cargo-fuzz: cargo install cargo-fuzz --locked".to_owned());
    }
    if !missing.is_empty() {
        bail!("fuzzing needs\n  {}", missing.join("\n  "));
    }
    Ok(())
}

/// Reads what a run did from its last lines.
fn found(output: &str) -> String {
    let of = |name: &str| {
        let line = output.lines().rev().find_map(|line| line.strip_prefix(name));
        line.map_or("?", str::trim).to_owned()
    };
    let executed = of("stat::number_of_executed_units:");
    format!("{executed} executions, {} new inputs", of("stat::new_units_added:"))
}

/// Reads how many inputs were replayed.
fn replayed(output: &str) -> String {
    let inited = output.lines().find(|line| line.contains("INITED"));
    let count = inited.and_then(|line| line.trim_start_matches('#').split_whitespace().next());
    format!("{} inputs", count.unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_the_output() {
        let output = "#1\tINITED cov: 5\nstat::number_of_executed_units: 1234\n\
                      stat::average_exec_per_sec:     41\nstat::new_units_added:          7\n";
        assert_eq!(found(output), "1234 executions, 7 new inputs");
        assert_eq!(found("killed"), "? executions, ? new inputs");
        assert_eq!(replayed("INFO: x\n#912\tINITED cov: 9 ft: 1\n"), "912 inputs");
        assert_eq!(replayed(""), "? inputs");
    }

    #[test]
    fn unknown_target_is_told_with_those_there_are() {
        let all = || vec!["decode".to_owned(), "lines".to_owned()];
        assert_eq!(chosen(all(), None).unwrap(), all());
        assert_eq!(chosen(all(), Some("lines")).unwrap(), ["lines"]);
        let refused = chosen(all(), Some("line")).unwrap_err().to_string();
        assert_eq!(refused, "`line` is no target; there are decode, lines");
    }

    #[test]
    fn every_target_has_its_seeds() {
        for target in targets().unwrap() {
            let folder = format!("fuzz/seeds/{target}");
            assert_eq!(seeds(&target).first(), Some(&folder));
            assert!(fs::read_dir(root().join(folder)).unwrap().next().is_some(), "{target}");
        }
    }
}
