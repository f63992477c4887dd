//! Keyed counters against one counter for each key, and against lists.

#![cfg(feature = "counter")]

use std::hash::Hash;
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use core_time::{
    EventCounter, KeyedCounter, KeyedRecordError, KeyedSpec, KeyedSpecError, ManualClock,
    RecordError, Stamp, Tier, WhenFull, Window, WindowError, WindowSpec,
};
use proptest::prelude::*;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn spec(keys: usize, when_full: WhenFull) -> KeyedSpec {
    let window = WindowSpec::builder().span(secs(10)).tolerance(secs(2)).build().unwrap();
    KeyedSpec { window, keys, when_full }
}

fn counter<K: Hash + Eq>(spec: KeyedSpec) -> (KeyedCounter<K>, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    (KeyedCounter::with_clock(spec, clock.clone()).unwrap(), clock)
}

#[derive(Debug, Clone)]
enum Step {
    Advance { millis: u64 },
    GoBack { millis: u64 },
    Record { key: u64, events: u64 },
    RecordAt { key: u64, offset_ms: i64, events: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..2_500_u64).prop_map(|millis| Step::Advance { millis }),
        1 => (0..3_000_u64).prop_map(|millis| Step::GoBack { millis }),
        1 => (5_000..40_000_u64).prop_map(|millis| Step::Advance { millis }),
        4 => (0..3_u64, 0..5_u64).prop_map(|(key, events)| Step::Record { key, events }),
        4 => (0..3_u64, -11_000..3_000_i64, 0..5_u64)
            .prop_map(|(key, offset_ms, events)| Step::RecordAt { key, offset_ms, events }),
    ]
}

/// Compares an answer with that of a counter for one key.
///
/// The lower bound may leave out the filling bucket because of another key, if there were stamps
/// ahead of the clock. Where the clock stepped back, a counter may hold more buckets.
fn same(found: Result<Window, WindowError>, of_one: Result<Window, WindowError>, ahead: bool) {
    if matches!(found, Err(WindowError::Evicted { .. })) {
        assert!(ahead, "{found:?}");
        return;
    }
    let (Ok(found), Ok(of_one)) = (&found, &of_one) else {
        assert_eq!(found, of_one);
        return;
    };
    assert!(found.at_least <= of_one.at_least, "{found:?} {of_one:?}");
    assert!(ahead || found.at_least == of_one.at_least, "{found:?} {of_one:?}");
    let rest = |window: &Window| (window.events, window.at_most, window.coverage.interval);
    assert_eq!(rest(found), rest(of_one));
    // An event before the start by a clock that stepped back moves only the start of a counter.
    assert!(ahead || found.coverage == of_one.coverage, "{found:?} {of_one:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn each_key_has_the_answers_of_a_counter(
        steps in prop::collection::vec(step(), 1..120), goes_back: bool,
    ) {
        let (keyed, clock) = counter::<u64>(spec(3, WhenFull::Refuse));
        let one = || EventCounter::with_clock(keyed.window_spec().clone(), clock.clone());
        let each: [EventCounter; 3] = std::array::from_fn(|_| one());
        let mut ahead = goes_back;
        for step in steps {
            match step {
                Step::Advance { millis } => clock.advance(ms(millis)),
                Step::GoBack { millis } if goes_back => clock.set(keyed.now() - ms(millis)),
                Step::GoBack { .. } => {}
                Step::Record { key, events } => {
                    let found = keyed.record_many(&key, events);
                    prop_assert!(found.is_ok() || goes_back);
                    if found.is_ok() {
                        each[key as usize].record_many(events);
                    }
                }
                Step::RecordAt { key, offset_ms, events } => {
                    let stamp = Stamp::from_nanos(keyed.now().as_nanos() + offset_ms * 1_000_000);
                    ahead |= offset_ms > 0;
                    let found = keyed.record_at(&key, stamp, events);
                    let evicted = |refusal| matches!(refusal, RecordError::Evicted { .. });
                    if !matches!(&found, Err(KeyedRecordError::Record(r)) if evicted(r.clone())) {
                        let of_one = each[key as usize].record_at(stamp, events);
                        prop_assert_eq!(found, of_one.map_err(KeyedRecordError::from));
                    }
                }
            }
            for (key, one) in (0..).zip(&each) {
                for window in [0, 1, 700, 1_000, 3_300, 10_000, 10_001].map(ms) {
                    same(keyed.count(&key, window), one.count(window), ahead);
                }
                let windows = [300, 2_500, 10_000].map(ms);
                if let Ok(found) = keyed.count_each(&key, windows) {
                    let each = windows.map(|window| keyed.count(&key, window).unwrap());
                    prop_assert_eq!(found, each);
                    prop_assert_eq!(keyed.series(&key, ms(4_300)), one.series(ms(4_300)));
                }
                let (from, to) = (keyed.now() - ms(4_200), keyed.now() - ms(1_100));
                same(keyed.count_between(&key, from..to), one.count_between(from..to), ahead);
                same(keyed.count_between(&key, to..from), one.count_between(to..from), ahead);
                let old = keyed.now() - ms(10_001)..to;
                same(keyed.count_between(&key, old.clone()), one.count_between(old), ahead);
            }
        }
    }

    /// A list of keys with their last use is the oracle of eviction.
    #[test]
    fn key_that_is_evicted_was_idle_for_longest(keys in prop::collection::vec(0..60_u64, 1..400)) {
        const KEYS: usize = 20;
        let (keyed, _) = counter::<u64>(spec(KEYS, WhenFull::EvictIdle));
        let mut held: Vec<(u64, u64)> = Vec::new();
        let (mut turn, mut evicted) = (0, 0);
        for key in keys {
            keyed.record(&key).unwrap();
            if let Some((_, used)) = held.iter_mut().find(|(held, _)| *held == key) {
                *used = turn;
                continue;
            }
            if held.len() == KEYS {
                let exists = |key: &u64| keyed.count(key, secs(10)).unwrap().events > 0;
                let longest = held.iter().map(|(_, used)| *used).min().unwrap();
                let gone: Vec<_> = held.extract_if(.., |(key, _)| !exists(key)).collect();
                prop_assert!(matches!(gone[..], [(_, used)] if used == longest), "{:?}", gone);
                evicted += 1;
            }
            held.push((key, turn + 1));
            turn += 2; // Later uses are later than this admission.
        }
        prop_assert_eq!((keyed.overflow().evicted, keyed.keys()), (evicted, held.len()));
    }
}

