//! What a counter holds, as a value: to be kept, sent, merged and restored.

use std::fmt;

use crate::counter::{RefusedCounts, Series};
use crate::instance::Instances;
use crate::spec::{Grid, Tier, WindowSpec};
use crate::stamp::Stamp;
use crate::tag::Tag;

mod error;
mod header;
#[cfg(feature = "serde")]
mod wire;

pub use error::SnapshotError;
pub use header::{SnapshotHeader, SnapshotHeaderError};

/// Names the snapshots of counters.
pub(crate) const EVENTS: Tag = Tag::standard("events");

/// What an [`EventCounter`] held at one moment: the events of each bucket that one could ask for,
/// in every tier.
///
/// A value, with nothing of the counter's left in it. Snapshots of several counters, of several
/// threads, processes or machines, [`merge`](Self::merge) into what one counter would hold that saw
/// all their events; in any order, to the event. To ask one, restore it by a clock that stands at
/// its moment:
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
/// # Twice is once
///
/// A snapshot names the counters whose events are in it, and two that share one are not merged: its
/// events would be counted twice. Of one counter, keep the one with the largest
/// [revision](Self::revision); it holds everything that earlier ones do and that is still in the
/// span.
///
/// Two are equal if they hold the same events of the same counters, whatever their revisions.
///
/// # Wire form
///
/// With the feature `serde`, a map of the `header`, a [`SnapshotHeader`], and the contents. Moments
/// and lengths are integers of nanoseconds. What is read is checked as far as it can be: a snapshot
/// that no counter can have made is an error, and no snapshot that is read without one makes a
/// counter panic. In JSON, version 1 is read as well.
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

/// The buckets of one tier, from the oldest with an event to the newest with one; or to the newest
/// that the ring held, if the clock stepped back from there: the ring gave up older buckets for it,
/// and who restores it must know that they are missing, not empty.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Buckets {
    /// The tick of the first; 0 if there is none.
    first: i64,
    /// The first is not 0, unless all are.
    counts: Vec<u64>,
}

impl Buckets {
    /// The buckets from `first` on, with `at` that of the present. Those at both ends may be empty.
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

    /// Each bucket with an event: its tick, and how many there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let each = (self.first..).zip(self.counts.iter().copied());
        each.filter(|&(_, count)| count > 0)
    }

    /// The tick of the newest bucket that the ring held, if that is known.
    pub(crate) fn newest(&self) -> Option<i64> {
        let last = self.counts.len().checked_sub(1)?;
        Some(self.first + last as i64)
    }

    /// The tick of the newest bucket with an event.
    fn newest_event(&self) -> Option<i64> {
        let last = with_events(&self.counts).checked_sub(1)?;
        Some(self.first + last as i64)
    }

    /// The sum of two, as far back as one could ask a counter at a moment.
    fn merged(&self, other: &Self, grid: &Grid, at: Stamp) -> Self {
        let Some(newest) = self.newest().max(other.newest()) else { return Self::default() };
        let first = grid.oldest(newest, at);
        let mut counts = vec![0_u64; usize::try_from(newest - first + 1).unwrap_or_default()];
        for (tick, count) in self.iter().chain(other.iter()).filter(|&(tick, _)| tick >= first) {
            counts[(tick - first) as usize] += count; // Not more than the total, which was checked.
        }
        Self::new(first, counts, grid.tick(at))
    }
}

/// How many buckets there are up to the newest with an event.
fn with_events(counts: &[u64]) -> usize {
    counts.iter().rposition(|&count| count > 0).map_or(0, |newest| newest + 1)
}

impl CounterSnapshot {
    /// What a counter holds: since when, how many in all, and the buckets of each tier.
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
    /// recorded before the other. No two have the same, also across a
    /// [restore](crate::EventCounter::restore), as long as one counter goes on from a snapshot. Of
    /// merged snapshots see [`SnapshotHeader::revision`].
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

    /// The moment of the snapshot, by the counter's clock; of a merged one, the latest.
    #[must_use]
    pub fn at(&self) -> Stamp {
        self.at
    }

    /// When counting began; of a merged one, the earliest.
    #[must_use]
    pub fn since(&self) -> Stamp {
        self.since
    }

    /// How many events were counted since then, also those that left all buckets.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many events were refused, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        self.refused
    }

    /// What the counter remembers.
    #[must_use]
    pub fn spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// The counters whose events are in it, in no order that matters.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        self.header.instances()
    }

    /// The events of each bucket, from the oldest with an event to the newest with one; for each
    /// tier, the finest first.
    pub fn series(&self) -> impl DoubleEndedIterator<Item = Series> + '_ {
        self.tiers.iter().zip(self.spec.grids()).map(|(buckets, grid)| Series {
            from: grid.start(buckets.first),
            resolution: grid.resolution(),
            counts: buckets.counts[..with_events(&buckets.counts)].to_vec(),
        })
    }

    /// Takes in the events of another snapshot.
    ///
    /// Commutative and associative, to the event. What is further back from the later of the two
    /// moments than the span is given up, but in [`total`](Self::total).
    ///
    /// # Errors
    ///
    /// [`SnapshotError::OtherTiers`] if they are not of the same tiers,
    /// [`SnapshotError::Instances`] if both hold events of the same counter, or if they are of too
    /// many, [`SnapshotError::TooManyEvents`] if the total overflows. Nothing is merged then.
    pub fn merge(&mut self, other: &Self) -> Result<(), SnapshotError> {
        check_same_tiers(&self.spec, &other.spec)?;
        let header = self.header.merged(&other.header)?;
        let total = self.total.checked_add(other.total).ok_or(SnapshotError::TooManyEvents)?;
        let at = self.at.max(other.at);
        // Of two that believe differently far ahead, the one that believes more.
        let spec = std::cmp::max_by_key(&self.spec, &other.spec, |spec| spec.tolerance()).clone();
        let pairs = self.tiers.iter().zip(&other.tiers).zip(spec.grids());
        self.tiers = pairs.map(|((one, two), grid)| one.merged(two, grid, at)).collect();
        (self.header, self.total, self.spec) = (header, total, spec);
        (self.at, self.since) = (at, self.since.min(other.since));
        let (refused, more) = (&mut self.refused, other.refused);
        refused.too_old = refused.too_old.saturating_add(more.too_old);
        refused.too_new = refused.too_new.saturating_add(more.too_new);
        refused.full = refused.full.saturating_add(more.full);
        Ok(())
    }

    /// Checks that the snapshot itself, and where each bucket begins, lie in the time that is
    /// believed: to restore, each bucket with an event; to merge, also the newest that its rings
    /// held, or the counter would give up buckets for one that is far ahead.
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

    /// A moment that no event is later than: where the newest bucket of the finest tier ends. What
    /// coarser tiers alone took in was late, and before the moment of the snapshot.
    pub(crate) fn latest(&self) -> Stamp {
        let newest = self.tiers[0].newest_event().map(|newest| self.spec.finest().last(newest));
        let most = self.at + self.spec.tolerance() + self.spec.resolution();
        newest.map_or(self.at, |newest| newest.max(self.at).min(most))
    }

    pub(crate) fn tiers(&self) -> &[Buckets] {
        &self.tiers
    }
}

/// Which counter a snapshot goes into.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Destination {
    /// One that is made for it, and goes on as the one that it is of.
    New,
    /// One that has events of its own.
    Running,
}

/// Whether two specifications have the same buckets. How far ahead they believe may differ.
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
