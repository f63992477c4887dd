//! The events between two snapshots of one keyed counter.

use std::time::Duration;

use super::{Events, KeyRow, KeyedSnapshot, rows_of};
use crate::counter::RefusedCounts;
use crate::overflow::OverflowCounts;
use crate::snapshot::{SnapshotError, check_same_tiers, without};
use crate::spec::WindowSpec;
use crate::stamp::Interval;

/// The events that were recorded between two snapshots of one keyed counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedDelta<K> {
    spec: WindowSpec,
    interval: Interval,
    refused: RefusedCounts,
    overflow: OverflowCounts,
    other: Events,
    /// In ascending order of keys.
    rows: Vec<(K, Events)>,
}

impl<K> KeyedDelta<K> {
    /// Returns the time from the earlier snapshot to the later one.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// Returns the numbers of refused events, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.refused
    }

    /// Returns the counts of what exceeded the limit of keys.
    #[must_use]
    pub fn overflow(&self) -> OverflowCounts {
        self.overflow
    }

    /// Returns the keys with events, in ascending order.
    ///
    /// A late event is in the bucket of its stamp, which may be before the interval.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = KeyRow<'_, K>> {
        rows_of(&self.rows, &self.spec)
    }

    /// Returns the folded events of keys beyond the limit.
    #[must_use]
    pub fn other(&self) -> KeyRow<'_, ()> {
        KeyRow { key: &(), events: &self.other, grid: self.spec.finest() }
    }

    /// Returns the number of events, with the folded ones. Saturates at [`u64::MAX`].
    #[must_use]
    pub fn events(&self) -> u64 {
        let of_keys = self.rows.iter().map(|(_, events)| events.events());
        of_keys.fold(self.other.events(), u64::saturating_add)
    }

    /// Returns the number of events per second; `None` if no time passed between the snapshots.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let elapsed: Duration = self.interval.duration();
        (!elapsed.is_zero()).then(|| self.events() as f64 / elapsed.as_secs_f64())
    }
}

impl<K: Ord + Clone> KeyedSnapshot<K> {
    /// Returns the events that were recorded since an earlier snapshot of the same counter.
    ///
    /// Events that left their buckets or were lost with their keys since then are not in it. A key
    /// that was lost and began again in between has all its events.
    ///
    /// # Errors
    ///
    /// - [`SnapshotError::OtherTiers`] if the tiers differ.
    /// - [`SnapshotError::NotEarlier`] if the other snapshot is later or of other counters, or if
    ///   the counter was reset in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{KeyedCounter, ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let logins = KeyedCounter::<String>::with_clock(Default::default(), clock.clone())?;
    /// logins.record_many("alice", 7)?;
    /// let earlier = logins.snapshot();
    /// clock.advance(Duration::from_secs(2));
    /// logins.record_many("bob", 5)?;
    ///
    /// let delta = logins.snapshot().diff(&earlier)?;
    /// let rows: Vec<_> = delta.rows().map(|row| (row.key().as_str(), row.events())).collect();
    /// assert_eq!((rows, delta.rate()), (vec![("bob", 5)], Some(2.5)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn diff(&self, earlier: &Self) -> Result<KeyedDelta<K>, SnapshotError> {
        check_same_tiers(&self.spec, &earlier.spec)?;
        let differs = self.instances() != earlier.instances()
            || self.revision() < earlier.revision()
            || self.at < earlier.at
            || self.since != earlier.since; // A reset moves it.
        if differs {
            return Err(SnapshotError::NotEarlier);
        }
        let delta = || {
            Some(KeyedDelta {
                spec: self.spec.clone(),
                interval: Interval { from: earlier.at, to: self.at },
                refused: without(self.refused, earlier.refused)?,
                overflow: self.overflow.checked_sub(earlier.overflow)?,
                other: self.other.without(&earlier.other)?,
                rows: self.rows_without(earlier)?,
            })
        };
        delta().ok_or(SnapshotError::NotEarlier)
    }

    fn rows_without(&self, earlier: &Self) -> Option<Vec<(K, Events)>> {
        let mut rows = Vec::new();
        for (key, events) in &self.rows {
            let before = earlier.rows.binary_search_by(|(other, _)| other.cmp(key));
            let before = before.ok().map(|at| &earlier.rows[at].1);
            let more = match before {
                // Counted from no later than before: the key was there all the time.
                Some(before) if events.since <= before.since => events.without(before)?,
                _ => events.clone(),
            };
            if !more.is_empty() {
                rows.push((key.clone(), more));
            }
        }
        Some(rows)
    }
}
