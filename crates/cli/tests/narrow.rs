//! Output on a narrow terminal, and on one without escape sequences.

#![cfg(unix)]

mod pty;

use std::fs;
use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use pty::Terminal;
use pty_process::blocking;
use unicode_width::UnicodeWidthStr;

const LONG: &str = "GET /api/v2/customers/{customer}/orders/{order}/items?expand=prices,stock";
const WIDE: &str = "顧客の注文を一覧にして在庫と価格を確認する処理";
const NUMBERS: [&str; 4] = ["1,234,568", "7,654,322", "3,456,790", "9,876,544"];

/// Two actions with long names, one of them in wide characters, and one with a short name.
fn log(name: &str) -> String {
    let path = format!("{}/narrow-{name}.ndjson", env!("CARGO_TARGET_TMPDIR"));
    let mut text = String::new();
    for (second, (action, time)) in
        [(LONG, "1234567.5"), (WIDE, "7654321.5"), (LONG, "3456789.5"), ("run", "9876543.5")]
            .into_iter()
            .enumerate()
    {
        let at = 1_700_000_000 + second * 10;
        text += &format!("{{\"action\":\"{action}\",\"time\":{time},\"at\":{at}}}\n");
    }
    fs::write(&path, text).unwrap();
    path
}

/// Returns the lines on a terminal of this width.
fn lines(args: &[&str], columns: u16) -> Vec<String> {
    let (seen, written, code) = Terminal::new(args, columns).end();
    assert_eq!(code, Some(0), "{written}");
    // A line that the terminal wrapped is one that is too long here.
    let fits = |line: &str| line.width() <= usize::from(columns);
    assert!(seen.lines().all(fits), "{columns}:\n{seen}");
    seen.lines().map(str::to_owned).collect()
}

#[track_caller]
fn check_numbers(lines: &[String]) {
    for number in NUMBERS {
        let is_whole = |line: &String| line.split_whitespace().any(|word| word == number);
        assert!(lines.iter().any(is_whole), "{number}:\n{}", lines.join("\n"));
    }
}

#[test]
fn long_names_leave_the_pictures() {
    let lines = lines(&["stats", "--top", "9", &log("pictures")], 126);
    assert!(lines[0].ends_with("  distribution"), "{lines:#?}");
    let names: Vec<_> = lines[1..].iter().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(lines.len(), 4, "a row is a line: {lines:#?}");
    let name = |start: &str| names.iter().find(|name| name.starts_with(start)).unwrap();
    assert!(name("GET").contains('…') && name("GET").ends_with("stock"), "{names:?}");
    assert!(name("顧客").contains('…') && name("顧客").ends_with("処理"), "{names:?}");
    check_numbers(&lines);
}

#[test]
fn rows_of_the_default_table_are_lines_at_80_columns() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/narrow-default.ndjson");
    let long = format!("/api/v1/{}", "segment/".repeat(28));
    let other = long.replacen("v1/segment/segment", "v1/segment/another", 1);
    let times = [(long.as_str(), 5), (&other, 5), ("short", 5), ("日本語日本語", 7)];
    let line = |(name, time): (&str, u32)| format!("{{\"action\":\"{name}\",\"time\":{time}}}\n");
    fs::write(path, times.map(line).concat()).unwrap();
    let lines = lines(&["stats", path], 80);
    assert_eq!(lines.len(), 5, "{lines:#?}");
    let names: Vec<_> = lines[1..].iter().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!((names[0], names[3]), ("日本語日本語", "short"), "{names:?}");
    // Different names are not shortened to the same one.
    assert!(names[1] != names[2] && names[1..3].iter().all(|name| name.contains('…')), "{names:?}");
}

#[test]
fn narrow_table_goes_on_below() {
    let log = log("below");
    for columns in [60, 40] {
        let lines = lines(&["stats", "--stat", "count,mean,min,p50,max", &log], columns);
        let heads = lines.iter().filter(|line| line.starts_with("action")).count();
        let blanks = lines.iter().filter(|line| line.is_empty()).count();
        assert_eq!(lines.len(), heads * 4 + blanks, "{columns}: {lines:#?}");
        assert!(heads > 1, "{columns}: {lines:#?}");
        check_numbers(&lines);
    }
}

#[test]
fn narrow_series_is_whole() {
    let log = log("series");
    let series = ["series", "--timestamp", "at", "--every", "10s", &log];
    for columns in [80, 40] {
        for more in [&[][..], &["--by-action"]] {
            let lines = lines(&[&series, more].concat(), columns);
            if more.is_empty() {
                check_numbers(&lines);
            }
            // A line of the table starts with the name of its row.
            let starts = ["from", "2023-11-14T22:", "action", "GET", "顧客", "run"];
            let starts = [&starts[..], &["pictures", "       to", "a column"]].concat();
            for line in lines.iter().filter(|line| !line.is_empty()) {
                assert!(starts.iter().any(|start| line.starts_with(start)), "{lines:#?}");
            }
        }
    }
}

#[test]
fn titles_of_a_series_are_unique() {
    let log = log("titles");
    let series = ["series", "--timestamp", "at", "--every", "10s", &log];
    let (mut long, mut short) = (0, 0);
    for columns in [160, 120, 100, 90, 80, 70, 60, 50, 40] {
        for more in [&[][..], &["--by-action"], &["--by-action", "--count-only"]] {
            let lines = lines(&[&series, more].concat(), columns);
            let is_head = |line: &&String| line.starts_with("from") || line.starts_with("action");
            for head in lines.iter().filter(is_head) {
                let titles = head.split("  ").map(str::trim).filter(|title| !title.is_empty());
                let mut titles: Vec<_> = titles.collect();
                long += usize::from(titles.contains(&"count over time"));
                short += usize::from(titles.contains(&"counts"));
                titles.sort_unstable();
                assert!(titles.windows(2).all(|pair| pair[0] != pair[1]), "{columns}: {head}");
            }
        }
    }
    assert!(long > 0 && short > 0, "{long} long titles, {short} short ones");
}

