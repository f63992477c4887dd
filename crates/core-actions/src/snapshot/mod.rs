//! The contents of a tracker as a value, which can be serialized, merged and restored.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use core_time::{Instances, SnapshotHeader, Statistic, Subtract};

use crate::action::unit::Unit;
use crate::row::Row;

mod binary;
pub(crate) mod error;
pub(crate) mod windowed;
#[cfg(feature = "serde")]
mod wire;

pub use error::TrackerSnapshotError;
pub use windowed::WindowedSnapshot;
pub use windowed::changes::{ChangedBucket, WindowedChanges};

#[cfg(feature = "serde")]
pub(crate) use wire::{AnyVersion, ReadRow, WireRow, WireUnit, there};

/// The contents of a tracker at one moment: the statistic of each action.
///
/// A snapshot is independent of its tracker. Snapshots of several trackers, processes or machines
/// can be [merged](Self::merge) in any order; the result equals, to the bit, the snapshot of one
/// tracker with all records.
///
/// Two snapshots are equal if they have the same actions with the same statistics in the same unit,
/// whatever their trackers and the order of their actions.
///
/// # No record counts twice
///
/// A snapshot names the trackers whose records it has. Two that share a tracker cannot be merged,
/// because its records would count twice. Of one tracker, keep the snapshot with the largest
/// [revision](Self::revision); it has all records of earlier ones.
///
/// # Wire form
///
/// With the feature `serde`, a map of the `header`, a [`SnapshotHeader`], and the contents;
/// statistics in it have a form of their own. The header names the statistic: reading a snapshot as
/// one of another statistic is an error. What is read is checked as far as it can be: a snapshot
/// that no tracker can have made is an error. The row of [folded](crate::WhenFull::Fold) actions
/// has an empty name, which no action has.
///
/// In JSON, version 1 is read as well, which names no statistic, if no other statistic of this
/// crate looks like the one it is read as: `count`, `mean`, `variance`, `histogram`, `quantiles`,
/// `last`, and tuples of these that are not all `count`.
///
/// A [binary form](Self::to_bytes) needs no feature, is smaller, and can be read in any language.
///
/// # Examples
///
/// ```
/// use core_actions::RunningTracker;
///
/// let (one, two) = (RunningTracker::default(), RunningTracker::default());
/// one.record("jump", 100)?;
/// two.record("jump", 200)?;
/// two.record("run", 75)?;
///
/// let mut both = one.snapshot();
/// both.merge(&two.snapshot())?;
/// let means: Vec<_> = both.rows().iter().map(|row| (row.name(), row.mean())).collect();
/// assert_eq!(means, [("jump", 150.0), ("run", 75.0)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TrackerSnapshot<S> {
    header: SnapshotHeader,
    unit: Unit,
    /// How often something had been forgotten before the rows were read, and after.
    forgotten: Range<u64>,
    /// In the order in which they were first seen, each action once.
    rows: Vec<Row<S>>,
}

impl<S: Statistic> TrackerSnapshot<S> {
    pub(crate) fn new(
        header: SnapshotHeader,
        unit: Unit,
        forgotten: Range<u64>,
        rows: Vec<Row<S>>,
    ) -> Self {
        Self { header, unit, forgotten, rows }
    }

    pub(crate) fn header(&self) -> &SnapshotHeader {
        &self.header
    }

    /// Returns the same snapshot with other statistics.
    pub(crate) fn map(&self, change: impl Fn(&S) -> S) -> Self {
        let row = |row: &Row<S>| Row {
            name: Arc::clone(&row.name),
            first: row.first,
            statistic: change(&row.statistic),
        };
        let rows = self.rows.iter().map(row).collect();
        Self {
            header: self.header.clone(),
            unit: self.unit,
            forgotten: self.forgotten.clone(),
            rows,
        }
    }

