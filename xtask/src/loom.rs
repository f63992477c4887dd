//! `cargo xtask loom`: explores the protocols of the concurrent crates in all their interleavings.

use xshell::{Shell, cmd};

use crate::flags::{Command, Flags};
use crate::step::{Job, Steps};
use crate::workspace::Workspace;

pub(crate) const COMMAND: Command = Command {
    name: "loom",
    operands: "",
    operands_max: 0,
    passes_on: true,
    summary: "Explores the concurrent crates' protocols in all interleavings",
    options: &[],
    examples: &["loom", "loom -- --nocapture"],
    run,
};

/// Runs the module `loom` of each crate that depends on it.
///
/// Under `--cfg loom` the atomics are loom's and work only in a model, so no other test can run.
/// The target folder is one of its own: a changed `RUSTFLAGS` would rebuild the usual one.
fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let workspace = Workspace::read(sh)?;
    let target = workspace.target.join("loom");
    let rest = &flags.rest;
    let mut steps = Steps::new();
    for package in workspace.packages.iter().filter(|package| package.uses("loom")) {
        let name = &package.name;
        let test = cmd!(
            sh,
            "cargo test --release --package {name} --lib --target-dir {target} -- loom:: {rest...}"
        );
        steps.command(Job::new(name, test).env("RUSTFLAGS", "--cfg=loom").tests());
    }
    steps.finish(COMMAND.name)
}
