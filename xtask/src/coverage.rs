//! `cargo xtask coverage`: reports the lines and regions that the tests execute.
//!
//! A region is code between two branches; an executed line may contain a region that was not.
//! Executed code is not necessarily checked by a test; `cargo xtask mutants` is for that. The
//! result is a list of files to read, not a percentage to reach. Doctests are not measured, so
//! code that only they execute is reported as missed.

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::workspace::{Package, Workspace};

/// Report the lines and regions that the tests execute
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask coverage
  cargo xtask coverage core-time")]
pub(crate) struct Args {
    /// Measure only the tests of these crates
    #[arg(value_name = "CRATE")]
    packages: Vec<String>,
}

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let names = Workspace::read(sh)?.chosen(&self.packages, Package::is_product)?;
        let packages: Vec<_> = names.iter().flat_map(|name| ["--package", name]).collect();
        let version = cmd!(sh, "cargo llvm-cov --version").quiet().ignore_stderr().read();
        version.ok().context(
            "cargo-llvm-cov is not installed; run `cargo install cargo-llvm-cov --locked` and \
             `rustup component add llvm-tools`",
        )?;
        let options = ["--all-features", "--no-fail-fast", "--summary-only"];
        Ok(cmd!(sh, "cargo llvm-cov test {packages...} {options...}").run()?)
    }
}
