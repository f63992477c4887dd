//! Signals to a running program.

#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::fs;
use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Sends a signal to a program.
///
/// A signal that this process ignores is ignored by its children too, until they handle it. A test
/// would wait forever, so it fails.
#[track_caller]
pub(crate) fn send(child: &Child, signal: Signal) {
    assert!(!is_ignored(signal), "{signal} is ignored: start the tests without `nohup` and `&`");
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Returns whether this process ignores a signal.
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    mask >> (signal as i32 - 1) & 1 == 1
}
