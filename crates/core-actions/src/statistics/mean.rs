//! The exact mean: a count and a sum that is never rounded.

use core_time::{Statistic, Subtract, Tag};

use crate::action::time::ActionTime;
use crate::exact::limbs::{divide, ratio, round};
use crate::exact::sum::{NEAR_SUM_LIMBS, SUM_LIMBS, Sum};
use crate::statistics::traits::{HasCount, HasMean, counts_fit};

/// Keeps the count and the exact sum of times, which give their mean.
///
/// Takes 48 bytes, and 272 more from the first fraction below 2^-76 or time of 2^64 or more on.
///
/// # Accuracy
///
/// The sum has room for 2^64 times of any size. Sums of equal value compare equal.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, Mean, HasMean, Statistic};
///
/// let mut mean = Mean::default();
/// for _ in 0..10 {
///     mean.insert(ActionTime::try_from(0.1)?);
/// }
/// assert_eq!(mean.mean(), Some(0.1)); // A plain float sum gives 0.09999999999999999.
/// assert_eq!(mean.sum(), 1.0);
/// # Ok::<(), core_actions::TimeError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mean {
    pub(crate) count: u64,
    pub(crate) sum: Sum,
}

impl Mean {
    /// Returns the sum of all times.
    ///
    /// # Accuracy
    ///
    /// The exact sum rounded once to the nearest `f64`, ties to even; infinite from 2^1024 on.
    /// The mean is always finite.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.divided_by(1)
    }

    /// Returns the exact sum.
    pub(crate) fn exact(&self) -> &Sum {
        &self.sum
    }

    /// Inserts `count` integers by their sum.
    pub(crate) fn insert_integers(&mut self, count: u64, sum: u128) {
        self.count = self.count.wrapping_add(count);
        self.sum.insert_power(sum);
    }

    /// Inserts floats that are finite, not negative, and not integers below 2^64.
    pub(crate) fn insert_floats(&mut self, floats: &[f64]) {
        self.insert_all(floats.iter().map(|&float| ActionTime::of_fraction(float)));
    }

    /// Inserts `count` floats by their sum, which is finite and not negative.
    pub(crate) fn insert_sum(&mut self, count: u64, sum: f64) {
        self.count = self.count.wrapping_add(count);
        self.sum.insert_float(sum);
    }

    fn divided_by(&self, divisor: u64) -> f64 {
        match self.sum.near() {
            Some(&[0, 0, low, high]) => {
                return ratio(u128::from(high) << 64 | u128::from(low), divisor);
            }
            // The quotient is zero or above 2^-192, so 256 bits after the point hold 64 of its
            // bits.
            Some(near) => {
                let mut limbs = [0; NEAR_SUM_LIMBS + 2];
                limbs[2..].copy_from_slice(near);
                let more = divide(&mut limbs, divisor);
                return round(&limbs, Sum::NEAR_LOWEST_BIT - 128, more);
            }
            None => {}
        }
        // One more limb at the bottom, for the bits of the quotient below the last of the sum.
        let mut limbs = [0; SUM_LIMBS + 1];
        limbs[1..].copy_from_slice(&self.sum.total());
        let more = divide(&mut limbs, divisor);
        round(&limbs, Sum::LOWEST_BIT - 64, more)
    }
}

impl Statistic for Mean {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("mean");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize = Sum::HEAP_BYTES_MAX;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        self.count = self.count.wrapping_add(1);
        self.sum.insert(time);
    }

    #[inline(always)]
    fn insert_all(&mut self, times: impl Iterator<Item = ActionTime> + Clone) {
        let count = self.sum.insert_all(times);
        self.count = self.count.wrapping_add(count);
    }

    // What it allocates is not worth a look: nearly all sums are near ones.
    #[inline]
    fn prefetch(&self, _: ActionTime) -> u64 {
        self.count
    }

    fn insert_n(&mut self, time: ActionTime, n: u64) {
        self.count = self.count.wrapping_add(n);
        self.sum.insert_n(time, n);
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.sum.merge(&other.sum);
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl Subtract for Mean {
    fn subtract(&mut self, other: &Self) {
        self.count = self.count.wrapping_sub(other.count);
        self.sum.subtract(&other.sum, self.count);
    }

    fn can_subtract(&self, other: &Self) -> bool {
        let rest = self.count.checked_sub(other.count);
        rest.is_some_and(|rest| self.sum.can_subtract(&other.sum, rest))
    }
}

impl HasCount for Mean {
    fn count(&self) -> u64 {
        self.count
    }
}

impl HasMean for Mean {
    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.divided_by(self.count))
    }
}
