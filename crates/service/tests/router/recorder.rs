//! The histograms of a recorder for the facade `metrics`.

use std::time::Duration;

use adapter_metrics::{RecorderSpec, WindrowRecorder};
use axum::Router;
use facade::Windrow;
use metrics::{Unit, describe_histogram, histogram, with_local_recorder};
use serde_json::json;
use service::Page;
use tokio::time::sleep;

use crate::server::{RuntimeClock, Server, row};

fn recorder(spec: RecorderSpec) -> WindrowRecorder {
    WindrowRecorder::with_clock(spec, RuntimeClock::new()).unwrap()
}

/// Returns a recorder with a counter, a gauge and a histogram.
pub(crate) fn with_one_of_each() -> WindrowRecorder {
    let recorder = WindrowRecorder::default();
    with_local_recorder(&recorder, || {
        metrics::counter!("jobs", "queue" => "a\"b").increment(3);
        metrics::gauge!("workers").set(2.0);
        describe_histogram!("wait", Unit::Seconds, "Time in the queue.");
        histogram!("wait").record(0.2);
    });
    recorder
}

#[tokio::test(start_paused = true)]
async fn histograms_are_rows_with_labels_and_described_units() {
    let recorder = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || {
        describe_histogram!("db.wait", Unit::Milliseconds, "Time in the queue.");
        describe_histogram!("body", Unit::Bytes, "Lengths of bodies.");
        for millis in [10.0, 20.0, 30.0] {
            histogram!("db.wait", "queue" => "a\"b", "host" => "x").record(millis);
        }
        histogram!("body").record(512.0);
        histogram!("seats").record(4.0);
    });
    let server = Server::with_page(&recorder).await;
    let answer = server.json("/windrow/v1/stats?stat=count,min,mean,max,sum").await;
    assert_eq!(answer["rows"].as_array().unwrap().len(), 3, "{answer:#}");
    let wait = r#"db_wait{host="x",queue="a\"b"}"#;
    let expected = json!({
        "source": "", "action": wait, "unit": "s", "count": 3, "at_least": 3, "at_most": 3,
        "min": 0.01, "mean": 0.02, "max": 0.03, "sum": 0.06, "errors": 0, "cancelled": 0,
    });
    assert_eq!(*row(&answer, wait), expected);
    let body = row(&answer, "body");
    assert_eq!((&body["unit"], &body["max"]), (&json!("B"), &json!(512.0)));
    // Nothing says that these are seconds.
    let seats = row(&answer, "seats");
    assert_eq!((&seats["unit"], &seats["max"]), (&json!(""), &json!(4.0)));
}

#[tokio::test(start_paused = true)]
async fn unit_that_is_described_later_is_shown_from_then_on() {
    let recorder = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || histogram!("wait").record(250.0));
    let server = Server::with_page(&recorder).await;
    let mut live = server.begin("/windrow/v1/live", &[]).await;
    let frame = live.event().await.unwrap();
    let wait = row(&frame, "wait");
    assert_eq!((&wait["unit"], &wait["max"]), (&json!(""), &json!(250.0)));
    with_local_recorder(&recorder, || {
        describe_histogram!("wait", Unit::Microseconds, "Time in the queue.");
    });
    let frame = live.event().await.unwrap();
    let wait = row(&frame, "wait");
    assert_eq!((&wait["unit"], &wait["max"]), (&json!("s"), &json!(0.000_25)));
}

#[tokio::test(start_paused = true)]
async fn course_of_a_histogram_has_its_name_and_unit() {
    let recorder = recorder(RecorderSpec::default());
    let record = |millis: f64| {
        with_local_recorder(&recorder, || {
            describe_histogram!("wait", Unit::Milliseconds, "Time in the queue.");
            histogram!("wait", "queue" => "mail").record(millis);
        });
    };
    let server = Server::with_page(&recorder).await;
    record(100.0);
    sleep(Duration::from_secs(1)).await;
    record(200.0);
    record(300.0);
    let mail = "action=wait%7Bqueue%3D%22mail%22%7D";
    let path = format!("/windrow/v1/series?{mail}&window=10&stat=count,max");
    let series = server.json(&path).await;
    assert_eq!(series["unit"], "s");
    let last = series["points"].as_array().unwrap().last_chunk::<2>().unwrap();
    let figures = last.each_ref().map(|point| (point["count"].clone(), point["max"].clone()));
    assert_eq!(figures, [(json!(1), json!(0.1)), (json!(2), json!(0.3))]);
    let frame = server.begin("/windrow/v1/live", &[]).await.event().await.unwrap();
    let pictured = row(&frame, r#"wait{queue="mail"}"#)["series"].as_array().unwrap();
    assert_eq!(pictured.iter().filter_map(|count| count.as_u64()).sum::<u64>(), 3);
    // The tracker knows it by a number, which is not a name.
    let unknown = server.json("/windrow/v1/series?action=0&window=10&stat=count").await;
    let counts = unknown["points"].as_array().unwrap().iter().map(|point| &point["count"]);
    assert!(counts.into_iter().all(|count| *count == 0), "{unknown:#}");
    assert_eq!(unknown["unit"], "");
}

#[tokio::test(start_paused = true)]
async fn refused_and_folded_values_of_a_recorder_are_counted() {
    let recorder = recorder(RecorderSpec { series: 1, name_bytes: 20, ..Default::default() });
    with_local_recorder(&recorder, || {
        let wait = histogram!("wait", "queue" => "mail");
        wait.record(1.0);
        wait.record(f64::NAN);
        wait.record(-1.0);
        histogram!("a name that is much too long").record(1.0);
        histogram!("wait", "queue" => "news").record(2.0);
    });
    let server = Server::with_page(&recorder).await;
    let answer = server.json("/windrow/v1/stats?stat=max").await;
    let state = &answer["sources"][0];
    assert_eq!((&state["refused"], &state["folded"]), (&json!(3), &json!(1)), "{state}");
    assert_eq!(row(&answer, r#"wait{windrow_other="true"}"#)["max"], 2.0);
}

#[tokio::test(start_paused = true)]
async fn page_for_prometheus_has_the_metrics_of_the_recorder_once() {
    let recorder = recorder(RecorderSpec::default());
    let windrow = Windrow::default();
    windrow.add_action_duration("resize", Duration::from_millis(1)).unwrap();
    with_local_recorder(&recorder, || {
        metrics::counter!("jobs").increment(3);
        histogram!("wait", "queue" => "mail").record(0.25);
    });
    let page = Page::new().source("own", &windrow).source("facade", &recorder);
    let server = Server::start(Router::new().nest("/windrow", page.router())).await;
    let (status, text) = server.get("/windrow/metrics").await;
    assert_eq!(status, 200);
    let lines = |wanted: &str| text.lines().filter(|line| *line == wanted).count();
    assert_eq!(lines("jobs_total 3"), 1, "{text}");
    assert_eq!(lines(r#"wait_count{queue="mail"} 1"#), 1, "{text}");
    assert!(text.contains(r#"action="resize""#), "{text}");
    assert!(!text.contains(r#"action="0""#), "{text}");
}
