//! The page of `windrow report` with hostile names and lines.
//!
//! `cargo xtask e2e` checks the page in a browser.

use std::fs;
use std::process::Command;

fn page(file: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
    let output = command.args(["report", "--timestamp", "at", file]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    String::from_utf8(output.stdout).unwrap()
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
    let with = |threads: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
        let args = ["report", "samples/startup.ndjson", "--threads", threads];
        command.args(args).output().unwrap().stdout
    };
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
            let text = String::from_utf8(output.stdout).unwrap().replace("<td>inf</td>", "");
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
    for text in ["Home", "340 ms", "Time of an action", "Distributions"] {
        assert!(page.contains(text), "{text}");
    }
    let page = run("--by label --count-only --timestamp timeStamp");
    assert!(page.contains("66.7 %") && page.contains("Actions in"), "{page}");
    for text in ["Time of an action", "Distributions", "p99", "distribution"] {
        assert!(!page.contains(&format!(">{text}")), "{text}");
    }
}