    /// Returns the number that grows with each snapshot of one tracker.
    ///
    /// Of two snapshots of one tracker, the one with the larger revision holds everything that was
    /// recorded before the other. No two have the same, also across a
    /// [restore](crate::MergedTracker::restore), as long as one tracker goes on from a snapshot. Of
    /// merged snapshots see [`SnapshotHeader::revision`].
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.header.revision()
    }

    /// Returns a row for each action, in the order of their first records.
    #[must_use]
    pub fn rows(&self) -> &[Row<S>] {
        &self.rows
    }

    /// Returns the unit that durations were converted to.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Returns the trackers whose records it has.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        self.header.instances()
    }

    /// Returns how often something had been forgotten before it was taken, and after.
    pub(crate) fn forgotten(&self) -> [u64; 2] {
        [self.forgotten.start, self.forgotten.end]
    }

    /// Returns how often something had been forgotten of its trackers, and the revision.
    pub(crate) fn age(&self) -> [u64; 2] {
        [self.forgotten.end, self.revision()]
    }

    /// Merges another snapshot.
    ///
    /// Merges are commutative and associative, to the bit.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::OtherUnit`] if they are in different units,
    /// [`TrackerSnapshotError::Instances`] if both have records of the same tracker, or if they
    /// have too many instances. Nothing changes then.
    pub fn merge(&mut self, other: &Self) -> Result<(), TrackerSnapshotError> {
        same_unit(other.unit, self.unit)?;
        let header = self.header.merged(&other.header)?;
        let (mine, more) = (&self.forgotten, &other.forgotten);
        let start = forgotten(mine.start.saturating_add(more.start))?;
        let forgotten = start..forgotten(mine.end.saturating_add(more.end))?;
        let places: HashMap<_, _> = self
            .rows
            .iter()
            .enumerate()
            .map(|(at, row)| (Arc::clone(row.kept_name()), at))
            .collect();
        for row in &other.rows {
            if let Some(&at) = places.get(row.kept_name()) {
                self.rows[at].check_merge(row.statistic())?;
            }
        }
        (self.header, self.forgotten) = (header, forgotten);
        for row in &other.rows {
            match places.get(row.kept_name()) {
                Some(&at) => self.rows[at].merge(row),
                None => self.rows.push(row.clone()),
            }
        }
        self.rows.sort_unstable_by(Row::by_first);
        Ok(())
    }

    /// Returns the records since an earlier snapshot of the same trackers.
    ///
    /// Actions without such records have no row. The statistic must support [`Subtract`]; a
    /// minimum, for example, does not.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::OtherUnit`] if it is in another unit,
    /// [`TrackerSnapshotError::NotEarlier`] if it is of other trackers, or later, or if something
    /// was reset or evicted in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::RunningTracker;
    ///
    /// let tracker = RunningTracker::default();
    /// tracker.record("jump", 100)?;
    /// let earlier = tracker.snapshot();
    /// tracker.record("jump", 300)?;
    ///
    /// let since = tracker.snapshot().diff(&earlier)?;
    /// assert_eq!((since[0].name(), since[0].count(), since[0].mean()), ("jump", 1, 300.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn diff(&self, earlier: &Self) -> Result<Vec<Row<S>>, TrackerSnapshotError>
    where
        S: Subtract + PartialEq,
    {
        same_unit(earlier.unit, self.unit)?;
        let rows: HashMap<_, _> = earlier.rows.iter().map(|row| (row.kept_name(), row)).collect();
        let known = self.rows.iter().filter(|row| rows.contains_key(row.kept_name())).count();
        if earlier.instances() != self.instances()
            || earlier.revision() > self.revision()
            || earlier.forgotten.start != self.forgotten.end
            || known < rows.len()
        {
            return Err(TrackerSnapshotError::NotEarlier);
        }
        let can_subtract = |row: &Row<S>| match rows.get(row.kept_name()) {
            Some(earlier) => row.statistic().can_subtract(earlier.statistic()),
            None => true,
        };
        if !self.rows.iter().all(can_subtract) {
            return Err(TrackerSnapshotError::NotEarlier);
        }
        let since = self.rows.iter().map(|row| match rows.get(row.kept_name()) {
            Some(earlier) => row.without(earlier),
            None => row.clone(),
        });
        Ok(since.filter(|row| *row.statistic() != S::default()).collect())
    }
}

impl<S: PartialEq> PartialEq for TrackerSnapshot<S> {
    fn eq(&self, other: &Self) -> bool {
        let [mine, theirs] = [self, other].map(|snapshot| {
            let rows = snapshot.rows.iter().map(|row| (row.kept_name(), row.statistic()));
            rows.collect::<HashMap<_, _>>()
        });
        self.unit == other.unit && mine == theirs
    }
}

/// Checks how often something was forgotten, which leaves room for as often again.
pub(crate) fn forgotten(found: u64) -> Result<u64, TrackerSnapshotError> {
    let max = SnapshotHeader::REVISION_MAX;
    if found <= max {
        Ok(found)
    } else {
        Err(TrackerSnapshotError::ForgottenTooOften { found, max })
    }
}

/// Whether times mean the same.
pub(crate) fn same_unit(found: Unit, expected: Unit) -> Result<(), TrackerSnapshotError> {
    if found == expected {
        return Ok(());
    }
    Err(TrackerSnapshotError::OtherUnit { found, expected })
}
