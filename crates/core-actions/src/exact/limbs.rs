//! Integers of many limbs, and the floats nearest to them.
//!
//! An integer is a slice of 64-bit limbs, lowest first. Its lowest bit stands for a power of two.
//! Results that do not fit wrap around, as in any arithmetic of fixed width; the caller provides
//! enough limbs. Only the final conversion to a float rounds, once to the nearest, ties to even.

/// The exponent of the lowest bit: every float is an integer times two to this power.
pub(crate) const LOWEST_BIT: i32 = -1_074;

/// The number of bits of a float after its leading one.
pub(crate) const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
/// The largest exponent of a finite float, minus that of the smallest.
const EXPONENT_MAX: i32 = 2_045;

/// Converts an integer or its root to the nearest float: [`round`] or [`square_root`].
pub(crate) type Rounded = fn(&[u64], i32, bool) -> f64;

/// Splits a finite float of at least 0 into an integer and its shift up from [`LOWEST_BIT`].
#[inline]
pub(crate) fn mantissa_and_shift(float: f64) -> (u64, u32) {
    let (bits, exponent) = (float.to_bits(), (float.to_bits() >> FRACTION_BITS) as u32);
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    // A subnormal float has no leading one, and the exponent of the smallest normal ones.
    match exponent {
        0 => (fraction, 0),
        _ => (fraction | 1 << FRACTION_BITS, exponent - 1),
    }
}

/// Adds limb by limb.
#[inline]
pub(crate) fn add<const LIMBS: usize>(to: &mut [u64; LIMBS], what: &[u64; LIMBS]) {
    let mut carry = false;
    for (limb, &more) in to.iter_mut().zip(what) {
        (*limb, carry) = limb.carrying_add(more, carry);
    }
}

/// Subtracts limb by limb.
#[inline]
pub(crate) fn subtract<const LIMBS: usize>(from: &mut [u64; LIMBS], what: &[u64; LIMBS]) {
    let mut borrow = false;
    for (limb, &less) in from.iter_mut().zip(what) {
        (*limb, borrow) = limb.borrowing_sub(less, borrow);
    }
}

/// Adds a few limbs from index `at` on, and propagates the carry.
#[inline]
pub(crate) fn add_at<const LIMBS: usize>(to: &mut [u64], at: usize, what: [u64; LIMBS]) {
    let (meet, above) = to[at..].split_at_mut(LIMBS);
    let mut carry = false;
    for (limb, more) in meet.iter_mut().zip(what) {
        (*limb, carry) = limb.carrying_add(more, carry);
    }
    if carry {
        // Rare: the carry goes beyond one limb only if all of its bits are set.
        above.iter_mut().any(|limb| {
            *limb = limb.wrapping_add(1);
            *limb != 0
        });
    }
}

/// Adds an integer shifted up by `by` bits, of which all limbs that are not zero fit.
#[inline]
pub(crate) fn add_shifted(to: &mut [u64], by: u32, what: &[u64]) {
    for (at, &limb) in (by as usize / 64..).zip(what).filter(|&(_, &limb)| limb != 0) {
        match shifted(limb, by % 64) {
            [low, 0] => add_at(to, at, [low]), // This may be the last limb.
            both => add_at(to, at, both),
        }
    }
}

/// Shifts up by less than a limb.
#[inline]
pub(crate) fn shifted(what: u64, by: u32) -> [u64; 2] {
    let wide = u128::from(what) << by;
    [wide as u64, (wide >> 64) as u64]
}

/// Shifts up by less than a limb.
#[inline]
pub(crate) fn shifted_wide(what: u128, by: u32) -> [u64; 3] {
    let (low, high) = (what << by, what >> 1 >> (127 - by)); // In two steps, because of 0.
    [low as u64, (low >> 64) as u64, high as u64]
}

/// Adds the product of two integers.
pub(crate) fn add_product(to: &mut [u64], a: &[u64], b: &[u64]) {
    for (at, &factor) in a.iter().enumerate().filter(|&(_, &factor)| factor != 0) {
        let mut carry = 0;
        for (index, limb) in to[at..].iter_mut().enumerate() {
            if index >= b.len() && carry == 0 {
                break;
            }
            let other = b.get(index).copied().unwrap_or(0);
            (*limb, carry) = factor.carrying_mul_add(other, *limb, carry);
        }
    }
}

