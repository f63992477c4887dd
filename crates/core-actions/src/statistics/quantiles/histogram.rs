//! Bins whose width grows with their values, so that one in a hundred is told from the next.
//!
//! Each power of two is cut into 64 bins of one width, so a bin is at most a 64th as wide as the
//! values in it, and its middle at most a 128th off any of them. That is the layout of a float: its
//! exponent and the six highest bits of its fraction, read as one integer, number the bins in
//! order. So to find the bin of a float is a shift. No logarithm is taken, and no bound is
//! compared with.
//!
//! Subnormal floats have no exponent of their own, but are integers times 2^-1074, and numbered as
//! those are. So the whole range of finite floats has bins, 133,952 of them, of one relative
//! width.
//!
//! Nobody needs them all. From 2^-32 to 2^64, where nearly all times are in whatever unit, the
//! bins that are needed and those between them are one slice; a record is a shift, a subtraction
//! and an increment. Zero is alone, and the others are in a tree. A slice for all would be simpler,
//! and two absurd times would make it 131 KiB; a directory of small pieces took half as many
//! instructions more.
//!
//! Most counts are small: of a hundred times of an action, few are in one bin. So the slice has a
//! byte for each count, and what is carried over, by one record of 256, goes into a second slice,
//! which is only as long as it must be. To make all counts wider as soon as one needs it would be
//! one slice, of four kinds; each record would have to ask of which kind it is.
//!
//! A sketch that merges neighbouring bins when there are too many (as DDSketch and UDDSketch do)
//! takes less at worst, and gives up either the accuracy or, for some of them, the independence of
//! order. Logarithmic bins of equal ratio would be fewer by 30 % and cost a logarithm.
//!
//! References: G. Tene, HdrHistogram, for bins that are linear within powers of two; C. Masson,
//! J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
//! guarantees" (2019), for the guarantee.

use std::array;
use std::collections::BTreeMap;
use std::iter;

use core_time::{Statistic, Subtract, Tag};

use crate::action::time::ActionTime;
use crate::statistics::quantiles::bins::{
    Bin, FAR_BINS, FAR_BYTES, NEAR, NEAR_BINS, bin_of, bin_of_float, is_near, lower_bound, middle,
};
use crate::statistics::quantiles::dense::{DenseCounts, STEP};
use crate::statistics::quantiles::quantile::Quantile;
use crate::statistics::traits::{HasCount, counts_fit};

/// Keeps how many times fell into each of many bins, at most a 64th as wide as their values.
///
/// Quantiles of it are [less than 1 % off](Self::quantile). [`Quantiles`](crate::Quantiles) is this
/// and the exact values while they are few; this can be subtracted.
///
/// Takes 88 bytes, and one for each bin from that of the smallest time to that of the largest, of
/// which there are 64 from each power of two to the next: 104 bytes for always the same time, 1.3
/// KiB for times between a microsecond and a second. From the first bin with 256 times or more to
/// the last such bin it is 8 bytes more for each. That is for times from 2^-32 to 2^64, and makes
/// 6 KiB for all of them, and 54 KiB if they are many. For others it is about 24 bytes for each
/// bin that is needed, and 3 MB if somebody goes for all 127,808 of them.
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
/// assert_eq!(p99, Some(987.0)); // The truth is 990.
///
/// let bin = histogram.bins().find(|bin| bin.from == 512.0);
/// assert_eq!(bin.map(|bin| (bin.to, bin.count)), Some((520.0, 8)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    /// The lowest bits of the counts of the bins in [`NEAR`].
    near: DenseCounts<u8>,
    /// The other bits, from the ninth on. The eight highest of them are beyond a count.
    carried: DenseCounts<u64>,
    /// The counts of bins outside of [`NEAR`], by number; but for that of zero.
    far: BTreeMap<usize, u64>,
    /// How many were zero.
    zeros: u64,
    /// How many were no integers below 2^64. While there are none, bins are of integers only.
    pub(crate) fractions: u64,
}

