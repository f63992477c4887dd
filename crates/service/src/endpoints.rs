//! The endpoints below the path of a page.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{
    ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use exposition::Format;
use facade::Summary;
use facade::actions::WindowedTracker;
use facade::time::{Interval, Statistic as _, WindowError};
use serde::Serialize;
use serde_json::json;
use tokio::task::{JoinError, spawn_blocking};

use crate::answer::{AxisAnswer, EventsAnswer, Point, SeriesAnswer, figures, millis, seconds};
use crate::axis::{Axis, finest_span};
use crate::document;
use crate::guard;
use crate::live::{Detail, LISTENERS_MAX, Live};
use crate::prometheus;
use crate::query::{Query, QueryError, Stat, shortened};
use crate::read::Groups;
use crate::source::Source;

type Shared = State<Arc<Live>>;

pub(crate) fn router<S: Clone + Send + Sync + 'static>(live: Arc<Live>) -> Router<S> {
    let router = Router::new()
        .route("/", get(page))
        .route("/v1/live", get(listen))
        .route("/v1/stats", reader(stats))
        .route("/v1/series", reader(series))
        .route("/metrics", get(metrics))
        .route("/v1/events", get(events))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(Arc::clone(&live));
    #[cfg(feature = "ingest")]
    let router = match &live.settings().ingest {
        Some(ingest) => router.merge(ingest.router()),
        None => router,
    };
    router.layer(middleware::from_fn_with_state(live, guard::check))
}

async fn page() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, document::POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, document::PAGE)
}

async fn listen(State(live): Shared, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let query = Query::parse(&query.unwrap_or_default(), &["window"])?;
    let window = query.window.unwrap_or_else(|| live.usual_window());
    check_window(&live, window)?;
    let Some(listener) = live.listen(window) else {
        let error = format!("there are {LISTENERS_MAX} listeners, which is the limit");
        let refusal = (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], error + "\n");
        return Ok(refusal.into_response());
    };
    Ok(([(CONTENT_TYPE, "text/event-stream")], Body::new(listener)).into_response())
}

/// Answers a query by reading trackers.
fn reader(read: fn(&Live, &str) -> Result<Response, Refusal>) -> MethodRouter<Arc<Live>> {
    get(move |State(live): Shared, RawQuery(query): RawQuery| {
        blocking(move || read(&live, &query.unwrap_or_default()))
    })
}

/// Runs a read of trackers on a thread for blocking work.
///
/// It may take tens of milliseconds, for which no other request of a worker shall wait.
async fn blocking<R: Send + 'static>(read: impl FnOnce() -> R + Send + 'static) -> R {
    match spawn_blocking(read).await.map_err(JoinError::try_into_panic) {
        Ok(answer) => answer,
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_)) => pending().await, // The runtime ends.
    }
}

fn stats(live: &Live, query: &str) -> Result<Response, Refusal> {
    let query = Query::parse(query, &["window", "source", "action", "other", "stat"])?;
    let window = query.window.unwrap_or_else(|| live.usual_window());
    check_window(live, window)?;
    let stats = query.stats.unwrap_or_else(Stat::all);
    if query.source.is_some() {
        find_source(live, query.source.as_deref())?;
    }
    let mut answer = live.answer(window, &stats, Detail::Bounds);
    if let Some(source) = query.source {
        answer.sources.retain(|state| state.source == source);
        answer.rows.retain(|row| row.source == source);
    }
    if let Some(action) = query.action {
        answer.rows.retain(|row| row.action == action && row.other == query.is_other);
    }
    Ok(json(&answer))
}

/// Answers with the course of one action; all intervals are empty for one that is unknown.
fn series(live: &Live, query: &str) -> Result<Response, Refusal> {
    let query = Query::parse(query, &["window", "source", "action", "other", "stat"])?;
    let action = query.action.ok_or(QueryError::Missing("action"))?;
    let stats = query.stats.unwrap_or_else(Stat::all);
    let (name, source) = find_source(live, query.source.as_deref())?;
    let tracker = source.tracker().map_err(unavailable)?;
    let axis = match query.window {
        Some(window) => {
            check_span(window, finest_span(tracker))?;
            Axis::past(tracker, window)
        }
        None => Axis::shown(tracker),
    };
    let unavailable = |error: WindowError| unavailable(error.to_string());
    let groups = Groups::read(source, tracker, finest_span(tracker)).map_err(unavailable)?;
    let points = course(tracker, &groups, axis, &action, query.is_other, &stats);
    let points = points.map_err(unavailable)?;
    let unit = groups.scale(&action).unit;
    let at_ms = millis(tracker.now());
    let first = points.iter().position(|point| point.covered_s > 0.0).unwrap_or(axis.points - 1);
    let axis = AxisAnswer::new(axis, first);
    let answer = SeriesAnswer { source: name, action, unit, at_ms, axis, points };
    Ok(json(&answer))
}

