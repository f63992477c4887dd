//! Exact sums of times, and their correctly rounded mean.
//!
//! A float is an integer times a power of two, never below 2^-1074. So the sum of any number of
//! floats is an integer times 2^-1074, and an integer that is wide enough holds it exactly: 1,074
//! bits behind the point, 1,024 before it, and 64 more for 2^64 values of the largest size. Adding
//! one value touches two or three 64-bit limbs of it. Nothing is rounded before the end, so the
//! order in which values arrive or sums are merged cannot be seen in the result.
//!
//! Integers, the common case, are kept apart in 128 bits, and the wide integer is only there once a
//! value with a fraction (or one of 2^64 or more) arrived.
//!
//! A compensated sum (Kahan, Neumaier) is nearly as exact, and not at all independent of order.
//!
//! After R. M. Neal, "Fast exact summation using small and large superaccumulators" (2015), who
//! spreads the integer over overlapping chunks to put off carries; here, where all values have one
//! sign, a carry seldom runs further than a limb and plain limbs are smaller.

use crate::time::ActionTime;

/// The place of the lowest bit: every float is an integer times two to this power.
const LOWEST_BIT: i32 = -1_074;
/// 1,074 + 1,024 + 64 bits.
const LIMBS: usize = 34;
const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;

/// The exact sum of any times, and how many they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ExactSum {
    count: u64,
    /// The sum of the integers: 2^64 of them, each below 2^64, fit.
    integers: u128,
    /// The sum of all others in units of 2^-1074, lowest limb first.
    floats: Option<Box<[u64; LIMBS]>>,
}

impl ExactSum {
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    #[inline]
    pub(crate) fn insert(&mut self, time: ActionTime) {
        match time.as_integer() {
            Some(integer) => self.insert_integers(1, integer.into()),
            None => self.insert_float(time.as_f64()),
        }
    }

    /// Takes in the sum of so many integers.
    #[inline]
    pub(crate) fn insert_integers(&mut self, count: u64, sum: u128) {
        self.count += count;
        self.integers += sum;
    }

    /// Takes in a float that is finite and not negative.
    pub(crate) fn insert_float(&mut self, float: f64) {
        self.count += 1;
        let (bits, exponent) = (float.to_bits(), float.to_bits() >> FRACTION_BITS);
        let fraction = bits & ((1 << FRACTION_BITS) - 1);
        // A subnormal float has no leading one, and the exponent of the smallest normal ones.
        let (mantissa, shift) = match exponent {
            0 => (fraction, 0),
            _ => (fraction | 1 << FRACTION_BITS, exponent - 1),
        };
        let wide = u128::from(mantissa) << (shift % 64);
        let limbs = self.floats.get_or_insert_with(|| Box::new([0; LIMBS]));
        add(&mut limbs[(shift / 64) as usize..], &[wide as u64, (wide >> 64) as u64]);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.integers += other.integers;
        match (&mut self.floats, &other.floats) {
            (_, None) => {}
            (Some(mine), Some(theirs)) => add(&mut mine[..], &theirs[..]),
            (mine @ None, theirs) => mine.clone_from(theirs),
        }
    }

    /// The sum divided by the count, rounded once to the nearest float, ties to even.
    pub(crate) fn mean(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let Some(floats) = &self.floats else { return Some(ratio(self.integers, self.count)) };
        // One limb more below, for the bits of the quotient behind the last of the sum.
        let mut limbs = [0; LIMBS + 1];
        limbs[1..].copy_from_slice(&floats[..]);
        let integers = self.integers;
        let shift = LOWEST_BIT.unsigned_abs();
        let (low, high) = (integers << (shift % 64), integers >> (128 - shift % 64));
        let aligned = [low as u64, (low >> 64) as u64, high as u64];
        add(&mut limbs[1 + shift as usize / 64..], &aligned);
        Some(divide(&mut limbs, self.count, LOWEST_BIT - 64))
    }
}

