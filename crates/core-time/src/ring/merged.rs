//! A ring of statistics: one for each bucket, and merges of them.
//!
//! The [ring of counts](super::counts) keeps running totals, because counts can be subtracted.
//! Other statistics are merged in advance, in blocks of about the square root of all buckets: a
//! window is the blocks wholly inside it, and the buckets at both ends. An empty bucket takes no
//! memory.

use std::collections::BTreeMap;
use std::mem;
use std::ops::RangeInclusive;

use crate::spec::WindowSpec;
use crate::statistic::Statistic;
use crate::tag::Tag;

mod touched;
#[cfg(feature = "serde")]
mod wire;

pub use touched::RingMark;
use touched::Turns;

/// Keeps a statistic for each of the newest buckets.
///
/// A ring is a statistic itself: its values have the tick of their bucket, and a window is
/// [merged](Self::merge_window) from it. A [`TimeAxis`](crate::TimeAxis) maps time to buckets.
///
/// The content depends only on the values, not on their order or on how rings were merged: the ring
/// holds every value whose bucket is at most [`reach`](Self::reach) buckets older than the newest
/// bucket that it ever saw, and ignores older ones. The newest bucket never moves back. A ring does
/// not know the time, so it cannot distinguish a clock that was set back from a late value. The
/// [`TimeAxis`](crate::TimeAxis) can, and refuses records that no ring holds.
///
/// For one thread, or under a lock. For counts shared by threads use the
/// [`EventCounter`](crate::EventCounter).
///
/// # Memory
///
/// At most `3 × (buckets + 4 × sqrt(buckets) + 18) × (16 + size_of::<S>())` bytes, plus what the
/// statistics allocate. The buckets are those of the span, one more, and those ahead of the clock.
/// [`bytes_max`](Self::bytes_max) returns the sum, and [`own_bytes_max`](Self::own_bytes_max) the
/// part without allocations of the statistics. Buckets are evicted in blocks, when a newer one is
/// inserted.
///
/// # Complexity
///
/// An insert costs that of the statistic, and the logarithm of the buckets when it opens another
/// bucket. A window costs at most four times the square root of its buckets in merges.
///
/// # Wire form
///
/// With the feature `serde`, a map of `reach` and `buckets`: pairs of tick and statistic, in
/// ascending order, without empty buckets. It has no version, because the snapshot around it has
/// one.
///
/// # Examples
///
/// ```
/// use core_time::{InBucket, Statistic, StatisticRing, Tag, WindowSpec};
///
/// #[derive(Clone, Default, Debug, PartialEq)]
/// struct Largest(u64);
///
/// impl Statistic for Largest {
///     type Value = u64;
///
///     const TAG: Tag = Tag::own("x-largest");
///
///     fn insert(&mut self, value: u64) {
///         self.0 = self.0.max(value);
///     }
///
///     fn merge(&mut self, other: &Self) {
///         self.0 = self.0.max(other.0);
///     }
/// }
///
/// let mut ring = StatisticRing::<Largest>::new(&WindowSpec::default());
/// for (tick, value) in [(1_000, 9), (1_001, 4), (1_002, 5)] {
///     ring.insert(InBucket { tick, value });
/// }
/// let mut largest = Largest::default();
/// assert!(ring.merge_window(1_001..=1_002, &mut largest));
/// assert_eq!(largest, Largest(5));
/// ```
#[derive(Debug, Clone)]
pub struct StatisticRing<S> {
    /// The number of buckets behind the newest that are held. 0 adopts that of any merged ring.
    buckets: u64,
    /// The number of buckets in a block, as a power of two.
    block_bits: u32,
    /// The newest bucket with a value. Only grows.
    newest: i64,
    /// The open bucket, and its values since it was opened. Never older than the oldest bucket that
    /// is held, because `newest` only grows when another bucket is opened.
    open: Option<(i64, S)>,
    /// The values inserted before. Buckets that are no longer held stay until their whole block is
    /// too old, and are not part of the content.
    closed: BTreeMap<i64, S>,
    /// The merge of the closed buckets of each block.
    blocks: BTreeMap<i64, S>,
    /// Which buckets were opened when. Not part of the content.
    turns: Turns,
}

