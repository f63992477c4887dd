//! Rows and courses as JSON.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use facade::Windrow;
use facade::actions::{LabeledName, TrackerSpec, WhenFull, WindowedSpec, WindowedTracker};
use serde_json::{Value, json};
use service::{Page, RequestLayer};

use crate::server::{Server, row, windrow};

const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "data: {}\u{2028}event: x",
    "a\\\"b{c}",
    "</script><!--",
];

#[tokio::test]
async fn requests_are_rows_by_route() {
    let (windrow, _) = windrow();
    let requests = RequestLayer::new(&windrow);
    let app = Router::new()
        .route("/users/{id}", get(|| async { "Alice" }))
        .route("/broken", get(|| async { StatusCode::BAD_GATEWAY }))
        .layer(requests.clone())
        .nest("/windrow", service::router(&requests));
    let server = Server::start(app).await;
    for path in ["/users/7", "/users/8", "/broken", "/users/9"] {
        server.get(path).await;
    }
    // A request is recorded when its body was handed over, which may be after it was received.
    while requests.in_flight().current() > 0 {
        tokio::task::yield_now().await;
    }
    let answer = server.json("/windrow/v1/stats").await;
    let users = row(&answer, "GET /users/{id}");
    assert_eq!(users["count"], 3);
    assert_eq!(users["outcomes"], json!({ "2xx": 3 }));
    assert_eq!((&users["errors"], &users["cancelled"]), (&0.into(), &0.into()));
    let broken = row(&answer, "GET /broken");
    assert_eq!((&broken["count"], &broken["errors"]), (&1.into(), &1.into()));
    assert_eq!(answer["sources"][0]["in_flight"], 0);
    assert_eq!(answer["rows"].as_array().unwrap().len(), 2, "the page is not in its own rows");
}

