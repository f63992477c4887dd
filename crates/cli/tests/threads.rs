//! The output does not depend on the number of threads.

use std::fs;
use std::io::Write;
use std::process::{Command, Output};

use flate2::{Compression, write::GzEncoder};

fn windrow(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
    command.args(args).env_remove("CLICOLOR_FORCE").output().unwrap()
}

/// Creates a file of more than half a megabyte, so that all threads have work.
fn file(name: &str, more: &[&str]) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    let output = windrow(&[&["generate", "--lines", "20000", "-o", &path], more].concat());
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    path
}

/// Runs with one thread and repeatedly with several. Returns the one output.
#[track_caller]
fn answer(args: &[&str]) -> Output {
    let one = windrow(&[args, &["--threads", "1"]].concat());
    for threads in ["2", "5"].repeat(2) {
        let other = windrow(&[args, &["--threads", threads]].concat());
        assert_eq!(other, one, "{threads} threads");
    }
    one
}

#[test]
fn answer_is_the_same() {
    let mixed = ["--actions", "500", "--popularity", "zipf", "--shape", "mixed", "--bad", "0.01"];
    let mixed = file("mixed.ndjson", &mixed);
    for format in ["table", "csv"] {
        let found = answer(&["stats", "--format", format, &mixed, "tests/data/monday.ndjson"]);
        assert_eq!(found.status.code(), Some(3));
    }
}

#[test]
fn files_are_reported_in_order() {
    let bad = ["--bad", "0.01", "--actions", "50", "--seed"];
    let names: Vec<_> = (0..5)
        .map(|seed| {
            let seed = seed.to_string();
            let plain = file(&format!("{seed}.ndjson"), &[&bad[..], &[&seed]].concat());
            let zipped = format!("{plain}.gz");
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(&fs::read(&plain).unwrap()).unwrap();
            let mut bytes = gzip.finish().unwrap();
            if seed == "1" || seed == "4" {
                bytes.truncate(bytes.len() / 2);
            }
            fs::write(&zipped, bytes).unwrap();
            zipped
        })
        .collect();
    let mut files: Vec<_> = names.iter().map(String::as_str).collect();
    files.insert(2, "missing.ndjson");
    files.extend(["tests/data/monday.ndjson", "tests/data/refused.ndjson", "missing.too"]);
    let found = answer(&[&["stats", "--stat", "count,mean,p99"], &files[..]].concat());
    assert_eq!(found.status.code(), Some(1));
    let messages = String::from_utf8(found.stderr).unwrap();
    let messages: Vec<_> =
        messages.lines().filter_map(|line| line.strip_prefix("windrow: ")).collect();
    let begins = |(messages, name): (&&str, &str)| messages.starts_with(&format!("{name}: "));
    let unreadable = [&names[1], "missing.ndjson", &names[4], "missing.too"];
    assert!(messages.iter().zip(unreadable).all(begins), "{messages:#?}");
}

/// Returns the lines of a file in an order unrelated to their timestamps.
fn shuffled(file: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    fastrand::Rng::with_seed(7).shuffle(&mut lines);
    let path = format!("{file}.shuffled");
    fs::write(&path, lines.concat()).unwrap();
    path
}

