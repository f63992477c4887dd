//! A limit for each client of an axum service: 10 requests per second and 100 per minute.
//!
//! `cargo run --package facade --example axum_limiter`, then
//! `for i in $(seq 15); do curl -is -H 'x-api-key: alice' localhost:3000 | head -1; done`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use facade::time::{Exceeded, KeyedLimiter, Limit, Limits, LimitsError};

/// Shared by all tasks. The default clock is monotonic.
type Clients = Arc<KeyedLimiter<String>>;

/// The maximum length of a key. Longer ones are not kept in memory.
const KEY_BYTES_MAX: usize = 64;

fn clients() -> Result<Clients, LimitsError> {
    let limits = Limits::new([Limit::per_second(10), Limit::per_minute(100)])?;
    Ok(Arc::new(KeyedLimiter::new(limits)))
}

fn app(clients: Clients) -> Router {
    Router::new().route("/", get(|| async { "hello\n" })).layer(from_fn_with_state(clients, limit))
}

async fn limit(State(clients): State<Clients>, request: Request, next: Next) -> Response {
    let Some(key) = api_key(request.headers()) else {
        return (StatusCode::UNAUTHORIZED, "no valid x-api-key\n").into_response();
    };
    match clients.try_record(key) {
        Ok(remaining) => {
            let remaining = remaining.events.to_string();
            let mut response = next.run(request).await;
            let value = remaining.parse().expect("digits are a valid value");
            response.headers_mut().insert("x-ratelimit-remaining", value);
            response
        }
        Err(exceeded) => too_many(&exceeded),
    }
}

fn api_key(headers: &HeaderMap) -> Option<&str> {
    let key = headers.get("x-api-key")?.to_str().ok()?;
    (1..=KEY_BYTES_MAX).contains(&key.len()).then_some(key)
}

fn too_many(exceeded: &Exceeded) -> Response {
    let message = format!("{exceeded}\n");
    match exceeded.retry_after {
        Some(after) => {
            // The header has whole seconds; rounded down, the next try would be too early.
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            let retry_after = [(header::RETRY_AFTER, seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, retry_after, message).into_response()
        }
        None => (StatusCode::FORBIDDEN, message).into_response(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app(clients()?)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use facade::Stamp;
    use facade::time::ManualClock;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tower::ServiceExt;

    async fn status(app: &Router, key: Option<&str>) -> (StatusCode, Option<String>) {
        let mut request = Request::builder().uri("/");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap());
        let header = header("retry-after").or(header("x-ratelimit-remaining"));
        (response.status(), header.map(str::to_owned))
    }

    #[tokio::test]
    async fn each_client_has_its_own_limits() {
        let clock = ManualClock::new(Stamp::from_secs(1_000));
        let limits = clients().unwrap().limits().clone();
        let app = app(Arc::new(KeyedLimiter::with_clock(limits, 1_000, clock.clone())));
        for remaining in (0..10).rev() {
            let expected = (StatusCode::OK, Some(remaining.to_string()));
            assert_eq!(status(&app, Some("alice")).await, expected);
        }
        let refused = (StatusCode::TOO_MANY_REQUESTS, Some("2".to_owned()));
        assert_eq!(status(&app, Some("alice")).await, refused);
        assert_eq!(status(&app, Some("bob")).await, (StatusCode::OK, Some("9".to_owned())));
        clock.advance(Duration::from_secs(2));
        assert_eq!(status(&app, Some("alice")).await.0, StatusCode::OK);
    }

    /// A client on a connection of the loopback device, which is kept open.
    struct Client(tokio::net::TcpStream);

    impl Client {
        async fn get(&mut self, key: &str) -> String {
            let request = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-api-key: {key}\r\n\r\n");
            self.0.write_all(request.as_bytes()).await.unwrap();
            let mut response = Vec::new();
            let end = |read: &[u8]| {
                let text = std::str::from_utf8(read).unwrap();
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
                (body.len() == length.parse::<usize>().unwrap()).then(|| text.to_owned())
            };
            loop {
                assert_ne!(self.0.read_buf(&mut response).await.unwrap(), 0, "closed");
                if let Some(response) = end(&response) {
                    return response;
                }
            }
        }
    }

    #[tokio::test]
    async fn clients_are_limited_over_connections() {
        let clock = ManualClock::new(Stamp::from_secs(1_000));
        let limits = clients().unwrap().limits().clone();
        let clients = Arc::new(KeyedLimiter::with_clock(limits, 1_000, clock.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, app(clients)).into_future());
        let connect = async || Client(tokio::net::TcpStream::connect(address).await.unwrap());
        let (mut one, mut two) = (connect().await, connect().await);
        for _ in 0..5 {
            for client in [&mut one, &mut two] {
                assert!(client.get("alice").await.starts_with("HTTP/1.1 200 OK\r\n"));
            }
        }
        let refused = two.get("alice").await;
        assert!(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{refused}");
        assert!(refused.contains("retry-after: 2\r\n"), "{refused}");
        assert!(
            refused.ends_with("limit of 10 events in 1s is reached, retry after 1.015624999s\n")
        );
        assert!(one.get("bob").await.ends_with("hello\n"));
        clock.advance(Duration::from_secs(2));
        assert!(one.get("alice").await.contains("x-ratelimit-remaining: 9\r\n"));
    }

    #[tokio::test]
    async fn clients_without_a_valid_key_are_turned_away() {
        let app = app(clients().unwrap());
        let long = "x".repeat(KEY_BYTES_MAX + 1);
        for key in [None, Some(""), Some(&*long)] {
            assert_eq!(status(&app, key).await.0, StatusCode::UNAUTHORIZED);
        }
    }
}