/// A value and its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InBucket<V> {
    /// The tick of the bucket.
    pub tick: i64,
    /// The value.
    pub value: V,
}

impl<S: Statistic> StatisticRing<S> {
    /// Makes a ring for the finest tier of a specification.
    #[must_use]
    pub fn new(spec: &WindowSpec) -> Self {
        Self::of(spec.finest().reach())
    }

    pub(super) fn of(buckets: u64) -> Self {
        Self { buckets, block_bits: buckets.max(1).ilog2() / 2, ..Self::default() }
    }

    /// Returns the maximum memory of a ring with its statistics, in bytes.
    #[must_use]
    pub fn bytes_max(spec: &WindowSpec) -> usize {
        Self::bytes_max_of(spec.finest().reach())
    }

    pub(super) fn bytes_max_of(reach: u64) -> usize {
        let heap = Self::statistics_max(reach).saturating_mul(S::HEAP_BYTES_MAX);
        Self::own_bytes_max_of(reach).saturating_add(heap)
    }

    /// Returns the maximum memory of a ring, in bytes.
    ///
    /// Without what its statistics allocate.
    #[must_use]
    pub fn own_bytes_max(spec: &WindowSpec) -> usize {
        Self::own_bytes_max_of(spec.finest().reach())
    }

    pub(super) fn own_bytes_max_of(reach: u64) -> usize {
        // The nodes of a map may be only a third full, and the first is allocated at once.
        let statistics = Self::statistics_max(reach).saturating_add(15);
        let each = 3 * (2 * size_of::<i64>() + size_of::<S>());
        (size_of::<Self>() + Turns::HEAP_BYTES_MAX).saturating_add(statistics.saturating_mul(each))
    }

    /// Returns the maximum number of statistics: buckets, blocks and the open bucket.
    fn statistics_max(reach: u64) -> usize {
        let ring = Self::of(reach);
        let buckets = ring.blocks_max() << ring.block_bits;
        usize::try_from(buckets + ring.blocks_max() + 1).unwrap_or(usize::MAX)
    }

    /// Merges the buckets of a window into a statistic.
    ///
    /// Returns whether there was anything to merge.
    ///
    /// Buckets that are no longer held are empty.
    pub fn merge_window(&self, ticks: RangeInclusive<i64>, into: &mut S) -> bool {
        let mut any = false;
        let mut take = |statistic: &S| {
            into.merge(statistic);
            any = true;
        };
        if let Some((_, open)) = self.open.as_ref().filter(|(tick, _)| ticks.contains(tick)) {
            take(open);
        }
        let (first, last) = (self.oldest().max(*ticks.start()), *ticks.end());
        if first > last {
            return any;
        }
        // The blocks wholly inside, if any, and the buckets on both sides.
        let from = self.block_of(first.saturating_sub(1)) + 1;
        let to = self.block_of(last.saturating_add(1));
        if from >= to {
            self.closed.range(first..=last).for_each(|(_, bucket)| take(bucket));
            return any;
        }
        let (start, end) = (from << self.block_bits, to << self.block_bits);
        self.closed.range(first..start).for_each(|(_, bucket)| take(bucket));
        self.blocks.range(from..to).for_each(|(_, block)| take(block));
        let rest = self.closed.range(end..).take_while(|&(&tick, _)| tick <= last);
        rest.for_each(|(_, bucket)| take(bucket));
        any
    }

    /// Returns the number of buckets behind the newest that are held.
    #[must_use]
    pub fn reach(&self) -> u64 {
        self.buckets
    }

