//! `adapter_tower`: one request of a router of axum without a server, to the end of its body, on
//! one thread and on two that share a router.
//!
//! The floors measure nothing: the router alone, and with an empty layer, for which axum boxes each
//! request once more, as for any layer.

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
use tower_layer::layer_fn;
use tower_service::Service;

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
                (windrow, served(router().layer(layer)))
            },
            |(_, router)| requests(router),
            |(windrow, _)| {
                let row = windrow.get(r#"GET /users/{id}{outcome="2xx"}"#);
                expect(row.map_or(0, |row| row.count()), all)
            },
        );
        harness.bench_writer(
            "rival_axum_prometheus",
            || (recorded(), served(router().layer(PrometheusMetricLayer::new()))),
            |(_, router)| requests(router),
            |(before, _)| expect(recorded() - before, all),
        );
        let empty = || served(router().layer(layer_fn(Empty)));
        harness.bench_writer("floor_empty_layer", empty, requests, |_| Ok(()));
        harness.bench_writer("floor_router", || served(router()), requests, |_| Ok(()));
    }
}

fn router() -> Router {
    Router::new().route("/users/{id}", get(|| async { "Alice" }))
}

/// Returns the router as `axum::serve` prepares it: layers are applied once, not for each request.
fn served(router: Router) -> Router {
    router.with_state(())
}

/// The service of an empty layer.
#[derive(Clone)]
struct Empty<S>(S);

impl<S: Service<R>, R> Service<R> for Empty<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
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
