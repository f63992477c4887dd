//! Checks that any text is read or refused as a quantity, and that numbers with units are exact.
#![no_main]

use codec::{Quantity, decode};
use core_actions::Unit;
use libfuzzer_sys::fuzz_target;
use num_bigint::BigUint;
use num_rational::Ratio;

fuzz_target!(|input: (&str, &str)| {
    let [one, other] = <[&str; 2]>::from(input).map(Quantity::parse);
    for (text, quantity) in [(input.0, &one), (input.1, &other)] {
        let Ok(quantity) = quantity else { continue };
        for unit in Unit::ALL {
            let time = quantity.to_time(Some(unit));
            if !quantity.has_unit() {
                let line = format!(r#"{{"action":"a","time":{text}}}"#);
                assert_eq!(time.ok(), decode(line.as_bytes()).ok().map(|action| action.time));
                continue;
            }
            let Some(truth) = exact(text) else { continue };
            let truth = truth / BigUint::from(unit.nanos());
            match time {
                // An integer below 2^64 is exact.
                Ok(time) if truth.is_integer() && truth.numer().bits() <= 64 => {
                    assert_eq!(time.as_integer().map(BigUint::from).as_ref(), Some(truth.numer()));
                }
                Ok(time) => check_nearest(time.as_f64(), &truth),
                Err(_) => assert!(truth.to_integer().bits() > 64, "{text} in {unit}"),
            }
        }
    }
    if let (Ok(one), Ok(other)) = (one, other)
        && let (Some(first), Some(second)) = (exact(input.0), exact(input.1))
        && one.has_unit()
        && other.has_unit()
    {
        assert_eq!(one.partial_cmp(&other), Some(first.cmp(&second)), "{input:?}");
    }
});

/// Returns the nanoseconds of a text like `1.5ms`; `None` for other forms and large exponents.
fn exact(text: &str) -> Option<Ratio<BigUint>> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+');
    let (number, name) = text.split_at(text.find(|c| !is_number(c))?);
    let nanos = match name.strip_prefix(' ').unwrap_or(name) {
        "ns" => 1_u64,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => return None,
    };
    let (significand, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent = exponent.parse::<i32>().ok().filter(|exponent| exponent.abs() <= 400)?;
    let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
    let digits = format!("{whole}{fraction}").parse::<BigUint>().ok()?;
    let power = exponent - i32::try_from(fraction.len()).ok()?;
    let factor = BigUint::from(10_u8).pow(power.unsigned_abs());
    let digits = digits * nanos;
    Some(if power < 0 { Ratio::new(digits, factor) } else { Ratio::from(digits * factor) })
}

/// Returns a finite float as an integer times 2^-1074, and infinity as the power of two above.
fn units_of(float: f64) -> BigUint {
    let (exponent, fraction) = (float.to_bits() >> 52, float.to_bits() & ((1 << 52) - 1));
    let mantissa = BigUint::from(if exponent == 0 { fraction } else { fraction | 1 << 52 });
    mantissa << (exponent.max(1) - 1)
}

/// Checks that no float is nearer, and that of two as near it is the even one.
fn check_nearest(float: f64, truth: &Ratio<BigUint>) {
    let middle = |neighbour: f64| units_of(float) + units_of(neighbour);
    let compared = |middle: BigUint| (middle * truth.denom()).cmp(&(truth.numer() << 1_075_u32));
    let even = float.to_bits() % 2 == 0;
    if float > 0.0 {
        let below = compared(middle(float.next_down()));
        assert!(below.is_lt() || below.is_eq() && even, "{float} is too large");
    }
    let above = compared(middle(float.next_up()));
    assert!(above.is_gt() || above.is_eq() && even, "{float} is too small");
}
