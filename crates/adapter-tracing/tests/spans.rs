//! Spans of real subscribers, measured by a clock that the tests move.

use std::fmt;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use adapter_tracing::SpanLayer;
use facade::actions::LabelError;
use facade::time::ManualClock;
use facade::{Stamp, WhenFull, Windrow};
use tokio::sync::{Notify, oneshot};
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::with_default;
use tracing::{Dispatch, Instrument as _, info_span, trace_span};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry;

const MILLIS: Duration = Duration::from_millis(1);

fn measured() -> (Windrow, ManualClock, SpanLayer) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = Windrow::builder().clock(clock.clone()).build().unwrap();
    let layer = SpanLayer::with_clock(&windrow, clock.clone());
    (windrow, clock, layer)
}

/// Returns the number of spans of a name, and their mean total, busy and idle times in ms.
#[track_caller]
fn times(windrow: &Windrow, name: &str) -> (u64, [f64; 3]) {
    let row = |time| windrow.get(&format!("{name}{{time=\"{time}\"}}")).expect("recorded");
    let rows = ["total", "busy", "idle"].map(row);
    assert!(rows.iter().all(|row| row.count() == rows[0].count()));
    (rows[0].count(), rows.map(|row| row.mean() / 1e6))
}

#[test]
fn total_busy_and_idle_are_apart() {
    let (windrow, clock, layer) = measured();
    with_default(registry().with(layer), || {
        let span = info_span!("checkout");
        clock.advance(MILLIS);
        for _ in 0..2 {
            span.in_scope(|| clock.advance(10 * MILLIS));
            clock.advance(100 * MILLIS);
        }
    });
    assert_eq!(times(&windrow, "checkout"), (1, [221.0, 20.0, 201.0]));
    let action = windrow.action(r#"checkout{time="idle"}"#).unwrap();
    let minute = action.window(Duration::from_secs(60)).unwrap();
    assert_eq!((minute.count(), minute.max()), (1, Some(201 * MILLIS)));
}

#[test]
fn span_that_was_never_entered_was_never_busy() {
    let (windrow, clock, layer) = measured();
    with_default(registry().with(layer), || {
        let span = info_span!("waits");
        clock.advance(7 * MILLIS);
        drop(span.clone());
        clock.advance(MILLIS);
    });
    assert_eq!(times(&windrow, "waits"), (1, [8.0, 0.0, 8.0]));
}

#[test]
fn nested_spans_are_busy_each() {
    let (windrow, clock, layer) = measured();
    with_default(registry().with(layer), || {
        info_span!("outer").in_scope(|| {
            clock.advance(MILLIS);
            (0..3).for_each(|_| info_span!("inner").in_scope(|| clock.advance(MILLIS)));
        });
    });
    assert_eq!(times(&windrow, "outer"), (1, [4.0, 4.0, 0.0]));
    assert_eq!(times(&windrow, "inner"), (3, [1.0, 1.0, 0.0]));
}

#[test]
fn span_that_is_entered_again_is_busy_once() {
    let (windrow, clock, layer) = measured();
    with_default(registry().with(layer), || {
        let span = info_span!("recursive");
        span.in_scope(|| {
            clock.advance(MILLIS);
            span.in_scope(|| clock.advance(MILLIS));
            clock.advance(MILLIS);
        });
        clock.advance(MILLIS);
    });
    assert_eq!(times(&windrow, "recursive"), (1, [4.0, 3.0, 1.0]));
}

#[test]
fn two_threads_in_one_span_are_its_union() {
    let (windrow, clock, layer) = measured();
    let dispatch = Dispatch::new(registry().with(layer));
    with_default_dispatch(&dispatch, || {
        let span = info_span!("shared");
        let steps = Arc::new(Barrier::new(2));
        let other = thread::spawn({
            let (span, steps, clock) = (span.clone(), Arc::clone(&steps), clock.clone());
            move || {
                steps.wait(); // The first thread is in the span.
                span.in_scope(|| {
                    clock.advance(10 * MILLIS);
                    steps.wait();
                    steps.wait(); // The first thread has left it.
                    clock.advance(10 * MILLIS);
                });
            }
        });
        span.in_scope(|| {
            clock.advance(MILLIS);
            steps.wait();
            steps.wait();
        });
        steps.wait();
        other.join().unwrap();
        clock.advance(100 * MILLIS);
    });
    assert_eq!(times(&windrow, "shared"), (1, [121.0, 21.0, 100.0]));
}

fn with_default_dispatch(dispatch: &Dispatch, f: impl FnOnce()) {
    tracing::dispatcher::with_default(dispatch, f);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_measured_on_whatever_thread_they_run() {
    const TASKS: u64 = 200;
    let (windrow, clock, layer) = measured();
    let dispatch = Dispatch::new(registry().with(layer));
    let job = |clock: ManualClock| async move {
        for _ in 0..3 {
            clock.advance(MILLIS);
            tokio::task::yield_now().await;
        }
    };
    let spawn = |_| {
        let span = tracing::dispatcher::with_default(&dispatch, || info_span!("task"));
        tokio::spawn(job(clock.clone()).instrument(span).with_subscriber(dispatch.clone()))
    };
    for task in (0..TASKS).map(spawn).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let (count, [total, busy, idle]) = times(&windrow, "task");
    assert_eq!(count, TASKS);
    // Each task is busy for its own 3 ms, and meanwhile the other thread moves the clock too.
    assert!(busy >= 3.0 && total <= 3.0 * TASKS as f64, "{total} {busy} {idle}");
    assert!((total - busy - idle).abs() < 1e-6, "{total} {busy} {idle}");
}

#[tokio::test]
async fn cancelled_task_is_recorded() {
    let (windrow, clock, layer) = measured();
    let dispatch = Dispatch::new(registry().with(layer));
    let (started, has_started) = oneshot::channel();
    let job = async {
        started.send(()).unwrap();
        Notify::new().notified().await;
    };
    let span = tracing::dispatcher::with_default(&dispatch, || info_span!("job"));
    let task = tokio::spawn(job.instrument(span).with_subscriber(dispatch));
    has_started.await.unwrap();
    clock.advance(5 * MILLIS);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(times(&windrow, "job"), (1, [5.0, 0.0, 5.0]));
}

#[test]
fn chosen_fields_are_labels() {
    let (windrow, _clock, layer) = measured();
    let layer = layer.with_fields(["method", "http.status", "ok", "body"]).unwrap();
    with_default(registry().with(layer), || {
        let span = info_span!("request", method = "GET", "http.status" = 0, path = "/a", ok = true);
        span.record("http.status", 404);
        drop(span);
        drop(info_span!("request", method = ?"quoted \"\n", body = "bell\u{7}", ok = ""));
        drop(info_span!("request", path = "/b"));
    });
    let names: Vec<_> = windrow.stats().iter().map(|row| row.name().to_owned()).collect();
    let total = |name: &&String| name.contains(r#"time="total""#);
    assert_eq!(
        names.iter().filter(total).collect::<Vec<_>>(),
        [
            r#"request{http_status="404",method="GET",ok="true",time="total"}"#,
            r#"request{body="bell�",method="\"quoted \\\"\\n\"",time="total"}"#,
            r#"request{time="total"}"#,
        ]
    );
    assert_eq!(names.len(), 9);
}

#[test]
fn labels_that_cannot_be_are_refused() {
    let windrow = Windrow::default();
    let refused = |field: &str| SpanLayer::new(&windrow).with_fields([field]).unwrap_err();
    assert!(matches!(refused("2xx"), LabelError::Label { .. }));
    assert!(matches!(refused("a b"), LabelError::Label { .. }));
    assert!(matches!(refused("time"), LabelError::Reserved { .. }));
}

#[test]
fn layers_do_not_share_their_spans() {
    let (first, clock, layer) = measured();
    let second = Windrow::default();
    let slow = ManualClock::new(Stamp::from_secs(1));
    let other = SpanLayer::with_clock(&second, slow.clone());
    with_default(registry().with(layer).with(other), || {
        info_span!("both").in_scope(|| {
            clock.advance(2 * MILLIS);
            slow.advance(MILLIS);
        });
    });
    assert_eq!(times(&first, "both"), (1, [2.0, 2.0, 0.0]));
    assert_eq!(times(&second, "both"), (1, [1.0, 1.0, 0.0]));
}

#[test]
fn filters_of_other_layers_make_no_difference() {
    let (windrow, _clock, layer) = measured();
    let other = Windrow::default();
    let sampled = SpanLayer::new(&other).with_filter(filter_fn(|_| false));
    with_default(registry().with(sampled).with(layer.with_filter(LevelFilter::INFO)), || {
        drop(info_span!("seen"));
        drop(trace_span!("unseen"));
    });
    assert_eq!(times(&windrow, "seen").0, 1);
    assert_eq!(windrow.stats().len(), 3);
    assert!(other.stats().is_empty());
}

#[test]
fn text_that_is_no_name_is_still_recorded() {
    let (windrow, _clock, layer) = measured();
    with_default(registry().with(layer), || {
        drop(info_span!(""));
        drop(info_span!("line\nfeed"));
        drop(info_span!(r#"labels{a="b"}"#));
    });
    assert_eq!(times(&windrow, "line\u{FFFD}feed").0, 1);
    assert_eq!(times(&windrow, "span").0, 1);
    assert!(windrow.get(r#"labels{a="b",time="busy"}"#).is_some());
    assert_eq!(windrow.stats().len(), 9);
}

#[test]
fn full_tracker_counts_what_it_refuses() {
    let windrow = Windrow::builder().actions(3, WhenFull::Refuse).build().unwrap();
    with_default(registry().with(SpanLayer::new(&windrow)), || {
        for _ in 0..5 {
            drop(info_span!("first"));
            drop(info_span!("second"));
        }
    });
    assert_eq!(times(&windrow, "first").0, 5);
    // Three handles and fifteen records of the second.
    assert_eq!(windrow.actions().overflow().refused, 3 + 15);
}

/// The registry keeps what a span needed for the next one, and so does the layer.
#[test]
fn known_span_allocates_nothing() {
    // All times are of one bin and in one bucket, so that the statistic needs no more memory.
    let (windrow, _clock, layer) = measured();
    with_default(registry().with(layer), || {
        let spans = || (0..100).for_each(|_| info_span!("known").in_scope(|| ()));
        spans();
        assert_eq!(allocation_counter::measure(spans).count_total, 0);
    });
    assert_eq!(times(&windrow, "known").0, 200);
}

/// A value that opens spans while it is written: more than there are locks.
struct Nested;

impl fmt::Debug for Nested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open: Vec<_> = (0..200).map(|_| info_span!("inner")).collect();
        open.iter().for_each(|span| span.in_scope(|| ()));
        f.write_str("nested")
    }
}

#[test]
fn field_may_open_spans_while_it_is_written() {
    let (windrow, _clock, layer) = measured();
    let layer = layer.with_fields(["value"]).unwrap();
    with_default(registry().with(layer), || {
        let span = info_span!("outer", value = tracing::field::Empty);
        span.record("value", tracing::field::debug(Nested));
    });
    assert_eq!(times(&windrow, "inner").0, 200);
    assert!(windrow.get(r#"outer{time="total",value="nested"}"#).is_some());
}
