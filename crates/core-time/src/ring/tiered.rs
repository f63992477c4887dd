//! Rings of statistics in buckets of several widths.

use std::collections::BTreeSet;

use crate::spec::WindowSpec;
use crate::statistic::Statistic;
use crate::tag::Tag;

use super::merged::{InBucket, RingMark, StatisticRing};

/// Keeps a [`StatisticRing`] for each tier of a specification.
///
/// It is a statistic: each value has the tick of its finest bucket, and is inserted into all tiers.
/// A tier ignores values that are older than its buckets, so a late value is in those tiers that
/// still hold its bucket. With one tier it costs the same as a [`StatisticRing`].
///
/// Rings of different specifications must not be merged. One without tiers, as
/// [`default`](Self::default) makes it, adopts those of the first ring merged into it.
///
/// # Memory
///
/// The sum of that of its rings. [`bytes_max`](Self::bytes_max) returns the maximum.
///
/// # Complexity
///
/// An insert costs one into each tier.
///
/// # Examples
///
/// ```
/// use core_time::{InBucket, Statistic, Tag, Tier, TieredRing, WindowSpec};
/// use std::time::Duration;
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
/// let [minute, hour] = [60, 3_600].map(Duration::from_secs);
/// let spec = WindowSpec::builder().tier(Tier { resolution: minute, span: hour }).build()?;
/// let mut ring = TieredRing::<Largest>::new(&spec);
/// ring.insert(InBucket { tick: 130, value: 9 });
/// ring.insert(InBucket { tick: 1_000, value: 5 }); // The seconds hold 130 no longer.
/// let mut largest = Largest::default();
/// let minutes = ring.tier(1).expect("there are two tiers");
/// assert!(minutes.merge_window(2..=2, &mut largest));
/// assert_eq!(largest, Largest(9));
/// # Ok::<(), core_time::SpecError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TieredRing<S> {
    finest: StatisticRing<S>,
    /// None where there is one tier.
    coarser: Box<[Coarser<S>]>,
}

/// A state of a [`TieredRing`], to find what is touched later.
///
/// The [default](Self::default) is that of rings without values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TieredMark {
    finest: RingMark,
    coarser: Box<[RingMark]>,
}

#[derive(Debug, Clone)]
struct Coarser<S> {
    /// The number of finest buckets in a bucket of this tier.
    factor: i64,
    ring: StatisticRing<S>,
}

impl<S> Coarser<S> {
    fn tick(&self, finest: i64) -> i64 {
        finest.div_euclid(self.factor)
    }

    fn value<V>(&self, InBucket { tick, value }: InBucket<V>) -> InBucket<V> {
        InBucket { tick: self.tick(tick), value }
    }
}

impl<S: Statistic> TieredRing<S> {
    /// Makes rings for the tiers of a specification.
    #[must_use]
    pub fn new(spec: &WindowSpec) -> Self {
        let coarser = spec.grids().iter().skip(1).map(|grid| Coarser {
            factor: grid.width() / spec.finest().width(),
            ring: StatisticRing::of(grid.reach()),
        });
        Self { finest: StatisticRing::new(spec), coarser: coarser.collect() }
    }

    /// Makes a ring of the rings of all tiers, the finest first.
    ///
    /// Returns `None` if their number or their reach is not that of the specification.
    #[must_use]
    pub fn from_tiers(spec: &WindowSpec, rings: Vec<StatisticRing<S>>) -> Option<Self> {
        let reaches = spec.grids().iter().map(|grid| grid.reach());
        if !rings.iter().map(StatisticRing::reach).eq(reaches) {
            return None;
        }
        let mut tiered = Self::new(spec);
        let mut rings = rings.into_iter();
        tiered.finest = rings.next()?;
        tiered.coarser.iter_mut().zip(rings).for_each(|(tier, ring)| tier.ring = ring);
        Some(tiered)
    }

