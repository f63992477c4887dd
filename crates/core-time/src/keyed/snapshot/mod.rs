//! The content of a keyed counter as a value, to keep, send, merge and restore.

mod delta;
mod events;
#[cfg(feature = "serde")]
mod wire;

use std::cmp::{self, Ordering};

pub use delta::KeyedDelta;
pub(crate) use events::{Events, Start};

use crate::counter::RefusedCounts;
use crate::instance::Instances;
use crate::overflow::OverflowCounts;
use crate::snapshot::{Destination, SnapshotError, SnapshotHeader, check_same_tiers};
use crate::spec::{Grid, WindowSpec};
use crate::stamp::Stamp;
use crate::tag::Tag;

/// The tag of the snapshots of keyed counters.
pub(super) const TAG: Tag = Tag::of("keyed", &crate::snapshot::EVENTS);

/// The content of a [`KeyedCounter`] at one time: the events of each key, by bucket.
///
/// Snapshots of several threads, processes or machines [`merge`](Self::merge) in any order, and the
/// result has for each key exactly the events that one counter of all would have. To query a
/// snapshot, restore it with a clock that stands at its time:
///
/// ```
/// use core_time::{KeyedCounter, KeyedSpec, ManualClock};
/// use std::time::Duration;
///
/// let [one, two] = [(); 2].map(|()| KeyedCounter::<String>::new(KeyedSpec::default()));
/// let (one, two) = (one?, two?);
/// one.record_many("alice", 3)?;
/// two.record_many("alice", 4)?;
///
/// let mut both = one.snapshot();
/// both.merge(&two.snapshot())?;
/// let clock = ManualClock::new(both.at());
/// let logins = KeyedCounter::restore_with_clock(KeyedSpec::default(), &both, clock)?;
/// assert_eq!(logins.count("alice", Duration::from_secs(300))?.events, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Identity
///
/// As of a [`CounterSnapshot`](crate::CounterSnapshot): it names the counters whose events it
/// holds, those with a common counter are not merged, and of several of one counter the one with
/// the largest [revision](Self::revision) is the latest.
///
/// Two snapshots are equal if they hold the same events of the same counters, whatever their
/// revisions.
///
/// # Wire form
///
/// With the feature `serde`, a map of the `header`, a [`SnapshotHeader`] with the tag
/// `keyed(events)`, and the content: `rows` in ascending order of their keys, each with the pairs
/// of number and events of its buckets. Times and lengths are integers of nanoseconds. A snapshot
/// that no counter can have made is an error, and one that was read without an error never makes a
/// counter panic.
///
/// [`KeyedCounter`]: crate::KeyedCounter
#[derive(Debug, Clone)]
pub struct KeyedSnapshot<K> {
    pub(super) header: SnapshotHeader,
    /// Of one tier.
    pub(super) spec: WindowSpec,
    pub(super) at: Stamp,
    pub(super) since: Stamp,
    /// When counting began of a key that is not there.
    pub(super) since_unknown: Stamp,
    /// The newest bucket that the counter held, at least that of `at`.
    pub(super) newest: i64,
    pub(super) refused: RefusedCounts,
    pub(super) overflow: OverflowCounts,
    pub(super) other: Events,
    /// In ascending order of keys. Merging leaves those without buckets, which begin at their time.
    pub(super) rows: Vec<(K, Events)>,
}

/// The events of a key in a [`KeyedSnapshot`] or a [`KeyedDelta`].
#[derive(Debug, Clone, Copy)]
pub struct KeyRow<'a, K> {
    key: &'a K,
    events: &'a Events,
    grid: &'a Grid,
}

impl<'a, K> KeyRow<'a, K> {
    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &'a K {
        self.key
    }

    /// Returns when counting of the key began.
    ///
    /// Later than the start of the counter if events of the key were lost before.
    #[must_use]
    pub fn since(&self) -> Stamp {
        self.events.since
    }

    /// Returns the number of events in all buckets.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events.events()
    }

    /// Returns the start and the events of each bucket with an event, the oldest first.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = (Stamp, u64)> + 'a {
        let (grid, buckets) = (self.grid, &self.events.buckets);
        buckets.iter().map(|&(tick, events)| (grid.start(tick), events))
    }
}

