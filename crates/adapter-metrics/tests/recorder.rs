//! The macros of the facade, and what becomes visible.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use adapter_metrics::{RecorderError, RecorderSpec, RefusedValues, WindrowRecorder};
use core_time::{ManualClock, Stamp, WindowSpec};
use exposition::{Format, Labels};
use metrics::{Unit, with_local_recorder};

const MINUTE: Duration = Duration::from_secs(60);

fn recorder(spec: RecorderSpec) -> (WindrowRecorder, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    (WindrowRecorder::with_clock(spec, clock.clone()).unwrap(), clock)
}

fn series(series: usize) -> RecorderSpec {
    RecorderSpec { series, ..RecorderSpec::default() }
}

fn text(recorder: &WindrowRecorder) -> String {
    String::from_utf8(recorder.render(Format::Text)).unwrap()
}

/// Checks that a page has these lines, in any order.
#[track_caller]
fn has(recorder: &WindrowRecorder, lines: &[&str]) {
    let page = text(recorder);
    for line in lines {
        assert!(page.lines().any(|found| found == *line), "no `{line}` in\n{page}");
    }
}

mod one_crate {
    pub(crate) fn work() {
        metrics::counter!("jobs", "kind" => "mail", "queue" => "a").increment(2);
        metrics::histogram!("job_seconds").record(0.5);
        metrics::gauge!("queued").set(7.0);
    }
}

mod another_crate {
    pub(crate) fn work() {
        metrics::counter!("jobs", "queue" => "a", "kind" => "mail").increment(3);
        metrics::histogram!("job_seconds").record(1.5);
        metrics::gauge!("queued").decrement(2.5);
    }
}

#[test]
fn crates_share_the_series_of_one_recorder() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || {
        one_crate::work();
        another_crate::work();
    });
    let expected = "# HELP jobs_total A metric without a description.\n# TYPE jobs_total counter
jobs_total{kind=\"mail\",queue=\"a\"} 5
# HELP queued A metric without a description.\n# TYPE queued gauge\nqueued 4.5
# HELP job_seconds A metric without a description. Values are counted within 1.6 % of their size.
# TYPE job_seconds histogram
job_seconds_bucket{le=\"0.005\"} 0\njob_seconds_bucket{le=\"0.01\"} 0
job_seconds_bucket{le=\"0.025\"} 0\njob_seconds_bucket{le=\"0.05\"} 0
job_seconds_bucket{le=\"0.1\"} 0\njob_seconds_bucket{le=\"0.25\"} 0
job_seconds_bucket{le=\"0.5\"} 0\njob_seconds_bucket{le=\"1.0\"} 1
job_seconds_bucket{le=\"2.5\"} 2\njob_seconds_bucket{le=\"5.0\"} 2
job_seconds_bucket{le=\"10.0\"} 2\njob_seconds_bucket{le=\"+Inf\"} 2
job_seconds_sum 2\njob_seconds_count 2
# HELP job_window_seconds A metric without a description.\n# TYPE job_window_seconds summary
# UNIT job_window_seconds seconds
job_window_seconds{quantile=\"0.5\"} 0.5\njob_window_seconds{quantile=\"0.9\"} 1.5
job_window_seconds{quantile=\"0.99\"} 1.5
job_window_seconds_sum 2\njob_window_seconds_count 2
# HELP windrow_recorder_refused_total What the recorder refused or folded.
# TYPE windrow_recorder_refused_total counter
windrow_recorder_refused_total{what=\"values\"} 0
windrow_recorder_refused_total{what=\"names\"} 0
windrow_recorder_refused_total{what=\"folded\"} 0\n";
    assert_eq!(text(&recorder), expected);
}

#[test]
fn threads_record_the_same_series() {
    let (recorder, _) = recorder(RecorderSpec::default());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                with_local_recorder(&recorder, || {
                    let kept = metrics::histogram!("time");
                    for _ in 0..1_000 {
                        metrics::counter!("hits").increment(1);
                        kept.record(0.25);
                    }
                });
            });
        }
    });
    has(&recorder, &["hits_total 4000", "time_count 4000", "time_sum 1000"]);
}

#[test]
fn windows_forget_and_totals_do_not() {
    let (recorder, clock) = recorder(RecorderSpec::default());
    let record = |value: f64| {
        with_local_recorder(&recorder, || {
            metrics::counter!("hits").increment(4);
            metrics::histogram!("time").record(value);
        });
    };
    let none = Labels::default();
    record(1.0);
    clock.advance(Duration::from_secs(70));
    record(3.0);
    let events = |window| recorder.count("hits", &none, window).unwrap().unwrap().events;
    assert_eq!((events(MINUTE), events(2 * MINUTE)), (4, 8));
    let summary = |window| recorder.summary("time", &none, window).unwrap().unwrap();
    let minute = summary(MINUTE);
    assert_eq!((minute.count(), minute.statistic().mean()), (1, Some(3.0)));
    assert_eq!(summary(2 * MINUTE).statistic().mean(), Some(2.0));
    has(&recorder, &["hits_total 8", "time_window{quantile=\"0.5\"} 3", "time_window_count 2"]);

    clock.advance(Duration::from_secs(100));
    assert_eq!(events(MINUTE), 0);
    has(&recorder, &["hits_total 8", "time_window{quantile=\"0.5\"} NaN", "time_count 2"]);
    assert!(recorder.count("hits", &none, Duration::from_secs(301)).is_err());
    assert!(recorder.count("other", &none, MINUTE).unwrap().is_none());
    assert!(recorder.summary("hits", &none, MINUTE).unwrap().is_none());
}

#[test]
fn totals_that_are_set_never_go_back() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || {
        let counter = metrics::counter!("hits");
        for total in [10, 7, 12] {
            counter.absolute(total);
        }
    });
    has(&recorder, &["hits_total 12"]);
    let window = recorder.count("hits", &Labels::default(), MINUTE).unwrap().unwrap();
    assert_eq!(window.events, 12);
}

#[test]
fn totals_are_exact_though_no_bucket_has_room() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || {
        let counter = metrics::counter!("bytes");
        counter.increment(7);
        counter.absolute(1 << 62);
        counter.increment(3);
        counter.absolute(1 << 62); // No longer more.
        has(&recorder, &["bytes_total 4611686018427387907"]);
        counter.absolute(u64::MAX - 1);
        counter.increment(1);
    });
    has(&recorder, &["bytes_total 18446744073709551615"]);
}

#[test]
fn totals_set_by_two_threads_are_added_once() {
    for _ in 0..50 {
        let (recorder, _) = recorder(RecorderSpec::default());
        let counter = with_local_recorder(&recorder, || metrics::counter!("hits"));
        let begin = Barrier::new(2);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    begin.wait();
                    (1..=1_000).for_each(|total| counter.absolute(total));
                });
            }
        });
        has(&recorder, &["hits_total 1000"]);
    }
}

