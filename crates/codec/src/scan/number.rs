//! Numbers: their grammar, and their value as a time or a timestamp.
//!
//! Every number is checked, but only a time or a timestamp is computed. The notation decides: a
//! number without a point or an exponent is an integer, and is exact or refused; any other is a
//! float, and is rounded once, to the nearest.

use std::io::Write;

use core_actions::ActionTime;

use super::cursor::Cursor;
use super::quotient::quotient;
use super::swar;
use crate::error::TimeMax;
use crate::error::code::{ErrorCode, ScanError, ScanResult};

/// The maximum number of significant digits of a midpoint between two neighbouring `f64`.
///
/// The longest is (2^54 - 1) * 2^-1075, which has as many digits as (2^54 - 1) * 5^1075. Rounding
/// depends on later digits only by whether all of them are 0.
const DIGITS: usize = 768;

/// Space for the exponent of a shortened number, such as `e-9999`.
const EXPONENT_BYTES: usize = 8;

/// A valid number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'a> {
    /// Offset of its first byte.
    at: usize,
    /// The number as written, in ASCII.
    pub(crate) literal: &'a [u8],
    /// Whether it has a point or an exponent.
    pub(crate) is_float: bool,
}

impl<'a> Cursor<'a> {
    /// Reads a number, whose first byte, a digit or a minus sign, is here.
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
    /// Returns its value as a time.
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
        let (time, max) = if self.is_float {
            // Only an infinity is refused: the grammar excludes a sign and NaN.
            (ActionTime::try_from(float(self.literal)).ok(), TimeMax::Float)
        } else {
            (integer(self.literal).map(ActionTime::from), TimeMax::Integer)
        };
        time.map_or_else(|| self.refuse(ErrorCode::TimeTooLarge(max)), Ok)
    }

    fn refuse<T>(&self, code: ErrorCode) -> ScanResult<T> {
        Err(ScanError { code, at: self.at, detail: 0 })
    }
}

impl<'a> Cursor<'a> {
    /// Reads a time of digits, or of digits, a point and digits.
    ///
    /// Returns `None` and reads nothing if there is another notation, or if there are too many
    /// digits: all of them together must fit an integer.
    #[inline(always)]
    pub(crate) fn plain_time(&mut self) -> Option<ActionTime> {
        let mut end = *self;
        let time = end.plain()?.time()?;
        *self = end;
        Some(time)
    }

    /// Reads a number, as [`plain_time`](Self::plain_time) does, without computing its value.
    #[inline(always)]
    pub(crate) fn plain(&mut self) -> Option<Plain> {
        let mut end = *self;
        let first = end.word();
        let Digits { mut value, count: whole } = end.add_digits(0)?;
        if whole == 0 || (first as u8 == b'0' && whole > 1) {
            return None;
        }
        let mut places = 0;
        if end.peek() == b'.' {
            end.advance(1);
            let all = end.add_digits(value)?;
            (value, places) = (all.value, all.count);
            if places == 0 || whole + places > DIGITS_OF_INTEGER {
                return None;
            }
        }
        if let b'e' | b'E' = end.peek() {
            return None;
        }
        *self = end;
        Some(Plain { value, whole, places })
    }

