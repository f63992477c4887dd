//! `cargo xtask demo`: runs the program on a real sample and compares the output.

use std::env::consts::EXE_SUFFIX;
use std::path::Path;

use anyhow::{Context as _, ensure};
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
                check(sh, &found, Path::new(GOLDEN), self.update)
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

/// Compares the output with the expected one; line ends may differ.
fn check(sh: &Shell, found: &str, golden: &Path, update: bool) -> anyhow::Result<String> {
    ensure!(!found.is_empty(), "`windrow stats` printed nothing");
    let shown = golden.display();
    if update {
        sh.write_file(golden, format!("{found}\n"))?;
        return Ok(format!("{shown} written, review the difference"));
    }
    let diff = cmd!(sh, "git diff --no-index --exit-code --ignore-cr-at-eol -- {golden} -");
    let diff = diff.stdin(format!("{found}\n")).quiet().ignore_status().output()?;
    ensure!(
        diff.status.success(),
        "the output differs from {shown}:\n{}{}\
         if that is intended, run `cargo xtask demo --update`",
        String::from_utf8_lossy(&diff.stdout),
        String::from_utf8_lossy(&diff.stderr)
    );
    Ok(format!("{} lines as in {shown}", found.lines().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_is_shown_and_line_ends_are_ignored() {
        let sh = Shell::new().unwrap();
        let folder = sh.create_temp_dir().unwrap();
        let golden = folder.path().join("golden.txt");
        sh.write_file(&golden, "a\r\nb\r\n").unwrap();
        assert!(check(&sh, "a\nb", &golden, false).unwrap().starts_with("2 lines as in "));
        let error = check(&sh, "a\nX", &golden, false).unwrap_err().to_string();
        assert!(error.contains("\n-b") && error.contains("\n+X\n"), "{error}");
        assert!(check(&sh, "", &golden, true).is_err());
        check(&sh, "a\nX", &golden, true).unwrap();
        assert_eq!(sh.read_file(&golden).unwrap(), "a\nX\n");
    }
}
