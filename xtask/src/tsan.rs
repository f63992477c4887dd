//! `cargo xtask tsan`: the tests under the thread sanitizer, which sees races for plain memory.
//!
//! It looks for two accesses, one of them a write and one of them not atomic, with nothing between
//! them that orders them. What orders threads is mostly in the standard library, so that must be
//! compiled for it too: with one that is not, the tests of `core-time` raise two hundred alarms, at
//! locks, channels and ends of threads, and none of them is true. Rust brings such a library for
//! 64-bit Linux; elsewhere it is built here, from its sources.
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
    Sanitizer { name: COMMAND.name, flag: "-Zsanitizer=thread", std_suffix: Some("tsan") };

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    THREAD.run(sh, flags)
}
