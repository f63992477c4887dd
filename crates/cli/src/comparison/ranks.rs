//! Order statistics that enclose a quantile of the distribution a sample is from.

use std::ops::RangeInclusive;

use statrs::function::beta::beta_reg;

/// The maximum number of values for which probabilities are computed.
const COUNT_MAX: u64 = 1_000_000_000;

/// Returns the ranks of two values of a sample that enclose a quantile, from 1.
///
/// The quantile of the distribution that `count` independent values are from lies between the
/// values of these ranks with a probability of at least `1 - alpha`, at each end missed with at
/// most half of `alpha`. That holds for any distribution: the number of values below the quantile
/// is binomial. `None` if the sample is too small to have such values.
///
/// # Accuracy
///
/// The probabilities are those of the binomial distribution, not of a normal one. Those of more
/// than 10^9 values would lose their digits, so the ranks are then those among 10^9, in proportion:
/// they are further apart than necessary.
///
/// # References
///
/// G. J. Hahn, W. Q. Meeker, "Statistical Intervals" (1991), section 5.2.
pub(super) fn ranks(count: u64, share: f64, alpha: f64) -> Option<RangeInclusive<u64>> {
    if count > COUNT_MAX {
        let few = ranks(COUNT_MAX, share, alpha)?;
        let scaled = |rank: u64| u128::from(rank) * u128::from(count);
        let lower = scaled(*few.start()) / u128::from(COUNT_MAX);
        let upper = scaled(*few.end()).div_ceil(u128::from(COUNT_MAX));
        return Some(lower as u64..=upper as u64);
    }
    // The largest rank whose value is above the quantile with at most half of `alpha`.
    let lower = below(count, share, alpha)?;
    // The same from above, where the quantile is the opposite one.
    let upper = count - below(count, 1.0 - share, alpha)? + 1;
    Some(lower..=upper)
}

/// Returns the largest rank from 1 for which fewer than that many successes are improbable enough.
fn below(count: u64, share: f64, alpha: f64) -> Option<u64> {
    // From 0, which always is, to the mean, which never is.
    let (mut is, mut is_not) = (0, (count as f64 * share).ceil() as u64 + 1);
    while is_not - is > 1 {
        let middle = is + (is_not - is) / 2;
        if at_most(middle - 1, count, share) <= alpha / 2.0 {
            is = middle;
        } else {
            is_not = middle;
        }
    }
    (is > 0).then_some(is)
}

/// Returns the probability of at most this many successes among `count`.
fn at_most(successes: u64, count: u64, share: f64) -> f64 {
    if successes >= count {
        return 1.0;
    }
    beta_reg((count - successes) as f64, successes as f64 + 1.0, 1.0 - share)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds up the binomial distribution term by term: at most 0, 1, 2, … successes.
    fn sums(count: u64, share: f64) -> Vec<f64> {
        let (mut ways, mut sum) = (0.0, 0.0);
        let term = |k: u64| {
            sum += (ways + k as f64 * share.ln() + (count - k) as f64 * (1.0 - share).ln()).exp();
            ways += ((count - k) as f64 / (k as f64 + 1.0)).ln();
            sum
        };
        (0..=count).map(term).collect()
    }

    #[test]
    fn ranks_are_those_of_the_binomial_distribution() {
        for count in [1, 5, 6, 20, 99, 368, 1_000] {
            for share in [0.01, 0.25, 0.5, 0.9, 0.99] {
                let at_most = sums(count, share);
                for alpha in [0.05, 0.05 / 6.0, 0.05 / 300.0] {
                    let (is_below, is_above) = (
                        |rank: &u64| at_most[*rank as usize - 1] <= alpha / 2.0,
                        |rank: &u64| at_most[*rank as usize - 1] >= 1.0 - alpha / 2.0,
                    );
                    let lower = (1..=count).take_while(is_below).last();
                    let upper = (1..=count).find(is_above);
                    let expected = lower.zip(upper).map(|(lower, upper)| lower..=upper);
                    assert_eq!(ranks(count, share, alpha), expected, "{count} {share} {alpha}");
                }
            }
        }
    }

    #[test]
    fn p99_needs_368_records_and_a_median_6() {
        for (share, enough) in [(0.99, 368), (0.5, 6), (0.01, 368), (0.999, 3_688)] {
            assert_eq!(ranks(enough - 1, share, 0.05), None, "{share}");
            assert!(ranks(enough, share, 0.05).is_some(), "{share}");
        }
        assert_eq!(ranks(0, 0.5, 0.05), None);
        for end in [0.0, 1.0] {
            assert_eq!(ranks(1_000_000, end, 0.05), None, "{end}");
        }
    }

    #[test]
    fn ranks_of_many_records_follow_the_normal_distribution() {
        for count in [1_000_000_u64, 300_000_000, 1_000_000_000, 1 << 53, u64::MAX] {
            for share in [0.5, 0.99] {
                // Beyond the limit, in proportion to those at the limit.
                let counted = count.min(COUNT_MAX) as f64;
                let deviation = (counted * share * (1.0 - share)).sqrt();
                let found = ranks(count, share, 0.05).unwrap();
                for (rank, sign) in [(*found.start(), -1.0), (*found.end(), 1.0)] {
                    let distance = rank as f64 / count as f64 * counted - counted * share;
                    let z = distance / deviation * sign;
                    assert!((z - 1.96).abs() < 0.01, "{count} {share} {found:?}: {z}");
                }
            }
        }
        assert_eq!(ranks(u64::MAX, 1.0, 0.05), None);
    }
}
