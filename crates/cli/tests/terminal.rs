//! Output on a pseudoterminal.

#![cfg(unix)]

mod pty;

use std::io::Write;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use flate2::{Compression, write::GzEncoder};
use pty::Terminal;
use pty_process::blocking;

const JUMP: &str = "{\"action\":\"jump\",\"time\":100}\n";
const CTRL_C: &[u8] = b"\x03";
const CTRL_D: &[u8] = b"\x04";
const STYLE: &str = "\x1b[1m";

/// Writes lines until `enough` is set or the pipe is closed.
fn feed(mut stdin: ChildStdin, enough: &AtomicBool) {
    let lines = JUMP.repeat(1_000);
    while !enough.load(Relaxed) && stdin.write_all(lines.as_bytes()).is_ok() {}
}

#[test]
fn result_is_styled_on_a_terminal_that_wants_it() {
    let monday = "tests/data/monday.ndjson";
    let stats = |args: &[&str]| Terminal::new(&[&["stats", monday], args].concat(), 100).end();
    let (seen, written, code) = stats(&[]);
    assert!(written.contains(STYLE), "{written:?}");
    assert_eq!(
        (seen.lines().next(), code),
        (Some("action  count  total   share  mean  min  p50  p99  max  distribution"), Some(0))
    );
    assert!(!stats(&["--color", "never"]).1.contains('\x1b'));

    let plain = |command: blocking::Command| command.env("NO_COLOR", "1");
    let unwanted = Terminal::with(&["stats", monday], 100, plain).end();
    assert!(!unwanted.1.contains('\x1b'), "{}", unwanted.1);
    let wanted = Terminal::with(&["stats", monday, "--color", "always"], 100, plain).end();
    assert!(wanted.1.contains(STYLE), "{}", wanted.1);
}

#[test]
fn picture_is_left_out_where_it_would_be_broken() {
    let first = |columns| {
        let (seen, ..) = Terminal::new(&["stats", "tests/data/monday.ndjson"], columns).end();
        seen.lines().next().unwrap_or_default().to_owned()
    };
    let titles = "action  count  total   share  mean  min  p50  p99  max  distribution";
    let mut forms = vec![titles.to_owned()];
    for title in ["  distribution", "  min", "  max"] {
        forms.push(forms[forms.len() - 1].replace(title, ""));
    }
    for form in &forms {
        let narrowest = u16::try_from(form.len()).unwrap();
        assert_eq!(&first(narrowest), form);
        let next = forms.iter().find(|next| next.len() < form.len());
        // Below the last form, the table is split.
        let is_next = |first: &str| next.is_none_or(|next| first == next) && first != form;
        assert!(is_next(&first(narrowest - 1)), "{form}");
    }
}

#[test]
fn stats_on_a_terminal_says_what_it_waits_for() {
    let mut terminal = Terminal::new(&["stats", "--stat", "count"], 100);
    terminal.wait_for("waiting for actions, one per line: {\"action\":\"jump\",\"time\":100}");
    terminal.press(JUMP.as_bytes());
    terminal.press(CTRL_D);
    let (seen, _, code) = terminal.end();
    assert!(seen.ends_with("action  count\njump        1"), "{seen}");
    assert_eq!(code, Some(0));
}

#[test]
fn ctrl_c_ends_the_wait_for_input() {
    let mut terminal = Terminal::new(&["stats", "--stat", "count"], 100);
    terminal.wait_for("see `windrow --help`");
    terminal.press(CTRL_C);
    let (seen, _, code) = terminal.end();
    assert!(
        seen.ends_with("^C\nwindrow: interrupted before the first line was read, no result"),
        "{seen}"
    );
    assert_eq!(code, Some(130));
}

#[test]
fn ctrl_c_prints_the_result_so_far() {
    let pipe = |command: blocking::Command| command.stdin(Stdio::piped());
    let mut terminal = Terminal::with(&["stats", "--stat", "count"], 100, pipe);
    // In a pipe only the result is printed, without progress.
    let mut quiet = Command::new(env!("CARGO_BIN_EXE_windrow"))
        .args(["stats", "--stat", "count", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdins = [terminal.child.stdin.take().unwrap(), quiet.stdin.take().unwrap()];
    // Ctrl-C ends the first, the end of the input ends the second.
    let [never, enough] = [false; 2].map(AtomicBool::new);
    thread::scope(|scope| {
        for (stdin, enough) in stdins.into_iter().zip([&never, &enough]) {
            scope.spawn(move || feed(stdin, enough));
        }
        // Progress is shown after a second; an endless input has no time left.
        terminal.wait_for("B/s");
        assert!(terminal.seen().contains("Ctrl-C shows the result"), "{}", terminal.seen());
        terminal.press(CTRL_C);
        enough.store(true, Relaxed);
    });
    let (seen, _, code) = terminal.end();
    let lines: Vec<_> = seen.lines().collect();
    let [header, row, messages] = lines[..] else { panic!("{seen}") };
    let count = row.split_whitespace().nth(1).unwrap().replace(',', "");
    let count: u64 = count.parse().unwrap();
    assert!(header.split_whitespace().eq(["action", "count"]), "{seen}");
    assert!(count > 0 && row.starts_with("jump"), "{seen}");
    let messages = messages.replace(',', "");
    assert_eq!(messages, format!("windrow: interrupted: the result is of {count} lines"));
    assert_eq!(code, Some(130));

    let quiet = quiet.wait_with_output().unwrap();
    assert_eq!(
        (String::from_utf8_lossy(&quiet.stderr).as_ref(), quiet.status.code()),
        ("", Some(0))
    );
}

#[test]
fn progress_shows_the_time_left_and_is_erased() {
    // Repeated members make a file that takes long to read and is fast to write.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(JUMP.repeat(20_000).as_bytes()).unwrap();
    let member = gzip.finish().unwrap();
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/long.ndjson.gz");
    std::fs::write(file, member.repeat(5_000)).unwrap();

    let mut terminal = Terminal::new(&["stats", "--stat", "count", file], 100);
    terminal.wait_for(" left");
    let progress = terminal.seen();
    assert!(progress.starts_with("windrow ") && progress.contains("% of "), "{progress}");
    assert!(progress.contains("B/s"), "{progress}");
    terminal.press(CTRL_C);
    let (seen, _, code) = terminal.end();
    assert!(seen.starts_with("action") && !seen.contains(" left"), "{seen}");
    assert_eq!(code, Some(130));
}
