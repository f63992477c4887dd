//! Actions that survive the process, at each level.

use std::path::Path;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use facade::codec::{DecodeOptions, Fields, Path as Field, Timestamp, TimestampFormat};
use facade::time::{ManualClock, RefusedCounts};
use facade::{Stamp, Windrow, WindrowBuilder};
use serde_json::{Value, json};
use service::{BodyHead, Durability, DurabilityError, Ingest, Level, Page, RecoveryReport};
use tower::ServiceExt as _;

use crate::totals;

const START: Stamp = Stamp::from_secs(1_000_000);

/// A process: an endpoint that ends without a fold when it is dropped.
struct Process {
    ingest: Ingest,
    router: Router,
    report: RecoveryReport,
}

fn default_form(_: &BodyHead<'_>) -> Result<DecodeOptions, String> {
    Ok(DecodeOptions::default())
}

fn open(builder: WindrowBuilder, folder: &Path) -> Result<Process, DurabilityError> {
    open_for(builder, folder, "")
}

fn open_for(
    builder: WindrowBuilder,
    folder: &Path,
    options: &str,
) -> Result<Process, DurabilityError> {
    let (folder, options) = (folder.to_owned(), options.to_owned());
    let durability = Durability { folder, level: Level::Written, options };
    open_as(default_form, builder, durability)
}

