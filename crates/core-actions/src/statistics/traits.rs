//! Traits of statistics that have a count or a mean.

use core_time::{COUNT_MAX, Statistic};

/// A statistic with a count.
///
/// A tuple has the count of its first member.
pub trait HasCount: Statistic {
    /// Returns the number of values.
    fn count(&self) -> u64;
}

/// A statistic with a mean.
///
/// A tuple has the mean of its first member.
///
/// # Accuracy
///
/// The mean is the exact sum divided by the count, rounded once to the nearest `f64`, ties to even.
/// So all statistics agree to the bit, for any order of arrival and of merges.
///
/// # Examples
///
/// ```
/// use core_actions::{HasCount, HasMean, Mean, MinMax, Statistic};
///
/// let mut both = <(Mean, MinMax)>::default();
/// both.insert(100_u64.into());
/// both.insert(200_u64.into());
/// assert_eq!((both.count(), both.mean()), (2, Some(150.0))); // Those of the first member.
///
/// let (mean, min_max) = both;
/// assert_eq!((mean.count(), mean.mean()), (2, Some(150.0)));
/// assert_eq!(min_max.max(), Some(200_u64.into()));
/// ```
pub trait HasMean: HasCount {
    /// Returns the mean; `None` without a value.
    fn mean(&self) -> Option<f64>;
}

macro_rules! tuple_answers_by_its_first {
    ($first:ident $(, $name:ident)*) => {
        impl<$first: HasCount, $($name),*> HasCount for ($first, $($name,)*)
        where
            Self: Statistic,
        {
            fn count(&self) -> u64 {
                self.0.count()
            }
        }

        impl<$first: HasMean, $($name),*> HasMean for ($first, $($name,)*)
        where
            Self: Statistic,
        {
            fn mean(&self) -> Option<f64> {
                self.0.mean()
            }
        }
    };
}

tuple_answers_by_its_first!(A);
tuple_answers_by_its_first!(A, B);
tuple_answers_by_its_first!(A, B, C);
tuple_answers_by_its_first!(A, B, C, D);
tuple_answers_by_its_first!(A, B, C, D, E);
tuple_answers_by_its_first!(A, B, C, D, E, F);
tuple_answers_by_its_first!(A, B, C, D, E, F, G);
tuple_answers_by_its_first!(A, B, C, D, E, F, G, H);

/// Returns whether the sum of two counts is within the limit.
pub(crate) fn counts_fit<S: HasCount>(one: &S, other: &S) -> bool {
    one.count().checked_add(other.count()).is_some_and(|count| count <= COUNT_MAX)
}
