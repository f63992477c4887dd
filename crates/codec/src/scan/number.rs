//! Numbers: their grammar, and the time that one stands for.
//!
//! The grammar is checked for every number, the value is computed for `time` alone. What a number
//! means is decided by how it is written: without a point or an exponent it is an integer and is
//! exact or refused; with one it is a float and is rounded once, to the nearest.

use std::io::Write;

use core_actions::ActionTime;
use core_time::Stamp;

use crate::error::TimeMax;
use crate::error::code::{ErrorCode, ScanError, ScanResult};
use crate::scan::cursor::Cursor;
use crate::scan::swar;

/// The significant digits of the longest midpoint between two neighbouring `f64`.
///
/// The largest is (2^54 - 1) * 2^-1075, which has as many digits as (2^54 - 1) * 5^1075. Of what
/// follows that many digits, rounding depends only on whether it is 0.
const DIGITS: usize = 768;

/// Room for the exponent of a shortened number: `e-9999` and to spare.
const EXPONENT_BYTES: usize = 8;

/// A number that was read and found valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'a> {
    /// Where its first byte is.
    at: usize,
    /// The number as it stands in the input; ASCII.
    literal: &'a [u8],
    /// Whether it has a point or an exponent.
    is_float: bool,
}

impl<'a> Cursor<'a> {
    /// Reads a number, of which the first byte was seen to be a digit or a minus sign.
    #[inline(always)]
    pub(crate) fn number(&mut self) -> ScanResult<Number<'a>> {
        let start = *self;
        if self.peek() == b'-' {
            self.advance(1);
        }
        if self.peek() == b'0' {
            self.advance(1);
            if self.peek().is_ascii_digit() {
                return self.refuse(ErrorCode::LeadingZero);
            }
        } else {
            self.digits()?;
        }
        let whole = *self;
        if self.peek() == b'.' {
            self.advance(1);
            self.digits()?;
        }
        if let b'e' | b'E' = self.peek() {
            self.advance(1);
            if let b'+' | b'-' = self.peek() {
                self.advance(1);
            }
            self.digits()?;
        }
        let literal = start.up_to(*self);
        Ok(Number { at: start.at, literal, is_float: self.at > whole.at })
    }
}

impl Number<'_> {
    /// The time it stands for.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::TimeNegative`] and [`ErrorCode::TimeTooLarge`], in this order: `-1e400` is
    /// negative.
    #[inline(never)]
    pub(crate) fn time(&self) -> ScanResult<ActionTime> {
        if let [b'-', magnitude @ ..] = self.literal {
            // The digits decide, not the float: `-1e-400` rounds to -0 and is below 0 nonetheless.
            let is_zero = is_zero(magnitude);
            return if is_zero {
                Ok(ActionTime::ZERO)
            } else {
                self.refuse(ErrorCode::TimeNegative)
            };
        }
        let (time, largest) = if self.is_float {
            // What is refused is an infinity, by the grammar neither negative nor no number.
            (ActionTime::try_from(float(self.literal)).ok(), TimeMax::Float)
        } else {
            (integer(self.literal).map(ActionTime::from), TimeMax::Integer)
        };
        time.map_or_else(|| self.refuse(ErrorCode::TimeTooLarge(largest)), Ok)
    }

    /// The moment it stands for, counted in units of so many nanoseconds.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::StampOutOfRange`].
    pub(crate) fn stamp(&self, unit: u64) -> ScanResult<Stamp> {
        let nanos = nanos(self.literal, unit);
        nanos.map(Stamp::from_nanos).map_or_else(|| self.refuse(ErrorCode::StampOutOfRange), Ok)
    }

    fn refuse<T>(&self, code: ErrorCode) -> ScanResult<T> {
        Err(ScanError { code, at: self.at, detail: 0 })
    }
}

impl Cursor<'_> {
    /// Reads a time that is written in the plainest way: digits, and perhaps a point and digits.
    ///
    /// Nothing is read if it is written in any other way or is none. There must not be too many
    /// digits either: all of them together have to fit an integer.
    #[inline(always)]
    pub(crate) fn plain_time(&mut self) -> Option<ActionTime> {
        let start = *self;
        let mut end = start;
        let first = end.word();
        let value = end.add_digits(0)?;
        if value.count == 0 || (first as u8 == b'0' && value.count > 1) {
            return None;
        }
        let time = match end.peek() {
            b'.' => {
                end.advance(1);
                let all = end.add_digits(value.value)?;
                let literal = start.up_to(end);
                let (whole, places) = (value.count, all.count);
                plain(Plain { literal, value: all.value, whole, places })?
            }
            _ => ActionTime::from(value.value),
        };
        if let b'e' | b'E' = end.peek() {
            return None;
        }
        *self = end;
        Some(time)
    }

    /// Reads digits as the next ones of a value, up to so many that the value may not fit.
    #[inline(always)]
    fn add_digits(&mut self, mut value: u64) -> Option<Digits> {
        let start = self.at;
        loop {
            let word = self.word();
            let count = swar::digits(word);
            value = swar::append(value, word, count);
            self.advance(count);
            let total = self.at - start;
            if count < swar::BYTES {
                return (total <= DIGITS_OF_INTEGER).then_some(Digits { value, count: total });
            } else if total > DIGITS_OF_INTEGER {
                return None;
            }
        }
    }
}

/// What digits say, and how many they are.
struct Digits {
    value: u64,
    count: usize,
}

