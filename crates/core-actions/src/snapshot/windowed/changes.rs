//! What was touched in a windowed tracker between two looks, as a value.

use std::collections::BTreeMap;
use std::sync::Arc;

use core_time::{Instances, Interval, SnapshotHeader, Stamp, Statistic, WindowSpec};

use super::{WindowedSnapshot, start};
use crate::action::unit::Unit;
use crate::row::Row;

/// The buckets of a [`WindowedTracker`] that were touched since an earlier look at it.
///
/// Each row is absolute: it has all records of its action in its bucket, not only those since the
/// look. So changes may be repeated and may be reordered, as long as the newest row of each bucket
/// and action is kept; a [`Fleet`](crate::Fleet) does that.
///
/// [`WindowedTracker`]: crate::WindowedTracker
#[derive(Debug, Clone, PartialEq)]
pub struct WindowedChanges<S> {
    pub(crate) header: SnapshotHeader,
    pub(crate) spec: WindowSpec,
    pub(crate) at: Stamp,
    pub(crate) since: Stamp,
    /// No record of it, or of an earlier revision, has a later stamp.
    pub(crate) latest: Stamp,
    pub(crate) unit: Unit,
    pub(crate) is_complete: bool,
    /// Names as they are kept.
    pub(crate) removed: Vec<Arc<str>>,
    pub(crate) buckets: Vec<ChangedBucket<S>>,
}

/// A bucket of time with the actions that were touched in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedBucket<S> {
    pub(crate) tier: usize,
    pub(crate) tick: i64,
    pub(crate) interval: Interval,
    pub(crate) rows: Vec<Row<S>>,
}

impl<S> WindowedChanges<S> {
    /// Returns the revision, by which changes and snapshots of one tracker are ordered.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.header.revision()
    }

    /// Returns the trackers whose records they are.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        self.header.instances()
    }

    /// Returns the moment of the look, by the tracker's clock.
    #[must_use]
    pub fn at(&self) -> Stamp {
        self.at
    }

    /// Returns when recording began.
    #[must_use]
    pub fn since(&self) -> Stamp {
        self.since
    }

    /// Returns a stamp that no record exceeds, of these changes or of earlier ones.
    #[must_use]
    pub fn latest(&self) -> Stamp {
        self.latest
    }

    /// Returns the span and the resolution of the tracker.
    #[must_use]
    pub fn window_spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// Returns the unit that durations were converted to.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Returns whether these are all buckets that the tracker holds.
    ///
    /// So it is at the first look, and after a reset. What is not in them was removed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns the names of actions that were removed or evicted since the look.
    ///
    /// All of their earlier rows are gone. If one was recorded again, it also has new rows. The row
    /// of [folded](crate::WhenFull::Fold) actions has an empty name.
    pub fn removed(&self) -> impl ExactSizeIterator<Item = &str> {
        self.removed.iter().map(|name| &**name)
    }

    /// Returns the buckets that were touched: those of the finest tier first, the oldest first.
    #[must_use]
    pub fn buckets(&self) -> &[ChangedBucket<S>] {
        &self.buckets
    }

    /// Returns whether nothing was recorded and nothing was removed since the look.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.removed.is_empty() && !self.is_complete
    }
}

impl<S: Statistic> From<&WindowedSnapshot<S>> for WindowedChanges<S> {
    /// Copies all buckets: changes since nothing was known.
    fn from(snapshot: &WindowedSnapshot<S>) -> Self {
        let mut buckets = BTreeMap::<_, Vec<_>>::new();
        for row in snapshot.rows() {
            for (tier, ring) in row.statistic().tiers().enumerate() {
                for (tick, statistic) in ring.buckets() {
                    let row = Row::new(Arc::clone(row.kept_name()), row.first(), statistic);
                    buckets.entry((tier, tick)).or_default().push(row);
                }
            }
        }
        let spec = snapshot.window_spec();
        Self {
            header: snapshot.rings.header().clone(),
            spec: spec.clone(),
            at: snapshot.at(),
            since: snapshot.since(),
            latest: snapshot.latest(),
            unit: snapshot.unit(),
            is_complete: true,
            removed: Vec::new(),
            buckets: ChangedBucket::all(spec, buckets),
        }
    }
}

impl<S> ChangedBucket<S> {
    /// Sorts the rows of each tier and tick.
    pub(crate) fn all(
        spec: &WindowSpec,
        buckets: BTreeMap<(usize, i64), Vec<Row<S>>>,
    ) -> Vec<Self> {
        let widths: Vec<_> = spec.tiers().map(|tier| tier.resolution).collect();
        let bucket = |((tier, tick), mut rows): ((usize, i64), Vec<Row<S>>)| {
            rows.sort_unstable_by(Row::by_first);
            let width = widths.get(tier).copied().unwrap_or_default();
            let [from, to] = [tick, tick.saturating_add(1)].map(|tick| start(tick, width));
            Self { tier, tick, interval: Interval { from, to }, rows }
        };
        buckets.into_iter().map(bucket).collect()
    }

    /// Returns the tier of the bucket; the finest is tier 0.
    #[must_use]
    pub fn tier(&self) -> usize {
        self.tier
    }

    /// Returns the time of the bucket.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// Returns the actions that were touched, each with all of its records in the bucket.
    #[must_use]
    pub fn rows(&self) -> &[Row<S>] {
        &self.rows
    }
}
