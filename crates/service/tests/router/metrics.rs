//! The page for Prometheus.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use facade::Windrow;
use facade::actions::WindowedTracker;
use service::Page;

use crate::program;
use crate::server::{Server, windrow};

#[tokio::test]
async fn format_is_that_of_the_client() {
    let server = Server::with_page(&Windrow::default()).await;
    let cases = [
        ("text/html", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
             encoding=delimited",
            "application/vnd.google.protobuf; proto=io.prometheus.client.metricfamily; \
             encoding=delimited",
        ),
    ];
    for (accepted, expected) in cases {
        let response = server.begin("/windrow/metrics", &[("accept", accepted)]).await;
        assert_eq!((response.status(), response.header("content-type")), (200, Some(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn totals_stay_when_their_window_is_empty() {
    let (requests, _) = windrow();
    requests.keep_windows().unwrap();
    let name = r#"GET /{outcome="2xx"}"#;
    requests.add_action_duration(name, Duration::from_millis(250)).unwrap();
    let jobs = Arc::new(WindowedTracker::new(Default::default()).unwrap());
    jobs.record("resize", 2_000_000_000_u64).unwrap();
    let page = Page::new().source("requests", &requests).source("jobs", &jobs);
    let server = Server::start(Router::new().nest("/windrow", page.router())).await;
    let labels = r#"action="GET /",outcome="2xx",source="requests""#;
    let text = server.get("/windrow/metrics").await.1;
    let has = |text: &str, line: &str| assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    has(&text, &format!("windrow_action_duration_seconds{{{labels},quantile=\"0.99\"}} 0.25"));
    has(&text, &format!("windrow_action_duration_seconds_count{{{labels}}} 1"));
    let jobs = r#"{action="resize",share="0.5",source="jobs"}"#;
    has(&text, &format!("windrow_action_window_duration_seconds{jobs} 2"));
    let without_total = !text.contains(r#"windrow_action_duration_seconds_count{action="resize""#);
    assert!(without_total, "{text}");
    has(&text, r#"windrow_exceeded_total{source="jobs",what="folded"} 0"#);
    tokio::time::sleep(Duration::from_secs(400)).await;
    let text = server.get("/windrow/metrics").await.1;
    has(&text, &format!("windrow_action_duration_seconds{{{labels},quantile=\"0.99\"}} NaN"));
    has(&text, &format!("windrow_action_duration_seconds_sum{{{labels}}} 0.25"));
}

#[tokio::test]
async fn promtool_accepts_the_page() {
    if program::is_missing("promtool", "prometheus") {
        return;
    }
    let (requests, _) = windrow();
    requests.keep_windows().unwrap();
    for name in [r#"GET /{outcome="2xx"}"#, r#"GET /{outcome="error"}"#, "back\\slash \"quoted\""] {
        requests.add_action_duration(name, Duration::from_millis(250)).unwrap();
    }
    let layer = service::RequestLayer::new(&Windrow::default());
    let page = Page::new().source("requests", &requests).source("a\"b", &layer);
    #[cfg(feature = "metrics")]
    let page = page.source("metrics", &crate::recorder::with_one_of_each());
    #[cfg(feature = "ingest")]
    let page = page.ingest(&service::Ingest::new(&requests));
    let server = Server::start(Router::new().nest("/windrow", page.router())).await;
    #[cfg(feature = "ingest")]
    {
        let body = b"{\"action\":\"jump\",\"time\":1}\nx\n";
        let response = server.send("POST", "/windrow/v1/actions", &[], body).await;
        assert_eq!(response.status(), 200);
    }
    let text = server.get("/windrow/metrics").await.1;
    let (is_accepted, problems) = check(&text);
    assert!(is_accepted, "{problems}\n{text}");
    // It does find what is wrong.
    let (is_accepted, _) = check(&format!("{text}{}", text.lines().last().unwrap_or_default()));
    assert!(!is_accepted);
}

/// Gives a page to `promtool`; returns what it found.
fn check(page: &str) -> (bool, String) {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let problems = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&problems).into_owned())
}
