//! `cargo xtask asan`: runs the tests under the address sanitizer.
//!
//! It detects errors of `unsafe` code: use after free, access out of bounds, leaks. The standard
//! library needs no instrumentation: its allocations are intercepted all the same.

use xshell::Shell;

use crate::flags::{Command, Flags};
use crate::nightly::Sanitizer;

pub(crate) const COMMAND: Command = Command {
    name: "asan",
    operands: "[CRATE...]",
    operands_max: usize::MAX,
    passes_on: true,
    summary: "Run the tests of crates with `unsafe` under the address sanitizer",
    options: &[],
    examples: &["asan", "asan core-time -- per_thread"],
    run,
};

const ADDRESS: Sanitizer =
    Sanitizer { name: COMMAND.name, flag: "-Zsanitizer=address", std_suffix: None };

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    ADDRESS.run(sh, flags)
}
