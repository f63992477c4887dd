//! Requests of real connections to a real axum server.

#![cfg(feature = "axum")]

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use adapter_tower::RequestLayer;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::routing::{any, get, post};
use facade::time::ManualClock;
use facade::{Stamp, Windrow};
use http_body::{Body as HttpBody, Frame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

/// A service on a port of the loopback device.
struct Server {
    windrow: Windrow,
    requests: RequestLayer,
    clock: ManualClock,
    router: Router,
}

impl Server {
    fn new(build: impl FnOnce(ManualClock) -> Router) -> Self {
        let clock = ManualClock::new(Stamp::from_secs(1_000));
        let windrow = Windrow::builder().clock(clock.clone()).build().unwrap();
        let requests = RequestLayer::with_clock(&windrow, clock.clone());
        let router = build(clock.clone()).layer(requests.clone());
        Self { windrow, requests, clock, router }
    }

    async fn connect(&self) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, self.router.clone()).into_future());
        TcpStream::connect(address).await.unwrap()
    }

    /// Sends one request and returns the whole response.
    async fn ask(&self, head: &str) -> String {
        let mut client = self.connect().await;
        send(&mut client, head, "connection: close\r\n").await;
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        response
    }

    /// Waits until no request is in flight.
    async fn settle(&self) {
        while self.requests.in_flight().current() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Returns the actions with their numbers of records, sorted.
    fn counts(&self) -> Vec<(String, u64)> {
        let rows = self.windrow.stats();
        let mut counts: Vec<_> =
            rows.iter().map(|row| (row.name().to_owned(), row.count())).collect();
        counts.sort();
        counts
    }

    #[track_caller]
    fn assert_counts<const N: usize>(&self, expected: [(&str, u64); N]) {
        assert_eq!(self.counts(), expected.map(|(name, count)| (name.to_owned(), count)));
    }
}

async fn send(client: &mut TcpStream, head: &str, header: &str) {
    let request = format!("{head} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
}

/// A body whose frames come from a test. It ends when the sender is dropped.
struct Frames(mpsc::UnboundedReceiver<Result<&'static str, &'static str>>);

impl Frames {
    fn new() -> (mpsc::UnboundedSender<Result<&'static str, &'static str>>, Self) {
        let (send, receive) = mpsc::unbounded_channel();
        (send, Self(receive))
    }
}

/// Returns a function that returns the body once.
fn once(body: Frames) -> impl Fn() -> Body + Clone {
    let body = Arc::new(Mutex::new(Some(Body::new(body))));
    move || body.lock().unwrap().take().unwrap()
}

impl HttpBody for Frames {
    type Data = bytes::Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, &'static str>>> {
        let frame = |text: &'static str| Frame::data(bytes::Bytes::from(text));
        self.0.poll_recv(cx).map(|next| next.map(|next| next.map(frame)))
    }
}

