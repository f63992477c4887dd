//! Frames, on a clock that stands still until everybody waits.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use facade::actions::WindowedTracker;
use facade::time::Clock as _;
use serde_json::Value;
use tokio::time::sleep;

use crate::server::{RuntimeClock, Server, row, windrow};

#[tokio::test(start_paused = true)]
async fn first_frame_comes_at_once_and_others_each_second() {
    let (windrow, _) = windrow();
    let server = Server::with_page(&windrow).await;
    let mut live = server.begin("/windrow/v1/live", &[]).await;
    assert_eq!(live.header("content-type"), Some("text/event-stream"));
    let mut moments = Vec::new();
    for _ in 0..3 {
        moments.push(live.event().await.unwrap()["at_ms"].as_i64().unwrap());
    }
    let steps: Vec<_> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|step| (900..=1_100).contains(step)), "{moments:?}");
}

#[tokio::test(start_paused = true)]
async fn new_action_appears_and_an_idle_one_keeps_its_past() {
    let (windrow, _) = windrow();
    let server = Server::with_page(&windrow).await;
    let mut live = server.begin("/windrow/v1/live?window=10", &[]).await;
    assert_eq!(live.event().await.unwrap()["rows"], Value::Array(Vec::new()));
    for _ in 0..7 {
        windrow.add_action_duration("checkout", Duration::from_millis(25)).unwrap();
    }
    let frame = live.event().await.unwrap();
    let checkout = row(&frame, "checkout");
    assert_eq!((&checkout["count"], &checkout["p99"]), (&7.into(), &0.025.into()));
    sleep(Duration::from_secs(60)).await;
    let mut live = server.begin("/windrow/v1/live?window=10", &[]).await;
    let frame = live.event().await.unwrap();
    let checkout = row(&frame, "checkout");
    assert_eq!((&checkout["count"], &checkout["p99"]), (&0.into(), &Value::Null));
    let series: Vec<_> = checkout["series"].as_array().unwrap().iter().map(Value::as_u64).collect();
    assert_eq!((series.len(), series.iter().flatten().sum::<u64>()), (60, 7));
}

#[tokio::test(start_paused = true)]
async fn late_record_shows_within_sixty_frames() {
    let clock = RuntimeClock::new();
    let tracker = WindowedTracker::with_clock(Default::default(), clock.clone()).unwrap();
    let tracker = Arc::new(tracker);
    let server = Server::with_page(&tracker).await;
    sleep(Duration::from_secs(250)).await;
    let sum = |frame: &Value| -> u64 {
        let series = row(frame, "a")["series"].as_array().unwrap();
        series.iter().flat_map(Value::as_u64).sum()
    };
    tracker.record("a", 1_u64).unwrap();
    let mut live = server.begin("/windrow/v1/live", &[]).await;
    assert_eq!(sum(&live.event().await.unwrap()), 1);
    tracker.record_at("a", 1_u64, clock.now() - Duration::from_secs(100)).unwrap();
    let mut frames = 1;
    loop {
        let Some(frame) = live.event().await else {
            live = server.begin("/windrow/v1/live", &[]).await;
            continue;
        };
        frames += 1;
        if sum(&frame) == 2 {
            break;
        }
        assert!(frames < 61, "{frame:#}");
    }
    // It is read in its turn, and not at once as all others would be.
    assert!(frames > 2);
}

#[tokio::test(start_paused = true)]
async fn listeners_share_the_frame_of_a_tick() {
    let (windrow, clock) = windrow();
    let server = Server::with_page(&windrow).await;
    let mut first = server.begin("/windrow/v1/live", &[]).await;
    first.event().await.unwrap();
    let before = clock.readings.load(Relaxed);
    first.event().await.unwrap();
    let alone = clock.readings.load(Relaxed) - before;
    let mut second = server.begin("/windrow/v1/live", &[]).await;
    let mut other = server.begin("/windrow/v1/live?window=10", &[]).await;
    second.event().await.unwrap();
    assert_eq!(other.event().await.unwrap()["window_s"], 10.0);

    // Each gets its frame of one tick, so that no other frame is made meanwhile.
    let before = clock.readings.load(Relaxed);
    let [one, two] = [first.event().await.unwrap(), second.event().await.unwrap()];
    assert_eq!(one, two);
    other.event().await.unwrap();
    let with_all = clock.readings.load(Relaxed) - before;
    assert!(with_all <= 2 * alone, "{with_all} readings for two windows, {alone} for one");
}

