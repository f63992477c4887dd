//! Formats the figures of results for people.
//!
//! Each figure has the digits that it needs, whatever the others of its column have: a few
//! significant ones, but never less than its whole part, in groups of thousands. Rejected: as many
//! decimals for all figures of a column as the smallest needs: a time of 0.0002 gave all others
//! six decimals.

use facade::Unit;
use facade::codec::Field;

use crate::output::human;
use crate::output::render::grouped;
use crate::stat::{self, Dimension, Stat};

/// The text for a missing figure.
const MISSING: &str = "-";
/// The number of significant digits of a figure with a fraction.
const DIGITS: usize = 4;
/// The powers of ten below which a figure has one decimal, two, and so on.
const POWERS: [f64; 7] = [1e3, 1e2, 1e1, 1.0, 1e-1, 1e-2, 1e-3];
/// The range of figures that are written without an exponent.
const PLAIN_MIN: f64 = 1e-4;
const PLAIN_END: f64 = 1e15;

/// Formats the figures of a result, with units if that of the times is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Figures {
    unit: Option<Unit>,
}

impl Figures {
    pub(crate) fn new(unit: Option<Unit>) -> Self {
        Self { unit }
    }

    /// Returns whether the unit of the times is known.
    pub(crate) fn have_unit(self) -> bool {
        self.unit.is_some()
    }

    /// Returns the unit of the times, if it is known.
    pub(crate) fn unit(self) -> Option<Unit> {
        self.unit
    }

    /// Formats the value of a statistic.
    pub(crate) fn value(self, stat: &Stat, value: &Field<'_>) -> String {
        let Some(float) = stat::float(value) else { return MISSING.to_owned() };
        match (stat.dimension(), self.unit, value) {
            (Dimension::Share, ..) => percent(float),
            (Dimension::Time, Some(unit), _) => human::time(float, unit),
            (Dimension::SquaredTime, Some(unit), _) => {
                format!("{} {}²", number(float), human::symbol(unit))
            }
            (_, _, Field::Integer(integer)) => grouped(*integer),
            _ => number(float),
        }
    }

    /// Formats a time.
    pub(crate) fn time(self, time: f64) -> String {
        self.unit.map_or_else(|| number(time), |unit| human::time(time, unit))
    }

    /// Formats a time on an axis: a round number, or an end of a range.
    pub(crate) fn label(self, time: f64) -> String {
        let text = self.time(time);
        let (digits, rest) = text.split_at(text.find(['e', ' ']).unwrap_or(text.len()));
        match digits.contains('.') {
            true => format!("{}{rest}", digits.trim_end_matches('0').trim_end_matches('.')),
            false => text,
        }
    }
}

/// Formats a number that is not negative.
///
/// # Accuracy
///
/// A whole number has all its digits. Any other is rounded to 4 significant digits, or to a whole
/// number from 1,000 on. Numbers below 0.0001 and from 10^15 on have an exponent.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(PLAIN_MIN..PLAIN_END).contains(&value) {
        return if value.is_finite() {
            format!("{value:.0$e}", DIGITS - 1)
        } else {
            value.to_string()
        };
    }
    if value.fract() == 0.0 {
        return grouped(value as u64);
    }
    let whole = || grouped(value.round_ties_even() as u64);
    let Some(index) = POWERS.iter().rposition(|&power| value < power) else { return whole() };
    let text = format!("{value:.0$}", index + 1);
    let digits = text.bytes().filter(u8::is_ascii_digit).skip_while(|&digit| digit == b'0');
    // One more if it was rounded up to the next power: 9.9999 becomes 10.00, not 10.000.
    match (digits.count() > DIGITS, index) {
        (false, _) => text,
        (true, 0) => whole(),
        (true, decimals) => format!("{value:.decimals$}"),
    }
}

