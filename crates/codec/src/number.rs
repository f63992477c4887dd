//! Numbers: their grammar, and the time that one stands for.
//!
//! The grammar is checked for every number, the value is computed for `time` alone. What a number
//! means is decided by how it is written: without a point or an exponent it is an integer and is
//! exact or refused; with one it is a float and is rounded once, to the nearest.

use std::io::Write;
use std::str;

use core_actions::ActionTime;
use core_time::Stamp;

use crate::cursor::{Cursor, Scanned};
use crate::error::{DecodeError, Largest};
use crate::excerpt::Excerpt;
use crate::words::{self, word_at};

/// Digits that decide how a decimal rounds to an `f64`: half-way between two floats there are
/// decimals of up to 767 digits, and one more digit tells on which side of it a number lies.
const DIGITS: usize = 768;

/// A number that was read and found valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'a> {
    /// Offset of its first byte.
    at: usize,
    /// The number as it stands in the input; ASCII.
    literal: &'a [u8],
    /// Whether it has a point or an exponent.
    is_float: bool,
}

impl<'a> Cursor<'a> {
    /// Reads a number, of which the first byte was seen to be a digit or a minus sign.
    #[inline]
    pub(crate) fn number(&mut self) -> Scanned<Number<'a>> {
        let at = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return self
                    .refuse("a number", |found, at| DecodeError::LeadingZero { found, at });
            }
        } else {
            self.digits()?;
        }
        let whole = self.at;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let literal = self.input.get(at..self.at).unwrap_or_default();
        Ok(Number { at, literal, is_float: self.at > whole })
    }

    /// Goes over digits, of which there must be one.
    #[inline]
    fn digits(&mut self) -> Scanned<()> {
        let start = self.at;
        loop {
            let count = words::digits(word_at(self.input, self.at));
            self.at += count;
            if count < words::BYTES {
                return if self.at == start { self.unexpected("a digit") } else { Ok(()) };
            }
        }
    }
}

impl Number<'_> {
    /// The time it stands for.
    ///
    /// # Errors
    ///
    /// [`DecodeError::TimeNegative`] and [`DecodeError::TimeTooLarge`], in this order: `-1e400` is
    /// negative.
    #[inline]
    pub(crate) fn time(&self) -> Result<ActionTime, DecodeError> {
        if let [b'-', magnitude @ ..] = self.literal {
            // The digits decide, not the float: `-1e-400` rounds to -0 and is below 0 nonetheless.
            return if is_zero(magnitude) { Ok(ActionTime::ZERO) } else { Err(self.negative()) };
        }
        if self.is_float {
            // What is refused is an infinity, by the grammar neither negative nor no number.
            ActionTime::try_from(float(self.literal)).map_err(|_| self.too_large(Largest::Float))
        } else {
            integer(self.literal).map(ActionTime::from).ok_or_else(|| self.too_large(Largest::Integer))
        }
    }

    /// The moment it stands for, counted in units of so many nanoseconds.
    ///
    /// # Errors
    ///
    /// [`DecodeError::StampOutOfRange`].
    pub(crate) fn stamp(&self, unit: u64) -> Result<Stamp, DecodeError> {
        let nanos = crate::stamp::nanos(self.literal, unit);
        nanos.map(Stamp::from_nanos).ok_or(DecodeError::StampOutOfRange { at: self.at })
    }

    #[cold]
    fn negative(&self) -> DecodeError {
        DecodeError::TimeNegative { found: Excerpt::new(self.literal), at: self.at }
    }

    #[cold]
    fn too_large(&self, max: Largest) -> DecodeError {
        DecodeError::TimeTooLarge { found: Excerpt::new(self.literal), max, at: self.at }
    }
}

