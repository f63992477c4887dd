//! Results as text: tables, numbers and durations, and the way to standard output.

use std::fmt::{self, Display};
use std::iter;
use std::time::Duration;

use anstream::adapter::strip_str;
use clap::builder::styling::Style;
use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};
use facade::Cell;
use unicode_width::UnicodeWidthStr;

/// What stands for a number that there is not.
const MISSING: &str = "-";
/// How many rows are laid out at once.
const PIECE_ROWS: usize = 1_000;
/// Spaces between two columns.
const GAP: u16 = 2;
/// Digits after the point of a column of means, if any mean has some.
const DIGITS_MIN: usize = 3;
/// The same, if otherwise a small mean would be cut to less than three digits.
const DIGITS_MAX: usize = 9;
/// Means other than 0 that are below or not below these are written with an exponent.
const PLAIN_MIN: f64 = 1e-7;
const PLAIN_END: f64 = 1e15;

/// Text in a style, and back to none.
#[derive(Debug)]
pub(crate) struct Styled<T>(pub(crate) Style, pub(crate) T);

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(style, text) = self;
        write!(f, "{style}{text}{style:#}")
    }
}

/// Lays out rows below a header, the first column to the left and the others, numbers, to the
/// right.
pub(crate) fn table<'h>(
    header: impl IntoIterator<Item = &'h str>,
    rows: impl IntoIterator<Item: IntoIterator<Item = String>>,
) -> String {
    let header: Vec<_> = header.into_iter().collect();
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().collect()).collect();
    let mut widths: Vec<_> = header.iter().map(|cell| UnicodeWidthStr::width(*cell)).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = UnicodeWidthStr::width(cell.as_str()).max(*width);
        }
    }
    let mut text = String::new();
    // The library takes two kilobytes for each row, so it is given a few of many at a time.
    let mut pieces = rows.chunks(PIECE_ROWS);
    let first = pieces.next().unwrap_or_default();
    for piece in iter::once(first).chain(pieces) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(header.iter().copied()).add_rows(piece);
        for (index, (column, &width)) in table.column_iter_mut().zip(&widths).enumerate() {
            let gap = if index == 0 { 0 } else { GAP };
            column.set_padding((gap, 0));
            let width = u16::try_from(width).unwrap_or(u16::MAX).saturating_add(gap);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
            if index > 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut lines = table.lines();
        let header = lines.next().unwrap_or_default();
        if text.is_empty() {
            text = format!("{}\n", Styled(Style::new().bold(), header.trim_end()));
        }
        for line in lines {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// How many columns of a terminal a text takes.
pub(crate) fn width(text: &str) -> usize {
    strip_str(text).to_string().lines().map(UnicodeWidthStr::width).max().unwrap_or_default()
}

/// Writes numbers as a column: integers in full, and if any is none, all as [`means`] are.
pub(crate) fn numbers(cells: &[Cell<'_>]) -> Vec<String> {
    let floats = cells.iter().filter_map(|cell| match *cell {
        Cell::Integer(integer) => Some(integer as f64),
        Cell::Float(float) => Some(float),
        _ => None,
    });
    let mut written = means(&floats.collect::<Vec<_>>()).into_iter();
    let are_integers = !cells.iter().any(|cell| matches!(cell, Cell::Float(_)));
    let write = |cell: &Cell<'_>| match cell {
        Cell::Integer(_) | Cell::Float(_) => {
            let float = written.next().unwrap_or_default();
            if let Cell::Integer(integer) = cell
                && are_integers
            {
                integer.to_string()
            } else {
                float
            }
        }
        _ => MISSING.to_owned(),
    };
    cells.iter().map(write).collect()
}

/// Writes means as a column, all with the same number of digits after the point.
///
/// # Accuracy
///
/// Rounded to 3 digits after the point, or to as many more, up to 9, as it takes to keep 3 digits
/// of the smallest; to none if all means are integers. Means that are smaller or larger than can be
/// written so have 4 digits and an exponent.
pub(crate) fn means(means: &[f64]) -> Vec<String> {
    let plain = |mean: &f64| *mean == 0.0 || (PLAIN_MIN..PLAIN_END).contains(mean);
    let integers = means.iter().all(|mean| mean.fract() == 0.0);
    let least = means.iter().copied().filter(|mean| *mean > 0.0 && plain(mean));
    let digits = match least.min_by(f64::total_cmp) {
        _ if integers => 0,
        Some(least) => (2 - exponent(least)).clamp(DIGITS_MIN as i32, DIGITS_MAX as i32) as usize,
        None => DIGITS_MIN,
    };
    let write = |mean: &f64| match plain(mean) {
        true => format!("{mean:.digits$}"),
        false => format!("{mean:.3e}"),
    };
    means.iter().map(write).collect()
}

/// The power of ten of the first digit; from the digits, as a logarithm may fall on the wrong side.
fn exponent(value: f64) -> i32 {
    let written = format!("{value:e}");
    written.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or_default()
}

/// Writes a number with a comma between groups of three digits.
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

/// Writes a duration with three digits, in the unit that suits it.
pub(crate) fn duration(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos() as f64;
    let (unit, scale) = match nanoseconds {
        ..999.5 => ("ns", 1.0),
        ..999.5e3 => ("µs", 1e3),
        ..999.5e6 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    let value = nanoseconds / scale;
    match value {
        _ if scale == 1.0 => format!("{value} {unit}"),
        ..9.995 => format!("{value:.2} {unit}"),
        ..99.95 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

/// Writes a rate per second with three digits or more.
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
        let cases: [(&[f64], &[&str]); 9] = [
            (&[], &[]),
            (&[150.0, 75.0], &["150", "75"]),
            (&[150.0, 74.5, 0.0], &["150.000", "74.500", "0.000"]),
            (&[2.0 / 3.0], &["0.667"]),
            (&[1.5, 0.0123456], &["1.5000", "0.0123"]),
            (&[1.5, 1e-7], &["1.500000000", "0.000000100"]),
            (&[1.5, 9e-8], &["1.500", "9.000e-8"]),
            (&[999_999_999_999_999.0, 1e15], &["999999999999999", "1.000e15"]),
            (&[0.001, f64::MAX], &["0.00100", "1.798e308"]),
        ];
        for (values, expected) in cases {
            assert_eq!(means(values), expected, "{values:?}");
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
    fn durations_have_three_digits() {
        let cases = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_995, "10.0 µs"),
            (12_345, "12.3 µs"),
            (99_960, "100 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (12_000_000, "12.0 ms"),
            (1_500_000_000, "1.50 s"),
            (100_000_000_000, "100 s"),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(duration(Duration::from_nanos(nanoseconds)), expected, "{nanoseconds}");
        }
    }

    #[test]
    fn rates_have_three_digits() {
        let cases = [(0.0, "0.00"), (9.994, "9.99"), (9.995, "10.0"), (1_234.5, "1,235")];
        for (value, expected) in cases {
            assert_eq!(rate(value), expected);
        }
    }

    #[test]
    fn wide_names_keep_the_columns() {
        let rows = [["跳".into(), "1".into()], ["abc".into(), "100".into()]];
        let text = anstream::adapter::strip_str(&table(["a", "b"], rows)).to_string();
        assert_eq!(text, "a      b\n跳     1\nabc  100\n");
    }
}
