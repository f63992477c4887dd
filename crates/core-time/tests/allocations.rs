//! Allocations: recording allocates once for each writer, and reading never.

#![cfg(feature = "counter")]

use std::time::Duration;

use allocation_counter::measure;
use core_time::{EventCounter, ManualClock, Stamp, Tier, WindowSpec};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn counter() -> (EventCounter, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let hour = Tier { resolution: secs(60), span: secs(3_600) };
    let spec = WindowSpec::builder().tier(hour).build().unwrap();
    (EventCounter::with_clock(spec, clock.clone()), clock)
}

#[test]
fn first_event_of_a_thread_allocates_its_cell() {
    let (counter, _) = counter();
    let first = measure(|| counter.record());
    assert!(first.count_total > 0 && first.bytes_total < 1_024, "{first:?}");
    // The next recorder reuses the cell of one that was dropped.
    drop(counter.recorder());
    assert_eq!(measure(|| counter.recorder().record()).count_total, 0);
}

#[test]
fn recording_allocates_nothing_once_a_writer_exists() {
    let (counter, clock) = counter();
    counter.record();
    let mut recorder = counter.recorder();
    let recorded = measure(|| {
        for event in 0..10_000 {
            counter.record();
            recorder.record_many(event);
            clock.advance(Duration::from_millis(event));
            counter.record_at(counter.now() - secs(event % 400), 1).unwrap();
            recorder.record_at(counter.now() + secs(event % 5), 1).unwrap();
            counter.record_at(Stamp::MIN, 1).unwrap_err();
            counter.record_at(Stamp::MAX, 1).unwrap_err();
        }
        clock.advance(secs(1 << 40));
        counter.record();
        counter.reset();
        counter.record_many(u64::MAX);
    });
    assert_eq!(recorded.count_total, 0, "{recorded:?}");
}

#[test]
fn reading_allocates_only_what_it_returns() {
    let (counter, clock) = counter();
    counter.record();
    clock.advance(secs(5));
    let read = measure(|| {
        counter.count(secs(10)).unwrap();
        counter.count(secs(1_000)).unwrap();
        counter.count(secs(100_000)).unwrap_err();
        counter.count_between(counter.now() - secs(7)..counter.now()).unwrap();
        counter.count_each([1, 10, 300].map(secs)).unwrap();
        let _ = (counter.total(), counter.refused());
    });
    assert_eq!(read.count_total, 0, "{read:?}");
    assert_eq!(measure(|| drop(counter.series(secs(300)).unwrap())).count_total, 1);
}

/// The figures of README.md, `WindowSpec::bytes` and CHANGELOG.md.
#[test]
fn memory_is_as_documented() {
    let beyond_buckets = |spec: WindowSpec, buckets: usize| {
        assert_eq!(spec.bytes(), buckets);
        let mut kept = None;
        let used = measure(|| {
            let counter = Box::new(EventCounter::new(spec));
            counter.record();
            kept = Some(counter);
        });
        usize::try_from(used.bytes_current).unwrap() - buckets
    };
    let six = WindowSpec::builder().span(secs(6)).tolerance(Duration::ZERO).build().unwrap();
    for (spec, buckets) in [(WindowSpec::default(), 4_608), (six, 192)] {
        // 1.2 KiB: a counter with one thread that records, and the slots of the first 31.
        let beyond = beyond_buckets(spec, buckets);
        assert!((1_100..=1_300).contains(&beyond), "{beyond} bytes beyond {buckets}");
    }
}