/// A number with a point and without a sign or an exponent.
pub(crate) struct Plain<'a> {
    /// All of it.
    pub(crate) literal: &'a [u8],
    /// What its digits say without the point; wrapped around if they are too many.
    pub(crate) value: u64,
    /// How many digits there are before the point.
    pub(crate) whole: usize,
    /// How many there are behind it.
    pub(crate) places: usize,
}

/// The time that a number is, unless it has no digits behind its point or too many in all.
#[inline(always)]
pub(crate) fn plain(number: Plain<'_>) -> Option<ActionTime> {
    let Plain { literal, value, whole, places } = number;
    if places == 0 || whole + places > DIGITS_OF_INTEGER {
        return None;
    }
    let float = match FLOAT_POWERS.get(places) {
        // Both are exact as floats, and the one division is rounded to the nearest: so is the time.
        Some(power) if value <= EXACT_MAX => value as i64 as f64 / power,
        _ => parsed(literal),
    };
    ActionTime::try_from(float).ok()
}

/// Any integer of so many digits is below 2^64.
const DIGITS_OF_INTEGER: usize = 19;

/// Up to here a float knows every integer.
const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;

/// The powers of ten that a float knows exactly, as far as digits go here.
const FLOAT_POWERS: [f64; DIGITS_OF_INTEGER] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
];

/// Whether a number without its sign is 0: no digit before the exponent is another.
fn is_zero(magnitude: &[u8]) -> bool {
    let mut significand = magnitude.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    significand.all(|byte| matches!(byte, b'0' | b'.'))
}

/// The value of digits, unless it is above 2^64 - 1.
#[inline]
fn integer(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        value.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))
    })
}

/// Returns the float nearest to a number, or an infinity if it is too large.
///
/// The library rounds correctly but limits the exponent that it reads: it returns 0 for `0.`, a
/// million zeros and `1e1000001`, which is 1. So a number that may be long enough is shortened
/// first.
fn float(literal: &[u8]) -> f64 {
    if literal.len() > DIGITS { shortened(literal) } else { parsed(literal) }
}

/// What the library makes of a number. Its "not a number" for what is none cannot come up here.
fn parsed(literal: &[u8]) -> f64 {
    fast_float2::parse(literal).unwrap_or(f64::NAN)
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

    let mut short = [b'0'; DIGITS + 1 + EXPONENT_BYTES];
    let mut len = 0;
    let mut digits = digits.skip(zeros);
    for &digit in digits.by_ref().take(DIGITS) {
        short[len] = digit;
        len += 1;
    }
    if len == 0 {
        return 0.0;
    }
    // A digit of its own stands for the rest. The last digit that is kept cannot: a midpoint may
    // need it as it is.
    if digits.any(|&digit| digit != b'0') {
        short[len] = b'1';
        len += 1;
    }
    // Beyond these powers every number is 0 or an infinity.
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
        // Between 0 and the smallest float: 2^-1075, of 752 digits.
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
    fn exponents_beyond_those_of_the_library_are_read_in_full() {
        let zeros = "0".repeat(1_000_000);
        assert_eq!(float(format!("0.{zeros}1e1000001").as_bytes()), 1.0);
        assert_eq!(float(format!("1{zeros}e-1000000").as_bytes()), 1.0);
        assert_eq!(float(format!("15{zeros}.{zeros}e-1000001").as_bytes()), 1.5);
        assert_eq!(float(format!("1{zeros}.0").as_bytes()), f64::INFINITY);
        assert_eq!(float(format!("0.{zeros}1").as_bytes()), 0.0);
        assert_eq!(float(format!("0.{zeros}e9999999").as_bytes()), 0.0);
        // One step outside: were the library to learn it, the shortening could go.
        assert_eq!(parsed(format!("1{zeros}e-1000000").as_bytes()), f64::INFINITY);
    }

    #[track_caller]
    fn check_nanos(literal: &str, unit: u64, expected: Option<i64>) {
        assert_eq!(nanos(literal.as_bytes(), unit), expected, "{literal} times {unit}");
    }

    #[test]
    fn numbers_are_exact_and_rounded_down() {
        check_nanos("0", 1, Some(0));
        check_nanos("-0.0e5", 1_000, Some(0));
        check_nanos("1700000000.123456789", 1_000_000_000, Some(1_700_000_000_123_456_789));
        check_nanos("1700000000.1234567899", 1_000_000_000, Some(1_700_000_000_123_456_789));
        check_nanos("-1.5", 1, Some(-2));
        check_nanos("-1.0", 1, Some(-1));
        check_nanos("1.5", 1_000, Some(1_500));
        check_nanos("0.0015e3", 1_000, Some(1_500));
        check_nanos("17e8", 1_000_000_000, Some(1_700_000_000_000_000_000));
        check_nanos("0.9", 1, Some(0));
        check_nanos("-1e-30", 1_000_000_000, Some(-1));
        check_nanos("1e-99999999999999999999", 1, Some(0));
    }

    #[test]
    fn range_is_that_of_an_integer_of_64_bits() {
        check_nanos("9223372036854775807", 1, Some(i64::MAX));
        check_nanos("9223372036854775808", 1, None);
        check_nanos("-9223372036854775808", 1, Some(i64::MIN));
        check_nanos("-9223372036854775808.5", 1, None);
        check_nanos("9223372036.854775807", 1_000_000_000, Some(i64::MAX));
        check_nanos("9223372036.854775808", 1_000_000_000, None);
        check_nanos("1e300", 1, None);
        check_nanos("1e99999999999999999999", 1, None);
        check_nanos("0e99999999999999999999", 1, Some(0));
        check_nanos("0.00000000000000000001e39", 1, None);
        check_nanos("0.00000000000000000001e38", 1, Some(1_000_000_000_000_000_000));
    }
}
