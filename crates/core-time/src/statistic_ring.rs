//! A ring of statistics: one for each bucket of time, and merges of them.
//!
//! The [ring of counts](crate::ring) keeps running totals, because counts can be subtracted. Of
//! statistics that cannot be, blocks of about the square root of all buckets are merged beforehand:
//! a window is the blocks that lie wholly inside it, and the buckets at both ends. Buckets that
//! nothing happened in take no memory.

use std::collections::BTreeMap;
use std::mem;
use std::ops::RangeInclusive;

use crate::spec::WindowSpec;
use crate::statistic::Statistic;
use crate::tag::Tag;

#[cfg(feature = "serde")]
mod wire;

/// Keeps a statistic for each of the newest buckets of time.
///
/// It is a statistic itself, of values with the number of the bucket that they belong into; a
/// window is [merged](Self::merge_window) out of it. Which buckets those are is told by a
/// [`TimeAxis`](crate::TimeAxis).
///
/// For one thread, or behind a lock. For counts shared by threads there is the
/// [`EventCounter`](crate::EventCounter).
///
/// # Memory
///
/// At most `3 × (buckets + 4 × sqrt(buckets) + 18) × (16 + size_of::<S>())` bytes and what the
/// statistics allocate, where the buckets are those of the span, one more, and those ahead of the
/// clock. [`bytes_max`](Self::bytes_max) tells the number. Buckets are given up as blocks, once a
/// newer one is inserted.
///
/// # Complexity
///
/// To insert costs what the statistic does, and the logarithm of the buckets where another bucket
/// begins. A window costs merges of at most four times the square root of its buckets.
///
/// # Wire form
///
/// With the feature `serde`, a map of how far back one can ask, `reach`, and of the `buckets` that
/// something is in: pairs of number and statistic, by number. It has no version of its own, because
/// whatever it is part of has one.
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
    /// How many of the newest buckets can be asked for; none if any ring's would do.
    buckets: u64,
    /// Two to this power of them are a block.
    block_bits: u32,
    /// The newest bucket that anything was inserted into, since the clock was set back.
    newest: i64,
    /// What was inserted into a bucket since it was last the one to insert into.
    open: Option<(i64, S)>,
    /// What was inserted into buckets before.
    closed: BTreeMap<i64, S>,
    /// Merges of those that are in one block.
    blocks: BTreeMap<i64, S>,
}

/// A value, and the bucket that it belongs into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InBucket<V> {
    /// The number of the bucket.
    pub tick: i64,
    /// The value.
    pub value: V,
}

impl<S: Statistic> StatisticRing<S> {
    /// A ring of as many buckets as the finest tier of a specification has.
    #[must_use]
    pub fn new(spec: &WindowSpec) -> Self {
        let tier = spec.finest().tier();
        // One that a window cuts, and those that are ahead of the clock.
        let ahead = spec.tolerance().as_nanos().div_ceil(tier.resolution.as_nanos());
        let buckets = tier.buckets().saturating_add(1).saturating_add(ahead as u64);
        Self::of(buckets)
    }

    fn of(buckets: u64) -> Self {
        Self { buckets, block_bits: buckets.max(1).ilog2() / 2, ..Self::default() }
    }

    /// The most memory that one can take, in bytes, but for what its statistics allocate.
    #[must_use]
    pub fn bytes_max(spec: &WindowSpec) -> usize {
        let ring = Self::new(spec);
        let buckets = ring.blocks_max() << ring.block_bits;
        // The nodes of a map may be little more than a third full, and the first is there at once.
        let statistics = usize::try_from(buckets + ring.blocks_max() + 16).unwrap_or(usize::MAX);
        let each = 3 * (2 * size_of::<i64>() + size_of::<S>());
        size_of::<Self>().saturating_add(statistics.saturating_mul(each))
    }

    /// Merges all of a window into a statistic, and tells whether there was anything.
    pub fn merge_window(&self, ticks: RangeInclusive<i64>, into: &mut S) -> bool {
        let mut any = false;
        let mut take = |statistic: &S| {
            into.merge(statistic);
            any = true;
        };
        if let Some((_, open)) = self.open.as_ref().filter(|(tick, _)| ticks.contains(tick)) {
            take(open);
        }
        if ticks.is_empty() {
            return any;
        }
        let (first, last) = (*ticks.start(), *ticks.end());
        // The blocks that lie wholly inside, if there are any, and the buckets on either side.
        let from = self.block_of(first.saturating_sub(1)) + 1;
        let to = self.block_of(last.saturating_add(1));
        if from >= to {
            self.closed.range(ticks).for_each(|(_, bucket)| take(bucket));
            return any;
        }
        let (start, end) = (from << self.block_bits, to << self.block_bits);
        self.closed.range(first..start).for_each(|(_, bucket)| take(bucket));
        self.blocks.range(from..to).for_each(|(_, block)| take(block));
        let rest = self.closed.range(end..).take_while(|&(&tick, _)| tick <= last);
        rest.for_each(|(_, bucket)| take(bucket));
        any
    }

    /// How many of the newest buckets can be asked for.
    #[must_use]
    pub fn reach(&self) -> u64 {
        self.buckets
    }

