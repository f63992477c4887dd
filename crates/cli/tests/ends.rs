//! The end of live commands: a closed terminal, blocked output, or a signal.

#![cfg(unix)]

mod pty;

use std::io::Write;
use std::process::Stdio;
use std::thread;

use flate2::{Compression, write::GzEncoder};
use nix::sys::signal::Signal;
use pty::Terminal;

const JUMP: &str = "{\"action\":\"jump\",\"time\":100}\n";
const SIZE: [u16; 2] = [24, 100];
const MONDAY: &str = "tests/data/monday.ndjson";
const RESTORED: &str = "\x1b[?1049l";
const HANG_UP: i32 = 129;

/// A state of `top` in which it may be ended.
#[derive(Debug, Clone, Copy)]
enum State {
    /// Waiting for a pipe that never ends.
    Pipe,
    /// Waiting for a file to grow.
    Followed,
    /// After the end of a file.
    Ended,
    /// With the keys shown over the table.
    Help,
    Paused,
    /// After the first byte of a key of several bytes.
    Key,
}

const STATES: [State; 6] =
    [State::Pipe, State::Followed, State::Ended, State::Help, State::Paused, State::Key];

fn top(state: State) -> Terminal {
    let args: &[&str] = match state {
        State::Pipe => &["top"],
        State::Followed => &["top", "--follow", MONDAY],
        _ => &["top", MONDAY],
    };
    let mut terminal = Terminal::sized(args, SIZE, |command| match state {
        State::Pipe => command.stdin(Stdio::piped()),
        _ => command,
    });
    terminal.wait_for("q quit");
    let (keys, seen) = match state {
        State::Pipe | State::Followed | State::Ended => return terminal,
        State::Help => ("?", "Keys"),
        State::Paused => (" ", "PAUSED"),
        State::Key => ("a\x1b[", "action▲"),
    };
    terminal.press(keys.as_bytes());
    terminal.wait_for(seen);
    terminal
}

#[test]
fn closed_terminal_ends_top() {
    for state in STATES {
        assert_eq!(top(state).close(), HANG_UP, "{state:?}");
    }
}

#[test]
fn closed_terminal_that_sends_no_signal_ends_top() {
    let mut terminal = Terminal::without_signals(&["top", MONDAY], SIZE);
    terminal.wait_for("q quit");
    assert_eq!(terminal.close(), HANG_UP);
}

#[test]
fn terminal_that_takes_no_output_does_not_hold_top() {
    let terms = STATES.map(|state| (state, Signal::SIGTERM, 143));
    let others = [(Signal::SIGHUP, HANG_UP), (Signal::SIGINT, 130)];
    let others = others.map(|(signal, code)| (State::Pipe, signal, code));
    for (state, signal, expected) in terms.into_iter().chain(others) {
        let terminal = top(state);
        terminal.stop();
        terminal.signal(signal);
        let (written, code) = terminal.end_unread();
        assert_eq!(code, expected, "{state:?} {signal}");
        assert!(written.contains(RESTORED), "{state:?} {signal} {written:?}");
    }
}

#[test]
fn top_that_cannot_print_its_last_table_can_be_ended() {
    let mut terminal = top(State::Ended);
    terminal.stop();
    terminal.press(b"q");
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.end_unread().1, 143);
}

#[test]
fn further_interrupts_leave_the_terminal_as_it_was() {
    let mut terminal = top(State::Pipe);
    // Repeated until the end: signals that arrive before the first is handled count as one.
    while terminal.child.try_wait().unwrap().is_none() {
        terminal.signal(Signal::SIGINT);
        thread::yield_now();
    }
    let (_, written, code) = terminal.end();
    assert!(written.contains(RESTORED), "{written:?}");
    assert_eq!(code, Some(130));
}

const END: &str = "kill -TERM %1; kill -CONT %1; wait %1; echo code $?";

#[test]
fn top_that_was_suspended_can_be_ended_in_the_background() {
    let mut terminal = Terminal::shell(&format!("$0 top {MONDAY}; {END}"), SIZE);
    terminal.wait_for("q quit");
    terminal.signal_foreground(Signal::SIGTSTP);
    let (seen, written, _) = terminal.end();
    assert!(seen.contains("code 143"), "{seen}");
    assert!(written.contains(RESTORED), "{written:?}");
}

#[test]
fn top_that_waits_in_the_background_for_the_terminal_can_be_ended() {
    let stopped = "until jobs | grep -q Stopped; do :; done";
    let mut terminal = Terminal::shell(&format!("$0 top {MONDAY} & {stopped}; {END}"), SIZE);
    terminal.wait_for("code 143");
    let (_, written, _) = terminal.end();
    assert!(!written.contains("\x1b[?1049h"), "{written:?}");
}

#[test]
fn closed_terminal_ends_count() {
    let args = ["count", "--every", "20ms"];
    for is_typed in [false, true] {
        let mut terminal = Terminal::sized(&args, SIZE, |command| match is_typed {
            true => command,
            false => command.stdin(Stdio::piped()),
        });
        terminal.wait_for("total");
        assert_eq!(terminal.close(), HANG_UP, "{is_typed}");
    }
}

/// Writes a file of repeated members, which takes long to read.
fn long(name: &str) -> String {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(JUMP.repeat(20_000).as_bytes()).unwrap();
    let file = format!("{}/{name}.ndjson.gz", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, gzip.finish().unwrap().repeat(5_000)).unwrap();
    file
}

#[test]
fn closed_terminal_ends_progress() {
    let mut terminal = Terminal::new(&["stats", "--stat", "count", &long("closed")], 100);
    terminal.wait_for(" left");
    assert_eq!(terminal.close(), HANG_UP);
}

#[test]
fn terminal_that_takes_no_output_does_not_hold_count() {
    let args = ["count", "--every", "20ms"];
    let mut terminal = Terminal::sized(&args, SIZE, |command| command.stdin(Stdio::piped()));
    terminal.wait_for("total");
    terminal.stop();
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.end_unread().1, 143);
}

#[test]
fn terminal_that_takes_no_output_does_not_hold_progress() {
    let (file, output) = (long("stopped"), concat!(env!("CARGO_TARGET_TMPDIR"), "/stopped.txt"));
    for args in [&["stats", &file][..], &["stats", "-o", output, &file]] {
        let mut terminal = Terminal::new(args, 100);
        terminal.wait_for(" left");
        terminal.stop();
        terminal.signal(Signal::SIGTERM);
        assert_eq!(terminal.end_unread().1, 143, "{args:?}");
    }
}

#[test]
fn top_does_not_read_lines_from_the_terminal() {
    for args in [&["top"][..], &["top", "-"], &["top", "/dev/tty"], &["top", "-f", "/dev/tty"]] {
        let (seen, written, code) = Terminal::new(args, 100).end();
        let text = "windrow: input is a terminal, which `top` reads keys from\n  \
                    name a file, as in `windrow top --follow service.log`, or use a pipe";
        assert!(seen.starts_with(text), "{args:?} {seen}");
        assert!(!written.contains("\x1b[?1049h"), "{args:?} {written:?}");
        assert_eq!(code, Some(2), "{args:?}");
    }
}

#[test]
fn top_does_not_draw_where_escape_sequences_are_shown() {
    let mut terminal =
        Terminal::sized(&["top", MONDAY], SIZE, |command| command.env("TERM", "dumb"));
    terminal.wait_for("standard output is not a terminal with cursor control");
    let (_, written, code) = terminal.end();
    assert!(!written.contains('\x1b'), "{written:?}");
    assert_eq!(code, Some(1));
}
