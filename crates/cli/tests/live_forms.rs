//! `top` with other forms of input than lines of actions.

#![cfg(unix)]

mod pty;

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{ChildStdin, Stdio};

use pty::Terminal;

const COLUMNS: u16 = 100;

/// Starts `top` with a pipe for its input, as at the end of a pipeline.
fn piped(args: &[&str]) -> (Terminal, ChildStdin) {
    let args = [&["top", "--every", "20ms", "--window", "1h"], args].concat();
    let mut terminal = Terminal::with(&args, COLUMNS, |command| command.stdin(Stdio::piped()));
    let stdin = terminal.child.stdin.take().unwrap();
    (terminal, stdin)
}

/// Returns whether a line begins with these words.
fn has_line(seen: &str, words: &str) -> bool {
    let words: Vec<_> = words.split_whitespace().collect();
    seen.lines().any(|line| {
        let found: Vec<_> = line.split_whitespace().collect();
        found.starts_with(&words)
    })
}

/// Quits, and returns the messages and the exit code.
fn quit(mut terminal: Terminal) -> (String, Option<i32>) {
    terminal.press(b"q");
    let (seen, _, code) = terminal.end();
    (seen, code)
}

#[test]
fn each_line_of_a_live_pipe_is_shown_at_once() {
    let args = ["--embedded", "--by", "req.url", "--value", "responseTime", "--unit", "ms"];
    let (mut terminal, mut stdin) = piped(&[&args[..], &["--group-paths"]].concat());
    let line = |id: u32| {
        format!(
            "2024-05-01T10:00:00Z pod {{\"req\":{{\"url\":\"/u/{id}\"}},\"responseTime\":34.8}}\n"
        )
    };
    stdin.write_all(line(1).as_bytes()).unwrap();
    terminal.wait_until(|seen| has_line(seen, "/u/:id 1"));
    stdin.write_all(line(2).as_bytes()).unwrap();
    terminal.wait_until(|seen| has_line(seen, "/u/:id 2"));
    assert!(terminal.seen().contains("34.8 ms"), "{}", terminal.seen());
    stdin.write_all(b"2024-05-01T10:00:00Z pod started\n").unwrap();
    terminal.wait_for("1 skipped");
    let (seen, code) = quit(terminal);
    assert!(seen.contains("1 skipped (no JSON object at the end)"), "{seen}");
    assert_eq!(code, Some(0), "{seen}");
}

#[test]
fn form_of_a_pipe_is_that_of_its_first_line() {
    let (mut terminal, mut stdin) = piped(&["--by", "path", "--value", "took"]);
    stdin.write_all(b"\nlevel=info path=/cart took=12ms\n").unwrap();
    // The unit of the values becomes that of the table.
    terminal.wait_for("12.0 ms");
    stdin.write_all(b"level=info path=/ took=soon\n").unwrap();
    terminal.wait_for("1 refused");
    let (seen, code) = quit(terminal);
    assert_eq!(code, Some(3), "{seen}");
}

#[test]
fn document_in_a_pipe_is_read_record_by_record() {
    let (mut terminal, mut stdin) = piped(&[]);
    stdin.write_all(b"{\n  \"action\": \"jump\",\n").unwrap();
    stdin.write_all(b"  \"time\": 1\n}\n").unwrap();
    terminal.wait_until(|seen| has_line(seen, "jump 1"));
    stdin.write_all(b"{\"action\":\"jump\",\n\"time\":3}\n").unwrap();
    terminal.wait_until(|seen| has_line(seen, "jump 2"));
    assert_eq!(quit(terminal).1, Some(0));
}