/// Formats a share from 0 to 1 with one decimal.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.05 => "< 0.1 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_they_need() {
        for (value, expected) in [
            (0.0, "0"),
            (150.0, "150"),
            (17_259_068.0, "17,259,068"),
            (999_999_999_999_999.0, "999,999,999,999,999"),
            (2.0 / 3.0, "0.6667"),
            (74.5, "74.50"),
            (999.94, "999.9"),
            (999.96, "1,000"),
            (9.999_9, "10.00"),
            (0.099_999, "0.1000"),
            (7_397.8, "7,398"),
            (568_163.307, "568,163"),
            (1e-4, "0.0001000"),
            (0.000_123_45, "0.0001234"),
            (9.876_6e-5, "9.877e-5"),
            (f64::from_bits(1), "4.941e-324"),
            (1e15, "1.000e15"),
            (f64::MAX, "1.798e308"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(value), expected, "{value:e}");
        }
    }

    #[test]
    fn digits_are_those_of_the_rounded_value() {
        let half = [0.999_949_999, 0.999_95, 0.999_950_000_1, 1.0, 1.000_05, 5.555_5, 3.333_3];
        for value in (-4..=3).flat_map(|power| half.map(|half| half * 10_f64.powi(power))) {
            if value < PLAIN_MIN || value.fract() == 0.0 {
                continue;
            }
            let written = format!("{value:.0$e}", DIGITS - 1);
            let exponent: i32 = written.split_once('e').unwrap().1.parse().unwrap();
            let decimals = (DIGITS as i32 - 1 - exponent).max(0) as usize;
            let expected = format!("{value:.decimals$}");
            assert_eq!(number(value).replace(',', ""), expected, "{value:e}");
        }
    }

    #[test]
    fn labels_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (0.8, "0.8"),
            (1.0, "1"),
            (12.5, "12.5"),
            (2_000.0, "2,000"),
            (0.000_12, "0.00012"),
            (4e-5, "4e-5"),
            (2.000_000_000_000_001e300, "2e300"),
            (f64::MAX / 2.0, "8.988e307"),
        ] {
            assert_eq!(Figures::default().label(value), expected);
        }
    }

    #[test]
    fn shares_are_percentages() {
        for (share, expected) in [
            (0.0, "0 %"),
            (1e-300, "< 0.1 %"),
            (0.000_49, "< 0.1 %"),
            (0.000_5, "0.1 %"),
            (0.123_46, "12.3 %"),
            (1.0, "100.0 %"),
        ] {
            assert_eq!(percent(share), expected);
        }
    }

    #[test]
    fn values_are_formatted_by_their_statistic() {
        let value =
            |stat: &str, value: Field<'_>| Figures::default().value(&stat.parse().unwrap(), &value);
        assert_eq!(value("count", Field::Integer(2_333)), "2,333");
        assert_eq!(value("max", Field::Integer(u64::MAX)), "18,446,744,073,709,551,615");
        assert_eq!(value("share", Field::Float(0.5)), "50.0 %");
        assert_eq!(value("share", Field::Missing), "-");
        assert_eq!(value("stddev", Field::Missing), "-");
        assert_eq!(value("total", Field::Float(12.345_6)), "12.35");
    }

    #[test]
    fn values_have_the_unit_of_their_statistic() {
        let millis = Figures::new(Some(Unit::Milliseconds));
        let value = |stat: &str, value| millis.value(&stat.parse().unwrap(), &value);
        assert_eq!(value("count", Field::Integer(2_333)), "2,333");
        assert_eq!(value("share", Field::Float(0.5)), "50.0 %");
        assert_eq!(value("total", Field::Float(150_000.0)), "2.50 min");
        assert_eq!(value("p99", Field::Integer(30_001)), "30.0 s");
        assert_eq!(value("variance", Field::Float(1_234.5)), "1,234 ms²");
        let figures = Figures::new(Some(Unit::Microseconds));
        assert_eq!(figures.value(&"variance".parse().unwrap(), &Field::Float(2.5)), "2.500 µs²");
        assert_eq!(value("mean", Field::Missing), "-");
        assert_eq!((millis.label(0.2), millis.label(40.0)), ("200 µs".into(), "40 ms".into()));
    }
}
