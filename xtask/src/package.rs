//! `cargo xtask package`: what would be published, packaged and built from the packages.

use xshell::{Shell, cmd};

use crate::flags::{Command, Flags};
use crate::step::{Job, Steps};
use crate::workspace::Workspace;

pub(crate) const COMMAND: Command = Command {
    name: "package",
    operands: "",
    operands_max: 0,
    passes_on: false,
    summary: "Packages every crate, and builds each from its package and those of the others",
    options: &[],
    examples: &["package"],
    run,
};

fn run(sh: &Shell, _: &Flags) -> anyhow::Result<()> {
    let mut steps = Steps::new();
    steps.command(job(sh, Depth::Built)?);
    steps.finish(COMMAND.name)
}

/// How much is done with the packages.
#[derive(PartialEq)]
pub(crate) enum Depth {
    /// They are made, which resolves what they need.
    Made,
    /// They are built as well, which takes minutes.
    Built,
}

/// The step, of which `ci` only makes the packages.
///
/// All at once: a crate resolves the others among the packages of the same run, as none of them has
/// to be in a registry yet. Their files and fields are looked at by `tidy`.
pub(crate) fn job(sh: &Shell, depth: Depth) -> anyhow::Result<Job<'_>> {
    let members = Workspace::read(sh)?.packages;
    let crates = members.iter().filter(|member| member.folder.starts_with("crates/"));
    let chosen = crates.flat_map(|member| ["--package", member.name.as_str()]);
    // What is not committed yet is packaged too, to be found out before it is.
    let package = cmd!(sh, "cargo package --allow-dirty --locked").args(chosen);
    let package = if depth == Depth::Made { package.arg("--no-verify") } else { package };
    Ok(Job::new("package", package).figure(|output| {
        let packaged = output.lines().filter(|line| line.trim_start().starts_with("Packaged "));
        format!("{} packages", packaged.count())
    }))
}