/// Reads a time in the plainest way to write one: digits, and perhaps a point and digits.
///
/// Says what it is and where it ends, or nothing if it is written in any other way or is none.
/// There must not be too many digits either: all of them together have to fit an integer.
#[inline(always)]
pub(crate) fn plain_time(input: &[u8], at: usize) -> Option<(ActionTime, usize)> {
    let word = word_at(input, at);
    let mut count = words::digits(word);
    let mut value = words::value(word, count);
    if count == 0 || (word as u8 == b'0' && count > 1) {
        return None;
    }
    let mut end = at + count;
    while count == words::BYTES {
        let word = word_at(input, end);
        count = words::digits(word);
        value = value.wrapping_mul(POWERS[count]).wrapping_add(words::value(word, count));
        end += count;
        if end - at > DIGITS_OF_INTEGER {
            return None;
        }
    }
    match input.get(end) {
        Some(b'.') => plain_fraction(input, at, end, value),
        Some(b'e' | b'E') => None,
        _ => Some((ActionTime::from(value), end)),
    }
}

/// Reads on behind the digits before a point.
#[inline]
fn plain_fraction(
    input: &[u8],
    at: usize,
    point: usize,
    mut value: u64,
) -> Option<(ActionTime, usize)> {
    let start = point + 1;
    let mut end = start;
    loop {
        let word = word_at(input, end);
        let count = words::digits(word);
        value = value.wrapping_mul(POWERS[count]).wrapping_add(words::value(word, count));
        end += count;
        if end - at > DIGITS_OF_INTEGER + 1 {
            return None;
        }
        if count < words::BYTES {
            break;
        }
    }
    let places = end - start;
    if places == 0 || matches!(input.get(end), Some(b'e' | b'E')) {
        return None;
    }
    let float = match FLOAT_POWERS.get(places) {
        // Both are exact as floats, and the one division is rounded to the nearest: so is the time.
        Some(power) if value <= EXACT_MAX => value as i64 as f64 / power,
        _ => parsed(input.get(at..end)?),
    };
    Some((ActionTime::try_from(float).ok()?, end))
}

/// Any integer of so many digits is below 2^64.
const DIGITS_OF_INTEGER: usize = 19;

/// Up to here a float knows every integer.
const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;

/// The powers of ten by which the digits of one word move those before it.
const POWERS: [u64; words::BYTES + 1] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The powers of ten that a float knows exactly, as far as digits go here.
const FLOAT_POWERS: [f64; DIGITS_OF_INTEGER] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
];

/// Whether a number without its sign is 0: no digit before the exponent is another.
fn is_zero(magnitude: &[u8]) -> bool {
    let mut significand = magnitude.split(|byte| matches!(byte, b'e' | b'E'));
    significand.next().is_some_and(|digits| digits.iter().all(|byte| matches!(byte, b'0' | b'.')))
}

/// The value of digits, unless it is above 2^64 - 1.
#[inline]
fn integer(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        value.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))
    })
}

/// The float nearest to a number; an infinity if it rounds to none.
///
/// `std` rounds correctly, but stops reading an exponent at the first digit that takes it
/// above 65,535, as if no number had digits enough to set against that: it takes `0.` with a
/// million zeros and then `1e1000001` for 0, and it is 1. So a number that may be long enough is
/// shortened first.
fn float(literal: &[u8]) -> f64 {
    if literal.len() > DIGITS { shortened(literal) } else { parsed(literal) }
}

