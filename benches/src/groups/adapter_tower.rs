//! `adapter_tower`: one request of a router of axum without a server, to the end of its body, on
//! one thread and on two that share a router.
//!
//! The floor is the router, which measures nothing.

use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use adapter_tower::RequestLayer;
use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::http::Request;
use axum::routing::get;
use axum_prometheus::PrometheusMetricLayer;
use axum_prometheus::metrics_exporter_prometheus::PrometheusHandle;
use criterion::Criterion;
use facade::Windrow;
use tokio::runtime::Builder;
use tower_service::Service as _;

use crate::groups::THREADS;
use crate::harness::Harness;

/// The number of requests of a thread in one round.
const REQUESTS: u64 = 1 << 10;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for threads in THREADS {
        let name = format!("adapter_tower/threads_{threads:02}");
        let mut harness = Harness::new(criterion, &name, threads, REQUESTS);
        let all = REQUESTS * threads as u64;
        harness.bench_writer(
            "request_layer",
            || {
                let windrow = Windrow::default();
                let layer = RequestLayer::new(&windrow);
                (windrow, router().layer(layer))
            },
            |(_, router)| requests(router),
            |(windrow, _)| {
                let row = windrow.get(r#"GET /users/{id}{outcome="2xx"}"#);
                expect(row.map_or(0, |row| row.count()), all)
            },
        );
        harness.bench_writer(
            "rival_axum_prometheus",
            || (recorded(), router().layer(PrometheusMetricLayer::new())),
            |(_, router)| requests(router),
            |(before, _)| expect(recorded() - before, all),
        );
        harness.bench_writer("floor_router", router, requests, |_| Ok(()));
    }
}

fn router() -> Router {
    Router::new().route("/users/{id}", get(|| async { "Alice" }))
}

/// Serves the requests, as a server does that reads each body to its end.
fn requests(router: &Router) {
    let mut router = router.clone();
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..REQUESTS {
        let request = Request::get("/users/7").body(Body::empty()).expect("a valid request");
        let Poll::Ready(Ok(response)) = pin!(router.call(request)).poll(&mut context) else {
            panic!("the handler does not wait");
        };
        let mut body = pin!(response.into_body());
        while !body.is_end_stream() {
            let Poll::Ready(Some(Ok(_))) = body.as_mut().poll_frame(&mut context) else {
                panic!("the body does not wait");
            };
        }
    }
}

/// Returns the number of requests that the rival's recorder has, which is that of the process.
fn recorded() -> u64 {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    let recorder = RECORDER.get_or_init(|| {
        // Its task, which does the upkeep, finds a runtime and does not run.
        let runtime = Builder::new_current_thread().build().expect("threads are not needed");
        let _entered = runtime.enter();
        PrometheusMetricLayer::pair().1
    });
    recorder.run_upkeep(); // Else it keeps each time that it was given.
    let page = recorder.render();
    let mut counts = page.lines().filter_map(|line| {
        line.strip_prefix("axum_http_requests_total{")?.rsplit_once(' ')?.1.parse::<u64>().ok()
    });
    counts.next().unwrap_or(0)
}

fn expect(found: u64, expected: u64) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{found} requests, should be {expected}")) }
}
