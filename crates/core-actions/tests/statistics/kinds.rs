//! Values of other kinds than times.

use core_actions::{ActionTime, Held, SignedValue, Timestamped};
use core_time::Stamp;

/// These times, every second one below zero.
pub(crate) fn signed(times: &[ActionTime]) -> Vec<SignedValue> {
    let value = |(at, time): (usize, &ActionTime)| match time.as_f64() {
        float if at % 2 == 1 => SignedValue::try_from(-float).unwrap(),
        _ => (*time).into(),
    };
    times.iter().enumerate().map(value).collect()
}

/// These values, each set at a moment of its own and held for up to three seconds.
pub(crate) fn held(values: &[SignedValue]) -> Vec<Held> {
    let held = |(at, &value): (i64, &SignedValue)| Held {
        value,
        set: Stamp::from_nanos(at),
        nanos: at as u64 % 4 * 1_000_000_007,
    };
    (-9..).zip(values).map(held).collect()
}

/// These times, each at a moment of its own.
pub(crate) fn stamped(times: &[ActionTime]) -> Vec<Timestamped> {
    let stamped =
        |(at, &time): (i64, &ActionTime)| Timestamped { stamp: Stamp::from_nanos(at), time };
    (-9..).zip(times).map(stamped).collect()
}
