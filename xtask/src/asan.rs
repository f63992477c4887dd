//! `cargo xtask asan`: the tests under the address sanitizer, which sees what `unsafe` gets wrong.
//!
//! Use after free, out of bounds, leaks. The standard library is not compiled for it and need not
//! be: its allocations are seen all the same, and so is what our code does with them.

use xshell::Shell;

use crate::flags::{Command, Flags};
use crate::nightly::Sanitizer;

pub(crate) const COMMAND: Command = Command {
    name: "asan",
    operands: "[CRATE...]",
    operands_max: usize::MAX,
    passes_on: true,
    summary: "Runs the tests of crates with `unsafe` under the address sanitizer",
    options: &[],
    examples: &["asan", "asan core-time -- per_thread"],
    run,
};

const ADDRESS: Sanitizer =
    Sanitizer { name: COMMAND.name, flag: "-Zsanitizer=address", std_suffix: None };

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    ADDRESS.run(sh, flags)
}
