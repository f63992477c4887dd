//! Clients that are slow, or many.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::client::Response;
use crate::start;

async fn connect(host: &str) -> TcpStream {
    TcpStream::connect(host).await.unwrap()
}

/// Returns what a connection still sends until the server ends it, and after how many seconds.
async fn rest(mut stream: TcpStream) -> (String, u64) {
    let (begin, mut text) = (Instant::now(), String::new());
    let _ = stream.read_to_string(&mut text).await; // It may be reset.
    (text, begin.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn head_that_does_not_arrive_ends_the_connection_after_5_s() {
    let server = start(|page| page).await;
    let host = server.client.host();
    assert_eq!(rest(connect(&host).await).await, (String::new(), 5), "nothing is sent");
    let mut stream = connect(&host).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n").await.unwrap();
    assert_eq!(rest(stream).await.1, 5);
}

#[tokio::test(start_paused = true)]
async fn head_that_trickles_ends_the_connection_after_5_s() {
    let server = start(|page| page).await;
    let (reader, mut writer) = connect(&server.client.host()).await.into_split();
    writer.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let trickle = tokio::spawn(async move {
        while writer.write_all(b"a: b\r\n").await.is_ok() {
            sleep(Duration::from_secs(2)).await;
        }
    });
    let (begin, mut reader) = (Instant::now(), reader);
    let _ = reader.read_to_end(&mut Vec::new()).await;
    assert_eq!(begin.elapsed().as_secs(), 5);
    trickle.abort();
}

#[tokio::test]
async fn head_has_at_most_16_kib() {
    let server = start(|page| page).await;
    let status = async |len: usize| {
        let value = "x".repeat(len);
        server.client.begin("/healthz", &[("a", &value)]).await.status()
    };
    assert_eq!(status((16 << 10) - 200).await, 200);
    assert_eq!(status(16 << 10).await, 431);
}

#[tokio::test(start_paused = true)]
async fn client_that_reads_nothing_for_30_s_is_disconnected() {
    let server = start(|page| page).await;
    let begin = Instant::now();
    let stream = server.client.open("GET", "/large", &[], 0).await;
    sleep(Duration::from_secs(29)).await;
    // It reads something in time: the time begins again.
    let mut piece = vec![0; 8 << 20];
    let mut stream = stream;
    stream.read_exact(&mut piece).await.unwrap();
    sleep(Duration::from_secs(31)).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < 56 << 20, "{} bytes", rest.len());
    assert_eq!(begin.elapsed().as_secs(), 60);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn connections_beyond_1024_wait_for_one_to_end() {
    let hard = raise_limit_of_files();
    assert!(hard >= 4_096, "the limit of open files is {hard}, raise it with `ulimit -Hn 4096`");
    let server = start(|page| page).await;
    let mut held = Vec::new();
    for _ in 0..1_023 {
        held.push(server.client.open("POST", "/v1/actions", &[], 10).await);
    }
    let begin = Instant::now();
    assert_eq!(server.client.get("/healthz").await.0, 200, "one is left");
    held.push(server.client.open("POST", "/v1/actions", &[], 10).await);
    assert_eq!(begin.elapsed().as_secs(), 0);
    // Bodies that do not arrive are given up after 30 s.
    assert_eq!(server.client.get("/healthz").await.0, 200);
    assert_eq!(begin.elapsed().as_secs(), 30);
    assert_eq!(Response::read(held.remove(0)).await.status(), 408);
}

/// Raises the limit of open files to what is allowed, and returns that.
#[cfg(unix)]
fn raise_limit_of_files() -> u64 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(hard.min(8_192)), hard).unwrap();
    hard
}