    /// Appends digits to a value. Returns `None` if there are too many for an integer.
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

/// The value and the number of digits.
struct Digits {
    value: u64,
    count: usize,
}

/// A number without a sign and an exponent.
pub(crate) struct Plain {
    /// The value of its digits without the point, modulo 2^64.
    pub(crate) value: u64,
    /// The number of digits before the point.
    pub(crate) whole: usize,
    /// The number of digits after the point, 0 without a point.
    pub(crate) places: usize,
}

impl Plain {
    /// Returns its value as a time.
    ///
    /// Returns `None` if it has too many digits with a point.
    #[inline(always)]
    pub(crate) fn time(self) -> Option<ActionTime> {
        if self.places == 0 { Some(ActionTime::from(self.value)) } else { plain(self) }
    }
}

/// Returns the value of a number with a point as a time.
///
/// Returns `None` if it has no digits after the point, or too many in total.
#[inline(always)]
pub(crate) fn plain(number: Plain) -> Option<ActionTime> {
    let Plain { value, whole, places } = number;
    if places == 0 || whole + places > DIGITS_OF_INTEGER {
        return None;
    }
    let float = match FLOAT_POWERS.get(places) {
        // Both are exact floats, so one division rounds once, to the nearest.
        Some(power) if value <= EXACT_MAX => value as i64 as f64 / power,
        _ => quotient(value, *POWERS.get(places)?),
    };
    ActionTime::try_from(float).ok()
}

/// The maximum number of digits of which every integer is below 2^64.
const DIGITS_OF_INTEGER: usize = 19;

/// Up to here every integer is an exact float.
pub(crate) const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;

/// Powers of ten, one for each number of digits.
pub(crate) const POWERS: [u64; DIGITS_OF_INTEGER] = {
    let mut powers = [1; DIGITS_OF_INTEGER];
    let mut digits = 1;
    while digits < powers.len() {
        powers[digits] = powers[digits - 1] * 10;
        digits += 1;
    }
    powers
};

/// Powers of ten that are exact floats, one for each number of digits.
const FLOAT_POWERS: [f64; DIGITS_OF_INTEGER] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
];

/// Returns whether a number without its sign is 0: all digits before the exponent are 0.
fn is_zero(magnitude: &[u8]) -> bool {
    let mut significand = magnitude.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    significand.all(|byte| matches!(byte, b'0' | b'.'))
}

/// Returns the value of digits, or `None` if it is above 2^64 - 1.
#[inline]
fn integer(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        value.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))
    })
}

/// Returns the float nearest to a number, or an infinity if it is too large.
///
/// The library rounds correctly but limits the exponent that it reads: it returns 0 for `0.`, a
/// million zeros and `1e1000001`, which is 1. So a long number is shortened first.
fn float(literal: &[u8]) -> f64 {
    if literal.len() > DIGITS { shortened(literal) } else { parsed(literal) }
}

/// Returns the float that the library reads. The grammar was checked, so it always reads one.
fn parsed(literal: &[u8]) -> f64 {
    fast_float2::parse(literal).unwrap_or(f64::NAN)
}

/// Returns the float nearest to a number of any length, from its leading digits and exponent.
fn shortened(literal: &[u8]) -> f64 {
    let (digits, scale) = decimal(literal);
    nearest(digits, scale)
}

/// Returns the float nearest to 0.d1d2d3… times ten to the power of `scale`, or an infinity.
///
/// The first digit is not 0. There may be any number of digits, without end if some of the rest
/// are not 0.
pub(crate) fn nearest(mut digits: impl Iterator<Item = u8>, scale: i64) -> f64 {
    let mut short = [b'0'; DIGITS + 1 + EXPONENT_BYTES];
    let mut len = 0;
    for digit in digits.by_ref().take(DIGITS) {
        short[len] = digit;
        len += 1;
    }
    if len == 0 {
        return 0.0;
    }
    // One more digit stands for the rest. The last kept digit must not change: it may be that of a
    // midpoint.
    if digits.any(|digit| digit != b'0') {
        short[len] = b'1';
        len += 1;
    }
    // Beyond these powers every number is 0 or an infinity.
    let power = scale.clamp(-9_000, 9_000) - signed(len);
    let mut free = &mut short[len..];
    let free_before = free.len();
    let written = write!(free, "e{power}").map(|()| free_before - free.len());
    written.map_or(f64::NAN, |suffix| parsed(&short[..len + suffix]))
}

