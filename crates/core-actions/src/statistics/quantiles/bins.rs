//! The layout of the bins of a histogram.

use std::ops::{Range, RangeInclusive};

use crate::action::time::ActionTime;

/// The binary logarithm of the number of bins between two powers of two.
pub(super) const CUT_BITS: u32 = 6;
pub(super) const CUTS: u64 = 1 << CUT_BITS;
/// The bias of the exponent of a value: the smallest float has 1. Zero has 0.
pub(super) const BIAS: u32 = 1_075;
/// The bins that are stored in a slice: from 2^-32 to below 2^64.
pub(super) const NEAR: Range<usize> =
    (BIAS as usize - 32) << CUT_BITS..(BIAS as usize + 64) << CUT_BITS;
pub(super) const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
pub(super) const NEAR_BINS: usize = NEAR.end - NEAR.start;
/// The number of other bins: 127,808.
pub(super) const FAR_BINS: usize = bin_of_float(f64::MAX) + 1 - NEAR_BINS;
/// The maximum bytes of one of them: nodes of a tree may be less than half full.
pub(super) const FAR_BYTES: usize = 48;

/// A bin of a [`Histogram`](crate::Histogram): the count of values from `from` to below `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The smallest value in the bin.
    pub from: f64,
    /// The start of the next bin, infinity for the last.
    pub to: f64,
    /// The number of values in the bin.
    pub count: u64,
}

/// Returns whether a bin is stored in the slice.
pub(super) fn is_near(bin: &usize) -> bool {
    NEAR.contains(bin)
}

/// Returns the range of values of a bin; `None` if no bin has this number.
#[cfg(any(feature = "serde", feature = "tracker"))]
pub(crate) fn range_of(bin: usize) -> Option<Range<f64>> {
    if bin > bin_of_float(f64::MAX) {
        return None;
    }
    let from = lower_bound(bin);
    // Below 64 times the smallest float, some numbers have no value.
    (bin_of(ActionTime::of_float(from)) == bin).then(|| from..lower_bound(bin + 1))
}

/// Returns the number of the bin of a time.
pub(crate) fn bin_of(time: ActionTime) -> usize {
    let float = time.as_f64();
    match time.as_integer() {
        Some(0) => 0,
        Some(integer) => bin_of_integer(integer),
        // An integer in units of the smallest float, which has the exponent 1.
        None if float.is_subnormal() => {
            bin_of_integer(float.to_bits()) - ((BIAS as usize - 1) << CUT_BITS)
        }
        None => bin_of_float(float),
    }
}

/// Returns the number of the bin of a float that is neither zero nor subnormal.
#[inline]
pub(super) const fn bin_of_float(float: f64) -> usize {
    const FLOAT_BIAS: u32 = f64::MAX_EXP as u32 - 1;
    (float.to_bits() >> (FRACTION_BITS - CUT_BITS)) as usize
        + ((BIAS - FLOAT_BIAS) << CUT_BITS) as usize
}

/// Returns the number of the bin of an integer that is not zero.
pub(super) fn bin_of_integer(integer: u64) -> usize {
    let zeros = integer.leading_zeros();
    let leading = integer << zeros >> (u64::BITS - 1 - CUT_BITS); // The leading one, and the cut.
    (u64::from(BIAS + u64::BITS - 1 - zeros) * CUTS + leading - CUTS) as usize
}

/// Returns the leading bits of the values in a bin, and the place of the last, 0 for 2^-1074.
pub(super) fn leading_and_place(bin: usize) -> (u64, i32) {
    let (exponent, cut) = (bin as u64 / CUTS, bin as u64 % CUTS);
    (CUTS + cut, exponent as i32 - 1 - CUT_BITS as i32)
}

/// Returns the smallest value of a bin.
pub(super) fn lower_bound(bin: usize) -> f64 {
    if bin == 0 {
        return 0.0;
    }
    let (leading, place) = leading_and_place(bin);
    // A bin may be narrower than the smallest float: its values begin at the next multiple of it.
    let units = if place < 0 { leading.div_ceil(1 << -place) } else { leading };
    units as f64 * two_to(place.max(0))
}

/// Returns the range from the smallest of some bins to behind the largest; empty without one.
pub(super) fn range(bins: impl Iterator<Item = usize>) -> Range<usize> {
    let (start, end) =
        bins.fold((usize::MAX, 0), |(start, end), bin| (start.min(bin), end.max(bin + 1)));
    start..end
}

/// Returns bounds of the values in a bin, both included; both are integers if all `integers` are.
pub(super) fn bounds(bin: usize, integers: bool) -> RangeInclusive<f64> {
    let (from, to) = (lower_bound(bin), lower_bound(bin + 1));
    match bin {
        0 => 0.0..=0.0,
        // A bin narrower than 1 begins with its one integer.
        _ if integers => from..=from.max(to - 1.0),
        _ => from..=to,
    }
}

/// Returns the middle of the values in a bin, an integer if they all are `integers`.
pub(crate) fn middle(bin: usize, integers: bool) -> ActionTime {
    if bin == 0 {
        return ActionTime::ZERO;
    }
    let (leading, place) = leading_and_place(bin);
    let above_one = place + 1 - BIAS as i32; // The place, 0 for 1.
    if integers && (-(CUT_BITS as i32)..u64::BITS as i32 - CUT_BITS as i32).contains(&above_one) {
        return match above_one {
            // The bin has one integer, and the lower bits of `leading` are zero.
            ..0 => leading >> -above_one,
            _ => (leading << above_one) + ((1 << above_one) - 1) / 2,
        }
        .into();
    }
    let (middle, place) = (2 * leading + 1, place - 1);
    // Rounded down: where that matters, the lower bound is a multiple of the smallest float.
    let units = if place < 0 { middle >> -place } else { middle };
    ActionTime::of_float(units as f64 * two_to(place.max(0)))
}

/// Returns two to the power of `place - 1074`.
pub(super) fn two_to(place: i32) -> f64 {
    match place - FRACTION_BITS as i32 + 1 {
        ..=0 => f64::from_bits(1 << place), // Subnormal.
        exponent => f64::from_bits((exponent as u64) << FRACTION_BITS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_numbered_in_order() {
        let number = |bits: u64| bin_of(ActionTime::of_float(f64::from_bits(bits)));
        // Up to 64 times the smallest float, each float has a bin, and some numbers have none.
        assert!((0..64).all(|bits| number(bits) < number(bits + 1)));
        // From there on, each number has a bin.
        let mut bins = 64 + 1;
        let last = f64::MAX.to_bits();
        let mut first = 64; // The bits of the first float in the bin.
        while number(first) < number(last) {
            // The number of floats with the same leading bits.
            let width = 1 << (first.ilog2() - CUT_BITS).min(FRACTION_BITS - CUT_BITS);
            assert_eq!(number(first), number(first + width - 1));
            assert_eq!(number(first) + 1, number(first + width));
            (first, bins) = (first + width, bins + 1);
        }
        assert_eq!((bins, bins - NEAR.len()), (133_952, 127_808));
    }
}
