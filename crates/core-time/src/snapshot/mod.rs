//! The content of a counter as a value, to keep, send, merge and restore.

use std::fmt;

use crate::counter::refused::RefusedCounts;
use crate::counter::window::Series;
use crate::instance::Instances;
use crate::spec::{Grid, Tier, WindowSpec};
use crate::stamp::Stamp;
use crate::tag::Tag;

mod changes;
mod delta;
mod error;
mod header;
#[cfg(feature = "serde")]
mod wire;

pub use changes::{CounterChanges, CounterCursor};
pub use delta::CounterDelta;
pub(crate) use delta::without;
pub use error::SnapshotError;
pub use header::{SnapshotHeader, SnapshotHeaderError};

/// The tag of the snapshots of counters.
pub(crate) const EVENTS: Tag = Tag::standard("events");

/// The content of an [`EventCounter`] at one time: the events of each bucket, in every tier.
///
/// Snapshots of several threads, processes or machines [`merge`](Self::merge) in any order, and the
/// result is exactly what one counter of all their events would hold. To query a snapshot, restore
/// it with a clock that stands at its time:
///
/// ```
/// use core_time::{EventCounter, ManualClock};
/// use std::time::Duration;
///
/// let (one, two) = (EventCounter::default(), EventCounter::default());
/// one.record_many(3);
/// two.record_many(4);
///
/// let mut both = one.snapshot();
/// both.merge(&two.snapshot())?;
/// let counter = EventCounter::restore_with_clock(&both, ManualClock::new(both.at()))?;
/// assert_eq!(counter.count(Duration::from_secs(300))?.events, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Identity
///
/// A snapshot names the counters whose events it holds. Two snapshots with a common counter are not
/// merged: its events would be counted twice. Of several snapshots of one counter, keep the one
/// with the largest [revision](Self::revision). It holds all events of the earlier ones that are
/// still in the span.
///
/// Two snapshots are equal if they hold the same events of the same counters, whatever their
/// revisions.
///
/// # Wire form
///
/// With the feature `serde`, a map of the `header`, a [`SnapshotHeader`], and the content. Times
/// and lengths are integers of nanoseconds. A snapshot that no counter can have made is an error,
/// and a snapshot that was read without an error never makes a counter panic. In JSON, version 1 is
/// read as well.
///
/// [`EventCounter`]: crate::EventCounter
#[derive(Clone)]
pub struct CounterSnapshot {
    header: SnapshotHeader,
    spec: WindowSpec,
    at: Stamp,
    since: Stamp,
    total: u64,
    refused: RefusedCounts,
    /// One for each tier of the specification.
    tiers: Vec<Buckets>,
}

/// The buckets of one tier, from the oldest with an event to the newest with one.
///
/// If the clock stepped back, up to the newest that the ring held: the ring evicted older buckets
/// for it, and a restored counter must know that these are missing, not empty.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Buckets {
    /// The tick of the first bucket, or 0 without buckets.
    first: i64,
    /// The first count is not 0, unless all are.
    counts: Vec<u64>,
}

impl Buckets {
    /// Makes the buckets from `first` on, without empty ones at the ends.
    ///
    /// `at` is the bucket of the present.
    pub(crate) fn new(first: i64, mut counts: Vec<u64>, at: i64) -> Self {
        if first.saturating_add_unsigned(counts.len() as u64) <= at.saturating_add(1) {
            counts.truncate(with_events(&counts));
        }
        let empty = counts.iter().take_while(|&&count| count == 0).count();
        let empty = empty.min(counts.len().saturating_sub(1));
        counts.drain(..empty);
        let first = if counts.is_empty() { 0 } else { first + empty as i64 };
        Self { first, counts }
    }

