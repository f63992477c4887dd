//! Records in every form, and their outcomes.

use facade::codec::{DecodeOptions, Fields, Path, Timestamp, TimestampFormat};
use facade::time::ManualClock;
use facade::{Stamp, Unit, WhenFull, Windrow};
use serde_json::json;
use service::{BodyForm, BodyHead, Ingest};

use crate::server::row;
use crate::{post, start, start_default, totals};

const JUMP: &str = r#"{"action":"jump","time":100}"#;

#[tokio::test]
async fn bad_line_stops_no_other() {
    let (server, windrow) = start_default().await;
    let body =
        format!("{JUMP}\nnot json\n\n{{\"action\":\"run\",\"time\":5}}\n{{\"action\":\"\"}}\n");
    let (status, answer) = post(&server, &[], body).await;
    let errors = json!([
        "line 2: found `o` in a literal, expected `null` (byte 1)",
        "line 5: action name is blank, expected a character that is not white space (byte 10)",
    ]);
    let expected = json!({ "accepted": 2, "refused": 2, "blank": 1, "first_errors": errors });
    assert_eq!((status, answer), (200, expected));
    assert_eq!(totals(&windrow), [("jump".to_owned(), 1), ("run".to_owned(), 1)]);
    let answer = server.json("/v1/stats").await;
    assert_eq!(row(&answer, "jump")["count"], 1);
    assert_eq!(answer["sources"][0]["refused"], 2);
    assert_eq!(windrow.request_event_count(std::time::Duration::from_secs(60)).unwrap(), 2);
}

#[tokio::test]
async fn only_the_first_errors_are_listed() {
    let (server, _) = start_default().await;
    let (status, answer) = post(&server, &[], format!("{JUMP}\n{}", "x\n".repeat(1_000))).await;
    assert_eq!((status, &answer["refused"]), (200, &json!(1_000)));
    assert_eq!(answer["first_errors"].as_array().unwrap().len(), 10);
    let (status, answer) = post(&server, &[], "{\"action\":1}").await;
    assert_eq!((status, &answer["accepted"], &answer["refused"]), (400, &json!(0), &json!(1)));
    let (status, answer) = post(&server, &[], "").await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(0)));
}

#[tokio::test]
async fn forms_are_known_by_content_type_or_first_bytes() {
    let array = format!("[{JUMP},\n{JUMP}]");
    for (content_type, body) in [
        ("application/x-ndjson", format!("{JUMP}\n{JUMP}\n")),
        ("application/json; charset=utf-8", array.clone()),
        ("application/json", JUMP.replace(',', ",\n") + JUMP),
        ("application/x-www-form-urlencoded", array.clone()),
        ("text/plain", "action=jump time=100\naction=jump time=7\n".to_owned()),
        ("application/logfmt", "time=1 action=jump\naction=jump time=7\n".to_owned()),
        ("text/csv", "action,time\njump,100\njump,7\n".to_owned()),
        ("text/csv", "action;time\njump;100\njump;7\n".to_owned()),
        ("text/tab-separated-values", "action\ttime\njump\t100\njump\t7\n".to_owned()),
        ("application/octet-stream", "\u{feff}action,time\njump,100\njump,7\n".to_owned()),
    ] {
        let (server, windrow) = start_default().await;
        let (status, answer) = post(&server, &[("content-type", content_type)], &body).await;
        assert_eq!((status, &answer["accepted"]), (200, &json!(2)), "{content_type}: {answer}");
        assert_eq!(totals(&windrow), [("jump".to_owned(), 2)], "{content_type}");
    }
}

#[tokio::test]
async fn other_content_types_and_texts_are_refused() {
    let (server, windrow) = start_default().await;
    let (status, answer) = post(&server, &[("content-type", "image/png")], JUMP).await;
    let expected = "content type is `image/png`, expected one of application/x-ndjson, \
                    application/json, text/csv, text/tab-separated-values, text/plain";
    assert_eq!((status, &answer["error"]), (415, &json!(expected)));
    let (status, answer) = post(&server, &[], "hello\nworld\n").await;
    let expected = "body is neither JSON, logfmt nor CSV, name its content type";
    assert_eq!((status, &answer["error"]), (400, &json!(expected)));
    let response = server.send("POST", "/v1/actions?by=path", &[], JUMP.as_bytes()).await;
    assert_eq!(response.status(), 400);
    let expected = r#"{"error":"parameter `by` is unknown, expected none"}"#;
    assert_eq!(response.body().await, expected);
    assert!(windrow.stats().is_empty());
}

#[tokio::test]
async fn broken_array_changes_nothing() {
    let (server, windrow) = start_default().await;
    let (status, answer) = post(&server, &[], format!("[{JUMP},\n{JUMP},\nx]")).await;
    let error = answer["error"].as_str().unwrap();
    assert_eq!(status, 400, "{error}");
    assert!(error.starts_with("array is broken, nothing was recorded: line 3: "), "{error}");
    assert!(windrow.stats().is_empty());
}