#[test]
fn rows_of_a_series_do_not_depend_on_the_order_of_lines() {
    let actions = ["--actions", "300", "--timestamp", "at", "--per-second", "33.4"];
    let file = file("series.ndjson", &actions);
    let shuffled = shuffled(&file);
    let series = |file: &str, more: &[&str]| {
        let args = ["series", "--timestamp", "at", "--by-action", "--format", "csv", file];
        let output = answer(&[&args, more].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code())
    };
    // At a width of 10 s, 60 intervals would have some 12,000 rows by action.
    let found = series(&file, &[]);
    assert_eq!((found.1.as_str(), found.2), ("", Some(0)));
    let froms: Vec<_> = found.0.lines().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(froms[..2], ["from", "2026-01-01T00:00:00Z"]);
    let mut froms = froms.into_iter().filter(|from| !from.starts_with("2026-01-01T00:00:00"));
    assert_eq!(froms.nth(1), Some("2026-01-01T00:00:20Z"));
    assert_eq!(series(&shuffled, &[]), found);

    for (more, expected) in [
        (
            &["--max-rows", "299"][..],
            "windrow: more actions than 299 rows at any width\n  \
             omit `--by-action`, or allow more rows with `--max-rows`\n",
        ),
        (
            &["--every", "10s"],
            "windrow: 2026-01-01T00:00:00Z to 2026-01-01T00:09:58Z has more than 10,000 rows of \
             one action and 10s each\n  \
             use a wider `--every`, omit `--by-action`, or allow more with `--max-rows`\n",
        ),
    ] {
        let found = series(&file, more);
        assert_eq!((found.0.as_str(), found.1.as_str(), found.2), ("", expected, Some(1)));
        assert_eq!(series(&shuffled, more), found);
    }
}

#[test]
fn first_refused_line_is_the_same() {
    let bad = file("bad.ndjson", &["--bad", "0.001", "--seed", "3"]);
    let found = answer(&["stats", "--strict", "tests/data/monday.ndjson", &bad]);
    assert_eq!((found.stdout.len(), found.status.code()), (0, Some(3)));
}

#[test]
fn refused_lines_are_kept_in_order() {
    let bad = file("kept.ndjson", &["--bad", "0.01", "--shape", "mixed"]);
    let kept = format!("{}/refused.ndjson", env!("CARGO_TARGET_TMPDIR"));
    let found = windrow(&["stats", "--stat", "count", "--refused", &kept, &bad]);
    assert_eq!(found.status.code(), Some(3));
    let kept = fs::read_to_string(kept).unwrap();
    let lines = fs::read_to_string(bad).unwrap();
    let mut rest = lines.lines();
    assert!(kept.lines().count() > 150);
    for refused in kept.lines() {
        assert!(rest.any(|line| line == refused), "`{refused}` is not where it should be");
    }
    let counts = String::from_utf8(found.stdout).unwrap().replace(',', "");
    let counts =
        counts.lines().skip(1).filter_map(|line| line.rsplit_once(' ')?.1.parse::<usize>().ok());
    assert_eq!(counts.sum::<usize>() + kept.lines().count(), lines.lines().count());
}

#[test]
fn refused_lines_of_several_mebibytes_are_kept_whole() {
    const JUMP: &str = r#"{"action":"jump","time":1}"#;
    let path = |name: &str| format!("{}/long_{name}", env!("CARGO_TARGET_TMPDIR"));
    // No period divides the size of a read, so a lost or repeated piece changes the output.
    let long = |first: u8| -> String {
        (0..3_u32 << 20).map(|at| char::from(first + (at % 61) as u8)).collect()
    };
    let (a, b, c) = (long(b'!'), long(b'"'), long(b'#'));
    let unzipped = format!("{JUMP}\n{a}\n[]\n{JUMP}\n{b}");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(unzipped.as_bytes()).unwrap();
    let files = [
        ("middle.ndjson", format!("{JUMP}\n{a}\n{JUMP}\n[]\n").into_bytes()),
        ("crlf.ndjson", format!("{JUMP}\r\n{b}\r\n{c}\r\n{JUMP}\r\n").into_bytes()),
        ("end.ndjson", format!("{JUMP}\n{c}").into_bytes()),
        ("zipped.ndjson.gz", gzip.finish().unwrap()),
    ];
    let files = files.map(|(name, bytes)| {
        fs::write(path(name), bytes).unwrap();
        path(name)
    });
    let expected = [&a, "[]", &b, &c, &c, &a, "[]", &b].map(|line| format!("{line}\n")).concat();
    for threads in ["1", "2"] {
        let kept = path("kept.ndjson");
        let args = ["stats", "--stat", "count", "--threads", threads, "--refused", &kept];
        let found = windrow(&[&args[..], &files.each_ref().map(String::as_str)].concat());
        assert_eq!(found.status.code(), Some(3));
        assert_eq!(found.stdout, b"action  count\njump        7\n");
        assert!(fs::read_to_string(kept).unwrap() == expected, "{threads} threads");
    }
}

