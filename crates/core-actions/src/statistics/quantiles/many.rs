//! Many times: both ends exactly, and all others in bins.
//!
//! A quantile from bins alone may be below the minimum or above the maximum, and is not one of the
//! times even if all are equal. So the minimum and the maximum are kept, each with the number of
//! times that equal it, and only the times strictly between them are counted in bins. Then no
//! quantile is outside, and all are exact while there are one or two different times.
//!
//! What is kept depends on the times only, not on their order: an end that is replaced goes into
//! its bin with all of its times.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use core_time::Statistic;

use crate::action::time::ActionTime;
use crate::statistics::quantiles::histogram::Histogram;
use crate::statistics::traits::HasCount;

/// Keeps the minimum, the maximum, and a histogram of the times between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Many {
    pub(crate) min: End,
    /// The minimum with the count 0 if all times are equal.
    pub(crate) max: End,
    /// The times above the minimum and below the maximum.
    pub(crate) between: Histogram,
}

/// The minimum or the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) time: ActionTime,
    /// The number of times that equal it.
    pub(crate) count: u64,
}

/// Where a rank is.
enum Place {
    At(ActionTime),
    /// This rank of the times between.
    Between(u64),
}

impl Many {
    /// Keeps `count` equal times.
    pub(crate) fn new(time: ActionTime, count: u64) -> Self {
        let [min, max] = [count, 0].map(|count| End { time, count });
        Self { min, max, between: Histogram::default() }
    }

    /// Keeps times, of which there is at least one.
    pub(crate) fn of(times: impl Iterator<Item = ActionTime> + Clone) -> Option<Self> {
        let (min, max) = (times.clone().min()?, times.clone().max()?);
        let count = |end| times.clone().filter(|&time| time == end).count() as u64;
        let mut many = Self::new(min, count(min));
        if min < max {
            many.max = End { time: max, count: count(max) };
        }
        many.between.insert_all(times.filter(move |&time| min < time && time < max));
        Some(many)
    }

    #[inline]
    pub(crate) fn insert_all(&mut self, mut times: impl Iterator<Item = ActionTime>) {
        loop {
            // A time in the slice of bins is exact as a float, also if the ends are not.
            let [min, max] = [self.min.time.as_f64(), self.max.time.as_f64()];
            let is_between = |float: f64| min < float && float < max;
            let Some(time) = self.between.insert_simple(&mut times, is_between) else { return };
            self.insert_n(time, 1);
        }
    }

    /// Inserts `n` equal times, at least one.
    #[inline(never)] // Most times are simple ones between the ends.
    pub(crate) fn insert_n(&mut self, time: ActionTime, n: u64) {
        match (time.cmp(&self.min.time), time.cmp(&self.max.time)) {
            (Ordering::Equal, _) => self.min.count = self.min.count.wrapping_add(n),
            (_, Ordering::Equal) => self.max.count = self.max.count.wrapping_add(n),
            (Ordering::Greater, Ordering::Less) => self.between.insert_n(time, n),
            (Ordering::Less, _) => {
                let before = std::mem::replace(&mut self.min, End { time, count: n });
                if self.max.count == 0 {
                    self.max = before;
                } else {
                    self.pour(before);
                }
            }
            (Ordering::Greater, Ordering::Greater) => {
                let before = std::mem::replace(&mut self.max, End { time, count: n });
                self.pour(before);
            }
        }
    }

    /// Moves the former minimum or maximum into its bin.
    #[inline]
    fn pour(&mut self, end: End) {
        match end.count {
            1 => self.between.insert(end.time), // Cheaper, and usual where times grow.
            n => self.between.insert_n(end.time, n),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for end in [other.min, other.max].into_iter().filter(|end| end.count > 0) {
            self.insert_n(end.time, end.count);
        }
        // Between the ends of the other, and so between those of both.
        self.between.merge(&other.between);
    }

    pub(crate) fn count(&self) -> u64 {
        let ends = self.min.count.wrapping_add(self.max.count);
        ends.wrapping_add(self.between.count())
    }

    pub(crate) fn estimate_of_rank(&self, rank: u64) -> Option<ActionTime> {
        match self.place(rank)? {
            Place::At(time) => Some(time),
            Place::Between(rank) => {
                let estimate = self.between.estimate_of_rank(rank)?;
                Some(estimate.clamp(self.min.time, self.max.time))
            }
        }
    }

    pub(crate) fn bounds_of_rank(&self, rank: u64) -> Option<RangeInclusive<f64>> {
        let [min, max] = [self.min.time.as_f64(), self.max.time.as_f64()];
        match self.place(rank)? {
            Place::At(time) => Some(time.as_f64()..=time.as_f64()),
            Place::Between(rank) => {
                let (from, to) = self.between.bounds_of_rank(rank)?.into_inner();
                Some(from.max(min)..=to.min(max))
            }
        }
    }

    /// Finds the time with this rank, from 1.
    fn place(&self, rank: u64) -> Option<Place> {
        let count = self.count();
        if rank == 0 || rank > count {
            return None;
        }
        Some(if rank <= self.min.count {
            Place::At(self.min.time)
        } else if count - rank < self.max.count {
            Place::At(self.max.time)
        } else {
            Place::Between(rank - self.min.count)
        })
    }

    /// Returns all times as counts in bins.
    pub(crate) fn histogram(&self) -> Histogram {
        let mut histogram = self.between.clone();
        histogram.insert_n(self.min.time, self.min.count);
        histogram.insert_n(self.max.time, self.max.count);
        histogram
    }
}
