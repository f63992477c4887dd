//! `top` with actions beyond the limit, and on a small terminal.

#![cfg(unix)]

mod pty;

use std::fs::{self, File};
use std::process::Stdio;

use pty::Terminal;

/// Terminal sizes, as rows and columns.
const SIZES: [[u16; 2]; 3] = [[24, 80], [30, 100], [12, 40]];
/// The columns of a file without timestamps, which has no rates.
const FIGURES: [&str; 7] = ["count", "total", "share", "mean", "p50", "p99", "max"];
/// The default of `--max-actions`.
const ACTIONS: usize = 4_096;

/// Writes a file of lines that name these actions.
fn log(name: &str, lines: impl Iterator<Item = String>) -> String {
    let path = format!("{}/fit-{name}.ndjson", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, lines.collect::<String>()).unwrap();
    path
}

fn line(action: &str, time: usize) -> String {
    format!("{{\"action\":\"{action}\",\"time\":{time}}}\n")
}

/// Shows a file to its end. Returns the screen, and the output that is left after `q`.
fn show(args: &[&str], size: [u16; 2]) -> (String, String) {
    let mut terminal = Terminal::sized(&[&["top"], args].concat(), size, |command| command);
    terminal.wait_for("END OF INPUT");
    let seen = terminal.seen();
    terminal.press(b"q");
    let (left, _, code) = terminal.end();
    assert_eq!(code, Some(0), "{left}");
    (seen, left)
}

/// Returns the titles of the columns.
fn header(seen: &str) -> Vec<&str> {
    let header = seen.lines().find(|line| line.starts_with("action")).unwrap();
    header.split_whitespace().map(|word| word.trim_end_matches(['▲', '▼'])).collect()
}

#[test]
fn every_action_is_in_the_totals_and_the_limit_is_shown() {
    let lines = 3 * (ACTIONS + 904);
    let path = log("many", (0..lines).map(|at| line(&format!("a{}", at % (lines / 3)), at)));
    for size in SIZES {
        let (seen, left) = show(&[&path], size);
        assert!(seen.contains("15,000 actions"), "{seen}");
        let status = seen.lines().nth(1).unwrap();
        let expected = "15,000 lines read, 2,712 beyond 4,096 actions";
        let is_cut = status.strip_suffix('…').is_some_and(|start| expected.starts_with(start));
        assert!(status.starts_with(expected) || is_cut, "{seen}");
        // The most frequent comes first.
        let first = seen.lines().nth(3).unwrap();
        assert!(first.split_whitespace().take(2).eq(["(other)", "2,712"]), "{seen}");

        let page = usize::from(size[0]) - 4;
        // Rows that were not on the screen are counted, not printed.
        let (more, _) = left.split_once(" more").unwrap();
        let more: usize = more.rsplit("… and ").next().unwrap().replace(',', "").parse().unwrap();
        assert_eq!(more, ACTIONS + 1 - page, "{left}");
        assert!(left.lines().filter(|line| line.starts_with('a')).count() <= page, "{left}");
        let flowed = left.replace('\n', "");
        assert!(
            flowed.contains("counted 2,712 lines of actions beyond the limit of 4,096"),
            "{left}"
        );
    }
}

#[test]
fn limit_is_that_of_the_option() {
    let path = log("option", (0..30).map(|at| line(&format!("a{}", at % 10), at)));
    let (seen, _) = show(&["--max-actions", "4", &path], SIZES[0]);
    assert!(seen.contains("30 lines read, 18 beyond 4 actions"), "{seen}");
    let rows = seen.lines().skip(3).map_while(|line| line.split_whitespace().next());
    assert_eq!(rows.take(5).collect::<Vec<_>>(), ["(other)", "a0", "a1", "a2", "a3"], "{seen}");
}

#[test]
fn names_that_left_the_window_give_way_to_new_ones() {
    let stamped = |at: usize| {
        format!("{{\"action\":\"a{}\",\"time\":1,\"at\":{}}}\n", at / 2, 1_000 + at / 8 * 600)
    };
    // Four actions, then four others every ten minutes. Each is recorded twice.
    let path = log("given-way", (0..40).map(stamped));
    let args = ["--timestamp", "at", "--window", "1m", "--max-actions", "4", &path];
    let (seen, left) = show(&args, SIZES[0]);
    assert!(seen.contains("last 1m: 8 actions"), "{seen}");
    assert!(seen.lines().nth(1).unwrap().trim_end().ends_with("40 lines read"), "{seen}");
    let rows = seen.lines().skip(3).map_while(|line| line.split_whitespace().next());
    assert_eq!(rows.take(4).collect::<Vec<_>>(), ["a16", "a17", "a18", "a19"], "{seen}");
    assert!(!left.contains("--max-actions"), "{left}");
}

