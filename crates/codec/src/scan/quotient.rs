//! The quotient of two integers as a float, rounded once.

/// Returns the float nearest to a quotient of two numbers that are not 0.
///
/// Integers are divided: the quotient has more bits than a float, and the lowest of them is set if
/// there is a rest, so that the conversion to a float is the only rounding. To read the digits once
/// more would take 120 instructions more.
#[inline(never)]
pub(super) fn quotient(dividend: u64, divisor: u64) -> f64 {
    const BITS: u32 = 62;
    let (up, down) = (dividend.leading_zeros(), divisor.leading_zeros());
    // Both have their highest bit set, so the quotient is above 2^61 and below 2^63.
    let (dividend, divisor) = (u128::from(dividend << up) << BITS, u128::from(divisor << down));
    let quotient = dividend / divisor;
    let bits = quotient as i64 | i64::from(quotient * divisor != dividend);
    // A power of two, by which a product is exact.
    let scale = u64::from(f64::MAX_EXP.cast_unsigned() - 1 + down - up - BITS);
    bits as f64 * f64::from_bits(scale << (f64::MANTISSA_DIGITS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_those_of_the_library() {
        let mut state = 1_u64;
        for case in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = ((state ^ state >> 31) >> (case % 40)).max(1);
            let places = case % 19;
            let expected: f64 = format!("{value}e-{places}").parse().unwrap();
            assert_eq!(quotient(value, 10_u64.pow(places)), expected, "{value} {places}");
        }
        // Up to here every integer is an exact float.
        let exact = 1 << f64::MANTISSA_DIGITS;
        for value in [1, exact, exact + 1, exact + 2, exact + 3, u64::MAX - 1_024] {
            // Halves of the last bit go to even.
            for power in [1, 2, 4, 1 << 20] {
                assert_eq!(quotient(value, power), value as f64 / power as f64, "{value} {power}");
            }
        }
    }
}
