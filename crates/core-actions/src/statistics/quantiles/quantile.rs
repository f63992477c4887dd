//! The share of values that selects a quantile.

use thiserror::Error;

/// Selects a quantile by a share of all values, from 0 to 1.
///
/// The quantile is the smallest value that at least this share of all values does not exceed (the
/// *nearest rank*). It is always one of the values, never a mean of two. Of 10 values, 0.9 selects
/// the ninth in ascending order and 0.91 the tenth; 0 selects the minimum, 1 the maximum.
///
/// # Accuracy
///
/// A share such as 0.9 is not exact as an `f64`. This one is slightly larger, and so is 10 times as
/// much. So a rank that exceeds an integer by at most 2^-51 of its size counts as that integer.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, Quantile, QuantileError, Quantiles, Statistic};
///
/// let mut quantiles = Quantiles::default();
/// for time in [100_u64, 200, 300, 400] {
///     quantiles.insert(ActionTime::from(time));
/// }
/// assert_eq!(quantiles.quantile(Quantile::MEDIAN), Some(ActionTime::from(200_u64)));
/// assert_eq!(quantiles.quantile(Quantile::try_from(0.51)?), Some(ActionTime::from(300_u64)));
/// assert_eq!(Quantile::try_from(99.0), Err(QuantileError::AboveOne));
/// # Ok::<(), QuantileError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Quantile(f64);

impl Quantile {
    /// One half.
    pub const MEDIAN: Self = Self(0.5);
    /// 90 of 100.
    pub const P90: Self = Self(0.9);
    /// 95 of 100.
    pub const P95: Self = Self(0.95);
    /// 99 of 100.
    pub const P99: Self = Self(0.99);
    /// 999 of 1,000.
    pub const P999: Self = Self(0.999);

    /// Returns the share, from 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        self.0
    }

    /// Returns the rank of the quantile among `count` values, from 1; `None` without a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::Quantile;
    ///
    /// assert_eq!(Quantile::P90.rank(10), Some(9));
    /// assert_eq!(Quantile::P99.rank(10), Some(10));
    /// assert_eq!(Quantile::P99.rank(0), None);
    /// ```
    #[must_use]
    pub fn rank(self, count: u64) -> Option<u64> {
        // The share and the product are both rounded, each by at most 2^-53 of its size.
        let rank = (self.0 * count as f64 * (1.0 - 2.0 * f64::EPSILON)).ceil();
        (count > 0).then(|| if self.0 == 1.0 { count } else { (rank as u64).clamp(1, count) })
    }
}

impl TryFrom<f64> for Quantile {
    type Error = QuantileError;

    /// # Errors
    ///
    /// [`QuantileError::NotANumber`], [`QuantileError::Negative`] below 0,
    /// [`QuantileError::AboveOne`] above 1.
    fn try_from(share: f64) -> Result<Self, QuantileError> {
        match share {
            _ if share.is_nan() => Err(QuantileError::NotANumber),
            ..0.0 => Err(QuantileError::Negative),
            0.0..=1.0 => Ok(Self(share)),
            _ => Err(QuantileError::AboveOne),
        }
    }
}

/// Why a number cannot be a quantile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QuantileError {
    /// Not a number.
    #[error("quantile is not a number, it must be from 0 to 1")]
    NotANumber,
    /// Below 0.
    #[error("quantile is negative, it must be from 0 to 1")]
    Negative,
    /// Above 1.
    #[error("quantile is above 1, it must be from 0 to 1 (99 percent is 0.99)")]
    AboveOne,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(share: f64, count: u64, expected: Option<u64>) {
        let quantile = Quantile::try_from(share).unwrap();
        assert_eq!(quantile.rank(count), expected, "{share} of {count}");
    }

    #[test]
    fn ranks_are_those_of_the_decimal_share() {
        for parts in [10_u64, 100, 1_000, 10_000] {
            for part in 0..=parts {
                for count in (1..=40).chain([99, 100, 101, 1_000, 123_457, 10_000_000_000]) {
                    let expected = (part * count).div_ceil(parts).max(1);
                    check(part as f64 / parts as f64, count, Some(expected));
                }
            }
        }
        check(1.0 / 3.0, 3, Some(1));
        check(2.0 / 3.0, 3, Some(2));
        check(0.667, 3, Some(3));
    }

    #[test]
    fn ends_are_the_minimum_and_maximum() {
        for count in [1, 2, (1 << 53) + 1, u64::MAX] {
            check(0.0, count, Some(1));
            check(-0.0, count, Some(1));
            check(f64::from_bits(1), count, Some(1));
            check(1.0, count, Some(count));
        }
        check(1.0_f64.next_down(), 1, Some(1));
        check(0.5, u64::MAX, Some((1 << 63) - (1 << 12)));
        for share in [0.0, 0.5, 1.0] {
            check(share, 0, None);
        }
    }

    #[test]
    fn a_quantile_outside_of_0_to_1_is_refused() {
        let message = |share: f64| Quantile::try_from(share).unwrap_err().to_string();
        assert_eq!(message(f64::NAN), "quantile is not a number, it must be from 0 to 1");
        let negative = "quantile is negative, it must be from 0 to 1";
        assert_eq!(message(-f64::from_bits(1)), negative);
        assert_eq!(message(f64::NEG_INFINITY), negative);
        let above = "quantile is above 1, it must be from 0 to 1 (99 percent is 0.99)";
        assert_eq!(message(1.0_f64.next_up()), above);
        assert_eq!(message(f64::INFINITY), above);
    }
}