#[test]
fn histograms_that_do_not_fit_into_the_memory_are_folded_and_counted() {
    let spec = RecorderSpec { bytes: 1 << 21, ..RecorderSpec::default() };
    let (recorder, _) = recorder(spec);
    with_local_recorder(&recorder, || {
        for route in 0..100 {
            metrics::histogram!("time", "route" => route.to_string()).record(1.0);
            metrics::counter!("hits", "route" => route.to_string()).increment(1);
        }
    });
    let page = text(&recorder);
    let folded = recorder.refused().folded;
    assert!((1..100).contains(&folded), "{folded}\n{page}");
    has(&recorder, &[&format!("time_count{{windrow_other=\"true\"}} {folded}")]);
    assert_eq!(page.matches("\ntime_count{").count() as u64, 100 - folded + 1);
    assert_eq!(page.matches("\nhits_total{").count(), 100);

    let none = WindrowRecorder::new(RecorderSpec { bytes: 0, ..RecorderSpec::default() });
    assert!(matches!(none, Err(RecorderError::Histograms(_))), "{none:?}");
}

#[test]
fn as_many_histograms_as_series_fit_by_default() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || {
        for route in 0..1_024 {
            metrics::histogram!("time", "route" => route.to_string()).record(1.0);
        }
    });
    assert_eq!(recorder.refused().folded, 0);
}

#[test]
fn many_equal_values_are_recorded_at_once() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || metrics::histogram!("time").record_many(0.5, 1_000));
    has(&recorder, &["time_count 1000", "time_sum 500", "time_window{quantile=\"0.99\"} 0.5"]);
}

#[test]
fn values_that_are_not_times_are_refused_and_counted() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || {
        let time = metrics::histogram!("time");
        for value in [f64::NAN, -1.0, f64::INFINITY, -1e-300, 2.0] {
            time.record(value);
        }
        time.record_many(-1.0, 6);
        let level = metrics::gauge!("level");
        level.set(f64::INFINITY);
        level.decrement(f64::INFINITY); // It would not be a number.
        level.set(f64::NAN);
    });
    assert_eq!(recorder.refused(), RefusedValues { values: 12, ..RefusedValues::default() });
    has(
        &recorder,
        &["time_count 1", "level +Inf", "windrow_recorder_refused_total{what=\"values\"} 12"],
    );
}

