//! `cargo xtask instructions`: counts the instructions of operations under valgrind.
//!
//! A count is the same on a busy and on an idle machine, to a fraction of an instruction, so it
//! shows changes that a time hides in its noise. It is not a time: a cache miss counts as much as a
//! hit, and a division as much as an addition. Valgrind hides the vDSO, so every clock is read by a
//! system call, whose instructions are not counted.
//!
//! `benches/src/bin/instructions.rs` holds the operations. Each runs twice, a few times and many
//! times; the difference excludes the start of the program and the preparation of the operation.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use xshell::{Shell, cmd};

use crate::measure::table::Table;
use crate::step::{self, Job, Steps};
use crate::workspace::Workspace;

/// Count the instructions of each operation under valgrind
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask instructions
  cargo xtask instructions count/")]
pub(crate) struct Args {
    /// Count only the operations whose names contain this
    #[arg(default_value = "", hide_default_value = true)]
    filter: String,
}

/// The number of operations in the two runs.
const FEW: u64 = 1_000;
const MANY: u64 = 11_000;

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        check_valgrind(sh)?;
        let target = Workspace::read(sh)?.target;
        let counter = Counter {
            program: target.join(format!("release/instructions{EXE_SUFFIX}")),
            out: target.join("instructions"),
        };
        let mut steps = Steps::new();
        let build = cmd!(sh, "cargo build --release --package benches --bin instructions");
        let mut counts = Vec::new();
        if steps.command(Job::new("build", build)) {
            steps.run("count", || {
                for name in counter.operations(sh, &self.filter)? {
                    step::show(&name);
                    counts.push((counter.count(sh, &name)?, name));
                }
                Ok(format!("{} operations", counts.len()))
            });
            step::print(&format!("\n{}", table(&counts).plain()));
        }
        steps.finish("instructions")
    }
}

fn check_valgrind(sh: &Shell) -> anyhow::Result<()> {
    let version = cmd!(sh, "valgrind --version").quiet().ignore_stdout().ignore_stderr();
    version.run().context(
        "valgrind is not installed; install it with `apt install valgrind` or \
         `dnf install valgrind` (it runs on Linux and FreeBSD)",
    )
}

/// The program that runs the operations, and the folder of its profiles.
struct Counter {
    program: PathBuf,
    /// Holds the last profile of each operation, for `callgrind_annotate`.
    out: PathBuf,
}

impl Counter {
    /// Returns the operations whose names contain `filter`, in the order of the program.
    fn operations(&self, sh: &Shell, filter: &str) -> anyhow::Result<Vec<String>> {
        let program = &self.program;
        let all = cmd!(sh, "{program}").quiet().read()?;
        let names: Vec<_> = all.lines().filter(|name| name.contains(filter)).collect();
        ensure!(
            !names.is_empty(),
            "no operation name contains `{filter}`; the operations are:\n{all}"
        );
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    /// Counts the instructions of one operation.
    fn count(&self, sh: &Shell, name: &str) -> anyhow::Result<f64> {
        let [few, many] = [self.run(sh, name, FEW)?, self.run(sh, name, MANY)?];
        Ok((many as f64 - few as f64) / (MANY - FEW) as f64)
    }

    /// Counts the instructions of the whole program, which runs an operation `times` times.
    fn run(&self, sh: &Shell, name: &str, times: u64) -> anyhow::Result<u64> {
        let (program, times) = (&self.program, times.to_string());
        fs::create_dir_all(&self.out)?;
        let file = self.out.join(format!("{}.{times}.callgrind", name.replace('/', "_")));
        let out = format!("--callgrind-out-file={}", file.display());
        let command = cmd!(sh, "valgrind --tool=callgrind {out} {program} {name} {times}");
        let (succeeded, output) = step::capture(command.quiet().into())?;
        let collected = collected(&output).filter(|_| succeeded);
        collected.with_context(|| format!("valgrind failed at {name}\n{}", output.trim_end()))
    }
}

/// Reads the total from the output of callgrind: `==7== Collected : 347002`.
fn collected(output: &str) -> Option<u64> {
    let line = output.lines().rev().find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

/// Makes the table.
fn table(counts: &[(f64, String)]) -> Table {
    let head = ["operation", "instructions"].map(str::to_owned);
    let row = |(count, name): &(f64, String)| vec![name.clone(), format!("{count:.1}")];
    let title = "Instructions of an operation".to_owned();
    Table::new(title, head.into(), counts.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_read_from_the_last_line_that_has_one() {
        let output = "==7== Callgrind, a profiler\n==7== Events    : Ir\n\
                      ==7== Collected : 347002\n==7== \n";
        assert_eq!(collected(output), Some(347_002));
        assert_eq!(collected("==7== Collected : many\n"), None);
        assert_eq!(collected("valgrind: failed to start\n"), None);
    }

    #[test]
    fn table_shows_a_tenth_of_an_instruction() {
        let counts = [(96.96, "record/now".to_owned()), (6.0, "clock/coarse".to_owned())];
        let text = table(&counts).plain();
        let rows: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(rows, ["  record/now             97.0", "  clock/coarse            6.0"]);
    }
}