/// Returns a number of units in nanoseconds, rounded down, or `None` if it does not fit an `i64`.
///
/// A unit is ten to the power of `unit` nanoseconds.
pub(crate) fn epoch_nanos(literal: &[u8], unit: u32) -> Option<i64> {
    let (is_negative, magnitude) = match literal {
        [b'-', magnitude @ ..] => (true, magnitude),
        magnitude => (false, magnitude),
    };
    let (digits, scale) = decimal(magnitude);
    let scale = scale.saturating_add(i64::from(unit));
    let mut digits = digits.map(|digit| i128::from(digit - b'0')).peekable();
    if digits.peek().is_none() {
        return Some(0);
    }
    // An `i64` has at most 19 digits; an `i128` holds more.
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

/// Returns the number of digits before the point of a number written without an exponent.
///
/// It is 0 or less for a number between -1 and 1.
pub(crate) fn whole_digits(literal: &[u8]) -> i64 {
    let (mut digits, scale) = decimal(literal.strip_prefix(b"-").unwrap_or(literal));
    if digits.next().is_some() { scale } else { 0 }
}

/// Splits a number without its sign into its digits from the first that is not 0, and a scale.
///
/// The number is 0.d1d2d3… times ten to the power of the scale. If it is 0, it has no digits.
pub(crate) fn decimal(magnitude: &[u8]) -> (impl Iterator<Item = u8>, i64) {
    let mut parts = magnitude.splitn(2, |byte| matches!(byte, b'e' | b'E'));
    let significand = parts.next().unwrap_or_default();
    let exponent = parts.next().map_or(0, saturating_integer);
    let point = significand.iter().position(|&b| b == b'.').unwrap_or(significand.len());
    let digits = significand.iter().copied().filter(|&byte| byte != b'.');
    let zeros = digits.clone().take_while(|&byte| byte == b'0').count();
    let scale = exponent.saturating_add(signed(point)).saturating_sub(signed(zeros));
    (digits.skip(zeros), scale)
}

/// Returns the length of a slice as a signed number; every length fits.
fn signed(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// Returns the value of an exponent, clamped to the range of an `i64`.
fn saturating_integer(exponent: &[u8]) -> i64 {
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
        // Between 0 and the smallest float: 2^-1075, of 752 digits.
        let smallest = format!("{:.1075}", f64::from_bits(1));
        let half: String = halved(&smallest);
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
    fn check_nanos(literal: &str, unit: u32, expected: Option<i64>) {
        let found = epoch_nanos(literal.as_bytes(), unit);
        assert_eq!(found, expected, "{literal} times ten to the {unit}");
    }

    #[test]
    fn numbers_are_exact_and_rounded_down() {
        check_nanos("0", 0, Some(0));
        check_nanos("-0.0e5", 3, Some(0));
        check_nanos("1700000000.123456789", 9, Some(1_700_000_000_123_456_789));
        check_nanos("1700000000.1234567899", 9, Some(1_700_000_000_123_456_789));
        check_nanos("-1.5", 0, Some(-2));
        check_nanos("-1.0", 0, Some(-1));
        check_nanos("1.5", 3, Some(1_500));
        check_nanos("0.0015e3", 3, Some(1_500));
        check_nanos("17e8", 9, Some(1_700_000_000_000_000_000));
        check_nanos("0.9", 0, Some(0));
        check_nanos("-1e-30", 9, Some(-1));
        check_nanos("1e-99999999999999999999", 0, Some(0));
    }

    #[test]
    fn range_is_that_of_an_integer_of_64_bits() {
        check_nanos("9223372036854775807", 0, Some(i64::MAX));
        check_nanos("9223372036854775808", 0, None);
        check_nanos("-9223372036854775808", 0, Some(i64::MIN));
        check_nanos("-9223372036854775808.5", 0, None);
        check_nanos("9223372036.854775807", 9, Some(i64::MAX));
        check_nanos("9223372036.854775808", 9, None);
        check_nanos("1e300", 0, None);
        check_nanos("1e99999999999999999999", 0, None);
        check_nanos("0e99999999999999999999", 0, Some(0));
        check_nanos("0.00000000000000000001e39", 0, None);
        check_nanos("0.00000000000000000001e38", 0, Some(1_000_000_000_000_000_000));
    }
}