/// Multiplies by a number.
pub(crate) fn multiply(limbs: &mut [u64], by: u64) {
    let mut carry = 0;
    for limb in limbs {
        (*limb, carry) = limb.carrying_mul(by, carry);
    }
}

/// Divides, and returns whether there is a remainder.
pub(crate) fn divide(limbs: &mut [u64], by: u64) -> bool {
    let mut rest = 0_u64;
    for limb in limbs.iter_mut().rev() {
        if rest == 0 && *limb == 0 {
            continue;
        }
        let part = u128::from(rest) << 64 | u128::from(*limb);
        *limb = (part / u128::from(by)) as u64; // It fits, because `rest` is below the divisor.
        rest = (part % u128::from(by)) as u64;
    }
    rest != 0
}

/// Returns the float nearest to `numerator / denominator`, rounded once, ties to even.
pub(crate) fn ratio(numerator: u128, denominator: u64) -> f64 {
    const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
    if numerator <= EXACT.into() && denominator <= EXACT {
        return numerator as f64 / denominator as f64; // Both exact: only the division rounds.
    }
    // The denominator is below 2^64, so the first 53 bits of the quotient are at most 128 bits
    // after the binary point.
    let mut limbs = [0, 0, numerator as u64, (numerator >> 64) as u64];
    let more = divide(&mut limbs, denominator);
    round(&limbs, -128, more)
}

/// Returns the float nearest to an integer times two to `lowest_bit`.
///
/// `more` says whether the exact value has further bits below the integer. The integer must have 54
/// bits, or those down to 2^-1075. A value nearer to 2^1024 than to the largest float is infinite.
pub(crate) fn round(limbs: &[u64], lowest_bit: i32, more: bool) -> f64 {
    let Some(top_bit) = top_bit(limbs) else { return 0.0 };
    // The mantissa's last bit: 52 below the first, but no lower than floats go.
    let last = (top_bit as i32 - FRACTION_BITS as i32).max(LOWEST_BIT - lowest_bit);
    let last_bit = last as usize; // Both terms of the maximum are above the lowest bit.
    let mantissa = bits_from(limbs, last_bit) as u64 & ((1 << f64::MANTISSA_DIGITS) - 1);
    let half = bits_from(limbs, last_bit - 1) & 1 == 1;
    let beyond_half = more || any_below(limbs, last_bit - 1);
    let up = half && (beyond_half || mantissa & 1 == 1);
    let exponent = last + lowest_bit - LOWEST_BIT;
    if exponent > EXPONENT_MAX {
        return f64::INFINITY;
    }
    // The mantissa's leading one, if present, adds the 1 by which stored exponents are larger, and
    // a carry out of the mantissa adds another. So neither needs a special case.
    f64::from_bits(((exponent as u64) << FRACTION_BITS) + mantissa + u64::from(up))
}

/// Returns the float nearest to the square root of an integer times two to `lowest_bit`.
///
/// `lowest_bit` is even. `more` says whether the exact value has further bits below the integer.
///
/// The integer part of a root depends only on the integer part of its argument. So the upper 127
/// bits of the integer, which give a root of 64 bits, and whether any bit below is set decide the
/// rounding. The integer must have 127 bits, or those down to 2^-2152.
pub(crate) fn square_root(limbs: &[u64], lowest_bit: i32, more: bool) -> f64 {
    let Some(top_bit) = top_bit(limbs) else { return 0.0 };
    let low_bit = (top_bit.saturating_sub(127) + 1) & !1; // Even, so that its power has a root.
    let cut = bits_from(limbs, low_bit);
    let root = cut.isqrt();
    let more = more || root * root != cut || any_below(limbs, low_bit);
    round(&[root as u64], (low_bit as i32 + lowest_bit) / 2, more)
}

/// Returns the index of the highest bit that is set.
pub(crate) fn top_bit(limbs: &[u64]) -> Option<usize> {
    let top = limbs.iter().rposition(|&limb| limb != 0)?;
    Some(top * 64 + limbs[top].ilog2() as usize)
}

