//! The behaviour of the original event counter, and the edges of every answer. Promises T2 to T7.

#![cfg(feature = "counter")]

use std::time::Duration;

use core_time::{
    Clock, EventCounter, Interval, ManualClock, RecordError, SpecError, Stamp, WindowError,
    WindowSpec,
};

const NOW: i64 = 1_000;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn at(secs: i64) -> Stamp {
    Stamp::from_secs(secs)
}

fn counter() -> (EventCounter, ManualClock) {
    let clock = ManualClock::new(at(NOW));
    (EventCounter::with_clock(WindowSpec::default(), clock.clone()), clock)
}

#[track_caller]
fn check(counter: &EventCounter, window: Duration, expected: u64) {
    assert_eq!(counter.count(window).unwrap().events, expected, "events of the past {window:?}");
}

#[test]
fn the_original_counts_now_many_at_once_and_late() {
    let (counter, clock) = counter();
    check(&counter, secs(300), 0);
    counter.record();
    counter.record_many(45);
    counter.record_at(at(NOW - 20), 1).unwrap();
    check(&counter, secs(300), 47);
    check(&counter, secs(21), 47); // The seconds 980 to 1000.
    check(&counter, secs(20), 46); // The seconds 981 to 1000.
    check(&counter, secs(1), 46);
    clock.advance(secs(1));
    check(&counter, secs(1), 0);
    check(&counter, secs(2), 46);
}

#[test]
fn event_leaves_with_its_whole_bucket() {
    let (counter, clock) = counter();
    counter.record();
    clock.set(at(NOW + 299) + Duration::from_nanos(999_999_999));
    check(&counter, secs(300), 1);
    clock.advance(Duration::from_nanos(1));
    check(&counter, secs(300), 0);
    assert_eq!(counter.count(secs(300)).unwrap().at_most, 1);
    clock.advance(secs(1));
    assert_eq!(counter.count(secs(300)).unwrap().at_most, 0);
}

#[test]
fn late_event_cannot_wipe_or_revive_another() {
    let (counter, _) = counter();
    counter.record_many(7);
    // In a ring of exactly 300 slots, it would share the slot of the present.
    counter.record_at(at(NOW - 300), 1).unwrap();
    counter.record_at(at(NOW - 299), 2).unwrap();
    check(&counter, secs(1), 7);
    check(&counter, secs(300), 9);
    assert_eq!(counter.count(secs(300)).unwrap().at_most, 10);
}

#[test]
fn stamps_are_accepted_from_the_span_to_the_tolerance() {
    let (counter, _) = counter();
    let nano = Duration::from_nanos(1);
    assert_eq!(counter.record_at(at(NOW) - secs(300), 1), Ok(()));
    let (age, span) = (secs(300) + nano, secs(300));
    let too_old = Err(RecordError::TooOld { age, span });
    assert_eq!(counter.record_at(at(NOW) - age, 1), too_old);
    assert_eq!(counter.record_at(at(NOW) + secs(5), 1), Ok(()));
    let (ahead, tolerance) = (secs(5) + nano, secs(5));
    let too_new = Err(RecordError::TooNew { ahead, tolerance });
    assert_eq!(counter.record_at(at(NOW) + ahead, 3), too_new);
    let refused = counter.refused();
    assert_eq!((refused.too_old, refused.too_new, refused.full), (1, 3, 0));
}

#[test]
fn one_stamp_in_the_wrong_unit_affects_no_other() {
    let (counter, clock) = counter();
    counter.record();
    for wrong in [Stamp::from_secs(NOW * 1_000), Stamp::MAX, Stamp::MIN, Stamp::from_nanos(NOW)] {
        assert!(counter.record_at(wrong, 1).is_err(), "{wrong:?}");
    }
    clock.advance(secs(1));
    counter.record();
    check(&counter, secs(2), 2);
}

