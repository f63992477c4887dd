//! The forms of a histogram in memory, held equal.

use super::*;
use crate::statistics::quantiles::bins::{bin_of_float, bin_of_integer};

fn of(times: &[f64]) -> Histogram {
    let mut histogram = Histogram::default();
    times.iter().for_each(|&time| histogram.insert(ActionTime::try_from(time).unwrap()));
    histogram
}

/// Returns the number of counts in the second slice.
fn carried(histogram: &Histogram) -> usize {
    histogram.rare.as_ref().map_or(0, |rare| rare.carried.counts.len())
}

/// Checks the number of bins in the slice and in the tree.
#[track_caller]
fn check_memory(times: &[f64], near: usize, far: usize) {
    for order in [times.to_vec(), times.iter().rev().copied().collect()] {
        let mut histogram = of(&order);
        histogram.count_listed();
        assert_eq!(
            (histogram.near.counts.len(), histogram.rare.as_ref().map_or(0, |rare| rare.far.len())),
            (near, far),
            "{order:?}"
        );
    }
}

#[test]
fn slice_holds_the_bins_from_the_smallest_to_the_largest_time() {
    check_memory(&[], 0, 0);
    check_memory(&[1.0; 9], STEP, 0);
    check_memory(&[1.0, 1.25], 2 * STEP, 0);
    check_memory(&[1.0, 1.5, 1.75], 4 * STEP, 0);
    check_memory(&[1e3, 1e9], 81 * STEP, 0); // From the 9th power of two to the 29th.
    check_memory(&[0.0, 1e-300, 1e300], 0, 2);
    let (min, max) = (2_f64.powi(-32), 2_f64.powi(64).next_down());
    check_memory(&[min, max], NEAR.len(), 0);
    check_memory(&[0.0, min.next_down(), min, max, max.next_up()], NEAR.len(), 2);
    assert_eq!(NEAR.len(), 6 << 10);
}

#[test]
fn bins_are_listed_while_a_list_is_smaller() {
    let check = |times: &[f64], listed| {
        let histogram = of(times);
        let counted = if listed { 0 } else { times.len() as u64 };
        let found = (histogram.listed.len(), !histogram.near.is_empty());
        assert_eq!(found, (times.len() - counted as usize, counted > 0), "{times:?}");
    };
    assert_eq!(size_of::<Histogram>(), 72);
    check(&[1.0; 16], true); // 32 bytes at least.
    check(&[1.0; 17], false); // 64 bytes, or 16.
    let wide: Vec<_> = (0..129_u32).map(|at| 2_f64.powi((at % 8) as i32)).collect();
    check(&wide[..128], true); // 256 bytes, or 464.
    check(&wide, false);
    let narrow: Vec<_> = wide.iter().map(|wide| wide.min(4.0)).collect();
    check(&narrow[..64], true); // 128 bytes, or 144.
    check(&narrow[..65], false); // 256 bytes, or 144.
}

#[test]
fn listed_bins_are_as_counted_ones() {
    // Zeros, and times on both sides of the slice.
    let all = |at: usize| [0.0, 1e-300, 1e300, 2_f64.powi((at * 7 % 12) as i32), 3.5][at % 5];
    let near = |at: usize| (at * 37 % 50) as f64 + 1.0;
    for time in [all, near] {
        let histograms: Vec<_> = (0..140)
            .step_by(9)
            .map(|len| (0..len).map(time).collect::<Vec<_>>())
            .map(|times| {
                let listed = of(&times);
                let mut counted = listed.clone();
                counted.count_listed();
                [listed, counted]
            })
            .collect();
        for [listed, counted] in &histograms {
            assert_eq!(listed, counted);
            assert!(listed.bins().eq(counted.bins()));
            assert_eq!(listed.count(), counted.count());
            for rank in 0..=listed.count() + 1 {
                assert_eq!(listed.bin_of_rank(rank), counted.bin_of_rank(rank), "{rank}");
            }
        }
        let both = || histograms.iter().flatten();
        for (one, two) in both().flat_map(|one| both().map(move |two| (one, two))) {
            let mut sum = one.clone();
            sum.merge(two);
            let mut expected = one.clone();
            expected.count_listed();
            two.counts().for_each(|(bin, count)| expected.add(bin, count));
            expected.fractions += two.fractions;
            assert_eq!(sum, expected);
            assert!(sum.can_subtract(one));
            sum.subtract(one);
            assert_eq!(&sum, two);
        }
    }
}

/// Returns `count` times in each of three bins: two in one step, and one in a later step.
fn times(count: usize) -> Vec<f64> {
    [1.5, 1.625, 100.5].into_iter().cycle().take(3 * count).collect()
}

