//! How long an action took: a finite number that is not negative, exact where it is an integer.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::action::unit::Unit;
use crate::exact::limbs::ratio;

/// 2^64, the smallest integral float above `u64::MAX`.
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// Holds how long an action took, in the caller's unit.
///
/// A finite number that is not negative. Integers up to 2^64 - 1 are kept exactly, everything else
/// as the nearest `f64`; a float that holds an integer is that integer, and `-0.0` is 0.
///
/// # Examples
///
/// ```
/// use core_actions::{ActionTime, TimeError};
///
/// assert_eq!(ActionTime::from(100_u64), ActionTime::try_from(100.0)?);
/// assert_eq!(ActionTime::try_from(-1.0), Err(TimeError::Negative));
/// assert!(ActionTime::try_from(0.5)? < ActionTime::from(1_u64));
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct ActionTime(Repr);

/// An integral float below 2^64 is always `Integer`, so equal times have equal representations.
#[derive(Clone, Copy, PartialEq)]
enum Repr {
    Integer(u64),
    Float(f64),
}

impl ActionTime {
    /// No time at all.
    pub const ZERO: Self = Self(Repr::Integer(0));

    /// Converts a duration to `unit`, exactly where it is a whole number of units.
    ///
    /// # Accuracy
    ///
    /// Otherwise rounded once, to the nearest `f64`.
    #[inline]
    #[must_use]
    pub fn from_duration(duration: Duration, unit: Unit) -> Self {
        let (nanos, per_unit) = (duration.as_nanos(), unit.nanos());
        // The processor divides 64 bits, while 128 need a function.
        match u64::try_from(nanos) {
            Ok(nanos) if nanos.is_multiple_of(per_unit) => Self(Repr::Integer(nanos / per_unit)),
            _ => Self::of_nanos(nanos, per_unit),
        }
    }

    /// Converts nanoseconds that are 2^64 or more, or no whole number of units.
    #[inline(never)]
    fn of_nanos(nanos: u128, per_unit: u64) -> Self {
        match u64::try_from(nanos / u128::from(per_unit)) {
            Ok(whole) if nanos.is_multiple_of(u128::from(per_unit)) => Self(Repr::Integer(whole)),
            _ => Self::of_float(ratio(nanos, per_unit)),
        }
    }

    /// Converts the time, which is in `unit`, to a duration.
    ///
    /// `None` from [`Duration::MAX`] on, some 585 billion years.
    ///
    /// # Accuracy
    ///
    /// Rounded once to the nearest nanosecond, ties to even.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{ActionTime, Unit};
    /// use std::time::Duration;
    ///
    /// let time = ActionTime::try_from(1.5)?;
    /// assert_eq!(time.to_duration(Unit::Milliseconds), Some(Duration::from_micros(1_500)));
    /// # Ok::<(), core_actions::TimeError>(())
    /// ```
    #[must_use]
    pub fn to_duration(self, unit: Unit) -> Option<Duration> {
        let per_unit = u128::from(unit.nanos());
        let nanos = match self.0 {
            Repr::Integer(integer) => u128::from(integer) * per_unit,
            Repr::Float(float) => product(float, per_unit)?,
        };
        let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
        Some(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
    }

    /// Returns the time if it is an integer below 2^64.
    #[must_use]
    pub fn as_integer(self) -> Option<u64> {
        match self.0 {
            Repr::Integer(integer) => Some(integer),
            Repr::Float(_) => None,
        }
    }

    /// Returns the nearest float to the time.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Repr::Integer(integer) => integer as f64,
            Repr::Float(float) => float,
        }
    }

    /// Converts a float that is finite and not negative.
    pub(crate) fn of_float(float: f64) -> Self {
        // Both conversions are exact for an integer, and take no call as `trunc` does.
        let integer = float as u64;
        if float < TWO_POW_64 && integer as f64 == float {
            Self(Repr::Integer(integer))
        } else {
            Self(Repr::Float(float))
        }
    }

    /// Converts a float that is finite, not negative, and not an integer below 2^64.
    pub(crate) fn of_fraction(float: f64) -> Self {
        Self(Repr::Float(float))
    }
}

/// Multiplies a finite float of at least 0 by an integer below 2^42, rounded once.
///
/// `None` if the product has more than 127 bits.
fn product(float: f64, factor: u128) -> Option<u128> {
    let (bits, mantissa_bits) = (float.to_bits(), f64::MANTISSA_DIGITS - 1);
    let fraction = u128::from(bits) & ((1 << mantissa_bits) - 1);
    // A subnormal float has the exponent of the smallest normal one, without its leading bit.
    let biased = (bits >> mantissa_bits) as i32;
    let mantissa = if biased == 0 { fraction } else { fraction | 1 << mantissa_bits };
    let exponent = biased.max(1) - 1_023 - mantissa_bits as i32;
    let product = mantissa * factor; // Below 2^95.
    if exponent >= 0 {
        let shift = exponent.unsigned_abs();
        return (shift < product.leading_zeros()).then(|| product << shift);
    }
    let shift = exponent.unsigned_abs();
    if shift > 100 {
        return Some(0); // Far below one half.
    }
    let (whole, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1 << (shift - 1));
    let up = rest > half || (rest == half && whole % 2 == 1);
    Some(whole + u128::from(up))
}

