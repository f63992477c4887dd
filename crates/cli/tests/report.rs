//! The page of `windrow report` with hostile names and lines.
//!
//! `cargo xtask e2e` checks the page in a browser.

use std::fs;
use std::process::{Command, Output};

/// The moment when the reports are made.
const MADE: &str = "1700000000";

fn report(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
    command.env("SOURCE_DATE_EPOCH", MADE).arg("report").args(args).output().unwrap()
}

/// Returns the page, after which the program exits with this code.
#[track_caller]
fn made(args: &[&str], code: i32) -> String {
    let output = report(args);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn page(file: &str) -> String {
    made(&["--timestamp", "at", file], 3)
}

/// Writes lines to a file of this name, and returns its path.
fn file(name: &str, lines: &[&str]) -> String {
    let path = format!("{}/report-{name}.ndjson", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

/// Returns the texts between two marks.
fn between<'p>(page: &'p str, start: &str, end: &str) -> Vec<&'p str> {
    let parts = page.split(start).skip(1);
    parts.map(|part| part.split(end).next().unwrap()).collect()
}

#[test]
fn names_and_lines_stay_text() {
    let page = page("tests/data/hostile.ndjson");
    for markup in ["<script", "<img", "<b>", "<svg onload", "</title></style>", "</pre><script"] {
        assert!(!page.contains(markup), "{markup}");
    }
    for text in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;",
        "&lt;/title&gt;&lt;/style&gt;&lt;h1&gt;owned",
        "&lt;/pre&gt;&lt;script&gt;",
        r"\u{202e}right to left",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains('\u{202e}'), "a mark that turns text round");
}

