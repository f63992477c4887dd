//! Statistics of values of either sign: one of the values below zero, and one of all others.
//!
//! A statistic of times knows no sign, and that keeps its record path short. So the values below
//! zero have a statistic of their sizes, next to that of the others. Both keep all of their laws,
//! so the pair merges and subtracts to the bit. A figure is put together when it is read: the sum
//! is the exact difference of two exact sums, rounded once. One sum of either sign would need a
//! sign in each limb or a second form of the wire, and would gain nothing.

use std::cmp::Ordering;

use core_time::{Statistic, Subtract, Tag};

use crate::action::signed::SignedValue;
use crate::action::time::ActionTime;
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::quantiles::Quantiles;
use crate::statistics::quantiles::quantile::Quantile;
use crate::statistics::traits::{HasCount, HasMean};
use crate::statistics::variance::Variance;

/// Keeps a statistic of [signed values](SignedValue): `Signed<Mean>`, `Signed<MinMax>` and others.
///
/// Takes twice the bytes of `S`. It can be subtracted if `S` can. Its tag is that of `S` within
/// `signed(...)`. In a tuple, all members must be of signed values.
///
/// # Accuracy
///
/// As `S`: `Signed<Mean>` has the exact sum and mean, `Signed<Variance>` the exact variance, each
/// rounded once, `Signed<MinMax>` the exact ends, and a quantile of `Signed<Quantiles>` is within
/// 0.8 % of its size. A count of 2^64 or more is that of 2^64 - 1.
///
/// # Complexity
///
/// An insert costs that of `S` and one comparison.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "tracker")] {
/// use core_actions::{Mean, MergedTracker, MinMax, Signed, SignedValue};
///
/// let drift = MergedTracker::<(Signed<Mean>, Signed<MinMax>)>::default();
/// for millis in [3, -4, -2] {
///     drift.record("clock of db-1", millis)?;
/// }
/// drift.record("clock of db-1", -0.5)?;
///
/// let row = &drift.stats()[0];
/// let (mean, min_max) = row.statistic();
/// assert_eq!((row.count(), row.mean(), mean.sum()), (4, -0.875, -3.5));
/// assert_eq!(min_max.min(), Some(SignedValue::from(-4)));
/// assert_eq!(min_max.max(), Some(SignedValue::from(3)));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signed<S> {
    /// Of the sizes of the values below zero.
    pub(crate) negative: S,
    /// Of all other values.
    pub(crate) positive: S,
}

impl<S> Signed<S> {
    /// Returns the statistic of the sizes of the values below zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Count, HasCount, Signed, Statistic};
    ///
    /// let mut count = Signed::<Count>::default();
    /// [-3, 0, 5].map(|value| count.insert(value.into()));
    /// assert_eq!((count.negative().count(), count.positive().count()), (1, 2));
    /// ```
    #[must_use]
    pub fn negative(&self) -> &S {
        &self.negative
    }

    /// Returns the statistic of the values of at least zero.
    #[must_use]
    pub fn positive(&self) -> &S {
        &self.positive
    }

    /// Returns the statistic that the value belongs to, and its size.
    #[inline]
    fn side(&mut self, value: SignedValue) -> (&mut S, ActionTime) {
        let side = if value.is_negative() { &mut self.negative } else { &mut self.positive };
        (side, value.size())
    }
}

impl<S: Statistic<Value = ActionTime>> Statistic for Signed<S> {
    type Value = SignedValue;

    const TAG: Tag = Tag::of("signed", &S::TAG);

    const NEVER_PANICS: bool = S::NEVER_PANICS;

    const HEAP_BYTES_MAX: usize = S::HEAP_BYTES_MAX.saturating_mul(2);

    #[inline]
    fn insert(&mut self, value: SignedValue) {
        let (side, size) = self.side(value);
        side.insert(size);
    }

    fn insert_n(&mut self, value: SignedValue, n: u64) {
        let (side, size) = self.side(value);
        side.insert_n(size, n);
    }

    #[inline]
    fn prefetch(&self, value: SignedValue) -> u64 {
        let side = if value.is_negative() { &self.negative } else { &self.positive };
        side.prefetch(value.size())
    }

    fn merge(&mut self, other: &Self) {
        self.negative.merge(&other.negative);
        self.positive.merge(&other.positive);
    }

    fn can_merge(&self, other: &Self) -> bool {
        self.negative.can_merge(&other.negative) && self.positive.can_merge(&other.positive)
    }
}

impl<S: Subtract<Value = ActionTime>> Subtract for Signed<S> {
    fn subtract(&mut self, other: &Self) {
        self.negative.subtract(&other.negative);
        self.positive.subtract(&other.positive);
    }

    fn can_subtract(&self, other: &Self) -> bool {
        self.negative.can_subtract(&other.negative) && self.positive.can_subtract(&other.positive)
    }
}

impl<S: HasCount<Value = ActionTime>> HasCount for Signed<S> {
    fn count(&self) -> u64 {
        self.negative.count().saturating_add(self.positive.count())
    }
}

