//! Handles of the keys of a counter, and the removal of keys.

#![cfg(feature = "counter")]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use core_time::{
    KeyHandle, KeyedCounter, KeyedLimiter, KeyedRecordError, KeyedSpec, Limit, Limits, ManualClock,
    RecordError, Stamp, WhenFull, WindowError, WindowSpec,
};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn counter(keys: usize, when_full: WhenFull) -> (Arc<KeyedCounter<String>>, ManualClock) {
    let window = WindowSpec::builder().span(secs(10)).tolerance(secs(2)).build().unwrap();
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = KeyedSpec { window, keys, when_full };
    (Arc::new(KeyedCounter::with_clock(spec, clock.clone()).unwrap()), clock)
}

fn events(keyed: &KeyedCounter<String>, key: &str) -> u64 {
    keyed.count(key, secs(10)).unwrap().events
}

#[test]
fn handle_and_key_are_the_same() {
    let (keyed, clock) = counter(10, WhenFull::Refuse);
    let handle: KeyHandle<String> = keyed.handle("a").unwrap();
    keyed.record("a").unwrap();
    handle.record_many(2);
    clock.advance(secs(3));
    handle.record();
    handle.record_at(handle.counter().now() - secs(1), 5).unwrap();
    assert_eq!((handle.key().as_str(), events(&keyed, "a")), ("a", 9));
    let windows = [1, 2, 4, 10].map(secs);
    assert_eq!(handle.count_each(windows), keyed.count_each("a", windows));
    assert_eq!(handle.count_each(windows).unwrap().map(|window| window.events), [1, 6, 9, 9]);
    assert_eq!(handle.count(secs(2)), keyed.count("a", secs(2)));
    let interval = Stamp::from_secs(1_000)..Stamp::from_secs(1_001);
    assert_eq!(handle.count_between(interval.clone()), keyed.count_between("a", interval));
    assert_eq!(handle.series(secs(4)), keyed.series("a", secs(4)));
    assert_eq!(handle.series(secs(4)).unwrap().counts, [3, 0, 5, 1]);
    assert_eq!(keyed.series("b", secs(3)).unwrap().counts, [0; 3]);
    let too_old = handle.record_at(Stamp::MIN, 1).unwrap_err();
    assert!(matches!(too_old, RecordError::TooOld { .. }), "{too_old:?}");
    let long = WindowError::LongerThanSpan { window: secs(11), span: secs(10) };
    assert_eq!(handle.count_each([1, 11].map(secs)), Err(long.clone()));
    assert_eq!(handle.series(secs(11)), Err(long));
    handle.record_many(u64::MAX);
    assert_eq!((keyed.refused().full, keyed.refused().too_old), (1, 1));
    assert_eq!(format!("{handle:?}"), "KeyHandle { key: \"a\", .. }");
}

#[test]
fn key_with_a_handle_is_never_evicted_or_expired() {
    let (keyed, clock) = counter(3, WhenFull::EvictIdle);
    let handle = keyed.handle("kept").unwrap();
    let clone = handle.clone();
    handle.record();
    let flood = |keyed: &KeyedCounter<String>| {
        (0..100).for_each(|key| keyed.record(key.to_string().as_str()).unwrap());
    };
    flood(&keyed);
    assert_eq!((events(&keyed, "kept"), keyed.keys(), keyed.overflow().evicted), (1, 3, 98));
    drop(handle);
    clock.advance(secs(100));
    assert_eq!((keyed.expire(), keyed.keys()), (2, 1));
    assert_eq!(keyed.overflow().expired, 2);
    flood(&keyed);
    clone.record();
    assert_eq!(clone.count(secs(10)).unwrap().events, 1);
    drop(clone);
    flood(&keyed);
    assert_eq!(events(&keyed, "kept"), 0);
}

#[test]
fn idle_key_that_gets_a_handle_is_skipped() {
    let (keyed, _) = counter(20, WhenFull::EvictIdle);
    (0..21).for_each(|key| keyed.record(key.to_string().as_str()).unwrap());
    let handle = keyed.handle("1").unwrap(); // The next to be evicted.
    keyed.record("new").unwrap();
    assert_eq!(handle.count(secs(10)).unwrap().events, 1);
    assert_eq!((events(&keyed, "2"), keyed.overflow().evicted), (0, 2));
}

#[test]
fn new_key_is_refused_while_all_have_a_handle() {
    for when_full in [WhenFull::EvictIdle, WhenFull::Refuse] {
        let (keyed, clock) = counter(2, when_full);
        let handles = ["a", "b"].map(|key| keyed.handle(key).unwrap());
        clock.advance(secs(100)); // Both are without events.
        let full = KeyedRecordError::TooManyKeys { max: 2 };
        assert_eq!(keyed.record("c"), Err(full.clone()));
        assert_eq!(keyed.handle("c").unwrap_err(), full);
        assert_eq!((keyed.keys(), keyed.overflow().refused), (2, 2));
        drop(handles);
        assert_eq!(keyed.record("c"), Ok(()));
    }
}

