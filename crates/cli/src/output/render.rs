//! Formats numbers and records.

use std::fmt::{self, Display};
use std::io;

use clap::builder::styling::Style;
use facade::codec::{Field, Format, write_records};
use unicode_width::UnicodeWidthStr;

/// The number of spaces between two columns.
pub(crate) const GAP: usize = 2;
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

/// Returns the width of a text in columns of a terminal.
pub(crate) fn width(text: &str) -> usize {
    // Nearly all text is ASCII, and the lookup of each character takes most of a table's time.
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_plain { text.len() } else { text.width() }
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
