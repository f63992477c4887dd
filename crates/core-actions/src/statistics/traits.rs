//! What can be asked of a statistic without knowing which one it is.

use core_time::{COUNT_MAX, Statistic};

use crate::action::time::ActionTime;

/// A statistic that knows how many values it took in.
///
/// Of a tuple, the first member is asked.
pub trait HasCount: Statistic {
    /// How many values were taken in.
    fn count(&self) -> u64;
}

/// A statistic of times that also knows their mean.
///
/// Of a tuple, the first member is asked.
///
/// # Accuracy
///
/// The mean is the exact sum divided by the count, rounded once to the nearest `f64`, ties to even.
/// So all statistics that are asked for it agree to the bit, whatever the order of arrival and of
/// merging.
///
/// # Examples
///
/// ```
/// use core_actions::{HasCount, Mean, MinMax, HasMean, MergedTracker};
///
/// let tracker = MergedTracker::<(Mean, MinMax)>::default();
/// tracker.record("jump", 100)?;
/// tracker.record("jump", 200)?;
///
/// let row = &tracker.stats()[0];
/// assert_eq!((row.count(), row.mean()), (2, 150.0)); // The first of the tuple tells.
/// let (mean, extent) = row.statistic();
/// assert_eq!((mean.count(), mean.mean()), (2, Some(150.0)));
/// assert_eq!(extent.max(), Some(200_u64.into()));
/// # Ok::<(), core_actions::ActionError>(())
/// ```
pub trait HasMean: HasCount<Value = ActionTime> {
    /// The mean, if there is anything to take it of.
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
            Self: Statistic<Value = ActionTime>,
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

/// Returns whether two counts may be merged: as many again may be recorded then.
pub(crate) fn counts_fit<S: HasCount>(one: &S, other: &S) -> bool {
    one.count().checked_add(other.count()).is_some_and(|count| count <= COUNT_MAX)
}
