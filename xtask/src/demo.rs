//! `cargo xtask demo`: runs the program on a real sample and compares the output.

use std::env::consts::EXE_SUFFIX;
use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};
use xshell::{Shell, cmd};

use crate::step::{self, Job, Steps};
use crate::workspace::Workspace;

/// Run the program on its sample and check the output
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask demo
  cargo xtask demo --update")]
pub(crate) struct Args {
    /// Write the output as the new expected output
    #[arg(long)]
    update: bool,
}

const SAMPLE: &str = "crates/cli/samples/startup.ndjson";
const GOLDEN: &str = "crates/cli/samples/startup.expected.txt";
const TITLE: &str =
    "System calls of programs while they start, and the mean time of each in nanoseconds.";
/// The maximum number of lines of a difference that are printed.
const DIFFERENCE_LINES_MAX: usize = 40;

impl Args {
    /// Builds the program, compares the output of `stats`, and runs `windrow demo`, which explains
    /// itself.
    ///
    /// `windrow demo` prints timings, so only its exit code is checked.
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mut steps = Steps::new();
        let build = cmd!(sh, "cargo build --release --package cli --bin windrow");
        if steps.command(Job::new("build", build)) {
            let program = Workspace::read(sh)?.target.join(format!("release/windrow{EXE_SUFFIX}"));
            step::print(&format!("\n{TITLE}\n\n$ windrow stats {SAMPLE}"));
            steps.run("stats", || {
                let found = cmd!(sh, "{program} stats {SAMPLE}").quiet().read()?;
                step::print(&format!("{found}\n"));
                check(sh, found, self.update)
            });
            step::print("\n$ windrow demo");
            steps.run("trackers", || {
                cmd!(sh, "{program} demo").quiet().run().context("windrow demo")?;
                step::print("");
                Ok(String::new())
            });
        }
        steps.finish("demo")
    }
}

fn check(sh: &Shell, found: String, update: bool) -> anyhow::Result<String> {
    if update {
        sh.write_file(GOLDEN, format!("{found}\n"))?;
        return Ok(format!("{GOLDEN} written, review the difference"));
    }
    let golden = sh.read_file(GOLDEN).context("run `cargo xtask demo --update` once")?;
    let difference = difference(&golden, &found);
    ensure!(!found.is_empty(), "`windrow stats` printed nothing");
    if !difference.is_empty() {
        bail!(
            "the output differs from {GOLDEN} (- expected, + found):\n{difference}\
             if that is intended, run `cargo xtask demo --update`"
        );
    }
    Ok(format!("{} lines as in {GOLDEN}", found.lines().count()))
}

/// Returns the lines between the common beginning and the common end; empty if equal.
///
/// Line ends are ignored, so a checkout that converts them passes.
fn difference(golden: &str, found: &str) -> String {
    let [mut golden, mut found] =
        [golden, found].map(|text| text.trim_end().lines().collect::<Vec<_>>());
    let same = golden.iter().zip(&found).take_while(|(a, b)| a == b).count();
    let line = same + 1;
    golden.drain(..same);
    found.drain(..same);
    while golden.last().is_some_and(|last| found.last() == Some(last)) {
        golden.pop();
        found.pop();
    }
    if golden.is_empty() && found.is_empty() {
        return String::new();
    }
    let mut text = format!("@ line {line}\n");
    let lines = golden.iter().map(|line| ('-', line)).chain(found.iter().map(|line| ('+', line)));
    for (sign, line) in lines.take(DIFFERENCE_LINES_MAX) {
        let _ = writeln!(text, "{sign} {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_has_only_the_changed_lines() {
        assert_eq!(difference("a\nb\nc\nd\n", "a\nX\nY\nd\n"), "@ line 2\n- b\n- c\n+ X\n+ Y\n");
        assert_eq!(difference("a\nb\n", "a\n"), "@ line 2\n- b\n");
        assert_eq!(difference("a\na\n", "a\n"), "@ line 2\n- a\n");
    }

    #[test]
    fn line_ends_are_ignored() {
        assert_eq!(difference("a\r\nb\r\n", "a\nb"), "");
    }
}