fn open_as<F>(
    choose: F,
    builder: WindrowBuilder,
    durability: Durability,
) -> Result<Process, DurabilityError>
where
    F: Fn(&BodyHead<'_>) -> Result<DecodeOptions, String> + Send + Sync + 'static,
{
    let (ingest, report) = Ingest::durable(builder, choose, &durability)?;
    let router = Page::new().ingest(&ingest).router();
    Ok(Process { ingest, router, report })
}

fn at(seconds: u64) -> WindrowBuilder {
    Windrow::builder().clock(ManualClock::new(START + Duration::from_secs(seconds)))
}

impl Process {
    async fn post(&self, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let mut request = Request::post("/v1/actions").header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("is a request");
        let response = self.router.clone().oneshot(request).await.expect("is answered");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("is whole");
        (status, serde_json::from_slice(&body).expect("is JSON"))
    }

    /// Returns the totals, the rows and the events of the past minute.
    fn contents(&self) -> String {
        let windrow = self.ingest.windrow();
        let minute = Duration::from_secs(60);
        let rows = windrow.keep_windows().expect("are kept").window(minute).expect("is kept");
        let rows: Vec<_> =
            rows.rows().iter().map(|row| (row.name().to_owned(), row.count())).collect();
        let events = windrow.request_event_count(minute).expect("is kept");
        format!("{:?} {rows:?} {events}", totals(windrow))
    }
}

fn line(name: &str) -> String {
    format!("{{\"action\":\"{name}\",\"time\":5}}\n")
}

#[tokio::test]
async fn kept_actions_are_there_after_the_end_once() -> Result<(), DurabilityError> {
    let folder = tempfile::tempdir().expect("a folder");
    let process = open(at(0), folder.path())?;
    for (name, level) in [("a", "memory"), ("b", "written"), ("c", "synced")] {
        let expected = json!({
            "accepted": 1, "refused": 0, "blank": 0, "first_errors": [], "durability": level,
        });
        assert_eq!(process.post(&[("durability", level)], &line(name)).await, (200, expected));
    }
    // The level of the server.
    let (_, answer) = process.post(&[], &line("b")).await;
    assert_eq!(answer["durability"], "written");
    // A body that is refused as a whole stays so.
    let (status, _) = process.post(&[], "[{").await;
    assert_eq!(status, 400);
    drop(process);

    // Batches have the moment at which they came.
    let process = open(at(30), folder.path())?;
    assert_eq!(process.report.batches, 4);
    let kept = r#"[("b", 2), ("c", 1)] [("b", 2), ("c", 1)] 3"#;
    assert_eq!(process.contents(), kept);
    process.post(&[("durability", "memory")], &line("d")).await;
    process.ingest.fold()?;
    process.post(&[], &line("e")).await;
    drop(process);

    // A fold has what was in memory.
    let process = open(at(59), folder.path())?;
    assert_eq!(process.report.batches, 1);
    let all = r#"[("b", 2), ("c", 1), ("d", 1), ("e", 1)]"#;
    assert_eq!(process.contents(), format!("{all} {all} 5"));
    drop(process);
    let process = open(at(60), folder.path())?;
    let rest = r#"[("d", 1), ("e", 1)]"#;
    assert_eq!(process.contents(), format!("{all} {rest} 2"));
    drop(process);
    // Long after the windows, the totals are whole.
    assert_eq!(open(at(10_000), folder.path())?.contents(), format!("{all} [] 0"));
    Ok(())
}

#[tokio::test]
async fn keys_are_known_after_the_end() -> Result<(), DurabilityError> {
    let folder = tempfile::tempdir().expect("a folder");
    let process = open(at(0), folder.path())?;
    let mut answers = Vec::new();
    for (key, level) in [("one", "written"), ("two", "synced")] {
        let headers = [("idempotency-key", key), ("durability", level)];
        answers.push((headers, process.post(&headers, &line(key)).await));
    }
    process.ingest.fold()?;
    let headers = [("idempotency-key", "three"), ("durability", "written")];
    answers.push((headers, process.post(&headers, &line("three")).await));
    drop(process);

    let process = open(at(1), folder.path())?;
    for (headers, answer) in &answers {
        let [(_, key), _] = headers;
        assert_eq!(process.post(headers, &line(key)).await, *answer, "{key}");
        assert_eq!(process.post(headers, &line("other")).await.0, 422, "{key}");
    }
    let once = r#"[("one", 1), ("two", 1), ("three", 1)]"#;
    assert_eq!(process.contents(), format!("{once} {once} 3"));
    Ok(())
}

/// Reads records of the minutes before the body only, by their `ts`.
fn of_eight_minutes(head: &BodyHead<'_>) -> Result<DecodeOptions, String> {
    let timestamp = Some(Timestamp::new(Field::key("ts"), TimestampFormat::Seconds));
    let from = Some(head.at - Duration::from_secs(480));
    Ok(DecodeOptions {
        fields: Fields { timestamp, from, ..Fields::default() },
        ..DecodeOptions::default()
    })
}

#[tokio::test]
async fn timestamps_are_judged_by_the_moment_of_their_body() -> Result<(), DurabilityError> {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |seconds| {
        let (folder, level) = (folder.path().to_owned(), Level::Written);
        let durability = Durability { folder, level, options: String::new() };
        open_as(of_eight_minutes, at(seconds), durability)
    };
    // The span is 300 s and the tolerance 5 s.
    let ages = [("kept", 0), ("gone", 290), ("late", 400), ("filtered", 500), ("ahead", -10)];
    let lines = ages.map(|(name, age)| {
        let ts = 1_000_000 - age;
        format!("{{\"action\":\"{name}\",\"time\":5,\"ts\":{ts}}}\n")
    });
    let body = lines.concat();
    let headers = [("idempotency-key", "one")];
    let process = open(0)?;
    let answer = process.post(&headers, &body).await;
    let errors = json!([
        "line 3: event is 400s old, span is 300s",
        "line 5: event is 10s ahead of the clock, tolerance is 5s",
    ]);
    let expected = json!({
        "accepted": 2, "refused": 2, "blank": 0, "filtered": 1, "first_errors": errors,
        "durability": "written",
    });
    assert_eq!(answer, (200, expected));
    drop(process);

    // Meanwhile one has left the windows, one would be filtered, and one is not ahead any more.
    let process = open(100)?;
    assert_eq!(process.report.batches, 1);
    let both = r#"[("kept", 1), ("gone", 1)]"#;
    assert_eq!(process.contents(), format!("{both} [] 0"));
    assert_eq!(process.post(&headers, &body).await, answer);
    let windrow = process.ingest.windrow();
    let span = Duration::from_secs(300);
    assert_eq!(windrow.request_event_count(span).expect("is kept"), 1);
    let windows = windrow.keep_windows().expect("are kept");
    assert_eq!(windows.refused(), RefusedCounts::default(), "nothing was refused here");
    assert_eq!(windows.window(span).expect("is kept").rows().len(), 1);
    drop(process);
    assert_eq!(open(10_000)?.contents(), format!("{both} [] 0"));
    Ok(())
}

#[tokio::test]
async fn journal_is_not_written_by_a_thread_of_connections() -> Result<(), DurabilityError> {
    let folder = tempfile::tempdir().expect("a folder");
    // The runtime of this test has no other thread for connections.
    let connections = thread::current().id();
    let choose = move |_: &BodyHead<'_>| {
        let is_other = thread::current().id() != connections;
        is_other.then(DecodeOptions::default).ok_or_else(|| "connections wait".to_owned())
    };
    let (folder, level) = (folder.path().to_owned(), Level::Written);
    let durability = Durability { folder, level, options: String::new() };
    let process = open_as(choose, at(0), durability)?;
    assert_eq!(process.post(&[], &line("a")).await.0, 200);
    Ok(())
}

