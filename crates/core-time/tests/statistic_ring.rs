//! The ring of statistics against a plain list of all values.
//!
//! Any window, late values, values over more than the ring in any order, the edges of time, memory,
//! and the laws of merging.

#![cfg(feature = "counter")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use allocation_counter::measure;
use core_time::{InBucket, Statistic, StatisticRing, Tag, WindowSpec, laws};
use proptest::collection::vec;
use proptest::prelude::*;

/// All values, in order.
#[derive(Debug, Clone, Default, PartialEq)]
struct Values(Vec<u64>);

impl Statistic for Values {
    type Value = u64;

    const TAG: Tag = Tag::own("x-values");

    fn insert(&mut self, value: u64) {
        assert_ne!(value, u64::MAX, "as some statistics do");
        self.0.push(value);
        self.0.sort_unstable();
    }

    fn merge(&mut self, other: &Self) {
        self.0.extend(&other.0);
        self.0.sort_unstable();
    }
}

type Ring = StatisticRing<Values>;

/// A span of `buckets` seconds and a tolerance of `ahead` seconds.
fn spec(buckets: u64, ahead: u64) -> WindowSpec {
    let [span, tolerance] = [buckets, ahead].map(Duration::from_secs);
    WindowSpec::builder().span(span).tolerance(tolerance).build().unwrap()
}

fn of(values: impl IntoIterator<Item = (i64, u64)>, spec: &WindowSpec) -> Ring {
    let mut ring = Ring::new(spec);
    values.into_iter().for_each(|(tick, value)| ring.insert(InBucket { tick, value }));
    ring
}

fn window(ring: &Ring, ticks: RangeInclusive<i64>) -> Vec<u64> {
    let mut found = Values::default();
    let any = ring.merge_window(ticks, &mut found);
    assert_eq!(any, !found.0.is_empty());
    found.0
}

/// Compares every window, for every present at which the newest bucket is not too far ahead.
#[track_caller]
fn check(ring: &Ring, all: &[(i64, u64)], newest: i64, [buckets, ahead]: [i64; 2]) {
    for now in newest - ahead..=newest {
        for len in 0..=buckets {
            let ticks = now - len + 1..=now;
            let inside = all.iter().filter(|(tick, _)| ticks.contains(tick));
            let mut expected: Vec<_> = inside.map(|&(_, value)| value).collect();
            expected.sort_unstable();
            assert_eq!(window(ring, ticks.clone()), expected, "{ticks:?} of {all:?}");
        }
    }
    let (newest, reach) = (all.iter().map(|&(tick, _)| tick).max(), buckets + ahead + 1);
    let mut held = BTreeMap::<_, Values>::new();
    for &(tick, value) in all.iter().filter(|&&(tick, _)| newest <= Some(tick + reach)) {
        held.entry(tick).or_default().insert(value);
    }
    assert_eq!((ring.buckets(), ring.reach()), (held, reach.cast_unsigned()));
    assert_eq!(ring.newest(), newest);
}

/// The distance from the newest bucket to the next one: zero, back, one, or far ahead.
fn move_by(buckets: i64) -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(0), 4 => -buckets + 1..=0, 4 => 1..=2_i64, 1 => 1..4 * buckets]
}

/// A shape, the bucket of the first value, and the distances to the others.
fn history() -> impl Strategy<Value = ([i64; 2], i64, Vec<i64>)> {
    (1_i64..20, 0_i64..4, -30_i64..30).prop_flat_map(|(buckets, ahead, first)| {
        (Just([buckets, ahead]), Just(first), vec(move_by(buckets), 0..60))
    })
}

