//! Bodies that are compressed, too long, damaged, cut or slow.

use std::io::Write as _;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::server::Response;
use crate::{post, start_default, totals};

const JUMP: &str = r#"{"action":"jump","time":100}"#;
const MIB: usize = 1 << 20;
/// The limit of a wait, so that a test fails instead of hanging. It is far above normal waits.
const LOOKS_MAX: usize = 20_000;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[tokio::test]
async fn compressed_bodies_are_decompressed() {
    let lines = format!("{JUMP}\n").repeat(10_000);
    let twice = [gzip(&lines.as_bytes()[..JUMP.len() + 1]), gzip(JUMP.as_bytes())].concat();
    for (headers, body, accepted) in [
        (&[("content-encoding", "gzip")][..], gzip(lines.as_bytes()), 10_000),
        (&[("content-encoding", "X-GZIP")], gzip(lines.as_bytes()), 10_000),
        (&[("content-encoding", "zstd")], zstd(lines.as_bytes()), 10_000),
        (&[("content-encoding", "identity")], lines.clone().into_bytes(), 10_000),
        // The first bytes say it, too.
        (&[], gzip(lines.as_bytes()), 10_000),
        (&[], zstd(lines.as_bytes()), 10_000),
        // Files of gzip can be joined.
        (&[("content-type", "application/json")], twice, 2),
    ] {
        let (server, _) = start_default().await;
        let (status, answer) = post(&server, headers, body).await;
        assert_eq!((status, &answer["accepted"]), (200, &json!(accepted)), "{headers:?}");
    }
}

#[tokio::test]
async fn damaged_bodies_change_nothing() {
    let (server, windrow) = start_default().await;
    let lines = format!("{JUMP}\n").repeat(10_000);
    for (encoding, packed) in [("gzip", gzip(lines.as_bytes())), ("zstd", zstd(lines.as_bytes()))] {
        let cut = &packed[..packed.len() - 1];
        let mut flipped = packed.clone();
        flipped[packed.len() - 2] ^= 1;
        for body in [cut, &flipped, lines.as_bytes()] {
            let (status, answer) = post(&server, &[("content-encoding", encoding)], body).await;
            let error = answer["error"].as_str().unwrap();
            let expected = format!("body is not valid {encoding}: ");
            // A flipped bit of zstd without a checksum may only change a line.
            if !(encoding == "zstd" && body == flipped) {
                assert!(status == 400 && error.starts_with(&expected), "{status} {answer}");
            }
        }
    }
    let (status, answer) = post(&server, &[("content-encoding", "br")], JUMP).await;
    let expected = "content encoding is `br`, expected gzip, zstd or identity";
    assert_eq!((status, &answer["error"]), (415, &json!(expected)));
    assert_eq!(totals(&windrow), []);
}

#[tokio::test]
async fn long_bodies_are_refused() {
    let (server, windrow) = start_default().await;
    let most = vec![b'\n'; 8 * MIB];
    let (status, answer) = post(&server, &[], &most).await;
    assert_eq!((status, &answer["blank"]), (200, &json!(8 * MIB)));
    let response = server.open("POST", "/v1/actions", &[], 8 * MIB + 1).await;
    let response = Response::read(response).await;
    assert_eq!(response.status(), 413, "before the body arrives");
    let expected = r#"{"error":"body is longer than 8388608 bytes, send it in parts"}"#;
    assert_eq!(response.body().await, expected);

    // Without a length, as chunks.
    let headers = [("transfer-encoding", "chunked")];
    let mut stream = server.open("POST", "/v1/actions", &headers, 0).await;
    let chunk = [format!("{:x}\r\n", most.len() + 1).as_bytes(), &most, b"\n"].concat();
    let _ = stream.write_all(&chunk).await;
    assert_eq!(Response::read(stream).await.status(), 413);
    assert_eq!(totals(&windrow), []);
}