/// The nearest float to `numerator / denominator`, rounded once, ties to even.
pub(crate) fn ratio(numerator: u128, denominator: u64) -> f64 {
    const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
    if numerator <= EXACT.into() && denominator <= EXACT {
        return numerator as f64 / denominator as f64; // Both exact, so the division rounds alone.
    }
    // Below 2^64 as the denominator is, the quotient has its first 53 bits within 128 of the point.
    let mut limbs = [0, 0, numerator as u64, (numerator >> 64) as u64];
    divide(&mut limbs, denominator, -128)
}

/// Adds limb by limb, and carries as far as it goes, which must not be past the end.
fn add(to: &mut [u64], what: &[u64]) {
    let mut carry = false;
    for (at, limb) in to.iter_mut().enumerate() {
        match what.get(at) {
            None if !carry => return,
            next => (*limb, carry) = limb.carrying_add(next.copied().unwrap_or(0), carry),
        }
    }
    debug_assert!(!carry, "sum does not fit");
}

/// Divides an integer, whose lowest bit stands for two to `lowest_bit`, and rounds to the nearest
/// float.
fn divide(limbs: &mut [u64], by: u64, lowest_bit: i32) -> f64 {
    let mut rest = 0_u64;
    for limb in limbs.iter_mut().rev() {
        if rest == 0 && *limb == 0 {
            continue;
        }
        let part = u128::from(rest) << 64 | u128::from(*limb);
        *limb = (part / u128::from(by)) as u64; // It fits, because the rest is below the divisor.
        rest = (part % u128::from(by)) as u64;
    }
    round(limbs, lowest_bit, rest != 0)
}

/// The nearest float to an integer whose lowest bit stands for two to `lowest_bit`; `more` if there
/// is anything behind it.
fn round(limbs: &[u64], lowest_bit: i32, more: bool) -> f64 {
    let Some(top) = limbs.iter().rposition(|&limb| limb != 0) else { return 0.0 };
    let top_bit = top as i32 * 64 + limbs[top].ilog2() as i32;
    // The mantissa's last bit: 52 below the first, but no lower than floats go.
    let last = (top_bit - FRACTION_BITS as i32).max(LOWEST_BIT - lowest_bit);
    let bits_from = |bit: usize| {
        let limb = |index: usize| u128::from(limbs.get(index).copied().unwrap_or(0));
        ((limb(bit / 64) | limb(bit / 64 + 1) << 64) >> (bit % 64)) as u64
    };
    let last_bit = last as usize; // Both terms of the maximum are above the lowest limb.
    let mantissa = bits_from(last_bit) & ((1 << f64::MANTISSA_DIGITS) - 1);
    let half = bits_from(last_bit - 1) & 1 == 1;
    let beyond_half = more || any_below(limbs, last_bit - 1);
    let up = half && (beyond_half || mantissa & 1 == 1);
    let exponent = (last + lowest_bit - LOWEST_BIT) as u64;
    // The mantissa's leading one, if it has it, adds the one by which exponents are stored; a carry
    // out of the mantissa adds another. So both need no case of their own.
    f64::from_bits((exponent << FRACTION_BITS) + mantissa + u64::from(up))
}

