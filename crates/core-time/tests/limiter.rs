//! Limiters against a queue of all accepted events, and from many threads.

#![cfg(feature = "counter")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use core_time::{
    Clock, Exceeded, KeyedLimiter, Limit, Limiter, Limits, LimitsError, ManualClock, Stamp,
    WhenFull,
};
use proptest::prelude::*;

const MS: u64 = 1_000_000;
const NANOSECOND: Duration = Duration::from_nanos(1);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A queue of accepted events: the limits by their definition.
struct Oracle {
    limits: Limits,
    accepted: Vec<(i64, u64)>,
}

impl Oracle {
    /// Sums the events of all buckets that `(now - window, now]` touches, and of later ones.
    fn used(&self, limit: &Limit, now: i64) -> u64 {
        let width = self.limits.resolution().as_nanos() as i64;
        let window = limit.window.as_nanos() as i64;
        let last = |stamp: i64| (stamp.div_euclid(width) + 1) * width - 1;
        let touched = self.accepted.iter().filter(|(stamp, _)| last(*stamp) > now - window);
        touched.map(|(_, events)| events).sum()
    }

    fn room(&self, now: i64) -> u64 {
        let rooms = self.limits.as_slice().iter();
        rooms.map(|limit| limit.events.saturating_sub(self.used(limit, now))).min().unwrap()
    }