    /// Returns the newest bucket with a value.
    #[must_use]
    pub fn newest(&self) -> Option<i64> {
        self.open.is_some().then_some(self.newest)
    }

    /// Returns the buckets that are not empty, by tick.
    ///
    /// # Complexity
    ///
    /// Copies each bucket.
    #[must_use]
    pub fn buckets(&self) -> BTreeMap<i64, S> {
        let reached = self.closed.range(self.oldest()..=self.newest);
        let mut buckets: BTreeMap<_, _> = reached.map(|(&tick, s)| (tick, s.clone())).collect();
        if let Some((tick, open)) = &self.open {
            buckets.entry(*tick).or_default().merge(open);
        }
        buckets
    }

    /// Returns the same buckets in a ring of another reach.
    pub(super) fn resized(&self, reach: u64) -> Self {
        let mut ring = Self::of(reach);
        ring.add_buckets(self);
        ring
    }

    /// Adds the buckets of another ring that this one holds.
    fn add_buckets(&mut self, other: &Self) {
        let open = other.open.as_ref().map(|(tick, open)| (tick, open));
        for (&tick, theirs) in other.closed.range(other.oldest()..).chain(open) {
            if let Some(bucket) = self.bucket(tick) {
                bucket.merge(theirs);
            }
        }
    }

    /// Merges buckets into a statistic until one cannot be. Returns whether all were.
    pub(crate) fn add_up(&self, all: &mut S) -> bool {
        self.buckets().values().all(|bucket| {
            let can_merge = all.can_merge(bucket);
            if can_merge {
                all.merge(bucket);
            }
            can_merge
        })
    }

    /// Returns a bucket to insert into, and opens it if it is not open.
    ///
    /// Returns `None` if the bucket is no longer held.
    #[inline]
    fn bucket(&mut self, tick: i64) -> Option<&mut S> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != tick) {
            if tick < self.oldest() {
                return None;
            }
            self.turn(tick, S::default());
        }
        self.turns.insert();
        self.open.as_mut().map(|(_, open)| open)
    }

    /// Returns the open content of the bucket of a value with `n` of it, if the bucket is held.
    pub(super) fn bucket_with(&self, value: InBucket<S::Value>, n: u64) -> Option<S> {
        let InBucket { tick, value } = value;
        let mut content = match &self.open {
            Some((open, content)) if *open == tick => content.clone(),
            _ if tick < self.oldest() => return None,
            _ => S::default(),
        };
        content.insert_n(value, n);
        Some(content)
    }

    /// Opens a bucket with the content that [`bucket_with`](Self::bucket_with) returned for it.
    pub(super) fn replace(&mut self, tick: i64, content: Option<S>) {
        match (content, &mut self.open) {
            (Some(content), Some((open, before))) if *open == tick => {
                self.turns.insert();
                *before = content;
            }
            (Some(content), _) => self.turn(tick, content),
            (None, _) => {}
        }
    }

    /// Opens another bucket, which must be held, with an initial content.
    #[cold]
    pub(super) fn turn(&mut self, tick: i64, content: S) {
        if let Some((before, open)) = self.open.replace((tick, content)) {
            self.close(before, open);
        }
        self.turns.turn(tick, self.newest);
        self.newest = self.newest.max(tick);
        self.evict();
    }

    fn close(&mut self, tick: i64, statistic: S) {
        let block = self.block_of(tick);
        self.blocks.entry(block).or_default().merge(&statistic);
        match self.closed.get_mut(&tick) {
            Some(closed) => closed.merge(&statistic),
            None => drop(self.closed.insert(tick, statistic)),
        }
    }

    /// Removes the blocks without a bucket that is held.
    fn evict(&mut self) {
        let oldest = self.block_of(self.oldest());
        while let Some(block) = self.blocks.first_entry()
            && *block.key() < oldest
        {
            block.remove();
        }
        while let Some(bucket) = self.closed.first_entry()
            && bucket.key() >> self.block_bits < oldest
        {
            bucket.remove();
        }
    }

    /// Returns the oldest bucket that is held.
    fn oldest(&self) -> i64 {
        self.newest.saturating_sub_unsigned(self.buckets)
    }

    /// Returns the maximum number of blocks, including one at either end that is cut.
    fn blocks_max(&self) -> u64 {
        (self.buckets >> self.block_bits) + 2
    }

    fn block_of(&self, tick: i64) -> i64 {
        tick >> self.block_bits
    }
}