#[tokio::test]
async fn bombs_are_refused() {
    let (server, windrow) = start_default().await;
    let begin = format!("{JUMP}\n{}", "x".repeat(MIB - JUMP.len() - 1));
    let rest = "x".repeat(MIB);
    let expected = "body has more than 67108864 bytes when decompressed, send it in parts";
    for (encoding, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let most = [pack(begin.as_bytes()), pack(rest.as_bytes()).repeat(63)].concat();
        let headers = [("content-encoding", encoding)];
        let (status, answer) = post(&server, &headers, &most).await;
        let counts = (&answer["accepted"], &answer["refused"]);
        assert_eq!((status, counts), (200, (&json!(1), &json!(1))), "{encoding}");
        let before = totals(&windrow);
        let (status, answer) = post(&server, &headers, [most, pack(b"x")].concat()).await;
        assert_eq!((status, &answer["error"]), (413, &json!(expected)), "{encoding}");
        assert_eq!(totals(&windrow), before);
    }
    // Its first frame asks for a window of 1 GiB.
    let window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00];
    let (status, answer) = post(&server, &[("content-encoding", "zstd")], window).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn slow_bodies_are_refused_after_30_s() {
    let (server, windrow) = start_default().await;
    let begin = tokio::time::Instant::now();
    let mut stream = server.open("POST", "/v1/actions", &[], 1_000).await;
    stream.write_all(JUMP.as_bytes()).await.unwrap();
    let response = Response::read(stream).await;
    assert_eq!(response.status(), 408);
    assert_eq!(response.body().await, r#"{"error":"body did not arrive within 30 s"}"#);
    assert_eq!(begin.elapsed().as_secs(), 30);
    assert_eq!(totals(&windrow), []);
}

/// The time of a body counts from its beginning, however little of it arrives in between.
#[tokio::test(start_paused = true)]
async fn body_that_trickles_is_refused_after_30_s() {
    let (server, _) = start_default().await;
    let begin = tokio::time::Instant::now();
    let stream = server.open("POST", "/v1/actions", &[], 1_000).await.into_std().unwrap();
    let mut sender = tokio::net::TcpStream::from_std(stream.try_clone().unwrap()).unwrap();
    let trickle = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(7)).await;
            if sender.write_all(b"\n").await.is_err() {
                break;
            }
        }
    });
    let response = Response::read(tokio::net::TcpStream::from_std(stream).unwrap()).await;
    assert_eq!((response.status(), begin.elapsed().as_secs()), (408, 30));
    trickle.abort();
}

#[tokio::test]
async fn body_that_ends_early_changes_nothing() {
    let (server, windrow) = start_default().await;
    let mut stream = server.open("POST", "/v1/actions", &[], JUMP.len() + 10).await;
    stream.write_all(JUMP.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    drop(stream);
    // The server is done with it when it has counted its answer.
    let counted = "windrow_ingest_requests_total{status=\"400\"} 1\n";
    let mut is_counted = false;
    for _ in 0..LOOKS_MAX {
        is_counted = server.get("/metrics").await.1.contains(counted);
        if is_counted {
            break;
        }
    }
    assert!(is_counted, "the server does not answer");
    assert_eq!(totals(&windrow), []);
}

#[tokio::test]
async fn bodies_share_a_bounded_memory() {
    let (server, windrow) = start_default().await;
    let body = vec![b'\n'; 8 * MIB];
    let mut held = Vec::new();
    for _ in 0..32 {
        let mut stream = server.open("POST", "/v1/actions", &[], body.len()).await;
        stream.write_all(&body[1..]).await.unwrap();
        held.push(stream);
    }
    // All of the memory is taken as soon as what was sent has been read.
    let mut answer = post(&server, &[], JUMP).await;
    for _ in 0..LOOKS_MAX {
        if answer.0 != 200 {
            break;
        }
        answer = post(&server, &[], JUMP).await;
    }
    let expected = "bodies that are being received take 268435456 bytes, try again later";
    assert_eq!((answer.0, &answer.1["error"]), (503, &json!(expected)));
    let mut first = held.pop().unwrap();
    first.write_all(b"\n").await.unwrap();
    assert_eq!(Response::read(first).await.status(), 200);
    assert_eq!(post(&server, &[], JUMP).await.0, 200);
    assert!(totals(&windrow)[0].1 > 0);
}
