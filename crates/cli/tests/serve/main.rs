//! `windrow serve`: real requests to the running program.

#![cfg(unix)]

mod deploy;
mod kept;
#[path = "../missing/mod.rs"]
mod missing;
mod run;
#[path = "../signal/mod.rs"]
mod signal;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::signal::Signal;

use run::{Serve, fails};
use tempfile::TempDir;

const JUMP: &str = r#"{"action":"jump","time":100}"#;

#[test]
fn actions_are_received_and_shown() {
    let server = Serve::start(&[]);
    let answer = server.post("/v1/actions", &format!("{JUMP}\nx\n"));
    let expected = r#"{"accepted":1,"refused":1,"blank":0,"first_errors":["#.to_owned()
        + r#""line 2: found `x`, expected a value (byte 0)"]}"#;
    assert_eq!(answer, (200, expected));
    let (status, stats) = server.get("/v1/stats?stat=count,max");
    assert!(status == 200 && stats.contains(r#""action":"jump","unit":"s""#), "{stats}");
    assert!(stats.contains(r#""count":1,"max":0.1"#), "milliseconds: {stats}");
    assert!(server.get("/").1.contains("<!doctype html>"));
    assert!(server.get("/metrics").1.contains("windrow_ingest_records_total"));
    let (_, events) = server.get("/v1/events?window=60");
    assert!(events.contains(r#""at_least":1,"at_most":1"#), "{events}");
    assert_eq!(server.get("/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(server.end(&[Signal::SIGTERM]), 0);
}

#[test]
fn options_of_the_program_and_of_requests_read_records() {
    let server = Serve::start(&["--preset", "caddy", "--title", "shop"]);
    let line = r#"{"request":{"method":"GET","uri":"/a/7"},"duration":0.25,"took":5}"#;
    assert_eq!(server.post("/v1/actions", line).0, 200);
    let query = "by=request.method&value=took&unit=ms";
    assert_eq!(server.post(&format!("/v1/actions?{query}"), line).0, 200);
    let (_, stats) = server.get("/v1/stats?stat=max");
    // The first has no timestamp, so it is in no window.
    assert!(stats.contains(r#""title":"shop""#) && stats.contains(r#""max":0.005"#), "{stats}");
    let (_, page) = server.get("/metrics");
    assert!(page.contains(r#"duration_seconds_sum{action="GET /a/:id"} 0.25"#), "{page}");
    let (status, answer) = server.post("/v1/actions?listen=x", line);
    assert!(status == 400 && answer.contains("parameter `listen` is unknown"), "{answer}");
    assert_eq!(server.end(&[Signal::SIGINT]), 0);
}

#[test]
fn actions_beyond_the_limit_share_a_row() {
    let server = Serve::start(&["--max-actions", "2"]);
    let lines: String = (0..5).map(|it| JUMP.replace("jump", &format!("a{it}")) + "\n").collect();
    assert_eq!(server.post("/v1/actions", &lines).0, 200);
    let (_, stats) = server.get("/v1/stats?stat=count");
    assert!(stats.contains(r#""other":true,"unit":"s","count":3"#), "{stats}");
    assert!(stats.contains(r#""folded":3"#), "{stats}");
}

#[test]
fn hosts_are_those_that_are_named() {
    let server = Serve::start(&["--host", "metrics.example.org"]);
    let status = |host: &str| server.send("GET", "/healthz", &[("host", host)], "").0;
    assert_eq!(status(&server.host), 200);
    assert_eq!(status("localhost:1234"), 200);
    assert_eq!(status("metrics.example.org"), 200);
    assert_eq!(status("rebound.example"), 421);
    let origin = [("host", &*server.host), ("origin", "http://evil.example")];
    assert_eq!(server.send("POST", "/v1/actions", &origin, JUMP).0, 403);
}

#[test]
fn token_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "0123456789abcdef\n").unwrap();
    let server = Serve::start(&["--token-file", file.to_str().unwrap()]);
    assert_eq!(server.get("/metrics").0, 401);
    assert_eq!(server.get("/healthz").0, 200);
    let token = [("authorization", "Bearer 0123456789abcdef")];
    assert_eq!(server.send("GET", "/metrics", &token, "").0, 200);
    std::fs::write(&file, "short").unwrap();
    let (code, messages) = fails(&["--token-file", file.to_str().unwrap()]);
    let expected =
        ": token has 5 bytes, expected 16 to 4096\n  `openssl rand -hex 32` prints one\n";
    assert!(code == 1 && messages.ends_with(expected), "{code} {messages}");
    let (code, messages) = fails(&["--token-file", folder.path().join("none").to_str().unwrap()]);
    assert!(code == 1 && messages.ends_with(": No such file or directory\n"), "{code} {messages}");
}

#[test]
fn addresses_for_other_machines_need_a_token_and_a_host() {
    let (code, messages) = fails(&["--listen", "192.0.2.1:0"]);
    let expected = "windrow: `--listen 192.0.2.1:0` can be reached by other machines\n  name a \
                    file with a token by `--token-file`, or listen on 127.0.0.1\n";
    assert_eq!((code, &*messages), (2, expected));
    let (code, messages) = fails(&["--listen", "0.0.0.0:0", "--token-file", "none"]);
    let expected = "windrow: `--listen 0.0.0.0:0` stands for all addresses, of which no client \
                    knows\n  give the name that clients use with `--host`\n";
    assert_eq!((code, &*messages), (2, expected));
}

#[test]
fn port_in_use_is_reported() {
    let server = Serve::start(&[]);
    let (code, messages) = fails(&["--listen", &server.host]);
    let expected = format!("windrow: {}: Address already in use\n", server.host);
    assert_eq!((code, messages), (1, expected));
}

#[test]
fn unix_socket_is_served_and_removed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("windrow.sock");
    let server = Serve::start(&["--listen", &format!("unix:{}", path.display())]);
    assert_eq!(server.url, format!("unix:{}", path.display()));
    assert!(ask(&path).starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(server.end(&[Signal::SIGTERM]), 0);
    assert!(!path.exists());
}

fn ask(path: &Path) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    let request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn first_signal_finishes_requests_and_the_second_does_not() {
    let head = format!(
        "POST /v1/actions HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
        JUMP.len()
    );
    let (begin, rest) = JUMP.split_at(10);
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let server = Serve::start(&[]);
        let mut stream = TcpStream::connect(&server.host).unwrap();
        stream.write_all((head.clone() + begin).as_bytes()).unwrap();
        server.wait_until_received();
        server.signal(signal);
        while TcpStream::connect(&server.host).is_ok() {} // It still listens.
        stream.write_all(rest.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"accepted\":1"));
        assert_eq!(server.end(&[]), 0);

        let server = Serve::start(&[]);
        let mut stream = TcpStream::connect(&server.host).unwrap();
        stream.write_all((head.clone() + begin).as_bytes()).unwrap();
        server.wait_until_received();
        server.signal(signal);
        while TcpStream::connect(&server.host).is_ok() {}
        assert_eq!(server.end(&[signal]), code);
    }
}
