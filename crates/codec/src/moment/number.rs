//! Moments as numbers since 1970.

use core_time::Stamp;

use super::error::MomentError;
use super::instant::Moment;
use crate::scan::cursor::Cursor;
use crate::scan::number::{POWERS, Plain, epoch_nanos, whole_digits};

/// Reads a number in a unit of ten to the power of `unit` nanoseconds.
///
/// Without one, the magnitude of the number shows its unit.
pub(super) fn read(literal: &[u8], unit: Option<u32>) -> Result<Moment, MomentError> {
    if let Some(nanos) = plain(literal, unit) {
        return Ok(Moment::given(Stamp::from_nanos(nanos)));
    }
    if !is_number(literal) {
        return Err(MomentError::NotNumber);
    }
    let unit = unit.unwrap_or_else(|| unit_of(whole_digits(literal)));
    let nanos = epoch_nanos(literal, unit).ok_or(MomentError::OutOfRange)?;
    Ok(Moment::given(Stamp::from_nanos(nanos)))
}

/// Reads digits, or digits, a point and digits, whose value in nanoseconds fits an integer.
///
/// Returns `None` for anything else, valid or not. Without it only the speed changes.
#[inline]
fn plain(literal: &[u8], unit: Option<u32>) -> Option<i64> {
    let mut cursor = Cursor::new(literal);
    let Plain { value, whole, places, .. } = cursor.plain()?;
    if cursor.at < literal.len() {
        return None;
    }
    // Lossless: there are at most 20 digits.
    let unit = unit.unwrap_or_else(|| unit_of(whole as i64)) as usize;
    let nanos = match unit.checked_sub(places) {
        Some(zeros) => value.checked_mul(POWERS[zeros])?,
        None => value / POWERS.get(places - unit)?,
    };
    i64::try_from(nanos).ok()
}

/// Returns the unit that a number of digits before the point shows, as a power of ten.
///
/// Seconds up to the year 5138, milliseconds from 1973 on, and so on: no two units overlap in the
/// years of any log.
fn unit_of(digits: i64) -> u32 {
    match digits {
        ..=11 => 9,
        12..=14 => 6,
        15..=17 => 3,
        _ => 0,
    }
}

/// Returns whether a text is a JSON number, which may have leading zeros here.
pub(super) fn is_number(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let Some(rest) = without_digits(rest) else { return false };
    let rest = match rest {
        [b'.', rest @ ..] => match without_digits(rest) {
            Some(rest) => rest,
            None => return false,
        },
        rest => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => {
            without_digits(digits).is_some_and(<[u8]>::is_empty)
        }
        _ => false,
    }
}

/// Returns the rest after one digit or more.
fn without_digits(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0).then(|| &text[digits..])
}
