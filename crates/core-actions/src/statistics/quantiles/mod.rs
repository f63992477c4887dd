//! Quantiles: exact for few values, and within 1 % for many.

pub(crate) mod bins;
mod dense;
pub(crate) mod histogram;
mod listed;
pub(crate) mod many;
mod operation;
pub(crate) mod quantile;
mod simple;
pub(crate) mod small;

pub use bins::Bin;
pub use histogram::Histogram;
pub use quantile::{Quantile, QuantileError};

use std::iter;
use std::ops::RangeInclusive;

use core_time::{Statistic, Tag};

use crate::action::time::ActionTime;
use crate::statistics::traits::{HasCount, counts_fit};
use many::Many;
use small::SmallSample;

/// Keeps quantiles of times.
///
/// Up to [`Self::EXACT`] times are kept as they are. With one more, the minimum and the maximum are
/// kept with their numbers, and all times between become counts in the bins of a [`Histogram`]. The
/// form depends only on the times, so this cannot be subtracted; the histogram can.
///
/// Takes 40 bytes, and 72 for up to 9 times, 256 for up to [`Self::EXACT`], or 48 more than the
/// histogram of the times between.
///
/// # Accuracy
///
/// Exact for up to [`Self::EXACT`] times, and for any number of times of which at most two are
/// different. For more, at most 2^-7 (0.8 %) off the true quantile, whatever its size; see
/// [`Histogram::quantile`]. Never below the minimum or above the maximum, which are exact. (In a
/// snapshot of a version before these were kept, they are those of the bins.)
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
    /// `None` until then. Apart, because most of many actions have few times.
    pub(crate) many: Option<Box<Many>>,
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
    /// Linear in the bins, or in the times while they are kept as they are.
    #[must_use]
    pub fn quantile(&self, quantile: Quantile) -> Option<ActionTime> {
        self.estimate_of_rank(quantile.rank(self.count())?)
    }

    /// Returns the time with this rank in ascending order, from 1, or its estimate.
    pub(crate) fn estimate_of_rank(&self, rank: u64) -> Option<ActionTime> {
        match &self.many {
            Some(many) => many.estimate_of_rank(rank),
            None => self.small.nth_smallest(usize::try_from(rank.checked_sub(1)?).ok()?),
        }
    }

    /// Returns bounds of the time with this rank in ascending order, from 1.
    ///
    /// `None` if there is no such rank: for 0, and above the number of times.
    ///
    /// # Accuracy
    ///
    /// The time is never outside. While the times are kept as they are, both bounds are the time,
    /// as the nearest `f64`; so they are for the minimum and the maximum. Otherwise they are the
    /// edges of its [`Bin`], at most 1/64 of its size apart, and within minimum and maximum.
    /// If all times between these are integers below 2^64, the bounds are the smallest and the
    /// largest integer in the bin, and equal below 128. So an interval of confidence made of two
    /// such bounds contains the width of bins.
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
    /// for time in 1_600..1_700_u64 {
    ///     quantiles.insert(ActionTime::from(time));
    /// }
    /// assert_eq!(quantiles.bounds_of_rank(1), Some(1_500.0..=1_500.0));
    /// assert_eq!(quantiles.bounds_of_rank(50), Some(1_648.0..=1_663.0));
    /// ```
    #[must_use]
    pub fn bounds_of_rank(&self, rank: u64) -> Option<RangeInclusive<f64>> {
        if let Some(many) = &self.many {
            return many.bounds_of_rank(rank);
        }
        let index = usize::try_from(rank.checked_sub(1)?).ok()?;
        let time = self.small.nth_smallest(index)?.as_f64();
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
    ///
    /// # Complexity
    ///
    /// Copies the bins.
    #[must_use]
    pub fn histogram(&self) -> Histogram {
        match &self.many {
            Some(many) => many.histogram(),
            None => {
                let mut histogram = Histogram::default();
                histogram.insert_all(self.small.times());
                histogram
            }
        }
    }

    /// Inserts times before they become a histogram.
    ///
    /// Not inlined, because most records of few actions meet a histogram.
    #[inline(never)]
    fn insert_few(&mut self, mut times: impl Iterator<Item = ActionTime> + Clone) {
        while self.small.len() < Self::EXACT {
            match times.next() {
                Some(time) => self.small.push(time),
                None => return,
            }
        }
        if let Some(time) = times.next() {
            let many = self.pour(time, 1);
            many.insert_all(times);
        }
    }

    /// Keeps `n` more times, at least one, and all so far no longer as they are.
    fn pour(&mut self, time: ActionTime, n: u64) -> &mut Many {
        let small = std::mem::take(&mut self.small);
        let many = Many::of(small.times()).unwrap_or_else(|| Many::new(time, 0));
        let many = self.many.insert(Box::new(many));
        many.insert_n(time, n);
        many
    }
}

impl Statistic for Quantiles {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("quantiles");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize =
        SmallSample::HEAP_BYTES_MAX + size_of::<Many>() + Histogram::HEAP_BYTES_MAX;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        self.insert_all(iter::once(time));
    }

    #[inline]
    fn insert_all(&mut self, times: impl Iterator<Item = ActionTime> + Clone) {
        match &mut self.many {
            Some(many) => many.insert_all(times),
            None => self.insert_few(times),
        }
    }

    fn insert_n(&mut self, time: ActionTime, n: u64) {
        match &mut self.many {
            _ if n == 0 => {}
            Some(many) => many.insert_n(time, n),
            None if n <= (Self::EXACT - self.small.len()) as u64 => {
                (0..n).for_each(|_| self.small.push(time));
            }
            None => {
                self.pour(time, n);
            }
        }
    }

    #[inline]
    fn prefetch(&self, time: ActionTime) -> u64 {
        match &self.many {
            Some(many) => many.between.prefetch(time),
            None => self.small.prefetch(),
        }
    }

    fn merge(&mut self, other: &Self) {
        match (&mut self.many, &other.many) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (Some(mine), None) => mine.insert_all(other.small.times()),
            (None, Some(theirs)) => {
                let small = std::mem::take(&mut self.small);
                self.many.insert(theirs.clone()).insert_all(small.times());
            }
            (None, None) if self.small.len() + other.small.len() <= Self::EXACT => {
                other.small.times().for_each(|time| self.small.push(time));
            }
            (None, None) => {
                let small = std::mem::take(&mut self.small);
                self.many = Many::of(small.times().chain(other.small.times())).map(Box::new);
            }
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
        self.small.len() as u64 + self.many.as_ref().map_or(0, |many| many.count())
    }
}