#[test]
fn refused_line_that_an_input_breaks_off_in_is_not_joined_to_the_next() {
    let path = |name: &str| format!("{}/broken_{name}", env!("CARGO_TARGET_TMPDIR"));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(&vec![b'x'; 2 << 20]).unwrap();
    let mut bytes = gzip.finish().unwrap();
    bytes.truncate(bytes.len() - 100);
    let (cut, kept) = (path("cut.ndjson.gz"), path("kept.ndjson"));
    fs::write(&cut, bytes).unwrap();
    let files = [&cut, "tests/data/refused.ndjson", &cut];
    let found = windrow(&[&["stats", "--input", "json", "--refused", &kept][..], &files].concat());
    assert_eq!(found.status.code(), Some(1));
    let kept = fs::read_to_string(kept).unwrap();
    let lines: Vec<_> = kept.split_terminator('\n').collect();
    assert_eq!((lines.len(), lines[1]), (9, r#"{"action":"jump","time":-1}"#));
    for line in [lines[0], lines[8]] {
        assert!(line.len() > 1 << 20 && line.bytes().all(|byte| byte == b'x'));
    }
}

/// A stack larger than any address space, so that not even root can start a thread.
const NO_THREADS: (&str, &str) = ("RUST_MIN_STACK", "1152921504606846976");

#[test]
fn answer_is_the_same_without_another_thread() {
    let plain = file("alone.ndjson", &["--bad", "0.001"]);
    let zipped = format!("{plain}.gz");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&fs::read(&plain).unwrap()).unwrap();
    fs::write(&zipped, gzip.finish().unwrap()).unwrap();
    let stats = ["stats", "--threads", "1000"];
    let many = [&plain[..], &zipped, "tests/data/monday.ndjson", "tests/data/monday.ndjson"];
    for files in [&[&plain[..]][..], &[&zipped], &many] {
        let args = [&stats[..], files].concat();
        let mut alone = Command::new(env!("CARGO_BIN_EXE_windrow"));
        let alone = alone.args(&args).env(NO_THREADS.0, NO_THREADS.1).output().unwrap();
        assert_eq!(alone, windrow(&args), "{files:?}");
        assert_eq!(alone.status.code(), Some(3));
    }
}

#[test]
fn lines_are_counted_without_another_thread() {
    let lines = file("counted.ndjson", &[]);
    let mut alone = Command::new(env!("CARGO_BIN_EXE_windrow"));
    alone.args(["count", "--format", "csv"]).env(NO_THREADS.0, NO_THREADS.1);
    let alone = alone.stdin(fs::File::open(lines).unwrap()).output().unwrap();
    let found = String::from_utf8(alone.stdout).unwrap();
    let found: Vec<_> = found.lines().collect();
    assert!(found[0].starts_with("at,total,") && found[1].contains(",20000,"), "{found:?}");
    assert_eq!((found.len(), alone.stderr.len(), alone.status.code()), (2, 0, Some(0)));
}

#[cfg(target_os = "linux")]
#[test]
fn answer_is_the_same_in_a_small_address_space() {
    let large = file("space.ndjson", &[]);
    fs::write(&large, fs::read(&large).unwrap().repeat(10)).unwrap();
    let expected = windrow(&["stats", "--format", "json", &large]);
    assert_eq!(expected.status.code(), Some(0));
    for kib in [60_000, 80_000, 150_000, 250_000, 400_000] {
        let line = format!(
            "ulimit -v {kib}; exec {} stats --threads 1000 --format json {large}",
            env!("CARGO_BIN_EXE_windrow")
        );
        let found = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        assert_eq!(found, expected, "{kib} KiB");
    }
}
