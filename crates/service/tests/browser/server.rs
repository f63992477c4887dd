//! A server in a runtime of its own, so that it can end with all its connections.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use facade::Windrow;
use facade::actions::LabeledName;
use serde_json::Value;
use service::{Ingest, Page, RequestLayer};
use tokio::runtime::{Builder, Runtime};

/// A server with a page, on a port that stays the same after a restart.
pub(crate) struct Server {
    pub(crate) windrow: Windrow,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let address = "127.0.0.1:0".parse().unwrap();
        let mut server = Self { windrow: Windrow::default(), address, runtime: None };
        server.restart();
        server
    }

    /// Starts a server without anything that was recorded before.
    pub(crate) fn restart(&mut self) {
        self.windrow = Windrow::default();
        let requests = RequestLayer::new(&self.windrow);
        let page = Page::new().source("", &requests).ingest(&Ingest::new(&self.windrow));
        let app = Router::new()
            .route("/users/{id}", get(|| async { "Alice" }))
            .route("/broken", get(|| async { StatusCode::BAD_GATEWAY }))
            .layer(requests)
            .nest("/windrow", page.router());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        self.address = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(self.address).await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(axum::serve(listener, app).into_future());
            address
        });
        self.runtime = Some(runtime);
    }

    /// Ends the server and all its connections.
    pub(crate) fn stop(&mut self) {
        drop(self.runtime.take());
    }

    pub(crate) fn page(&self) -> String {
        format!("http://{}/windrow", self.address)
    }

    /// Sends actions over one connection until `stop` is set; returns the number of accepted ones.
    pub(crate) fn send(&self, lines: &str, stop: &AtomicBool) -> u64 {
        let mut stream = BufReader::new(TcpStream::connect(self.address).unwrap());
        let head = format!(
            "POST /windrow/v1/actions HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n",
            self.address,
            lines.len()
        );
        let mut sent = 0;
        while !stop.load(Ordering::Relaxed) {
            stream.get_mut().write_all(head.as_bytes()).unwrap();
            stream.get_mut().write_all(lines.as_bytes()).unwrap();
            let (mut line, mut length) = (String::new(), 0);
            while stream.read_line(&mut line).unwrap() > 2 {
                let length_of = line.strip_prefix("content-length: ");
                length = length_of.map_or(length, |text| text.trim().parse().unwrap());
                line.clear();
            }
            let mut answer = vec![0; length];
            stream.read_exact(&mut answer).unwrap();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["refused"], 0, "{answer}");
            sent += answer["accepted"].as_u64().unwrap();
        }
        sent
    }

    pub(crate) fn record(&self, name: &str, millis: u64, times: u32) {
        for _ in 0..times {
            self.windrow.add_action_duration(name, Duration::from_millis(millis)).unwrap();
        }
    }

    /// Records requests as the layer does.
    pub(crate) fn requests(&self, route: &str, outcome: &str, millis: u64, times: u32) {
        let name = LabeledName::new(route).unwrap().with("outcome", outcome).unwrap();
        self.record(name.as_str(), millis, times);
    }
}
