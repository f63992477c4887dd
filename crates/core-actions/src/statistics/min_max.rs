//! The minimum and the maximum.

use core_time::{Statistic, Tag};

use crate::action::time::ActionTime;

/// Keeps the minimum and the maximum of times.
///
/// Takes 32 bytes. It cannot be subtracted, because the second largest time is not kept.
///
/// # Accuracy
///
/// Exact, also for integers above 2^53.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, MinMax, Statistic};
///
/// let mut min_max = MinMax::default();
/// assert_eq!(min_max.min(), None);
/// for time in [100_u64, 300, 200] {
///     min_max.insert(ActionTime::from(time));
/// }
/// assert_eq!(min_max.min(), Some(ActionTime::from(100_u64)));
/// assert_eq!(min_max.max(), Some(ActionTime::from(300_u64)));
/// assert_eq!(min_max.clamp(ActionTime::from(301_u64)), ActionTime::from(300_u64));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct MinMax {
    /// Minimum and maximum of the integers; the minimum is above the maximum without integers.
    ///
    /// Separate, because two integers compare in one instruction, and two times in a dozen.
    integers: [u64; 2],
    /// Minimum and maximum of the fractions; infinity and zero without fractions.
    floats: [f64; 2],
}

impl MinMax {
    /// Returns the minimum, `None` without a time.
    #[must_use]
    pub fn min(&self) -> Option<ActionTime> {
        self.integer(0).into_iter().chain(self.float(0)).min()
    }

    /// Returns the maximum, `None` without a time.
    #[must_use]
    pub fn max(&self) -> Option<ActionTime> {
        self.integer(1).into_iter().chain(self.float(1)).max()
    }

    /// Restricts a time to the range from the minimum to the maximum.
    ///
    /// Returns it unchanged without times. An estimate, such as a quantile of many times, may
    /// be slightly outside of the range.
    #[must_use]
    pub fn clamp(&self, time: ActionTime) -> ActionTime {
        let above = self.min().map_or(time, |min| time.max(min));
        self.max().map_or(above, |max| above.min(max))
    }

    fn integer(&self, end: usize) -> Option<ActionTime> {
        (self.integers[0] <= self.integers[1]).then(|| self.integers[end].into())
    }

    fn float(&self, end: usize) -> Option<ActionTime> {
        (self.floats[0] <= self.floats[1]).then(|| ActionTime::of_float(self.floats[end]))
    }

    #[inline]
    fn widen_integers(&mut self, [min, max]: [u64; 2]) {
        self.integers = [self.integers[0].min(min), self.integers[1].max(max)];
    }

    #[inline]
    fn widen_floats(&mut self, [min, max]: [f64; 2]) {
        self.floats = [self.floats[0].min(min), self.floats[1].max(max)];
    }
}

impl Default for MinMax {
    fn default() -> Self {
        Self { integers: [u64::MAX, 0], floats: [f64::INFINITY, 0.0] }
    }
}

impl Statistic for MinMax {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("minmax");

    const NEVER_PANICS: bool = true;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        match time.as_integer() {
            Some(integer) => self.widen_integers([integer; 2]),
            None => self.widen_floats([time.as_f64(); 2]),
        }
    }

    // A copy in registers: `self` would be written for each value.
    #[inline]
    fn insert_all(&mut self, times: impl Iterator<Item = ActionTime> + Clone) {
        let mut min_max = *self;
        times.for_each(|time| min_max.insert(time));
        *self = min_max;
    }

    #[inline]
    fn prefetch(&self, _: ActionTime) -> u64 {
        self.integers[0]
    }

    fn insert_n(&mut self, time: ActionTime, n: u64) {
        if n > 0 {
            self.insert(time);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.widen_integers(other.integers);
        self.widen_floats(other.floats);
    }
}

/// Two are equal if they have the same minimum and maximum.
impl PartialEq for MinMax {
    fn eq(&self, other: &Self) -> bool {
        (self.min(), self.max()) == (other.min(), other.max())
    }
}

impl Eq for MinMax {}
