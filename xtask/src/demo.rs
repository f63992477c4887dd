//! `cargo xtask demo`: the program on a real sample, held against a golden transcript.

use std::env::consts::EXE_SUFFIX;
use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};
use xshell::{Shell, cmd};

use crate::flags::{Command, Flags, Opt};
use crate::step::{self, Job, Steps};
use crate::workspace::Workspace;

pub(crate) const COMMAND: Command = Command {
    name: "demo",
    operands: "",
    operands_max: 0,
    passes_on: false,
    summary: "Runs the program on its sample and checks what it prints",
    options: &[Opt {
        name: "--update",
        value: "",
        help: "Accepts what it prints as the new golden",
    }],
    examples: &["demo", "demo --update"],
    run,
};

const SAMPLE: &str = "crates/cli/samples/startup.ndjson";
const GOLDEN: &str = "crates/cli/samples/startup.expected.txt";
const TITLE: &str =
    "What programs ask of the system while they start: calls, and mean nanoseconds.";
/// A difference longer than this is cut: the reader runs the command to see it all.
const DIFFERENCE_LINES_MAX: usize = 40;

/// Builds in release, runs the main job, compares, and then runs the original program.
///
/// The second half prints timings, so only its exit code is checked.
fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let mut steps = Steps::new();
    let build = cmd!(sh, "cargo build --release --package cli --bin windrow");
    if steps.command(Job::new("build", build)) {
        let program = Workspace::read(sh)?.target.join(format!("release/windrow{EXE_SUFFIX}"));
        step::say(&format!("\n{TITLE}\n\n$ windrow stats {SAMPLE}"));
        steps.run("stats", || {
            let found = cmd!(sh, "{program} stats {SAMPLE}").quiet().read()?;
            step::say(&format!("{found}\n"));
            check(sh, found, flags.has("--update"))
        });
        step::say("\nThe program this one grew out of: all times kept, against sum and count.");
        step::say("\n$ windrow demo");
        steps.run("original", || {
            cmd!(sh, "{program} demo").quiet().run().context("windrow demo")?;
            step::say("");
            Ok(String::new())
        });
    }
    steps.finish(COMMAND.name)
}

fn check(sh: &Shell, found: String, update: bool) -> anyhow::Result<String> {
    if update {
        sh.write_file(GOLDEN, format!("{found}\n"))?;
        return Ok(format!("{GOLDEN} rewritten, review it"));
    }
    let golden = sh.read_file(GOLDEN).context("run `cargo xtask demo --update` once")?;
    let difference = difference(&golden, &found);
    ensure!(!found.is_empty(), "printed nothing");
    if !difference.is_empty() {
        bail!("differs from {GOLDEN} (- golden, + found)\n{difference}");
    }
    Ok(format!("{} lines as in {GOLDEN}", found.lines().count()))
}

/// Shows the lines between the common beginning and the common end; empty if there are none.
///
/// Line ends do not count, so a checkout that rewrites them passes.
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
    fn difference_shows_only_the_changed_lines() {
        assert_eq!(difference("a\nb\nc\nd\n", "a\nX\nY\nd\n"), "@ line 2\n- b\n- c\n+ X\n+ Y\n");
        assert_eq!(difference("a\nb\n", "a\n"), "@ line 2\n- b\n");
        assert_eq!(difference("a\na\n", "a\n"), "@ line 2\n- a\n");
    }

    #[test]
    fn line_ends_are_no_difference() {
        assert_eq!(difference("a\r\nb\r\n", "a\nb"), "");
    }
}
