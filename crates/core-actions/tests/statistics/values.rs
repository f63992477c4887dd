//! Times of all kinds, and what they are worth exactly.

use core_actions::{ActionTime, Statistic};
use num_bigint::BigUint;
use proptest::prelude::*;

use crate::oracle::units_of;

pub(crate) fn time(float: f64) -> ActionTime {
    ActionTime::try_from(float).unwrap()
}

/// Small and large integers, fractions, and floats of any size.
pub(crate) fn any_time() -> impl Strategy<Value = ActionTime> {
    prop_oneof![
        any::<u64>().prop_map(ActionTime::from),
        (0_u64..5_000).prop_map(ActionTime::from),
        (0.0..5_000.0).prop_map(time),
        (0_u64..f64::INFINITY.to_bits()).prop_map(|bits| time(f64::from_bits(bits))),
        edge(),
    ]
}

/// The times at which something ends.
pub(crate) fn edge() -> impl Strategy<Value = ActionTime> {
    prop::sample::select(edges())
}

pub(crate) fn edges() -> Vec<ActionTime> {
    let two_pow_64 = u64::MAX as f64;
    let floats = [
        f64::from_bits(1),
        f64::MIN_POSITIVE.next_down(),
        f64::MIN_POSITIVE,
        0.5,
        1.0_f64.next_up(),
        two_pow_64,
        f64::MAX.next_down(),
        f64::MAX,
    ];
    let integers = [0, 1, 2, 127, 128, 129, (1 << 53) - 1, (1 << 53) + 1, u64::MAX - 1, u64::MAX];
    integers.map(ActionTime::from).into_iter().chain(floats.map(time)).collect()
}

/// The statistic of these values.
pub(crate) fn of<S: Statistic>(values: &[S::Value]) -> S {
    let mut statistic = S::default();
    values.iter().for_each(|&value| statistic.insert(value));
    statistic
}

/// A time as an integer times 2^-1074.
pub(crate) fn units(time: ActionTime) -> BigUint {
    match time.as_integer() {
        Some(integer) => BigUint::from(integer) << 1_074,
        None => units_of(time.as_f64()),
    }
}
