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
use std::ops::RangeInclusive;

use core_time::{Statistic, Subtract, Tag};

use crate::action::time::ActionTime;
use crate::statistics::quantiles::bins::{
    Bin, FAR_BINS, FAR_BYTES, NEAR, NEAR_BINS, bin_of, bounds, is_near, lower_bound, middle,
};
use crate::statistics::quantiles::dense::{DenseCounts, STEP};
use crate::statistics::quantiles::operation::{Addition, Operation, Subtraction};
use crate::statistics::quantiles::quantile::Quantile;
use crate::statistics::quantiles::simple::SimpleInserter;
use crate::statistics::traits::{HasCount, counts_fit};

/// Counts times in bins that are at most 1/64 as wide as their values.
///
/// Its quantiles have an error [below 1 %](Self::quantile). [`Quantiles`](crate::Quantiles) also
/// keeps the exact values while they are few, but only the histogram can be subtracted.
///
/// Takes 88 bytes, and 1 for each bin from the smallest time to the largest, with 64 bins for each
/// power of two: 104 bytes if all times are equal, 1.3 KiB for times between a microsecond and a
/// second. Each bin from the first with 256 times or more to the last such bin takes 8 bytes more.
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
    /// The lowest bits of the counts of the bins in [`NEAR`].
    near: DenseCounts<u8>,
    /// The other bits, from the ninth on. The eight highest are beyond the range of a count.
    carried: DenseCounts<u64>,
    /// The counts of the bins outside of [`NEAR`] by number, except the bin of zero.
    far: BTreeMap<usize, u64>,
    /// The number of zeros.
    zeros: u64,
    /// The number of times other than integers below 2^64. While it is 0, bins hold only integers.
    pub(crate) fractions: u64,
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
        // First several bins of the slice at once, then the single bin.
        let (mut bin, _) = self.with_far(self.steps()).find(&mut is_there)?;
        if is_near(&bin) {
            (bin, _) = self.near_counts(bin).find(is_there)?;
        }
        Some(bin)
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
    #[cfg(feature = "serde")]
    pub(crate) fn of_counts(counts: &[(u32, u64)], fractions: u64) -> Self {
        let mut histogram = Self { fractions, ..Self::default() };
        let bins = counts.iter().map(|&(bin, _)| bin as usize);
        histogram.near.reach_all(bins.filter(is_near));
        for &(bin, count) in counts {
            histogram.add(bin as usize, count);
        }
        histogram
    }

    /// Inserts times that are likely to need new bins.
    pub(crate) fn insert_new(&mut self, times: impl Iterator<Item = ActionTime> + Clone) {
        self.near.reach_all(times.clone().map(bin_of).filter(is_near));
        self.insert_all(times);
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
                let low = self.near.get_mut(bin);
                let sum = u64::from(*low).wrapping_add(more);
                *low = sum as u8;
                if sum > u8::MAX.into() {
                    let high = self.carried.get_mut(bin);
                    *high = high.wrapping_add(sum >> u8::BITS);
                }
                return;
            }
            _ => self.far.entry(bin).or_default(),
        };
        *count = count.wrapping_add(more);
    }

    /// Adds or subtracts the counts of another histogram.
    fn combine<O: Operation>(&mut self, other: &Self) {
        self.combine_carried::<O>(other);
        self.combine_near::<O>(other);
        self.combine_far::<O>(other);
        self.zeros = O::counts(self.zeros, other.zeros);
        self.fractions = O::counts(self.fractions, other.fractions);
    }

    /// Combines the high bits of the counts in the slice.
    fn combine_carried<O: Operation>(&mut self, other: &Self) {
        for (_, mine, theirs) in self.carried.paired_steps(&other.carried) {
            *mine = array::from_fn(|index| O::counts(mine[index], theirs[index]));
        }
    }

    /// Combines the low bytes of the counts in the slice, and carries into the high bits.
    fn combine_near<O: Operation>(&mut self, other: &Self) {
        for (bin, mine, theirs) in self.near.paired_steps(&other.near) {
            // All bytes at once, so that the compiler vectorizes it.
            let combined: [_; STEP] = array::from_fn(|index| O::lows(mine[index], theirs[index]));
            *mine = combined.map(|(low, _)| low);
            if combined.iter().fold(false, |any, &(_, carries)| any | carries) {
                carry::<O>(self.carried.step_mut(bin), combined.map(|(_, carries)| carries));
            }
        }
    }

    /// Combines the counts of the bins outside of the slice.
    fn combine_far<O: Operation>(&mut self, other: &Self) {
        for (&bin, &theirs) in &other.far {
            let mine = self.far.entry(bin).or_default();
            *mine = O::counts(*mine, theirs);
        }
    }

    /// Returns the numbers and counts of the bins that are not empty, in ascending order.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (usize, u64)> {
        self.with_far(self.near_counts(self.near.first)).filter(|&(_, count)| count > 0)
    }

    /// Returns the numbers and counts of the bins in the slice, from `from` on.
    fn near_counts(&self, from: usize) -> impl Iterator<Item = (usize, u64)> {
        let high = |bin| self.carried.get(bin) << u8::BITS;
        self.near
            .counts_from(from)
            .map(move |(bin, low)| (bin, u64::from(low).wrapping_add(high(bin))))
    }

    /// Returns the counts of [`STEP`] bins of the slice each, with the number of the first bin.
    fn steps(&self) -> impl Iterator<Item = (usize, u64)> {
        self.near.steps().map(|(bin, lows)| {
            let highs = self.carried.step(bin).into_iter().flatten();
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
        let below = self.far.range(..NEAR.start).map(owned);
        let above = self.far.range(NEAR.end..).map(owned);
        iter::once((0, self.zeros)).chain(below).chain(near).chain(above)
    }
}

impl Statistic for Histogram {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("histogram");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize = NEAR_BINS * (1 + size_of::<u64>()) + FAR_BINS * FAR_BYTES;

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
        self.near.get(bin_of(time)).into()
    }

    fn merge(&mut self, other: &Self) {
        self.combine::<Addition>(other);
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl Subtract for Histogram {
    fn subtract(&mut self, other: &Self) {
        self.combine::<Subtraction>(other);
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
        self.with_far(self.steps()).fold(0, |sum, (_, count)| sum.wrapping_add(count))
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
mod tests {
    use super::*;
    use crate::statistics::quantiles::bins::{bin_of_float, bin_of_integer};

    fn of(times: &[f64]) -> Histogram {
        let mut histogram = Histogram::default();
        times.iter().for_each(|&time| histogram.insert(ActionTime::try_from(time).unwrap()));
        histogram
    }

    /// Checks the number of bins in the slice and in the tree.
    #[track_caller]
    fn check_memory(times: &[f64], near: usize, far: usize) {
        for order in [times.to_vec(), times.iter().rev().copied().collect()] {
            let histogram = of(&order);
            assert_eq!(
                (histogram.near.counts.len(), histogram.far.len()),
                (near, far),
                "{order:?}"
            );
        }
    }

    #[test]
    fn slice_holds_the_bins_from_the_smallest_to_the_largest_time() {
        check_memory(&[], 0, 0);
        check_memory(&[1.0; 9], STEP, 0);
        check_memory(&[1.0, 1.25], 2 * STEP, 0);
        check_memory(&[1.0, 1.5, 1.75], 4 * STEP, 0);
        check_memory(&[1e3, 1e9], 81 * STEP, 0); // From the 9th power of two to the 29th.
        check_memory(&[0.0, 1e-300, 1e300], 0, 2);
        let (min, max) = (2_f64.powi(-32), 2_f64.powi(64).next_down());
        check_memory(&[min, max], NEAR.len(), 0);
        check_memory(&[0.0, min.next_down(), min, max, max.next_up()], NEAR.len(), 2);
        assert_eq!(NEAR.len(), 6 << 10);
    }

    /// Returns `count` times in each of three bins: two in one step, and one in a later step.
    fn times(count: usize) -> Vec<f64> {
        [1.5, 1.625, 100.5].into_iter().cycle().take(3 * count).collect()
    }

    /// Checks that a histogram has `count` times in each of three bins.
    #[track_caller]
    fn check_counts(histogram: &Histogram, count: u64) {
        let found: Vec<_> = histogram.bins().map(|bin| (bin.from, bin.count)).collect();
        let expected = [1.5, 1.625, 100.0].map(|from| (from, count));
        assert_eq!(found, expected[..if count > 0 { 3 } else { 0 }]);
        assert_eq!((histogram.count(), histogram.fractions), (3 * count, 3 * count));
        for (share, middle) in [(0.1, 1.5078125), (0.5, 1.6328125), (1.0, 100.5)] {
            let quantile = Quantile::try_from(share).unwrap();
            let expected = (count > 0).then(|| ActionTime::of_float(middle));
            assert_eq!(histogram.quantile(quantile), expected, "{share} of {count}");
        }
    }

    #[test]
    fn counts_beyond_a_byte_are_carried() {
        for count in [0, 1, 254, 255, 256, 257, 511, 512, 513, 66_000] {
            let histogram = of(&times(count));
            check_counts(&histogram, count as u64);
            let carried = if count < 256 { 0 } else { histogram.near.counts.len() };
            assert_eq!(histogram.carried.counts.len(), carried, "{count}");
            let mut at_once = Histogram::default();
            at_once.insert_all(times(count).into_iter().map(ActionTime::of_float));
            assert_eq!(at_once, histogram, "{count}");
        }
        // The second slice covers only the bins that carried.
        let mut histogram = of(&[1.0; 256]);
        histogram.merge(&of(&[1e9; 255]));
        assert_eq!((histogram.near.counts.len(), histogram.carried.counts.len()), (1_920, STEP));
    }

    #[test]
    fn counts_beyond_a_byte_are_merged_and_subtracted() {
        let counts = [0, 1, 127, 128, 255, 256, 257, 511, 512, 600];
        for (a, b) in counts.into_iter().flat_map(|a| counts.map(|b| (a, b))) {
            let (one, two) = (of(&times(a)), of(&times(b)));
            let mut both = one.clone();
            both.merge(&two);
            check_counts(&both, (a + b) as u64);
            assert_eq!(both, of(&times(a + b)), "{a} and {b}");
            both.subtract(&two);
            check_counts(&both, a as u64);
            assert_eq!(both, one, "{a} without {b}");
            // Subtracting more than was merged wraps around, and merging it restores the counts.
            both.subtract(&two);
            both.merge(&two);
            assert_eq!(both, one, "{a} after {b} less");
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn counts_beyond_a_byte_are_those_that_were_given() {
        let bins = [1.5, 1.625, 100.5].map(|float| bin_of_float(float) as u32);
        for count in [1, 255, 256, 257, 65_535, 65_536, u64::MAX / 3] {
            let histogram = Histogram::of_counts(&bins.map(|bin| (bin, count)), 3 * count);
            check_counts(&histogram, count);
            let mut twice = histogram.clone();
            twice.merge(&histogram);
            twice.subtract(&histogram);
            assert_eq!(twice, histogram);
            let carried = if count < 256 { 0 } else { histogram.near.counts.len() };
            assert_eq!(histogram.carried.counts.len(), carried, "{count}");
        }
    }

    #[test]
    fn each_fraction_is_counted_once() {
        // The first in its bin, a second one, one in a new bin, and some outside of the slice.
        let fractions = [1.5, 1.5, 1e3 + 0.5, 1e300, 1e300, f64::from_bits(1)];
        for len in 0..=fractions.len() {
            let times = [&[1.0, 0.0, 0.0], &fractions[..len]].concat();
            assert_eq!(of(&times).fractions, len as u64, "{times:?}");
        }
    }

    #[test]
    fn integers_are_in_the_bins_of_their_floats() {
        // All bins of the slice exist, so that an increment of a wrong one is detected.
        let mut histogram = of(&[2_f64.powi(-32), 2_f64.powi(64).next_down()]);
        let around = |power: u64| (power - power.min(70)).max(1)..power.saturating_add(70);
        for integer in (0..64).flat_map(|shift| around(1 << shift)).chain([u64::MAX]) {
            // Truncated to 53 bits, so that the conversion does not round up.
            let cut = integer & (u64::MAX << (integer.ilog2().saturating_sub(52)));
            let bin = bin_of_integer(integer);
            assert_eq!(bin, bin_of_float(cut as f64), "{integer}");
            let count = |histogram: &Histogram| histogram.near_counts(bin).next().unwrap().1;
            let before = count(&histogram);
            histogram.insert(ActionTime::from(integer));
            assert_eq!(count(&histogram), before + 1, "{integer}");
        }
    }
}
