//! Formats times for people: three significant digits and a unit, such as `34.8 ms`.

use std::ops::RangeInclusive;
use std::time::Duration;

use facade::Unit;

use super::render::grouped;

/// The units below the second, and their symbols.
const SMALL_UNITS: [(Unit, &str); 3] =
    [(Unit::Nanoseconds, "ns"), (Unit::Microseconds, "µs"), (Unit::Milliseconds, "ms")];
/// The first number of seconds that is shown in minutes.
const MINUTES_FROM: f64 = 120.0;
/// The first number of minutes that is shown in hours.
const HOURS_FROM: f64 = 120.0;
/// The range of exponents of numbers that are written without one.
const PLAIN: RangeInclusive<i32> = -3..=14;

/// Formats a time with three significant digits and a suitable unit.
///
/// The units are ns, µs, ms and s, min from 120 s on and h from 120 min on. Zero is `0 s`, whatever
/// the unit. Times from 1,000 h on are written in full hours, with commas.
///
/// # Accuracy
///
/// Rounded to three digits. If these reach 1,000 in ns, µs or ms, the next unit is used: 999.96 ms
/// is `1.00 s`. The unit min is chosen by the time before it is rounded: 119.9 s is `120 s`, and
/// 120 s is `2.00 min`. Below 0.001 ns and from 10^15 h on, the number has an exponent.
/// An infinity has no unit.
pub(crate) fn time(time: f64, unit: Unit) -> String {
    if time == 0.0 {
        return "0 s".to_owned();
    } else if !time.is_finite() {
        return time.to_string();
    }
    let (value, symbol) = fitted(time, unit);
    format!("{} {symbol}", digits(value))
}

/// Returns the symbol of a unit for people.
pub(crate) fn symbol(unit: Unit) -> &'static str {
    let small = SMALL_UNITS.into_iter().find(|&(small, _)| small == unit);
    small.map_or(unit.symbol(), |(_, symbol)| symbol)
}

/// Converts a time to the unit that suits it.
fn fitted(time: f64, unit: Unit) -> (f64, &'static str) {
    let converted = |to| converted(time, unit, to);
    let (seconds, minutes) = (converted(Unit::Seconds), converted(Unit::Minutes));
    if minutes.abs() >= HOURS_FROM {
        return (converted(Unit::Hours), "h");
    } else if seconds.abs() >= MINUTES_FROM {
        return (minutes, "min");
    }
    let mut small = SMALL_UNITS.into_iter().map(|(unit, symbol)| (converted(unit), symbol));
    small.find(|&(value, _)| exponent(value) < 3).unwrap_or((seconds, "s"))
}

/// Formats a duration, as [`time`] does.
pub(crate) fn duration(duration: Duration) -> String {
    time(duration.as_nanos() as f64, Unit::Nanoseconds)
}

/// Converts a time, rounded once: one unit is a multiple of the other.
fn converted(time: f64, from: Unit, to: Unit) -> f64 {
    let (from, to) = (from.nanos(), to.nanos());
    if from >= to { time * (from / to) as f64 } else { time / (to / from) as f64 }
}

/// Formats a number with three significant digits, and all digits before the point.
fn digits(value: f64) -> String {
    let exponent = exponent(value);
    if !PLAIN.contains(&exponent) {
        return format!("{value:.2e}");
    } else if exponent >= 3 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", grouped(value.abs().round() as u64));
    }
    format!("{value:.*}", (2 - exponent).unsigned_abs() as usize)
}

