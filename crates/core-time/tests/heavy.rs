//! The heaviest keys against exact counts of all keys.

#![cfg(feature = "counter")]

use std::time::Duration;

use allocation_counter::measure;
use core_time::{
    EventCounter, HeavyKeys, KeyedCounter, KeyedSpec, KeyedSpecError, ManualClock, RecordError,
    Stamp, Tier, WhenFull, WindowSpec,
};
use proptest::prelude::*;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn spec() -> WindowSpec {
    WindowSpec::builder().span(secs(10)).tolerance(secs(2)).build().unwrap()
}

fn start() -> ManualClock {
    ManualClock::new(Stamp::from_secs(1_000))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// The true count lies within the bounds, whose distance is at most the stated one.
    #[test]
    fn bounds_hold_for_every_key_and_window(
        counts in 2..20_usize,
        events in prop::collection::vec(
            (0..40_u64, 1..20_u64, 0..900_u64, prop::option::of(-9_000..1_900_i64)), 1..300,
        ),
    ) {
        let clock = start();
        let heavy = HeavyKeys::<u64>::with_clock(spec(), counts, clock.clone()).unwrap();
        let keyed = KeyedSpec { window: spec(), keys: 1_000, when_full: WhenFull::Refuse };
        let exact = KeyedCounter::<u64>::with_clock(keyed, clock.clone()).unwrap();
        let all = EventCounter::with_clock(spec(), clock.clone());
        for (key, events, millis, late) in events {
            let key = key * key / 40; // Small keys are heavy.
            match late {
                None => {
                    heavy.record_many(&key, events).unwrap();
                    exact.record_many(&key, events).unwrap();
                    all.record_many(events);
                }
                Some(late) => {
                    let stamp = Stamp::from_nanos(all.now().as_nanos() + late * 1_000_000);
                    heavy.record_at(&key, stamp, events).unwrap();
                    exact.record_at(&key, stamp, events).unwrap();
                    all.record_at(stamp, events).unwrap();
                }
            }
            clock.advance(Duration::from_millis(millis));
        }
        for window in [0, 900, 1_000, 4_300, 10_000].map(Duration::from_millis) {
            let of_all = all.count(window).unwrap().at_most;
            let error = 2 * of_all / (counts as u64 + 1);
            let top = heavy.top(usize::MAX, window).unwrap();
            for key in 0..40 {
                let found = heavy.count(&key, window).unwrap();
                let exact = exact.count(&key, window).unwrap();
                prop_assert!(found.events <= exact.events && exact.at_most <= found.at_most);
                prop_assert!(found.at_least <= exact.at_least);
                prop_assert!(exact.events - found.events <= error, "{exact:?} {found:?} {error}");
                prop_assert!(found.at_most - exact.at_most <= error, "{exact:?} {found:?} {error}");
                prop_assert_eq!(found.coverage.interval, exact.coverage.interval);
                let in_top = top.iter().find(|(of, _)| *of == key).map(|(_, window)| *window);
                prop_assert_eq!(in_top, Some(found).filter(|found| found.events > 0));
            }
            prop_assert!(top.is_sorted_by_key(|(key, window)| (u64::MAX - window.events, *key)));
        }
    }
}

/// A million different keys in one window, and a few heavy ones.
#[test]
fn memory_does_not_grow_with_the_number_of_keys() {
    const KEYS: u64 = 1_000_000;
    let clock = start();
    let window = WindowSpec::builder().resolution(secs(10)).span(secs(60)).build().unwrap();
    let heavy = HeavyKeys::<u64>::with_clock(window, 500, clock.clone()).unwrap();
    let used = measure(|| {
        for key in 0..KEYS {
            heavy.record(&(key + 100)).unwrap();
            if key % 10 == 0 {
                heavy.record(&(key / 10 % 10)).unwrap();
            }
            if key % (KEYS / 5) == 0 {
                clock.advance(secs(10));
            }
        }
    });
    assert!(used.bytes_max <= heavy.bytes_max() as u64, "{used:?} of {}", heavy.bytes_max());
    let top = heavy.top(10, secs(60)).unwrap();
    let mut keys: Vec<_> = top.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    assert!(keys.iter().eq(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), "{top:?}");
    for (_, count) in top {
        assert!((count.events..=count.at_most).contains(&10_000), "{count:?}");
        assert!(count.at_most - count.events <= 2 * 1_100_000 / 501, "{count:?}");
    }
}

#[test]
fn buckets_that_left_the_span_are_evicted() {
    let clock = start();
    let heavy = HeavyKeys::<u64>::with_clock(spec(), 20, clock.clone()).unwrap();
    let used = measure(|| {
        for key in 0..20_000 {
            heavy.record(&key).unwrap();
            clock.advance(Duration::from_millis(100));
        }
    });
    assert!(used.bytes_max <= heavy.bytes_max() as u64, "{used:?} of {}", heavy.bytes_max());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let few: KeyedSpecError = HeavyKeys::<u64>::new(spec(), 1).unwrap_err();
    assert_eq!(few.to_string(), "1 count in a bucket, at least 2 are needed");
    let hour = Tier { resolution: secs(60), span: secs(3_600) };
    let tiers = WindowSpec::builder().tier(hour).build().unwrap();
    assert_eq!(
        HeavyKeys::<u64>::new(tiers, 2).unwrap_err(),
        KeyedSpecError::TooManyTiers { found: 2 }
    );
    let heavy = HeavyKeys::<u64>::with_clock(spec(), 2, start()).unwrap();
    assert_eq!(heavy.record_many(&1, 0), Ok(()));
    heavy.record_many(&1, u64::MAX).unwrap();
    assert_eq!(heavy.record(&2), Err(RecordError::Full { events: 1, room: 0 }));
    heavy.record_at(&2, Stamp::MIN, 1).unwrap_err();
    assert_eq!((heavy.refused().full, heavy.refused().too_old), (1, 1));
    assert!(heavy.count(&1, secs(11)).is_err() && heavy.top(1, secs(11)).is_err());
    heavy.reset();
    assert!(heavy.top(1, secs(10)).unwrap().is_empty());
}
