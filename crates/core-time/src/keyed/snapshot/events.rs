//! The events of a key as a value.

use crate::ring::SparseCounts;
use crate::snapshot::SnapshotError;
use crate::stamp::Stamp;

/// The events of a key, by bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Events {
    /// When counting of the key began.
    pub(crate) since: Stamp,
    /// Ticks in ascending order, with the number of events, which is not 0.
    pub(crate) buckets: Vec<(i64, u64)>,
}

/// The starts of two counters: of all keys, and of a key.
///
/// A key counted from later than its counter lost events at that time. One that is counted from
/// the start or from before has all events that the counter was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) counter: Stamp,
    pub(crate) key: Stamp,
}

impl Start {
    fn lost(self) -> Option<Stamp> {
        (self.key > self.counter).then_some(self.key)
    }

    /// Returns when counting of a key begins in the sum of two counters.
    ///
    /// Where one of them lost events, then; else when the first of them began.
    pub(crate) fn of_both(self, other: Self) -> Stamp {
        self.lost().max(other.lost()).unwrap_or(self.key.min(other.key))
    }
}

impl Events {
    /// Copies the buckets from `oldest` on.
    pub(crate) fn of(counts: &SparseCounts, since: Stamp, oldest: i64) -> Self {
        Self { since, buckets: counts.iter_from(oldest).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    pub(crate) fn newest(&self) -> Option<i64> {
        self.buckets.last().map(|&(tick, _)| tick)
    }

    /// Returns the number of events, which fits where the events of a key were counted or checked.
    pub(crate) fn events(&self) -> u64 {
        self.buckets.iter().map(|&(_, events)| events).sum()
    }

    pub(crate) fn from(&self, oldest: i64) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.buckets.iter().copied().filter(move |&(tick, _)| tick >= oldest)
    }

    pub(crate) fn evict_before(&mut self, oldest: i64) {
        self.buckets.retain(|&(tick, _)| tick >= oldest);
    }

    /// Adds up the buckets from `oldest` on. Both are counted from `since` on.
    pub(crate) fn sum(
        &self,
        other: &Self,
        since: Stamp,
        oldest: i64,
    ) -> Result<Self, SnapshotError> {
        let (mut mine, mut theirs) = (self.from(oldest).peekable(), other.from(oldest).peekable());
        let (mut buckets, mut total) = (Vec::new(), 0_u64);
        while let Some(&(tick, _)) = match (mine.peek(), theirs.peek()) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        } {
            let is_here = |&(other, _): &(i64, u64)| other == tick;
            let events = [mine.next_if(is_here), theirs.next_if(is_here)];
            let mut sum = 0_u64;
            for (_, events) in events.into_iter().flatten() {
                total = total.checked_add(events).ok_or(SnapshotError::TooManyEvents)?;
                sum += events; // At most the total.
            }
            buckets.push((tick, sum));
        }
        Ok(Self { since, buckets })
    }

    /// Subtracts the events of an earlier time. `None` if a bucket has fewer than before.
    ///
    /// Buckets that were evicted since are left out.
    pub(crate) fn without(&self, earlier: &Self) -> Option<Self> {
        let before = |tick| match earlier.buckets.binary_search_by_key(&tick, |&(tick, _)| tick) {
            Ok(at) => earlier.buckets[at].1,
            Err(_) => 0,
        };
        let oldest = self.buckets.first().map_or(i64::MAX, |&(tick, _)| tick);
        let is_missing = |&(tick, _): &(i64, u64)| {
            tick > oldest && self.buckets.binary_search_by_key(&tick, |&(tick, _)| tick).is_err()
        };
        if earlier.buckets.iter().any(is_missing) {
            return None;
        }
        let mut buckets = Vec::new();
        for &(tick, events) in &self.buckets {
            match events.checked_sub(before(tick))? {
                0 => {}
                more => buckets.push((tick, more)),
            }
        }
        Some(Self { since: self.since, buckets })
    }

    /// Checks what was read: buckets from `oldest` to `newest`, in order, whose sum fits.
    #[cfg(feature = "serde")]
    pub(crate) fn check(&self, oldest: i64, newest: i64) -> Result<(), SnapshotError> {
        let (mut after, mut total) = (oldest, 0_u64);
        for &(tick, events) in &self.buckets {
            if events == 0 || tick < after || tick > newest {
                return Err(SnapshotError::InvalidBucket { tick });
            }
            after = tick + 1; // At most the tick after all stamps.
            total = total.checked_add(events).ok_or(SnapshotError::TooManyEvents)?;
        }
        Ok(())
    }
}