#[tokio::test(start_paused = true)]
async fn outcomes_are_one_row_of_all_their_records() {
    let (windrow, _) = windrow();
    let name = LabeledName::new("GET /a").unwrap().with("host", "x").unwrap();
    for (outcome, millis, times) in
        [("2xx", 10, 6), ("5xx", 100, 2), ("error", 1, 1), ("cancelled", 400, 1)]
    {
        let name = name.clone().with("outcome", outcome).unwrap();
        for _ in 0..times {
            windrow.keep_windows().unwrap();
            let time = Duration::from_millis(millis);
            windrow.add_action_duration(name.as_str(), time).unwrap();
        }
    }
    let server = Server::with_page(&windrow).await;
    let answer = server.json("/windrow/v1/stats?stat=count,min,p50,max,sum").await;
    assert_eq!(answer["rows"].as_array().unwrap().len(), 1);
    let expected = json!({
        "source": "", "action": "GET /a{host=\"x\"}", "unit": "s",
        "count": 10, "at_least": 10, "at_most": 10, "min": 0.001, "p50": 0.01, "max": 0.4,
        "sum": 0.661, "errors": 3, "cancelled": 1,
        "outcomes": { "2xx": 6, "5xx": 2, "cancelled": 1, "error": 1 },
    });
    assert_eq!(*row(&answer, r#"GET /a{host="x"}"#), expected);
    let path = "/windrow/v1/series?action=GET%20/a%7Bhost%3D%22x%22%7D&window=10s&stat=count,p50";
    let series = server.json(path).await;
    assert_eq!(series["points"].as_array().unwrap().len(), 10);
    let last = &series["points"][9];
    assert_eq!(
        (&last["count"], &last["p50"], &last["partial"]),
        (&10.into(), &0.01.into(), &true.into())
    );
    assert_eq!(
        (&series["points"][8]["count"], &series["points"][8]["p50"]),
        (&0.into(), &Value::Null)
    );
}

#[tokio::test(start_paused = true)]
async fn counts_have_bounds() {
    let (windrow, _) = windrow();
    windrow.keep_windows().unwrap();
    let record = || windrow.add_action_duration("a", Duration::from_millis(1)).unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    record();
    tokio::time::sleep(Duration::from_millis(9_800)).await;
    record();
    let server = Server::with_page(&windrow).await;
    // The past ten seconds begin in the middle of a bucket with a record.
    let answer = server.json("/windrow/v1/stats?window=10").await;
    let found = row(&answer, "a");
    assert_eq!([&found["at_least"], &found["count"], &found["at_most"]], [1, 1, 2]);
}

#[tokio::test]
async fn one_action_or_source_is_found() {
    let (requests, jobs) = (Windrow::default(), Windrow::default());
    for (windrow, action) in [(&requests, "a"), (&requests, "b"), (&jobs, "a")] {
        windrow.keep_windows().unwrap();
        windrow.add_action_duration(action, Duration::from_millis(3)).unwrap();
    }
    let page = Page::new().title("shop").source("requests", &requests).source("jobs", &jobs);
    let server = Server::start(Router::new().nest("/windrow", page.router())).await;
    let found = async |query: &str| {
        let answer = server.json(&format!("/windrow/v1/stats?{query}")).await;
        let row = |row: &Value| format!("{}:{}", row["source"], row["action"]).replace('"', "");
        answer["rows"].as_array().unwrap().iter().map(row).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("").await, "requests:a requests:b jobs:a");
    assert_eq!(found("action=a").await, "requests:a jobs:a");
    assert_eq!(found("source=jobs").await, "jobs:a");
    assert_eq!(found("source=jobs&action=b").await, "");
    let series = server.json("/windrow/v1/series?source=jobs&action=a").await;
    assert_eq!(series["source"], "jobs");
    for endpoint in ["stats", "series"] {
        let (status, body) = server.get(&format!("/windrow/v1/{endpoint}?source=x&action=a")).await;
        let error = "source `x` is unknown, expected one of `requests`, `jobs`";
        assert_eq!((status, body), (404, format!("{{\"error\":\"{error}\"}}")), "{endpoint}");
    }
    let server = Server::start(Router::new().nest("/windrow", Page::new().router())).await;
    let (status, body) = server.get("/windrow/v1/series?action=a").await;
    assert_eq!((status, body.as_str()), (404, r#"{"error":"the page has no source"}"#));
}

#[tokio::test]
async fn folded_and_refused_actions_are_counted() {
    let tracker = TrackerSpec { actions: 1, when_full: WhenFull::Fold, ..TrackerSpec::default() };
    let spec = WindowedSpec { tracker, ..WindowedSpec::default() };
    let tracker = Arc::new(WindowedTracker::new(spec).unwrap());
    for action in ["a", "b", "c", "(other)"] {
        tracker.record(action, 1_000_000_000_u64).unwrap();
    }
    let server = Server::with_page(&tracker).await;
    let answer = server.json("/windrow/v1/stats?stat=count,max").await;
    assert_eq!(answer["sources"][0]["folded"], 3);
    let other = row(&answer, "(other)");
    assert_eq!(
        (&other["other"], &other["count"], &other["max"]),
        (&true.into(), &3.into(), &1.0.into())
    );
    let path = "/windrow/v1/series?action=(other)&window=2";
    let sum = |series: Value| -> u64 {
        series["points"].as_array().unwrap().iter().map(|it| it["count"].as_u64().unwrap()).sum()
    };
    assert_eq!(sum(server.json(&format!("{path}&other=true")).await), 3);
    assert_eq!(sum(server.json(path).await), 0, "no action has that name");
}

#[tokio::test(start_paused = true)]
async fn hostile_names_are_one_text() {
    let (windrow, _) = windrow();
    windrow.keep_windows().unwrap();
    for name in HOSTILE {
        windrow.add_action_duration(name, Duration::from_millis(1)).unwrap();
    }
    let server = Server::with_page(&windrow).await;
    let answer = server.json("/windrow/v1/stats").await;
    let frame = server.begin("/windrow/v1/live", &[]).await.event().await.unwrap();
    for name in HOSTILE {
        assert_eq!(row(&answer, name)["count"], 1);
        assert_eq!(row(&frame, name)["count"], 1);
    }
}

#[tokio::test]
async fn wrong_queries_are_refused_with_what_is_allowed() {
    let server = Server::with_page(&Windrow::default()).await;
    let stat = "is not a statistic, expected count, rate, sum, mean, min, max or a percentile such \
                as p99";
    let cases = [
        (
            "stats?window=abc",
            "`abc` is not a length of time, expected seconds or a text such as 5m",
        ),
        ("stats?window=0", "`0` is not a length of time, expected seconds or a text such as 5m"),
        ("stats?window=-1", "`-1` is not a length of time, expected seconds or a text such as 5m"),
        (
            "stats?window=NaN",
            "`NaN` is not a length of time, expected seconds or a text such as 5m",
        ),
        ("stats?window=301s", "window is 301s, the longest is 300s"),
        ("live?window=1d", "window is 86400s, the longest is 300s"),
        ("series?action=a&window=301", "window is 301s, the longest is 300s"),
        ("stats?stat=count,p101", &format!("`p101` {stat}")),
        ("stats?stat=p1e1", &format!("`p1e1` {stat}")),
        ("stats?stat=", &format!("`` {stat}")),
        ("series", "parameter `action` is missing"),
        ("stats?window=1&window=2", "parameter `window` is given twice"),
        ("live?action=a", "parameter `action` is unknown, expected one of window"),
        (
            "stats?x=1",
            "parameter `x` is unknown, expected one of window, source, action, other, stat",
        ),
    ];
    for (query, expected) in cases {
        let (status, body) = server.get(&format!("/windrow/v1/{query}")).await;
        assert_eq!((status, body), (400, json!({ "error": expected }).to_string()), "{query}");
    }
    for query in ["window=300", "window=1m", "window=0.5", "stat=p99.9,p0,p100"] {
        assert_eq!(server.get(&format!("/windrow/v1/stats?{query}")).await.0, 200, "{query}");
    }
}

#[tokio::test]
async fn source_without_windows_says_why() {
    let span = Duration::from_secs(10_000_000);
    let windrow = Windrow::builder().span(span).resolution(Duration::from_secs(5)).build().unwrap();
    let expected = windrow.keep_windows().unwrap_err().to_string();
    let server = Server::with_page(&windrow).await;
    let answer = server.json("/windrow/v1/stats").await;
    assert_eq!(answer["sources"][0]["problem"], expected);
}

#[tokio::test(start_paused = true)]
async fn events_have_bounds() {
    let (windrow, _) = windrow();
    let jobs = Windrow::default();
    let page = Page::new().source("requests", &windrow).source("jobs", &jobs);
    let server = Server::start(Router::new().merge(page.router())).await;
    windrow.record_events(3);
    let answer = server.json("/v1/events?window=10s&source=requests").await;
    let expected = json!({
        "source": "requests", "at_ms": 1_000_000, "covered_s": 0.0, "events": 3,
        "at_least": 3, "at_most": 3, "rate": null,
    });
    assert_eq!(answer, json!({ "window_s": 10.0, "sources": [expected] }));
    let answer = server.json("/v1/events").await;
    assert_eq!(answer["sources"][1]["source"], "jobs");
    assert_eq!(answer["sources"][1]["events"], 0);
    let (status, answer) = server.get("/v1/events?window=1h").await;
    assert_eq!((status, &*answer), (400, r#"{"error":"window is 3600s, the longest is 300s"}"#));
    assert_eq!(server.get("/v1/events?action=a").await.0, 400);
    assert_eq!(server.get("/v1/events?source=other").await.0, 404);
}