    /// Checks that no window of any length in the limits has too many events.
    fn check_every_window(&self) {
        for limit in self.limits.as_slice() {
            let window = limit.window.as_nanos() as i64;
            for &(end, _) in &self.accepted {
                let inside =
                    self.accepted.iter().filter(|(at, _)| end - window < *at && *at <= end);
                let events: u64 = inside.map(|(_, events)| events).sum();
                assert!(events <= limit.events, "{events} in the window to {end} of {limit}");
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Advance(u64),
    Try(u64),
    /// Waits as long as a refusal says.
    TryAndRetry(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..400 * MS).prop_map(Step::Advance),
        (0..4 * MS).prop_map(Step::Advance), // Within a bucket.
        (0..40_u64).prop_map(|ms| Step::Advance(ms * 10 * MS)), // Onto edges of buckets.
        (0..9_u64).prop_map(Step::Try),
        (1..7_u64).prop_map(Step::TryAndRetry),
    ];
    prop::collection::vec(step, 1..160)
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = (1..12_u64, 1..150_u64)
        .prop_map(|(events, window)| Limit { events, window: ms(window * 10) });
    let resolution = prop_oneof![Just(1), Just(10 * MS), Just(7 * MS), 1..20 * MS];
    (prop::collection::vec(limit, 1..4), resolution).prop_map(|(limits, resolution)| {
        let limits = Limits::new(limits).unwrap();
        let shortest = limits.as_slice()[0].window;
        limits.with_resolution(Duration::from_nanos(resolution).min(shortest)).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn limiter_accepts_what_a_queue_of_all_events_accepts(
        limits in limits(), steps in steps(), start in -(3000 * MS as i64)..3000 * MS as i64,
    ) {
        let clock = ManualClock::new(Stamp::from_nanos(start));
        let limiter = Limiter::with_clock(limits.clone(), clock.clone());
        let keyed = KeyedLimiter::<u64>::with_clock(limits.clone(), 3, clock.clone());
        let mut oracle = Oracle { limits, accepted: Vec::new() };
        for step in steps {
            let (events, retries) = match step {
                Step::Advance(nanos) => {
                    clock.advance(Duration::from_nanos(nanos));
                    continue;
                }
                Step::Try(events) => (events, false),
                Step::TryAndRetry(events) => (events, true),
            };
            let (now, room) = (clock.now().as_nanos(), oracle.room(clock.now().as_nanos()));
            let found = limiter.try_record_many(events);
            prop_assert_eq!(keyed.try_record_many(&1, events), found);
            prop_assert_eq!(found.is_ok(), events <= room, "{:?} with room {}", found, room);
            let Err(exceeded) = found else {
                prop_assert_eq!(found.unwrap().events, room - events);
                oracle.accepted.push((now, events));
                continue;
            };
            let never = oracle.limits.as_slice().iter().any(|limit| limit.events < events);
            prop_assert_eq!(exceeded.retry_after.is_none(), never);
            if let Some(after) = exceeded.retry_after.filter(|_| retries) {
                prop_assert!(!after.is_zero());
                clock.advance(after - NANOSECOND);
                prop_assert!(limiter.try_record_many(events).is_err(), "{:?} is late", after);
                clock.advance(NANOSECOND);
                prop_assert!(limiter.try_record_many(events).is_ok(), "{:?} is early", after);
                keyed.try_record_many(&1, events).unwrap();
                oracle.accepted.push((clock.now().as_nanos(), events));
            }
        }
        oracle.check_every_window();
    }

    /// Two keys are kept apart and the others share: no key exceeds its limits.
    #[test]
    fn no_key_exceeds_its_limits_when_there_are_more_than_fit(
        limits in limits(),
        calls in prop::collection::vec((0..6_u64, 1..3_u64, 0..120 * MS), 1..120),
    ) {
        let clock = ManualClock::new(Stamp::from_secs(1_000));
        let keyed = KeyedLimiter::<u64>::with_clock(limits.clone(), 2, clock.clone());
        let mut oracles = HashMap::new();
        for (key, events, nanos) in calls {
            clock.advance(Duration::from_nanos(nanos));
            let oracle = oracles.entry(key)
                .or_insert_with(|| Oracle { limits: limits.clone(), accepted: Vec::new() });
            if keyed.try_record_many(&key, events).is_ok() {
                oracle.accepted.push((clock.now().as_nanos(), events));
            }
            prop_assert!(keyed.keys() <= 2);
        }
        oracles.values().for_each(Oracle::check_every_window);
    }
}

#[test]
fn at_one_moment_exactly_the_limit_passes_from_any_number_of_threads() {
    let limits = Limits::new([Limit::per_second(1_000), Limit::per_minute(1_500)]).unwrap();
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let limiter = Limiter::with_clock(limits.clone(), clock.clone());
    let keyed = KeyedLimiter::<String>::with_clock(limits, 10, clock.clone());
    for expected in [1_000, 500, 0] {
        let passed = from_threads(|| limiter.try_record().is_ok());
        assert_eq!(passed, expected);
        assert_eq!(from_threads(|| keyed.try_record("key").is_ok()), expected);
        clock.advance(ms(1_100));
    }
}

#[test]
fn key_that_two_threads_make_at_once_is_one_key() {
    const KEYS: usize = 30_000;
    let limits = Limits::new([Limit::per_hour(1)]).unwrap();
    let keyed = KeyedLimiter::<usize>::new(limits);
    let arrived = AtomicUsize::new(0);
    let call = || {
        let passes = |key: &usize| {
            arrived.fetch_add(1, SeqCst);
            // Spins, so that both go on within a fraction of a microsecond.
            let mut spins = 0;
            while arrived.load(SeqCst) < 2 * (key + 1) {
                spins += 1;
                if spins % 10_000 == 0 {
                    thread::yield_now();
                }
            }
            keyed.try_record(key).is_ok()
        };
        (0..KEYS).filter(passes).count()
    };
    let passed: usize = thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(call));
        threads.map(|thread| thread.join().unwrap()).iter().sum()
    });
    assert_eq!((passed, keyed.keys()), (KEYS, KEYS));
}

/// Counts the successes of 4,000 calls from four threads.
fn from_threads(call: impl Fn() -> bool + Sync) -> usize {
    thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(|| (0..1_000).filter(|_| call()).count()));
        threads.map(|thread| thread.join().unwrap()).iter().sum()
    })
}

/// While threads move the clock, calls that were surely inside one window never exceed the limit.
#[test]
fn limit_holds_in_every_window_while_the_clock_moves() {
    let limit = Limit { events: 20, window: ms(10) };
    let limits = Limits::new([limit]).unwrap().with_resolution(ms(1)).unwrap();
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let limiter = Limiter::with_clock(limits, clock.clone());
    let passed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..4 {
            let (clock, limiter, passed) = (&clock, &limiter, &passed);
            scope.spawn(move || {
                let mut own = Vec::new();
                for call in 0..3_000 {
                    let before = clock.now();
                    if limiter.try_record().is_ok() {
                        own.push((before, clock.now()));
                    }
                    if call % 16 == thread * 4 {
                        clock.advance(Duration::from_micros(700));
                    }
                }
                passed.lock().unwrap().extend(own);
            });
        }
    });
    let passed = passed.into_inner().unwrap();
    assert!(passed.len() > 500, "{}", passed.len());
    for &(from, _) in &passed {
        let to = from + limit.window;
        let inside = passed.iter().filter(|(before, after)| *before >= from && *after < to);
        assert!(inside.count() <= 20, "more than 20 from {from:?} on");
    }
}

