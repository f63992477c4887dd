//! Moments as numbers since 1970.

use core_time::Stamp;

use super::error::MomentError;
use super::instant::Moment;
use crate::scan::number::{epoch_nanos, whole_digits};

/// Reads a number in a unit of `unit` nanoseconds, or in the unit that its magnitude shows.
pub(super) fn read(literal: &[u8], unit: Option<u64>) -> Result<Moment, MomentError> {
    if !is_number(literal) {
        return Err(MomentError::NotNumber);
    }
    let unit = unit.unwrap_or_else(|| unit_of(whole_digits(literal)));
    let nanos = epoch_nanos(literal, unit).ok_or(MomentError::OutOfRange)?;
    Ok(Moment::given(Stamp::from_nanos(nanos)))
}

/// Returns the nanoseconds of the unit that a number of digits before the point shows.
///
/// Seconds up to the year 5138, milliseconds from 1973 on, and so on: no two units overlap in the
/// years of any log.
fn unit_of(digits: i64) -> u64 {
    match digits {
        ..=11 => 1_000_000_000,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        _ => 1,
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
