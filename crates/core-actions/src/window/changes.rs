//! Reading what was touched since an earlier read, at the cost of what was.
//!
//! A cursor keeps, for each shard, how often it had changed, and a mark of its rings. A shard with
//! the same number is passed over. In another one, the rings find the buckets that were opened
//! since their mark. So a record keeps no version, and costs what it did.
//!
//! Buffered values are inserted into the rings first. Otherwise their buckets would be named twice:
//! while the values are buffered, and when their writer has flushed them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::iter;
use std::mem;
use std::sync::{Arc, Weak};

use core_time::{Statistic, TieredMark, TieredRing};
use crossbeam_utils::CachePadded;

use crate::action::words::AsWords;
use crate::row::Row;
use crate::snapshot::{ChangedBucket, WindowedChanges, WindowedSnapshot};
use crate::tracker::action::SharedShard;
use crate::tracker::read::LockedAction;
use crate::tracker::shard::{Cut, Shard};
use crate::window::WindowedTracker;
use crate::window::read::merge_buckets;
use crate::window::timeline::Timeline;

/// What a reader saw of a [`WindowedTracker`], to find what is [changed](WindowedTracker::changes)
/// later.
///
/// A new one has seen nothing. It is of one tracker: with another, it begins from the start.
///
/// # Memory
///
/// For each action 48 bytes, and for each thread that recorded it 72, and 40 for each tier after
/// the first. The shards of threads, without their buckets, stay until the next look after they
/// are gone.
pub struct WindowedCursor<S: Statistic> {
    /// Of the tracker that was seen, if it was seen to the end.
    tracker: Weak<Timeline>,
    resets: u64,
    /// In ascending order of their ids.
    actions: Vec<SeenAction<S>>,
}

/// An action that had records.
struct SeenAction<S: Statistic> {
    id: u64,
    name: Arc<str>,
    shards: Vec<SeenShard<S>>,
}

struct SeenShard<S: Statistic> {
    /// Keeps the address, so that no later shard has it.
    shard: Weak<CachePadded<Shard<TieredRing<S>>>>,
    /// How often its rings had changed.
    changes: u64,
    mark: TieredMark,
}

impl<S: Statistic> Default for WindowedCursor<S> {
    fn default() -> Self {
        Self { tracker: Weak::new(), resets: 0, actions: Vec::new() }
    }
}

impl<S: Statistic> fmt::Debug for WindowedCursor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowedCursor")
            .field("actions", &self.actions.len())
            .finish_non_exhaustive()
    }
}

type Cuts<'a, S> = [(&'a SharedShard<TieredRing<S>>, Cut<'a, TieredRing<S>>)];

/// The rows of each bucket, by tier and tick.
type Buckets<S> = BTreeMap<(usize, i64), Vec<Row<S>>>;

impl<S: Statistic<Value: AsWords>> WindowedTracker<S> {
    /// Returns the buckets that were touched since the last call with this cursor, by action.
    ///
    /// Each row has all records of its action in its bucket. At the first call, after a reset and
    /// for a cursor of another tracker, they are [all](WindowedChanges::is_complete) that it holds.
    /// Buckets that became older than all windows are not named.
    ///
    /// Every bucket with a record since then is there. One may be there without one: the bucket
    /// that an action and thread recorded in last before the last call, if they have recorded in
    /// two others or more since then; or one that a merge touched.
    ///
    /// The revision is larger than that of all earlier snapshots and changes of the tracker.
    ///
    /// # Complexity
    ///
    /// A step for each action and thread that recorded it, and a copy of each row that changed. The
    /// number of buckets adds a logarithmic step; after many late records, which open more than 32
    /// buckets of one action between two calls, all of its buckets are copied.
    ///
    /// # Concurrency
    ///
    /// As [`snapshot`](Self::snapshot): the rows have every record made before the call. One made
    /// concurrently is there, or in the next changes.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, WindowedCursor, WindowedTracker};
    /// use core_time::{ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let tracker = WindowedTracker::<Mean>::with_clock(Default::default(), clock.clone())?;
    /// tracker.record("jump", 100)?;
    /// let mut cursor = WindowedCursor::default();
    /// assert!(tracker.changes(&mut cursor).is_complete());
    ///
    /// clock.advance(Duration::from_secs(1));
    /// tracker.record("run", 50)?;
    /// tracker.record("run", 70)?;
    /// let changes = tracker.changes(&mut cursor);
    /// let bucket = &changes.buckets()[0];
    /// assert_eq!(bucket.interval().from, Stamp::from_secs(1_001));
    /// assert_eq!((bucket.rows()[0].name(), bucket.rows()[0].mean()), ("run", 60.0));
    /// assert_eq!((changes.buckets().len(), bucket.rows().len()), (1, 1));
    /// assert!(tracker.changes(&mut cursor).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changes(&self, cursor: &mut WindowedCursor<S>) -> WindowedChanges<S> {
        let spec = self.window_spec().clone();
        let registry = self.rings.registry();
        let (header, changes) = registry.revise(WindowedSnapshot::<S>::tag(&spec), |resets| {
            // Without its tracker, until all is read: a statistic may panic when it is copied.
            let tracker = mem::take(&mut cursor.tracker);
            let is_known = tracker.as_ptr() == Arc::as_ptr(&self.timeline);
            let is_complete = !is_known || cursor.resets != resets;
            let mut seen = mem::take(&mut cursor.actions);
            if is_complete {
                seen.clear();
            }
            let mut seen = seen.into_iter().peekable();
            let (mut actions, mut removed) = (Vec::with_capacity(registry.len()), Vec::new());
            let mut buckets = Buckets::new();
            registry.for_each(|action| {
                let gone = iter::from_fn(|| seen.next_if(|seen| seen.id < action.id));
                removed.extend(gone.map(|gone| gone.name));
                let seen = seen.next_if(|seen| seen.id == action.id);
                match changes_of(&action, seen, &mut buckets) {
                    Ok(seen) => actions.extend(seen),
                    Err(gone) => removed.push(gone),
                }
            });
            removed.extend(seen.map(|gone| gone.name));
            cursor.actions = actions;
            (cursor.tracker, cursor.resets) = (Arc::downgrade(&self.timeline), resets);
            let (at, since) = (self.now(), self.timeline.since());
            (at, since, is_complete, removed, buckets)
        });
        let (at, since, is_complete, removed, buckets) = changes;
        let buckets = ChangedBucket::all(&spec, buckets);
        let (latest, unit) = (self.timeline.latest(at), self.spec().unit);
        WindowedChanges { header, spec, at, since, latest, unit, is_complete, removed, buckets }
    }
}

