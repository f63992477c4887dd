//! The 99th percentile of each route, from the access log of a web server in JSON.
//!
//! `cargo run --package facade --example any_log [FILE]`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;

use facade::actions::{MergedTracker, TrackerSpec};
use facade::codec::{DecodeOptions, Fields, Filter, NameRules, Path, Record};
use facade::{Summary, Unit, WhenFull};

/// Some lines as Caddy writes them, with durations in seconds.
const LOG: &str = r#"
{"logger":"http.log.access","request":{"method":"GET","uri":"/items/42?page=2"},"duration":0.012}
{"logger":"http.log.access","request":{"method":"GET","uri":"/items/7"},"duration":0.035}
{"logger":"http.log.access","request":{"method":"POST","uri":"/cart"},"duration":"250ms"}
{"logger":"http.log.access","request":{"method":"GET","uri":"/items/9"},"duration":"slow"}
{"logger":"tls","msg":"cleaned storage units"}
"#;

/// Returns the options for the fields of the log.
fn options() -> Result<DecodeOptions, Box<dyn Error>> {
    let fields = Fields {
        by: vec![Path::parse("request.method")?, Path::parse("request.uri")?],
        value: Some(Path::parse("duration")?),
        filters: vec![Filter::parse("logger=http.log.access")?],
        // `/items/42?page=2` and `/items/7` are one route.
        names: NameRules { group_paths: true, ..NameRules::default() },
        unit: Some(Unit::Seconds),
        ..Fields::any()
    };
    Ok(DecodeOptions { fields, ..DecodeOptions::default() })
}

/// Reads a log, and describes its routes and the records that are not among them.
fn describe(log: impl Read + Send) -> Result<String, Box<dyn Error>> {
    // A client cannot fill the memory with routes that do not exist.
    let spec = TrackerSpec {
        unit: Unit::Seconds,
        actions: 1_000,
        when_full: WhenFull::Fold,
        ..TrackerSpec::default()
    };
    let tracker = MergedTracker::<Summary>::new(spec);
    let report = options()?.decode_reader(log, &mut |record: Record<'_>| {
        // Names and times of records are valid, and a tracker that folds is never full.
        let _ = tracker.record(record.name, record.time);
    })?;

    let mut text = String::new();
    for row in tracker.stats() {
        let p99 = row.statistic().p99().and_then(|time| time.to_duration(Unit::Seconds));
        let (route, count) = (row.name(), row.statistic().count());
        writeln!(text, "{route:<14} {count} requests  p99 {:.1?}", p99.unwrap_or_default())?;
    }
    writeln!(text, "{} refused, {} filtered", report.refused, report.filtered)?;
    for refusal in &report.refusals {
        writeln!(text, "{refusal:#}")?;
    }
    Ok(text)
}

fn main() -> Result<(), Box<dyn Error>> {
    let text = match env::args_os().nth(1) {
        Some(path) => describe(File::open(path)?)?,
        None => describe(LOG.trim_start().as_bytes())?,
    };
    print!("{text}");
    Ok(())
}

#[test]
fn routes_are_described() -> Result<(), Box<dyn Error>> {
    let text = describe(LOG.trim_start().as_bytes())?;
    assert_eq!(
        text,
        "GET /items/:id 2 requests  p99 35.0ms\n\
         POST /cart     1 requests  p99 250.0ms\n\
         1 refused, 1 filtered\n\
         line 4: field `duration`: value is `slow`, expected a number or a duration such as \
         `2.5ms`, `1m2.5s` or `0:01:02` (byte 83)\n  \
         …t\":{\"method\":\"GET\",\"uri\":\"/items/9\"},\"duration\":\"slow\"}\n\
         \x20                                                  ^\n"
    );
    Ok(())
}