#[test]
fn narrow_demo_is_whole() {
    // Only the bars, which are the last lines: prose may be wrapped between words.
    let (seen, ..) = Terminal::new(&["demo", "--records", "50000", "--batches", "2"], 40).end();
    let bars: Vec<_> = seen.lines().filter(|line| line.contains('█')).collect();
    assert!(bars.len() >= 2 && bars.iter().all(|line| line.width() <= 40), "{seen}");
}

#[test]
fn legend_covers_no_curve() {
    let log = log("legend");
    let plot = ["series", "--timestamp", "at", "--every", "10s", "--format", "plot", &log];
    for columns in [80, 40] {
        let lines = lines(&[&plot[..], &["--by-action"]].concat(), columns);
        let chart = lines.iter().position(|line| line.contains('│')).unwrap();
        assert_eq!(lines[0], "actions in 10s");
        // The legend of all curves is above the chart, not inside.
        let named = lines[1..chart].join(" ");
        for start in ["━ GET", "━ 顧客", "━ run"] {
            assert!(named.contains(start), "{named}");
        }
        let axis = lines.iter().rposition(|line| line.contains('│')).unwrap();
        let drawn = lines[chart..=axis].concat();
        assert!(
            !drawn.contains(|c: char| c.is_ascii_alphabetic() || "┌┐└┘".contains(c)),
            "{drawn}"
        );
        // The newest row is the only one of `run`: its point is in the last column.
        let top = &lines[chart];
        assert_eq!(top.chars().count(), usize::from(columns), "{lines:#?}");
    }
}

fn dumb(command: blocking::Command) -> blocking::Command {
    command.env("TERM", "dumb")
}

#[test]
fn dumb_terminal_gets_no_escapes() {
    let log = log("dumb");
    let plot = ["series", "--timestamp", "at", "--format", "plot", "--by-action", &log];
    for args in [&["stats", &log][..], &plot, &["stats", "nosuch"], &["demo", "--records", "9"]] {
        let (_, written, _) = Terminal::with(args, 80, dumb).end();
        assert!(!written.contains('\x1b') && !written.is_empty(), "{written:?}");
    }
    // Each update is written on new lines, not over the ones before.
    let mut count = Terminal::with(&["count", "--every", "1h"], 80, dumb);
    count.press(b"one\n\x04");
    let (seen, written, _) = count.end();
    assert!(!written.contains('\x1b'), "{written:?}");
    assert!(seen.contains(" total 1  1s 1 "), "{seen}");
}

#[test]
fn dumb_terminal_shows_no_progress() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all("{\"action\":\"jump\",\"time\":100}\n".repeat(20_000).as_bytes()).unwrap();
    let member = gzip.finish().unwrap();
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/dumb.ndjson.gz");
    fs::write(file, member.repeat(5_000)).unwrap();
    let args = ["stats", "--stat", "count", file];
    let mut silent = Terminal::with(&args, 80, dumb);
    // Began later, so when it shows how far it is, the other one would have.
    let mut shown = Terminal::new(&args, 80);
    shown.wait_for("B/s");
    for terminal in [&mut shown, &mut silent] {
        terminal.press(b"\x03");
    }
    assert_eq!(shown.end().2, Some(130));
    let (seen, written, code) = silent.end();
    assert_eq!(code, Some(130));
    assert!(!written.contains('\x1b') && !seen.contains("B/s"), "{written:?}");
}

#[test]
fn fields_of_a_log_are_lines() {
    let long = format!("{{\"{}\":{{\"{}\":\"{WIDE}{LONG}\"}},", "a".repeat(30), "b".repeat(30));
    let path = format!("{}/narrow-fields.ndjson", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, long + "\"action\":\"x\",\"time\":\"12.5ms\"}\n").unwrap();
    for columns in [120, 80, 60] {
        let (seen, _, code) = Terminal::new(&["inspect", &path], columns).end();
        assert_eq!(code, Some(0), "{seen}");
        let rows: Vec<_> = seen.lines().skip_while(|line| !line.starts_with("field")).collect();
        let rows: Vec<_> = rows.into_iter().take_while(|line| !line.is_empty()).collect();
        assert_eq!(rows.len(), 4, "{seen}");
        assert!(rows.iter().all(|row| row.width() <= usize::from(columns)), "{seen}");
        assert!(rows[1].contains('…') && rows[2].starts_with("action"), "{seen}");
    }
}

#[test]
fn comparison_keeps_its_verdicts_on_any_width() {
    let path = log("compare");
    let args = ["compare", &path, &path, "--stat", "p50,p99"];
    let wide = lines(&args, 100);
    assert!(wide[0].ends_with("  interval  verdict"), "{wide:#?}");
    for columns in [80, 60, 40] {
        let lines = lines(&args, columns);
        assert!(lines.iter().any(|line| line.ends_with("verdict")), "{lines:#?}");
        let judged: Vec<_> = lines.iter().filter(|line| line.ends_with("too few")).collect();
        assert_eq!(judged.len(), 9, "{lines:#?}");
        assert!(judged.iter().all(|line| line.trim() != "too few"), "{lines:#?}");
    }
}

#[test]
fn histogram_fits_the_terminal() {
    let path = log("histogram");
    for columns in [100, 60, 40] {
        let lines = lines(&["stats", "--only", "run", "--histogram", &path], columns);
        assert!(lines.iter().any(|line| line.starts_with("p99.99")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("100.0 %")), "{lines:#?}");
    }
}