impl Eq for ActionTime {}

impl PartialOrd for ActionTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Orders by exact value: 2^53 + 1 is above the float 2^53.
impl Ord for ActionTime {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (Repr::Integer(a), Repr::Integer(b)) => a.cmp(&b),
            (Repr::Float(a), Repr::Float(b)) => a.total_cmp(&b),
            (Repr::Integer(a), Repr::Float(b)) => integer_to_float(a, b),
            (Repr::Float(a), Repr::Integer(b)) => integer_to_float(b, a).reverse(),
        }
    }
}

/// Compares an integer with a float; they differ, because the float is not an integer below 2^64.
fn integer_to_float(integer: u64, float: f64) -> Ordering {
    if float >= TWO_POW_64 || integer <= float as u64 { Ordering::Less } else { Ordering::Greater }
}

impl fmt::Debug for ActionTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ActionTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Integer(integer) => fmt::Display::fmt(&integer, f),
            Repr::Float(float) => fmt::Display::fmt(&float, f),
        }
    }
}

macro_rules! from_unsigned {
    ($($integer:ty),+) => {
        $(impl From<$integer> for ActionTime {
            fn from(integer: $integer) -> Self {
                Self(Repr::Integer(u64::from(integer)))
            }
        })+
    };
}

from_unsigned!(u8, u16, u32, u64);

impl From<usize> for ActionTime {
    fn from(integer: usize) -> Self {
        Self(Repr::Integer(integer as u64))
    }
}

impl TryFrom<u128> for ActionTime {
    type Error = TimeError;

    /// # Errors
    ///
    /// [`TimeError::TooLarge`] from 2^64 on.
    fn try_from(integer: u128) -> Result<Self, TimeError> {
        u64::try_from(integer).map(Self::from).map_err(|_| TimeError::TooLarge { found: integer })
    }
}

macro_rules! try_from_signed {
    ($($integer:ty),+) => {
        $(impl TryFrom<$integer> for ActionTime {
            type Error = TimeError;

            fn try_from(integer: $integer) -> Result<Self, TimeError> {
                u64::try_from(integer).map(Self::from).map_err(|_| TimeError::Negative)
            }
        })+
    };
}

try_from_signed!(i8, i16, i32, i64, isize);

impl TryFrom<f64> for ActionTime {
    type Error = TimeError;

    /// # Errors
    ///
    /// [`TimeError::NotFinite`] for an infinity or not a number, [`TimeError::Negative`] below 0.
    fn try_from(float: f64) -> Result<Self, TimeError> {
        if !float.is_finite() {
            Err(TimeError::NotFinite)
        } else if float < 0.0 {
            Err(TimeError::Negative)
        } else {
            Ok(Self::of_float(float))
        }
    }
}

impl TryFrom<f32> for ActionTime {
    type Error = TimeError;

    /// A fraction is the decimal number that the `f32` is printed as, so `0.1_f32` is 0.1 and not
    /// 0.10000000149011612; an integer is kept exactly.
    ///
    /// # Errors
    ///
    /// As those of an `f64`.
    fn try_from(float: f32) -> Result<Self, TimeError> {
        if float.is_finite() && float.trunc() != float {
            // The shortest decimal number that is nearest to this float.
            let printed = format!("{float:e}").parse().unwrap_or(f64::from(float));
            return Self::try_from(printed);
        }
        Self::try_from(f64::from(float))
    }
}

/// Why a number cannot be how long an action took.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Below zero.
    #[error("time is negative, it must be 0 or more")]
    Negative,
    /// An infinity or not a number.
    #[error("time is not finite, it must be a finite number")]
    NotFinite,
    /// A [signed value](crate::SignedValue) that is an infinity or not a number.
    #[error("value is not finite, it must be a finite number")]
    ValueNotFinite,
    /// An integer that is not below 2^64.
    #[error("time is {found}, an integer must be below 2^64")]
    TooLarge {
        /// The integer.
        found: u128,
    },
    /// A correction of a time would make too many records.
    #[error("time is more than {max} expected intervals, raise the interval")]
    TooManyIntervals {
        /// The maximum number of records.
        max: u64,
    },
}