    /// Returns the tick and the count of each bucket with an event.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let each = (self.first..).zip(self.counts.iter().copied());
        each.filter(|&(_, count)| count > 0)
    }

    /// Returns the newest bucket that the ring held, if it is known.
    pub(crate) fn newest(&self) -> Option<i64> {
        let last = self.counts.len().checked_sub(1)?;
        Some(self.first + last as i64)
    }

    /// Returns the newest bucket with an event.
    fn newest_event(&self) -> Option<i64> {
        let last = with_events(&self.counts).checked_sub(1)?;
        Some(self.first + last as i64)
    }

    /// Adds the buckets of another snapshot, as far back as a window at `at` can reach.
    fn merged(&self, other: &Self, grid: &Grid, at: Stamp) -> Self {
        let Some(newest) = self.newest().max(other.newest()) else { return Self::default() };
        let first = grid.oldest(newest, at);
        let mut counts = vec![0_u64; usize::try_from(newest - first + 1).unwrap_or_default()];
        for (tick, count) in self.iter().chain(other.iter()).filter(|&(tick, _)| tick >= first) {
            counts[(tick - first) as usize] += count; // At most the total, which was checked.
        }
        Self::new(first, counts, grid.tick(at))
    }
}

/// Returns the number of buckets up to the newest with an event.
fn with_events(counts: &[u64]) -> usize {
    counts.iter().rposition(|&count| count > 0).map_or(0, |newest| newest + 1)
}

impl CounterSnapshot {
    /// Makes a snapshot of the start, the total and the buckets of each tier.
    pub(crate) fn new(
        (instances, revision): (Instances, u64),
        spec: WindowSpec,
        at: Stamp,
        (since, total, tiers): (Stamp, u64, Vec<Buckets>),
        refused: RefusedCounts,
    ) -> Self {
        let header = SnapshotHeader::new(EVENTS, instances, revision);
        Self { header, spec, at, since, total, refused, tiers }
    }

