//! A server on a port of the loopback device, and clients that speak HTTP to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::{self, ThreadId};

use axum::Router;
use facade::time::Clock;
use facade::{Stamp, Windrow};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;

/// The clock of the runtime, which tests stop and move. Each reading is counted.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeClock {
    begin: Instant,
    worker: ThreadId,
    pub(crate) readings: Arc<AtomicU64>,
    /// Of those, the ones on the thread that made the clock, which serves the requests of a test.
    pub(crate) on_worker: Arc<AtomicU64>,
}

impl RuntimeClock {
    pub(crate) fn new() -> Self {
        let (begin, worker) = (Instant::now(), thread::current().id());
        Self { begin, worker, readings: Arc::default(), on_worker: Arc::default() }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Stamp {
        self.readings.fetch_add(1, Relaxed);
        if thread::current().id() == self.worker {
            self.on_worker.fetch_add(1, Relaxed);
        }
        Stamp::from_secs(1_000) + self.begin.elapsed()
    }

    fn may_step_back(&self) -> bool {
        false
    }
}

pub(crate) fn windrow() -> (Windrow, RuntimeClock) {
    let clock = RuntimeClock::new();
    (Windrow::builder().clock(clock.clone()).build().unwrap(), clock)
}

pub(crate) struct Server(pub(crate) SocketAddr);

impl Server {
    pub(crate) async fn start(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, app).into_future());
        Self(address)
    }

    /// Starts a server with the page of one source at `/windrow`.
    pub(crate) async fn with_page(source: impl Into<service::Source>) -> Self {
        Self::start(Router::new().nest("/windrow", service::router(source))).await
    }

    pub(crate) fn host(&self) -> String {
        self.0.to_string()
    }

    /// Sends a request and reads the head of the response.
    pub(crate) async fn begin(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send("GET", path, headers, b"").await
    }

    /// Sends a request with a body, and reads the head of the response.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let mut stream = self.open(method, path, headers, body.len()).await;
        // A server need not read what it refuses.
        let _ = stream.write_all(body).await;
        Response::read(stream).await
    }

    /// Connects, and sends the head of a request.
    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        length: usize,
    ) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        // Else the system keeps tens of megabytes for a client that does not read.
        socket.set_recv_buffer_size(1 << 16).unwrap();
        let mut stream = socket.connect(self.0).await.unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if length > 0 {
            request += &format!("content-length: {length}\r\n");
        }
        if !headers.iter().any(|(name, _)| *name == "host") {
            request += &format!("host: {}\r\n", self.0);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all((request + "\r\n").as_bytes()).await.unwrap();
        stream
    }

    /// Sends a request and returns status and body.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let response = self.begin(path, &[]).await;
        (response.status(), response.body().await)
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// A response of which the head was read.
pub(crate) struct Response {
    head: String,
    stream: BufReader<TcpStream>,
}

impl Response {
    /// Reads the head of a response.
    pub(crate) async fn read(stream: TcpStream) -> Self {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).await.unwrap() > 0, "{head}");
        }
        Self { head: head.to_ascii_lowercase(), stream }
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| line.split_once(": ").is_some_and(|(found, _)| found == name);
        self.head.lines().find(|it| line(it))?.split_once(": ").map(|(_, value)| value)
    }

    /// Returns the body, which has a length, or chunks that are joined.
    pub(crate) async fn body(mut self) -> String {
        if self.header("transfer-encoding").is_none() {
            let mut body = String::new();
            self.stream.read_to_string(&mut body).await.unwrap();
            return body;
        }
        let mut body = String::new();
        while let Some(chunk) = self.chunk().await {
            body += &chunk;
        }
        body
    }

    /// Reads one chunk; `None` at the end.
    async fn chunk(&mut self) -> Option<String> {
        let mut length = String::new();
        self.stream.read_line(&mut length).await.unwrap();
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        let mut chunk = vec![0; length + 2];
        self.stream.read_exact(&mut chunk).await.unwrap();
        chunk.truncate(length);
        (length > 0).then(|| String::from_utf8(chunk).unwrap())
    }

    /// Reads one server-sent event; `None` at the end of the stream.
    pub(crate) async fn event(&mut self) -> Option<Value> {
        let event = self.chunk().await?;
        let fields: Vec<_> = event.lines().filter_map(|line| line.split_once(": ")).collect();
        let (_, data) = fields.iter().find(|(name, _)| *name == "data")?;
        assert!(event.ends_with("\n\n"), "{event:?}");
        Some(serde_json::from_str(data).unwrap())
    }
}

/// Returns the row of an action.
#[track_caller]
pub(crate) fn row<'a>(answer: &'a Value, action: &str) -> &'a Value {
    let rows = answer["rows"].as_array().unwrap();
    let found = rows.iter().find(|row| row["action"] == action);
    found.unwrap_or_else(|| panic!("{action} is not in {answer:#}"))
}
