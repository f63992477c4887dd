//! The least and the greatest value.

use core_time::{Statistic, Tag};

use crate::action::time::ActionTime;

/// Keeps the least and the greatest of the times.
///
/// Takes 32 bytes. It cannot be subtracted: nobody remembers the second greatest.
///
/// # Accuracy
///
/// Exact, integers above 2^53 too.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, MinMax, Statistic};
///
/// let mut extent = MinMax::default();
/// assert_eq!(extent.min(), None);
/// for time in [100_u64, 300, 200] {
///     extent.insert(ActionTime::from(time));
/// }
/// assert_eq!(extent.min(), Some(ActionTime::from(100_u64)));
/// assert_eq!(extent.max(), Some(ActionTime::from(300_u64)));
/// assert_eq!(extent.clamp(ActionTime::from(301_u64)), ActionTime::from(300_u64));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct MinMax {
    /// Of the integers; the least is above the greatest while there are none.
    ///
    /// Kept apart from the others, because two integers compare in an instruction, and two times
    /// of any kind in a dozen.
    integers: [u64; 2],
    /// Of the others; infinity and zero, which are none of them, while there are none.
    floats: [f64; 2],
}

impl MinMax {
    /// The least of the times, if there are any.
    #[must_use]
    pub fn min(&self) -> Option<ActionTime> {
        self.integer(0).into_iter().chain(self.float(0)).min()
    }

    /// The greatest of the times, if there are any.
    #[must_use]
    pub fn max(&self) -> Option<ActionTime> {
        self.integer(1).into_iter().chain(self.float(1)).max()
    }

    /// The time, or the least or the greatest if it is beyond that; as it is if there are none.
    ///
    /// An estimate, such as a quantile of many times, may be a little beyond.
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
    fn widen_integers(&mut self, [least, greatest]: [u64; 2]) {
        self.integers = [self.integers[0].min(least), self.integers[1].max(greatest)];
    }

    #[inline]
    fn widen_floats(&mut self, [least, greatest]: [f64; 2]) {
        self.floats = [self.floats[0].min(least), self.floats[1].max(greatest)];
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

    // In registers: what `self` refers to would be written for each value.
    #[inline]
    fn insert_all(&mut self, times: impl Iterator<Item = ActionTime> + Clone) {
        let mut extent = *self;
        times.for_each(|time| extent.insert(time));
        *self = extent;
    }

    fn merge(&mut self, other: &Self) {
        self.widen_integers(other.integers);
        self.widen_floats(other.floats);
    }
}

/// Two are equal if they have the same least and greatest.
impl PartialEq for MinMax {
    fn eq(&self, other: &Self) -> bool {
        (self.min(), self.max()) == (other.min(), other.max())
    }
}

impl Eq for MinMax {}