impl Histogram {
    /// The smallest value that so great a share of all values do not exceed, nearly.
    ///
    /// # Accuracy
    ///
    /// At most 2^-7 (0.8 %) off the time in question, whatever its size: the middle of its bin.
    /// While there are only integers, the answer is one, and exact below 128. See [`Quantile`] for
    /// which time is in question.
    ///
    /// # Complexity
    ///
    /// Linear in the bins.
    #[must_use]
    pub fn quantile(&self, quantile: Quantile) -> Option<ActionTime> {
        let mut up_to = quantile.rank(self.count())?;
        let mut is_there = |&(_, count): &(usize, u64)| {
            let is_there = up_to <= count;
            up_to -= if is_there { 0 } else { count };
            is_there
        };
        // Several bins of the slice at once, and then which of them.
        let (mut bin, _) = self.with_far(self.steps()).find(&mut is_there)?;
        if is_near(&bin) {
            (bin, _) = self.near_counts(bin).find(is_there)?;
        }
        Some(middle(bin, self.fractions == 0))
    }

    /// The bins that are not empty, in ascending order.
    pub fn bins(&self) -> impl Iterator<Item = Bin> {
        self.counts().map(|(index, count)| Bin {
            from: lower_bound(index),
            to: lower_bound(index + 1),
            count,
        })
    }

    /// The histogram of these bins, which ascend, and are there, and not empty.
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

    /// Whether nothing was ever taken in.
    pub(crate) fn is_empty(&self) -> bool {
        self.near.is_empty() && self.far.is_empty() && self.zeros == 0
    }

    /// Takes in times that are likely to need bins that are not there yet.
    pub(crate) fn insert_new(&mut self, times: impl Iterator<Item = ActionTime> + Clone) {
        self.near.reach_all(times.clone().map(bin_of).filter(is_near));
        self.insert_all(times);
    }

    /// Takes times in as long as they are further zeros, or their bins are in the slice and need
    /// not carry; tells which was the first of the others.
    ///
    /// So it takes nothing into a histogram that is empty.
    #[inline]
    pub(crate) fn insert_near(
        &mut self,
        times: &mut impl Iterator<Item = ActionTime>,
    ) -> Option<ActionTime> {
        const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
        let (first, near) = (self.near.first, &mut self.near.counts[..]);
        let (mut fractions, mut full) = (0, usize::MAX);
        let beyond = times.find(|time| {
            let float = match time.as_integer() {
                // A conversion, because to find the highest bit is slow where that instruction
                // waits for what is in its target register.
                Some(integer @ ..EXACT) => integer as i64 as f64,
                Some(_) => return true,
                None => {
                    fractions += 1;
                    time.as_f64()
                }
            };
            // Zero and subnormal floats come out at a wrong place, which is not near.
            let at = bin_of_float(float).wrapping_sub(first);
            let Some(low) = near.get_mut(at) else {
                let known = float == 0.0 && self.zeros > 0;
                self.zeros = self.zeros.wrapping_add(known.into());
                return !known;
            };
            *low = low.wrapping_add(1);
            if *low == 0 {
                full = at;
            }
            *low == 0
        });
        // HasCount again by whoever can carry. Not put right where it is found, which would be a
        // second way to write a count, and cost each record three instructions.
        if let Some(low) = near.get_mut(full) {
            *low = u8::MAX;
        }
        fractions -= u64::from(beyond.is_some_and(|time| time.as_integer().is_none()));
        self.fractions = self.fractions.wrapping_add(fractions);
        beyond
    }

    /// Takes one more time in, wherever it belongs.
    #[cold]
    pub(crate) fn insert_anywhere(&mut self, time: ActionTime) {
        self.add(bin_of(time), 1);
        self.fractions = self.fractions.wrapping_add(time.as_integer().is_none().into());
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

    /// Changes each count by that of another histogram; its lowest byte by a function that tells
    /// whether it carries.
    fn combine(
        &mut self,
        other: &Self,
        change: impl Fn(u64, u64) -> u64,
        change_low: impl Fn(u8, u8) -> (u8, bool),
    ) {
        for (_, mine, theirs) in self.carried.steps_beside(&other.carried) {
            *mine = array::from_fn(|at| change(mine[at], theirs[at]));
        }
        for (bin, mine, theirs) in self.near.steps_beside(&other.near) {
            // All at once, for which processors have instructions.
            let changed: [_; STEP] = array::from_fn(|at| change_low(mine[at], theirs[at]));
            *mine = changed.map(|(low, _)| low);
            if changed.iter().fold(false, |any, &(_, carries)| any | carries) {
                let carries = changed.map(|(_, carries)| carries);
                carry(self.carried.step_mut(bin), carries, &change);
            }
        }
        for (&bin, &theirs) in &other.far {
            let mine = self.far.entry(bin).or_default();
            *mine = change(*mine, theirs);
        }
        self.zeros = change(self.zeros, other.zeros);
        self.fractions = change(self.fractions, other.fractions);
    }

    /// The numbers and counts of the bins that are not empty, in ascending order.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (usize, u64)> {
        self.with_far(self.near_counts(self.near.first)).filter(|&(_, count)| count > 0)
    }