impl Signed<Mean> {
    /// Returns the sum of all values.
    ///
    /// # Accuracy
    ///
    /// The exact sum rounded once to the nearest `f64`, ties to even; infinite from 2^1024 in size
    /// on. The mean is always finite.
    #[must_use]
    pub fn sum(&self) -> f64 {
        let (sign, size) = self.netted();
        sign.of(size.sum())
    }

    /// Returns the sign and the size of the exact sum, with the count of all values.
    fn netted(&self) -> (Sign, Mean) {
        let (count, of_negative) = (self.count(), self.negative.exact());
        let (order, sum) = self.positive.exact().difference(of_negative, count);
        (Sign(order), Mean { count, sum })
    }
}

impl HasMean for Signed<Mean> {
    fn mean(&self) -> Option<f64> {
        let (sign, size) = self.netted();
        size.mean().map(|mean| sign.of(mean))
    }
}

impl Signed<Variance> {
    /// Returns the sum of all values, as [`Signed::<Mean>::sum`].
    #[must_use]
    pub fn sum(&self) -> f64 {
        let (sign, sizes) = self.netted();
        sign.of(sizes.sum())
    }

    /// Returns the mean squared distance from the mean, as [`Variance::population_variance`].
    #[must_use]
    pub fn population_variance(&self) -> Option<f64> {
        self.netted().1.population_variance()
    }

    /// Returns the square root of it, as [`Variance::population_deviation`].
    #[must_use]
    pub fn population_deviation(&self) -> Option<f64> {
        self.netted().1.population_deviation()
    }

    /// Returns the estimate from a sample, as [`Variance::sample_variance`].
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{HasMean, Signed, Statistic, Variance};
    ///
    /// let mut drift = Signed::<Variance>::default();
    /// [-1, 1, 3].map(|value| drift.insert(value.into()));
    /// assert_eq!((drift.mean(), drift.sample_variance()), (Some(1.0), Some(4.0)));
    /// ```
    #[must_use]
    pub fn sample_variance(&self) -> Option<f64> {
        self.netted().1.sample_variance()
    }

    /// Returns the square root of it, as [`Variance::sample_deviation`].
    #[must_use]
    pub fn sample_deviation(&self) -> Option<f64> {
        self.netted().1.sample_deviation()
    }

    /// Returns the sign of the sum, and a variance with its size and all squares.
    ///
    /// A variance depends on the square of the sum only, and so not on its sign.
    fn netted(&self) -> (Sign, Variance) {
        let (count, of_negative) = (self.count(), self.negative.mean.exact());
        let (order, sum) = self.positive.mean.exact().difference(of_negative, count);
        let mut squares = self.positive.squares.clone();
        squares.merge(&self.negative.squares);
        (Sign(order), Variance { mean: Mean { count, sum }, squares })
    }
}

impl HasMean for Signed<Variance> {
    fn mean(&self) -> Option<f64> {
        let (sign, sizes) = self.netted();
        sizes.mean().map(|mean| sign.of(mean))
    }
}

/// The sign of a sum: how the values above zero compare with those below.
struct Sign(Ordering);

impl Sign {
    fn of(&self, size: f64) -> f64 {
        // A difference, because the negation of zero is -0.
        if self.0.is_lt() { 0.0 - size } else { size }
    }
}

impl Signed<MinMax> {
    /// Returns the minimum, `None` without a value.
    #[must_use]
    pub fn min(&self) -> Option<SignedValue> {
        let below = self.negative.max().map(SignedValue::below_zero);
        below.or_else(|| self.positive.min().map(SignedValue::from))
    }

    /// Returns the maximum, `None` without a value.
    #[must_use]
    pub fn max(&self) -> Option<SignedValue> {
        let above = self.positive.max().map(SignedValue::from);
        above.or_else(|| self.negative.min().map(SignedValue::below_zero))
    }
}

impl Signed<Quantiles> {
    /// Returns a quantile of the values; `None` without a value.
    ///
    /// It is the smallest value that at least this [share](Quantile) of the values does not exceed.
    ///
    /// # Accuracy
    ///
    /// Values below zero and all others are kept apart. Each part is exact for up to
    /// [`Quantiles::EXACT`] values, and within 0.8 % for more.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Quantile, Quantiles, Signed, Statistic};
    ///
    /// let mut drift = Signed::<Quantiles>::default();
    /// [-9, -1, 2, 4].map(|value| drift.insert(value.into()));
    /// assert_eq!(drift.quantile(Quantile::MEDIAN), Some((-1).into()));
    /// assert_eq!(drift.quantile(Quantile::P99), Some(4.into()));
    /// ```
    #[must_use]
    pub fn quantile(&self, quantile: Quantile) -> Option<SignedValue> {
        let (rank, negative) = (quantile.rank(self.count())?, self.negative.count());
        match rank.checked_sub(negative) {
            // The smallest value has the largest size.
            None | Some(0) => {
                let size = self.negative.estimate_of_rank(negative - rank + 1)?;
                Some(SignedValue::below_zero(size))
            }
            Some(rank) => Some(self.positive.estimate_of_rank(rank)?.into()),
        }
    }
}
