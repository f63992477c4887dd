//! `cargo xtask fuzz`: runs the fuzz targets for a given time.
//!
//! The targets are a separate workspace in `fuzz`, since they need a nightly compiler and
//! `cargo fuzz`. They start from `fuzz/seeds`, which is committed, and keep new inputs in
//! `fuzz/corpus`, which is not.

use std::fs;
use std::path::Path;

use anyhow::{bail, ensure};
use xshell::{Shell, cmd};

use crate::sanitizer::NIGHTLY;
use crate::step::{Job, Steps};
use crate::workspace::root;

/// Run each fuzz target, then replay its corpus
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask fuzz
  cargo xtask fuzz decode --seconds 600
  cargo xtask fuzz lines -- -max_len=65536")]
pub(crate) struct Args {
    /// Run only this target
    target: Option<String>,
    /// Run each target for N seconds
    #[arg(long, value_name = "N", default_value_t = 30)]
    seconds: u64,
    /// Pass these arguments to libFuzzer
    #[arg(last = true)]
    args: Vec<String>,
}

/// The time limit of one input: decoding must be linear.
const SECONDS_FOR_ONE: u64 = 10;

/// Disables the leak detector, which reports resources of threads that have just ended.
const NO_LEAKS: &str = "-detect_leaks=0";

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let targets = chosen(targets()?, self.target.as_deref())?;
        check_tools(sh)?;
        let toolchain = format!("+{NIGHTLY}");
        let seconds = format!("-max_total_time={}", self.seconds);
        let slow = format!("-timeout={SECONDS_FOR_ONE}");
        let args = &self.args;
        let mut steps = Steps::new();
        if !steps.command(Job::new("build", cmd!(sh, "cargo {toolchain} fuzz build"))) {
            return steps.finish("fuzz");
        }
        for target in &targets {
            let corpus = format!("fuzz/corpus/{target}");
            let seeds = &seeds(target);
            fs::create_dir_all(root().join(&corpus))?;
            let run = || {
                cmd!(sh, "cargo {toolchain} fuzz run {target} {corpus} {seeds...} -- {NO_LEAKS}")
            };
            let options = [&*seconds, &slow, "-dict=fuzz/json.dict", "-print_final_stats=1"];
            let fuzz = run().args(options).args(args);
            if steps.command(Job::new(target, fuzz).figure(found)) {
                steps.command(Job::new("  replay", run().arg("-runs=0")).figure(replayed));
            }
        }
        steps.finish("fuzz")
    }
}

/// Lists the targets, one per file.
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
        Some(wanted) => bail!("unknown target `{wanted}`; there are {}", targets.join(", ")),
    }
}

/// Returns the folders with the initial inputs; golden files are inputs of `decode`.
fn seeds(target: &str) -> Vec<String> {
    let mut seeds = vec![format!("fuzz/seeds/{target}")];
    if target == "decode" {
        seeds.extend(["accept", "reject"].map(|name| format!("crates/codec/tests/golden/{name}")));
    }
    seeds.retain(|folder| root().join(Path::new(folder)).is_dir());
    seeds
}

/// Checks for the tools, before anything is built.
fn check_tools(sh: &Shell) -> anyhow::Result<()> {
    let toolchain = format!("+{NIGHTLY}");
    let tool = cmd!(sh, "cargo {toolchain} fuzz --version");
    ensure!(
        tool.quiet().ignore_stdout().ignore_stderr().run().is_ok(),
        "not installed: cargo-fuzz or a nightly compiler; run:\n  \
         rustup toolchain install {NIGHTLY}\n  cargo install cargo-fuzz --locked"
    );
    Ok(())
}

/// Extracts the numbers of executions and of new inputs.
fn found(output: &str) -> String {
    let of = |name: &str| {
        let line = output.lines().rev().find_map(|line| line.strip_prefix(name));
        line.map_or("?", str::trim).to_owned()
    };
    let executed = of("stat::number_of_executed_units:");
    format!("{executed} executions, {} new inputs", of("stat::new_units_added:"))
}

/// Extracts the number of replayed inputs.
fn replayed(output: &str) -> String {
    let inited = output.lines().find(|line| line.contains("INITED"));
    let count = inited.and_then(|line| line.trim_start_matches('#').split_whitespace().next());
    format!("{} inputs", count.unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_extracted_from_the_output() {
        let output = "#1\tINITED cov: 5\nstat::number_of_executed_units: 1234\n\
                      stat::average_exec_per_sec:     41\nstat::new_units_added:          7\n";
        assert_eq!(found(output), "1234 executions, 7 new inputs");
        assert_eq!(found("killed"), "? executions, ? new inputs");
        assert_eq!(replayed("INFO: x\n#912\tINITED cov: 9 ft: 1\n"), "912 inputs");
        assert_eq!(replayed(""), "? inputs");
    }

    #[test]
    fn unknown_target_is_refused_with_the_list() {
        let all = || vec!["decode".to_owned(), "lines".to_owned()];
        assert_eq!(chosen(all(), None).unwrap(), all());
        assert_eq!(chosen(all(), Some("lines")).unwrap(), ["lines"]);
        let refused = chosen(all(), Some("line")).unwrap_err().to_string();
        assert_eq!(refused, "unknown target `line`; there are decode, lines");
    }

    #[test]
    fn every_target_has_seeds() {
        for target in targets().unwrap() {
            let folder = format!("fuzz/seeds/{target}");
            assert_eq!(seeds(&target).first(), Some(&folder));
            assert!(fs::read_dir(root().join(folder)).unwrap().next().is_some(), "{target}");
        }
    }
}