#[test]
fn key_in_constant_use_outlives_a_flood_of_new_ones_within_one_tick() {
    let (keyed, _) = counter::<u64>(spec(50, WhenFull::EvictIdle));
    for new in 1..10_000 {
        keyed.record(&0).unwrap();
        keyed.record(&new).unwrap();
    }
    assert_eq!(keyed.count(&0, secs(10)).unwrap().events, 9_999);
    assert_eq!((keyed.keys(), keyed.overflow().evicted), (50, 9_950));
    assert_eq!(keyed.overflow().evicted_records, 9_950);
}

#[test]
fn keys_that_left_the_span_give_way_before_new_ones_are_refused() {
    let (keyed, clock) = counter::<u64>(spec(2, WhenFull::Refuse));
    keyed.record(&1).unwrap();
    clock.advance(secs(9));
    keyed.record(&2).unwrap();
    let refused = keyed.record(&3).unwrap_err();
    assert_eq!(refused, KeyedRecordError::TooManyKeys { max: 2 });
    assert_eq!(refused.to_string(), "counter has 2 keys, its limit, and refuses new ones");
    assert_eq!(keyed.overflow().refused, 1);
    clock.advance(secs(5)); // Key 1 is out of every window, also for a clock 2 s behind.
    keyed.record(&3).unwrap();
    assert_eq!((keyed.keys(), keyed.overflow().expired), (2, 1));
    // Key 3 was refused 5 s ago, so its answer speaks for no longer.
    assert_eq!(keyed.count(&3, secs(10)).unwrap().coverage.elapsed, secs(5));
}

#[test]
fn keys_beyond_the_limit_are_folded() {
    let (keyed, clock) = counter::<String>(spec(1, WhenFull::Fold));
    keyed.record("a").unwrap();
    clock.advance(secs(3));
    keyed.record_many("b", 2).unwrap();
    keyed.record_many("c", 3).unwrap();
    assert_eq!(keyed.count_other(secs(10)).unwrap().events, 5);
    assert_eq!((keyed.keys(), keyed.overflow().folded), (1, 2));
    clock.advance(ms(1_500));
    let answer = keyed.count("b", secs(10)).unwrap();
    assert_eq!((answer.events, answer.coverage.elapsed), (0, ms(1_500)));
    assert_eq!(keyed.count("a", secs(10)).unwrap().coverage.elapsed, ms(4_500));
}

#[test]
fn removed_key_begins_again() {
    let (keyed, clock) = counter::<u64>(spec(9, WhenFull::Refuse));
    keyed.record_many(&1, 5).unwrap();
    clock.advance(secs(1));
    assert!(keyed.remove(&1) && !keyed.remove(&1));
    clock.advance(secs(2));
    keyed.record(&1).unwrap();
    keyed.record_at(&1, keyed.now() - secs(5), 1).unwrap();
    let answer = keyed.count(&1, secs(10)).unwrap();
    assert_eq!((answer.events, answer.rate()), (2, Some(1.0)));
    keyed.reset();
    assert_eq!((keyed.keys(), keyed.count(&1, secs(10)).unwrap().events), (0, 0));
}

