//! Programs that may be missing. The tests of `crates/service` compile this file too.

use std::io::Write;
use std::{env, fs, thread};

/// The file to which skipped tests append a line each, for `cargo xtask test` to count.
const SKIPPED: &str = "WINDROW_SKIPPED";

/// Returns whether a program is missing, after counting the test as skipped.
///
/// # Panics
///
/// If the program is missing and nobody counts: a test that did not run must not pass.
#[track_caller]
pub(crate) fn is_missing(program: &str, package: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        return false;
    }
    skip(program, &format!("apt-get install {package}"));
    true
}

/// Counts a test as skipped, because a program or a library is missing.
///
/// # Panics
///
/// If nobody counts.
#[track_caller]
pub(crate) fn skip(missing: &str, how: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("test");
    let line = format!("{test}: `{missing}` is not installed, get it with `{how}`");
    let Some(file) = env::var_os(SKIPPED) else { panic!("{line}") };
    // One write, so that lines of concurrent tests are not mixed.
    let mut file = fs::File::options().create(true).append(true).open(file).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}
