//! Bins whose width grows with their values, to keep a relative accuracy below 1 %.
//!
//! Each power of two is divided into 64 bins of equal width. So a bin is at most 1/64 as wide as
//! its values, and its middle differs from each of them by at most 1/128. This is the layout of a
//! float: its exponent and the six highest bits of its fraction, read as one integer, number the
//! bins in order. So finding the bin of a float is a shift, without a logarithm or a comparison
//! with bounds.
//!
//! Subnormal floats have no separate exponents. They are integers times 2^-1074, and are numbered
//! as these integers are. So 133,952 bins cover the whole range of finite floats, with one relative
//! width.
//!
//! A histogram stores only a part of them. Nearly all times are from 2^-32 to 2^64, whatever the
//! unit. In this range one slice holds the bins from the smallest to the largest needed, and a
//! record is a shift, a subtraction and an increment. Zero has its own counter, and a tree holds
//! all other bins. A slice for all bins would be simpler, but two extreme times would make it 131
//! KiB. A directory of small pieces took 50 % more instructions.
//!
//! Most counts are small: a bin gets few of a hundred times of an action. So the slice has a byte
//! for each count. One record in 256 carries into a second slice, which covers only the bins that
//! carried. Widening all counts when one of them overflows would need one slice of four kinds, and
//! each record would have to test the kind.
//!
//! The bins of the first times are a list, while that is smaller than the slice would be: most of
//! very many actions have so few.
//!
//! A sketch that merges neighbouring bins above a limit (as DDSketch and UDDSketch do) has a lower
//! maximum size, but loses either accuracy or, for some of them, the independence of order.
//! Logarithmic bins of equal ratio would be 30 % fewer, but cost a logarithm.
//!
//! References: G. Tene, HdrHistogram, for bins that are linear within powers of two; C. Masson,
//! J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
//! guarantees" (2019), for the guarantee.

use std::array;
use std::collections::BTreeMap;
use std::iter;
use std::mem;
use std::ops::RangeInclusive;

use core_time::{Statistic, Subtract, Tag};

use crate::action::time::ActionTime;
use crate::statistics::quantiles::bins::{
    Bin, FAR_BINS, FAR_BYTES, NEAR, NEAR_BINS, bin_of, bounds, is_near, lower_bound, middle,
};
use crate::statistics::quantiles::dense::{DenseCounts, STEP};
use crate::statistics::quantiles::listed::ListedBins;
use crate::statistics::quantiles::operation::{Addition, Operation, Subtraction};
use crate::statistics::quantiles::quantile::Quantile;
use crate::statistics::quantiles::simple::SimpleInserter;
use crate::statistics::traits::{HasCount, counts_fit};

/// Counts times in bins that are at most 1/64 as wide as their values.
///
/// Its quantiles have an error [below 1 %](Self::quantile). [`Quantiles`](crate::Quantiles) also
/// keeps the exact values while they are few, but only the histogram can be subtracted.
///
/// Takes 72 bytes, and 1 for each bin from the smallest time to the largest, with 64 bins for each
/// power of two: 1.3 KiB more for times between a microsecond and a second. While it is less, takes
/// 2 for each time instead, for 16, 32, 64 or 128 times at once. Each bin from the first with 256
/// times or more to the last such bin takes 8 bytes more.
/// This holds for times from 2^-32 to 2^64: 6 KiB cover all of their bins, and 54 KiB all of their
/// bins with large counts. For other times it is about 24 bytes for each bin with a time, and 3 MB
/// for all 127,808 of these bins.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, Histogram, Quantile, Statistic};
///
/// let mut histogram = Histogram::default();
/// for time in 1..=1_000_u64 {
///     histogram.insert(ActionTime::from(time));
/// }
/// let p99 = histogram.quantile(Quantile::P99).map(ActionTime::as_f64);
/// assert_eq!(p99, Some(987.0)); // The exact quantile is 990.
///
/// let bin = histogram.bins().find(|bin| bin.from == 512.0);
/// assert_eq!(bin.map(|bin| (bin.to, bin.count)), Some((520.0, 8)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    /// The bins of the times in [`NEAR`], while `near` and `carried` are empty.
    listed: ListedBins,
    /// The lowest bits of the counts of the bins in [`NEAR`].
    near: DenseCounts<u8>,
    /// `None` while no count in the slice is above 255, and no time is outside of [`NEAR`].
    rare: Option<Box<Rare>>,
    /// The number of zeros.
    zeros: u64,
    /// The number of times other than integers below 2^64. While it is 0, bins hold only integers.
    pub(crate) fractions: u64,
}