#[tokio::test]
async fn levels_that_cannot_be_kept_are_refused() {
    let windrow = Windrow::default();
    let router = Page::new().ingest(&Ingest::new(&windrow)).router();
    let ingest = Ingest::new(&windrow);
    let process = Process { ingest, router, report: RecoveryReport::default() };
    let error = |text: &str| (400, json!({ "error": text }));
    assert_eq!(
        process.post(&[("durability", "written")], &line("a")).await,
        error("durability `written` is not kept by this server, send `memory` or nothing")
    );
    assert_eq!(
        process.post(&[("durability", "disk")], &line("a")).await,
        error("durability is `disk`, expected `memory`, `written` or `synced`")
    );
    let (status, answer) = process.post(&[("durability", "memory")], &line("a")).await;
    assert_eq!((status, answer.get("durability")), (200, None));
    assert_eq!(totals(&windrow), [("a".to_owned(), 1)]);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_kept() -> Result<(), DurabilityError> {
    let folder = tempfile::tempdir().expect("a folder");
    let process = open_for(at(0), folder.path(), "--unit us")?;
    process.post(&[], &line("a")).await;
    drop(process);
    let refused =
        |opened: Result<Process, DurabilityError>| opened.err().expect("does not fit").to_string();
    let other = refused(open_for(at(0), folder.path(), "--unit ms"));
    assert!(other.ends_with("end it by SIGTERM, then change them"));

    let process = open_for(at(0), folder.path(), "--unit us")?;
    process.ingest.fold()?;
    drop(process);
    let windows = refused(open(at(0).span(Duration::from_secs(60)), folder.path()));
    let path = folder.path().display();
    assert_eq!(windows, format!("actions of `{path}` cannot be restored"));
    // With an empty log, the options may be others.
    let process = open_for(at(0), folder.path(), "--unit ms")?;
    assert_eq!(process.contents(), r#"[("a", 1)] [("a", 1)] 1"#);
    Ok(())
}

#[tokio::test]
async fn folds_are_due_after_a_minute_with_actions() -> Result<(), DurabilityError> {
    let folder = tempfile::tempdir().expect("a folder");
    let process = open(at(0), folder.path())?;
    let due = |seconds| process.ingest.is_fold_due(Duration::from_secs(seconds));
    assert!(!due(60), "there is nothing to fold");
    process.post(&[], &line("a")).await;
    assert_eq!((due(59), due(60)), (false, true));
    process.ingest.fold()?;
    assert!(!due(60));
    let long = (" ".repeat(1_000) + "\n").repeat(8_000); // Blank lines are quickly read.
    for _ in 0..9 {
        process.post(&[], &long).await;
    }
    assert!(due(0), "64 MiB of bodies");
    Ok(())
}
