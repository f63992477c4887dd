//! The level of a thing over time: last, minimum, maximum and time-weighted mean.
//!
//! Values that are set do not merge: how long one held depends on the next one, which another
//! thread or part may have. So the value of this statistic is a value *with the time that it held*.
//! Such intervals can be split and merged in any way. A [`Gauge`](crate::Gauge) makes them.

use std::time::Duration;

use core_time::{Stamp, Statistic, Tag};

use crate::action::signed::SignedValue;
use crate::statistics::mean::Mean;
use crate::statistics::min_max::MinMax;
use crate::statistics::signed::Signed;
use crate::statistics::traits::{HasCount, HasMean};

/// A value with the time that it held.
///
/// It is the value of a [`Level`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The value.
    pub value: SignedValue,
    /// When it was set; the same in all parts of the time that it held.
    pub set: Stamp,
    /// For how long it held, in nanoseconds. 0 for a value that was replaced at once, which is
    /// still a minimum or maximum.
    pub nanos: u64,
}

/// Keeps the last value of a thing, its minimum, its maximum and its time-weighted mean.
///
/// For a queue, a pool, a temperature. A [`Gauge`](crate::Gauge) keeps one for windows of time.
///
/// Takes 192 bytes, and what two [`Mean`]s allocate. It cannot be subtracted.
///
/// # Merging
///
/// Of several things or processes, the minimum and the maximum are those of all, the mean is
/// weighted by the times of all, and the last value is that which was set last; of several set at
/// the same time, one that held for some time, and the largest of these. It is not the level of the
/// sum of the things: for that, add their means or their last values.
///
/// # Accuracy
///
/// Minimum and maximum are exact. The mean is the exact sum of value times nanoseconds, divided by
/// all nanoseconds and rounded once.
///
/// # Examples
///
/// ```
/// use core_actions::{Held, Level, SignedValue, Statistic};
/// use core_time::Stamp;
/// use std::time::Duration;
///
/// let held = |value: i32, set, secs: u64| {
///     let nanos = secs * 1_000_000_000;
///     Held { value: value.into(), set: Stamp::from_secs(set), nanos }
/// };
/// let mut level = Level::default();
/// level.insert(held(20, 0, 9));
/// level.insert(held(-10, 9, 1));
/// assert_eq!((level.mean(), level.last()), (Some(17.0), Some(SignedValue::from(-10))));
/// assert_eq!(level.held(), Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Level {
    pub(crate) last: Option<LastSet>,
    pub(crate) min_max: Signed<MinMax>,
    /// Each value as often as nanoseconds that it held.
    pub(crate) mean: Signed<Mean>,
}

/// The value that was set last, in the order of these fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LastSet {
    pub(crate) set: Stamp,
    /// Of two values set at the same time, that which was replaced at once is not the last.
    pub(crate) has_held: bool,
    pub(crate) value: SignedValue,
}

impl Level {
    /// Returns the value that was set last; `None` without a value.
    #[must_use]
    pub fn last(&self) -> Option<SignedValue> {
        self.last.map(|last| last.value)
    }

    /// Returns when the [last](Self::last) value was set, which may be before a window.
    #[must_use]
    pub fn last_set(&self) -> Option<Stamp> {
        self.last.map(|last| last.set)
    }

    /// Returns the minimum; `None` without a value.
    #[must_use]
    pub fn min(&self) -> Option<SignedValue> {
        self.min_max.min()
    }

    /// Returns the maximum; `None` without a value.
    #[must_use]
    pub fn max(&self) -> Option<SignedValue> {
        self.min_max.max()
    }

    /// Returns the mean, each value weighted by the time that it held.
    ///
    /// `None` if no value held for a nanosecond.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.mean.mean()
    }

    /// Returns the time that all values held; of several things, the sum.
    #[must_use]
    pub fn held(&self) -> Duration {
        Duration::from_nanos(self.mean.count())
    }
}

impl Statistic for Level {
    type Value = Held;

    const TAG: Tag = Tag::standard("level");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize = Signed::<Mean>::HEAP_BYTES_MAX;

    fn insert(&mut self, Held { value, set, nanos }: Held) {
        self.last = self.last.max(Some(LastSet { set, has_held: nanos > 0, value }));
        self.min_max.insert(value);
        self.mean.insert_n(value, nanos);
    }

    fn insert_n(&mut self, held: Held, mut n: u64) {
        // As many at once as have less than 2^64 nanoseconds: once, below 584 years.
        let at_once = u64::MAX / held.nanos.max(1);
        while n > 0 {
            let some = n.min(at_once);
            self.insert(Held { nanos: held.nanos * some, ..held });
            n -= some;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.last = self.last.max(other.last);
        self.min_max.merge(&other.min_max);
        self.mean.merge(&other.mean);
    }

    fn can_merge(&self, other: &Self) -> bool {
        self.mean.can_merge(&other.mean)
    }
}