/// Returns the source of a name, or the first.
fn find_source<'l>(live: &'l Live, wanted: Option<&str>) -> Result<(&'l str, &'l Source), Refusal> {
    let found = live.sources().find(|(name, _)| wanted.is_none_or(|wanted| wanted == *name));
    found.ok_or_else(|| {
        let known: Vec<_> = live.sources().map(|(name, _)| format!("`{name}`")).collect();
        let error = match (wanted, known.as_slice()) {
            (_, []) | (None, _) => "the page has no source".to_owned(),
            (Some(wanted), known) => {
                let (wanted, known) = (shortened(wanted), known.join(", "));
                format!("source `{wanted}` is unknown, expected one of {known}")
            }
        };
        Refusal(StatusCode::NOT_FOUND, error)
    })
}

/// Merges the outcomes of an action in each interval.
fn course(
    tracker: &WindowedTracker<Summary>,
    groups: &Groups,
    axis: Axis,
    action: &str,
    is_other: bool,
    stats: &[Stat],
) -> Result<Vec<Point>, WindowError> {
    let actions = groups.actions(action);
    let scale = groups.scale(action);
    let point = |interval: Interval| {
        // No action has that name, but the answer has the time that is covered.
        let empty = tracker.get_between("", interval)?;
        let (mut summary, coverage) = (empty.statistic().clone(), empty.coverage());
        let mut add = |more: &Summary| {
            if summary.can_merge(more) {
                summary.merge(more);
            }
        };
        if is_other {
            let rows = tracker.between(interval)?;
            rows.rows().iter().filter(|row| row.is_other()).for_each(|row| add(row.statistic()));
        } else {
            for action in actions {
                add(tracker.get_between(action, interval)?.statistic());
            }
        }
        Ok(Point {
            from_ms: millis(interval.from),
            covered_s: seconds(coverage.elapsed),
            figures: figures(&summary, stats, coverage, scale),
            partial: coverage.is_partial(),
        })
    };
    axis.intervals().map(point).collect()
}

async fn metrics(State(live): Shared, headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = Format::negotiated(accepted);
    let page = blocking(move || prometheus::page(&live, format)).await;
    ([(CONTENT_TYPE, format.content_type())], page).into_response()
}

/// Answers with the number of events of each source that counts them.
async fn events(State(live): Shared, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let query = Query::parse(&query.unwrap_or_default(), &["window", "source"])?;
    let window = query.window.unwrap_or_else(|| live.usual_window());
    if query.source.is_some() {
        find_source(&live, query.source.as_deref())?;
    }
    let mut sources = Vec::new();
    for (name, source) in live.sources() {
        let Some(events) = source.events() else { continue };
        if query.source.as_ref().is_some_and(|source| source != name) {
            continue;
        }
        check_span(window, events.spec().span())?;
        let counted = events.count(window).map_err(|error| unavailable(error.to_string()))?;
        sources.push(EventsAnswer::new(name, &counted, events.now()));
    }
    Ok(json(&json!({ "window_s": seconds(window), "sources": sources })))
}

async fn ready(State(live): Shared) -> Response {
    match live.settings().readiness.problems() {
        None => "ready\n".into_response(),
        Some(problems) => (StatusCode::SERVICE_UNAVAILABLE, problems).into_response(),
    }
}

fn check_window(live: &Live, window: Duration) -> Result<(), Refusal> {
    for (_, source) in live.sources() {
        if let Ok(tracker) = source.tracker() {
            check_span(window, tracker.window_spec().span())?;
        }
    }
    Ok(())
}

fn check_span(window: Duration, span: Duration) -> Result<(), Refusal> {
    if window > span {
        let error = format!("window is {window:?}, the longest is {span:?}");
        return Err(Refusal(StatusCode::BAD_REQUEST, error));
    }
    Ok(())
}

/// A refused request: its status and what was wrong.
#[derive(Debug)]
struct Refusal(StatusCode, String);

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

fn unavailable(problem: String) -> Refusal {
    Refusal(StatusCode::SERVICE_UNAVAILABLE, problem)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json(&json!({ "error": self.1 }));
        *response.status_mut() = self.0;
        response
    }
}

fn json(answer: &impl Serialize) -> Response {
    let json = serde_json::to_vec(answer).expect("an answer has text keys only");
    ([(CONTENT_TYPE, "application/json")], json).into_response()
}