#[test]
fn clock_that_steps_back_refills_nothing() {
    let limits = Limits::new([Limit::per_second(3)]).unwrap();
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let limiter = Limiter::with_clock(limits, clock.clone());
    limiter.try_record_many(2).unwrap();
    clock.set(Stamp::from_secs(900));
    limiter.try_record().unwrap();
    let exceeded = limiter.try_record().unwrap_err();
    clock.advance(exceeded.retry_after.unwrap() - NANOSECOND);
    assert!(clock.now() > Stamp::from_secs(1_001));
    limiter.try_record().unwrap_err();
    clock.advance(NANOSECOND);
    limiter.try_record().unwrap();
}

#[test]
fn limits_hold_at_both_ends_of_time() {
    for start in [Stamp::MIN, Stamp::MAX - ms(500), Stamp::MAX] {
        let clock = ManualClock::new(start);
        let limiter = Limiter::with_clock(Limits::new([Limit::per_hour(1)]).unwrap(), clock);
        limiter.try_record().unwrap();
        limiter.try_record().unwrap_err();
    }
}

/// More than one grant has, of two limits whose order changes.
#[test]
fn many_events_remain_exactly() {
    const LARGE: u64 = 1 << 40;
    let limits =
        [Limit { events: LARGE, window: ms(64) }, Limit { events: LARGE + 5, window: ms(640) }];
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let limiter = Limiter::with_clock(Limits::new(limits).unwrap(), clock.clone());
    let mut used = 0;
    for events in [1, 7, 1 << 23, 1 << 23, 1, 1 << 24, (1 << 24) + 1, 1 << 39, 3, 1] {
        used += events;
        assert_eq!(limiter.try_record_many(events).unwrap().events, LARGE - used, "{events}");
    }
    clock.advance(ms(65));
    let remaining = limiter.try_record_many(2).unwrap();
    assert_eq!((remaining.events, remaining.limit), (LARGE + 5 - used - 2, limits[1]));
}

#[test]
fn bucket_that_leaves_within_another_makes_room_at_once() {
    let limits = Limits::new([Limit { events: 5, window: ms(25) }]).unwrap();
    let clock = ManualClock::new(Stamp::UNIX_EPOCH);
    let limiter = Limiter::with_clock(limits.with_resolution(ms(10)).unwrap(), clock.clone());
    let keyed = KeyedLimiter::<u64>::with_clock(limiter.limits().clone(), 3, clock.clone());
    // The first bucket leaves the window at 35 ms.
    for (at, expected) in [(0, 4), (31, 3), (34, 2), (35, 2), (36, 1)] {
        clock.set(Stamp::from_millis(at));
        assert_eq!(limiter.try_record().unwrap().events, expected, "{at}");
        assert_eq!(keyed.try_record(&1).unwrap().events, expected, "{at}");
    }
}

#[test]
fn reset_and_remove_leave_limits_unused() {
    let limits = || Limits::new([Limit::per_hour(1)]).unwrap();
    let limiter = Limiter::new(limits());
    limiter.try_record().unwrap();
    limiter.reset();
    limiter.try_record().unwrap();
    let keyed = KeyedLimiter::<String>::new(limits());
    keyed.try_record("a").unwrap();
    assert!(!keyed.remove("b"));
    assert!(keyed.remove("a"));
    keyed.try_record("a").unwrap();
    keyed.reset();
    assert_eq!(keyed.keys(), 0);
    keyed.try_record("a").unwrap();
}

#[test]
fn keys_that_left_every_window_give_way_and_further_ones_share() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let limits = Limits::new([Limit::per_second(2)]).unwrap();
    let keyed = KeyedLimiter::<u64>::with_clock(limits, 2, clock.clone());
    keyed.try_record(&1).unwrap();
    keyed.try_record(&2).unwrap();
    keyed.try_record(&3).unwrap(); // Shared from here on.
    keyed.try_record(&4).unwrap();
    keyed.try_record(&5).unwrap_err();
    assert_eq!((keyed.keys(), keyed.overflow().folded), (2, 2));
    clock.advance(ms(500));
    keyed.try_record(&1).unwrap();
    clock.advance(ms(520)); // Now key 2 and what was shared left the window, and key 1 did not.
    keyed.try_record(&5).unwrap();
    assert_eq!((keyed.keys(), keyed.overflow().expired), (2, 1));
    assert_eq!(keyed.try_record_many(&1, 0).unwrap().events, 1);
}