#[test]
fn page_needs_nothing_from_elsewhere() {
    let page = page("tests/data/hostile.ndjson");
    assert!(page.contains("default-src 'none'"));
    for reference in ["http:", "https:", " href=", "url(", "@import"] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
fn threads_make_no_difference() {
    let with = |threads: &str| made(&["samples/startup.ndjson", "--threads", threads], 0);
    assert!(with("1") == with("4"), "the pages differ");
}

#[test]
fn axes_of_the_largest_times_are_finite() {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/largest.ndjson");
    for time in ["1.5e308", "1.7e308", "1.7976931348623157e308"] {
        let line = |at| format!("{{\"action\":\"a\",\"time\":{time},\"at\":{at}}}\n");
        fs::write(file, line(1) + &line(2)).unwrap();
        for args in ["report --timestamp at", "series --timestamp at --format plot"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
            let output = command.args(args.split(' ')).arg(file).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{args}");
            // The total of both is above the largest float, and shown as what it is.
            let text = String::from_utf8(output.stdout).unwrap();
            let text = text.replace("<td>inf</td>", "").replace("<dd>inf</dd>", "");
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            let found = words.find(|word| ["inf", "NaN"].contains(word));
            assert_eq!(found, None, "{args} {time}");
            assert!(text.contains("e308"), "{args} {time}");
        }
    }
    fs::remove_file(file).unwrap();
}

#[test]
fn report_reads_csv_and_counts_what_has_no_value() {
    let run = |args: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
        let args = args.split(' ').chain(["tests/cases/s23-jmeter.jtl"]);
        let output = command.arg("report").args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let page = run("--by label --value elapsed --unit ms --timestamp timeStamp");
    for text in ["Home", "340 ms", "Mean time in", "Distributions", "total time"] {
        assert!(page.contains(text), "{text}");
    }
    let page = run("--by label --count-only --timestamp timeStamp");
    assert!(page.contains("66.7 %") && page.contains("Actions in"), "{page}");
    assert_eq!(between(&page, "id=\"by-", "\""), ["name", "count"]);
    assert!(page.contains("id=\"by-count\" checked"), "{page}");
    for text in ["Mean time in", "Distributions", "p99", "distribution", "total time", "mean"] {
        assert!(!page.contains(&format!(">{text}")), "{text}");
    }
}

#[test]
fn rows_have_their_position_in_each_order() {
    let lines = [
        r#"{"action":"b","time":6}"#,
        r#"{"action":"a","time":1}"#,
        r#"{"action":"a","time":3}"#,
        r#"{"action":"c","time":4}"#,
    ];
    let page = made(&[&file("orders", &lines)], 0);
    // Totals 6, 4, 4: of equal rows, the first to appear comes first in every order.
    let rows = [
        "name:2;count:2;total:1;mean:1;stddev:2;min:1;p50:1;p90:1;p99:1;max:1",
        "name:1;count:1;total:2;mean:3;stddev:1;min:3;p50:3;p90:3;p99:3;max:3",
        "name:3;count:3;total:3;mean:2;stddev:3;min:2;p50:2;p90:2;p99:2;max:2",
    ];
    let rows = rows.map(|row| format!("--{}", row.replace(';', ";--")));
    assert_eq!(between(&page, "<tr style=\"", "\""), rows);
    let radios = between(&page, "id=\"by-", ">");
    assert_eq!(radios.iter().filter(|radio| radio.contains("checked")).count(), 1);
    for radio in radios {
        let order = radio.split('"').next().unwrap();
        for rule in [
            format!("#by-{order}:checked~div tbody tr{{--at:var(--{order})}}"),
            format!("<label for=\"by-{order}\">"),
        ] {
            assert!(page.contains(&rule), "{rule}");
        }
    }
}

#[test]
fn distributions_have_one_scale() {
    let lines: Vec<_> = [("fast", 2), ("fast", 90), ("slow", 500), ("slow", 900)]
        .map(|(action, time)| format!(r#"{{"action":"{action}","time":{time}}}"#))
        .into();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let page = made(&[&file("scale", &lines), "--unit", "ms"], 0);
    let scales = between(&page, "<div class=\"ticks\" aria-hidden=\"true\">", "</div>");
    assert_eq!(scales.len(), 2);
    assert_eq!(scales[0], scales[1]);
    assert_eq!(between(scales[0], "%\">", "<"), ["2 ms", "10 ms", "100 ms", "500 ms"]);
    // The bars of the fast action end before those of the slow one begin.
    let bars = between(&page, "<g class=\"bars\">", "</g>");
    let places = |bars| -> Vec<u32> {
        between(bars, "<rect x=\"", "\"").iter().map(|x| x.parse().unwrap()).collect()
    };
    let [slow, fast] = [0, 1].map(|picture| places(bars[picture]));
    assert!(fast.iter().max() < slow.iter().min(), "{fast:?} {slow:?}");
}

#[test]
fn charts_have_their_values_as_a_table() {
    let page = made(&["--timestamp", "at", "--unit", "ms", "tests/data/stamped.ndjson"], 0);
    let table = between(&page, "<details>", "</details>").concat();
    let series = Command::new(env!("CARGO_BIN_EXE_windrow"))
        .args(["series", "--timestamp", "at", "--unit", "ms", "--every"])
        .args([between(&page, "Actions in each ", "<")[0], "--stat", "count,mean,p99"])
        .args(["--format", "csv", "tests/data/stamped.ndjson"])
        .output()
        .unwrap();
    let series = String::from_utf8(series.stdout).unwrap();
    let counts: Vec<_> = series.lines().skip(1).map(|row| row.split(',').nth(1).unwrap()).collect();
    let rows = between(&table, "<th class=\"name\" scope=\"row\">", "</tr>");
    let cells = |row: &&str| between(row, "<td>", "<")[0].to_owned();
    assert!(!rows.is_empty());
    assert_eq!(rows.iter().map(cells).collect::<Vec<_>>(), counts);
    // And next to the pointer, in three panels.
    let hits = between(&page, "<rect class=\"hit\"", "</rect>");
    assert_eq!(hits.len(), 3 * rows.len());
    assert!(hits.iter().any(|hit| hit.contains("ms</title>")), "{hits:?}");
}

#[test]
fn partial_intervals_are_marked() {
    // A record each second for a minute, in intervals of a second or more.
    let line = |at: u32| format!(r#"{{"action":"a","time":1,"at":{}}}"#, 1_700_000_000 + at);
    let page = |name: &str, range: std::ops::Range<u32>| {
        let lines: Vec<_> = range.map(line).collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        made(&["--timestamp", "at", &file(name, &lines)], 0)
    };
    let marks = |page: &str| between(page, "<rect class=\"part\"", ">").len();
    let whole = page("whole", 0..600);
    assert_eq!((marks(&whole), whole.contains("class=\"partial\"")), (0, false));
    let cut = page("cut", 7..600);
    assert_eq!(marks(&cut), 3, "one in each panel");
    assert!(cut.contains("The log begins inside of the first interval"), "{cut}");
    assert!(cut.contains("<rect class=\"partial\"") && cut.contains("(partial)"), "{cut}");
    let cut = page("both", 7..593);
    assert_eq!(marks(&cut), 6);
    assert!(cut.contains("begins inside of the first interval and ends inside of the last"));
}

#[test]
fn page_names_what_it_was_made_of() {
    let lines = [r#"{"op":"a","took":1}"#, r#"{"op":"b"}"#, r#"{"op":"c","took":-1}"#, " "];
    let file = file("origin", &lines);
    let args = ["--by", "op", "--value", "took", "--where", "op!=<b>\u{202e}", &file];
    let page = made(&[&args[..], &["--threads", "2", "--max-refused", "1"]].concat(), 0);
    let about = between(&page, "<dl class=\"about\">", "</dl>").concat();
    for text in [
        "<time datetime=\"2023-11-14T22:13:20Z\">2023-11-14T22:13:20Z</time>, time zone UTC",
        concat!("by windrow ", env!("CARGO_PKG_VERSION")),
        &file,
        "<code>--by op</code>",
        "<code>--value took</code>",
        r"<code>--where 'op!=&lt;b&gt;\u{202e}'</code>",
        "3 read: 1 counted, 1 refused, 1 skipped; 1 blank line",
    ] {
        assert!(about.contains(text), "{text}: {about}");
    }
    assert!(!about.contains("--threads"), "{about}");
    // The options of a preset are those that it stands for.
    let page = made(&["--preset", "jmeter", "tests/cases/s23-jmeter.jtl", "-o", "-"], 0);
    for text in ["--preset jmeter", "--by label", "--unit ms"] {
        assert!(page.contains(&format!("<code>{text}</code>")), "{text}");
    }
    assert!(!page.contains("<code>--output"), "{page}");
}

#[test]
fn moment_is_that_of_the_variable() {
    let report = |value: Option<&str>, zone: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
        command.env_remove("SOURCE_DATE_EPOCH");
        value.map(|value| command.env("SOURCE_DATE_EPOCH", value));
        let args = ["report", "--timestamp", "at", "--timezone", zone];
        let output = command.args(args).arg("tests/data/stamped.ndjson").output().unwrap();
        (output.status.code(), output)
    };
    let page = |value, zone| String::from_utf8(report(value, zone).1.stdout).unwrap();
    assert_eq!(page(Some("0"), "UTC"), page(Some("0"), "UTC"));
    assert!(
        page(Some("0"), "+02:00").contains("Made <time datetime=\"1970-01-01T02:00:00+02:00\">")
    );
    let now = page(None, "UTC");
    assert!(between(&now, "Made <time datetime=\"", "-")[0] >= "2024", "{now}");
    for value in ["", "soon", "-1", "9223372037"] {
        let (code, output) = report(Some(value), "UTC");
        let expected = format!(
            "windrow: SOURCE_DATE_EPOCH is `{value}`, expected whole seconds since 1970, from 0 to \
             9223372036\n  set it as `date +%s` prints them, or unset it\n"
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
        assert_eq!((code, output.stdout.len()), (Some(2), 0));
    }
}

#[test]
fn page_without_rows_in_the_table_has_its_totals() {
    let page = made(&["--top", "0", "tests/data/stamped.ndjson"], 0);
    assert!(page.contains("Not shown: 3 more actions, with smaller totals, with 8 records."));
    assert!(!page.contains("There were none.") && !page.contains("type=\"radio\""), "{page}");
}