/// Returns the rows of keys with events.
fn rows_of<'a, K>(
    rows: &'a [(K, Events)],
    spec: &'a WindowSpec,
) -> impl DoubleEndedIterator<Item = KeyRow<'a, K>> {
    let rows = rows.iter().filter(|(_, events)| !events.is_empty());
    rows.map(|(key, events)| KeyRow { key, events, grid: spec.finest() })
}

impl<K> KeyedSnapshot<K> {
    /// Returns the number that grows with each snapshot of one counter.
    ///
    /// As [`CounterSnapshot::revision`](crate::CounterSnapshot::revision).
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

    /// Returns the resolution, span and tolerance of the counter.
    #[must_use]
    pub fn window_spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// Returns the counters whose events the snapshot holds.
    #[must_use]
    pub fn instances(&self) -> &Instances {
        self.header.instances()
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
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = KeyRow<'_, K>> {
        rows_of(&self.rows, &self.spec)
    }

    /// Returns the folded events of keys beyond the limit.
    #[must_use]
    pub fn other(&self) -> KeyRow<'_, ()> {
        KeyRow { key: &(), events: &self.other, grid: self.spec.finest() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.other.is_empty() && self.rows.iter().all(|(_, events)| events.is_empty())
    }

    /// Returns the newest bucket with an event.
    fn newest_event(&self) -> Option<i64> {
        let of_keys = self.rows.iter().filter_map(|(_, events)| events.newest()).max();
        of_keys.max(self.other.newest())
    }

    /// Returns a stamp that no event exceeds, as that of a [`CounterSnapshot`].
    ///
    /// [`CounterSnapshot`]: crate::CounterSnapshot
    pub(super) fn latest(&self) -> Stamp {
        let newest = self.newest_event().map(|newest| self.spec.finest().last(newest));
        let max = self.at + self.spec.tolerance() + self.spec.resolution();
        newest.map_or(self.at, |newest| newest.max(self.at).min(max))
    }

    /// Checks that neither the snapshot nor a bucket is too far ahead of the clock.
    ///
    /// As for a [`CounterSnapshot`](crate::CounterSnapshot).
    pub(super) fn check_not_ahead(
        &self,
        now: Stamp,
        ahead_max: i64,
        into: Destination,
    ) -> Result<(), SnapshotError> {
        let newest = match into {
            Destination::New => self.newest_event(),
            Destination::Running => Some(self.newest),
        };
        let newest = newest.map_or(self.at, |newest| self.spec.finest().start(newest).max(self.at));
        if newest.as_nanos().saturating_sub(now.as_nanos()) > ahead_max {
            return Err(SnapshotError::TooNew { newest, ahead: newest.saturating_since(now) });
        }
        Ok(())
    }
}

impl<K: Ord> KeyedSnapshot<K> {
    /// Returns the events of a key; `None` if there are none.
    ///
    /// # Complexity
    ///
    /// The logarithm of the number of keys.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<KeyRow<'_, K>>
    where
        K: std::borrow::Borrow<Q>,
    {
        let at = self.rows.binary_search_by(|(other, _)| other.borrow().cmp(key)).ok()?;
        let (key, events) = &self.rows[at];
        (!events.is_empty()).then(|| KeyRow { key, events, grid: self.spec.finest() })
    }

    /// Returns when counting of a key began.
    pub(super) fn start_of(&self, key: &K) -> Start {
        let found = self.rows.binary_search_by(|(other, _)| other.cmp(key));
        let since = found.map_or(self.since_unknown, |at| self.rows[at].1.since);
        Start { counter: self.since, key: since }
    }