#[test]
fn refused_and_empty_calls_keep_no_key() {
    let keyed = KeyedLimiter::<u64>::new(Limits::new([Limit::per_second(2)]).unwrap());
    keyed.try_record_many(&1, 3).unwrap_err();
    assert_eq!(keyed.try_record_many(&2, 0).unwrap().events, 2);
    assert_eq!(keyed.keys(), 0);
    let none = KeyedLimiter::<u64>::new(Limits::new([Limit::per_second(0)]).unwrap());
    assert_eq!(none.try_record(&1).unwrap_err().retry_after, None);
    // Where there is room for no key, all keys share.
    let limits = Limits::new([Limit::per_second(2)]).unwrap();
    let clock = ManualClock::new(Stamp::from_secs(1));
    let shared = KeyedLimiter::<u64>::with_clock(limits, 0, clock);
    assert!(shared.try_record(&1).is_ok() && shared.try_record(&2).is_ok());
    assert!(shared.try_record(&3).is_err());
}

#[test]
fn history_takes_no_more_than_documented() {
    for (events, resolution) in [(1 << 40, 10), (50, 10), (1 << 40, 1_000)] {
        let limits = Limits::new([Limit { events, window: ms(1_000) }]).unwrap();
        let limits = limits.with_resolution(ms(resolution)).unwrap();
        let max = limits.history_bytes_max() as u64;
        let clock = ManualClock::new(Stamp::from_secs(1_000));
        let limiter = Limiter::with_clock(limits, clock.clone());
        let used = measure(|| {
            for _ in 0..5_000 {
                limiter.try_record().ok();
                clock.advance(ms(3));
            }
        });
        // A queue that grows holds the old memory and the new for a moment.
        assert!(used.bytes_current as u64 <= max, "{used:?} of {max}");
        assert!(used.bytes_current as u64 > max / 5, "{used:?} of {max}");
    }
}

#[track_caller]
fn check(limits: Result<Limits, LimitsError>, expected: &str) {
    assert_eq!(limits.unwrap_err().to_string(), expected);
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    check(Limits::new([]), "0 limits, at least 1 is needed");
    let zero = Limit { events: 1, window: Duration::ZERO };
    let max = "1ns to 3162240000s";
    check(Limits::new([Limit::per_second(1), zero]), &format!("window is 0ns, allowed are {max}"));
    let long = Limit { events: 1, window: Duration::from_secs(3_162_240_001) };
    let found = format!("window is 3162240001s, allowed are {max}");
    check(Limits::new([long, Limit::per_second(1)]), &found);
    let second = || Limits::new([Limit::per_second(1 << 40)]).unwrap();
    let found = "allowed are 1ns to 1s, the shortest window";
    check(second().with_resolution(ms(1_001)), &format!("resolution is 1.001s, {found}"));
    check(second().with_resolution(Duration::ZERO), &format!("resolution is 0ns, {found}"));
    check(
        second().with_resolution(NANOSECOND),
        "history takes up to 32000000064 bytes, limit is 33554432: use a coarser resolution",
    );
    assert!(second().with_resolution(ms(1_000)).is_ok());
    assert!(Limits::new([Limit { events: u64::MAX, window: NANOSECOND }]).is_ok());
}

#[test]
fn messages_name_the_limit_and_when_to_retry() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let limits = Limits::new([Limit::per_second(2)]).unwrap().with_resolution(ms(500)).unwrap();
    let limiter = Limiter::with_clock(limits, clock.clone());
    let refused: Exceeded = limiter.try_record_many(3).unwrap_err();
    assert_eq!(refused.to_string(), "3 events at once, limit is 2 events in 1s");
    limiter.try_record_many(2).unwrap();
    clock.advance(ms(1_200));
    let refused = limiter.try_record().unwrap_err();
    assert_eq!(refused.to_string(), "limit of 2 events in 1s is reached, retry after 299.999999ms");
    let debug = format!("{limiter:?}");
    assert!(debug.starts_with("Limiter { limits: Limits { limits: [Limit {"), "{debug}");
    assert_eq!(WhenFull::OTHER, "(other)");
}
