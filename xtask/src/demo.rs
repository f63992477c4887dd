//! `cargo xtask demo`: runs the program on a real sample and compares the output.

use std::env::consts::EXE_SUFFIX;
use std::path::Path;

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::golden;
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
                let (golden, text) = (Path::new(GOLDEN), format!("{found}\n"));
                golden::check(sh, golden, &text, self.update, "cargo xtask demo")?;
                Ok(format!("{} lines as in {GOLDEN}", found.lines().count()))
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
