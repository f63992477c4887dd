//! Pages read by the real programs: `promtool`, a server that scrapes them, and the parsers of
//! `client_python`.

mod page;
mod program;
mod python;
mod scrape;

use std::io::Write;
use std::process::{Command, Stdio};

use exposition::Format;

use page::{HOSTILE, QUANTILES};
use python::Samples;
use scrape::Prometheus;

/// A bin is 1/64 wide, and the server interpolates in a bucket of ratio 2^(1/32).
const ERROR_MAX: f64 = (1.0 + 1.0 / 64.0) * 1.021_898 - 1.0;

#[test]
fn promtool_accepts_a_page() {
    if program::is_missing("promtool", "prometheus") {
        return;
    }
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&page::page(Format::Text)).unwrap();
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    // It exits with 1 for a page that it cannot read, and with 3 for names against conventions.
    assert_eq!((output.status.code(), out.as_str(), err.as_str()), (Some(0), "", ""));
}

#[test]
fn server_reads_native_histograms_within_their_error() {
    let Some(server) = Prometheus::scraping(&["--enable-feature=native-histograms"], None) else {
        return;
    };
    assert_eq!(server.format(), Format::Protobuf);
    for (share, exact) in page::exact_quantiles() {
        let query = format!("histogram_quantile({share}, request_duration_seconds)");
        let found = server.number(&query);
        let error = (found - exact).abs() / exact;
        assert!(error <= ERROR_MAX, "p{share}: {found} differs from {exact} by {error}");
        assert!(server.number(&format!("histogram_quantile({share}, empty_seconds)")).is_nan());
    }
    assert_eq!(server.number("histogram_count(request_duration_seconds)"), page::COUNT as f64);
    assert_eq!(server.number("histogram_sum(request_duration_seconds)"), page::SUM);
    assert_eq!(server.number("histogram_count(empty_seconds)"), 0.0);
    // The median of mostly zeros is in the bucket of zero.
    assert!(server.number("histogram_quantile(0.5, zeros_seconds)") < 1e-30);
    check_others(&server);
}

#[test]
fn server_reads_openmetrics() {
    let Some(server) = Prometheus::scraping(&[], None) else { return };
    assert_eq!(server.format(), Format::OpenMetrics);
    check_buckets(&server);
    check_others(&server);
}

#[test]
fn server_reads_text() {
    let Some(server) = Prometheus::scraping(&[], Some(Format::Text)) else { return };
    assert_eq!(server.format(), Format::Text);
    check_buckets(&server);
    check_others(&server);
}

#[test]
fn parsers_of_client_python_read_both_text_formats() {
    for format in [Format::Text, Format::OpenMetrics] {
        let Some(samples) = Samples::of(&page::page(format), format) else { return };
        for (index, value) in (0..).zip(HOSTILE) {
            let (number, labels) = samples.sample("hostile_total", "index", &index.to_string());
            let expected = value.replace('\0', "\u{fffd}");
            assert_eq!((number, labels["value"].as_str()), (f64::from(index), Some(&*expected)));
        }
        for (share, value) in QUANTILES {
            assert_eq!(samples.number("wait_seconds", "quantile", share), value, "{format:?}");
        }
        for (bound, count) in page::exact_buckets() {
            let found = samples.number("request_duration_seconds_bucket", "le", bound);
            assert_eq!(found, count as f64, "{format:?}, {bound}");
        }
        assert_eq!(samples.number("request_duration_seconds_sum", "", ""), page::SUM);
        assert_eq!(samples.number("request_duration_seconds_count", "", ""), page::COUNT as f64);
        assert_eq!(samples.number("level", "which", "infinite"), f64::INFINITY);
        assert!(samples.number("level", "which", "none").is_nan());
        assert_eq!(samples.number("level", "which", "small"), 5e-324);
    }
}

/// Checks the buckets with bounds, each to the value.
#[track_caller]
fn check_buckets(server: &Prometheus) {
    for (bound, count) in page::exact_buckets() {
        let query = format!("request_duration_seconds_bucket{{le=\"{bound}\"}}");
        assert_eq!(server.number(&query), count as f64, "{query}");
    }
    assert_eq!(server.number("request_duration_seconds_count"), page::COUNT as f64);
    assert_eq!(server.number("request_duration_seconds_sum"), page::SUM);
    assert_eq!(server.number("empty_seconds_bucket{le=\"+Inf\"}"), 0.0);
}

/// Checks what all formats have alike, with the labels that they all have.
#[track_caller]
fn check_others(server: &Prometheus) {
    for (index, value) in HOSTILE.iter().enumerate() {
        let labels = server.labels(&format!("hostile_total{{index=\"{index}\"}}"));
        let expected = value.replace('\0', "\u{fffd}");
        assert_eq!(labels["value"], expected.as_str(), "hostile value {index}");
    }
    assert_eq!(server.number("hostile_total{index=\"3\"}"), 3.0);
    assert_eq!(server.number("level{which=\"infinite\"}"), f64::INFINITY);
    assert!(server.number("level{which=\"none\"}").is_nan());
    for (share, value) in QUANTILES {
        let query = format!("wait_seconds{{quantile=\"{share}\"}}");
        assert_eq!(server.number(&query), value, "{query}");
    }
    assert_eq!(server.number("wait_seconds_count"), 4.0);
    let long = "n".repeat(4_096);
    assert_eq!(server.number(&long), 1.0, "a long name");
}
