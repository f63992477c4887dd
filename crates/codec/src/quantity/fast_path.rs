//! The fast path: digits, a point and digits, and one unit.
//!
//! It computes only what takes at most one rounding in `f64`, and leaves all other texts to the
//! grammar. Without it only the speed changes.

use core_actions::{ActionTime, Unit};

use super::unit::{HOUR, MICROSECOND, MILLISECOND, MINUTE, NANOSECOND, QuantityUnit, SECOND};
use crate::scan::cursor::Cursor;
use crate::scan::number::{EXACT_MAX, POWERS, Plain};
use crate::scan::swar;

/// Reads a number with or without a unit, and whether it has one.
///
/// Returns `None` for anything else, valid or not.
#[inline(always)]
pub(super) fn read(text: &str, unit: Option<Unit>) -> Option<(ActionTime, bool)> {
    let mut cursor = Cursor::new(text.as_bytes());
    let number = cursor.plain()?;
    let name = text.get(cursor.at..)?;
    if name.is_empty() {
        return Some((number.time()?, false));
    }
    let name = name.strip_prefix(' ').unwrap_or(name);
    let from = QuantityUnit::named(name)?;
    let to = unit.map_or(SECOND, QuantityUnit::from);
    Some((converted(&number, from, to)?, true))
}

/// Reads values in quotes: a number, and after it the closing quote or a unit of time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QuotedValues {
    /// The unit of the result.
    to: QuantityUnit,
}

impl QuotedValues {
    /// Creates a reader of values in `unit`, or in seconds.
    pub(crate) fn new(unit: Option<Unit>) -> Self {
        Self { to: unit.map_or(SECOND, QuantityUnit::from) }
    }

    /// Returns the value of a number, given the eight bytes after it.
    ///
    /// Also returns whether it has a unit, and the length of what follows the number, with the
    /// closing quote. Returns `None` for anything unusual, valid or not.
    #[inline(always)]
    pub(crate) fn read(&self, number: Plain, after: u64) -> Option<(ActionTime, bool, usize)> {
        if after as u8 == b'"' {
            return Some((number.time()?, false, 1));
        }
        let space = usize::from(after as u8 == b' ');
        let (from, len) = quoted_unit(after >> (8 * space))?;
        let time =
            if from == self.to { number.time()? } else { converted(&number, from, self.to)? };
        Some((time, true, space + len))
    }
}

/// Returns the unit at the start of a word, before a quote, and its length with the quote.
#[inline(always)]
fn quoted_unit(word: u64) -> Option<(QuantityUnit, usize)> {
    // Not by `swar::word_of`, whose branch for a short text is a call.
    let begins = |text: &[u8]| {
        let mut padded = [0; swar::BYTES];
        padded[..text.len()].copy_from_slice(text);
        let unused = u64::BITS as usize - 8 * text.len();
        word << unused == u64::from_le_bytes(padded) << unused
    };
    Some(match () {
        () if begins(b"ms\"") => (MILLISECOND, 3),
        () if begins(b"s\"") => (SECOND, 2),
        () if begins("\u{b5}s\"".as_bytes()) => (MICROSECOND, 4),
        () if begins(b"us\"") => (MICROSECOND, 3),
        () if begins(b"ns\"") => (NANOSECOND, 3),
        () if begins(b"m\"") => (MINUTE, 2),
        () if begins(b"h\"") => (HOUR, 2),
        () => return None,
    })
}

/// Converts a number, if its value takes at most one rounding.
#[inline(always)]
fn converted(number: &Plain, from: QuantityUnit, to: QuantityUnit) -> Option<ActionTime> {
    let (numerator, denominator) = from.ratio(to);
    let numerator = number.value.checked_mul(numerator)?;
    let denominator = denominator.checked_mul(*POWERS.get(number.places)?)?;
    if denominator == 1 {
        return Some(ActionTime::from(numerator));
    }
    if numerator > EXACT_MAX || denominator > EXACT_MAX {
        return None;
    }
    // Both are exact floats, so one division rounds once, to the nearest.
    ActionTime::try_from(numerator as i64 as f64 / denominator as i64 as f64).ok()
}