impl From<Infallible> for TimeError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn time(float: f64) -> ActionTime {
        ActionTime::try_from(float).unwrap()
    }

    #[test]
    fn integral_floats_are_integers() {
        assert_eq!(time(-0.0), ActionTime::ZERO);
        assert_eq!(time(1e2).as_integer(), Some(100));
        assert_eq!(time(TWO_POW_64.next_down()).as_integer(), Some(u64::MAX - 2047));
        assert_eq!(time(TWO_POW_64).as_integer(), None);
        assert_eq!(time(0.5).as_integer(), None);
    }

    #[test]
    fn single_floats_are_what_they_are_printed_as() {
        let time = |float: f32| ActionTime::try_from(float);
        let check = |float: f32, expected: f64| assert_eq!(time(float), expected.try_into());
        check(0.1, 0.1);
        check(123.456, 123.456);
        check(1e-40, 1e-40);
        check(-0.0, 0.0);
        check(16_777_216.0, 16_777_216.0);
        check(123_456_789.0, 123_456_792.0); // Printed as 123456790, but an integer is exact.
        check(f32::MAX, f64::from(f32::MAX));
        assert_eq!(time(f32::NAN), Err(TimeError::NotFinite));
        assert_eq!(time(f32::NEG_INFINITY), Err(TimeError::NotFinite));
        assert_eq!(time(-f32::from_bits(1)), Err(TimeError::Negative));
    }

    #[test]
    fn an_invalid_time_is_refused() {
        assert_eq!(ActionTime::try_from(f64::NAN), Err(TimeError::NotFinite));
        assert_eq!(ActionTime::try_from(f64::NEG_INFINITY), Err(TimeError::NotFinite));
        assert_eq!(ActionTime::try_from(-f64::from_bits(1)), Err(TimeError::Negative));
        assert_eq!(ActionTime::try_from(-1), Err(TimeError::Negative));
        assert!(ActionTime::try_from(f64::MAX).is_ok());
        assert_eq!(TimeError::Negative.to_string(), "time is negative, it must be 0 or more");
        assert_eq!(
            TimeError::NotFinite.to_string(),
            "time is not finite, it must be a finite number"
        );
        assert_eq!(
            ActionTime::try_from(1_u128 << 64).unwrap_err().to_string(),
            "time is 18446744073709551616, an integer must be below 2^64"
        );
        assert_eq!(ActionTime::try_from(u128::from(u64::MAX)), Ok(ActionTime::from(u64::MAX)));
    }

    #[test]
    fn order_is_by_exact_value() {
        let two_pow_53 = 9_007_199_254_740_992;
        let ascending = [
            time(0.0),
            time(f64::from_bits(1)),
            time(0.5),
            ActionTime::from(1_u8),
            time(1.5),
            time(9_007_199_254_740_992.0),
            ActionTime::from(two_pow_53 + 1_u64),
            ActionTime::from(u64::MAX),
            time(TWO_POW_64),
            time(f64::MAX),
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} against {b}");
            }
        }
    }

    #[test]
    fn times_convert_to_the_nearest_nanosecond() {
        let check = |float: f64, unit, nanos: Option<u128>| {
            let found = time(float).to_duration(unit).map(|duration| duration.as_nanos());
            assert_eq!(found, nanos, "{float} {unit:?}");
        };
        check(0.0, Unit::Seconds, Some(0));
        check(1.5, Unit::Nanoseconds, Some(2));
        check(2.5, Unit::Nanoseconds, Some(2));
        check(2.5_f64.next_up(), Unit::Nanoseconds, Some(3));
        check(0.5_f64.next_down(), Unit::Nanoseconds, Some(0));
        check(0.1, Unit::Seconds, Some(100_000_000));
        check(1e-300, Unit::Seconds, Some(0));
        check(f64::from_bits(1), Unit::Seconds, Some(0));
        check(2.5, Unit::Minutes, Some(150_000_000_000));
        check(0.1, Unit::Hours, Some(360_000_000_000));
        check(1e-300, Unit::Hours, Some(0));
        check(1.844e19, Unit::Seconds, Some(18_440_000_000_000_000_000_000_000_000));
        let below = u128::from(u64::MAX - 2_047) * 1_000_000_000;
        check(TWO_POW_64.next_down(), Unit::Seconds, Some(below));
        check(TWO_POW_64, Unit::Seconds, None);
        check(TWO_POW_64, Unit::Hours, None);
        check(TWO_POW_64, Unit::Nanoseconds, Some(1 << 64));
        check(f64::MAX, Unit::Nanoseconds, None);
        let longest = ActionTime::from(u64::MAX).to_duration(Unit::Seconds);
        assert_eq!(longest, Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn durations_are_exact_where_whole() {
        let duration = Duration::from_micros(1_500);
        let check = |unit, expected| {
            assert_eq!(ActionTime::from_duration(duration, unit), expected, "{unit:?}");
        };
        check(Unit::Nanoseconds, ActionTime::from(1_500_000_u32));
        check(Unit::Microseconds, ActionTime::from(1_500_u32));
        check(Unit::Milliseconds, time(1.5));
        check(Unit::Seconds, time(0.0015));
        check(Unit::Minutes, time(0.000_025));
        check(Unit::Hours, time(1.5 / 3_600_000.0)); // Both are exact, so it is rounded once.
        let whole = ActionTime::from_duration(Duration::from_secs(7_200), Unit::Hours);
        assert_eq!(whole.as_integer(), Some(2));
        let longest = ActionTime::from_duration(Duration::MAX, Unit::Nanoseconds);
        assert_eq!(longest, time(18_446_744_073_709_551_615_999_999_999.0));
    }
}