#[tokio::test(start_paused = true)]
async fn trackers_are_not_read_on_the_thread_of_requests() {
    let (windrow, clock) = windrow();
    let server = Server::with_page(&windrow).await;
    let mut live = server.begin("/windrow/v1/live", &[]).await;
    let on_worker = clock.on_worker.load(Relaxed);
    let mut readings = clock.readings.load(Relaxed);
    let mut check = |what: &str| {
        let before = std::mem::replace(&mut readings, clock.readings.load(Relaxed));
        assert!(readings > before, "{what} reads no tracker");
        assert_eq!(clock.on_worker.load(Relaxed), on_worker, "{what}");
    };
    live.event().await.unwrap();
    live.event().await.unwrap();
    check("a frame");
    for path in ["v1/stats", "v1/series?action=a", "metrics"] {
        let (status, body) = server.get(&format!("/windrow/{path}")).await;
        assert_eq!(status, 200, "{body}");
        check(path);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_computed_while_nobody_listens() {
    let (windrow, clock) = windrow();
    let server = Server::with_page(&windrow).await;
    let mut live = server.begin("/windrow/v1/live", &[]).await;
    live.event().await.unwrap();
    drop(live);
    sleep(Duration::from_secs(3)).await; // Until the server has seen that it is gone.
    let before = clock.readings.load(Relaxed);
    sleep(Duration::from_secs(100)).await;
    assert_eq!(clock.readings.load(Relaxed), before);
}

#[tokio::test(start_paused = true)]
async fn stream_ends_so_that_a_server_can_shut_down() {
    let (windrow, _) = windrow();
    let server = Server::with_page(&windrow).await;
    let mut live = server.begin("/windrow/v1/live", &[]).await;
    let mut frames = 0;
    while live.event().await.is_some() {
        frames += 1;
    }
    assert_eq!(frames, 20);
}

#[tokio::test(start_paused = true)]
async fn listener_beyond_the_limit_is_refused_until_one_leaves() {
    let (windrow, _) = windrow();
    let server = Server::with_page(&windrow).await;
    let mut listeners = Vec::new();
    for _ in 0..64 {
        listeners.push(server.begin("/windrow/v1/live", &[]).await);
        assert_eq!(listeners.last().unwrap().status(), 200);
    }
    let refused = server.begin("/windrow/v1/live", &[]).await;
    assert_eq!((refused.status(), refused.header("retry-after")), (503, Some("5")));
    assert_eq!(refused.body().await, "there are 64 listeners, which is the limit\n");
    drop(listeners.pop());
    sleep(Duration::from_secs(3)).await;
    assert_eq!(server.begin("/windrow/v1/live", &[]).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn listener_that_does_not_read_skips_frames() {
    let (windrow, clock) = windrow();
    windrow.keep_windows().unwrap();
    // Frames that no buffer of a connection holds twenty of.
    for action in 0..1_000 {
        let name = format!("{action} {}", "n".repeat(200));
        windrow.add_action_duration(&name, Duration::from_millis(1)).unwrap();
    }
    let server = Server::with_page(&windrow).await;
    let mut live = server.begin("/windrow/v1/live", &[]).await;
    sleep(Duration::from_secs(100)).await;
    let made = clock.readings.load(Relaxed);
    sleep(Duration::from_secs(100)).await;
    assert_eq!(clock.readings.load(Relaxed), made, "frames are made that nobody takes");
    let mut moments = Vec::new();
    while let Some(frame) = live.event().await {
        moments.push(frame["at_ms"].as_i64().unwrap());
    }
    assert_eq!(moments.len(), 20);
    let longest = moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest > 150_000, "{moments:?}");
}
