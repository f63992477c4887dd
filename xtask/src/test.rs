//! `cargo xtask test`: runs the unit, integration, model and doc tests, crate by crate.

use xshell::{Shell, cmd};

use crate::step::{Job, Steps};
use crate::workspace::Workspace;

/// Run unit, integration, model and doc tests, crate by crate
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask test
  cargo xtask test core-time
  cargo xtask test codec -- golden")]
pub(crate) struct Args {
    /// Test only this crate
    #[arg(value_name = "CRATE")]
    package: Option<String>,
    /// Pass these arguments to the tests
    #[arg(last = true)]
    args: Vec<String>,
}

impl Args {
    /// Runs one `cargo test` per crate, so each also compiles with its own features alone.
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let workspace = Workspace::read(sh)?;
        let chosen = workspace.chosen(self.package.as_slice(), |_| true)?;
        let args = &self.args;
        let dashes = (!args.is_empty()).then_some("--");
        let mut steps = Steps::new();
        for name in chosen {
            let test = cmd!(sh, "cargo test --package {name} --no-fail-fast {dashes...} {args...}");
            steps.command(Job::tests(&name, test));
        }
        steps.finish("test")
    }
}