#[test]
fn event_ahead_of_the_clock_is_counted_once_the_clock_is_there() {
    let (counter, clock) = counter();
    counter.record_at(at(NOW + 3), 1).unwrap();
    counter.record();
    check(&counter, secs(300), 1);
    clock.advance(secs(3));
    check(&counter, secs(1), 1);
    check(&counter, secs(300), 2);
}

#[test]
fn bounds_include_the_true_number() {
    let (counter, clock) = counter();
    counter.record_at(at(NOW - 10), 1).unwrap();
    counter.record_at(at(NOW - 9), 2).unwrap();
    counter.record_at(at(NOW), 4).unwrap();
    clock.advance(Duration::from_millis(500));
    let found = counter.count(secs(10)).unwrap();
    assert_eq!((found.at_least, found.events, found.at_most), (6, 6, 7));
    assert_eq!(found.coverage.interval, Interval { from: at(NOW - 9), to: at(NOW + 1) });
    counter.record_at(counter.now() + Duration::from_millis(1), 8).unwrap();
    let found = counter.count(secs(10)).unwrap();
    assert_eq!((found.at_least, found.events, found.at_most), (2, 14, 15));
    clock.advance(Duration::from_millis(1));
    assert_eq!(counter.count(secs(10)).unwrap().at_least, 14);
}

#[test]
fn intervals_are_exact_between_edges() {
    let (counter, _) = counter();
    for second in 0..10 {
        counter.record_at(at(NOW - second), 1 << second).unwrap();
    }
    let found = counter.count_between(at(NOW - 5)..at(NOW - 2)).unwrap();
    assert_eq!((found.at_least, found.events, found.at_most), (56, 56, 56));
    let half = Duration::from_millis(500);
    let found = counter.count_between(at(NOW - 5) + half..at(NOW - 2) + half).unwrap();
    assert_eq!((found.at_least, found.events, found.at_most), (24, 60, 60));
    let found = counter.count_between(at(NOW)..at(NOW)).unwrap();
    assert_eq!((found.at_least, found.events, found.at_most), (0, 0, 0));
}

#[test]
fn windows_that_cannot_be_answered_are_refused() {
    let (counter, _) = counter();
    let (window, span) = (secs(300) + Duration::from_nanos(1), secs(300));
    assert_eq!(counter.count(window), Err(WindowError::LongerThanSpan { window, span }));
    assert_eq!(counter.count(secs(301)).unwrap_err().to_string(), "window is 301s, span is 300s",);
    assert!(counter.count(Duration::MAX).is_err());
    assert_eq!(
        counter.count_between(at(NOW - 301)..at(NOW)).unwrap_err().to_string(),
        "interval 699.000000000s..1000.000000000s begins 301s ago, span is 300s",
    );
    assert_eq!(
        counter.count_between(at(NOW)..at(NOW - 1)).unwrap_err().to_string(),
        "interval 1000.000000000s..999.000000000s ends before it begins",
    );
    assert!(counter.count_between(at(NOW - 300)..Stamp::MAX).is_ok());
}

#[test]
fn clock_that_steps_back_loses_no_event_of_the_span() {
    let (counter, clock) = counter();
    counter.record();
    clock.set(at(NOW - 100));
    counter.record();
    check(&counter, secs(300), 1); // The first is ahead of the clock now.
    clock.set(at(NOW));
    check(&counter, secs(300), 2);
    clock.set(at(NOW - 10_000)); // Further than what is held.
    counter.record();
    assert_eq!(counter.refused().too_old, 1);
    assert_eq!(
        counter.record_at(counter.now(), 1).unwrap_err().to_string(),
        "event is 10001s behind the newest bucket, buckets are held for 496s",
    );
    assert_eq!(
        counter.count(secs(1)).unwrap_err().to_string(),
        "window begins at -9001.000000000s, buckets are held from 505.000000000s on",
    );
    clock.set(at(NOW));
    check(&counter, secs(300), 2);
}