/// What few histograms need, apart so that the others are small.
#[derive(Debug, Clone, Default)]
struct Rare {
    /// The other bits, from the ninth on. The eight highest are beyond the range of a count.
    carried: DenseCounts<u64>,
    /// The counts of the bins outside of [`NEAR`] by number, except the bin of zero.
    far: BTreeMap<usize, u64>,
}

impl Histogram {
    /// Returns an estimate of a quantile of the times; `None` without a time.
    ///
    /// # Accuracy
    ///
    /// The result is the middle of the bin of the exact [quantile](Quantile), and differs from it
    /// by at most 2^-7 (0.8 %) of its size. If all times are integers below 2^64, the result is an
    /// integer, and exact below 128.
    ///
    /// # Complexity
    ///
    /// Linear in the bins.
    #[must_use]
    pub fn quantile(&self, quantile: Quantile) -> Option<ActionTime> {
        self.estimate_of_rank(quantile.rank(self.count())?)
    }

    /// Returns the middle of the bin of the time with this rank, from 1.
    pub(crate) fn estimate_of_rank(&self, rank: u64) -> Option<ActionTime> {
        Some(middle(self.bin_of_rank(rank)?, self.fractions == 0))
    }

    /// Returns the edges of the bin of the time with this rank, from 1; `None` without such a rank.
    pub(crate) fn bounds_of_rank(&self, rank: u64) -> Option<RangeInclusive<f64>> {
        Some(bounds(self.bin_of_rank(rank)?, self.fractions == 0))
    }

    /// Returns the number of the bin of the time with this rank, from 1.
    fn bin_of_rank(&self, rank: u64) -> Option<usize> {
        if rank == 0 {
            return None;
        }
        let mut up_to = rank;
        let mut is_there = |&(_, count): &(usize, u64)| {
            let is_there = up_to <= count;
            up_to -= if is_there { 0 } else { count };
            is_there
        };
        // First all of the list, or several bins of the slice at once; then the single bin.
        let listed = self.listed.len() as u64;
        let steps = iter::once((NEAR.start, listed)).chain(self.steps());
        let (bin, _) = self.with_far(steps).find(&mut is_there)?;
        match bin {
            _ if !is_near(&bin) => Some(bin),
            _ if listed > 0 => self.listed.nth_smallest(usize::try_from(up_to).ok()? - 1),
            _ => self.near_counts(bin).find(is_there).map(|(bin, _)| bin),
        }
    }

    /// Returns the bins that are not empty, in ascending order.
    pub fn bins(&self) -> impl Iterator<Item = Bin> {
        self.counts().map(|(index, count)| Bin {
            from: lower_bound(index),
            to: lower_bound(index + 1),
            count,
        })
    }

    /// Builds a histogram from counts of existing bins, ascending and not zero.
    #[cfg(any(feature = "serde", feature = "tracker"))]
    pub(crate) fn of_counts(counts: &[(u32, u64)], fractions: u64) -> Self {
        let mut histogram = Self { fractions, ..Self::default() };
        for &(bin, count) in counts {
            histogram.add(bin as usize, count);
        }
        histogram
    }

    /// Inserts times as long as they are simple, and returns the first that is not.
    ///
    /// [`SimpleInserter`] defines which times are simple. Only those with this property are.
    #[inline]
    pub(crate) fn insert_simple(
        &mut self,
        times: &mut impl Iterator<Item = ActionTime>,
        is_simple: impl Fn(f64) -> bool,
    ) -> Option<ActionTime> {
        let mut inserter = SimpleInserter {
            first: self.near.first,
            lows: &mut self.near.counts,
            zeros: &mut self.zeros,
            fractions: 0,
            carried: SimpleInserter::NOTHING_CARRIED,
        };
        let not_simple = times.find(|&time| !inserter.insert(time, &is_simple));
        inserter.undo(not_simple);
        self.fractions = self.fractions.wrapping_add(inserter.fractions);
        not_simple
    }

