//! When an action happened: the key that says so, and the forms it is written in.

use core_time::Stamp;
use thiserror::Error;

use crate::fault::What;
use crate::number::{saturating_integer, signed};

/// The key whose value is when an action happened, and how that is written.
///
/// # Examples
///
/// ```
/// use codec::{DecodeOptions, Stamp, StampForm, StampKey};
///
/// let key = StampKey::new("at", StampForm::Seconds)?;
/// let policy = DecodeOptions { stamp: Some(key), ..DecodeOptions::default() };
/// let line = br#"{"action":"jump","time":100,"at":1700000000.25}"#;
/// let (_, stamp) = policy.decode_stamped(line)?;
/// assert_eq!(stamp, Some(Stamp::from_millis(1_700_000_000_250)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StampKey {
    /// Neither `action` nor `time`.
    key: Box<str>,
    form: StampForm,
}

impl StampKey {
    /// Names the key; any will do but `action` and `time`, which have their meaning.
    ///
    /// # Errors
    ///
    /// [`StampKeyError`] for those two.
    pub fn new(key: impl Into<Box<str>>, form: StampForm) -> Result<Self, StampKeyError> {
        let key = key.into();
        match &*key {
            "action" | "time" => Err(StampKeyError { key }),
            _ => Ok(Self { key, form }),
        }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How its value is written.
    #[must_use]
    pub fn form(&self) -> StampForm {
        self.form
    }
}

/// How the moment of an action is written.
///
/// A number counts from the start of 1970 in UTC, may be negative, have a fraction and an exponent,
/// and is read exactly; what is finer than a nanosecond is cut off towards the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StampForm {
    /// A number of seconds.
    Seconds,
    /// A number of milliseconds.
    Milliseconds,
    /// A number of microseconds.
    Microseconds,
    /// A number of nanoseconds.
    Nanoseconds,
    /// A string such as `1985-04-12T23:20:50.52Z` or `1996-12-19T16:39:57-08:00`.
    ///
    /// By RFC 3339 the `T` and the `Z` may be small letters. A second 60 is a leap second, and is
    /// taken for the 59th.
    Rfc3339,
}

impl StampForm {
    /// How many nanoseconds one unit has, if the form is a number.
    pub(crate) fn unit(self) -> Option<u64> {
        match self {
            Self::Seconds => Some(1_000_000_000),
            Self::Milliseconds => Some(1_000_000),
            Self::Microseconds => Some(1_000),
            Self::Nanoseconds => Some(1),
            Self::Rfc3339 => None,
        }
    }
}

/// A key cannot be the key of the stamp, as it is one that every action has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("key `{key}` has its meaning, expected another for the stamp")]
pub struct StampKeyError {
    /// The key, `action` or `time`.
    pub key: Box<str>,
}

/// Reads a moment of RFC 3339.
pub(crate) fn rfc3339(text: &str) -> Result<Stamp, What> {
    // The library reads more than RFC 3339: other separators, zones by name, other lengths.
    if !has_form(text.as_bytes()) {
        return Err(What::StampNotMoment);
    }
    let moment: jiff::Timestamp = text.parse().map_err(|_| What::StampNotMoment)?;
    let nanos = i64::try_from(moment.as_nanosecond());
    nanos.map(Stamp::from_nanos).map_err(|_| What::StampOutOfRange)
}

/// Whether a text has the form of RFC 3339, section 5.6, whatever its numbers.
fn has_form(text: &[u8]) -> bool {
    let pattern = |text: &[u8], pattern: &[u8]| {
        text.len() == pattern.len()
            && text.iter().zip(pattern).all(|(&byte, &wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't'),
                _ => byte == wanted,
            })
    };
    let Some((moment, rest)) = text.split_at_checked(19) else { return false };
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
    // Digits compare as numbers do. The library allows offsets of more than a day.
    let is_offset = |offset: &[u8]| {
        (pattern(offset, b"+00:00") || pattern(offset, b"-00:00"))
            && &offset[1..3] <= b"23".as_slice()
    };
    pattern(moment, b"0000-00-00T00:00:00")
        && (matches!(offset, [b'Z' | b'z']) || is_offset(offset))
}

/// A number of units as nanoseconds, rounded down; nothing if an `i64` does not hold them.
///
/// The literal is a number of JSON.
pub(crate) fn nanos(literal: &[u8], unit: u64) -> Option<i64> {
    let (is_negative, magnitude) = match literal {
        [b'-', magnitude @ ..] => (true, magnitude),
        magnitude => (false, magnitude),
    };
    let mut parts = magnitude.splitn(2, |byte| matches!(byte, b'e' | b'E'));
    let significand = parts.next().unwrap_or_default();
    let exponent = parts.next().map_or(0, saturating_integer);
    let point = significand.iter().position(|&b| b == b'.').unwrap_or(significand.len());
    let digits = significand.iter().filter(|&&byte| byte != b'.');
    let zeros = digits.clone().take_while(|&&byte| byte == b'0').count();

    // The number of nanoseconds is 0.d1d2d3… times ten to the power of `scale`, where d1 is not 0;
    // every unit is a power of ten.
    let scale = exponent
        .saturating_add(signed(point))
        .saturating_sub(signed(zeros))
        .saturating_add(i64::from(unit.ilog10()));
    let mut digits = digits.skip(zeros).map(|digit| i128::from(digit - b'0')).peekable();
    if digits.peek().is_none() {
        return Some(0);
    }
    // An `i64` has 19 digits at most, and an `i128` has room for one more.
    if scale > 19 {
        return None;
    }
    let mut nanos = 0_i128;
    for _ in 0..scale.max(0) {
        nanos = nanos * 10 + digits.next().unwrap_or(0);
    }
    let is_cut = digits.any(|digit| digit != 0);
    if is_negative {
        nanos = -nanos - i128::from(is_cut);
    }
    i64::try_from(nanos).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(literal: &str, unit: u64, expected: Option<i64>) {
        assert_eq!(nanos(literal.as_bytes(), unit), expected, "{literal} times {unit}");
    }

    #[test]
    fn numbers_are_exact_and_rounded_down() {
        check("0", 1, Some(0));
        check("-0.0e5", 1_000, Some(0));
        check("1700000000.123456789", 1_000_000_000, Some(1_700_000_000_123_456_789));
        check("1700000000.1234567899", 1_000_000_000, Some(1_700_000_000_123_456_789));
        check("-1.5", 1, Some(-2));
        check("-1.0", 1, Some(-1));
        check("1.5", 1_000, Some(1_500));
        check("0.0015e3", 1_000, Some(1_500));
        check("17e8", 1_000_000_000, Some(1_700_000_000_000_000_000));
        check("0.9", 1, Some(0));
        check("-1e-30", 1_000_000_000, Some(-1));
        check("1e-99999999999999999999", 1, Some(0));
    }

    #[test]
    fn range_is_that_of_an_integer_of_64_bits() {
        check("9223372036854775807", 1, Some(i64::MAX));
        check("9223372036854775808", 1, None);
        check("-9223372036854775808", 1, Some(i64::MIN));
        check("-9223372036854775808.5", 1, None);
        check("9223372036.854775807", 1_000_000_000, Some(i64::MAX));
        check("9223372036.854775808", 1_000_000_000, None);
        check("1e300", 1, None);
        check("1e99999999999999999999", 1, None);
        check("0e99999999999999999999", 1, Some(0));
        check("0.00000000000000000001e39", 1, None);
        check("0.00000000000000000001e38", 1, Some(1_000_000_000_000_000_000));
    }
}