/// Whether any of the lowest bits is set.
fn any_below(limbs: &[u64], bits: usize) -> bool {
    let (whole, part) = (bits / 64, bits % 64);
    limbs[..whole].iter().any(|&limb| limb != 0) || limbs[whole] & ((1 << part) - 1) != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use num_rational::Ratio;
    use proptest::prelude::*;

    /// A float as an exact fraction.
    fn exact(float: f64) -> Ratio<BigUint> {
        let bits = float.to_bits();
        let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        let units = BigUint::from(mantissa) << exponent.max(1);
        Ratio::new(units, BigUint::from(1_u8) << 1_075_u32)
    }

    /// Whether no float is nearer to a value than this one, and none as near is even if it is not.
    #[track_caller]
    fn check_nearest(float: f64, value: &Ratio<BigUint>) {
        let far = |a: &Ratio<BigUint>| if a > value { a - value } else { value - a };
        let mine = far(&exact(float));
        let neighbours = [(float > 0.0).then(|| float.next_down()), Some(float.next_up())];
        for neighbour in neighbours.into_iter().flatten().filter(|n| n.is_finite()) {
            let theirs = far(&exact(neighbour));
            let even = float.to_bits().is_multiple_of(2);
            assert!(mine < theirs || mine == theirs && even, "{neighbour} is nearer than {float}");
        }
    }

    fn time() -> impl Strategy<Value = ActionTime> {
        let float = |float| ActionTime::try_from(float).unwrap();
        prop_oneof![
            any::<u64>().prop_map(ActionTime::from),
            (0_u64..1_000).prop_map(ActionTime::from),
            (0_u64..0x7ff0_0000_0000_0000).prop_map(move |bits| float(f64::from_bits(bits))),
            (0.0..5_000.0).prop_map(float),
            (0_u64..1 << 54).prop_map(move |bits| float(f64::from_bits(bits))),
            (0_u64..100).prop_map(move |less| float(f64::from_bits(f64::MAX.to_bits() - less))),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn mean_is_the_nearest_float(times in prop::collection::vec(time(), 1..40)) {
            let mut sum = ExactSum::default();
            let mut oracle = Ratio::from(BigUint::ZERO);
            for &time in &times {
                sum.insert(time);
                oracle += match time.as_integer() {
                    Some(integer) => Ratio::from(BigUint::from(integer)),
                    None => exact(time.as_f64()),
                };
            }
            oracle /= BigUint::from(times.len());
            check_nearest(sum.mean().unwrap(), &oracle);
        }

        #[test]
        fn ratio_is_the_nearest_float(number: u128, denominator in 1_u64.., shift in 0_u32..128) {
            let numerator: u128 = number >> shift;
            let value = Ratio::new(numerator.into(), denominator.into());
            check_nearest(ratio(numerator, denominator), &value);
        }

        #[test]
        fn parts_merge_to_the_same_sum(
            times in prop::collection::vec(time(), 0..40),
            cut in 0_usize..40,
        ) {
            let sum = |times: &[ActionTime]| {
                let mut sum = ExactSum::default();
                times.iter().for_each(|&time| sum.insert(time));
                sum
            };
            let (first, second) = times.split_at(cut.min(times.len()));
            let (mut forth, mut back) = (sum(first), sum(second));
            forth.merge(&sum(second));
            back.merge(&sum(first));
            prop_assert_eq!(&forth, &sum(&times));
            prop_assert_eq!(&back, &forth);
        }
    }

    #[track_caller]
    fn check_mean(times: &[f64], expected: f64) {
        let mut sum = ExactSum::default();
        times.iter().for_each(|&time| sum.insert(ActionTime::try_from(time).unwrap()));
        assert_eq!(sum.mean(), Some(expected), "mean of {times:?}");
    }

    #[test]
    fn means_are_rounded_once_at_the_limits() {
        check_mean(&[f64::MAX, f64::MAX, f64::MAX], f64::MAX);
        check_mean(&[1e300, 1e-300], 5e299);
        check_mean(&[f64::from_bits(1), 0.0], 0.0); // Half of the smallest: a tie, to even.
        check_mean(&[f64::from_bits(3), 0.0], f64::from_bits(2)); // One and a half: a tie, to even.
        check_mean(&[f64::from_bits(1), f64::from_bits(1), 0.0], f64::from_bits(1)); // Two thirds.
        check_mean(&[f64::MIN_POSITIVE, f64::MIN_POSITIVE.next_down()], f64::MIN_POSITIVE);
        assert_eq!(ExactSum::default().mean(), None);
        assert_eq!(ratio(u128::MAX, u64::MAX), 18_446_744_073_709_551_616.0);
        assert_eq!(ratio(1, u64::MAX), 2_f64.powi(-64));
        // A tie, but for what lies more than 128 bits behind the point.
        let just_above_half = 5_622_479_189_995_481.0 * 2_f64.powi(-116);
        assert_eq!(ratio(1, 14_775_821_648_994_670_869), just_above_half);
    }
}
