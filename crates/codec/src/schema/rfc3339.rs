//! Timestamps of RFC 3339.

use core_time::Stamp;

use crate::error::code::ErrorCode;

/// Reads a timestamp of RFC 3339.
pub(super) fn read(text: &str) -> Result<Stamp, ErrorCode> {
    // jiff accepts more than RFC 3339: other separators, named zones, other lengths.
    if !has_form(text.as_bytes()) {
        return Err(ErrorCode::StampNotRfc3339);
    }
    let stamp: jiff::Timestamp = text.parse().map_err(|_| ErrorCode::StampNotRfc3339)?;
    let nanos = i64::try_from(stamp.as_nanosecond());
    nanos.map(Stamp::from_nanos).map_err(|_| ErrorCode::StampOutOfRange)
}

/// Returns whether a text has the form of RFC 3339, section 5.6, whatever its numbers.
fn has_form(text: &[u8]) -> bool {
    let Some((date_time, rest)) = text.split_at_checked(19) else { return false };
    let offset = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        _ => rest,
    };
    fits(date_time, b"0000-00-00T00:00:00") && is_offset(offset)
}

fn is_offset(offset: &[u8]) -> bool {
    if let [b'Z' | b'z'] = offset {
        return true;
    }
    // Two digits compare as their numbers do. jiff accepts offsets of more than a day.
    (fits(offset, b"+00:00") || fits(offset, b"-00:00")) && &offset[1..3] <= b"23".as_slice()
}

/// Returns whether a text fits a pattern, where `0` is any digit and `T` is in either case.
fn fits(text: &[u8], pattern: &[u8]) -> bool {
    let same = |(&byte, &wanted): (&u8, &u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't'),
        _ => byte == wanted,
    };
    text.len() == pattern.len() && text.iter().zip(pattern).all(same)
}