impl<S: Statistic> Default for StatisticRing<S> {
    /// Makes a ring without buckets, which adopts the reach of the first ring merged into it.
    fn default() -> Self {
        Self {
            buckets: 0,
            block_bits: 0,
            newest: i64::MIN,
            open: None,
            closed: BTreeMap::new(),
            blocks: BTreeMap::new(),
            turns: Turns::default(),
        }
    }
}

impl<S: Statistic + PartialEq> PartialEq for StatisticRing<S> {
    /// Compares the contents, whatever bucket is open.
    fn eq(&self, other: &Self) -> bool {
        self.buckets == other.buckets && self.buckets() == other.buckets()
    }
}

impl<S: Statistic> Statistic for StatisticRing<S> {
    type Value = InBucket<S::Value>;

    const TAG: Tag = Tag::of("ring", &S::TAG);

    const NEVER_PANICS: bool = S::NEVER_PANICS;

    /// Depends on the specification; see [`bytes_max`](Self::bytes_max).
    const HEAP_BYTES_MAX: usize = usize::MAX;

    #[inline]
    fn insert(&mut self, InBucket { tick, value }: Self::Value) {
        if let Some(bucket) = self.bucket(tick) {
            bucket.insert(value);
        }
    }

    fn insert_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
        let Some(InBucket { tick, .. }) = values.clone().next() else { return };
        if values.clone().all(|value| value.tick == tick) {
            if let Some(bucket) = self.bucket(tick) {
                bucket.insert_all(values.map(|value| value.value));
            }
        } else {
            values.for_each(|value| self.insert(value));
        }
    }

    fn insert_n(&mut self, InBucket { tick, value }: Self::Value, n: u64) {
        if n > 0
            && let Some(bucket) = self.bucket(tick)
        {
            bucket.insert_n(value, n);
        }
    }

    /// Opens a bucket only after the value is in it, and copies at most one bucket.
    fn insert_whole(&mut self, InBucket { tick, value }: Self::Value) {
        if let Some((open, statistic)) = &mut self.open
            && *open == tick
        {
            self.turns.insert();
            statistic.insert_whole(value);
        } else if tick >= self.oldest() {
            let mut begun = S::default();
            begun.insert(value);
            self.turn(tick, begun);
        }
    }

    /// As [`insert_whole`](Self::insert_whole).
    fn insert_n_whole(&mut self, InBucket { tick, value }: Self::Value, n: u64) {
        if n == 0 {
            return;
        }
        if let Some((open, statistic)) = &mut self.open
            && *open == tick
        {
            self.turns.insert();
            statistic.insert_n_whole(value, n);
        } else if tick >= self.oldest() {
            let mut begun = S::default();
            begun.insert_n(value, n);
            self.turn(tick, begun);
        }
    }

    /// Returns whether all buckets of both can be merged into one statistic.
    fn can_merge(&self, other: &Self) -> bool {
        let mut all = S::default();
        self.add_up(&mut all) && other.add_up(&mut all)
    }

    /// Merges the buckets of another ring that are held with the newest bucket of both.
    ///
    /// The result has the longer reach of the two.
    fn merge(&mut self, other: &Self) {
        if other.buckets > self.buckets {
            let longer = Self { turns: self.turns.clone(), ..Self::of(other.buckets) };
            let mine = mem::replace(self, longer);
            self.merge(&mine);
        }
        self.add_buckets(other);
    }
}
