//! Formats numbers and records.

use std::fmt::{self, Display};
use std::io;

use clap::builder::styling::Style;
use facade::codec::{Field, Format, write_records};

/// The text for a missing number.
const MISSING: &str = "-";
/// The number of spaces between two columns.
pub(crate) const GAP: usize = 2;
/// The minimum number of decimals in a column of means with fractions.
const DIGITS_MIN: usize = 3;
/// The maximum number of decimals, for small means.
const DIGITS_MAX: usize = 9;
/// The range of nonzero means that are written without an exponent.
const PLAIN_MIN: f64 = 1e-7;
const PLAIN_END: f64 = 1e15;

/// Text in a style, with a reset at its end.
#[derive(Debug)]
pub(crate) struct Styled<T>(pub(crate) Style, pub(crate) T);

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(style, text) = self;
        write!(f, "{style}{text}{style:#}")
    }
}

/// Writes records with a line end after the last one.
pub(crate) fn records<'a>(
    output: &mut dyn io::Write,
    format: Format,
    columns: &[&str],
    rows: impl IntoIterator<Item: AsRef<[Field<'a>]>>,
) -> io::Result<()> {
    write_records(output, format, columns, rows)?;
    if format == Format::Json { output.write_all(b"\n") } else { Ok(()) }
}

/// Formats a column of numbers: integers in full, or all like [`means`] if any is not an integer.
pub(crate) fn numbers<'c>(fields: &'c [Field<'_>]) -> impl Iterator<Item = String> + 'c {
    let floats: Vec<_> = fields.iter().filter_map(float).collect();
    let write_float = writer(&floats);
    let are_integers = !fields.iter().any(|field| matches!(field, Field::Float(_)));
    fields.iter().map(move |field| match (*field, float(field)) {
        (Field::Integer(integer), _) if are_integers => integer.to_string(),
        (_, Some(float)) => write_float(float),
        _ => MISSING.to_owned(),
    })
}

fn float(field: &Field<'_>) -> Option<f64> {
    match *field {
        Field::Integer(integer) => Some(integer as f64),
        Field::Float(float) => Some(float),
        _ => None,
    }
}

/// Formats a column of means, all with the same number of decimals.
///
/// # Accuracy
///
/// Means are rounded to 3 decimals, or up to 9 if the smallest needs them for 3 significant digits.
/// If all are integers they have no decimals. Means that are too small or too large for this have
/// 4 digits and an exponent.
pub(crate) fn means(means: &[f64]) -> impl Iterator<Item = String> {
    means.iter().copied().map(writer(means))
}

/// Returns a function that formats each of these [`means`].
fn writer(means: &[f64]) -> impl Fn(f64) -> String + use<> {
    let plain = |mean: f64| mean == 0.0 || (PLAIN_MIN..PLAIN_END).contains(&mean);
    // Infinity has no decimals, so it does not affect those of the others.
    let integers = means.iter().all(|mean| mean.is_infinite() || mean.fract() == 0.0);
    let least = means.iter().copied().filter(|&mean| mean > 0.0 && plain(mean));
    let digits = match least.min_by(f64::total_cmp) {
        _ if integers => 0,
        Some(least) => (2 - exponent(least)).clamp(DIGITS_MIN as i32, DIGITS_MAX as i32) as usize,
        None => DIGITS_MIN,
    };
    move |mean| match plain(mean) {
        // Formatting an integer as a float takes several times as long.
        true if integers => (mean as u64).to_string(),
        true if mean.fract() == 0.0 => format!("{}.{:0digits$}", mean as u64, 0),
        true => format!("{mean:.digits$}"),
        false => format!("{mean:.3e}"),
    }
}

/// Returns the decimal exponent, from the digits: a rounded logarithm may be off by one.
fn exponent(value: f64) -> i32 {
    let written = format!("{value:e}");
    written.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or_default()
}

/// Formats a number with a comma between groups of three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a number with a noun, singular or plural: `1 line`, `1,234 lines`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// Formats a rate per second with at least three digits.
pub(crate) fn rate(rate: f64) -> String {
    match rate {
        ..9.995 => format!("{rate:.2}"),
        ..99.95 => format!("{rate:.1}"),
        _ => grouped(rate.round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_share_their_digits() {
        let cases: [(&[f64], &[&str]); 10] = [
            (&[], &[]),
            (&[150.0, 75.0], &["150", "75"]),
            (&[150.0, 74.5, 0.0], &["150.000", "74.500", "0.000"]),
            (&[2.0 / 3.0], &["0.667"]),
            (&[1.5, 0.0123456], &["1.5000", "0.0123"]),
            (&[1.5, 1e-7], &["1.500000000", "0.000000100"]),
            (&[1.5, 9e-8], &["1.500", "9.000e-8"]),
            (&[999_999_999_999_999.0, 1e15], &["999999999999999", "1.000e15"]),
            (&[0.001, f64::MAX], &["0.00100", "1.798e308"]),
            (&[75.0, f64::INFINITY], &["75", "inf"]),
        ];
        for (values, expected) in cases {
            assert_eq!(means(values).collect::<Vec<_>>(), expected, "{values:?}");
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (number, expected) in cases {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn number_and_noun_agree() {
        let cases = [(0, "0 lines"), (1, "1 line"), (2, "2 lines"), (1_000, "1,000 lines")];
        for (number, expected) in cases {
            assert_eq!(counted(number, "line"), expected);
        }
    }

    #[test]
    fn rates_have_three_digits() {
        let cases = [(0.0, "0.00"), (9.994, "9.99"), (9.995, "10.0"), (1_234.5, "1,235")];
        for (value, expected) in cases {
            assert_eq!(rate(value), expected);
        }
    }
}
