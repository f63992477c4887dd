//! The buckets of a counter that changed between two looks.

use super::{Buckets, CounterSnapshot, SnapshotHeader};
use crate::instance::{Instance, Instances};
use crate::spec::{Grid, WindowSpec};
use crate::stamp::Stamp;

/// What a reader saw of an [`EventCounter`], to find what is
/// [changed](crate::EventCounter::changes) later.
///
/// A new one has seen nothing. It takes the memory of a snapshot.
///
/// [`EventCounter`]: crate::EventCounter
#[derive(Debug, Clone, Default)]
pub struct CounterCursor {
    seen: Option<(Instance, CounterSnapshot)>,
}

/// The buckets of a counter whose events changed since an earlier look at it.
///
/// Each has all of its events, not only those since the look. So changes may be repeated and may be
/// reordered, as long as the newest number of each bucket is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterChanges {
    header: SnapshotHeader,
    spec: WindowSpec,
    at: Stamp,
    since: Stamp,
    latest: Stamp,
    is_complete: bool,
    /// Ticks with their events, for each tier.
    tiers: Vec<Vec<(i64, u64)>>,
}

impl CounterCursor {
    /// Returns what changed since the last snapshot that was looked at.
    pub(crate) fn look(&mut self, counter: Instance, snapshot: CounterSnapshot) -> CounterChanges {
        let seen = self.seen.take().filter(|(instance, seen)| {
            *instance == counter && seen.revision() < snapshot.revision()
        });
        let before = seen.as_ref().map(|(_, seen)| seen.tiers());
        let grids = snapshot.spec.grids().iter().zip(&snapshot.tiers);
        let tiers = grids.enumerate().map(|(tier, (grid, buckets))| {
            let before = before.and_then(|tiers| tiers.get(tier));
            buckets.changed_since(before.unwrap_or(&Buckets::default()), grid, snapshot.at)
        });
        let changes = CounterChanges {
            header: snapshot.header.clone(),
            spec: snapshot.spec.clone(),
            at: snapshot.at,
            since: snapshot.since,
            latest: snapshot.latest(),
            is_complete: seen.is_none(),
            tiers: tiers.collect(),
        };
        self.seen = Some((counter, snapshot));
        changes
    }
}

impl Buckets {
    fn count(&self, tick: i64) -> u64 {
        let at = tick.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.counts.get(at)).copied().unwrap_or_default()
    }

    /// Returns the buckets with other counts than before, also with none, if a window touches them.
    fn changed_since(&self, before: &Self, grid: &Grid, at: Stamp) -> Vec<(i64, u64)> {
        let oldest = grid.tick(at).saturating_sub_unsigned(grid.tier().buckets());
        let emptied = before.iter().filter(|&(tick, _)| tick >= oldest && self.count(tick) == 0);
        let emptied = emptied.map(|(tick, _)| (tick, 0));
        let changed = self.iter().filter(|&(tick, count)| before.count(tick) != count);
        let mut all: Vec<_> = emptied.chain(changed).collect();
        all.sort_unstable();
        all
    }
}

impl From<&CounterSnapshot> for CounterChanges {
    /// Copies all buckets: changes since nothing was known.
    fn from(snapshot: &CounterSnapshot) -> Self {
        CounterCursor::default().look(Instance::draw(), snapshot.clone())
    }
}

impl CounterChanges {
    /// Returns the revision, by which changes and snapshots of one counter are ordered.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.header.revision()
    }

    /// Returns the counters whose events they are.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        self.header.instances()
    }

    /// Returns the time of the look, by the counter's clock.
    #[must_use]
    pub fn at(&self) -> Stamp {
        self.at
    }

    /// Returns when counting began.
    #[must_use]
    pub fn since(&self) -> Stamp {
        self.since
    }

    /// Returns a stamp that no event exceeds.
    #[must_use]
    pub fn latest(&self) -> Stamp {
        self.latest
    }

    /// Returns the resolution, span and tolerance of the counter.
    #[must_use]
    pub fn spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// Returns whether these are all buckets with events: so it is at the first look.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns whether no bucket changed since the look.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tiers.iter().all(Vec::is_empty) && !self.is_complete
    }

    /// Returns the start and the events of each bucket of a tier that changed, the oldest first.
    ///
    /// 0 events after a reset. The finest is tier 0; no bucket if there is no such tier.
    pub fn buckets(&self, tier: usize) -> impl Iterator<Item = (Stamp, u64)> + '_ {
        let grid = self.spec.grids().get(tier);
        let buckets = self.tiers.get(tier).into_iter().flatten();
        buckets.filter_map(move |&(tick, events)| Some((grid?.start(tick), events)))
    }
}
