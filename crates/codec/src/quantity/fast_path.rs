//! The fast path: digits, a point and digits, and one unit.
//!
//! It computes only what takes at most one rounding in `f64`, and leaves all other texts to the
//! grammar. Without it only the speed changes.

use core_actions::{ActionTime, Unit};

use super::unit::{QuantityUnit, SECOND};
use crate::scan::cursor::Cursor;
use crate::scan::number::{EXACT_MAX, POWERS, Plain};

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

/// Converts a number, if its value takes at most one rounding.
#[inline(always)]
fn converted(number: &Plain<'_>, from: QuantityUnit, to: QuantityUnit) -> Option<ActionTime> {
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
