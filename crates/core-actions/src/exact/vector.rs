//! Exact sums of many numbers at once, in vectors.

use crate::exact::limbs::FRACTION_BITS;

/// The number of floats in a block: few enough that none of their partial sums is rounded.
pub(crate) const BLOCK: usize = 256;
/// The number of parallel sums, which the compiler computes in vectors.
const LANES: usize = 8;

/// Returns the exact sum of many integers.
///
/// One sum is of the upper halves, another of the whole integers modulo 2^64. The compiler
/// vectorizes both; it does not vectorize sums of 128 bits or with carries. The second sum minus
/// the shifted first one is the sum of the lower halves.
pub(crate) fn sum_of_integers(integers: &[u64]) -> u128 {
    debug_assert!(integers.len() <= 1 << 32, "sum of halves does not fit");
    let sums = |(all, upper): (u64, u64), &integer: &u64| {
        (all.wrapping_add(integer), upper + (integer >> 32))
    };
    let (all, upper) = integers.iter().fold((0, 0), sums);
    (u128::from(upper) << 32) + u128::from(all.wrapping_sub(upper << 32))
}

/// Returns two floats that add up to the exact sum of a block of floats.
///
/// The second may be negative. `None` if the floats are too far apart.
///
/// Adding a float so large that the last bit of the sum is one *unit*, and subtracting it again,
/// rounds to a multiple of the unit. Below `top`, which is 2^45 units, the rounded part of a float
/// has 45 bits. The remainder is at most half a unit, and a multiple of the last bit of the
/// smallest float, which is at least 2^-45 units. So both sums of 256 floats are integers of 53
/// bits, and are never rounded. This is the extraction of S. M. Rump, T. Ogita, S. Oishi, "Accurate
/// floating-point summation" (2008).
///
/// An accumulator for each exponent (as Neal's) accepts any floats, but one after the other.
pub(crate) fn sums_of_floats(floats: &[f64; BLOCK]) -> Option<[f64; 2]> {
    let smaller = |a: f64, b: f64| if a < b { a } else { b };
    let larger = |a: f64, b: f64| if a > b { a } else { b };
    let lanes = floats.as_chunks::<LANES>().0;
    let (mut min, mut max) = (lanes[0], lanes[0]);
    for chunk in lanes {
        for lane in 0..LANES {
            min[lane] = smaller(min[lane], chunk[lane]);
            max[lane] = larger(max[lane], chunk[lane]);
        }
    }
    let (min, max) = (min.into_iter().fold(min[0], smaller), max.into_iter().fold(0.0, larger));
    // Far from the ends of the range of floats, and at most 2^37 times the smallest.
    if min < 1e-270 || max > 1e270 || max > min * 137_438_953_472.0 {
        return None;
    }
    let top = f64::from_bits(((max.to_bits() >> FRACTION_BITS) + 1) << FRACTION_BITS);
    let cut = 192.0 * top; // 1.5 * 2^52 units: adding a float does not change its exponent.
    Some(cut_sums(lanes, cut).map(|sums| sums.iter().sum()))
}

/// Returns the sums of the rounded parts and of the remainders, for each lane.
#[inline(never)] // The compiler vectorizes arrays that are stored, as results are.
fn cut_sums(floats: &[[f64; LANES]], cut: f64) -> [[f64; LANES]; 2] {
    let [mut upper, mut lower] = [[0.0; LANES]; 2];
    for chunk in floats {
        for lane in 0..LANES {
            let rounded = (chunk[lane] + cut) - cut;
            upper[lane] += rounded;
            lower[lane] += chunk[lane] - rounded;
        }
    }
    [upper, lower]
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use proptest::prelude::*;

    use super::*;
    use crate::oracle::units_of;

    #[test]
    fn sums_of_integers_are_exact() {
        assert_eq!(sum_of_integers(&[u64::MAX; 4_096]), u128::from(u64::MAX) * 4_096);
        assert_eq!(sum_of_integers(&[u64::MAX, 1, 1 << 32, 5]), (1 << 64) + (1 << 32) + 5);
        assert_eq!(sum_of_integers(&[]), 0);
    }

    #[track_caller]
    fn check(floats: &[f64; BLOCK]) {
        let units = |float: f64| {
            let units = BigInt::from(units_of(float.abs()));
            if float < 0.0 { -units } else { units }
        };
        let [upper, lower] = sums_of_floats(floats).expect("not too far apart");
        let exact: BigInt = floats.iter().map(|&float| units(float)).sum();
        assert_eq!(units(upper) + units(lower), exact, "of {floats:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn sums_of_floats_are_exact(
            mantissas in prop::collection::vec(1.0..2.0, BLOCK),
            exponents in prop::collection::vec(0..37, BLOCK),
            lowest in -890..850,
        ) {
            let mut floats = [0.0; BLOCK];
            let pairs = mantissas.into_iter().zip(exponents);
            for (float, (mantissa, exponent)) in floats.iter_mut().zip(pairs) {
                *float = mantissa * 2_f64.powi(lowest + exponent);
            }
            check(&floats);
        }
    }

    /// A block of one float, but for the first.
    fn block(first: f64, others: f64) -> [f64; BLOCK] {
        let mut block = [others; BLOCK];
        block[0] = first;
        block
    }

    #[test]
    fn sums_of_floats_are_exact_at_the_limits() {
        let (min, max) = (1.0, 2_f64.powi(37));
        for (first, others) in [(min, max), (max, min), (min, min), (1.5, max)] {
            check(&block(first, others));
        }
        let unit = 2_f64.powi(37 - 44);
        for halves in 1..9 {
            let tie = 1.0 + f64::from(halves) * unit / 2.0;
            check(&block(max, tie));
            check(&block(max, tie.next_down()));
            check(&block(max, tie.next_up()));
        }
        check(&block(1e-270, 1e-260));
        check(&block(1e270, 1e260));
    }

    #[test]
    fn floats_too_far_apart_have_no_such_sums() {
        let none = |first, others| assert_eq!(sums_of_floats(&block(first, others)), None);
        none(1.0, 2_f64.powi(37).next_up());
        none(2_f64.powi(37).next_up(), 1.0);
        none(1e-271, 1e-270);
        none(1e271, 1e270);
        none(5e-324, 5e-324);
        none(f64::MAX, f64::MAX);
    }
}