#[test]
fn names_have_a_limit_and_are_written_as_prometheus_reads_them() {
    let (recorder, _) = recorder(RecorderSpec::default());
    let long = "n".repeat(4_096);
    with_local_recorder(&recorder, || {
        metrics::counter!(long.clone()).increment(1);
        metrics::counter!(long.clone(), "a" => "").increment(1);
        metrics::counter!("").increment(1);
        metrics::counter!("x", "a.b" => "1", "a-b" => "2").increment(1);
        metrics::counter!("db.time", "__name__" => "evil\"}\n\t").increment(1);
        metrics::counter!("db_time", "__name__" => "evil\"}\n\t").increment(2);
    });
    assert_eq!(recorder.refused().names, 3);
    let long = format!("{long}_total 1");
    has(&recorder, &[&long, "db_time_total{_name__=\"evil\\\"}\\n\t\"} 3"]);
}

#[test]
fn series_beyond_the_limit_are_folded_and_counted() {
    let (recorder, _) = recorder(series(2));
    with_local_recorder(&recorder, || {
        for route in 0..10_000 {
            metrics::counter!("hits", "route" => route.to_string()).increment(1);
            metrics::histogram!("time", "route" => route.to_string()).record(1.0);
            metrics::gauge!("level", "route" => route.to_string()).set(f64::from(route));
        }
        // Known ones are found as before.
        metrics::counter!("hits", "route" => "1").increment(10);
        for name in 0..100 {
            metrics::counter!(format!("more_{name}")).increment(1);
        }
    });
    has(
        &recorder,
        &[
            "hits_total{route=\"0\"} 1",
            "hits_total{route=\"1\"} 11",
            "hits_total{windrow_other=\"true\"} 9998",
            "more_0_total{windrow_other=\"true\"} 1",
            "windrow_other_total 99",
            "time_count{windrow_other=\"true\"} 9998",
            "level{windrow_other=\"true\"} 9999",
        ],
    );
    assert_eq!(recorder.refused().folded, 3 * 9_998 + 100);
    assert_eq!(text(&recorder).matches("\nhits_total{").count(), 3);
}

#[test]
fn descriptions_give_help_and_unit() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || {
        metrics::describe_counter!("sent", Unit::Bytes, "Bytes sent.");
        metrics::describe_gauge!("share", Unit::Percent, "A share.");
        metrics::describe_histogram!("wait", Unit::Milliseconds, "First.");
        metrics::describe_histogram!("wait", Unit::Milliseconds, "Waits\nof jobs.");
        metrics::counter!("sent").increment(5);
        metrics::gauge!("share").set(50.0);
        metrics::histogram!("wait").record(100.0);
    });
    has(
        &recorder,
        &[
            "# HELP sent_bytes_total Bytes sent.",
            "sent_bytes_total 5",
            "share 50",
            "# HELP wait_seconds Waits\\nof jobs. Values are counted within 1.6 % of their size.",
            "# UNIT wait_seconds seconds",
            "wait_seconds_bucket{le=\"0.1\"} 1",
            "wait_seconds_sum 0.1",
            "wait_window_seconds{quantile=\"0.5\"} 0.1",
            "wait_window_seconds_sum 0.1",
        ],
    );
}

#[test]
fn name_of_two_kinds_is_written_once() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, || {
        metrics::counter!("x").increment(1);
        metrics::gauge!("x").set(2.0);
        metrics::histogram!("x").record(3.0);
    });
    let page = text(&recorder);
    assert_eq!(page.matches("# TYPE x").count(), 2, "{page}");
    has(&recorder, &["x_total 1", "x_window_count 1"]);
}

#[test]
fn all_formats_have_the_series() {
    let (recorder, _) = recorder(RecorderSpec::default());
    with_local_recorder(&recorder, one_crate::work);
    let openmetrics = String::from_utf8(recorder.render(Format::OpenMetrics)).unwrap();
    assert!(
        openmetrics
            .starts_with("# HELP jobs A metric without a description.\n# TYPE jobs counter\n"),
        "{openmetrics}"
    );
    assert!(openmetrics.ends_with("\n# EOF\n"));
    let protobuf = recorder.render(Format::Protobuf);
    for name in ["jobs_total", "queued", "job_seconds", "job_window_seconds"] {
        assert!(protobuf.windows(name.len()).any(|part| part == name.as_bytes()), "{name}");
    }
}

#[test]
fn window_that_is_not_kept_is_refused() {
    let spec =
        RecorderSpec { quantile_window: Duration::from_secs(301), ..RecorderSpec::default() };
    let refused = WindrowRecorder::new(spec).unwrap_err();
    assert!(matches!(refused, RecorderError::Quantiles(_)), "{refused:?}");
    assert_eq!(refused.to_string(), "quantiles cannot be of this window");
    let short = WindowSpec::builder().span(Duration::from_secs(60)).build().unwrap();
    let spec = RecorderSpec { window: short, ..RecorderSpec::default() };
    assert!(WindrowRecorder::new(spec).is_ok());
}
