//! The exact variance, from sums of times and of their squares that are never rounded.
//!
//! The variance of `n` values with the sum `s` and the sum of squares `q` is `(n q - s²) / n²`. In
//! floats this formula is the textbook example of cancellation: `n q` and `s²` may agree in all of
//! their digits. In integers the difference is exact, and only the final quotient or root is
//! rounded.
//!
//! Welford's recurrence is accurate in floats, but depends on the order of insertion and merging.
//!
//! Reference: T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
//! variance: analysis and recommendations" (1983), on the errors of algorithms in floats.

use core_time::{Statistic, Subtract, Tag};

use crate::action::time::ActionTime;
use crate::exact::limbs::{LOWEST_BIT, Rounded, add_product, divide, round, square_root, subtract};
use crate::exact::sum::{NEAR_SQUARES_LIMBS, SQUARES_LIMBS, Sum, SumOfSquares, integers_first};
use crate::statistics::mean::Mean;
use crate::statistics::traits::{HasCount, HasMean, counts_fit};

/// Keeps the mean, the variance and the standard deviation of times.
///
/// Takes 112 bytes, and 808 more from the first fraction below 2^-76 or time of 2^64 or more on.
///
/// The *population* figures describe the inserted times. The *sample* figures (divided by the count
/// minus 1) estimate those of the population that the times are a random sample of.
///
/// # Accuracy
///
/// Every figure is exact and rounded once to the nearest `f64`, ties to even. So it does not depend
/// on the order of insertion or merging, and is never negative or NaN. The sums have room for 2^64
/// times of any size. A variance of 2^1024 or more is infinite, because no `f64` is as large; its
/// root, the standard deviation, is finite.
///
/// # Complexity
///
/// The time of a figure does not depend on the number of records: a fraction of a microsecond for
/// integers, a few microseconds with fractions.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, HasMean, Statistic, Variance};
///
/// let mut variance = Variance::default();
/// for time in [1_000_000_007_u64, 1_000_000_009] {
///     variance.insert(ActionTime::from(time));
/// }
/// assert_eq!(variance.mean(), Some(1_000_000_008.0));
/// assert_eq!(variance.population_variance(), Some(1.0)); // Naive floats say 0.
/// assert_eq!(variance.population_deviation(), Some(1.0));
/// assert_eq!(variance.sample_variance(), Some(2.0));
/// assert_eq!(variance.sample_deviation(), Some(std::f64::consts::SQRT_2));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variance {
    pub(crate) mean: Mean,
    pub(crate) squares: SumOfSquares,
}

impl Variance {
    /// Returns the mean squared distance from the mean; `None` without a time.
    #[must_use]
    pub fn population_variance(&self) -> Option<f64> {
        self.figure(self.mean.count(), round)
    }

    /// Returns the square root of the [population variance](Self::population_variance).
    ///
    /// # Accuracy
    ///
    /// Rounded once: it is computed from the exact variance, not from the rounded one.
    #[must_use]
    pub fn population_deviation(&self) -> Option<f64> {
        self.figure(self.mean.count(), square_root)
    }

    /// Returns the sum of squared distances from the mean, divided by the count minus 1.
    ///
    /// `None` for fewer than two times.
    #[must_use]
    pub fn sample_variance(&self) -> Option<f64> {
        self.figure(self.mean.count().saturating_sub(1), round)
    }

    /// Returns the square root of the [sample variance](Self::sample_variance).
    ///
    /// # Accuracy
    ///
    /// Rounded once: it is computed from the exact variance, not from the rounded one.
    #[must_use]
    pub fn sample_deviation(&self) -> Option<f64> {
        self.figure(self.mean.count().saturating_sub(1), square_root)
    }