#[tokio::test]
async fn requests_are_named_by_method_route_and_outcome() {
    let server = Server::new(|_| {
        let users = Router::new()
            .route("/{id}", get(|| async { "user" }).delete(|| async { StatusCode::NO_CONTENT }))
            .route("/{id}/orders/{order}", post(|| async { StatusCode::CREATED }));
        let status = |code| move || async move { StatusCode::from_u16(code).unwrap() };
        Router::new()
            .nest("/users", users)
            // The routes of a service are its own.
            .nest_service("/files", any(|| async { "file" }))
            .route("/old", get(status(301)))
            .route("/broken", get(status(503)))
            .route("/odd", get(status(777)))
            .route("/any", any(|| async {}))
    });
    for head in [
        "GET /users/1",
        "GET /users/2?page=3",
        "HEAD /users/3",
        "DELETE /users/1",
        "POST /users/1/orders/2",
        "PUT /users/1",
        "GET /files/a/b",
        "GET /old",
        "GET /broken",
        "GET /odd",
        "GET /any",
        "PURGE /any",
        "BREW /any",
    ] {
        assert!(server.ask(head).await.starts_with("HTTP/1.1 "), "{head}");
    }
    server.settle().await;
    server.assert_counts([
        (r#"DELETE /users/{id}{outcome="2xx"}"#, 1),
        (r#"GET /any{outcome="2xx"}"#, 1),
        (r#"GET /broken{outcome="5xx"}"#, 1),
        (r#"GET /odd{outcome="other"}"#, 1),
        (r#"GET /old{outcome="3xx"}"#, 1),
        (r#"GET /users/{id}{outcome="2xx"}"#, 2),
        (r#"HEAD /users/{id}{outcome="2xx"}"#, 1),
        (r#"OTHER /any{outcome="2xx"}"#, 2),
        (r#"POST /users/{id}/orders/{order}{outcome="2xx"}"#, 1),
        (r#"PUT /users/{id}{outcome="4xx"}"#, 1),
        (r#"unmatched{outcome="2xx"}"#, 1),
    ]);
}

#[tokio::test]
async fn paths_that_clients_invent_make_one_row() {
    let server = Server::new(|_| Router::new().route("/", get(|| async {})));
    let mut random = 1_u64;
    for _ in 0..10_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let method = Method::from_bytes(format!("M{random}").as_bytes()).unwrap();
        let request = Request::builder().method(method).uri(format!("/{random}"));
        let request = request.body(Body::empty()).unwrap();
        let response = server.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
    server.assert_counts([(r#"unmatched{outcome="4xx"}"#, 10_000)]);
}

#[tokio::test]
async fn time_is_to_the_end_of_the_body() {
    let (frames, body) = Frames::new();
    let body = once(body);
    let handler = move |clock: ManualClock| async move {
        clock.advance(Duration::from_millis(5));
        body()
    };
    let server = Server::new(|clock| Router::new().route("/", get(move || handler(clock))));
    let mut client = server.connect().await;
    send(&mut client, "GET /", "").await;
    frames.send(Ok("first")).unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"first\r\n") {
        client.read_buf(&mut read).await.unwrap();
    }
    server.clock.advance(Duration::from_millis(20));
    assert_eq!(server.requests.in_flight().current(), 1);
    assert!(server.counts().is_empty());
    drop(frames);
    while !read.ends_with(b"0\r\n\r\n") {
        client.read_buf(&mut read).await.unwrap();
    }
    server.assert_counts([(r#"GET /{outcome="2xx"}"#, 1)]);
    let action = server.windrow.action(r#"GET /{outcome="2xx"}"#).unwrap();
    let second = action.window(Duration::from_secs(1)).unwrap();
    assert_eq!((second.count(), second.mean()), (1, Some(Duration::from_millis(25))));
    assert_eq!((server.requests.in_flight().current(), server.requests.in_flight().peak()), (0, 1));
}

#[tokio::test]
async fn client_that_hangs_up_before_the_head_cancels() {
    let (began, mut has_begun) = mpsc::unbounded_channel();
    let handler = move || {
        began.send(()).unwrap();
        async { pending::<Infallible>().await.to_string() }
    };
    let server = Server::new(|_| Router::new().route("/", get(handler)));
    let mut client = server.connect().await;
    send(&mut client, "GET /", "").await;
    has_begun.recv().await.unwrap();
    server.clock.advance(Duration::from_secs(3));
    drop(client);
    server.settle().await;
    server.assert_counts([(r#"GET /{outcome="cancelled"}"#, 1)]);
    let action = server.windrow.action(r#"GET /{outcome="cancelled"}"#).unwrap();
    let minute = action.window(Duration::from_secs(60)).unwrap();
    assert_eq!(minute.max(), Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn client_that_hangs_up_in_the_body_cancels() {
    for sent in [None, Some("first")] {
        let (frames, body) = Frames::new();
        let body = once(body);
        let handler = move || async move { body() };
        let server = Server::new(|_| Router::new().route("/", get(handler)));
        let mut client = server.connect().await;
        send(&mut client, "GET /", "").await;
        let end = if let Some(sent) = sent {
            frames.send(Ok(sent)).unwrap();
            "first\r\n"
        } else {
            "\r\n\r\n"
        };
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            client.read_buf(&mut read).await.unwrap();
        }
        assert!(read.starts_with(b"HTTP/1.1 200 OK"));
        drop(client);
        server.settle().await;
        server.assert_counts([(r#"GET /{outcome="cancelled"}"#, 1)]);
    }
}

#[tokio::test]
async fn body_that_fails_is_an_error() {
    let (frames, body) = Frames::new();
    let body = once(body);
    let handler = move || async move { body() };
    let server = Server::new(|_| Router::new().route("/", get(handler)));
    frames.send(Ok("first")).unwrap();
    frames.send(Err("disk is gone")).unwrap();
    server.ask("GET /").await; // The server has sent nothing or the head.
    server.settle().await;
    server.assert_counts([(r#"GET /{outcome="error"}"#, 1)]);
}

#[tokio::test]
async fn handler_that_panics_is_an_error() {
    let handler = || async {
        if true {
            panic!("of a handler")
        }
    };
    let server = Server::new(|_| Router::new().route("/", get(handler)));
    assert_eq!(server.ask("GET /").await, "");
    server.settle().await;
    server.assert_counts([(r#"GET /{outcome="error"}"#, 1)]);
}

/// A server stops asking once it has the announced length, and never reads the end of the body.
#[tokio::test]
async fn announced_length_ends_the_request() {
    let (frames, body) = Frames::new();
    let body = once(body);
    let handler = move || async move { ([("content-length", "10")], body()) };
    let server = Server::new(|_| Router::new().route("/", get(handler)));
    frames.send(Ok("hello")).unwrap();
    frames.send(Ok("world")).unwrap();
    assert!(server.ask("GET /").await.ends_with("\r\n\r\nhelloworld"));
    server.settle().await;
    server.assert_counts([(r#"GET /{outcome="2xx"}"#, 1)]);
}

#[tokio::test]
async fn connection_that_is_kept_measures_each_request() {
    let server = Server::new(|_| Router::new().route("/", get(|| async { "hello" })));
    let mut client = server.connect().await;
    for _ in 0..3 {
        send(&mut client, "GET /", "").await;
        let mut read = Vec::new();
        while !read.ends_with(b"hello") {
            client.read_buf(&mut read).await.unwrap();
        }
    }
    server.settle().await;
    server.assert_counts([(r#"GET /{outcome="2xx"}"#, 3)]);
}
