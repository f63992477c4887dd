//! An axum service that shows its own requests: rate, errors, p50 and p99 by route.
//!
//! `cargo run --package adapter-tower --example requests`, then
//! `curl localhost:3000/users/7; curl localhost:3000/nothing; curl localhost:3000/requests`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use adapter_tower::RequestLayer;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Router, http::StatusCode};
use facade::Windrow;
use facade::actions::LabeledName;

const MINUTE: Duration = Duration::from_secs(60);

fn app(windrow: Windrow) -> Router {
    let requests = RequestLayer::new(&windrow);
    Router::new()
        .route("/users/{id}", get(|Path(id): Path<u32>| async move { format!("user {id}\n") }))
        .route("/requests", get(table))
        .fallback(|| async { (StatusCode::NOT_FOUND, "nothing here\n") })
        .layer(requests)
        .with_state(windrow)
}

/// One line for each action of the past minute.
async fn table(State(windrow): State<Windrow>) -> Result<String, StatusCode> {
    let mut text = String::new();
    for row in windrow.stats() {
        let name = LabeledName::parse(row.name()).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        let action = windrow.action(row.name()).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let minute = action.window(MINUTE).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        let [p50, p99] = [minute.p50(), minute.p99()].map(Option::unwrap_or_default);
        let (base, outcome, rate) = (name.base(), name.label("outcome"), minute.rate());
        writeln!(text, "{base:<24} {outcome:<9} {rate:>7.2}/s  p50 {p50:>9.1?}  p99 {p99:>9.1?}")
            .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    }
    Ok(text)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}/requests", listener.local_addr()?);
    axum::serve(listener, app(Windrow::default())).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn requests_are_in_the_table() {
        let app = app(Windrow::default());
        let ask = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let body = app.clone().oneshot(request).await.unwrap().into_body();
            String::from_utf8(to_bytes(body, 10_000).await.unwrap().to_vec()).unwrap()
        };
        assert_eq!(ask("/users/7").await, "user 7\n");
        assert_eq!(ask("/users/seven").await.lines().count(), 1);
        assert_eq!(ask("/no/such/path").await, "nothing here\n");
        let table = ask("/requests").await;
        let named = |line: &str| line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        let lines: Vec<_> = table.lines().map(named).collect();
        assert_eq!(lines.len(), 3, "{table}");
        assert_eq!(lines[..2], ["GET /users/{id} 2xx", "GET /users/{id} 4xx"]);
        assert!(lines[2].starts_with("unmatched 4xx"), "{table}");
    }
}