/// What `std` makes of a number. Its "not a number" for what is none cannot come up here.
fn parsed(literal: &[u8]) -> f64 {
    str::from_utf8(literal).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// The float nearest to a number of any length, from its leading digits and its true exponent.
fn shortened(literal: &[u8]) -> f64 {
    let mut parts = literal.splitn(2, |byte| matches!(byte, b'e' | b'E'));
    let significand = parts.next().unwrap_or_default();
    let exponent = parts.next().map_or(0, saturating_integer);

    // The number is 0.d1d2d3… times ten to the power of `scale`, where d1 is not 0.
    let point = significand.iter().position(|&b| b == b'.').unwrap_or(significand.len());
    let digits = significand.iter().filter(|&&byte| byte != b'.');
    let zeros = digits.clone().take_while(|&&byte| byte == b'0').count();
    let scale = exponent.saturating_add(signed(point)).saturating_sub(signed(zeros));

    let mut short = [b'0'; DIGITS + 8];
    let mut len = 0;
    for &digit in digits.skip(zeros) {
        if len < DIGITS {
            short[len] = digit;
            len += 1;
        } else if digit != b'0' && short[DIGITS - 1] == b'0' {
            // A digit that is left out still says that the number is not exactly half-way.
            short[DIGITS - 1] = b'1';
        }
    }
    if len == 0 {
        return 0.0;
    }
    // Beyond these powers every number is 0 or an infinity. `e-9999` fits into the eight bytes
    // left.
    let power = scale.clamp(-9_000, 9_000) - signed(len);
    let mut free = &mut short[len..];
    let room = free.len();
    let written = write!(free, "e{power}").map(|()| room - free.len());
    written.map_or(f64::NAN, |suffix| parsed(&short[..len + suffix]))
}

/// A length as a signed number, which every length of a slice fits.
pub(crate) fn signed(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// The value of an exponent; one that is out of range is as good as the end of the range.
pub(crate) fn saturating_integer(exponent: &[u8]) -> i64 {
    let (is_negative, digits) = match exponent {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let magnitude = integer(digits).and_then(|value| i64::try_from(value).ok()).unwrap_or(i64::MAX);
    if is_negative { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortening_changes_no_value() {
        for text in [
            "0",
            "0.0",
            "0e5",
            "1",
            "10",
            "100.25",
            "0.5",
            "0.001",
            "1e2",
            "1E+2",
            "1e-2",
            "12.5e1",
            "0.000e9999",
            "2.2250738585072011e-308",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "9007199254740993.0",
            "9007199254740992.999999999999999",
            "1e99999",
            "1e-99999",
            "1e9223372036854775808",
            "1e-99999999999999999999",
        ] {
            assert_eq!(shortened(text.as_bytes()), text.parse::<f64>().unwrap(), "{text}");
        }
    }

    #[test]
    fn digits_too_many_still_decide_a_tie() {
        // 2^53 + 1 lies half-way; ties go to even, which is down, and anything above it goes up.
        let tie = format!("9007199254740993.{}", "0".repeat(2 * DIGITS));
        assert_eq!(float(tie.as_bytes()), 9_007_199_254_740_992.0);
        assert_eq!(float(format!("{tie}1").as_bytes()), 9_007_199_254_740_994.0);
        assert_eq!(float(format!("{tie}1e0").as_bytes()), 9_007_199_254_740_994.0);
        // The longest tie there is: between 0 and the least float, 2^-1075, of 752 digits.
        let least = format!("{:.1075}", f64::from_bits(1));
        let half: String = halved(&least);
        assert_eq!(float(half.as_bytes()), 0.0);
        assert_eq!(float(format!("{half}{}1", "0".repeat(99)).as_bytes()), f64::from_bits(1));
    }

    /// Half of a decimal fraction, exactly.
    fn halved(decimal: &str) -> String {
        let mut carry = 0;
        let half = |c: char| match c.to_digit(10) {
            Some(digit) => {
                let value = carry * 10 + digit;
                carry = value % 2;
                char::from_digit(value / 2, 10).unwrap()
            }
            None => c,
        };
        decimal.chars().map(half).collect()
    }

    #[test]
    fn exponents_beyond_those_of_std_are_read_in_full() {
        let zeros = "0".repeat(1_000_000);
        assert_eq!(float(format!("0.{zeros}1e1000001").as_bytes()), 1.0);
        assert_eq!(float(format!("1{zeros}e-1000000").as_bytes()), 1.0);
        assert_eq!(float(format!("15{zeros}.{zeros}e-1000001").as_bytes()), 1.5);
        assert_eq!(float(format!("1{zeros}.0").as_bytes()), f64::INFINITY);
        assert_eq!(float(format!("0.{zeros}1").as_bytes()), 0.0);
        assert_eq!(float(format!("0.{zeros}e9999999").as_bytes()), 0.0);
        // One step outside: were `std` to learn it, the shortening could go.
        assert_eq!(parsed(format!("1{zeros}e-1000000").as_bytes()), f64::INFINITY);
    }
}
