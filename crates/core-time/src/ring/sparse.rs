//! Counts of the buckets that have events, for many keys that are idle most of the time.
//!
//! A queue of buckets, each with the running total at its end. So any window is a difference of
//! two totals, which a binary search finds, and memory follows the buckets with events, not the
//! span. The ring of an [`EventCounter`](crate::EventCounter) has a slot for each bucket of the
//! span: 4.5 KiB for 300, whether there are events or not.
//!
//! Not shared: the owner holds a lock.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::RangeCounts;

/// The counts of buckets with events.
#[derive(Debug, Clone, Default)]
pub(crate) struct SparseCounts {
    /// In ascending order of ticks.
    buckets: VecDeque<Bucket>,
    /// The total before the first bucket.
    before: u64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tick: i64,
    /// The total at the end of the bucket.
    total: u64,
}

/// A queue that has room for more buckets than this shrinks when it is mostly empty.
const SHRINK_ABOVE: usize = 16;

impl SparseCounts {
    /// The memory of a bucket, in bytes.
    pub(crate) const BUCKET_BYTES: usize = size_of::<Bucket>();

    /// Returns the newest bucket with events.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.buckets.back().map(|bucket| bucket.tick)
    }

    /// Returns the events of all buckets that are held.
    pub(crate) fn events(&self) -> u64 {
        self.total() - self.before
    }

    /// Returns whether no bucket from `oldest` on has events.
    pub(crate) fn is_expired(&self, oldest: i64) -> bool {
        self.newest().is_none_or(|newest| newest < oldest)
    }

    /// Returns the first bucket from `oldest` on, and the events of it and of all later ones.
    pub(crate) fn since(&self, oldest: i64) -> (Option<i64>, u64) {
        let at = self.buckets.partition_point(|bucket| bucket.tick < oldest);
        let before = at.checked_sub(1).map_or(self.before, |last| self.buckets[last].total);
        (self.buckets.get(at).map(|bucket| bucket.tick), self.total() - before)
    }

    /// Returns the events of the buckets from `oldest` to `newest`.
    pub(crate) fn read(&self, oldest: i64, newest: i64) -> RangeCounts {
        let (last, to) = (self.total_before(newest), self.total_before(newest.saturating_add(1)));
        if oldest == newest {
            return RangeCounts { newest: to - last, ..RangeCounts::default() };
        }
        let (from, second) = (self.total_before(oldest), self.total_before(oldest + 1));
        RangeCounts { oldest: second - from, between: last - second, newest: to - last }
    }

    /// Returns the events of each bucket of a range.
    pub(crate) fn read_each(&self, ticks: RangeInclusive<i64>) -> Vec<u64> {
        let len = (ticks.end() - ticks.start() + 1).max(0);
        let mut counts = vec![0; usize::try_from(len).unwrap_or_default()];
        let mut before = self.before;
        for &Bucket { tick, total } in &self.buckets {
            if ticks.contains(&tick) {
                counts[(tick - ticks.start()) as usize] = total - before;
            }
            before = total;
        }
        counts
    }

    /// Returns the first bucket with which at most `left` events remain after it.
    ///
    /// `None` if that many are held in all.
    pub(crate) fn bucket_leaving(&self, left: u64) -> Option<i64> {
        let total = self.total();
        if self.events() <= left {
            return None;
        }
        let at = self.buckets.partition_point(|bucket| total - bucket.total > left);
        self.buckets.get(at).map(|bucket| bucket.tick)
    }

    /// Returns the tick and the events of each bucket from `oldest` on, in ascending order.
    pub(crate) fn iter_from(&self, oldest: i64) -> impl Iterator<Item = (i64, u64)> + '_ {
        let mut before = self.before;
        let each = self.buckets.iter().map(move |&Bucket { tick, total }| {
            let events = total - before;
            before = total;
            (tick, events)
        });
        each.filter(move |&(tick, events)| tick >= oldest && events > 0)
    }

    /// Adds events to the newest bucket, if there is one with room.
    ///
    /// Most records are of this kind, and need neither an eviction nor a search.
    #[inline]
    pub(crate) fn add_to_newest(&mut self, events: u64) -> bool {
        let added = self.buckets.back_mut().and_then(|newest| {
            newest.total = newest.total.checked_add(events)?;
            Some(())
        });
        added.is_some()
    }

    /// Adds events to a bucket. Returns the number that would fit, if they do not.
    pub(crate) fn add(&mut self, tick: i64, events: u64) -> Result<(), u64> {
        if self.total().checked_add(events).is_none() {
            self.subtract_evicted();
            let room = u64::MAX - self.total();
            if events > room {
                return Err(room);
            }
        }
        let total = self.total() + events;
        match self.buckets.back_mut() {
            Some(newest) if newest.tick == tick => newest.total = total,
            Some(newest) if newest.tick > tick => self.add_late(tick, events),
            _ => self.buckets.push_back(Bucket { tick, total }),
        }
        Ok(())
    }

    /// Adds events to a bucket that is older than the newest.
    fn add_late(&mut self, tick: i64, events: u64) {
        let at = self.buckets.partition_point(|bucket| bucket.tick < tick);
        if self.buckets[at].tick != tick {
            let total = self.total_before(tick);
            self.buckets.insert(at, Bucket { tick, total });
        }
        for later in self.buckets.range_mut(at..) {
            later.total += events;
        }
    }

    /// Evicts the buckets before `oldest`, and returns memory if most was evicted.
    pub(crate) fn evict_before(&mut self, oldest: i64) {
        while let Some(evicted) = self.buckets.front().filter(|bucket| bucket.tick < oldest) {
            self.before = evicted.total;
            self.buckets.pop_front();
        }
        let (len, capacity) = (self.buckets.len(), self.buckets.capacity());
        if capacity > SHRINK_ABOVE && len < capacity / 4 {
            self.buckets.shrink_to(len * 2);
        }
    }

    /// Makes room in the totals, after 2^64 events.
    fn subtract_evicted(&mut self) {
        for bucket in &mut self.buckets {
            bucket.total -= self.before;
        }
        self.before = 0;
    }

    fn total(&self) -> u64 {
        self.buckets.back().map_or(self.before, |newest| newest.total)
    }

    /// Returns the total at the start of a bucket.
    fn total_before(&self, tick: i64) -> u64 {
        if self.buckets.front().is_none_or(|oldest| oldest.tick >= tick) {
            return self.before;
        }
        match self.buckets.partition_point(|bucket| bucket.tick < tick) {
            0 => self.before,
            later => self.buckets[later - 1].total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_have_room_again_after_two_to_the_64_events() {
        let mut counts = SparseCounts::default();
        assert_eq!(counts.add(1, u64::MAX - 5), Ok(()));
        assert_eq!(counts.add(2, 5), Ok(()));
        assert_eq!(counts.add(3, 1), Err(0));
        counts.evict_before(2);
        assert_eq!(counts.add(3, u64::MAX - 4), Err(u64::MAX - 5));
        assert_eq!(counts.add(3, u64::MAX - 5), Ok(()));
        let RangeCounts { oldest, between, newest } = counts.read(1, 3);
        assert_eq!((oldest, between, newest), (0, 5, u64::MAX - 5));
    }

    #[test]
    fn memory_is_returned_after_a_burst() {
        let mut counts = SparseCounts::default();
        (0..1_000).for_each(|tick| counts.add(tick, 1).expect("there is room"));
        counts.evict_before(998);
        assert!(counts.buckets.capacity() < 64, "{}", counts.buckets.capacity());
        assert_eq!((counts.events(), counts.since(999)), (2, (Some(999), 1)));
    }
}