#[test]
fn handle_of_a_folded_key_records_like_the_key() {
    let (keyed, clock) = counter(1, WhenFull::Fold);
    keyed.record("a").unwrap();
    let handle = keyed.handle("b").unwrap();
    handle.record_many(3);
    handle.clone().record_at(keyed.now(), 4).unwrap();
    assert_eq!(keyed.count_other(secs(10)).unwrap().events, 7);
    assert_eq!(keyed.overflow().folded, 4); // Two handles, two records.
    assert_eq!(handle.count(secs(10)).unwrap().events, 0);
    clock.advance(secs(20)); // Now there is room.
    handle.record();
    assert_eq!((handle.count(secs(10)).unwrap().events, keyed.keys()), (1, 1));
}

#[test]
fn removed_key_with_a_handle_stays_without_its_events() {
    let (keyed, clock) = counter(2, WhenFull::Refuse);
    let handle = keyed.handle("a").unwrap();
    handle.record_many(5);
    keyed.record("b").unwrap();
    clock.advance(secs(1));
    assert!(keyed.remove("a"));
    clock.advance(secs(2));
    handle.record();
    let answer = handle.count(secs(10)).unwrap();
    assert_eq!((answer.events, answer.rate(), keyed.keys()), (1, Some(0.5), 2));
    assert_eq!(keyed.retain(|key| key == "none"), 2);
    assert_eq!((handle.count(secs(10)).unwrap().events, keyed.keys()), (0, 1));
    assert_eq!(handle.count(secs(10)).unwrap().coverage.elapsed, Duration::ZERO);
    handle.record();
    keyed.reset();
    assert_eq!((handle.count(secs(10)).unwrap().events, keyed.keys()), (0, 1));
    handle.record();
    drop(handle);
    assert_eq!((events(&keyed, "a"), keyed.keys()), (1, 1));
    keyed.reset();
    assert_eq!(keyed.keys(), 0);
}

/// Threads with handles, threads that flood the counter with new keys, and removals.
#[test]
fn threads_lose_no_event_of_a_key_with_handles() {
    const EVENTS: u64 = 20_000;
    let (keyed, clock) = counter(8, WhenFull::EvictIdle);
    let handle = keyed.handle("kept").unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            let mut handle = handle.clone();
            scope.spawn(move || {
                for event in 0..EVENTS {
                    handle.record();
                    if event % 100 == 0 {
                        handle = handle.clone(); // Made before the other is dropped.
                    }
                }
            });
        }
        scope.spawn(|| {
            for key in 0..EVENTS {
                keyed.record((key % 100).to_string().as_str()).unwrap();
                if key % 1_000 == 0 {
                    keyed.expire();
                    clock.advance(Duration::from_millis(100));
                    keyed.retain(|key| key == "kept");
                }
            }
        });
    });
    assert_eq!(handle.count(secs(10)).unwrap().events, 2 * EVENTS);
    drop(handle);
    assert_eq!(keyed.retain(|_| false), 8);
    assert_eq!(keyed.keys(), 0);
}

#[test]
fn removal_returns_the_memory_of_keys() {
    let (keyed, _) = counter(100_000, WhenFull::Refuse);
    let used = measure(|| {
        (0..100_000).for_each(|key| keyed.record(key.to_string().as_str()).unwrap());
        assert_eq!(keyed.retain(|key| key == "7"), 99_999);
    });
    assert!(used.bytes_current < 20_000, "{used:?}");
}

#[test]
fn keys_of_a_limiter_are_removed_by_time_or_by_choice() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let limits = Limits::new([Limit::per_second(1), Limit::per_minute(2)]).unwrap();
    let limiter = KeyedLimiter::<u64>::with_clock(limits, 10, clock.clone());
    (0..4).for_each(|key| assert!(limiter.try_record(&key).is_ok()));
    assert_eq!((limiter.expire(), limiter.retain(|key| *key < 3), limiter.keys()), (0, 1, 3));
    clock.advance(secs(61));
    limiter.try_record(&1).unwrap();
    assert_eq!((limiter.expire(), limiter.keys(), limiter.overflow().expired), (2, 1, 2));
}

/// What was removed for the present is missing for a clock that steps back, not zero.
#[test]
fn clock_that_steps_back_behind_an_expiry_is_refused() {
    let (keyed, clock) = counter(10, WhenFull::Refuse);
    keyed.record("a").unwrap();
    clock.advance(secs(100));
    assert_eq!(keyed.expire(), 1);
    clock.set(Stamp::from_secs(1_001));
    let refused = keyed.count("a", secs(10)).unwrap_err();
    assert!(matches!(refused, WindowError::Evicted { .. }), "{refused:?}");
}

fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}

#[test]
fn handle_is_shared_and_keeps_the_counter() {
    let (keyed, _) = counter(10, WhenFull::Refuse);
    let handle = keyed.handle("a").unwrap();
    is_shared(&handle);
    drop(keyed);
    handle.record();
    assert_eq!(handle.count(secs(1)).unwrap().events, 1);
    assert_eq!(measure(|| handle.record()).count_total, 0);
}