    /// Adds to the count of a bin.
    fn add(&mut self, bin: usize, more: u64) {
        let count = match bin {
            0 => &mut self.zeros,
            _ if is_near(&bin) => {
                if self.near.is_empty() {
                    if usize::try_from(more).is_ok_and(|more| self.listed.push(bin, more)) {
                        return;
                    }
                    self.count_listed();
                }
                return self.add_near(bin, more);
            }
            _ => self.rare_mut().far.entry(bin).or_default(),
        };
        *count = count.wrapping_add(more);
    }

    /// Adds to the count of a bin in the slice.
    fn add_near(&mut self, bin: usize, more: u64) {
        let low = self.near.get_mut(bin);
        let sum = u64::from(*low).wrapping_add(more);
        *low = sum as u8;
        if sum > u8::MAX.into() {
            let high = self.rare_mut().carried.get_mut(bin);
            *high = high.wrapping_add(sum >> u8::BITS);
        }
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Turns the list into counts.
    fn count_listed(&mut self) {
        let listed = mem::take(&mut self.listed);
        self.near.reach_all(listed.bins());
        listed.bins().for_each(|bin| self.add_near(bin, 1));
    }

    /// Adds or subtracts the counts of another histogram.
    fn combine<O: Operation>(&mut self, other: &Self) {
        if !other.near.is_empty() {
            self.count_listed();
        }
        if let Some(theirs) = &other.rare {
            self.rare_mut().combine::<O>(theirs);
        }
        self.combine_near::<O>(other);
        self.zeros = O::counts(self.zeros, other.zeros);
        self.fractions = O::counts(self.fractions, other.fractions);
    }

    /// Combines the low bytes of the counts in the slice, and carries into the high bits.
    fn combine_near<O: Operation>(&mut self, other: &Self) {
        for (bin, mine, theirs) in self.near.paired_steps(&other.near) {
            // All bytes at once, so that the compiler vectorizes it.
            let combined: [_; STEP] = array::from_fn(|index| O::lows(mine[index], theirs[index]));
            *mine = combined.map(|(low, _)| low);
            if combined.iter().fold(false, |any, &(_, carries)| any | carries) {
                let rare = self.rare.get_or_insert_default();
                carry::<O>(rare.carried.step_mut(bin), combined.map(|(_, carries)| carries));
            }
        }
    }

    /// Returns the numbers and counts of the bins that are not empty, in ascending order.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (usize, u64)> {
        let near = self.listed_counts().chain(self.near_counts(self.near.first));
        self.with_far(near).filter(|&(_, count)| count > 0)
    }

    /// Returns the numbers and counts of the bins in the list, in ascending order.
    fn listed_counts(&self) -> impl Iterator<Item = (usize, u64)> {
        let sorted = (!self.listed.is_empty()).then(|| self.listed.sorted());
        let mut sorted = sorted.into_iter().flatten().peekable();
        iter::from_fn(move || {
            let bin = sorted.next()?;
            let others = iter::from_fn(|| sorted.next_if_eq(&bin)).count();
            Some((bin, 1 + others as u64))
        })
    }

    /// Returns the numbers and counts of the bins in the slice, from `from` on.
    fn near_counts(&self, from: usize) -> impl Iterator<Item = (usize, u64)> {
        let high = |bin| self.rare.as_ref().map_or(0, |rare| rare.carried.get(bin)) << u8::BITS;
        self.near
            .counts_from(from)
            .map(move |(bin, low)| (bin, u64::from(low).wrapping_add(high(bin))))
    }

    /// Returns the counts of [`STEP`] bins of the slice each, with the number of the first bin.
    fn steps(&self) -> impl Iterator<Item = (usize, u64)> {
        self.near.steps().map(|(bin, lows)| {
            let highs = self.rare.iter().filter_map(|rare| rare.carried.step(bin)).flatten();
            let high = highs.fold(0, |sum: u64, &high| sum.wrapping_add(high)) << u8::BITS;
            (bin, lows.iter().fold(high, |sum, &low| sum.wrapping_add(low.into())))
        })
    }

