//! The count of times.

use core_time::{Statistic, Subtract, Tag};

use crate::action::time::ActionTime;
use crate::statistics::traits::{HasCount, counts_fit};

/// Keeps the number of times.
///
/// Takes 8 bytes. [`Mean`](crate::Mean), [`Variance`](crate::Variance) and
/// [`Quantiles`](crate::Quantiles) also have the count.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, Count, HasCount, Statistic};
///
/// let mut count = Count::default();
/// count.insert(ActionTime::from(100_u64));
/// assert_eq!(count.count(), 1);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count(pub(crate) u64);

impl Statistic for Count {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("count");

    const NEVER_PANICS: bool = true;

    #[inline]
    fn insert(&mut self, _: ActionTime) {
        self.0 = self.0.wrapping_add(1);
    }

    fn insert_n(&mut self, _: ActionTime, n: u64) {
        self.0 = self.0.wrapping_add(n);
    }

    fn merge(&mut self, other: &Self) {
        self.0 = self.0.wrapping_add(other.0);
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl Subtract for Count {
    fn subtract(&mut self, other: &Self) {
        self.0 = self.0.wrapping_sub(other.0);
    }

    fn can_subtract(&self, other: &Self) -> bool {
        other.0 <= self.0
    }
}

impl HasCount for Count {
    fn count(&self) -> u64 {
        self.0
    }
}