    /// The newest bucket that something was inserted into, since the clock was set back.
    #[must_use]
    pub fn newest(&self) -> Option<i64> {
        self.open.is_some().then_some(self.newest)
    }

    /// The buckets that something was inserted into, by number: the newest, and those before as far
    /// back as can be asked for. What a clock that was set back left ahead of it is not among them.
    ///
    /// # Complexity
    ///
    /// A copy of each.
    #[must_use]
    pub fn buckets(&self) -> BTreeMap<i64, S> {
        let reached = self.closed.range(self.oldest()..=self.newest);
        let mut buckets: BTreeMap<_, _> = reached.map(|(&tick, s)| (tick, s.clone())).collect();
        if let Some((tick, open)) = &self.open {
            buckets.entry(*tick).or_default().merge(open);
        }
        buckets
    }

    /// The bucket that values go into, to which the ring turns if it is another than before.
    #[inline]
    fn bucket(&mut self, tick: i64) -> &mut S {
        if self.open.as_ref().is_none_or(|(open, _)| *open != tick) {
            self.turn(tick, S::default());
        }
        &mut self.open.get_or_insert_with(|| (tick, S::default())).1
    }

    /// Turns to another bucket, in which there is something.
    #[cold]
    fn turn(&mut self, tick: i64, begun: S) {
        if let Some((before, open)) = self.open.replace((tick, begun)) {
            self.close(before, open);
        }
        // Nothing is as late as that, unless the clock was set back.
        let is_set_back = tick < self.oldest();
        self.newest = if is_set_back { tick } else { self.newest.max(tick) };
        self.give_up();
    }

    fn close(&mut self, tick: i64, statistic: S) {
        let block = self.block_of(tick);
        self.blocks.entry(block).or_default().merge(&statistic);
        match self.closed.get_mut(&tick) {
            Some(closed) => closed.merge(&statistic),
            None => drop(self.closed.insert(tick, statistic)),
        }
    }

    /// Gives up the blocks that nobody can ask for any more.
    ///
    /// A clock that was set back leaves blocks ahead of it. They can be asked for when it comes
    /// there again, and are kept as long as they are not too many.
    fn give_up(&mut self) {
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
        while self.blocks.len() as u64 > self.blocks_max()
            && let Some((last, _)) = self.blocks.pop_last()
        {
            self.closed.split_off(&(last << self.block_bits));
        }
    }

    /// The oldest bucket that can be asked for.
    fn oldest(&self) -> i64 {
        self.newest.saturating_sub_unsigned(self.buckets)
    }

    /// How many blocks all buckets are, and one that is cut.
    fn blocks_max(&self) -> u64 {
        (self.buckets >> self.block_bits) + 2
    }

    fn block_of(&self, tick: i64) -> i64 {
        tick >> self.block_bits
    }
}

impl<S: Statistic> Default for StatisticRing<S> {
    /// A ring of no buckets, which becomes like the first that is merged into it.
    fn default() -> Self {
        Self {
            buckets: 0,
            block_bits: 0,
            newest: i64::MIN,
            open: None,
            closed: BTreeMap::new(),
            blocks: BTreeMap::new(),
        }
    }
}

impl<S: Statistic + PartialEq> PartialEq for StatisticRing<S> {
    /// Whether both answer alike, whatever one asks.
    fn eq(&self, other: &Self) -> bool {
        self.buckets == other.buckets && self.buckets() == other.buckets()
    }
}

impl<S: Statistic> Statistic for StatisticRing<S> {
    type Value = InBucket<S::Value>;

    const TAG: Tag = Tag::of("ring", &S::TAG);

    const NEVER_PANICS: bool = S::NEVER_PANICS;

    #[inline]
    fn insert(&mut self, InBucket { tick, value }: Self::Value) {
        self.bucket(tick).insert(value);
    }

    fn insert_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
        let Some(InBucket { tick, .. }) = values.clone().next() else { return };
        if values.clone().all(|value| value.tick == tick) {
            self.bucket(tick).insert_all(values.map(|value| value.value));
        } else {
            values.for_each(|value| self.insert(value));
        }
    }

    /// Turns to a bucket only when the value is in it, and copies no more than that.
    fn insert_whole(&mut self, InBucket { tick, value }: Self::Value) {
        match &mut self.open {
            Some((open, statistic)) if *open == tick => statistic.insert_whole(value),
            _ => {
                let mut begun = S::default();
                begun.insert(value);
                self.turn(tick, begun);
            }
        }
    }

    /// Takes in what is in the buckets of another ring, but for what is too old beside what is
    /// here; of two of different lengths, this becomes the longer.
    fn merge(&mut self, other: &Self) {
        if other.buckets > self.buckets {
            let longer = Self::of(other.buckets);
            let mine = mem::replace(self, longer);
            self.merge(&mine);
        }
        let open = other.open.as_ref().map(|(tick, open)| (tick, open));
        for (&tick, bucket) in other.closed.iter().chain(open) {
            if tick >= self.oldest() {
                self.bucket(tick).merge(bucket);
            }
        }
    }
}