    /// Adds the bins outside of the slice, in ascending order.
    fn with_far(
        &self,
        near: impl Iterator<Item = (usize, u64)>,
    ) -> impl Iterator<Item = (usize, u64)> {
        let owned = |(&bin, &count): (&usize, &u64)| (bin, count);
        let below = self.rare.iter().flat_map(|rare| rare.far.range(..NEAR.start)).map(owned);
        let above = self.rare.iter().flat_map(|rare| rare.far.range(NEAR.end..)).map(owned);
        iter::once((0, self.zeros)).chain(below).chain(near).chain(above)
    }
}

impl Rare {
    fn combine<O: Operation>(&mut self, other: &Self) {
        for (_, mine, theirs) in self.carried.paired_steps(&other.carried) {
            *mine = array::from_fn(|index| O::counts(mine[index], theirs[index]));
        }
        for (&bin, &theirs) in &other.far {
            let mine = self.far.entry(bin).or_default();
            *mine = O::counts(*mine, theirs);
        }
    }
}

impl Statistic for Histogram {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("histogram");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize =
        ListedBins::HEAP_BYTES_MAX + NEAR_BINS * (1 + size_of::<u64>()) + FAR_BINS * FAR_BYTES;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        self.insert_all(iter::once(time));
    }

    #[inline]
    fn insert_all(&mut self, mut times: impl Iterator<Item = ActionTime> + Clone) {
        while let Some(time) = self.insert_simple(&mut times, |_| true) {
            self.insert_n(time, 1);
        }
    }

    #[inline(never)] // Most times are simple ones.
    fn insert_n(&mut self, time: ActionTime, n: u64) {
        if n > 0 {
            self.add(bin_of(time), n);
            let fractions = if time.as_integer().is_none() { n } else { 0 };
            self.fractions = self.fractions.wrapping_add(fractions);
        }
    }

    #[inline]
    fn prefetch(&self, time: ActionTime) -> u64 {
        u64::from(self.near.get(bin_of(time))) | self.listed.prefetch()
    }

    fn merge(&mut self, other: &Self) {
        self.combine::<Addition>(other);
        if !self.near.is_empty() {
            self.near.reach_all(other.listed.bins());
        }
        other.listed.bins().for_each(|bin| self.add(bin, 1));
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl Subtract for Histogram {
    fn subtract(&mut self, other: &Self) {
        // Any result is counts, so that a difference below zero has a form.
        self.count_listed();
        if other.listed.is_empty() {
            self.combine::<Subtraction>(other);
        } else {
            let mut counted = other.clone();
            counted.count_listed();
            self.combine::<Subtraction>(&counted);
        }
    }

    fn can_subtract(&self, other: &Self) -> bool {
        let mut mine = self.counts();
        let rest = self.count().checked_sub(other.count());
        rest.is_some_and(|rest| {
            self.fractions.checked_sub(other.fractions).is_some_and(|more| more <= rest)
        }) && other.counts().all(|(bin, theirs)| {
            mine.find(|&(at, _)| at >= bin).is_some_and(|(at, mine)| at == bin && mine >= theirs)
        })
    }
}

impl HasCount for Histogram {
    /// # Complexity
    ///
    /// Linear in the bins.
    fn count(&self) -> u64 {
        let listed = self.listed.len() as u64;
        self.with_far(self.steps()).fold(listed, |sum, (_, count)| sum.wrapping_add(count))
    }
}

/// Two are equal if their counts are equal; empty bins are ignored.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.fractions == other.fractions && self.counts().eq(other.counts())
    }
}

impl Eq for Histogram {}

/// Adds the carries of low bytes to the high bits of their counts, or subtracts them.
///
/// Not inlined, because it would take the registers of the vectorized loop.
#[inline(never)]
fn carry<O: Operation>(highs: &mut [u64], carries: [bool; STEP]) {
    for (high, carries) in highs.iter_mut().zip(carries) {
        *high = O::counts(*high, carries.into());
    }
}

#[cfg(test)]
mod tests;
