//! Which float is the nearest to a fraction or to its root, by exact arithmetic on integers.

use std::cmp::Ordering;

use num_bigint::BigUint;
use num_rational::Ratio;

/// A float as an integer times 2^-1074, from its fields; infinity as the power of two that follows.
pub(crate) fn units_of(float: f64) -> BigUint {
    let (exponent, fraction) = (float.to_bits() >> 52, float.to_bits() & ((1 << 52) - 1));
    let mantissa = BigUint::from(if exponent == 0 { fraction } else { fraction | 1 << 52 });
    mantissa << (exponent.max(1) - 1)
}

/// Checks that no float is nearer to the truth, and of two as near this is the even one.
#[track_caller]
pub(crate) fn check_nearest(float: f64, truth: &Ratio<BigUint>) {
    check(float, |middle| (middle * truth.denom()).cmp(&(truth.numer() << 1_075)));
}

/// Checks that no float is nearer to the root of the truth.
#[track_caller]
pub(crate) fn check_nearest_root(float: f64, truth: &Ratio<BigUint>) {
    check(float, |middle| (&middle * &middle * truth.denom()).cmp(&(truth.numer() << 2_150)));
}

/// Checks that the truth is between the middles of the float and its neighbours, given a comparison
/// of an integer times 2^-1075 with it.
#[track_caller]
fn check(float: f64, to_truth: impl Fn(BigUint) -> Ordering) {
    assert!(float.is_sign_positive() && !float.is_nan(), "{float} cannot be");
    let middle = |neighbour: f64| units_of(float) + units_of(neighbour);
    let even = float.to_bits().is_multiple_of(2);
    if float > 0.0 {
        let below = to_truth(middle(float.next_down()));
        assert!(below.is_lt() || below.is_eq() && even, "{float} is too large");
    }
    if float.is_finite() {
        let above = to_truth(middle(float.next_up()));
        assert!(above.is_gt() || above.is_eq() && even, "{float} is too small");
    }
}