    /// Makes rings of buckets, each with its tier and tick, in ascending order.
    ///
    /// Returns `None` if they do not ascend, if a tier does not exist, if a bucket is too old to be
    /// held with the newest one of its tier, or if a statistic cannot count all values of a tier.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{InBucket, Statistic, Tag, TieredRing, WindowSpec};
    /// # #[derive(Clone, Default, Debug, PartialEq)]
    /// # struct Largest(u64);
    /// # impl Statistic for Largest {
    /// #     type Value = u64;
    /// #     const TAG: Tag = Tag::own("x-largest");
    /// #     fn insert(&mut self, value: u64) {
    /// #         self.0 = self.0.max(value);
    /// #     }
    /// #     fn merge(&mut self, other: &Self) {
    /// #         self.insert(other.0);
    /// #     }
    /// # }
    /// let spec = WindowSpec::default();
    /// let of = |ticks: [i64; 2]| {
    ///     TieredRing::from_buckets(&spec, ticks.map(|tick| ((0, tick), Largest(9))))
    /// };
    /// let mut ring = TieredRing::new(&spec);
    /// [1_000, 1_007].map(|tick| ring.insert(InBucket { tick, value: 9 }));
    /// assert_eq!(of([1_000, 1_007]), Some(ring));
    /// assert_eq!(of([1_007, 1_007]), None);
    /// assert_eq!(of([1_000, 2_000]), None); // The default span is 300 seconds.
    /// ```
    #[must_use]
    pub fn from_buckets(
        spec: &WindowSpec,
        buckets: impl IntoIterator<Item = ((usize, i64), S)>,
    ) -> Option<Self> {
        let (mut rings, mut before, mut first) = (Self::new(spec), None, 0);
        for ((tier, tick), statistic) in buckets {
            match before {
                Some(before) if before >= (tier, tick) => return None,
                Some((same, _)) if same == tier => {}
                _ => first = tick,
            }
            before = Some((tier, tick));
            let ring = match tier.checked_sub(1) {
                None => &mut rings.finest,
                Some(coarser) => &mut rings.coarser.get_mut(coarser)?.ring,
            };
            if tick.abs_diff(first) > ring.reach() {
                return None;
            }
            ring.turn(tick, statistic);
        }
        let can_be_merged = rings.tiers().all(|ring| ring.add_up(&mut S::default()));
        can_be_merged.then_some(rings)
    }

    /// Returns the buckets in rings for a specification of the same tiers, of any tolerance.
    ///
    /// Buckets that those rings do not hold are left out. Tiers that the specification does not
    /// have are left out, and those that only it has are empty.
    ///
    /// # Complexity
    ///
    /// Copies each bucket.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{InBucket, Statistic, Tag, TieredRing, WindowSpec};
    /// # use std::time::Duration;
    /// # #[derive(Clone, Default)]
    /// # struct Largest(u64);
    /// # impl Statistic for Largest {
    /// #     type Value = u64;
    /// #     const TAG: Tag = Tag::own("x-largest");
    /// #     fn insert(&mut self, value: u64) {
    /// #         self.0 = self.0.max(value);
    /// #     }
    /// #     fn merge(&mut self, other: &Self) {
    /// #         self.insert(other.0);
    /// #     }
    /// # }
    /// let mut ring = TieredRing::<Largest>::new(&WindowSpec::default());
    /// ring.insert(InBucket { tick: 1_000, value: 9 });
    /// let spec = WindowSpec::builder().tolerance(Duration::from_secs(6)).build()?;
    /// let resized = ring.resized(&spec);
    /// assert_eq!(resized.finest().reach(), ring.finest().reach() + 1);
    /// assert_eq!(resized.newest(), Some(1_000));
    /// # Ok::<(), core_time::SpecError>(())
    /// ```
    #[must_use]
    pub fn resized(&self, spec: &WindowSpec) -> Self {
        let mut resized = Self::new(spec);
        resized.finest = self.finest.resized(resized.finest.reach());
        for (tier, from) in resized.coarser.iter_mut().zip(&self.coarser) {
            tier.ring = from.ring.resized(tier.ring.reach());
        }
        resized
    }

    /// Returns the maximum memory of the rings with their statistics, in bytes.
    #[must_use]
    pub fn bytes_max(spec: &WindowSpec) -> usize {
        Self::sum(spec, StatisticRing::<S>::bytes_max_of)
    }

    /// Returns the maximum memory of the rings, in bytes.
    ///
    /// Without what their statistics allocate.
    #[must_use]
    pub fn own_bytes_max(spec: &WindowSpec) -> usize {
        Self::sum(spec, StatisticRing::<S>::own_bytes_max_of)
    }

    fn sum(spec: &WindowSpec, bytes: impl Fn(u64) -> usize) -> usize {
        let tiers = spec.grids().iter().map(|grid| bytes(grid.reach()));
        let own = spec.grids().len() * (size_of::<Coarser<S>>() - size_of::<StatisticRing<S>>());
        tiers.fold(size_of::<Self>().saturating_add(own), usize::saturating_add)
    }

    /// Returns the rings, the finest first.
    pub fn tiers(&self) -> impl Iterator<Item = &StatisticRing<S>> {
        std::iter::once(&self.finest).chain(self.coarser.iter().map(|tier| &tier.ring))
    }

    /// Returns the ring of the finest tier.
    #[must_use]
    pub fn finest(&self) -> &StatisticRing<S> {
        &self.finest
    }

    /// Returns the ring of a tier; the finest is tier 0.
    #[inline]
    #[must_use]
    pub fn tier(&self, tier: usize) -> Option<&StatisticRing<S>> {
        match tier.checked_sub(1) {
            None => Some(&self.finest),
            Some(coarser) => self.coarser.get(coarser).map(|tier| &tier.ring),
        }
    }

