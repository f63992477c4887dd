//! `cargo xtask tsan`: the tests under the thread sanitizer, which sees races for plain memory.
//!
//! It looks for two accesses, one of them a write and one of them not atomic, with nothing between
//! them that orders them. What orders threads is mostly in the standard library, so that must be
//! compiled for it too: against one that is not, tests of `core-time` raise two hundred alarms, at
//! every lock, channel and end of a thread, and none of them is true.
//!
//! It does not understand `fence`. What only a fence orders would be a false alarm if it were plain
//! memory; in the ledger, where there are fences, all that they order is atomic, and whether they
//! do is what the models of `cargo xtask loom` explore. So this is for what the models leave out:
//! the places of threads, their rows, and whatever else `unsafe` and locks guard.

use xshell::Shell;

use crate::flags::{Command, Flags};
use crate::nightly::Sanitizer;

pub(crate) const COMMAND: Command = Command {
    name: "tsan",
    operands: "[CRATE...]",
    operands_max: usize::MAX,
    passes_on: true,
    summary: "Runs the tests of crates with `unsafe` under the thread sanitizer",
    options: &[],
    examples: &["tsan", "tsan core-time -- threads"],
    run,
};

const THREAD: Sanitizer =
    Sanitizer { name: COMMAND.name, flags: "-Zsanitizer=thread", builds_std: true };

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    THREAD.run(sh, flags)
}