/// Returns the buckets of a history with a value in each, and the newest.
fn values(first: i64, moves: &[i64]) -> (Vec<(i64, u64)>, i64) {
    let mut newest = first;
    let ticks = moves.iter().map(|by| {
        let tick = newest + by;
        newest = newest.max(tick);
        tick
    });
    (ticks.zip(0..).collect(), newest)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_window_is_what_was_inserted_into_its_buckets((shape, first, moves) in history()) {
        let spec = spec(shape[0].cast_unsigned(), shape[1].cast_unsigned());
        let (all, newest) = values(first, &moves);
        let (mut ring, mut at_once) = (Ring::new(&spec), Ring::new(&spec));
        for (at, &(tick, value)) in all.iter().enumerate() {
            match at % 2 {
                0 => ring.insert(InBucket { tick, value }),
                _ => ring.insert_whole(InBucket { tick, value }),
            }
        }
        at_once.insert_all(all.iter().map(|&(tick, value)| InBucket { tick, value }));
        check(&ring, &all, newest, shape);
        check(&at_once, &all, newest, shape);
    }

    #[test]
    fn the_buckets_of_later_values_are_touched((shape, first, moves) in history()) {
        let spec = spec(shape[0].cast_unsigned(), shape[1].cast_unsigned());
        let (all, _) = values(first, &moves);
        let reach = shape[0] + shape[1] + 1;
        let mut ring = Ring::new(&spec);
        // Each with the buckets of later values, the bucket that was open, and later openings.
        let mut marks = vec![(ring.mark(), BTreeSet::new(), None, 0)];
        let mut open = None;
        for &(tick, value) in &all {
            let is_held = ring.newest().is_none_or(|newest| tick >= newest - reach);
            let in_bucket = InBucket { tick, value };
            match value % 4 {
                0 => ring.insert(in_bucket),
                1 => ring.insert_whole(in_bucket),
                2 => ring.insert_n_whole(in_bucket, 1),
                _ => ring.insert_all([in_bucket; 2].into_iter()),
            }
            if is_held {
                let openings = i32::from(open != Some(tick));
                open = Some(tick);
                for (_, touched, _, opened) in &mut marks {
                    touched.insert(tick);
                    *opened += openings;
                }
                if value % 5 == 0 {
                    marks.push((ring.mark(), BTreeSet::new(), open, 0));
                }
            }
            let oldest = ring.newest().map_or(i64::MIN, |newest| newest - reach);
            for (mark, touched, open_then, opened) in &marks {
                let unsure = open_then.filter(|_| *opened > 1);
                let mut expected: BTreeSet<_> = touched.range(oldest..).copied().collect();
                expected.extend(open.into_iter().chain(unsure).filter(|&tick| tick >= oldest));
                assert_eq!(ring.touched_since(mark), expected, "{all:?}");
            }
        }
    }

    #[test]
    fn rings_merge_in_any_order_to_the_one_that_saw_all((shape, first, moves) in history()) {
        let spec = spec(shape[0].cast_unsigned(), shape[1].cast_unsigned());
        let (all, newest) = values(first, &moves);
        let part = |nth: u64| of(all.iter().copied().filter(|(_, value)| value % 3 == nth), &spec);
        let merged = |a: &Ring, b: &Ring| {
            let mut merged = a.clone();
            merged.merge(b);
            merged
        };
        let ([a, b, c], none) = ([0, 1, 2].map(part), Ring::default());
        for whole in [
            merged(&merged(&a, &b), &c),
            merged(&a, &merged(&b, &c)),
            merged(&merged(&c, &b), &a),
            merged(&none, &merged(&merged(&b, &none), &merged(&a, &c))),
        ] {
            check(&whole, &all, newest, shape);
        }
    }
}

/// A ring of `BUCKETS` seconds, whose default is not the ring without buckets.
#[derive(Debug, Clone, PartialEq)]
struct Of<const BUCKETS: u64>(Ring);

impl<const BUCKETS: u64> Default for Of<BUCKETS> {
    fn default() -> Self {
        Self(Ring::new(&spec(BUCKETS, 0)))
    }
}

impl<const BUCKETS: u64> Statistic for Of<BUCKETS> {
    type Value = InBucket<u64>;

    const TAG: Tag = Tag::own("x-of");

