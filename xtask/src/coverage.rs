//! `cargo xtask coverage`: reports the lines and regions that the tests execute.
//!
//! A region is code between two branches; an executed line may contain a region that was not.
//! Executed code is not necessarily checked by a test; `cargo xtask mutants` is for that. The
//! result is a list of files to read, not a percentage to reach. Doctests are not measured, so
//! code that only they execute is reported as missed.

use std::env::{self, consts::EXE_SUFFIX};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
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
        check_tools(sh)?;
        let options = ["--all-features", "--no-fail-fast", "--summary-only"];
        let test = cmd!(sh, "cargo llvm-cov test {packages...} {options...}");
        // Without it, cargo-llvm-cov installs what is missing.
        Ok(test.env("CARGO_LLVM_COV_SETUP", "no").run()?)
    }
}

/// Checks for the tools, before anything is built.
fn check_tools(sh: &Shell) -> anyhow::Result<()> {
    let version = cmd!(sh, "cargo llvm-cov --version").quiet().ignore_stdout().ignore_stderr();
    version.run().context(
        "cargo-llvm-cov is not installed; run `cargo install cargo-llvm-cov --locked` and \
         `rustup component add llvm-tools`",
    )?;
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    let mut targets = fs::read_dir(Path::new(&sysroot).join("lib/rustlib"))?.flatten();
    let program = format!("bin/llvm-cov{EXE_SUFFIX}");
    ensure!(
        env::var_os("LLVM_COV").is_some() || targets.any(|one| one.path().join(&program).is_file()),
        "the toolchain in {sysroot} has no llvm-cov; run `rustup component add llvm-tools`, or set \
         LLVM_COV and LLVM_PROFDATA to those of the same LLVM"
    );
    Ok(())
}
