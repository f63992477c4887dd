//! Minimum, maximum, last and the largest times, against sorting.

use std::cmp::Reverse;

use core_actions::{ActionTime, HasCount, HasMean, Last, Mean, MinMax, Timestamped, TopK};
use core_time::Stamp;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::values::{any_time, edges, of};

fn check_largest<const CAP: usize>(times: &[ActionTime]) {
    let largest = of::<TopK<CAP>>(times);
    let (mut found, mut expected) = (largest.times().collect::<Vec<_>>(), times.to_vec());
    found.sort_unstable_by_key(|&time| Reverse(time));
    expected.sort_unstable_by_key(|&time| Reverse(time));
    assert_eq!(found, expected[..CAP.min(times.len())], "{CAP} largest of {times:?}");
    assert_eq!(largest.dropped(), times.len().saturating_sub(CAP) as u64);
    assert_eq!(largest.count(), times.len() as u64);
    assert_eq!(largest.mean(), of::<Mean>(times).mean());
}

fn check(times: &[ActionTime]) {
    let min_max = of::<MinMax>(times);
    assert_eq!(min_max.min(), times.iter().min().copied(), "minimum of {times:?}");
    assert_eq!(min_max.max(), times.iter().max().copied(), "maximum of {times:?}");
    for edge in edges() {
        let (above, below) = times.iter().fold((true, true), |(above, below), &time| {
            (above && time < edge, below && time > edge)
        });
        let end = if above { min_max.max() } else { min_max.min() };
        let clamped = if above || below { end.unwrap_or(edge) } else { edge };
        assert_eq!(min_max.clamp(edge), clamped, "{edge} between {times:?}");
    }
    check_largest::<0>(times);
    check_largest::<1>(times);
    check_largest::<5>(times);
    check_largest::<60>(times);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn extremes_are_those_of_the_sorted_times(times in vec(any_time(), 0..60)) {
        check(&times);
    }

    #[test]
    fn last_is_the_largest_time_of_the_latest_stamp(
        values in vec((any::<i64>(), any_time()), 0..20), ties: bool,
    ) {
        let stamp = |nanos: i64| Stamp::from_nanos(if ties { nanos % 2 } else { nanos });
        let values: Vec<_> =
            values.iter().map(|&(nanos, time)| Timestamped { stamp: stamp(nanos), time }).collect();
        let latest = values.iter().map(|value| value.stamp).max();
        let expected = values.iter().filter(|v| Some(v.stamp) == latest).map(|v| v.time).max();
        let found = of::<Last>(&values).last();
        prop_assert_eq!(found.map(|last| last.stamp), latest);
        prop_assert_eq!(found.map(ActionTime::from), expected);
    }
}

#[test]
fn extremes_of_edges_are_exact() {
    check(&[]);
    check(&edges());
    for a in edges() {
        check(&[a]);
        for b in edges() {
            check(&[a, b]);
        }
    }
}
