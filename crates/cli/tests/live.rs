//! `count` and `top` on a terminal, with keys and changing files.

#![cfg(unix)]

mod pty;

use std::fs::{self, File};
use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{ChildStdin, Stdio};

use flate2::{Compression, write::GzEncoder};
use nix::sys::signal::Signal;
use pty::Terminal;
use pty_process::{Size, blocking};

const CTRL_C: &[u8] = b"\x03";
const COLUMNS: u16 = 100;

/// Starts the program with a pipe for its input, as at the end of a pipeline.
fn piped(args: &[&str]) -> (Terminal, ChildStdin) {
    let mut terminal = Terminal::with(args, COLUMNS, |command| command.stdin(Stdio::piped()));
    let stdin = terminal.child.stdin.take().unwrap();
    (terminal, stdin)
}

fn line(action: &str, time: u32) -> String {
    format!("{{\"action\":\"{action}\",\"time\":{time}}}\n")
}

/// A file that is removed when it is dropped.
struct Log(PathBuf);

impl Log {
    fn new(name: &str, text: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let log = Self(folder);
        log.append(text);
        log
    }

    fn path(&self) -> PathBuf {
        self.0.join("log.ndjson")
    }

    fn append(&self, text: &str) {
        let mut file = File::options().append(true).create(true).open(self.path()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn top(&self, args: &[&str]) -> Terminal {
        let path = self.path().display().to_string();
        Terminal::new(&[&["top", "--every", "20ms", &path], args].concat(), COLUMNS)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Returns the actions of a table in order.
fn actions(seen: &str) -> Vec<&str> {
    let table = seen.lines().skip_while(|line| !line.starts_with("action")).skip(1);
    table
        .take_while(|line| !line.trim().is_empty() && !line.starts_with("windrow: "))
        .filter_map(|line| line.split(' ').next())
        .collect()
}

/// Returns whether a line consists of these words.
fn has_line(seen: &str, words: &[&str]) -> bool {
    seen.lines().any(|line| line.split_whitespace().eq(words.iter().copied()))
}

#[test]
fn count_is_drawn_over_what_was_there() {
    let (mut terminal, mut stdin) = piped(&["count", "--every", "20ms", "--window", "1h"]);
    stdin.write_all(b"one\ntwo\n").unwrap();
    terminal.wait_until(|seen| has_line(seen, &["total", "2"]));
    stdin.write_all(b"three\n").unwrap();
    terminal.wait_until(|seen| has_line(seen, &["total", "3"]));
    assert_eq!(terminal.seen().matches("last 1h").count(), 1, "{}", terminal.seen());
    stdin.write_all(b"four").unwrap();
    drop(stdin);
    let (seen, _, code) = terminal.end();
    assert!(seen.contains("total 4 lines in "), "{seen}");
    assert_eq!((seen.matches("window").count(), code), (1, Some(0)), "{seen}");
}

#[test]
fn ctrl_c_ends_count_with_the_total() {
    let (mut terminal, mut stdin) = piped(&["count", "--every", "20ms"]);
    stdin.write_all(b"one\n").unwrap();
    terminal.wait_until(|seen| has_line(seen, &["total", "1"]));
    terminal.press(CTRL_C);
    let (seen, _, code) = terminal.end();
    assert!(seen.contains("total 1 line in "), "{seen}");
    assert_eq!(code, Some(130));
}

#[test]
fn ctrl_c_does_not_shift_what_count_draws() {
    let (mut terminal, mut stdin) = piped(&["count", "--every", "20ms", "--window", "1h"]);
    stdin.write_all(b"one\n").unwrap();
    terminal.wait_until(|seen| has_line(seen, &["total", "1"]));
    terminal.press(CTRL_C);
    let (seen, written, code) = terminal.end();
    assert!(written.contains("^C"), "{written:?}");
    let lines: Vec<_> = seen.lines().collect();
    // Each line starts in the first column, and `^C` was cleared.
    assert!(lines[0].starts_with("window") && lines[1].starts_with("last 1h"), "{seen}");
    assert!(lines[4].starts_with("total 1 line in "), "{seen}");
    assert_eq!((lines.len(), seen.contains('^'), code), (5, false, Some(130)), "{seen}");
}

#[test]
fn ctrl_c_begins_a_line_where_count_writes_lines() {
    let args = ["count", "--every", "1h", "--format", "ndjson"];
    let mut terminal = Terminal::new(&args, COLUMNS);
    terminal.wait_for("waiting for lines");
    terminal.press(b"on");
    terminal.press(CTRL_C);
    let (seen, _, code) = terminal.end();
    let last = seen.lines().last().unwrap_or_default();
    assert!(last.starts_with("{\"at\":"), "{seen}");
    assert_eq!(code, Some(130));
}

#[test]
fn window_that_grows_shows_one_drawing() {
    let small = |command: blocking::Command| command.stdin(Stdio::piped());
    let mut terminal = Terminal::sized(&["count", "--every", "20ms"], [4, 15], small);
    let mut stdin = terminal.child.stdin.take().unwrap();
    stdin.write_all(b"one\n").unwrap();
    terminal.wait_until(|seen| seen.contains("last 1s"));
    // No update may scroll a line out of the window, or wrap one.
    for total in 2..=6 {
        stdin.write_all(b"more\n").unwrap();
        terminal.wait_until(|seen| has_line(seen, &["last", "10s", &total.to_string()]));
    }
    assert_eq!(terminal.screen.screen().scrollback_len(), 0, "{}", terminal.seen());
    terminal.pty.resize(Size::new(24, 100)).unwrap();
    let [rows, columns] = [24, 100].map(|size| NonZero::new(size).unwrap());
    terminal.screen.screen_mut().set_size(rows, columns);
    terminal.wait_until(|seen| has_line(seen, &["total", "6"]));
    let seen = terminal.seen();
    assert_eq!(seen.matches("window").count(), 1, "{seen}");
    assert_eq!(seen.matches("last 1s").count(), 1, "{seen}");
    drop(stdin);
    assert_eq!(terminal.end().2, Some(0));
}

#[test]
fn count_on_a_terminal_says_what_it_waits_for() {
    let mut terminal = Terminal::new(&["count", "--every", "1h"], COLUMNS);
    terminal.wait_for("waiting for lines to count");
    terminal.press(b"one\n\x04");
    let (seen, _, code) = terminal.end();
    assert!(seen.contains("total 1 line in "), "{seen}");
    assert_eq!(code, Some(0));
}

#[test]
fn top_shows_what_comes_through_a_pipe_and_listens_to_keys() {
    let (mut terminal, mut stdin) = piped(&["top", "--every", "20ms", "--window", "1h"]);
    terminal.wait_for("Waiting for actions");
    stdin
        .write_all(format!("{}{}{{}}\n", line("jump", 100).repeat(3), line("run", 900)).as_bytes())
        .unwrap();
    terminal.wait_for("1 refused");
    terminal.wait_for("run");
    assert_eq!(actions(&terminal.seen()), ["jump", "run"], "{}", terminal.seen());
    terminal.press(b"m");
    terminal.wait_for("mean▼");
    assert_eq!(actions(&terminal.seen()), ["run", "jump"], "{}", terminal.seen());
    terminal.press(b"?");
    terminal.wait_for("reverse the order");
    terminal.press(b"x ");
    terminal.wait_for("PAUSED");
    stdin.write_all(line("hop", 1).as_bytes()).unwrap();
    terminal.wait_for("6 lines read");
    assert!(!terminal.seen().contains("hop"), "{}", terminal.seen());
    terminal.press(b"p");
    terminal.wait_for("hop");
    terminal.press(b"q");
    let (seen, _, code) = terminal.end();
    // The last table is printed on the previous screen.
    assert_eq!(actions(&seen), ["run", "jump", "hop"], "{seen}");
    assert!(!seen.contains("q quit"), "{seen}");
    assert_eq!(code, Some(3));
}

#[test]
fn top_filters_marks_and_shows_an_action_in_depth() {
    let args = ["top", "--every", "20ms", "--window", "1h", "--unit", "ms", "--mark"];
    let (mut terminal, mut stdin) = piped(&[&args[..], &["mean > 0.5s", "--sort", "p90"]].concat());
    let lines = [line("GET /cart", 40).repeat(3), line("POST /cart", 900), line("GET /", 1)];
    stdin.write_all(lines.concat().as_bytes()).unwrap();
    terminal.wait_for("! 1 action marked");
    terminal.wait_for("p90▼");
    assert!(terminal.seen().contains("\n! POST /cart "), "{}", terminal.seen());
    assert!(terminal.seen().contains("!900 ms"), "{}", terminal.seen());
    terminal.press(b"/get /c");
    terminal.wait_for("1 of 3 actions");
    assert!(!terminal.seen().contains("POST"), "{}", terminal.seen());
    // Enter ends the typing, the next shows the action.
    terminal.press(b"\r");
    terminal.wait_for("Esc ends it  q quit");
    terminal.press(b"\r");
    terminal.wait_for("times above");
    terminal.wait_until(|seen| has_line(seen, &["GET", "/cart"]));
    terminal.press(b"G");
    terminal.wait_for("100.0 %");
    terminal.press(b"\x1b");
    terminal.wait_for("Esc ends it");
    terminal.press(b"f\x15count,p99.9\r");
    // The column that was sorted by is gone, so the first is sorted by.
    terminal.wait_until(|seen| has_line(seen, &["action", "count▼", "p99.9", "when"]));
    terminal.press(b"q");
    let (seen, _, code) = terminal.end();
    assert!(seen.contains("… and 2 actions without `get /c`"), "{seen}");
    assert!(seen.lines().any(|line| line.trim_start().starts_with("GET /cart")), "{seen}");
    assert_eq!(code, Some(0), "{seen}");
}

#[test]
fn top_follows_the_size_of_its_terminal() {
    let log = Log::new("resized", &line("jump", 1));
    let path = log.path().display().to_string();
    let mut terminal = Terminal::sized(&["top", "--every", "20ms", &path], [10, 60], |it| it);
    let rows = [&["action", "count▼", "total", "share", "mean", "p50"][..], &["p99", "max"]];
    terminal.wait_until(|seen| has_line(seen, rows[0]));
    terminal.pty.resize(Size::new(30, 120)).unwrap();
    let [lines, columns] = [30, 120].map(|size| NonZero::new(size).unwrap());
    terminal.screen.screen_mut().set_size(lines, columns);
    terminal.wait_until(|seen| has_line(seen, &rows.concat()) && seen.contains("-+ window"));
    terminal.press(b"q");
    let (seen, _, code) = terminal.end();
    assert_eq!((actions(&seen), code), (vec!["jump"], Some(0)), "{seen}");
}

#[test]
fn top_follows_a_file_that_grows_is_replaced_and_cut_short() {
    let log = Log::new("follow", &line("before", 1));
    let mut terminal = log.top(&["--follow"]);
    terminal.wait_for("0 lines read");
    // Where it begins is known only by what it finds; so it is asked until it finds something.
    terminal.wait_until(|seen| {
        log.append(&line("grown", 1));
        seen.contains("grown")
    });
    assert!(!terminal.seen().contains("before"), "{}", terminal.seen());
    fs::rename(log.path(), log.0.join("log.1")).unwrap();
    log.append(&line("replaced", 1));
    terminal.wait_for("the file was replaced");
    terminal.wait_for("replaced");
    fs::write(log.path(), "").unwrap();
    terminal.wait_for("truncated");
    log.append(&line("cut", 1));
    terminal.wait_for("\ncut");
    terminal.press(CTRL_C);
    let (seen, _, code) = terminal.end();
    let mut found = actions(&seen);
    found.sort_unstable();
    assert_eq!((found, code), (vec!["cut", "grown", "replaced"], Some(130)), "{seen}");
}

#[test]
fn top_ends_where_a_file_does() {
    let log = Log::new("ended", &line("jump", 1));
    let mut terminal = log.top(&[]);
    terminal.wait_for("END OF INPUT");
    terminal.press(b"q");
    let (seen, _, code) = terminal.end();
    assert_eq!((actions(&seen), code), (vec!["jump"], Some(0)), "{seen}");
}

#[test]
fn top_waits_for_a_file_that_is_not_there_yet() {
    let log = Log::new("awaited", "");
    fs::remove_file(log.path()).unwrap();
    let mut terminal = log.top(&["--follow"]);
    terminal.wait_for("waiting for /");
    log.append(&line("first", 1));
    terminal.wait_for("\nfirst");
    assert!(!terminal.seen().contains("waiting for /"), "{}", terminal.seen());
    log.append(&line("second", 1));
    terminal.wait_for("\nsecond");
    terminal.press(b"q");
    let (seen, _, code) = terminal.end();
    assert_eq!((actions(&seen).len(), code), (2, Some(0)), "{seen}");
}

#[test]
fn top_follows_several_files_and_names_the_one_that_changes() {
    let [one, two] = ["several-1", "several-2"].map(|name| Log::new(name, &line("before", 1)));
    fs::remove_file(two.path()).unwrap();
    let second = two.path().display().to_string();
    let mut terminal = one.top(&["--follow", &second]);
    terminal.wait_for("and 1 more file");
    terminal.wait_until(|seen| {
        one.append(&line("grown", 1));
        seen.contains("grown")
    });
    two.append(&line("appeared", 1));
    terminal.wait_for("\nappeared");
    terminal.wait_for("was created");
    assert!(!terminal.seen().contains("the file was"), "{}", terminal.seen());
    // An unfinished line of one file is not continued by the other.
    one.append("{\"action\":\"halves\",");
    two.append(&line("whole", 1));
    terminal.wait_for("\nwhole");
    one.append("\"time\":1}\n");
    terminal.wait_for("\nhalves");
    assert!(!terminal.seen().contains("refused"), "{}", terminal.seen());
    terminal.press(b"q");
    assert_eq!(terminal.end().2, Some(0));
}

#[test]
fn top_reads_several_files_to_their_ends() {
    // The first ends in the middle of a line, which the second does not continue.
    let one = Log::new("ends-1", line("jump", 1).trim_end());
    let two = Log::new("ends-2", &(line("jump", 1) + &line("run", 1)));
    let second = two.path().display().to_string();
    let mut terminal = one.top(&[&second]);
    terminal.wait_for("END OF INPUT");
    assert!(terminal.seen().contains("3 lines read"), "{}", terminal.seen());
    terminal.press(b"q");
    let (seen, _, code) = terminal.end();
    assert_eq!((actions(&seen), code), (vec!["jump", "run"], Some(0)), "{seen}");

    let missing = one.0.join("missing.ndjson").display().to_string();
    let (seen, _, code) = one.top(&[&missing]).end();
    assert!(seen.contains("No such file") && !seen.contains("jump"), "{seen}");
    assert_eq!(code, Some(1));
}

#[test]
fn top_shows_the_end_of_a_log_of_another_day() {
    let stamped = |at: u32| format!("{{\"action\":\"at{at}\",\"time\":1,\"at\":{at}}}\n");
    let log = Log::new("stamped", &[1_000, 1_030, 1_090].map(stamped).concat());
    let mut terminal = log.top(&["--timestamp", "at", "--window", "1m"]);
    terminal.wait_for("END OF INPUT");
    terminal.press(b"q");
    let (seen, ..) = terminal.end();
    assert_eq!(actions(&seen), ["at1090"], "{seen}");
}

#[test]
fn top_reports_a_file_that_cannot_be_read() {
    let (seen, _, code) = Terminal::new(&["top", "missing.ndjson"], COLUMNS).end();
    assert!(seen.starts_with("windrow: missing.ndjson: No such file"), "{seen}");
    assert_eq!(code, Some(1));
}

#[test]
fn report_is_not_for_a_terminal() {
    let file = "tests/data/monday.ndjson";
    let (seen, _, code) = Terminal::new(&["report", file], COLUMNS).end();
    assert!(seen.contains("use `-o report.html`"), "{seen}");
    assert_eq!(code, Some(2));
}

#[test]
fn plot_is_coloured_on_a_terminal_and_fits_it() {
    let args = ["series", "--timestamp", "at", "--format", "plot", "tests/data/stamped.ndjson"];
    let (seen, written, code) = Terminal::new(&args, 60).end();
    assert!(written.contains("\x1b[36m") && written.contains("\x1b[33m"), "{written:?}");
    assert!(seen.lines().any(|line| line.ends_with("2023-11-14T22:14:05Z")), "{seen}");
    assert_eq!(code, Some(0));
}

#[test]
fn terminal_is_itself_again_when_the_system_ends_the_program() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let log = Log::new(&format!("ended-{code}"), &line("jump", 100));
        let mut terminal = log.top(&["--follow", "--timestamp", "at"]);
        terminal.wait_for("q quit");
        terminal.signal(signal);
        let (_, written, ended) = terminal.end();
        assert_eq!(ended, Some(code));
        // The previous screen is restored.
        assert!(written.contains("\x1b[?1049l"), "{written:?}");
    }
}

#[test]
fn compressed_file_is_read_and_not_followed() {
    let log = Log::new("packed", "");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(line("jump", 100).repeat(3).as_bytes()).unwrap();
    fs::write(log.path(), gzip.finish().unwrap()).unwrap();
    let mut terminal = log.top(&[]);
    terminal.wait_for("3 lines read");
    terminal.press(b"q");
    let (seen, _, code) = terminal.end();
    assert!(seen.contains("jump        3"), "{seen}");
    assert_eq!(code, Some(0));

    let (seen, _, code) = log.top(&["--follow"]).end();
    assert!(seen.contains("a compressed file cannot be followed"), "{seen}");
    assert_eq!(code, Some(1));
}

#[test]
fn one_line_is_refused_in_the_singular() {
    for (text, expected) in [
        ("{bad\n", "windrow: 1 of 1 line refused, "),
        ("{bad\n\n{bad\n", "windrow: 2 of 2 lines refused, "),
    ] {
        let log = Log::new("singular", text);
        let mut terminal = log.top(&[]);
        terminal.wait_for("END OF INPUT");
        terminal.press(b"q");
        let (left, _, code) = terminal.end();
        assert!(left.contains(expected), "{left}");
        assert_eq!(code, Some(3));
    }
}