#[test]
fn late_events_of_one_bucket_move_the_start_to_the_earliest() {
    let (keyed, _) = counter::<u64>(spec(9, WhenFull::Refuse));
    for (millis, elapsed) in [(4_200, 4_200), (4_700, 4_700), (4_400, 4_700)] {
        keyed.record_at(&1, keyed.now() - ms(millis), 1).unwrap();
        assert_eq!(keyed.count(&1, secs(10)).unwrap().coverage.elapsed, ms(elapsed));
    }
}

#[test]
fn top_has_the_heaviest_keys_of_the_window_in_order() {
    let (keyed, clock) = counter::<u64>(spec(1_000, WhenFull::Refuse));
    keyed.record_many(&999, 1_000_000).unwrap();
    clock.advance(secs(9));
    for key in 0..500 {
        keyed.record_many(&key, key % 100).unwrap();
    }
    let top = |number, window| -> Vec<_> {
        let top = keyed.top(number, window).unwrap().into_iter();
        top.map(|(key, window)| (key, window.events)).collect()
    };
    assert_eq!(top(0, secs(1)), []);
    let expected = [(99, 99), (199, 99), (299, 99), (399, 99), (499, 99), (98, 98), (198, 98)];
    assert_eq!(top(7, secs(1)), expected);
    assert_eq!(top(2, secs(10)), [(999, 1_000_000), (99, 99)]);
    assert_eq!(top(usize::MAX, secs(1)).len(), 495); // Keys without events are left out.
    assert!(keyed.top(1, secs(11)).is_err());
}

#[test]
fn threads_lose_no_event_of_any_key() {
    let (keyed, clock) = counter::<u64>(spec(100, WhenFull::Refuse));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for event in 0..20_000 {
                    keyed.record(&(event % 100)).unwrap();
                    if event % 5_000 == 0 {
                        clock.advance(ms(300));
                    }
                }
            });
        }
    });
    for key in 0..100 {
        assert_eq!(keyed.count(&key, secs(10)).unwrap().events, 800, "key {key}");
    }
}

#[test]
fn refused_events_keep_no_key_and_are_counted() {
    let (keyed, _) = counter::<u64>(spec(9, WhenFull::Refuse));
    keyed.record_many(&1, u64::MAX).unwrap();
    let refused = keyed.record(&1).unwrap_err();
    assert_eq!(refused.to_string(), "bucket is full: 1 event does not fit, 0 would");
    assert_eq!(keyed.refused().full, 1);
    keyed.record_at(&2, Stamp::MIN, 1).unwrap_err();
    keyed.record_many(&3, 0).unwrap();
    assert_eq!((keyed.keys(), keyed.refused().too_old), (1, 1));
}

#[test]
fn window_of_several_tiers_is_refused() {
    let hour = Tier { resolution: secs(60), span: secs(3_600) };
    let window = WindowSpec::builder().tier(hour).build().unwrap();
    let refused = KeyedCounter::<u64>::new(KeyedSpec { window, ..KeyedSpec::default() });
    let refused: KeyedSpecError = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "window has 2 tiers, a keyed counter has 1; use a counter for each tier"
    );
}

fn name(key: u64) -> String {
    format!("key-{key:012}")
}

/// The figures of README.md and of the docs of `KeyedCounter`.
#[test]
fn idle_key_takes_less_than_300_bytes() {
    for keys in [1_000, 1_500, 100_000] {
        let spec = KeyedSpec { keys: keys as usize, ..KeyedSpec::default() };
        let mut kept = None;
        let idle = measure(|| {
            let (keyed, _) = counter::<String>(spec);
            (0..keys).for_each(|key| keyed.record(name(key).as_str()).unwrap());
            kept = Some(keyed);
        });
        let bytes = idle.bytes_current as u64;
        assert!(bytes <= 300 * keys, "{} bytes for each of {keys} keys", bytes / keys);
    }
}

#[test]
fn busy_keys_take_no_more_than_documented_and_return_it() {
    const KEYS: u64 = 200;
    let spec = KeyedSpec { keys: KEYS as usize, ..KeyedSpec::default() };
    let mut kept = None;
    let busy = measure(|| {
        let (keyed, clock) = counter::<String>(spec.clone());
        for _ in 0..400 {
            (0..KEYS).for_each(|key| keyed.record(name(key).as_str()).unwrap());
            clock.advance(secs(1));
        }
        kept = Some((keyed, clock));
    });
    let (keyed, clock) = kept.unwrap();
    let max = KeyedCounter::<String>::bytes_max(&spec) + 16 * KEYS as usize;
    let bytes = busy.bytes_current as usize;
    assert!(bytes <= max && bytes > max / 4, "{bytes} of {max}");
    clock.advance(secs(400));
    let key = name(0);
    let burst = measure(|| keyed.record(key.as_str()).unwrap());
    assert!(burst.bytes_current < -4_000, "{burst:?}"); // The memory of the past is returned.
    assert_eq!(measure(|| keyed.record(key.as_str()).unwrap()).count_total, 0);
}
