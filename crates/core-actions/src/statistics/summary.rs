//! The usual statistics of an action in one: count, sum, mean, minimum, maximum and quantiles.

use core_time::{Statistic, Tag};

use crate::action::time::ActionTime;
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::quantiles::Quantiles;
use crate::statistics::quantiles::quantile::Quantile;
use crate::statistics::traits::{HasCount, HasMean};

/// Keeps count, sum, mean, minimum, maximum and quantiles of times.
///
/// This is the tuple `(Mean, MinMax, Quantiles)` with methods. Choose a tuple where you need
/// fewer statistics, or others: each is paid for only if it is named.
///
/// Takes 120 bytes, and what [`Quantiles`] and the sum of fractions allocate.
///
/// # Accuracy
///
/// Count, minimum and maximum are exact. Sum and mean are exact sums, rounded once. A quantile is
/// exact for up to [`Quantiles::EXACT`] times and within 0.8 % for more, and never below the
/// minimum or above the maximum.
///
/// # Examples
///
/// ```
/// use core_actions::{Statistic, Summary};
///
/// let mut checkout = Summary::default();
/// for time in [100_u64, 200, 600] {
///     checkout.insert(time.into());
/// }
/// assert_eq!((checkout.count(), checkout.sum(), checkout.mean()), (3, 900.0, Some(300.0)));
/// assert_eq!(checkout.min(), Some(100_u64.into()));
/// assert_eq!(checkout.p99(), Some(600_u64.into()));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    pub(crate) mean: Mean,
    pub(crate) min_max: MinMax,
    pub(crate) quantiles: Quantiles,
}

impl Summary {
    /// Returns the number of times.
    #[must_use]
    pub fn count(&self) -> u64 {
        HasCount::count(&self.mean)
    }

    /// Returns the sum of all times, rounded once to the nearest `f64`.
    ///
    /// It is infinite from 2^1024 on.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.mean.sum()
    }

    /// Returns the exact sum divided by the count, rounded once; `None` without a time.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        HasMean::mean(&self.mean)
    }

    /// Returns the minimum, `None` without a time.
    #[must_use]
    pub fn min(&self) -> Option<ActionTime> {
        self.min_max.min()
    }

    /// Returns the maximum, `None` without a time.
    #[must_use]
    pub fn max(&self) -> Option<ActionTime> {
        self.min_max.max()
    }

    /// Returns a quantile, `None` without a time.
    ///
    /// # Complexity
    ///
    /// Linear in the bins of the histogram, at most some thousands.
    #[must_use]
    pub fn quantile(&self, quantile: Quantile) -> Option<ActionTime> {
        self.quantiles.quantile(quantile).map(|time| self.min_max.clamp(time))
    }

    /// Returns the median, `None` without a time.
    #[must_use]
    pub fn p50(&self) -> Option<ActionTime> {
        self.quantile(Quantile::MEDIAN)
    }

    /// Returns the 90th percentile, `None` without a time.
    #[must_use]
    pub fn p90(&self) -> Option<ActionTime> {
        self.quantile(Quantile::P90)
    }

    /// Returns the 99th percentile, `None` without a time.
    #[must_use]
    pub fn p99(&self) -> Option<ActionTime> {
        self.quantile(Quantile::P99)
    }
}

impl Statistic for Summary {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("summary");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize = <(Mean, MinMax, Quantiles)>::HEAP_BYTES_MAX;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        self.mean.insert(time);
        self.min_max.insert(time);
        self.quantiles.insert(time);
    }

    #[inline(always)]
    fn insert_all(&mut self, times: impl Iterator<Item = ActionTime> + Clone) {
        self.min_max.insert_all(times.clone());
        self.quantiles.insert_all(times.clone());
        self.mean.insert_all(times);
    }

    fn insert_n(&mut self, time: ActionTime, n: u64) {
        self.mean.insert_n(time, n);
        self.min_max.insert_n(time, n);
        self.quantiles.insert_n(time, n);
    }

    #[inline]
    fn prefetch(&self, time: ActionTime) -> u64 {
        self.quantiles.prefetch(time)
    }

    fn merge(&mut self, other: &Self) {
        self.mean.merge(&other.mean);
        self.min_max.merge(&other.min_max);
        self.quantiles.merge(&other.quantiles);
    }

    fn can_merge(&self, other: &Self) -> bool {
        self.mean.can_merge(&other.mean) && self.quantiles.can_merge(&other.quantiles)
    }
}

impl HasCount for Summary {
    fn count(&self) -> u64 {
        self.count()
    }
}

impl HasMean for Summary {
    fn mean(&self) -> Option<f64> {
        self.mean()
    }
}
