//! The figures of a statistic in another unit.
//!
//! A figure that is rounded and then multiplied is rounded twice: 0.1 ms in seconds may come out a
//! neighbour of 0.0001. So the exact sums are multiplied and divided, and the result is rounded
//! once.

use crate::action::conversion::Conversion;
use crate::action::time::ActionTime;
use crate::exact::limbs::{LOWEST_BIT, Rounded, divide, multiply, round, square_root};
use crate::exact::sum::{
    NEAR_SQUARES_LIMBS, NEAR_SUM_LIMBS, SQUARES_LIMBS, SUM_LIMBS, Sum, SumOfSquares,
};
use crate::statistics::mean::Mean;
use crate::statistics::traits::HasCount;
use crate::statistics::variance::{Variance, distances};
use core_time::Statistic;

/// The limbs that a multiplication by two numerators needs.
const NUMERATOR_LIMBS: usize = 2;

/// The figures of a [`Mean`] or a [`Variance`] in another unit.
///
/// # Accuracy
///
/// Each figure is the exact one in the other unit, rounded once to the nearest `f64`, ties to even.
/// It is infinite from 2^1024 on. Variances are in the square of the unit.
///
/// # Complexity
///
/// A few microseconds a figure, without allocation.
#[derive(Debug, Clone, Copy)]
pub struct Converted<'s, S> {
    statistic: &'s S,
    conversion: Conversion,
}

impl Mean {
    /// Returns the figures in another unit.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, Statistic, Unit};
    ///
    /// let mut mean = Mean::default();
    /// (1..=3_u64).for_each(|minutes| mean.insert(minutes.into()));
    /// let seconds = mean.converted(Unit::Minutes.to(Unit::Seconds));
    /// assert_eq!((seconds.sum(), seconds.mean()), (360.0, Some(120.0)));
    /// ```
    #[must_use]
    pub fn converted(&self, conversion: Conversion) -> Converted<'_, Self> {
        Converted { statistic: self, conversion }
    }
}

impl Variance {
    /// Returns the figures in another unit.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Statistic, Unit, Variance};
    ///
    /// let mut variance = Variance::default();
    /// [1_u64, 3].map(|millis| variance.insert(millis.into()));
    /// let seconds = variance.converted(Unit::Milliseconds.to(Unit::Seconds));
    /// assert_eq!(seconds.sample_variance(), Some(2e-6)); // In square seconds.
    /// assert_eq!(seconds.mean(), Some(0.002));
    /// ```
    #[must_use]
    pub fn converted(&self, conversion: Conversion) -> Converted<'_, Self> {
        Converted { statistic: self, conversion }
    }
}

impl ActionTime {
    /// Returns the time in another unit.
    ///
    /// # Accuracy
    ///
    /// Rounded once to the nearest `f64`, ties to even; infinite from 2^1024 on.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{ActionTime, Unit};
    ///
    /// let time = ActionTime::from(90_u64);
    /// assert_eq!(time.converted(Unit::Minutes.to(Unit::Hours)), 1.5);
    /// ```
    #[must_use]
    pub fn converted(self, conversion: Conversion) -> f64 {
        let mut alone = Mean::default();
        alone.insert(self);
        alone.converted(conversion).sum()
    }
}

impl Converted<'_, Mean> {
    /// Returns the sum of all times.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.divided_by(1)
    }

    /// Returns the mean; `None` without a time.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = self.statistic.count();
        (count > 0).then(|| self.divided_by(count))
    }

    fn divided_by(&self, divisor: u64) -> f64 {
        let Conversion { numerator, denominator } = self.conversion;
        let sum = self.statistic.exact();
        let by = [divisor, denominator];
        match sum.near() {
            // The quotient is zero or above 2^-234, so 320 bits after the point hold 86 bits of it.
            Some(near) => {
                let mut limbs = [0; 3 + NEAR_SUM_LIMBS + 1];
                limbs[3..][..NEAR_SUM_LIMBS].copy_from_slice(near);
                quotient(limbs, Sum::NEAR_LOWEST_BIT - 192, &[numerator], by, round)
            }
            // One limb at the bottom for the quotient, and one at the top for the product.
            None => {
                let mut limbs = [0; SUM_LIMBS + 2];
                limbs[1..=SUM_LIMBS].copy_from_slice(&sum.total());
                quotient(limbs, Sum::LOWEST_BIT - 64, &[numerator], by, round)
            }
        }
    }
}

