//! Rows over time that are saved and merged: the result is that of one run over all inputs.

mod folder;

use std::fmt::Write as _;
use std::time::Duration;

use facade::Stamp;
use facade::actions::{Count, RowsHeader, RowsWriter};
use facade::time::Statistic;
use folder::Folder;

/// All statistics, most of them with all of their digits.
const STATS: &str = "count,total,share,mean,min,max,stddev,variance,p50,p99.9";
/// Of Berlin, in the night in which a day has 25 hours.
const OPTIONS: &str = "--timestamp at --timezone Europe/Berlin --every 6h --unit ms";

/// Writes three logs over three days, which overlap and are in no order.
fn with_logs() -> Folder {
    let folder = Folder::new();
    for log in 0..3_u64 {
        let mut text = String::new();
        for line in 0..500_u64 {
            let action = (line * 7 + log * 13) % 11;
            let time = (line * line % 1_000) as f64 / if log == 1 { 8.0 } else { 1.0 };
            let at = 1_729_900_000 + (line * 7_919 + log * 60_000) % 200_000;
            writeln!(text, r#"{{"action":"action {action}","time":{time},"at":{at}}}"#).unwrap();
        }
        writeln!(text, r#"{{"action":"only in {log}","time":1e300,"at":1729900000}}"#).unwrap();
        folder.write(&format!("{log}.ndjson"), text.as_bytes());
    }
    folder
}

/// Saves the rows of each log with further options.
fn saved(options: &str) -> Folder {
    let folder = with_logs();
    for log in 0..3 {
        folder.done(&format!("series {options} --save {log}.rows --format csv {log}.ndjson"));
    }
    folder
}

#[test]
fn a_merge_of_series_is_one_run_over_all_inputs() {
    let logs = "2.ndjson 0.ndjson 1.ndjson";
    for by_action in ["", " --by-action"] {
        let options = format!("{OPTIONS}{by_action}");
        let folder = saved(&options);
        let top = if by_action.is_empty() { "" } else { " --top 3" };
        for format in ["json", "ndjson", "csv", "table", "plot", "rows"] {
            for shown in [String::new(), format!(" --stat {STATS}{top}")] {
                let shown = format!("--format {format}{shown}");
                let at_once = folder.run(&format!("series {options} {shown} {logs}"));
                let merged = folder.run(&format!("merge {shown} 2.rows 0.rows 1.rows"));
                assert_eq!(at_once.0, 0);
                assert_eq!(merged, at_once, "{by_action} {shown}");
            }
        }
        // A merge of merges has the same bytes.
        folder.done("merge --save 20.rows --format csv 2.rows 0.rows");
        folder.done("merge --save all.rows --format csv 20.rows 1.rows");
        let all =
            format!("series {options}{top} --threads 3 --format csv --save at_once.rows {logs}");
        folder.done(&all);
        assert_eq!(folder.read("all.rows"), folder.read("at_once.rows"));
    }
}

#[test]
fn counts_over_time_are_merged() {
    let counts = "--timestamp at --every 1h --count-only";
    let folder = saved(counts);
    for format in ["csv", "json", "table", "plot"] {
        let at_once = format!("series {counts} --format {format} 0.ndjson 1.ndjson 2.ndjson");
        let merged = format!("merge --format {format} 0.rows 1.rows 2.rows");
        assert_eq!(folder.done(&merged), folder.done(&at_once));
    }
    let mean = "`--count-only` reads no value, so that there is no `mean`\n  \
                use `count` or `share`, or leave out `--count-only`";
    folder.refused("merge --stat mean 0.rows", 2, mean);
}

#[test]
fn an_empty_log_adds_no_interval() {
    let folder = saved(OPTIONS);
    folder.write("empty.ndjson", b"");
    folder.done(&format!("series {OPTIONS} --save empty.rows --format csv empty.ndjson"));
    let both = folder.done("merge --format csv empty.rows 0.rows");
    assert_eq!(both, folder.done("merge --format csv 0.rows"));
    let nothing = folder.done("merge --format csv empty.rows");
    assert_eq!(nothing, folder.done(&format!("series {OPTIONS} --format csv empty.ndjson")));
    // Without an action, rows do not say that they are by action.
    let by_action = format!("series {OPTIONS} --by-action --save none.rows --format csv");
    folder.done(&format!("{by_action} empty.ndjson"));
    assert_eq!(folder.done("merge --format csv none.rows"), nothing);
}

#[test]
fn files_of_other_intervals_are_refused() {
    let folder = saved(OPTIONS);
    let other = OPTIONS.replace("6h", "1h");
    folder.done(&format!("series {other} --save hours.rows --format csv 1.ndjson"));
    let width = "rows of hours.rows have intervals of 1h in Europe/Berlin, those of 0.rows \
                 intervals of 6h in Europe/Berlin\n  \
                 save them with the same `--every` and `--timezone`";
    folder.refused("merge 0.rows hours.rows", 1, width);
    let other = OPTIONS.replace("Europe/Berlin", "+02:00");
    folder.done(&format!("series {other} --save zone.rows --format csv 1.ndjson"));
    let zone = "rows of 0.rows have intervals of 6h in Europe/Berlin, those of zone.rows \
                intervals of 6h in +02:00\n  save them with the same `--every` and `--timezone`";
    folder.refused("merge zone.rows 0.rows", 1, zone);
    folder.done("stats --unit ms --save stats.rows --format csv 1.ndjson");
    let mixed = "rows of stats.rows have no intervals, those of 0.rows intervals of 6h in \
                 Europe/Berlin\n  merge files of `stats`, or files of `series`";
    folder.refused("merge 0.rows stats.rows", 1, mixed);
    let mixed = "rows of 0.rows have intervals of 6h in Europe/Berlin, those of stats.rows no \
                 intervals\n  merge files of `stats`, or files of `series`";
    folder.refused("merge stats.rows 0.rows", 1, mixed);
    folder.done(&format!("series {OPTIONS} --by-action --save by.rows --format csv 1.ndjson"));
    let (code, text, message) = folder.run("merge 0.rows by.rows");
    assert_eq!((code, text.as_str()), (1, ""));
    let by_action = "by.rows: rows by action cannot follow rows of all actions, save all files \
                     with `--by-action` or none";
    assert!(message.contains(by_action), "{message}");
}

#[test]
fn options_that_do_not_apply_are_refused() {
    let folder = saved(OPTIONS);
    folder.done("stats --save stats.rows --format csv 1.ndjson");
    let message = |option: &str, command: &str, file: &str| {
        format!(
            "`{option}` does not apply to rows of `windrow {command}`, as in {file}\n  \
             leave it out"
        )
    };
    for (option, named) in [
        ("--sort p99", "--sort"),
        ("--reverse", "--reverse"),
        ("--only jump", "--only"),
        ("--fail-if p99>1", "--fail-if"),
        ("--max-actions 3", "--max-actions"),
        ("--max-memory 1GB", "--max-memory"),
        ("--format prometheus", "--format prometheus"),
    ] {
        folder.refused(&format!("merge {option} 0.rows"), 2, &message(named, "series", "0.rows"));
    }
    for (option, named) in [("--format plot", "--format plot"), ("--max-rows 9", "--max-rows")] {
        let command = format!("merge {option} stats.rows");
        folder.refused(&command, 2, &message(named, "stats", "stats.rows"));
    }
    let top = "`--top` is of rows by action, and those of 0.rows are of all actions\n  \
               leave it out, or save them with `--by-action`";
    folder.refused("merge --top 3 0.rows", 2, top);
    let width = "`--save` and `--format rows` need the width of intervals\n  \
                 use `--every`, such as `--every 1m`";
    for option in ["--save a.rows", "--format rows"] {
        folder.refused(&format!("series --timestamp at {option} 0.ndjson"), 2, width);
    }
}

#[test]
fn rows_beyond_the_limit_are_refused() {
    let folder = saved(OPTIONS);
    let (code, text, message) = folder.run("merge --max-rows 3 0.rows 1.rows");
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(message.contains("limit is 3\n  save rows with `--every "), "{message}");
    folder.done("merge --max-rows 11 0.rows 1.rows");
    // Too many actions, not too many intervals.
    let folder = saved(&format!("{OPTIONS} --by-action"));
    let (code, text, message) = folder.run("merge --max-rows 20 0.rows 1.rows");
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(message.contains("more than 20 rows of one action and 6h each"), "{message}");
    assert!(message.contains("save rows with a wider `--every`"), "{message}");
}

#[test]
fn series_are_saved_whole_or_not_at_all() {
    let folder = with_logs();
    folder.write("old.rows", b"old");
    let command = format!("series {OPTIONS} --save old.rows 0.ndjson");
    let (code, _, messages) = folder.run(&format!("{command} missing.ndjson"));
    assert_eq!((code, folder.read("old.rows").as_slice()), (1, &b"old"[..]));
    assert!(messages.contains("no rows are saved"), "{messages}");
    let (code, ..) = folder.run(&format!("{command} 0.ndjson"));
    assert_eq!((code, folder.read("old.rows").as_slice()), (2, &b"old"[..]));
    let shown = folder.done(&command);
    assert!(folder.read("old.rows").starts_with(b"wrow"));
    assert_eq!(shown, folder.done(&command.replace(" --save old.rows", "")));
}

/// Encodes one row of an interval.
fn rows_of(zone: &str, start: Stamp) -> Vec<u8> {
    let resolution = Duration::from_secs(3_600);
    let header = RowsHeader { resolution, zone: zone.into(), ..RowsHeader::default() };
    let mut count = Count::default();
    count.insert(1_u8.into());
    let mut writer = RowsWriter::<Count>::new(&header);
    writer.block(start, [("jump", 0, &count)]);
    writer.finish()
}

#[test]
fn rows_of_no_interval_are_refused() {
    let folder = Folder::new();
    let hour = Stamp::from_nanos(3_600_000_000_000);
    folder.write("hour.rows", &rows_of("", hour));
    let printed = folder.done("merge --format csv hour.rows");
    assert_eq!(printed, "from,action,count\n1970-01-01T01:00:00Z,jump,1\n");
    folder.write("late.rows", &rows_of("", Stamp::from_nanos(3_601_000_000_000)));
    let (code, text, message) = folder.run("merge late.rows");
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(message.contains("no interval starts at 1970-01-01T01:00:01Z"), "{message}");
    folder.write("mars.rows", &rows_of("Mars/\u{1b}[1m", hour));
    let (code, text, message) = folder.run("merge mars.rows");
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(message.starts_with("windrow: mars.rows: time zone `Mars/"), "{message}");
    assert!(!message.contains('\u{1b}'), "{message:?}");
}