    /// Returns the sum of all times.
    ///
    /// # Accuracy
    ///
    /// The same as [`Mean::sum`].
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.mean.sum()
    }

    /// Divides the squared distances from the mean by `divisor`, and rounds with `rounded`.
    fn figure(&self, divisor: u64, rounded: Rounded) -> Option<f64> {
        if divisor == 0 {
            return None;
        }
        let count = self.mean.count();
        Some(match (self.mean.exact().near(), self.squares.near()) {
            // The quotient is zero or above 2^-384, so 512 bits after the point hold 128 of its
            // bits.
            (Some(sum), Some(squares)) => {
                let limbs = distances::<{ 4 + NEAR_SQUARES_LIMBS + 1 }>(4, count, sum, squares);
                let lowest_bit = SumOfSquares::NEAR_LOWEST_BIT - 256;
                quotient(limbs, lowest_bit, [count, divisor], rounded)
            }
            // The difference ends far below the last bit of a float, and above that of its root.
            _ => {
                let (sum, squares) = (self.mean.exact().total(), self.squares.total());
                let limbs = distances::<{ SQUARES_LIMBS + 2 }>(1, count, &sum, &squares);
                quotient(limbs, 2 * LOWEST_BIT - 64, [count, divisor], rounded)
            }
        })
    }
}

/// Returns whether `count` numbers of at least 0 can have this sum and sum of squares.
pub(crate) fn go_together(count: u64, sum: &Sum, squares: &SumOfSquares) -> bool {
    const LIMBS: usize = SQUARES_LIMBS + 2;
    /// Returns a product with the highest limb first, for comparison.
    fn product(a: &[u64], b: &[u64]) -> [u64; LIMBS] {
        let mut product = [0; LIMBS];
        add_product(&mut product, a, b);
        product.reverse();
        product
    }
    let (sum, squares) = (sum.total(), squares.total());
    let square_of_sum = product(&sum, &sum);
    // The extremes are that all numbers are equal, and that all but one are zero.
    product(&squares, &[count]) >= square_of_sum && product(&squares, &[1]) <= square_of_sum
}

/// Returns the count times the sum of squared distances from the mean, above `below` zero limbs.
pub(crate) fn distances<const LIMBS: usize>(
    below: usize,
    count: u64,
    sum: &[u64],
    squares: &[u64],
) -> [u64; LIMBS] {
    let (mut distances, mut square_of_sum) = ([0; LIMBS], [0; LIMBS]);
    add_product(&mut distances[below..], squares, &[count]);
    add_product(&mut square_of_sum[below..], sum, sum);
    subtract(&mut distances, &square_of_sum);
    distances
}

/// Divides by two numbers, which equals a division by their product, and rounds.
fn quotient<const LIMBS: usize>(
    mut limbs: [u64; LIMBS],
    lowest_bit: i32,
    by: [u64; 2],
    rounded: Rounded,
) -> f64 {
    let more = by.map(|by| divide(&mut limbs, by));
    rounded(&limbs, lowest_bit, more[0] || more[1])
}

impl Statistic for Variance {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("variance");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize = Mean::HEAP_BYTES_MAX + SumOfSquares::HEAP_BYTES_MAX;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        self.mean.insert(time);
        self.squares.insert(time);
    }

    #[inline(always)]
    fn insert_all(&mut self, times: impl Iterator<Item = ActionTime> + Clone) {
        let mut integers = Self::default();
        let rest = integers_first(times, |integer| integers.insert(integer.into()));
        self.merge(&integers);
        if let Some(rest) = rest {
            self.mean.insert_all(rest.clone());
            self.squares.insert_run(rest);
        }
    }

    fn insert_n(&mut self, time: ActionTime, n: u64) {
        self.mean.insert_n(time, n);
        self.squares.insert_n(time, n);
    }

    #[inline]
    fn merge(&mut self, other: &Self) {
        self.mean.merge(&other.mean);
        self.squares.merge(&other.squares);
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl Subtract for Variance {
    fn subtract(&mut self, other: &Self) {
        self.mean.subtract(&other.mean);
        self.squares.subtract(&other.squares, self.mean.count());
    }

    fn can_subtract(&self, other: &Self) -> bool {
        if !self.mean.can_subtract(&other.mean) {
            return false;
        }
        let rest = self.mean.count() - other.mean.count();
        if !self.squares.can_subtract(&other.squares, rest) {
            return false;
        }
        let mut difference = self.clone();
        difference.subtract(other);
        go_together(rest, &difference.mean.sum, &difference.squares)
    }
}

impl HasCount for Variance {
    fn count(&self) -> u64 {
        self.mean.count()
    }
}

impl HasMean for Variance {
    fn mean(&self) -> Option<f64> {
        self.mean.mean()
    }
}
