//! `cargo xtask package`: packages every crate and builds it from the package.

use xshell::{Shell, cmd};

use crate::step::{Job, Steps};
use crate::workspace::Workspace;

/// Package every crate and build each from the packages
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask package")]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mut steps = Steps::new();
        steps.command(job(sh, Depth::Build)?);
        steps.finish("package")
    }
}

/// How much is checked.
#[derive(PartialEq)]
pub(crate) enum Depth {
    /// Creates the packages, which resolves their dependencies.
    Create,
    /// Also builds the packages, which takes minutes.
    Build,
}

/// Returns the step, which packages all crates in one run.
///
/// Cargo resolves a dependency on another crate among the packages of the same run, so no crate has
/// to be in a registry. `tidy` checks the files and fields of the packages.
pub(crate) fn job(sh: &Shell, depth: Depth) -> anyhow::Result<Job<'_>> {
    let members = Workspace::read(sh)?.packages;
    let crates = members.iter().filter(|member| member.folder.starts_with("crates/"));
    let chosen = crates.flat_map(|member| ["--package", member.name.as_str()]);
    // Uncommitted changes are packaged too, so that errors are found before the commit.
    let package = cmd!(sh, "cargo package --allow-dirty --locked").args(chosen);
    let package = if depth == Depth::Create { package.arg("--no-verify") } else { package };
    Ok(Job::new("package", package).figure(|output| {
        let packaged = output.lines().filter(|line| line.trim_start().starts_with("Packaged "));
        format!("{} packages", packaged.count())
    }))
}