/// Adds the rows of an action that changed since it was seen, and returns how it is seen now.
///
/// `None` while it has no records, and its name if it was removed concurrently.
fn changes_of<S: Statistic<Value: AsWords>>(
    action: &LockedAction<'_, TieredRing<S>>,
    seen: Option<SeenAction<S>>,
    buckets: &mut Buckets<S>,
) -> Result<Option<SeenAction<S>>, Arc<str>> {
    let cuts = action.absorbed();
    let Some(first) = action.first(&cuts) else {
        return seen.map_or(Ok(None), |seen| Err(seen.name));
    };
    let (id, name) = (action.id, Arc::clone(action.name));
    let mut seen = seen.unwrap_or_else(|| SeenAction { id, name, shards: Vec::new() });
    for (tier, tick) in touched(&mut seen.shards, &cuts) {
        let mut sum = None;
        for (_, cut) in &cuts {
            merge_buckets(cut.statistic(), cut.buffered(), tier, &(tick..=tick), &mut sum);
        }
        if let Some(sum) = sum {
            let row = Row::new(Arc::clone(action.name), first, sum);
            buckets.entry((tier, tick)).or_default().push(row);
        }
    }
    Ok(Some(seen))
}

/// Returns the tiers and ticks that changed since the shards were seen, and sees them as they are.
fn touched<S: Statistic<Value: AsWords>>(
    seen: &mut Vec<SeenShard<S>>,
    cuts: &Cuts<'_, S>,
) -> BTreeSet<(usize, i64)> {
    let mut touched = BTreeSet::new();
    // Mostly one, for which a vector that grows has room for four.
    seen.reserve_exact(cuts.len().saturating_sub(seen.len()));
    for (at, (shard, cut)) in cuts.iter().enumerate() {
        let is_it = |seen: &SeenShard<S>| seen.shard.as_ptr() == Arc::as_ptr(shard);
        // Mostly where it was; else a shard before it is gone.
        let found = if seen.get(at).is_some_and(is_it) { Some(at) } else { None };
        match found.or_else(|| seen.iter().position(is_it)) {
            Some(found) => seen.swap(at, found),
            None => seen.insert(at, SeenShard::empty(shard)),
        }
        seen[at].touch(cut, &mut touched);
    }
    seen.truncate(cuts.len());
    touched
}

impl<S: Statistic<Value: AsWords>> SeenShard<S> {
    fn empty(shard: &SharedShard<TieredRing<S>>) -> Self {
        let mark = TieredMark::default();
        Self { shard: Arc::downgrade(shard), changes: 0, mark }
    }

    /// Adds what changed since it was seen, and sees it as it is.
    fn touch(&mut self, cut: &Cut<'_, TieredRing<S>>, touched: &mut BTreeSet<(usize, i64)>) {
        if cut.changes() == self.changes {
            return;
        }
        let rings = cut.statistic();
        for tier in 0..rings.tiers().count() {
            let ticks = rings.touched_since(tier, &self.mark);
            touched.extend(ticks.into_iter().map(|tick| (tier, tick)));
        }
        (self.changes, self.mark) = (cut.changes(), rings.mark());
    }
}