#[test]
fn input_without_times_has_no_rates() {
    let path = log("timeless", (0..1_000).map(|at| line("jump", at)));
    let by_stdin = |command: pty_process::blocking::Command| {
        command.stdin(Stdio::from(File::open(&path).unwrap()))
    };
    for size in SIZES {
        for is_stdin in [false, true] {
            let args: &[&str] = if is_stdin { &["top"] } else { &["top", &path] };
            let mut terminal = Terminal::sized(args, size, |command| match is_stdin {
                true => by_stdin(command),
                false => command,
            });
            terminal.wait_for("END OF INPUT");
            let seen = terminal.seen();
            assert!(seen.lines().next().unwrap().contains("1,000 actions"), "{seen}");
            // The path may have a folder whose name begins so.
            let mut lines = seen.lines().filter(|line| !line.contains(&path[..6]));
            assert!(!lines.any(|line| line.contains("/s")), "{seen}");
            let row = seen.lines().find(|line| line.starts_with("jump")).unwrap();
            assert!(row.split_whitespace().take(3).eq(["jump", "1,000", "499,500"]), "{seen}");
            assert!(!header(&seen).contains(&"when"), "{seen}");
            terminal.press(b"q");
            assert_eq!(terminal.end().2, Some(0));
        }
    }
}

#[test]
fn long_name_is_marked_and_hides_no_figure() {
    let name = "n".repeat(120);
    let path = log("long", (0..1_000).map(|at| line(&name, 1_000 + at)));
    for size @ [_, columns] in SIZES {
        let (seen, left) = show(&[&path], size);
        for text in [seen, left] {
            let row = text.lines().find(|line| line.starts_with("nn")).unwrap();
            let name = row.split_whitespace().next().unwrap();
            assert!(name.contains('…') && name.chars().count() >= 12, "{text}");
            let figures = &header(&text)[1..];
            let expected = if columns < 80 { &FIGURES[..2] } else { &FIGURES[..] };
            assert_eq!(figures, expected, "{text}");
            let row = row.replace(" %", "%");
            let numbers: Vec<_> = row.split_whitespace().skip(1).collect();
            let all = ["1,000", "1,499,500", "100.0%", "1,500", "1,495", "1,991", "1,999"];
            let number = |figure| all[FIGURES.iter().position(|title| title == figure).unwrap()];
            assert_eq!(numbers, figures.iter().map(number).collect::<Vec<_>>(), "{text}");
        }
    }
}

#[test]
fn all_of_a_title_a_row_and_the_keys_fit_a_small_terminal() {
    let path = log("small", (0..1_000).map(|at| line(&format!("a{}", at % 3), at)));
    let mut terminal = Terminal::sized(&["top", &path], [12, 40], |command| command);
    terminal.wait_for("END OF INPUT");
    let seen = terminal.seen();
    let lines: Vec<_> = seen.lines().map(str::trim_end).collect();
    assert_eq!(
        lines[..4],
        [
            "…ll.ndjson  1,000 actions  END OF INPUT",
            "1,000 lines read; no rates without --ti…",
            "action    count▼    total    share",
            "a0           334  166,833   33.4 %",
        ],
        "{seen}"
    );
    terminal.press(b"?");
    terminal.wait_for("q, Ctrl-C");
    // Long lines continue below.
    assert!(terminal.seen().contains("quit; the table"), "{}", terminal.seen());
    assert!(terminal.seen().contains("stays on the"), "{}", terminal.seen());
    terminal.press(b"?q");
    assert_eq!(terminal.end().2, Some(0));
}

#[test]
fn times_have_a_unit_if_it_is_known() {
    let path = log("unit", (0..1_000).map(|at| line("jump", 1_000 + at)));
    let (seen, left) = show(&["--unit", "ms", &path], SIZES[0]);
    for text in [seen, left] {
        let row = text.lines().find(|line| line.starts_with("jump")).unwrap();
        let row = row.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(row, "jump 1,000 25.0 min 100.0 % 1.50 s 1.50 s 1.99 s 2.00 s", "{text}");
    }
}