    /// The numbers and counts of the bins in the slice, from one of them on.
    fn near_counts(&self, from: usize) -> impl Iterator<Item = (usize, u64)> {
        let high = |bin| self.carried.get(bin) << u8::BITS;
        self.near
            .counts_from(from)
            .map(move |(bin, low)| (bin, u64::from(low).wrapping_add(high(bin))))
    }

    /// The same of [`STEP`] bins each, which have the number of the first.
    fn steps(&self) -> impl Iterator<Item = (usize, u64)> {
        self.near.steps().map(|(bin, lows)| {
            let highs = self.carried.step(bin).into_iter().flatten();
            let high = highs.fold(0, |sum: u64, &high| sum.wrapping_add(high)) << u8::BITS;
            (bin, lows.iter().fold(high, |sum, &low| sum.wrapping_add(low.into())))
        })
    }

    /// With the bins that are not near, in ascending order.
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
        while let Some(time) = self.insert_near(&mut times) {
            self.insert_anywhere(time);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_add, u8::overflowing_add);
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl Subtract for Histogram {
    fn subtract(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_sub, u8::overflowing_sub);
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

/// Two are equal if their bins are, whatever empty ones are there.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.fractions == other.fractions && self.counts().eq(other.counts())
    }
}

impl Eq for Histogram {}

/// Changes counts by what is carried to them from the bytes below.
///
/// Called, because in line it would take the registers with which those are changed at once.
#[inline(never)]
fn carry(highs: &mut [u64], carries: [bool; STEP], change: impl Fn(u64, u64) -> u64) {
    for (high, carries) in highs.iter_mut().zip(carries) {
        *high = change(*high, carries.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::quantiles::bins::bin_of_integer;

    fn of(times: &[f64]) -> Histogram {
        let mut histogram = Histogram::default();
        times.iter().for_each(|&time| histogram.insert(ActionTime::try_from(time).unwrap()));
        histogram
    }

    /// How many bins there are in the slice and in the tree.
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
    fn memory_is_that_of_the_cells_needed_and_of_those_between() {
        check_memory(&[], 0, 0);
        check_memory(&[1.0; 9], STEP, 0);
        check_memory(&[1.0, 1.25], 2 * STEP, 0);
        check_memory(&[1.0, 1.5, 1.75], 4 * STEP, 0);
        check_memory(&[1e3, 1e9], 81 * STEP, 0); // From the 9th power of two to the 29th.
        check_memory(&[0.0, 1e-300, 1e300], 0, 2);
        let (least, most) = (2_f64.powi(-32), 2_f64.powi(64).next_down());
        check_memory(&[least, most], NEAR.len(), 0);
        check_memory(&[0.0, least.next_down(), least, most, most.next_up()], NEAR.len(), 2);
        assert_eq!(NEAR.len(), 6 << 10);
    }

    /// So many times, of two bins of one step and of one that is further on, by turns.
    fn times(count: usize) -> Vec<f64> {
        [1.5, 1.625, 100.5].into_iter().cycle().take(3 * count).collect()
    }

    /// A histogram of so many times in each of three bins, whatever is kept for it.
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
        // Only as far as there are such counts.
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
            // What was not merged leaves less than nothing, to which it can be added.
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
        // The first in its bin, another one, one in a new bin, and those that are never near.
        let fractions = [1.5, 1.5, 1e3 + 0.5, 1e300, 1e300, f64::from_bits(1)];
        for len in 0..=fractions.len() {
            let times = [&[1.0, 0.0, 0.0], &fractions[..len]].concat();
            assert_eq!(of(&times).fractions, len as u64, "{times:?}");
        }
    }

    #[test]
    fn integers_are_in_the_cells_of_their_floats() {
        // All bins are there, so that a wrong one would be found too.
        let mut histogram = of(&[2_f64.powi(-32), 2_f64.powi(64).next_down()]);
        let around = |power: u64| (power - power.min(70)).max(1)..power.saturating_add(70);
        for integer in (0..64).flat_map(|shift| around(1 << shift)).chain([u64::MAX]) {
            // Cut off to 53 bits, so that it is not rounded up.
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
