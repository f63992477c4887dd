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

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    let mut steps = Steps::new();
    for job in jobs(sh, &flags.rest)? {
        steps.command(job);
    }
    steps.finish(COMMAND.name)
}

/// The module `loom` of each crate that depends on it.
///
/// Under `--cfg loom` the atomics are loom's and work only in a model, so no other test can run.
/// The target folder is one of its own: a changed `RUSTFLAGS` would rebuild the usual one.
/// Arithmetic is checked although it is optimised: a torn read that overflows is a fault too.
pub(crate) fn jobs<'a>(sh: &'a Shell, rest: &[String]) -> anyhow::Result<Vec<Job<'a>>> {
    let workspace = Workspace::read(sh)?;
    let target = workspace.target.join("loom");
    let packages = workspace.packages.iter().filter(|package| package.uses("loom"));
    let job = |name: &str| {
        let test = cmd!(
            sh,
            "cargo test --release --package {name} --lib --target-dir {target} -- loom:: {rest...}"
        );
        Job::new("loom", test)
            .env("RUSTFLAGS", "--cfg=loom")
            .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
            .tests()
    };
    Ok(packages.map(|package| job(&package.name)).collect())
}