#[test]
fn evicted_buckets_are_never_counted() {
    let (counter, clock) = counter();
    clock.set(at(NOW - 495)); // Buckets are held from here on.
    counter.record();
    clock.set(at(NOW));
    counter.record_many(2);
    clock.set(at(NOW - 400));
    let begins_before = WindowError::Evicted { from: at(NOW - 700), held: at(NOW - 495) };
    assert_eq!(counter.count(secs(300)), Err(begins_before));
    check(&counter, secs(95), 0);
    check(&counter, secs(95), 0);
    assert_eq!(counter.count(secs(95)).unwrap().at_most, 1);
}

/// A clock with a lag.
#[derive(Debug)]
struct Lagging(ManualClock);

impl Clock for Lagging {
    fn now(&self) -> Stamp {
        self.0.now()
    }

    fn may_step_back(&self) -> bool {
        false
    }

    fn lag(&self) -> Duration {
        Duration::from_millis(10)
    }
}

#[test]
fn stamps_of_a_finer_clock_are_not_of_the_future() {
    let spec = WindowSpec::builder().tolerance(Duration::ZERO).build().unwrap();
    let counter = EventCounter::with_clock(spec, Lagging(ManualClock::new(at(NOW))));
    counter.record_at(at(NOW) + Duration::from_millis(10), 1).unwrap();
    assert!(counter.record_at(at(NOW) + Duration::from_nanos(10_000_001), 1).is_err());
    let found = counter.count(secs(2)).unwrap();
    assert_eq!((found.at_least, found.events), (0, 1)); // It is ahead of this clock all the same.
}

#[test]
fn a_long_idle_time_leaves_nothing_behind() {
    let (counter, clock) = counter();
    for years in [1, 10, 100] {
        counter.record();
        clock.advance(secs(years * 365 * 86_400));
        check(&counter, secs(300), 0);
        assert_eq!(counter.count(secs(300)).unwrap().at_most, 0);
    }
    counter.record();
    check(&counter, secs(1), 1);
}

#[test]
fn bucket_takes_more_than_two_to_the_forty_and_refuses_what_would_overflow() {
    let (counter, clock) = counter();
    counter.record_many(1 << 40);
    counter.record_many((1 << 53) - (1 << 40)); // The limit of each of 512 buckets.
    check(&counter, secs(1), 1 << 53);
    counter.record_many(u64::MAX);
    counter.record_many(1 << 40);
    assert_eq!(counter.refused().full, u64::MAX); // Saturates.
    assert_eq!(
        counter.record_at(at(NOW), 1 << 40).unwrap_err().to_string(),
        "bucket is full: 1099511627776 events do not fit, 0 would",
    );
    let one = RecordError::Full { room: 1, events: 2 }.to_string();
    assert_eq!(one, "bucket is full: 2 events do not fit, 1 would");
    clock.advance(secs(1));
    counter.record_many(3);
    check(&counter, secs(1), 3);
    check(&counter, secs(300), (1 << 53) + 3);
    clock.advance(secs(300));
    check(&counter, secs(300), 0);
}

#[test]
fn refused_event_ahead_of_the_clock_leaves_no_trace() {
    let (counter, _) = counter();
    counter.record_many(2);
    let ahead = at(NOW) + Duration::from_millis(1);
    assert!(counter.record_at(ahead, u64::MAX).is_err());
    assert_eq!(counter.count(secs(10)).unwrap().at_least, 2);
    counter.record_at(ahead, 1).unwrap();
    assert_eq!(counter.count(secs(10)).unwrap().at_least, 0);
}

#[test]
fn open_bucket_that_is_flushed_early_is_counted_once() {
    let (counter, clock) = counter();
    for _ in 0..100 {
        counter.record_many((1 << 28) - 1); // The second already hands the first over.
    }
    check(&counter, secs(1), 100 * ((1 << 28) - 1));
    clock.advance(secs(1));
    counter.record();
    check(&counter, secs(2), 100 * ((1 << 28) - 1) + 1);
}

