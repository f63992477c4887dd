//! Promise A5: quantiles are exact for few values and less than 1 % off for many, whatever the
//! values are like. The oracle sorts.

use std::ops::RangeInclusive;

use core_actions::{
    ActionTime, Bin, HasCount, Histogram, Quantile, Quantiles, Statistic, Summary, laws,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::values::{any_time, edges, of, time, units};

const SHARES: [f64; 9] = [0.0, 0.001, 0.1, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0];

/// Compares quantiles with those of the sorted times, and the bins with what falls into them.
#[track_caller]
fn check(mut times: Vec<ActionTime>) {
    let quantiles = of::<Quantiles>(&times);
    let histogram = quantiles.histogram();
    assert_eq!(histogram, of::<Histogram>(&times));
    assert_eq!(quantiles.count(), times.len() as u64);
    times.sort_unstable();
    for share in SHARES {
        let quantile = Quantile::try_from(share).unwrap();
        let (found, in_bins) = (quantiles.quantile(quantile), histogram.quantile(quantile));
        let Some(rank) = rank(share, times.len()) else {
            assert_eq!((found, in_bins), (None, None));
            continue;
        };
        let truth = times[rank];
        near(in_bins.unwrap(), truth);
        check_figure(found.unwrap(), truth, &times);
        let integers = times.iter().all(|time| time.as_integer().is_some());
        if integers && truth < ActionTime::from(128_u8) {
            assert_eq!((found, in_bins), (Some(truth), Some(truth)), "{share} of {times:?}");
        }
        check_bounds(quantiles.bounds_of_rank(rank as u64 + 1), truth, integers);
    }
    for none in [0, times.len() as u64 + 1, u64::MAX] {
        assert_eq!(quantiles.bounds_of_rank(none), None);
    }
    check_cells(&histogram, &times);
}

/// A figure is near the truth, within the sorted times, and exact where few of them are different.
#[track_caller]
fn check_figure(found: ActionTime, truth: ActionTime, sorted: &[ActionTime]) {
    near(found, truth);
    let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
    assert!((min..=max).contains(&found), "{found} is not from {min} to {max}");
    let is_end = truth == min || truth == max;
    if is_end || sorted.len() <= Quantiles::EXACT {
        assert_eq!(found, truth, "of {sorted:?}");
    }
}

/// Bounds hold the time, are close together, and are equal where bins have one integer.
#[track_caller]
fn check_bounds(found: Option<RangeInclusive<f64>>, truth: ActionTime, integers: bool) {
    let (from, to) = found.unwrap().into_inner();
    assert!(from <= truth.as_f64() && truth.as_f64() <= to, "{truth} is not in {from}..={to}");
    assert!(to <= from * (1.0 + 1.0 / 64.0) || from < 64.0 * f64::from_bits(1) || to.is_infinite());
    if integers && truth < ActionTime::from(128_u8) {
        assert_eq!((from, to), (truth.as_f64(), truth.as_f64()));
    }
}

/// The index of the nearest rank: the smallest that has so great a share below it or at it.
fn rank(share: f64, len: usize) -> Option<usize> {
    let rank = (share * 1_000.0).round() as usize * len;
    len.checked_sub(1).map(|last| rank.div_ceil(1_000).saturating_sub(1).min(last))
}

/// Whether one is at most 2^-7 of the truth off.
#[track_caller]
fn near(found: ActionTime, truth: ActionTime) {
    let (found_units, exact) = (units(found), units(truth));
    let off = if found > truth { found_units - &exact } else { &exact - found_units };
    assert!(off * 128_u8 <= exact, "{found} is too far from {truth}");
}

#[track_caller]
fn check_cells(histogram: &Histogram, sorted: &[ActionTime]) {
    let bins: Vec<_> = histogram.bins().collect();
    let mut rest = sorted;
    for &Bin { from, to, count } in &bins {
        let (bin, others) = rest.split_at(count as usize);
        let within = |time: &ActionTime| {
            self::time(from) <= *time && (to.is_infinite() || *time < self::time(to))
        };
        assert!(bin.iter().all(within), "{bin:?} are not from {from} to {to}");
        assert!(from == 0.0 || to <= from * (1.0 + 1.0 / 64.0) || from < 64.0 * f64::from_bits(1));
        rest = others;
    }
    assert_eq!((rest, histogram.count()), (&[][..], sorted.len() as u64));
    assert!(bins.windows(2).all(|two| two[0].to <= two[1].from), "{bins:?} overlap");
}

/// Random numbers from 0 to 1, the same on every run: SplitMix64.
fn random(seed: u64) -> impl Iterator<Item = f64> {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    (0..).map(move |index: u64| {
        let mut z = seed.wrapping_add(index + 1).wrapping_mul(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    })
}

#[track_caller]
fn check_random(value: impl Fn(f64, f64) -> ActionTime) {
    for (seed, len) in [(1, 33), (2, 1_000), (3, 20_000)] {
        let pairs = random(seed).zip(random(seed + 1_000_000));
        check(pairs.take(len).map(|(a, b)| value(a, b)).collect());
    }
}

/// A random number of the standard normal distribution, after Box and Muller.
fn normal(a: f64, b: f64) -> f64 {
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

#[test]
fn uniform_times_are_distinguished() {
    check_random(|a, _| time(a));
    check_random(|a, _| time((a * 10.0).floor()));
    check_random(|a, _| time((a * 100.0).floor()));
    check_random(|a, _| time((a * 1e6).floor()));
    check_random(|a, _| ActionTime::from((a * u64::MAX as f64) as u64));
}

#[test]
fn lognormal_times_are_distinguished() {
    check_random(|a, b| time((12.0 + 2.0 * normal(a, b)).exp()));
    check_random(|a, b| time((12.0 + 2.0 * normal(a, b)).exp().floor()));
    check_random(|a, b| time((100.0 * normal(a, b)).exp()));
}

#[test]
fn bimodal_times_are_distinguished() {
    let modes = |a: f64, b: f64| if a < 0.9 { 1e5 * (1.0 + b / 10.0) } else { 1e9 * (1.0 + b) };
    check_random(|a, b| time(modes(a, b)));
    check_random(|a, b| time(modes(a, b).floor()));
    check_random(|a, b| if a < 0.5 { time(0.0) } else { time(b) });
}

#[test]
fn quantiles_of_one_repeated_time_are_that_time() {
    for edge in edges() {
        for len in [0, 1, 2, 3, 32, 33, 255, 256, 257, 1_000] {
            check(vec![edge; len]);
        }
    }
}

#[test]
fn times_of_every_size_are_distinguished() {
    let any_float = |a: f64| f64::from_bits((a * f64::INFINITY.to_bits() as f64) as u64);
    check_random(|a, _| time(any_float(a)));
    check_random(|a, _| time(f64::from_bits((a * 200.0) as u64))); // The smallest of all.
    check_random(|a, _| time(f64::from_bits((a * (1_u64 << 55) as f64) as u64))); // Subnormal.
    check_random(|a, b| if a < 0.5 { time(1e-308 * b) } else { time(1e308 * b) });
    check((0..5_000).map(|bits| time(f64::from_bits(bits))).collect());
    check((0..5_000).map(|less| time(f64::from_bits(f64::MAX.to_bits() - less))).collect());
}

#[test]
fn one_and_two_times_are_exact() {
    for a in edges() {
        check(vec![a]);
        for b in edges() {
            check(vec![a, b]);
            check([vec![a; 20], vec![b; 13]].concat());
            check([vec![b; 300], vec![a; 700]].concat());
        }
    }
    // In one bin, so that the bins do not count them apart.
    let [a, b] = [1_007_u64, 1_008].map(ActionTime::from);
    for (ones, twos) in [(33, 0), (32, 1), (16, 17), (1, 1_000)] {
        check([vec![a; ones], vec![b; twos]].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quantiles_are_near_those_of_the_sorted_times(times in vec(any_time(), 0..100)) {
        check(times);
    }

    #[test]
    fn bins_begin_and_end_where_they_say(time in any_time()) {
        // One bin on, so that both sides of each edge are tried.
        let bin = of::<Histogram>(&[time]).bins().next().unwrap();
        let first = self::time(bin.from);
        let bin_of = |time| of::<Histogram>(&[time]).bins().next().unwrap();
        prop_assert_eq!(bin_of(first), bin);
        if bin.to.is_finite() {
            prop_assert_eq!(bin_of(self::time(bin.to.next_down())), bin);
            prop_assert_eq!(bin_of(self::time(bin.to)).from, bin.to);
        }
    }
}

#[test]
fn exactness_depends_on_the_number_of_times_alone() {
    let times: Vec<_> =
        (0..200_u64).map(|i| ActionTime::from(1_000 + i * i * 7_919 % 997)).collect();
    for len in [1, 31, 32, 33, 34, 64, 65, 200] {
        laws::check_merge::<Quantiles>(&times[..len]);
        check(times[..len].to_vec());
    }
    let median = Quantile::MEDIAN;
    let most = of::<Quantiles>(&times[..Quantiles::EXACT]);
    assert!(times.contains(&most.quantile(median).unwrap()));
    let mut more = most.clone();
    more.merge(&of(&times[..1]));
    let percentiles = (0..=100).map(|part| Quantile::try_from(f64::from(part) / 100.0).unwrap());
    let is_exact = |quantile| times.contains(&more.quantile(quantile).unwrap());
    assert!(!{ percentiles }.all(is_exact));
}

#[test]
fn fetched_memory_is_that_of_the_next_insertion() {
    let time = |integer: u64| ActionTime::from(integer);
    let (mut quantiles, mut summary) = (Quantiles::default(), Summary::default());
    // First the last time.
    for inserted in 0..=Quantiles::EXACT as u64 {
        let expected = inserted.saturating_sub(1);
        assert_eq!(quantiles.prefetch(time(3)), expected, "{inserted}");
        assert_eq!(summary.prefetch(time(3)), expected, "{inserted}");
        quantiles.insert(time(inserted));
        summary.insert(time(inserted));
    }
    // Then the bin of the last one between the minimum and the maximum.
    let fetched = quantiles.prefetch(time(3));
    assert_eq!(summary.prefetch(time(3)), fetched);
    quantiles.insert(time(1_000));
    assert!(fetched > 0 && fetched < quantiles.prefetch(time(3)));
    // At last the count of its bin.
    (0..200).for_each(|_| quantiles.insert(time(3)));
    assert_eq!(quantiles.prefetch(time(3)), 201);
    assert_eq!(quantiles.prefetch(time(1_000_000)), 0);
}
