//! Promise J8: no quantile is below the minimum or above the maximum, whatever way the times took,
//! and all are exact while no more than two times are different.

use core_actions::{ActionTime, Quantile, Quantiles, Statistic};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::values::{any_time, of, time};

const SHARES: [f64; 9] = [0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0];

/// Checks the quantiles of some times against the sorted ones.
#[track_caller]
fn check(way: &str, quantiles: &Quantiles, sorted: &[ActionTime]) {
    let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
    for share in SHARES {
        let quantile = Quantile::try_from(share).unwrap();
        let found = quantiles.quantile(quantile).unwrap();
        let truth = sorted[quantile.rank(sorted.len() as u64).unwrap() as usize - 1];
        let case = format!("{share} of {} {way}: {found}, not {truth}", sorted.len());
        assert!(min <= found && found <= max, "{case}, is outside");
        if truth == min || truth == max || sorted.len() <= Quantiles::EXACT {
            assert_eq!(found, truth, "{case}");
        }
        let off = (found.as_f64() - truth.as_f64()).abs();
        assert!(off <= truth.as_f64() / 127.0, "{case}");
    }
}

/// Takes the times every way, and checks each.
#[track_caller]
fn check_all(times: &[ActionTime]) {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let one_by_one = of::<Quantiles>(times);
    check("one by one", &one_by_one, &sorted);

    let mut at_once = Quantiles::default();
    at_once.insert_all(times.iter().copied());
    check("at once", &at_once, &sorted);

    let mut counted = Quantiles::default();
    for run in sorted.chunk_by(|a, b| a == b) {
        counted.insert_n(run[0], run.len() as u64);
    }
    check("counted", &counted, &sorted);

    for parts in [2, 3, times.len()] {
        let mut merged = Quantiles::default();
        times.chunks(times.len().div_ceil(parts)).for_each(|part| merged.merge(&of(part)));
        assert_eq!(merged, one_by_one, "of {parts} parts");
        check("merged", &merged, &sorted);
    }
    #[cfg(feature = "tracker")]
    check("in a window", &windowed(times), &sorted);
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&one_by_one).unwrap();
        check("read from text", &serde_json::from_str(&text).unwrap(), &sorted);
        let bytes = postcard::to_allocvec(&one_by_one).unwrap();
        check("read from bytes", &postcard::from_bytes(&bytes).unwrap(), &sorted);
    }
}

/// The statistic of times in several buckets of time.
#[cfg(feature = "tracker")]
fn windowed(times: &[ActionTime]) -> Quantiles {
    use core_actions::WindowedTracker;
    use core_time::{ManualClock, Stamp};
    use std::time::Duration;

    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = Default::default();
    let tracker = WindowedTracker::<Quantiles>::with_clock(spec, clock.clone()).unwrap();
    for (at, &time) in times.iter().enumerate() {
        tracker.record("name", time).unwrap();
        if at % 7 == 0 && at < 7 * 250 {
            clock.advance(Duration::from_secs(1));
        }
    }
    let window = tracker.window(Duration::from_secs(300)).unwrap();
    window.rows()[0].statistic().clone()
}

/// Times in one bin, in few bins, and of any size; many of them equal.
fn any_times() -> impl Strategy<Value = Vec<ActionTime>> {
    let near = (1_000_u64..1_030).prop_map(ActionTime::from);
    let close = (0_u32..40).prop_map(|at| time(0.7 + f64::from(at) / 2_000.0));
    let value = prop_oneof![near, close, any_time()];
    let distinct = prop_oneof![vec(value.clone(), 1..3), vec(value, 1..60)];
    let runs = distinct
        .prop_flat_map(|distinct| vec((prop::sample::select(distinct), 1_usize..60), 1..12));
    runs.prop_map(|runs| {
        let mut times: Vec<_> =
            runs.into_iter().flat_map(|(time, n)| std::iter::repeat_n(time, n)).collect();
        // In another order, the same on every run.
        let len = times.len();
        (0..len).for_each(|at| times.swap(at, at * 7_919 % len));
        times
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quantiles_are_within_minimum_and_maximum_on_every_way(times in any_times()) {
        check_all(&times);
    }
}

#[test]
fn any_number_of_one_and_of_two_times_is_exact() {
    let [a, b] = [1_007_u64, 1_008].map(ActionTime::from);
    for count in [1, 2, 32, 33, 34, 255, 256, 257, 2_000] {
        check_all(&vec![a; count]);
        check_all(&[vec![b; count], vec![a; count]].concat());
        check_all(&[vec![time(0.1); count], vec![time(1e300); 1]].concat());
    }
    let mut quantiles = Quantiles::default();
    quantiles.insert_n(a, u64::MAX >> 2);
    quantiles.insert_n(b, u64::MAX >> 2);
    assert_eq!((quantiles.p50(), quantiles.p90()), (Some(a), Some(b)));
}

/// Snapshots of versions that kept bins only have the quantiles that they had.
#[cfg(feature = "serde")]
#[test]
fn quantiles_of_an_old_snapshot_are_those_of_its_bins() {
    use core_actions::{HasCount, Histogram};

    let cases: [Vec<f64>; 6] = [
        vec![1_007.0; 33],
        vec![0.5; 40],
        [vec![0.0; 20], vec![1.0; 20]].concat(),
        (0..100).map(f64::from).collect(),
        (0..200).map(|at| f64::from(at) * 7.3 + 0.1).collect(),
        [vec![1e-320; 9], vec![2.5; 9], vec![1e300; 9], vec![7.0; 9]].concat(),
    ];
    for floats in cases {
        let times: Vec<_> = floats.into_iter().map(time).collect();
        let histogram = of::<Histogram>(&times);
        let text = serde_json::to_string(&histogram).unwrap();
        let text = format!(r#"{{"few":[],"many":{text}}}"#);
        // Without names of fields: an empty list, and that there is a histogram.
        let bytes = [vec![0, 1], postcard::to_allocvec(&histogram).unwrap()].concat();
        let read: [Quantiles; 2] =
            [serde_json::from_str(&text).unwrap(), postcard::from_bytes(&bytes).unwrap()];
        for mut old in read {
            for share in SHARES {
                let quantile = Quantile::try_from(share).unwrap();
                assert_eq!(old.quantile(quantile), histogram.quantile(quantile), "{text}");
            }
            // It is written as a new one, and goes on.
            let again = serde_json::to_string(&old).unwrap();
            assert_eq!(serde_json::from_str::<Quantiles>(&again).unwrap(), old, "{again}");
            old.merge(&of(&times));
            assert_eq!(old.count(), 2 * times.len() as u64);
            let min = times.iter().min().unwrap();
            assert!(old.quantile(Quantile::try_from(0.0).unwrap()).unwrap() <= *min);
        }
    }
}
