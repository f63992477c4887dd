//! The exact mean: a count and a sum that is never rounded.

use core_time::Statistic;

use crate::exact::ExactSum;
use crate::time::ActionTime;

/// A statistic that knows how many times it took in, and their mean.
///
/// # Accuracy
///
/// The mean is the exact sum divided by the count, rounded once to the nearest `f64`, ties to even.
/// So all statistics that are asked for it agree to the bit, whatever the order of arrival and of
/// merging.
pub trait Mean: Statistic<Value = ActionTime> {
    /// How many values were taken in.
    fn count(&self) -> u64;

    /// The mean, if there is anything to take it of.
    fn mean(&self) -> Option<f64>;
}

/// Keeps the count and the exact sum of times, and so their mean.
///
/// Takes 32 bytes for integers, and 272 more from the first time with a fraction on.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, ExactMean, Mean, Statistic};
///
/// let mut mean = ExactMean::default();
/// for _ in 0..10 {
///     mean.insert(ActionTime::try_from(0.1)?);
/// }
/// assert_eq!(mean.mean(), Some(0.1)); // A plain float sum says 0.09999999999999999.
/// # Ok::<(), core_actions::TimeError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExactMean(ExactSum);

impl Statistic for ExactMean {
    type Value = ActionTime;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        self.0.insert(time);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }
}

impl Mean for ExactMean {
    fn count(&self) -> u64 {
        self.0.count()
    }

    fn mean(&self) -> Option<f64> {
        self.0.mean()
    }
}