/// Returns the 128 bits from `bit` upwards.
pub(crate) fn bits_from(limbs: &[u64], bit: usize) -> u128 {
    let limb = |index: usize| u128::from(limbs.get(index).copied().unwrap_or(0));
    let (at, within) = (bit / 64, bit % 64);
    let low = limb(at) | limb(at + 1) << 64;
    low >> within | limb(at + 2) << 64 << (64 - within)
}

/// Returns whether any of the lowest `bits` bits is set.
pub(crate) fn any_below(limbs: &[u64], bits: usize) -> bool {
    let (whole, part) = (bits / 64, bits % 64);
    let whole_limb = limbs.iter().take(whole).any(|&limb| limb != 0);
    whole_limb || limbs.get(whole).is_some_and(|limb| limb & ((1 << part) - 1) != 0)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use num_rational::Ratio;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::oracle::{check_nearest, check_nearest_root};

    fn big(limbs: &[u64]) -> BigUint {
        limbs.iter().rev().fold(BigUint::ZERO, |sum, &limb| (sum << 64) + BigUint::from(limb))
    }

    /// Returns an integer times two to `lowest_bit`, plus half a lowest bit if `more`.
    fn value(limbs: &[u64], lowest_bit: i32, more: bool) -> Ratio<BigUint> {
        let integer = (big(limbs) << 1_u32) + BigUint::from(u8::from(more));
        let power = BigUint::from(1_u8) << (lowest_bit - 1).unsigned_abs();
        if lowest_bit > 0 { Ratio::from(integer * power) } else { Ratio::new_raw(integer, power) }
    }

    /// Generates limbs that carries run through, and limbs of zero.
    fn limb() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), Just(u64::MAX), Just(1), Just(1 << 63), any::<u64>()]
    }

    /// Generates at least `least` limbs, not all zero.
    fn limbs(len_min: usize) -> impl Strategy<Value = Vec<u64>> {
        vec(limb(), len_min..len_min + 3).prop_filter("zero", |limbs| limbs.iter().any(|&l| l != 0))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn ratio_is_the_nearest_float(
            number: u128, divisor in 1_u64.., shifts in (0_u32..128, 0_u32..64),
        ) {
            let (numerator, denominator) = (number >> shifts.0, (divisor >> shifts.1).max(1));
            let value = Ratio::new(numerator.into(), denominator.into());
            check_nearest(ratio(numerator, denominator), &value);
        }

        #[test]
        fn rounding_is_to_the_nearest_float(
            limbs in limbs(3), lowest_bit in -1_400..1_000, more: bool,
        ) {
            let limbs = [&[0], &limbs[..]].concat(); // For the bits that it needs.
            check_nearest(round(&limbs, lowest_bit, more), &value(&limbs, lowest_bit, more));
        }

        #[test]
        fn root_is_the_nearest_float(
            limbs in limbs(1), half_lowest_bit in -1_100..400, more: bool,
        ) {
            let limbs = [&[0, 0], &limbs[..]].concat();
            let lowest_bit = 2 * half_lowest_bit;
            let root = square_root(&limbs, lowest_bit, more);
            check_nearest_root(root, &value(&limbs, lowest_bit, more));
        }

        #[test]
        fn arithmetic_is_that_of_integers(
            a: [u64; 4], b in vec(limb(), 1..5), shift in 0_u32..250, divisor in 1_u64.., top: u128,
        ) {
            let whole = BigUint::from(1_u8) << 640_u32; // Where ten limbs wrap around.
            let wide = |limbs: &[u64]| {
                let mut wide = [0; 10];
                wide[..limbs.len()].copy_from_slice(limbs);
                wide
            };
            let mut sum = wide(&a);
            add(&mut sum, &wide(&b));
            prop_assert_eq!(big(&sum), big(&a) + big(&b));
            subtract(&mut sum, &wide(&b));
            prop_assert_eq!(sum, wide(&a));
            subtract(&mut sum, &wide(&b));
            prop_assert_eq!(big(&sum), (big(&a) + &whole - big(&b)) % &whole);

            let mut sum = wide(&b);
            let (at, within) = (shift as usize / 64, shift % 64);
            add_at(&mut sum, at, shifted_wide(top, within));
            add_at(&mut sum, at, shifted(top as u64, within));
            let added = BigUint::from(top) + BigUint::from(top as u64);
            prop_assert_eq!(big(&sum), big(&b) + (added << shift));
            let mut product = wide(&b);
            add_product(&mut product, &a, &b);
            prop_assert_eq!(big(&product), big(&b) + big(&a) * big(&b));

            let more = divide(&mut product, divisor);
            let dividend = big(&b) + big(&a) * big(&b);
            prop_assert_eq!(big(&product), &dividend / divisor);
            prop_assert_eq!(more, dividend % divisor != BigUint::ZERO);
        }

        #[test]
        fn floats_come_apart_and_together(bits in 0..f64::INFINITY.to_bits()) {
            let (mantissa, shift) = mantissa_and_shift(f64::from_bits(bits));
            let mut limbs = [0; 36];
            add_at(&mut limbs, shift as usize / 64 + 1, shifted(mantissa, shift % 64));
            prop_assert_eq!(round(&limbs, LOWEST_BIT - 64, false).to_bits(), bits);
        }
    }

    #[test]
    fn carries_run_to_the_end_and_no_further() {
        let mut limbs = [u64::MAX; 5];
        add_at(&mut limbs, 0, [1]);
        assert_eq!(limbs, [0; 5]);
        let mut limbs = [0, u64::MAX, u64::MAX, u64::MAX, 7];
        add_at(&mut limbs, 1, [1, 0]);
        assert_eq!(limbs, [0, 0, 0, 0, 8]);
    }

    #[test]
    fn ratios_are_rounded_once_at_the_limits() {
        assert_eq!(ratio(u128::MAX, u64::MAX), 18_446_744_073_709_551_616.0);
        assert_eq!(ratio(1, u64::MAX), 2_f64.powi(-64));
        // The quotient of the nearest floats is another.
        assert_eq!(ratio(41_396_444_255_383_364, 486), 85_177_868_838_237.38);
        assert_ne!(41_396_444_255_383_364_u64 as f64 / 486.0, 85_177_868_838_237.38);
        // A tie, but for what lies more than 128 bits behind the point.
        let just_above_half = 5_622_479_189_995_481.0 * 2_f64.powi(-116);
        assert_eq!(ratio(1, 14_775_821_648_994_670_869), just_above_half);
    }

    #[test]
    fn a_root_that_is_a_tie_is_rounded_by_whatever_is_behind_it() {
        let (even, odd) = ((1_u64 << 52) + 2, (1_u64 << 52) + 3);
        for mantissa in [even, odd] {
            let middle = 2 * u128::from(mantissa) + 1; // Between the mantissa and the next.
            let square = middle * middle;
            let root = |square: u128, low: u64, more: bool| {
                square_root(&[low, 0, square as u64, (square >> 64) as u64], -128, more) / 2.0
            };
            let nearest = |up: bool| (mantissa + u64::from(up)) as f64;
            assert_eq!(root(square, 0, false), nearest(mantissa == odd)); // To the even one.
            assert_eq!(root(square - 1, u64::MAX, true), nearest(false));
            assert_eq!(root(square, 0, true), nearest(true));
            assert_eq!(root(square, 1, false), nearest(true));
            assert_eq!(root(square + 1, 0, false), nearest(true));
        }
    }

    #[test]
    fn what_is_beyond_the_floats_is_zero_or_infinite() {
        let largest = u64::MAX << 11; // 53 bits.
        assert_eq!(round(&[0, largest], 1_024 - 128, false), f64::MAX);
        assert_eq!(round(&[u64::MAX, largest | 0x3ff], 1_024 - 128, true), f64::MAX);
        assert_eq!(round(&[0, largest | 0x400], 1_024 - 128, false), f64::INFINITY);
        assert_eq!(round(&[0, 1], 1_024 - 64, false), f64::INFINITY);
        assert_eq!(round(&[0, u64::MAX], 5_000, false), f64::INFINITY);
        assert_eq!(round(&[1 << 63], -1_075 - 63, false), 0.0); // Half the smallest: a tie.
        assert_eq!(round(&[1 << 63], -1_075 - 63, true), f64::from_bits(1));
        assert_eq!(round(&[u64::MAX], -2_000, true), 0.0);
        assert_eq!(round(&[0], 0, true), 0.0);
        assert_eq!(square_root(&[0, 0], 0, true), 0.0);
        assert_eq!(square_root(&[0, 0, 0, largest], 2_048 - 256, false), f64::MAX);
    }
}
