//! `cargo xtask tsan`: runs the tests under the thread sanitizer.
//!
//! It detects data races: two unordered accesses to the same memory, at least one of them a write
//! and at least one of them not atomic. Threads are mostly ordered by the standard library, so the
//! standard library must be instrumented too. Without that, the tests of `core-time` raise two
//! hundred false alarms, at locks, channels and ends of threads. Rust provides an instrumented
//! library for 64-bit Linux; elsewhere it is built from source.
//!
//! The sanitizer ignores `fence`, so plain memory that only a fence orders would be a false alarm.
//! Where the crates use fences, all that they order is atomic, and the models of `cargo xtask loom`
//! check it. This command covers the rest: memory guarded by `unsafe` code and by locks.

use xshell::Shell;

use crate::flags::{Command, Flags};
use crate::nightly::Sanitizer;

pub(crate) const COMMAND: Command = Command {
    name: "tsan",
    operands: "[CRATE...]",
    operands_max: usize::MAX,
    passes_on: true,
    summary: "Run the tests of crates with `unsafe` under the thread sanitizer",
    options: &[],
    examples: &["tsan", "tsan core-time -- threads"],
    run,
};

const THREAD: Sanitizer =
    Sanitizer { name: COMMAND.name, flag: "-Zsanitizer=thread", std_suffix: Some("tsan") };

fn run(sh: &Shell, flags: &Flags) -> anyhow::Result<()> {
    THREAD.run(sh, flags)
}
