//! Quantiles: exact for few values, and within 1 % for many.

pub(crate) mod bins;
mod dense;
pub(crate) mod histogram;
mod operation;
pub(crate) mod quantile;
mod simple;
pub(crate) mod small;

pub use bins::Bin;
pub use histogram::Histogram;
pub use quantile::{Quantile, QuantileError};

use std::borrow::Cow;
use std::iter;
use std::ops::RangeInclusive;

use core_time::{Statistic, Tag};

use crate::action::time::ActionTime;
use crate::statistics::traits::{HasCount, counts_fit};
use small::SmallSample;

/// Keeps quantiles of times.
///
/// Up to [`Self::EXACT`] times are kept as they are. With one more, all become counts in the bins
/// of a [`Histogram`]. The form depends only on the number of times, so this cannot be subtracted;
/// the histogram can.
///
/// Takes 120 bytes, and 8 for each kept time, or as much as the histogram.
///
/// # Accuracy
///
/// Exact for up to [`Self::EXACT`] times. For more, at most 2^-7 (0.8 %) off the true quantile,
/// whatever its size; see [`Histogram::quantile`]. So the answer may be below the minimum or above
/// the maximum by as much; a [`MinMax`](crate::MinMax) can [clamp](crate::MinMax::clamp) it, as
/// [`Summary`](crate::Summary) does.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, Quantile, Quantiles, Statistic};
///
/// let mut quantiles = Quantiles::default();
/// assert_eq!(quantiles.quantile(Quantile::MEDIAN), None);
/// for time in [1_500_u64, 1_000] {
///     quantiles.insert(ActionTime::from(time));
/// }
/// assert_eq!(quantiles.quantile(Quantile::MEDIAN), Some(ActionTime::from(1_000_u64)));
/// assert_eq!(quantiles.quantile(Quantile::P99), Some(ActionTime::from(1_500_u64)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quantiles {
    /// Empty once there are more than [`Self::EXACT`].
    pub(crate) small: SmallSample,
    /// Empty until then.
    pub(crate) histogram: Histogram,
}

impl Quantiles {
    /// The maximum number of times that are kept as they are, with exact quantiles.
    pub const EXACT: usize = SmallSample::LEN_MAX;

    /// Returns a quantile of the times; `None` without a time.
    ///
    /// It is the smallest time that at least this [share](Quantile) of the times does not exceed.
    ///
    /// # Complexity
    ///
    /// Linear in the bins. While the times are kept as they are, that of sorting them.
    #[must_use]
    pub fn quantile(&self, quantile: Quantile) -> Option<ActionTime> {
        match quantile.rank(self.small.len() as u64) {
            Some(rank) => self.small.sorted().times().nth(rank as usize - 1),
            None => self.histogram.quantile(quantile),
        }
    }

    /// Returns bounds of the time with this rank in ascending order, from 1.
    ///
    /// `None` if there is no such rank: for 0, and above the number of times.
    ///
    /// # Accuracy
    ///
    /// The time is never outside. While the times are kept as they are, both bounds are the time,
    /// as the nearest `f64`. Otherwise they are the edges of its [`Bin`], at most 1/64 of its size
    /// apart; the upper one is infinite for the last bin. If all times are integers below 2^64, the
    /// bounds are the smallest and the largest integer in the bin, and equal below 128. So an
    /// interval of confidence made of two such bounds contains the width of bins.
    ///
    /// # Complexity
    ///
    /// As that of [`quantile`](Self::quantile).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{ActionTime, Quantiles, Statistic};
    ///
    /// let mut quantiles = Quantiles::default();
    /// quantiles.insert(ActionTime::from(1_500_u64));
    /// assert_eq!(quantiles.bounds_of_rank(1), Some(1_500.0..=1_500.0));
    /// for _ in 0..Quantiles::EXACT {
    ///     quantiles.insert(ActionTime::from(2_000_u64));
    /// }
    /// assert_eq!(quantiles.bounds_of_rank(1), Some(1_488.0..=1_503.0));
    /// ```
    #[must_use]
    pub fn bounds_of_rank(&self, rank: u64) -> Option<RangeInclusive<f64>> {
        if self.small.is_empty() {
            return self.histogram.bounds_of_rank(rank);
        }
        let index = usize::try_from(rank.checked_sub(1)?).ok()?;
        let time = self.small.sorted().times().nth(index)?.as_f64();
        Some(time..=time)
    }

    /// Returns the median; `None` without a time.
    #[must_use]
    pub fn p50(&self) -> Option<ActionTime> {
        self.quantile(Quantile::MEDIAN)
    }

    /// Returns the 90th percentile; `None` without a time.
    #[must_use]
    pub fn p90(&self) -> Option<ActionTime> {
        self.quantile(Quantile::P90)
    }

    /// Returns the 99th percentile; `None` without a time.
    #[must_use]
    pub fn p99(&self) -> Option<ActionTime> {
        self.quantile(Quantile::P99)
    }

    /// Returns all times as counts in bins.
    #[must_use]
    pub fn histogram(&self) -> Cow<'_, Histogram> {
        if self.small.is_empty() {
            return Cow::Borrowed(&self.histogram);
        }
        let mut histogram = Histogram::default();
        histogram.insert_new(self.small.times());
        Cow::Owned(histogram)
    }

    /// Inserts a time that needs a new bin or a carry.
    #[cold]
    fn insert_new(&mut self, time: ActionTime) {
        if self.histogram.is_empty() && self.small.len() < Self::EXACT {
            self.small.push(time);
        } else {
            self.pour();
            self.histogram.insert_anywhere(time);
        }
    }

    /// Moves the kept times into the histogram.
    fn pour(&mut self) {
        self.histogram.insert_new(std::mem::take(&mut self.small).times());
    }
}

impl Statistic for Quantiles {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("quantiles");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize = SmallSample::HEAP_BYTES_MAX + Histogram::HEAP_BYTES_MAX;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        self.insert_all(iter::once(time));
    }

    #[inline]
    fn insert_all(&mut self, mut times: impl Iterator<Item = ActionTime> + Clone) {
        while let Some(time) = self.histogram.insert_simple(&mut times) {
            self.insert_new(time);
        }
    }

    fn merge(&mut self, other: &Self) {
        let many = !(self.histogram.is_empty() && other.histogram.is_empty());
        if many || self.small.len() + other.small.len() > Self::EXACT {
            self.pour();
            self.histogram.merge(&other.histogram);
            self.histogram.insert_new(other.small.times());
        } else {
            other.small.times().for_each(|time| self.small.push(time));
        }
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl HasCount for Quantiles {
    /// # Complexity
    ///
    /// Linear in the bins.
    fn count(&self) -> u64 {
        self.small.len() as u64 + self.histogram.count()
    }
}