#[test]
fn followed_csv_has_the_columns_of_its_first_row() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("followed_csv");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let path = folder.join("log.csv");
    fs::write(&path, "took,name\n1,before\n").unwrap();
    let name = path.display().to_string();
    let args = ["top", "--every", "20ms", "--follow", "--by", "name", "--value", "took", &name];
    let mut terminal = Terminal::new(&args, COLUMNS);
    terminal.wait_for("0 lines read");
    terminal.wait_until(|seen| {
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"2,\"a, b\"\n").unwrap();
        seen.contains("a, b")
    });
    assert!(!terminal.seen().contains("before"), "{}", terminal.seen());
    let (seen, code) = quit(terminal);
    assert_eq!(code, Some(0), "{seen}");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn followed_csv_that_is_replaced_has_a_header_of_its_own() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("replaced_csv");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let path = folder.join("log.csv");
    // With an unfinished row.
    fs::write(&path, "took,name\n1,before\n9,ne").unwrap();
    let name = path.display().to_string();
    let args = ["top", "--every", "20ms", "--window", "1h", "--follow", "--by", "name"];
    let args = [&args[..], &["--value", "took", &name]].concat();
    let mut terminal = Terminal::new(&args, COLUMNS);
    terminal.wait_until(|seen| seen.contains("lines read"));
    // Another file, with other columns.
    fs::rename(&path, folder.join("log.1.csv")).unwrap();
    fs::write(&path, "name,host,took\nsecond,a,2\n").unwrap();
    terminal.wait_until(|seen| has_line(seen, "second 1"));
    terminal.wait_for("was replaced");
    // The same file, truncated, in another form.
    fs::write(&path, "took=3 name=a\n").unwrap();
    terminal.wait_for("was truncated");
    terminal.wait_until(|seen| has_line(seen, "a 1"));
    assert!(!terminal.seen().contains("before"), "{}", terminal.seen());
    let (seen, code) = quit(terminal);
    assert!(!seen.contains("refused"), "{seen}");
    assert_eq!(code, Some(0), "{seen}");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn records_that_are_only_counted_have_no_times() {
    let (mut terminal, mut stdin) = piped(&["--count-only", "--by", "path"]);
    stdin.write_all(b"level=info path=/cart\nlevel=info path=/cart\n").unwrap();
    terminal.wait_until(|seen| has_line(seen, "/cart 2"));
    assert!(!terminal.seen().contains("p99"), "{}", terminal.seen());
    // The column of means is not there to be sorted by.
    terminal.press(b"m?");
    terminal.wait_for("action, count, rate/s");
    terminal.press(b"x");
    let (seen, code) = quit(terminal);
    assert_eq!(code, Some(0), "{seen}");
}

#[test]
fn unknown_form_ends_with_what_to_do() {
    let (mut terminal, mut stdin) = piped(&[]);
    stdin.write_all(b"Hello, world!\n").unwrap();
    terminal.wait_for("neither JSON, logfmt nor CSV");
    let (seen, code) = quit(terminal);
    assert!(seen.contains("describe a line with `--pattern`"), "{seen}");
    assert_eq!(code, Some(3), "{seen}");
}

#[test]
fn values_of_another_kind_than_the_first_are_refused() {
    let (bare, text) = ("{\"action\":\"a\",\"took\":12}", "{\"action\":\"a\",\"took\":\"12ms\"}");
    for (first, other, shown, reason) in [
        (text, bare, "12.0 ms", "value has no unit, the first one has one, add --unit"),
        (bare, text, "12", "value has a unit, the first one has none, add --unit"),
    ] {
        // In batches of lines, and in a stream whose end is not known.
        for begin in ["", "[\n"] {
            let (mut terminal, mut stdin) = piped(&["--value", "took"]);
            stdin.write_all(format!("{begin}{first}\n{other}\n{first}\n").as_bytes()).unwrap();
            terminal.wait_for("1 refused");
            terminal.wait_until(|seen| has_line(seen, "a 2") && seen.contains(shown));
            let (seen, code) = quit(terminal);
            assert!(
                seen.contains(&format!("1 of 3 lines refused, the last one: {reason}")),
                "{seen}"
            );
            assert!(!seen.contains("no result"), "{seen}");
            assert_eq!(code, Some(3), "{seen}");
        }
    }
    let (mut terminal, mut stdin) = piped(&["--value", "took", "--unit", "ms"]);
    stdin.write_all(format!("{text}\n{bare}\n").as_bytes()).unwrap();
    terminal.wait_until(|seen| has_line(seen, "a 2"));
    assert_eq!(quit(terminal).1, Some(0));
}
