//! A ring of statistics for each tier: every way to insert a value has the same result in all of
//! them, and a statistic that panics leaves all of them as they were.

#![cfg(feature = "counter")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use core_time::{InBucket, Statistic, Tag, Tier, TieredRing, WindowSpec};

/// The sum of all values. Panics at a sum of 100.
#[derive(Debug, Clone, Default, PartialEq)]
struct Below100(u64);

impl Statistic for Below100 {
    type Value = u64;

    const TAG: Tag = Tag::own("x-below-100");

    fn insert(&mut self, value: u64) {
        assert!(self.0 + value < 100, "a sum of {}", self.0 + value);
        self.0 += value;
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

type Ring = TieredRing<Below100>;

/// Three tiers: seconds, and two of 5 s and 10 s.
fn ring() -> Ring {
    let tier = |resolution, span| Tier {
        resolution: Duration::from_secs(resolution),
        span: Duration::from_secs(span),
    };
    let spec = WindowSpec::builder().span(Duration::from_secs(3)).tolerance(Duration::ZERO);
    Ring::new(&spec.tier(tier(5, 10)).tier(tier(10, 100)).build().unwrap())
}

fn contents(ring: &Ring) -> Vec<Vec<(i64, u64)>> {
    let tier = |(tick, Below100(sum)): (i64, _)| (tick, sum);
    ring.tiers().map(|ring| ring.buckets().into_iter().map(tier).collect()).collect()
}

#[test]
fn a_value_is_in_every_tier_that_holds_its_bucket() {
    let values = [(103, 1), (97, 2), (88, 3), (104, 4), (-1, 5)];
    let expected = [
        vec![(103, 1), (104, 4)],
        vec![(17, 3), (19, 2), (20, 5)],
        vec![(-1, 5), (8, 3), (9, 2), (10, 5)],
    ];
    let values = values.map(|(tick, value)| InBucket { tick, value });
    let [mut each, mut all, mut whole, mut times] = [(); 4].map(|()| ring());
    values.iter().for_each(|&value| each.insert(value));
    all.insert_all(values.iter().copied());
    values.iter().for_each(|&value| whole.insert_whole(value));
    values.iter().for_each(|&InBucket { tick, value }| {
        times.insert_n(InBucket { tick, value: 1 }, value);
    });
    for ring in [&each, &all, &whole, &times] {
        assert_eq!(contents(ring), expected);
    }
    let (mut one, mut two) = (ring(), Ring::default());
    values[..2].iter().for_each(|&value| one.insert(value));
    two.merge(&one); // A ring without tiers adopts them.
    assert_eq!(two, one);
    let mut rest = ring();
    values[2..].iter().for_each(|&value| rest.insert(value));
    two.merge(&rest);
    assert_eq!(contents(&two), expected);
}

#[test]
fn a_statistic_that_panics_leaves_every_tier_as_it_was() {
    let mut ring = ring();
    for (tick, value) in [(100, 60), (101, 30)] {
        ring.insert_whole(InBucket { tick, value });
    }
    let before = contents(&ring);
    assert_eq!(before[2], [(10, 90)]);
    let mut panics = |value: InBucket<u64>, n| {
        catch_unwind(AssertUnwindSafe(|| ring.insert_n_whole(value, n))).is_err()
    };
    // Only the coarser tiers, which have the sum of both, cannot take more.
    assert!(panics(InBucket { tick: 102, value: 50 }, 1));
    assert!(panics(InBucket { tick: 102, value: 5 }, 10));
    assert!(!panics(InBucket { tick: 102, value: 5 }, 0));
    assert_eq!(contents(&ring), before);
    ring.insert_whole(InBucket { tick: 102, value: 9 });
    assert_eq!(contents(&ring)[2], [(10, 99)]);
}

#[test]
fn rings_of_other_tiers_are_refused() {
    let spec = WindowSpec::default();
    let rings = |ring: &Ring| ring.tiers().cloned().collect::<Vec<_>>();
    assert!(Ring::from_tiers(&spec, rings(&ring())).is_none());
    assert!(Ring::from_tiers(&spec, Vec::new()).is_none());
    assert!(Ring::from_tiers(&spec, rings(&Ring::new(&spec))).is_some());
}