    /// Returns the number that grows with each snapshot of one counter.
    ///
    /// Of two snapshots of one counter, the one with the larger revision holds everything that was
    /// recorded before the other. No two snapshots have the same revision, also across a
    /// [restore](crate::EventCounter::restore), as long as only one counter continues from a
    /// snapshot. For merged snapshots see [`SnapshotHeader::revision`].
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::EventCounter;
    ///
    /// let counter = EventCounter::default();
    /// let (first, second) = (counter.snapshot(), counter.snapshot());
    /// assert!(first.revision() < second.revision());
    /// ```
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.header.revision()
    }

    /// Returns the time of the snapshot; of a merged one, the latest.
    #[must_use]
    pub fn at(&self) -> Stamp {
        self.at
    }

    /// Returns when counting began; of a merged snapshot, the earliest.
    #[must_use]
    pub fn since(&self) -> Stamp {
        self.since
    }

    /// Returns the number of events since then, including those that left all buckets.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns the numbers of refused events, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.refused
    }

    /// Returns the resolution, span and tolerance of the counter.
    #[must_use]
    pub fn spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// Returns the counters whose events the snapshot holds.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        self.header.instances()
    }

    /// Returns the events of each bucket, for each tier, the finest first.
    ///
    /// From the oldest bucket with an event to the newest with one.
    pub fn series(&self) -> impl DoubleEndedIterator<Item = Series> + '_ {
        self.tiers.iter().zip(self.spec.grids()).map(|(buckets, grid)| Series {
            from: grid.start(buckets.first),
            resolution: grid.resolution(),
            counts: buckets.counts[..with_events(&buckets.counts)].to_vec(),
        })
    }

    /// Adds the events of another snapshot.
    ///
    /// Commutative and associative. Events older than the span, from the later of the two times,
    /// are kept only in the [`total`](Self::total).
    ///
    /// # Errors
    ///
    /// - [`SnapshotError::OtherTiers`] if the tiers differ.
    /// - [`SnapshotError::Instances`] if both hold events of the same counter, or of too many.
    /// - [`SnapshotError::TooManyEvents`] if the total overflows.
    ///
    /// Nothing is merged then.
    pub fn merge(&mut self, other: &Self) -> Result<(), SnapshotError> {
        check_same_tiers(&self.spec, &other.spec)?;
        let header = self.header.merged(&other.header)?;
        let total = self.total.checked_add(other.total).ok_or(SnapshotError::TooManyEvents)?;
        let at = self.at.max(other.at);
        // The larger tolerance of the two.
        let spec = std::cmp::max_by_key(&self.spec, &other.spec, |spec| spec.tolerance()).clone();
        let pairs = self.tiers.iter().zip(&other.tiers).zip(spec.grids());
        self.tiers = pairs.map(|((one, two), grid)| one.merged(two, grid, at)).collect();
        (self.header, self.total, self.spec) = (header, total, spec);
        (self.at, self.since) = (at, self.since.min(other.since));
        self.refused = self.refused.saturating_add(other.refused);
        Ok(())
    }

    /// Checks that neither the snapshot nor a bucket is too far ahead of the clock.
    ///
    /// For a new counter, each bucket with an event. For a running one, also the newest bucket that
    /// the rings held: the counter would evict its own buckets for it.
    pub(crate) fn check_not_ahead(
        &self,
        now: Stamp,
        ahead_max: i64,
        into: Destination,
    ) -> Result<(), SnapshotError> {
        let newest = |buckets: &Buckets| match into {
            Destination::New => buckets.newest_event(),
            Destination::Running => buckets.newest(),
        };
        let begin = |(buckets, grid): (&Buckets, &Grid)| Some(grid.start(newest(buckets)?));
        let newest = self.tiers.iter().zip(self.spec.grids()).filter_map(begin).max();
        let newest = newest.map_or(self.at, |newest| newest.max(self.at));
        if newest.as_nanos().saturating_sub(now.as_nanos()) > ahead_max {
            return Err(SnapshotError::TooNew { newest, ahead: newest.saturating_since(now) });
        }
        Ok(())
    }

    /// Returns a stamp that no event exceeds: the end of the newest bucket of the finest tier.
    ///
    /// Events that only coarser tiers hold were late, so before the time of the snapshot.
    pub(crate) fn latest(&self) -> Stamp {
        let newest = self.tiers[0].newest_event().map(|newest| self.spec.finest().last(newest));
        let max = self.at + self.spec.tolerance() + self.spec.resolution();
        newest.map_or(self.at, |newest| newest.max(self.at).min(max))
    }

    pub(crate) fn tiers(&self) -> &[Buckets] {
        &self.tiers
    }
}

/// The counter into which a snapshot is merged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Destination {
    /// A new counter that continues from the snapshot.
    New,
    /// A counter that may have other events.
    Running,
}

/// Checks that two specifications have the same tiers. Their tolerance may differ.
pub(crate) fn check_same_tiers(one: &WindowSpec, two: &WindowSpec) -> Result<(), SnapshotError> {
    if one.tiers().eq(two.tiers()) {
        return Ok(());
    }
    let tiers = |spec: &WindowSpec| spec.tiers().collect::<Vec<Tier>>();
    Err(SnapshotError::OtherTiers { found: tiers(two), expected: tiers(one) })
}

impl PartialEq for CounterSnapshot {
    fn eq(&self, other: &Self) -> bool {
        fn contents(snapshot: &CounterSnapshot) -> impl PartialEq {
            let CounterSnapshot { header, spec, at, since, total, refused, tiers } = snapshot;
            (header.instances(), spec, at, since, total, refused, tiers)
        }
        contents(self) == contents(other)
    }
}

impl Eq for CounterSnapshot {}

impl fmt::Debug for CounterSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CounterSnapshot")
            .field("header", &self.header)
            .field("spec", &self.spec)
            .field("at", &self.at)
            .field("since", &self.since)
            .field("total", &self.total)
            .field("refused", &self.refused)
            .field("series", &self.series().collect::<Vec<_>>())
            .finish()
    }
}