/// Checks that a histogram has `count` times in each of three bins.
#[track_caller]
fn check_counts(histogram: &Histogram, count: u64) {
    let found: Vec<_> = histogram.bins().map(|bin| (bin.from, bin.count)).collect();
    let expected = [1.5, 1.625, 100.0].map(|from| (from, count));
    assert_eq!(found, expected[..if count > 0 { 3 } else { 0 }]);
    assert_eq!((histogram.count(), histogram.fractions), (3 * count, 3 * count));
    for (share, middle) in [(0.1, 1.5078125), (0.5, 1.6328125), (1.0, 100.5)] {
        let quantile = Quantile::try_from(share).unwrap();
        let expected = (count > 0).then(|| ActionTime::of_float(middle));
        assert_eq!(histogram.quantile(quantile), expected, "{share} of {count}");
    }
}

#[test]
fn counts_beyond_a_byte_are_carried() {
    for count in [0, 1, 254, 255, 256, 257, 511, 512, 513, 66_000] {
        let histogram = of(&times(count));
        check_counts(&histogram, count as u64);
        let expected = if count < 256 { 0 } else { histogram.near.counts.len() };
        assert_eq!(carried(&histogram), expected, "{count}");
        let mut at_once = Histogram::default();
        at_once.insert_all(times(count).into_iter().map(ActionTime::of_float));
        assert_eq!(at_once, histogram, "{count}");
    }
    // The second slice covers only the bins that carried.
    let mut histogram = of(&[1.0; 256]);
    histogram.merge(&of(&[1e9; 255]));
    assert_eq!((histogram.near.counts.len(), carried(&histogram)), (1_920, STEP));
}

#[test]
fn counts_beyond_a_byte_are_merged_and_subtracted() {
    let counts = [0, 1, 127, 128, 255, 256, 257, 511, 512, 600];
    for (a, b) in counts.into_iter().flat_map(|a| counts.map(|b| (a, b))) {
        let (one, two) = (of(&times(a)), of(&times(b)));
        let mut both = one.clone();
        both.merge(&two);
        check_counts(&both, (a + b) as u64);
        assert_eq!(both, of(&times(a + b)), "{a} and {b}");
        both.subtract(&two);
        check_counts(&both, a as u64);
        assert_eq!(both, one, "{a} without {b}");
        // Subtracting more than was merged wraps around, and merging it restores the counts.
        both.subtract(&two);
        both.merge(&two);
        assert_eq!(both, one, "{a} after {b} less");
    }
}

#[cfg(feature = "serde")]
#[test]
fn counts_beyond_a_byte_are_those_that_were_given() {
    let bins = [1.5, 1.625, 100.5].map(|float| bin_of_float(float) as u32);
    for count in [1, 255, 256, 257, 65_535, 65_536, u64::MAX / 3] {
        let histogram = Histogram::of_counts(&bins.map(|bin| (bin, count)), 3 * count);
        check_counts(&histogram, count);
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        twice.subtract(&histogram);
        assert_eq!(twice, histogram);
        let expected = if count < 256 { 0 } else { histogram.near.counts.len() };
        assert_eq!(carried(&histogram), expected, "{count}");
    }
}

#[test]
fn each_fraction_is_counted_once() {
    // The first in its bin, a second one, one in a new bin, and some outside of the slice.
    let fractions = [1.5, 1.5, 1e3 + 0.5, 1e300, 1e300, f64::from_bits(1)];
    for len in 0..=fractions.len() {
        let times = [&[1.0, 0.0, 0.0], &fractions[..len]].concat();
        assert_eq!(of(&times).fractions, len as u64, "{times:?}");
    }
}

#[test]
fn integers_are_in_the_bins_of_their_floats() {
    // All bins of the slice exist, so that an increment of a wrong one is detected.
    let mut histogram = of(&[2_f64.powi(-32), 2_f64.powi(64).next_down()]);
    histogram.count_listed();
    let around = |power: u64| (power - power.min(70)).max(1)..power.saturating_add(70);
    for integer in (0..64).flat_map(|shift| around(1 << shift)).chain([u64::MAX]) {
        // Truncated to 53 bits, so that the conversion does not round up.
        let cut = integer & (u64::MAX << (integer.ilog2().saturating_sub(52)));
        let bin = bin_of_integer(integer);
        assert_eq!(bin, bin_of_float(cut as f64), "{integer}");
        let count = |histogram: &Histogram| histogram.near_counts(bin).next().unwrap().1;
        let before = count(&histogram);
        histogram.insert(ActionTime::from(integer));
        assert_eq!(count(&histogram), before + 1, "{integer}");
    }
}
