//! Actions that are sent to a page, by real connections to a real server.

mod bodies;
mod durable;
mod keys;
mod records;
#[expect(dead_code, reason = "of the tests of the router")]
#[path = "../router/server.rs"]
mod server;

use axum::Router;
use facade::Windrow;
use serde_json::Value;
use service::{Ingest, Page};

use server::Server;

/// A server with a page at its root that receives actions.
pub(crate) async fn start(ingest: &Ingest) -> Server {
    let page = Page::new().source("", ingest).ingest(ingest);
    Server::start(Router::new().merge(page.router())).await
}

pub(crate) async fn start_default() -> (Server, Windrow) {
    let windrow = Windrow::default();
    (start(&Ingest::new(&windrow)).await, windrow)
}

/// Sends actions, and returns status and answer.
pub(crate) async fn post(
    server: &Server,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> (u16, Value) {
    let response = server.send("POST", "/v1/actions", headers, body.as_ref()).await;
    let status = response.status();
    let body = response.body().await;
    let json = serde_json::from_str(&body);
    (status, json.unwrap_or_else(|error| panic!("{error}: {body}")))
}

/// Returns the number of records of each action since the start.
pub(crate) fn totals(windrow: &Windrow) -> Vec<(String, u64)> {
    windrow.stats().iter().map(|row| (row.name().to_owned(), row.count())).collect()
}
