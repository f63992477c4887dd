//! The time axis against the event counter and against plain division.
//!
//! Both have the same buckets, refusals and rates for any window and present.

#![cfg(feature = "counter")]

use std::time::Duration;

use core_time::{
    EventCounter, ManualClock, RecordError, RefusedCounts, Stamp, Statistic, StatisticRing, Tag,
    TimeAxis, WindowError, WindowSpec,
};
use proptest::collection::vec;
use proptest::prelude::*;

const MS: i64 = 1_000_000;

fn nanos(nanos: i64) -> Duration {
    Duration::from_nanos(nanos.unsigned_abs())
}

/// Records events at offsets from `now`, and compares windows.
fn check(
    [width, buckets, tolerance]: [i64; 3],
    now: i64,
    offsets: &[i64],
    windows: impl IntoIterator<Item = i64>,
) {
    let spec = WindowSpec::builder().resolution(nanos(width)).span(nanos(width * buckets));
    let spec = spec.tolerance(nanos(tolerance)).build().unwrap();
    let clock = ManualClock::new(Stamp::from_nanos(now));
    let counter = EventCounter::with_clock(spec.clone(), clock.clone());
    let axis = TimeAxis::with_clock(spec.clone(), clock);
    assert_eq!((axis.spec(), axis.now().as_nanos()), (&spec, now));
    assert_eq!(axis.tick_now(), now.div_euclid(width));
    let (mut ticks, mut since) = (Vec::new(), now);
    for stamp in offsets.iter().map(|&offset| now.saturating_add(offset)) {
        let tick = axis.tick_at(Stamp::from_nanos(stamp));
        let recorded = counter.record_at(Stamp::from_nanos(stamp), 1);
        if matches!(recorded, Err(RecordError::Evicted { .. })) {
            continue;
        }
        assert_eq!(tick.clone().map(drop), recorded, "{stamp} at {now}");
        if let Ok(tick) = tick {
            assert_eq!(tick, stamp.div_euclid(width));
            ticks.push(tick);
            since = since.min(stamp);
        }
    }
    for window in windows {
        let (found, covered) = (counter.count(nanos(window)), axis.past(nanos(window)));
        let (Ok(found), Ok(covered)) = (&found, &covered) else {
            assert_eq!(found.map(drop), covered.map(drop), "{window} ns");
            continue;
        };
        let events = ticks.iter().filter(|tick| covered.ticks.contains(tick)).count() as u64;
        assert_eq!(events, found.events, "{window} ns at {now}: {covered:?}");
        assert_eq!((covered.now.as_nanos(), covered.resolution), (now, nanos(width)));
        assert_eq!(covered.ticks.is_empty(), window == 0);
        if window > 0 {
            let newest = now.div_euclid(width);
            let oldest = newest - (window + width - 1) / width + 1;
            assert_eq!(covered.ticks, oldest.max(i64::MIN.div_euclid(width))..=newest);
            assert_eq!(covered.interval, found.coverage.interval, "{window} ns at {now}");
            assert_eq!(covered.coverage(Stamp::from_nanos(since)).rate(events), found.rate());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn axis_agrees_with_the_counter(
        (width, buckets, tolerance) in (1_i64..=3, 1_i64..20, 0_i64..9),
        now in prop_oneof![-99_i64..99, Just(i64::MIN / MS), Just(i64::MAX / MS)],
        more in 0..MS,
        offsets in vec((-90_i64..20, 0..MS), 0..20),
        windows in vec((0_i64..90, 0..MS), 0..10),
    ) {
        let shape = [width * MS, buckets, tolerance * MS / 2];
        let in_nanos = |&(ms, more): &(i64, i64)| ms * MS + more;
        let offsets: Vec<_> = offsets.iter().map(in_nanos).collect();
        let now = (now * MS).saturating_add(more);
        let edges = [0, 1, width * buckets * MS];
        check(shape, now, &offsets, windows.iter().map(in_nanos).chain(edges));
    }
}

#[test]
fn axis_agrees_with_the_counter_at_the_edges_of_time() {
    for now in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
        check([MS, 3, 2 * MS], now, &[-4 * MS, -3 * MS, -1, 0, 1, 2 * MS, 3 * MS], [1, MS, 3 * MS]);
    }
}

#[test]
fn refusals_are_counted_until_they_are_reset() {
    let axis =
        TimeAxis::with_clock(WindowSpec::default(), ManualClock::new(Stamp::from_secs(1_000)));
    assert!(axis.tick_at(Stamp::from_secs(699)).is_err());
    assert!(axis.tick_at(Stamp::from_secs(700)).is_ok());
    assert!(axis.tick_at(Stamp::from_secs(1_005)).is_ok());
    assert!(axis.tick_at(Stamp::from_secs(1_006)).is_err());
    let refused = axis.refused();
    assert_eq!((refused.too_old, refused.too_new), (1, 1));
    axis.reset_refused();
    assert_eq!(axis.refused(), RefusedCounts::default());
}

#[derive(Clone, Default)]
struct Nothing;

impl Statistic for Nothing {
    type Value = ();

    const TAG: Tag = Tag::own("x-nothing");

    fn insert(&mut self, (): ()) {}

    fn merge(&mut self, _: &Self) {}
}

#[test]
fn what_rings_evicted_before_the_clock_stepped_back_is_refused_until_it_caught_up() {
    let secs = |secs: i64| Stamp::from_secs(secs);
    let span = Duration::from_secs(10);
    let spec = WindowSpec::builder().span(span).tolerance(Duration::from_secs(2)).build().unwrap();
    let clock = ManualClock::new(secs(1_000));
    let axis = TimeAxis::with_clock(spec.clone(), clock.clone());
    assert_eq!(StatisticRing::<Nothing>::new(&spec).reach(), 13);
    assert_eq!(axis.tick_at(secs(1_002)), Ok(1_002));

    clock.set(secs(989)); // A ring with 1,002 holds this bucket, and not all of a window.
    assert_eq!((axis.tick_to_record(), axis.tick_at(secs(989))), (Ok(989), Ok(989)));
    let late = axis.tick_at(secs(988)).unwrap_err().to_string();
    assert_eq!(late, "event is 15s behind the newest bucket, buckets are held for 13s");
    let evicted = |window| {
        let refused = axis.past(Duration::from_secs(window));
        refused.is_err_and(|refused| matches!(refused, WindowError::Evicted { .. }))
    };
    // The window of a second begins in the bucket before.
    assert_eq!([0, 1, 2, 10].map(evicted), [false, true, true, true]);

    clock.set(secs(988));
    assert!(matches!(axis.tick_to_record(), Err(RecordError::Evicted { .. })));
    assert_eq!((axis.refused().too_old, axis.tick_now()), (2, 988));
    clock.set(secs(998));
    assert!(axis.tick_to_record().is_ok() && !evicted(9) && evicted(10));
    clock.set(secs(999));
    assert!(!evicted(10));
    axis.observe(1_013);
    assert!(matches!(axis.tick_to_record(), Err(RecordError::Evicted { .. })));
}
