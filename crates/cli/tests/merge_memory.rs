//! The memory of a merge, which grows with the number of actions, not of files.

#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use tempfile::TempDir;

const ACTIONS: usize = 1_000;

/// Runs the program, and returns its output and the largest memory of all runs so far.
fn run(folder: &TempDir, words: &[String]) -> (String, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
    let command = command.args(words).current_dir(folder).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss().cast_unsigned() * 1_024;
    (String::from_utf8(output.stdout).unwrap(), used)
}

fn merge(folder: &TempDir, files: usize) -> (String, u64) {
    let words = ["merge", "--stat", "count", "--format", "csv"].map(str::to_owned);
    let files = (0..files).map(|file| format!("{file}.rows"));
    run(folder, &words.into_iter().chain(files).collect::<Vec<_>>())
}

// One test, because the memory is that of all runs so far.
#[test]
fn memory_does_not_grow_with_the_number_of_files() {
    const FILES: usize = 100;
    let folder = TempDir::new().unwrap();
    for file in 0..FILES {
        let mut text = String::new();
        for action in 0..ACTIONS {
            writeln!(text, r#"{{"action":"action {action:0100}","time":{file}.5}}"#).unwrap();
        }
        fs::write(folder.path().join("log"), text).unwrap();
        let save = format!("stats --format csv -o /dev/null --save {file}.rows log");
        run(&folder, &save.split(' ').map(str::to_owned).collect::<Vec<_>>());
    }
    let (_, few) = merge(&folder, FILES / 10);
    let (rows, many) = merge(&folder, FILES);
    let count = format!(",{FILES}");
    assert_eq!(rows.lines().filter(|row| row.ends_with(&count)).count(), ACTIONS);
    // Files that are kept would add 12 MiB; quantiles of more times grow a little.
    assert!(many < few + 4 * (1 << 20), "{few} bytes for few files, {many} for many");
}