/// Returns the decimal exponent of a number after it is rounded to three digits.
fn exponent(value: f64) -> i32 {
    let written = format!("{value:.2e}");
    written.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, unit: Unit, expected: &str) {
        assert_eq!(time(value, unit), expected, "{value} {unit}");
        if value != 0.0 {
            assert_eq!(time(-value, unit), format!("-{expected}"), "-{value} {unit}");
        }
    }

    #[test]
    fn times_have_three_digits_and_a_unit() {
        check(34.8, Unit::Milliseconds, "34.8 ms");
        check(1.076, Unit::Seconds, "1.08 s");
        check(30_001_000_000.0, Unit::Nanoseconds, "30.0 s");
        check(150.0, Unit::Seconds, "2.50 min");
        check(1.0, Unit::Nanoseconds, "1.00 ns");
        check(0.5, Unit::Hours, "30.0 min");
        check(1.5, Unit::Minutes, "90.0 s");
        check(2.0 / 3.0, Unit::Milliseconds, "667 µs");
    }

    #[test]
    fn zero_has_no_digits_after_the_point() {
        for unit in Unit::ALL {
            check(0.0, unit, "0 s");
        }
        assert_eq!(time(-0.0, Unit::Hours), "0 s");
    }

    #[test]
    fn units_change_where_three_digits_no_longer_hold_the_time() {
        for (pair, small) in ["ns", "µs", "ms", "s"].windows(2).zip(Unit::ALL) {
            let [below, above] = pair else { panic!("{pair:?}") };
            check(999.0, small, &format!("999 {below}"));
            check(999.4, small, &format!("999 {below}"));
            check(999.5_f64.next_down(), small, &format!("999 {below}"));
            check(999.5, small, &format!("1.00 {above}"));
            check(999.96, small, &format!("1.00 {above}"));
            check(1_000.0, small, &format!("1.00 {above}"));
            check(1_004.0, small, &format!("1.00 {above}"));
            check(1_006.0, small, &format!("1.01 {above}"));
        }
    }

    #[test]
    fn digits_carry_into_a_longer_number() {
        check(9.994, Unit::Seconds, "9.99 s");
        check(9.996, Unit::Seconds, "10.0 s");
        check(99.94, Unit::Milliseconds, "99.9 ms");
        check(99.96, Unit::Milliseconds, "100 ms");
        check(0.9996, Unit::Seconds, "1.00 s");
    }

    #[test]
    fn minutes_begin_at_120_s_and_hours_at_120_min() {
        for (value, unit) in
            [(120.0, Unit::Seconds), (2.0, Unit::Minutes), (1.0 / 30.0, Unit::Hours)]
        {
            check(value, unit, "2.00 min");
        }
        check(120.0_f64.next_down(), Unit::Seconds, "120 s");
        check(119.96, Unit::Seconds, "120 s");
        check(119.4, Unit::Seconds, "119 s");
        check(119_400_000_000.0, Unit::Nanoseconds, "119 s");
        check(120e9, Unit::Nanoseconds, "2.00 min");
        for (value, unit) in [(7_200.0, Unit::Seconds), (120.0, Unit::Minutes), (2.0, Unit::Hours)]
        {
            check(value, unit, "2.00 h");
        }
        check(120.0_f64.next_down(), Unit::Minutes, "120 min");
        check(7_140.0, Unit::Seconds, "119 min");
        check(100.0, Unit::Seconds, "100 s");
        check(200.0, Unit::Seconds, "3.33 min");
    }

    #[test]
    fn very_long_and_very_short_times_are_written_too() {
        check(999.4, Unit::Hours, "999 h");
        check(999.6, Unit::Hours, "1,000 h");
        check(1_234_567.8, Unit::Hours, "1,234,568 h");
        check(999_499_999_999_999.0, Unit::Hours, "999,499,999,999,999 h");
        check(1e15, Unit::Hours, "1.00e15 h");
        check(f64::MAX, Unit::Hours, "1.80e308 h");
        check(f64::MAX, Unit::Nanoseconds, "4.99e295 h");
        check(f64::INFINITY, Unit::Milliseconds, "inf");
        check(0.5, Unit::Nanoseconds, "0.500 ns");
        check(0.00123, Unit::Nanoseconds, "0.00123 ns");
        check(0.0009, Unit::Nanoseconds, "9.00e-4 ns");
        check(f64::from_bits(1), Unit::Nanoseconds, "4.94e-324 ns");
    }

    #[test]
    fn durations_are_times() {
        assert_eq!(duration(Duration::ZERO), "0 s");
        assert_eq!(duration(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(duration(Duration::from_secs(100)), "100 s");
    }
}