impl Converted<'_, Variance> {
    /// Returns the sum of all times.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.statistic.mean.converted(self.conversion).sum()
    }

    /// Returns the mean; `None` without a time.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.statistic.mean.converted(self.conversion).mean()
    }

    /// Returns [`Variance::population_variance`] in the square of the other unit.
    #[must_use]
    pub fn population_variance(&self) -> Option<f64> {
        self.figure(self.statistic.count(), round)
    }

    /// Returns [`Variance::population_deviation`] in the other unit.
    #[must_use]
    pub fn population_deviation(&self) -> Option<f64> {
        self.figure(self.statistic.count(), square_root)
    }

    /// Returns [`Variance::sample_variance`] in the square of the other unit.
    #[must_use]
    pub fn sample_variance(&self) -> Option<f64> {
        self.figure(self.statistic.count().saturating_sub(1), round)
    }

    /// Returns [`Variance::sample_deviation`] in the other unit.
    #[must_use]
    pub fn sample_deviation(&self) -> Option<f64> {
        self.figure(self.statistic.count().saturating_sub(1), square_root)
    }

    fn figure(&self, divisor: u64, rounded: Rounded) -> Option<f64> {
        if divisor == 0 {
            return None;
        }
        let Self { statistic, conversion: Conversion { numerator, denominator } } = *self;
        let count = statistic.count();
        let (times, by) = ([numerator; 2], [count, divisor, denominator, denominator]);
        let (sum, squares) = (statistic.mean.exact(), &statistic.squares);
        Some(match (sum.near(), squares.near()) {
            // The quotient is zero or above 2^-468, so 640 bits after the point hold 172 of its
            // bits.
            (Some(sum), Some(squares)) => {
                const LIMBS: usize = 6 + NEAR_SQUARES_LIMBS + 1 + NUMERATOR_LIMBS;
                let limbs = distances::<LIMBS>(6, count, sum, squares);
                let lowest_bit = SumOfSquares::NEAR_LOWEST_BIT - 384;
                quotient(limbs, lowest_bit, &times, by, rounded)
            }
            // The difference ends far below the last bit of a float, and above that of its root.
            _ => {
                let (sum, squares) = (sum.total(), squares.total());
                const LIMBS: usize = SQUARES_LIMBS + 2 + NUMERATOR_LIMBS;
                let limbs = distances::<LIMBS>(1, count, &sum, &squares);
                quotient(limbs, 2 * LOWEST_BIT - 64, &times, by, rounded)
            }
        })
    }
}

/// Multiplies, divides, which equals a division by the product of all divisors, and rounds.
fn quotient<const LIMBS: usize, const DIVISORS: usize>(
    mut limbs: [u64; LIMBS],
    lowest_bit: i32,
    times: &[u64],
    by: [u64; DIVISORS],
    rounded: Rounded,
) -> f64 {
    times.iter().for_each(|&times| multiply(&mut limbs, times));
    let more = by.map(|by| divide(&mut limbs, by));
    rounded(&limbs, lowest_bit, more.contains(&true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainder_decides_a_tie() {
        // In the middle of 2^54 and the next float. A product of divisors is divided by.
        let middle = (1_u64 << 54) + 2;
        let divided = |by| quotient([6 * middle + by], 0, &[], [2, 3], round);
        let [even, next] = [1_u64 << 54, (1 << 54) + 4].map(|float| float as f64);
        assert_eq!((divided(0), divided(1), divided(2)), (even, next, next));
        assert_eq!(quotient([middle], 0, &[5], [5], round), even);
    }
}
