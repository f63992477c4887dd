//! The end of a server.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::client::Response;
use crate::start;

#[tokio::test]
async fn request_that_has_begun_is_finished() {
    let server = start(|page| page).await;
    let host = server.client.host();
    let mut begun = server.client.open("POST", "/echo", &[], 4).await;
    begun.write_all(b"ab").await.unwrap();
    // A connection that was answered, and is kept for more requests.
    let mut idle = TcpStream::connect(&host).await.unwrap();
    idle.write_all(format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = vec![0; 15];
    idle.read_exact(&mut answer).await.unwrap();
    let ended = server.end();
    // The idle connection ends at once.
    idle.read_to_end(&mut answer).await.unwrap();
    assert!(!ended.is_finished(), "a request has not ended");
    assert!(TcpStream::connect(&host).await.is_err(), "nobody listens");
    begun.write_all(b"cd").await.unwrap();
    let response = Response::read(begun).await;
    assert_eq!((response.status(), &*response.body().await), (200, "abcd"));
    assert!(ended.await.unwrap(), "all requests ended");
}

#[tokio::test(start_paused = true)]
async fn requests_that_do_not_end_are_waited_for_30_s() {
    let server = start(|page| page).await;
    let begun = server.client.open("GET", "/large", &[], 0).await;
    sleep(Duration::from_secs(1)).await;
    let (begin, ended) = (Instant::now(), server.end());
    // The client reads a little now and then, so that the connection is not given up.
    let reader = tokio::spawn(async move {
        let mut begun = begun;
        loop {
            sleep(Duration::from_secs(7)).await;
            begun.read_exact(&mut vec![0; 1 << 20]).await.unwrap();
        }
    });
    assert!(!ended.await.unwrap());
    assert_eq!(begin.elapsed().as_secs(), 30);
    reader.abort();
}

#[tokio::test(start_paused = true)]
async fn stream_of_the_page_ends_with_the_server() {
    let server = start(|page| page).await;
    let mut stream = server.client.begin("/v1/live", &[]).await;
    assert!(stream.event().await.is_some());
    let (begin, ended) = (Instant::now(), server.end());
    assert!(stream.event().await.is_none());
    assert!(ended.await.unwrap());
    assert!(begin.elapsed() <= Duration::from_secs(1));
}

#[tokio::test]
async fn readyz_lists_the_problems() {
    let server = start(|page| page).await;
    let ready = (200, "ready\n".to_owned());
    assert_eq!(server.client.get("/readyz").await, ready);
    server.readiness.problem("log", "disk is full");
    server.readiness.problem("store", "no connection");
    let problems = "log: disk is full\nstore: no connection\n".to_owned();
    assert_eq!(server.client.get("/readyz").await, (503, problems));
    server.readiness.solved("store");
    server.readiness.solved("log");
    assert_eq!(server.client.get("/readyz").await, ready);
    server.readiness.end();
    assert_eq!(server.client.get("/readyz").await, (503, "server: it ends\n".to_owned()));
    assert_eq!(server.client.get("/healthz").await.0, 200);
}