#[tokio::test]
async fn chosen_options_read_the_body() {
    let by_path = |head: &BodyHead<'_>| {
        assert_eq!((head.form, head.query, head.is_whole), (BodyForm::Json, "a=%20", true));
        if head.bytes.starts_with(b"[") {
            return Err("no arrays here".to_owned());
        }
        let unit = Some(Unit::Microseconds);
        let fields = Fields { by: vec![Path::key("path")], unit, ..Fields::any() };
        Ok(DecodeOptions { fields, ..DecodeOptions::default() })
    };
    let windrow = Windrow::builder().unit(Unit::Milliseconds).build().unwrap();
    let server = start(&Ingest::with_options(&windrow, by_path)).await;
    let headers = [("content-type", "application/json")];
    let body =
        b"{\"path\":\"/a\",\"time\":1500}\n{\"path\":\"/a\",\"time\":\"2.5ms\"}\n{\"x\":1}\n";
    let response = server.send("POST", "/v1/actions?a=%20", &headers, body).await;
    let expected = r#"{"accepted":2,"refused":0,"blank":0,"skipped":1,"first_errors":[]}"#;
    assert_eq!((response.status(), &*response.body().await), (200, expected));
    assert_eq!(windrow.get("/a").unwrap().statistic().sum(), 4.0, "milliseconds");
    let response = server.send("POST", "/v1/actions?a=%20", &headers, b"[]").await;
    assert_eq!(
        (response.status(), &*response.body().await),
        (400, r#"{"error":"no arrays here"}"#)
    );
}

#[tokio::test]
async fn values_with_and_without_unit_have_the_unit_of_the_windrow() {
    let any =
        |_: &BodyHead<'_>| Ok(DecodeOptions { fields: Fields::any(), ..DecodeOptions::default() });
    let windrow = Windrow::builder().unit(Unit::Milliseconds).build().unwrap();
    let server = start(&Ingest::with_options(&windrow, any)).await;
    let body = "{\"action\":\"a\",\"time\":\"2s\"}\n{\"action\":\"a\",\"time\":500}\n";
    assert_eq!(post(&server, &[], body).await.0, 200);
    assert_eq!(windrow.get("a").unwrap().statistic().sum(), 2_500.0);
}

fn at_ts(_: &BodyHead<'_>) -> Result<DecodeOptions, String> {
    let timestamp = Some(Timestamp::new(Path::key("ts"), TimestampFormat::Seconds));
    let fields = Fields { timestamp, ..Fields::default() };
    Ok(DecodeOptions { fields, ..DecodeOptions::default() })
}

#[tokio::test]
async fn records_are_counted_at_their_timestamps() {
    let clock = ManualClock::new(Stamp::from_secs(10_000));
    let windrow = Windrow::builder().clock(clock.clone()).build().unwrap();
    let server = start(&Ingest::with_options(&windrow, at_ts)).await;
    let line = |ts| format!("{{\"action\":\"a\",\"time\":1,\"ts\":{ts}}}\n");
    let body = [line(9_970), line(1), "{\"action\":\"a\",\"time\":1}\n".into(), line(20_000)];
    let (status, answer) = post(&server, &[], body.concat()).await;
    let errors = json!([
        "line 2: event is 9999s old, span is 300s",
        "line 4: event is 10000s ahead of the clock, tolerance is 5s",
    ]);
    let expected = json!({
        "accepted": 2, "refused": 2, "blank": 0, "without_timestamp": 1, "first_errors": errors,
    });
    assert_eq!((status, answer), (200, expected));
    let count = async |window: &str| {
        let answer = server.json(&format!("/v1/stats?window={window}")).await;
        answer["rows"].as_array().unwrap().first().map(|row| row["count"].clone())
    };
    assert_eq!(count("10s").await, None, "it happened 30 s ago");
    assert_eq!(count("60s").await, Some(json!(1)), "the one without a timestamp is in no window");
    assert_eq!(totals(&windrow), [("a".to_owned(), 2)]);
    let (_, page) = server.get("/metrics").await;
    for what in ["too_old", "too_new"] {
        let counted = format!("windrow_exceeded_total{{what=\"{what}\"}} 1\n");
        assert!(page.contains(&counted), "{what} in {page}");
    }
    let events = |secs| windrow.request_event_count(std::time::Duration::from_secs(secs));
    assert_eq!((events(10).unwrap(), events(60).unwrap()), (0, 1));
}

#[tokio::test]
async fn actions_beyond_the_limit_are_dropped_or_folded_as_the_windrow_says() {
    let body = format!("{JUMP}\n{}\n", JUMP.replace("jump", "run"));
    for (when_full, accepted, dropped) in
        [(WhenFull::Fold, json!(2), json!(null)), (WhenFull::Refuse, json!(1), json!(1))]
    {
        let windrow = Windrow::builder().actions(1, when_full).build().unwrap();
        let server = start(&Ingest::new(&windrow)).await;
        let (status, answer) = post(&server, &[], &body).await;
        assert_eq!((status, &answer["accepted"], &answer["dropped"]), (200, &accepted, &dropped));
    }
}

#[tokio::test]
async fn numbers_of_outcomes_are_on_the_page_for_prometheus() {
    let (server, _) = start_default().await;
    assert_eq!(post(&server, &[], format!("{JUMP}\nx\n\n")).await.0, 200);
    assert_eq!(post(&server, &[("content-type", "image/png")], JUMP).await.0, 415);
    let (status, page) = server.get("/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "windrow_ingest_records_total{outcome=\"accepted\"} 1\n",
        "windrow_ingest_records_total{outcome=\"refused\"} 1\n",
        "windrow_ingest_records_total{outcome=\"blank\"} 1\n",
        "windrow_ingest_records_total{outcome=\"dropped\"} 0\n",
        "windrow_ingest_requests_total{status=\"200\"} 1\n",
        "windrow_ingest_requests_total{status=\"415\"} 1\n",
        "windrow_ingest_keys_evicted_total 0\n",
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
}

#[tokio::test]
async fn other_origins_and_methods_are_refused() {
    let (server, windrow) = start_default().await;
    let headers = [("origin", "http://evil.example")];
    let response = server.send("POST", "/v1/actions", &headers, JUMP.as_bytes()).await;
    assert_eq!(response.status(), 403);
    assert_eq!(server.get("/v1/actions").await.0, 405);
    assert!(windrow.stats().is_empty());
}