#[test]
fn reset_removes_events_in_cells_and_rings_and_refusals() {
    let (counter, clock) = counter();
    counter.record();
    clock.advance(secs(1));
    counter.record();
    counter.record_at(at(NOW + 4), 1).unwrap();
    counter.record_at(at(0), 1).unwrap_err();
    counter.reset();
    clock.advance(secs(5));
    assert_eq!(counter.count(secs(300)).unwrap().at_most, 0);
    assert_eq!(counter.refused(), Default::default());
    counter.record();
    check(&counter, secs(300), 1);
}

#[test]
fn counters_count_at_every_time() {
    for start in [i64::MIN, -1, 0, 1 << 31, 1 << 32, i64::MAX] {
        for start in [Stamp::from_nanos(start), Stamp::from_secs(start)] {
            let clock = ManualClock::new(start);
            let counter = EventCounter::with_clock(WindowSpec::default(), clock.clone());
            counter.record();
            check(&counter, secs(1), 1);
            clock.advance(secs(1));
            counter.record();
            let expected = if clock.now() > start { [1, 2] } else { [2, 2] };
            check(&counter, secs(1), expected[0]);
            check(&counter, secs(300), expected[1]);
        }
    }
}

#[test]
fn default_clock_counts_the_present() {
    let counter = EventCounter::default();
    counter.record();
    counter.record_at(counter.now(), 1).unwrap();
    check(&counter, secs(300), 2);
}

#[track_caller]
fn check_spec(resolution: Duration, span: Duration, tolerance: Duration, expected: &str) {
    let spec = WindowSpec::builder().resolution(resolution).span(span).tolerance(tolerance);
    assert_eq!(spec.build().unwrap_err().to_string(), expected);
}

#[test]
fn specifications_that_are_not_valid_are_refused_with_their_numbers() {
    let (second, ms) = (secs(1), Duration::from_millis);
    check_spec(Duration::ZERO, second, second, "resolution is 0ns, minimum is 1ms");
    check_spec(
        Duration::from_nanos(999_999),
        second,
        second,
        "resolution is 999.999µs, minimum is 1ms",
    );
    check_spec(
        second,
        Duration::ZERO,
        second,
        "span is 0ns, it must be at least the resolution of 1s",
    );
    check_spec(
        second,
        ms(1_500),
        second,
        "span is 1.5s, it must be a whole number of buckets of 1s",
    );
    check_spec(
        ms(1),
        secs(86_400),
        Duration::ZERO,
        "86400000 buckets and those of the tolerance need 1074003968 bytes, limit is 33554432",
    );
    check_spec(
        second,
        Duration::MAX,
        second,
        "span is 18446744073709551615.999999999s, limit is 3162240000s",
    );
    check_spec(
        second,
        second,
        secs(u64::MAX),
        "tolerance is 18446744073709551615s, limit is 3162240000s",
    );
}

#[test]
fn specifications_at_the_limits_are_built() {
    let build = |resolution, span, tolerance| {
        WindowSpec::builder().resolution(resolution).span(span).tolerance(tolerance).build()
    };
    let ms = Duration::from_millis(1);
    let buckets = |spec: Result<WindowSpec, SpecError>| {
        spec.unwrap().tiers().map(|tier| tier.buckets()).collect::<Vec<_>>()
    };
    assert_eq!(buckets(build(ms, ms, Duration::ZERO)), [1]);
    assert_eq!(buckets(build(secs(1), secs(86_400), secs(5))), [86_400]);
    assert!(build(ms, ms * 1_000_000, Duration::ZERO).is_ok());
    let century = secs(100 * 366 * 86_400);
    assert!(build(century, century, century).is_ok());
    assert!(matches!(build(ms, ms, century), Err(SpecError::TooLarge { .. })));
}
