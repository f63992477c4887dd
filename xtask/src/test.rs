//! `cargo xtask test`: runs the unit, integration, model and doc tests, crate by crate.

use xshell::{Shell, cmd};

use crate::flags::{Command, Flags};
use crate::step::{Job, Steps};
use crate::workspace::Workspace;

pub(crate) const COMMAND: Command = Command {
    name: "test",
    operands: "[CRATE]",
    operands_max: 1,
    passes_on: true,
    summary: "Run unit, integration, model and doc tests, crate by crate",
    options: &[],
    examples: &["test", "test core-time", "test codec -- golden"],
    run,
};

/// Runs one `cargo test` per crate, so each also compiles with its own features alone.
fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let workspace = Workspace::read(sh)?;
    let chosen = match flags.operands.as_slice() {
        [] => workspace.packages.into_iter().map(|package| package.name).collect(),
        named => workspace.chosen(named)?,
    };
    let rest = &flags.rest;
    let dashes = (!rest.is_empty()).then_some("--");
    let mut steps = Steps::new();
    for name in chosen {
        let command = cmd!(sh, "cargo test --package {name} --no-fail-fast {dashes...} {rest...}");
        steps.command(Job::new(&name, command).tests());
    }
    steps.finish(COMMAND.name)
}
