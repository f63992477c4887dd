//! The time with the latest timestamp.

use core_time::{Stamp, Statistic, Tag};

use crate::action::time::ActionTime;

/// A time with a timestamp.
///
/// It is the value of statistics that depend on when an action ended; other statistics use its time
/// only. Ordered by timestamp, then by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamped {
    /// The end of the action.
    pub stamp: Stamp,
    /// The duration of the action.
    pub time: ActionTime,
}

impl From<Timestamped> for ActionTime {
    fn from(stamped: Timestamped) -> Self {
        stamped.time
    }
}

/// Keeps the time with the latest timestamp; of several, the largest time.
///
/// Takes 24 bytes. Its values are [timestamped](Timestamped), because the order of arrival depends
/// on threads and merges. In a tuple it must be first, because the first member determines the type
/// of the values. It cannot be subtracted.
///
/// # Examples
///
/// ```
/// use core_actions::{HasMean, Last, Mean, Statistic, Timestamped};
/// use core_time::Stamp;
///
/// let mut both = <(Last, Mean)>::default();
/// for (secs, time) in [(20, 300_u64), (10, 100)] {
///     both.insert(Timestamped { stamp: Stamp::from_secs(secs), time: time.into() });
/// }
/// let (last, mean) = both;
/// assert_eq!(last.last().map(|last| last.time), Some(300_u64.into()));
/// assert_eq!(mean.mean(), Some(200.0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Last(pub(crate) Option<Timestamped>);

impl Last {
    /// Returns the time with the latest timestamp; `None` without a time.
    #[must_use]
    pub fn last(&self) -> Option<Timestamped> {
        self.0
    }
}

impl Statistic for Last {
    type Value = Timestamped;

    const TAG: Tag = Tag::standard("last");

    const NEVER_PANICS: bool = true;

    #[inline]
    fn insert(&mut self, stamped: Timestamped) {
        self.0 = self.0.max(Some(stamped));
    }

    fn insert_n(&mut self, stamped: Timestamped, n: u64) {
        if n > 0 {
            self.insert(stamped);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.0 = self.0.max(other.0);
    }
}
