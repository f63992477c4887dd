//! Limits of connections, tokens, sockets, and the end of a server.

mod access;
#[expect(dead_code, reason = "of the tests of the router")]
#[path = "../router/server.rs"]
mod client;
mod end;
mod slow;
#[cfg(unix)]
mod unix;

use axum::Router;
use axum::routing::{get, post};
use facade::Windrow;
use service::{Ingest, Page, Readiness, Server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use client::Server as Client;

/// A running server.
pub(crate) struct Running {
    pub(crate) client: Client,
    pub(crate) readiness: Readiness,
    end: oneshot::Sender<()>,
    ended: JoinHandle<bool>,
}

impl Running {
    /// Asks the server to end.
    pub(crate) fn end(self) -> JoinHandle<bool> {
        self.readiness.end();
        self.end.send(()).unwrap();
        self.ended
    }
}

/// Starts a server of a page that receives actions, at the root.
pub(crate) async fn start(page: impl FnOnce(Page) -> Page) -> Running {
    let readiness = Readiness::default();
    let ingest = Ingest::new(&Windrow::default());
    let page = page(Page::new().source("", &ingest).ingest(&ingest).readiness(&readiness));
    // More than sockets keep for a client that does not read.
    let large = get(|| async { vec![b'x'; 64 << 20] });
    let echo = post(|body: axum::body::Bytes| async { body });
    let router = Router::new().merge(page.router()).route("/large", large).route("/echo", echo);
    let server = Server::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let client = Client(server.address().unwrap());
    assert_eq!(server.url(), format!("http://{}", client.host()));
    let (end, asked) = oneshot::channel();
    let ended = tokio::spawn(server.run(router, async { drop(asked.await) }));
    Running { client, readiness, end, ended }
}
