//! The memory of the program, as the system measures it, against the budget that it is given.

#![cfg(target_os = "linux")]

use std::io::{BufWriter, Write as _};
use std::process::{Command, Output, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use tempfile::NamedTempFile;

const MIB: u64 = 1 << 20;

/// Writes lines to a file.
fn file(lines: impl IntoIterator<Item = (usize, f64)>) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    // Not as one text: a new process counts the memory of the one that starts it.
    let mut buffer = BufWriter::new(file.as_file_mut());
    for (name, time) in lines {
        // A name of 60 bytes.
        writeln!(buffer, r#"{{"action":"{name:060}","time":{time}}}"#).unwrap();
    }
    buffer.flush().unwrap();
    drop(buffer);
    file
}

/// Runs `windrow stats`; returns its output and the largest memory of all runs so far.
fn stats(file: &NamedTempFile, options: &[&str]) -> (Output, u64) {
    let output = Command::new(env!("CARGO_BIN_EXE_windrow"))
        .args(["stats", "--max-actions", "10000000"])
        .args(options)
        .arg(file.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss().cast_unsigned() * 1_024;
    (output, used)
}

// One test, because the memory is that of all runs so far.
#[test]
fn memory_stays_within_the_budget() {
    const NAMES: usize = 150_000;
    let many = file((0..NAMES).map(|name| (name, 0.5)));
    let budget = 48 * MIB;
    for options in [
        &["--format", "json", "--stat", "count"][..],
        &["--format", "csv", "--threads", "2", "--stat", "count,p99"],
        &["--format", "table", "--sort", "mean"],
    ] {
        let (output, used) = stats(&many, &[options, &["--max-memory", "48MiB"]].concat());
        assert_eq!(output.status.code(), Some(0), "{options:?}: {output:?}");
        assert!(used <= budget, "{options:?}: {used} bytes");
        let messages = String::from_utf8(output.stderr).unwrap();
        let expected = "of further actions as `(other)`, since ";
        assert!(messages.contains(expected), "{options:?}: {messages}");
        assert!(messages.contains("raise it with `--max-memory`"), "{messages}");
        let text = String::from_utf8(output.stdout).unwrap();
        let rows = text.matches("000").count();
        assert!(rows > 5_000, "{options:?}: {rows} rows");
        if let ["--format", "json", ..] = options {
            let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            let counts = rows.iter().map(|row| row["count"].as_u64().unwrap());
            assert_eq!(counts.sum::<u64>(), NAMES as u64);
        }
    }

    // Few names, whose histograms grow to 6 KiB each after all have rows: by more times than bins
    // are listed for, between a minimum and a maximum.
    const TIMES: usize = 2 + 130;
    let power = |at: usize| [-33, 63, -32, 62][if at < 2 { at } else { 2 + at % 2 }];
    let growing = (0..8_000).map(|name| (name, 0.5));
    let times = (0..8_000 * TIMES).map(|at| (at / TIMES, 2_f64.powi(power(at % TIMES))));
    let growing = growing.chain(times);
    let growing = file(growing);
    let options = ["--threads", "1", "--stat", "p99", "--format", "json", "--max-memory", "48MiB"];
    let (output, used) = stats(&growing, &options);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    let messages = String::from_utf8(output.stderr).unwrap();
    let expected = "the statistics of all rows outgrew `--max-memory`, 48.0 MiB";
    assert!(messages.contains(expected), "{messages}");
    // Measured before each read of 256 KiB, which adds the histograms of 100 names.
    assert!(used <= budget + MIB, "{used} bytes");

    // Without a budget, both take more. This shows that the measurement works.
    let (output, used) = stats(&many, &["--format", "table", "--sort", "mean"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(used > 2 * budget, "{used} bytes");
}

#[test]
fn a_budget_below_what_the_program_needs_is_refused() {
    let file = file([(1, 0.5)]);
    let (output, _) = stats(&file, &["--max-memory", "1MiB"]);
    assert_eq!(output.status.code(), Some(2));
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(messages.contains("`--max-memory` is 1.0 MiB, the program needs "), "{messages}");
    assert!(messages.contains("raise it, or lower `--threads`"), "{messages}");
    let (output, _) = stats(&file, &["--max-memory", "many"]);
    assert_eq!(output.status.code(), Some(2));
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(messages.contains("expected a size such as 64MiB or 500MB"), "{messages}");
}