    /// Returns the tick that a tier has for the tick of a finest bucket.
    #[inline]
    #[must_use]
    pub fn tick_in(&self, tier: usize, finest: i64) -> i64 {
        let coarser = tier.checked_sub(1).and_then(|coarser| self.coarser.get(coarser));
        coarser.map_or(finest, |tier| tier.tick(finest))
    }

    /// Returns the newest finest bucket with a value.
    #[must_use]
    pub fn newest(&self) -> Option<i64> {
        self.finest.newest() // Each value was the newest of it, or had a newer one before it.
    }

    /// Returns the present state, for [`touched_since`](Self::touched_since).
    #[must_use]
    pub fn mark(&self) -> TieredMark {
        let coarser = self.coarser.iter().map(|tier| tier.ring.mark()).collect();
        TieredMark { finest: self.finest.mark(), coarser }
    }

    /// Returns the buckets of a tier that were touched since a mark.
    ///
    /// As [`StatisticRing::touched_since`]. Empty without that tier.
    #[must_use]
    pub fn touched_since(&self, tier: usize, mark: &TieredMark) -> BTreeSet<i64> {
        let of_tier = match tier.checked_sub(1) {
            None => Some(&mark.finest),
            Some(coarser) => mark.coarser.get(coarser),
        };
        let mark = of_tier.copied().unwrap_or_default();
        self.tier(tier).map(|ring| ring.touched_since(&mark)).unwrap_or_default()
    }

    /// Adopts the tiers of another ring, if this one has none.
    fn adopt(&mut self, other: &Self) {
        if self.coarser.is_empty() && !other.coarser.is_empty() && self.newest().is_none() {
            let empty =
                |tier: &Coarser<S>| Coarser { factor: tier.factor, ring: StatisticRing::default() };
            self.coarser = other.coarser.iter().map(empty).collect();
        }
    }
}

impl<S: Statistic> Default for TieredRing<S> {
    /// Makes a ring without tiers.
    fn default() -> Self {
        Self { finest: StatisticRing::default(), coarser: Box::default() }
    }
}

impl<S: Statistic + PartialEq> PartialEq for TieredRing<S> {
    fn eq(&self, other: &Self) -> bool {
        self.tiers().eq(other.tiers())
    }
}

impl<S: Statistic> Statistic for TieredRing<S> {
    type Value = InBucket<S::Value>;

    const TAG: Tag = Tag::of("tiers", &S::TAG);

    const NEVER_PANICS: bool = S::NEVER_PANICS;

    /// Depends on the specification; see [`bytes_max`](Self::bytes_max).
    const HEAP_BYTES_MAX: usize = usize::MAX;

    #[inline]
    fn insert(&mut self, value: Self::Value) {
        self.finest.insert(value);
        for tier in &mut self.coarser {
            tier.ring.insert(tier.value(value));
        }
    }

    fn insert_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
        for Coarser { factor, ring } in &mut self.coarser {
            let factor = *factor;
            let tick = move |tick: i64| tick.div_euclid(factor);
            ring.insert_all(values.clone().map(move |InBucket { tick: finest, value }| InBucket {
                tick: tick(finest),
                value,
            }));
        }
        self.finest.insert_all(values);
    }

    #[inline]
    fn insert_n(&mut self, value: Self::Value, n: u64) {
        self.finest.insert_n(value, n);
        for tier in &mut self.coarser {
            tier.ring.insert_n(tier.value(value), n);
        }
    }

    fn insert_whole(&mut self, value: Self::Value) {
        match &self.coarser[..] {
            [] => self.finest.insert_whole(value),
            _ => self.insert_n_whole(value, 1),
        }
    }

    /// Copies at most one bucket of each tier, and changes nothing until none of them panicked.
    fn insert_n_whole(&mut self, value: Self::Value, n: u64) {
        if self.coarser.is_empty() {
            return self.finest.insert_n_whole(value, n);
        }
        if S::NEVER_PANICS || n == 0 {
            return self.insert_n(value, n);
        }
        let finest = self.finest.bucket_with(value, n);
        let tiers = self.coarser.iter().map(|tier| {
            let value = tier.value(value);
            (value.tick, tier.ring.bucket_with(value, n))
        });
        let tiers: Vec<_> = tiers.collect();
        self.finest.replace(value.tick, finest);
        for (tier, (tick, bucket)) in self.coarser.iter_mut().zip(tiers) {
            tier.ring.replace(tick, bucket);
        }
    }

    fn can_merge(&self, other: &Self) -> bool {
        self.finest.can_merge(&other.finest)
            && self.coarser.iter().zip(&other.coarser).all(|(a, b)| a.ring.can_merge(&b.ring))
    }

    fn merge(&mut self, other: &Self) {
        self.adopt(other);
        self.finest.merge(&other.finest);
        for (mine, theirs) in self.coarser.iter_mut().zip(&other.coarser) {
            mine.ring.merge(&theirs.ring);
        }
    }
}
