//! Idempotency keys.

use std::time::Duration;

use facade::time::ManualClock;
use facade::{Stamp, Windrow};
use serde_json::json;
use service::Ingest;

use crate::{post, start, start_default, totals};

const JUMP: &str = r#"{"action":"jump","time":100}"#;

fn count(windrow: &Windrow) -> u64 {
    totals(windrow).iter().map(|(_, count)| count).sum()
}

#[tokio::test]
async fn repeated_key_gets_the_first_answer_and_is_counted_once() {
    let (server, windrow) = start_default().await;
    let headers = [("idempotency-key", "batch 1")];
    let body = format!("{JUMP}\nx\n");
    let first = post(&server, &headers, &body).await;
    assert_eq!((first.0, &first.1["accepted"]), (200, &json!(1)));
    assert_eq!(post(&server, &headers, &body).await, first);
    assert_eq!(count(&windrow), 1);
    // Another key, or none, is another request.
    assert_eq!(post(&server, &[("idempotency-key", "batch 2")], &body).await, first);
    assert_eq!(post(&server, &[], &body).await, first);
    assert_eq!(count(&windrow), 3);
}

#[tokio::test]
async fn repeated_key_with_another_body_is_refused() {
    let (server, windrow) = start_default().await;
    let key = ("idempotency-key", "a");
    assert_eq!(post(&server, &[key], JUMP).await.0, 200);
    let (status, answer) = post(&server, &[key], "").await;
    let expected = "the idempotency key was used with another body, use a new key";
    assert_eq!((status, &answer["error"]), (422, &json!(expected)));
    // What is read otherwise is another body, too.
    assert_eq!(post(&server, &[key, ("content-type", "text/csv")], JUMP).await.0, 422);
    assert_eq!(count(&windrow), 1);
}

#[tokio::test]
async fn key_of_a_refused_request_can_be_used_again() {
    let (server, windrow) = start_default().await;
    let headers = [("idempotency-key", "a")];
    assert_eq!(post(&server, &headers, format!("[{JUMP},")).await.0, 400);
    assert_eq!(post(&server, &headers, JUMP).await.0, 200);
    assert_eq!(count(&windrow), 1);
}

#[tokio::test]
async fn unusable_keys_are_refused() {
    let (server, windrow) = start_default().await;
    for key in ["", &"k".repeat(256), "schl\u{fc}ssel"] {
        let (status, answer) = post(&server, &[("idempotency-key", key)], JUMP).await;
        let expected =
            "the idempotency key is empty or longer than 255 bytes, or not visible ASCII";
        assert_eq!((status, &answer["error"]), (400, &json!(expected)), "{key}");
    }
    assert_eq!(post(&server, &[("idempotency-key", &"k".repeat(255))], JUMP).await.0, 200);
    assert_eq!(count(&windrow), 1);
}

#[tokio::test]
async fn keys_are_kept_for_the_span() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = Windrow::builder().clock(clock.clone()).build().unwrap();
    let server = start(&Ingest::new(&windrow)).await;
    let headers = [("idempotency-key", "a")];
    post(&server, &headers, JUMP).await;
    clock.advance(Duration::from_secs(300));
    post(&server, &headers, JUMP).await;
    assert_eq!(count(&windrow), 1);
    clock.advance(Duration::from_nanos(1));
    post(&server, &headers, JUMP).await;
    assert_eq!(count(&windrow), 2);
}