    fn insert(&mut self, value: Self::Value) {
        self.0.insert(value);
    }

    fn insert_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
        self.0.insert_all(values);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }
}

/// Checks the laws, and that every window has the values within reach of the newest bucket.
fn check_laws<const BUCKETS: u64>(values: &[InBucket<u64>]) {
    laws::check_merge::<Of<BUCKETS>>(values);
    let mut ring = Of::<BUCKETS>::default();
    ring.insert_all(values.iter().copied());
    let newest = values.iter().map(|value| value.tick).max().unwrap_or_default();
    let oldest = newest.saturating_sub_unsigned(ring.0.reach());
    let ends = values.iter().map(|value| value.tick).chain([i64::MIN, oldest, i64::MAX]);
    for (from, to) in ends.clone().flat_map(|from| ends.clone().map(move |to| (from, to))) {
        let held = |value: &&InBucket<u64>| (from.max(oldest)..=to).contains(&value.tick);
        let mut expected: Vec<_> = values.iter().filter(held).map(|value| value.value).collect();
        expected.sort_unstable();
        assert_eq!(window(&ring.0, from..=to), expected, "{from}..={to} of {values:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn laws_hold_for_values_that_span_more_than_the_ring(
        values in vec((prop_oneof![-9..9_i64, -60..60_i64, -2_000..2_000_i64], 0..9_u64), 0..12)
    ) {
        let values: Vec<_> =
            values.into_iter().map(|(tick, value)| InBucket { tick, value }).collect();
        check_laws::<1>(&values);
        check_laws::<5>(&values);
        check_laws::<40>(&values);
        laws::check_merge::<Ring>(&values);
    }
}

#[test]
fn laws_hold_at_the_edges_of_time() {
    let ticks = [i64::MAX, i64::MIN, 0, i64::MIN + 3, i64::MAX - 3, i64::MAX - 1, -1];
    let values = ticks.map(|tick| InBucket { tick, value: tick.cast_unsigned() % 100 });
    check_laws::<1>(&values);
    check_laws::<5>(&values);
}

#[test]
fn values_older_than_the_reach_change_nothing_in_any_order() {
    let spec = spec(5, 1);
    let ring = of([(1_000, 1), (1_001, 2), (10, 3), (9, 4), (994, 5), (993, 6)], &spec);
    assert_eq!(ring.buckets().into_keys().collect::<Vec<_>>(), [994, 1_000, 1_001]);
    assert_eq!(ring, of([(10, 3), (993, 6), (994, 5), (9, 4), (1_001, 2), (1_000, 1)], &spec));
    assert_eq!(ring.newest(), Some(1_001));
    assert_ne!(ring, of([(1_000, 1), (1_001, 2), (994, 5)], &self::spec(6, 1)));
    assert_eq!(window(&ring, i64::MIN..=999), [5]);
}

#[test]
fn windows_begin_where_the_ring_does() {
    for buckets in 1..=40_i64 {
        for newest in 0..3 * buckets {
            let ring = of(
                (0..=newest).map(|tick| (tick, tick.cast_unsigned())),
                &spec(buckets.cast_unsigned(), 0),
            );
            let oldest = (newest - ring.reach().cast_signed()).max(0);
            for last in 0..=newest {
                let held: Vec<_> = (oldest..=last).map(|tick| tick.cast_unsigned()).collect();
                for first in [i64::MIN, 0, oldest] {
                    let found = window(&ring, first..=last);
                    assert_eq!(found, held, "{first}..={last} of {newest}, {buckets}");
                }
            }
        }
    }
}

#[test]
fn a_ring_works_at_the_edges_of_time() {
    let spec = spec(3, 0);
    for (tick, after) in [(i64::MIN, i64::MIN + 1), (-1, 0), (i64::MAX - 1, i64::MAX)] {
        let ring = of([(tick, 1), (after, 2), (tick, 3)], &spec);
        assert_eq!(window(&ring, tick..=tick), [1, 3], "{tick}");
        assert_eq!(window(&ring, tick..=after), [1, 2, 3], "{tick}");
        assert_eq!(window(&ring, after..=after), [2], "{tick}");
        assert_eq!(window(&ring, i64::MIN..=i64::MAX), [1, 2, 3], "{tick}");
        assert_eq!(window(&ring, after..=tick), [0_u64; 0], "{tick}");
    }
    let ring = of([(i64::MIN, 1), (i64::MAX, 2)], &spec);
    assert_eq!(window(&ring, i64::MAX - 2..=i64::MAX), [2]);
}

#[test]
fn what_is_older_than_the_span_is_evicted() {
    for buckets in [1, 2, 3, 17, 100] {
        let ring = of((0..10_000).map(|tick| (tick, 1)), &spec(buckets, 0));
        let held = window(&ring, 0..=10_000).len() as u64;
        assert_eq!(held, buckets + 2, "{buckets}: with the one that a window cuts and the newest");
    }
}

#[test]
fn a_value_that_panics_leaves_the_ring_as_it_was() {
    let mut ring = of([(1, 7)], &spec(10, 0));
    for tick in [1, 2, 5_000, -5] {
        let value = InBucket { tick, value: u64::MAX };
        let panicked = catch_unwind(AssertUnwindSafe(|| ring.insert_whole(value)));
        assert!(panicked.is_err());
        assert_eq!(window(&ring, i64::MIN..=i64::MAX), [7]);
        assert!(!ring.merge_window(2..=5_000, &mut Values::default()), "a bucket without values");
    }
    ring.insert_whole(InBucket { tick: 2, value: 8 });
    assert_eq!(window(&ring, 1..=2), [7, 8]);
}

/// A statistic of `BYTES` bytes.
#[derive(Clone)]
struct Sized<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Default for Sized<BYTES> {
    fn default() -> Self {
        Self([0; BYTES])
    }
}

impl<const BYTES: usize> Statistic for Sized<BYTES> {
    type Value = u64;

    const TAG: Tag = Tag::own("x-sized");

    const NEVER_PANICS: bool = true;

    fn insert(&mut self, _: u64) {}

    fn merge(&mut self, _: &Self) {}
}

fn check_memory<const BYTES: usize>(buckets: u64) {
    let spec = spec(buckets, 5);
    let max = StatisticRing::<Sized<BYTES>>::bytes_max(&spec);
    let used = measure(|| {
        let mut ring = Box::new(StatisticRing::<Sized<BYTES>>::new(&spec));
        let last = 4 * buckets.cast_signed() + 40;
        for tick in 0..last {
            ring.insert(InBucket { tick, value: 1 });
            ring.insert(InBucket { tick: last - tick / 3, value: 1 });
        }
    });
    let used = usize::try_from(used.bytes_max).unwrap();
    let case = format!("{used} of {max} bytes, {buckets} buckets of {BYTES} bytes");
    assert!(used <= max, "{case}");
    assert!(buckets < 100 || max <= 4 * used, "{case}");
}

#[test]
fn memory_follows_the_formula() {
    for buckets in [1, 2, 7, 60, 300, 3_600] {
        check_memory::<0>(buckets);
        check_memory::<8>(buckets);
        check_memory::<40>(buckets);
        check_memory::<200>(buckets);
    }
}

#[test]
fn after_very_many_late_buckets_all_are_touched() {
    let mut ring = of((0..100).map(|tick| (tick, 1)), &spec(200, 0));
    let marks: Vec<_> = (0..100)
        .map(|late| {
            let mark = ring.mark();
            ring.insert(InBucket { tick: late, value: 2 });
            mark
        })
        .collect();
    for (late, mark) in (0..100).zip(&marks) {
        let touched = ring.touched_since(mark);
        assert!((late..100).all(|tick| touched.contains(&tick)), "since {late}: {touched:?}");
        assert!(touched.len() == 100 || late > 60, "since {late}: {touched:?}");
    }
}
