//! The largest values, up to a limit.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use core_time::{Statistic, Tag};

use crate::action::time::ActionTime;
use crate::statistics::mean::Mean;
use crate::statistics::traits::{HasCount, HasMean, counts_fit};

/// Keeps the `CAP` largest times, and the number and exact sum of all others.
///
/// [`Values`](crate::Values) keeps all times, without a limit. The smallest times are dropped,
/// because the result of a merge must not depend on its order. (Keeping the first, the last or a
/// random choice would.) The mean is that of all times.
///
/// Takes 16 bytes for each kept time, and at most 344 more. It cannot be subtracted.
///
/// # Accuracy
///
/// The kept times are exact, and so are the count and the mean of all times. They give exactly each
/// upper quantile that has fewer than `CAP` times above it.
///
/// # Complexity
///
/// A time that is not among the largest so far costs a comparison and an addition, any other time
/// the logarithm of `CAP`.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, HasCount, TopK, HasMean, Statistic};
///
/// let mut slowest = TopK::<2>::default();
/// for time in [100_u64, 400, 300, 200] {
///     slowest.insert(ActionTime::from(time));
/// }
/// assert_eq!(slowest.times().min(), Some(ActionTime::from(300_u64)));
/// assert_eq!(slowest.times().max(), Some(ActionTime::from(400_u64)));
/// assert_eq!((slowest.count(), slowest.dropped()), (4, 2));
/// assert_eq!(slowest.mean(), Some(250.0));
/// ```
#[derive(Debug, Clone, Default)]
pub struct TopK<const CAP: usize> {
    /// At most `CAP` times, the smallest on top.
    pub(crate) kept: BinaryHeap<Reverse<ActionTime>>,
    /// All other times. Each is at most the smallest kept time.
    pub(crate) dropped: Mean,
}

impl<const CAP: usize> TopK<CAP> {
    /// Returns the kept times, in unspecified order.
    pub fn times(&self) -> impl Iterator<Item = ActionTime> {
        self.kept.iter().map(|&Reverse(time)| time)
    }

    /// Returns the number of dropped times.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.count()
    }
}

/// Returns the capacity of the heap, in times.
const fn kept_room(cap: usize) -> usize {
    if cap < 4 { 4 } else { cap.next_power_of_two() }
}

impl<const CAP: usize> Statistic for TopK<CAP> {
    type Value = ActionTime;

    const TAG: Tag = Tag::numbered("top", CAP);

    const NEVER_PANICS: bool = true;

    /// The capacity of a heap doubles; while it grows, the old half is allocated too.
    const HEAP_BYTES_MAX: usize = 24 * kept_room(CAP) + Mean::HEAP_BYTES_MAX;

    fn insert(&mut self, time: ActionTime) {
        if self.kept.len() < CAP {
            self.kept.push(Reverse(time));
            return;
        }
        match self.kept.peek_mut() {
            Some(mut smallest) if smallest.0 < time => {
                self.dropped.insert(smallest.0);
                *smallest = Reverse(time);
            }
            _ => self.dropped.insert(time),
        }
    }

    /// Costs at most `CAP` inserts: then all kept times are at least this one.
    fn insert_n(&mut self, time: ActionTime, n: u64) {
        let first = n.min(CAP as u64);
        (0..first).for_each(|_| self.insert(time));
        self.dropped.insert_n(time, n - first);
    }

    fn merge(&mut self, other: &Self) {
        self.dropped.merge(&other.dropped);
        other.times().for_each(|time| self.insert(time));
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl<const CAP: usize> HasCount for TopK<CAP> {
    fn count(&self) -> u64 {
        self.dropped().wrapping_add(self.kept.len() as u64)
    }
}

impl<const CAP: usize> HasMean for TopK<CAP> {
    /// # Complexity
    ///
    /// Linear in the number of times kept.
    fn mean(&self) -> Option<f64> {
        let mut all = self.dropped.clone();
        self.times().for_each(|time| all.insert(time));
        all.mean()
    }
}

/// Two are equal if they keep the same times, and dropped the same number and sum.
impl<const CAP: usize> PartialEq for TopK<CAP> {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |largest: &Self| largest.kept.clone().into_sorted_vec();
        self.dropped == other.dropped && sorted(self) == sorted(other)
    }
}

impl<const CAP: usize> Eq for TopK<CAP> {}