    /// Returns when counting of a key that is not there began.
    pub(super) fn start_of_unknown(&self) -> Start {
        Start { counter: self.since, key: self.since_unknown }
    }

    /// Adds the events of another snapshot.
    ///
    /// Commutative and associative. The tiers must be the same, and the larger tolerance remains.
    /// Buckets that a counter would have evicted are left out: those further back from the newest
    /// than the span, the tolerance and one bucket. With different tolerances, the order of merges
    /// may decide how many buckets remain that no window at the time of the snapshot touches.
    ///
    /// A key is counted since the first of the counters began; if one of them lost events of the
    /// key, since then.
    ///
    /// # Errors
    ///
    /// - [`SnapshotError::OtherTiers`] if the tiers differ.
    /// - [`SnapshotError::Instances`] if both hold events of the same counter, or of too many.
    /// - [`SnapshotError::TooManyEvents`] if the events of a key overflow.
    ///
    /// Nothing is merged then.
    pub fn merge(&mut self, other: &Self) -> Result<(), SnapshotError>
    where
        K: Clone,
    {
        check_same_tiers(&self.spec, &other.spec)?;
        let header = self.header.merged(&other.header)?;
        let spec = cmp::max_by_key(&self.spec, &other.spec, |spec| spec.tolerance()).clone();
        let newest = self.newest.max(other.newest);
        let oldest = oldest(&spec, newest);
        let since = self.other.since.min(other.other.since);
        let folded = self.other.sum(&other.other, since, oldest)?;
        let rows = self.merged_rows(other, oldest)?;
        self.since_unknown = self.start_of_unknown().of_both(other.start_of_unknown());
        (self.header, self.spec, self.newest) = (header, spec, newest);
        (self.other, self.rows) = (folded, rows);
        (self.at, self.since) = (self.at.max(other.at), self.since.min(other.since));
        self.refused = self.refused.saturating_add(other.refused);
        self.overflow = self.overflow.saturating_add(other.overflow);
        Ok(())
    }

    fn merged_rows(&self, other: &Self, oldest: i64) -> Result<Vec<(K, Events)>, SnapshotError>
    where
        K: Clone,
    {
        let nothing = Events { since: Stamp::MIN, buckets: Vec::new() };
        let (mut mine, mut theirs) = (self.rows.iter().peekable(), other.rows.iter().peekable());
        let mut rows = Vec::with_capacity(self.rows.len().max(other.rows.len()));
        loop {
            let order = match (mine.peek(), theirs.peek()) {
                (None, None) => return Ok(rows),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((one, _)), Some((two, _))) => one.cmp(two),
            };
            let one = if order.is_le() { mine.next() } else { None };
            let two = if order.is_ge() { theirs.next() } else { None };
            let Some((key, _)) = one.or(two) else { return Ok(rows) };
            let since = self.start_of(key).of_both(other.start_of(key));
            let [one, two] = [one, two].map(|row| row.map_or(&nothing, |(_, events)| events));
            rows.push((key.clone(), one.sum(two, since, oldest)?));
        }
    }
}

/// Returns the oldest bucket that a counter holds.
pub(super) fn oldest(spec: &WindowSpec, newest: i64) -> i64 {
    newest.saturating_sub_unsigned(spec.finest().reach())
}

impl<K: PartialEq> PartialEq for KeyedSnapshot<K> {
    fn eq(&self, other: &Self) -> bool {
        fn contents<K>(snapshot: &KeyedSnapshot<K>) -> impl PartialEq + use<'_, K>
        where
            K: PartialEq,
        {
            let KeyedSnapshot { header, spec, at, since, since_unknown, newest, .. } = snapshot;
            let KeyedSnapshot { refused, overflow, other, rows, .. } = snapshot;
            let of_counter = (header.instances(), spec, at, since, since_unknown, newest);
            (of_counter, refused, overflow, other, rows)
        }
        contents(self) == contents(other)
    }
}

impl<K: Eq> Eq for KeyedSnapshot<K> {}
