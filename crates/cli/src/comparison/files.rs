//! Files as the sample: the figure of each file is one value.
//!
//! Records of one run depend on each other, and runs differ more than their records say. Where
//! there are several files on each side, their figures are compared instead, which assumes only
//! that the files are independent.

use std::collections::BTreeMap;
use std::iter;

use statrs::distribution::{ContinuousCDF, Normal};

use super::estimate::Estimate;
use super::ranks::ranks;

/// The minimum number of files on each side that are compared as the sample.
pub(crate) const FILES_MIN: usize = 5;
/// The maximum number of values on each side for which the probability is counted.
const EXACT_MAX: usize = 20;

/// Returns the median of values, and its interval if there are enough values for one.
///
/// The median of an even number is the middle between two.
pub(crate) fn median(values: &mut [f64], alpha: f64) -> Option<(f64, Option<Estimate>)> {
    values.sort_unstable_by(f64::total_cmp);
    let (lower, upper) = (values.get(values.len().checked_sub(1)? / 2)?, values[values.len() / 2]);
    let value = f64::midpoint(*lower, upper);
    let estimate = ranks(values.len() as u64, 0.5, alpha).map(|ranks| {
        let [from, to] = [*ranks.start(), *ranks.end()].map(|rank| values[rank as usize - 1]);
        Estimate { value, from, to }
    });
    Some((value, estimate))
}

/// Returns the probability that equal distributions differ at least as much, in either direction.
///
/// # Accuracy
///
/// Exact for up to 20 values a side that are all different. Otherwise by the normal distribution,
/// corrected for ties and for continuity, but at least the [smallest] probability there is.
///
/// [smallest]: rarest
///
/// # References
///
/// H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is stochastically
/// larger than the other" (1947).
pub(crate) fn mann_whitney(before: &[f64], after: &[f64]) -> f64 {
    // In order, with how often each value occurs on both sides.
    let mut values: BTreeMap<u64, [u64; 2]> = BTreeMap::new();
    for (side, sample) in [before, after].into_iter().enumerate() {
        for value in sample {
            // Values are 0 or more, and so in the order of their bits.
            values.entry((value + 0.0).to_bits()).or_default()[side] += 1;
        }
    }
    // Twice the number of pairs in which `before` is smaller; equal ones count half.
    let (mut twice, mut seen) = (0, 0);
    for [one, two] in values.values() {
        twice += two * (2 * seen + one);
        seen += one;
    }
    let (one, two) = (before.len(), after.len());
    let most = 2 * (one * two) as u64;
    let extreme = twice.min(most - twice);
    let has_ties = values.values().any(|[one, two]| one + two > 1);
    let p = if !has_ties && one.max(two) <= EXACT_MAX {
        let ways = ways(one, two);
        let tail: f64 = ways[..=extreme as usize / 2].iter().sum();
        2.0 * tail / ways.iter().sum::<f64>()
    } else {
        let ties =
            values.values().map(|[one, two]| ((one + two) as f64).powi(3) - (one + two) as f64);
        let all = (one + two) as f64;
        let correction = ties.sum::<f64>() / (all * (all - 1.0));
        let variance = (one * two) as f64 / 12.0 * (all + 1.0 - correction);
        let distance = (most as f64 / 4.0 - extreme as f64 / 2.0 - 0.5).max(0.0);
        if variance > 0.0 { 2.0 * Normal::standard().cdf(-distance / variance.sqrt()) } else { 1.0 }
    };
    p.clamp(rarest(one, two), 1.0)
}

/// Returns the probability of two samples of which one is above the other, in either direction.
///
/// No other outcome is rarer, so that with too few values none is rare enough.
pub(crate) fn rarest(one: usize, two: usize) -> f64 {
    let orders = (1..=two).map(|at| (one + at) as f64 / at as f64).product::<f64>();
    (2.0 / orders).min(1.0)
}

/// Returns in how many orders of two samples a number of pairs is in one order, by that number.
fn ways(one: usize, two: usize) -> Vec<f64> {
    // `rows[j]` is the answer for the first of one sample and `j` of the other.
    let mut rows = vec![vec![1.0]; two + 1];
    for first in 1..=one {
        rows[0] = vec![1.0];
        for second in 1..=two {
            // The largest value is of either sample: of the first, it is above all `second`.
            let (without_second, without_first) = (rows[second - 1].clone(), &rows[second]);
            let mut row = vec![0.0; first * second + 1];
            iter::zip(&mut row, &without_second).for_each(|(sum, ways)| *sum += ways);
            iter::zip(&mut row[second..], without_first).for_each(|(sum, ways)| *sum += ways);
            rows[second] = row;
        }
    }
    rows.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &[f64], after: &[f64], expected: f64) {
        for (one, two) in [(before, after), (after, before)] {
            let p = mann_whitney(one, two);
            assert!((p - expected).abs() < 1e-9, "{one:?} {two:?}: {p}, not {expected}");
        }
    }

    #[test]
    fn probability_is_counted_without_ties() {
        let low = [1.0, 2.0, 3.0, 4.0, 5.0];
        check(&low, &[6.0, 7.0, 8.0, 9.0, 10.0], 2.0 / 252.0);
        check(&low, &[4.5, 7.0, 8.0, 9.0, 10.0], 4.0 / 252.0);
        check(&[1.0, 2.0], &[3.0], 2.0 / 3.0);
        check(&[1.0], &[2.0], 1.0);
        // All orders of 3 and 4 values, by the number of pairs.
        assert_eq!(ways(3, 4), [1.0, 1.0, 2.0, 3.0, 4.0, 4.0, 5.0, 4.0, 4.0, 3.0, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn ties_are_corrected_for() {
        check(&[1.0; 6], &[1.0; 7], 1.0);
        // The normal distribution says 0.004, but only 2 of 252 orders are as far apart.
        check(&[1.0; 5], &[2.0; 5], 2.0 / 252.0);
        // 3.5 pairs of 12.5 in the mean, a variance of 22.08, and a half for continuity.
        check(&[1.0, 2.0, 2.0, 3.0, 4.0], &[2.0, 4.0, 5.0, 6.0, 7.0], 0.071_369_010_92);
    }

    #[test]
    fn counted_and_normal_probabilities_are_close() {
        let sample =
            |from: f64, len: usize| -> Vec<f64> { (0..len).map(|at| from + at as f64).collect() };
        let counted = mann_whitney(&sample(0.0, 20), &sample(6.5, 20));
        let normal = mann_whitney(&sample(0.0, 21), &sample(6.5, 20));
        assert!((counted - normal).abs() < 0.02 && counted > 0.0, "{counted} {normal}");
    }

    #[test]
    fn median_has_an_interval_from_6_values_on() {
        assert_eq!(median(&mut [], 0.05), None);
        assert_eq!(median(&mut [3.0, 1.0], 0.05), Some((2.0, None)));
        assert_eq!(median(&mut [5.0, 1.0, 2.0, 3.0, 4.0], 0.05), Some((3.0, None)));
        let estimate = Estimate { value: 3.5, from: 1.0, to: 6.0 };
        let six = &mut [6.0, 5.0, 1.0, 2.0, 3.0, 4.0];
        assert_eq!(median(six, 0.05), Some((3.5, Some(estimate))));
    }
}
