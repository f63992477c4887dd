//! A measured number of either sign: finite, and exact where it is an integer.

use std::cmp::Ordering;
use std::fmt;

use crate::action::time::{ActionTime, TimeError};

/// Holds a measured number of either sign, such as a temperature or a difference of clocks.
///
/// A finite number: integers from -2^63 to 2^64 - 1, those of `i64` and `u64`, are kept exactly,
/// everything else as the nearest `f64`. A float that holds such an integer is that integer, and
/// `-0.0` is 0.
///
/// It is the value of [`Signed`](crate::Signed) statistics and of a [`Level`](crate::Level).
///
/// # Examples
///
/// ```
/// use core_actions::{SignedValue, TimeError};
///
/// let freezer = SignedValue::try_from(-18.5)?;
/// assert!(freezer < SignedValue::from(-18));
/// assert_eq!(freezer.as_f64(), -18.5);
/// assert_eq!(SignedValue::try_from(-2.0)?, SignedValue::from(-2));
/// assert_eq!(SignedValue::try_from(f64::NAN), Err(TimeError::ValueNotFinite));
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct SignedValue(Repr);

/// Equal values have equal representations: zero is `Integer`, and a `Float` is not an integer from
/// -2^63 to 2^64 - 1.
#[derive(Clone, Copy, PartialEq)]
enum Repr {
    /// The size of an integer below zero, at most 2^63.
    Below(u64),
    Integer(u64),
    Float(f64),
}

/// The size of the smallest integer that is kept as one.
const BELOW_MAX: u64 = 1 << 63;

impl SignedValue {
    /// Zero.
    pub const ZERO: Self = Self(Repr::Integer(0));

    /// Returns whether the value is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        match self.0 {
            Repr::Below(_) => true,
            Repr::Integer(_) => false,
            Repr::Float(float) => float < 0.0,
        }
    }

    /// Returns the value without its sign.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{ActionTime, SignedValue};
    ///
    /// assert_eq!(SignedValue::from(-7).size(), ActionTime::from(7_u64));
    /// ```
    #[must_use]
    pub fn size(self) -> ActionTime {
        match self.0 {
            Repr::Below(size) | Repr::Integer(size) => size.into(),
            // Below -2^63 it may be an integer that is exact as a time.
            Repr::Float(float) => ActionTime::of_float(float.abs()),
        }
    }

    /// Returns the value if it is an integer from -2^63 to 2^64 - 1.
    #[must_use]
    pub fn as_integer(self) -> Option<i128> {
        match self.0 {
            Repr::Below(size) => Some(-i128::from(size)),
            Repr::Integer(size) => Some(size.into()),
            Repr::Float(_) => None,
        }
    }

    /// Returns the nearest float to the value.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Repr::Below(size) => -(size as f64),
            Repr::Integer(size) => size as f64,
            Repr::Float(float) => float,
        }
    }

    /// Returns the value of this size below zero, or zero.
    pub(crate) fn below_zero(size: ActionTime) -> Self {
        match size.as_integer() {
            Some(0) => Self::ZERO,
            Some(size @ 1..=BELOW_MAX) => Self(Repr::Below(size)),
            _ => Self(Repr::Float(-size.as_f64())),
        }
    }

    /// Adds an integer: exact if the sum is an integer in the range, else rounded to an `f64`.
    #[cfg(feature = "tracker")]
    pub(crate) fn plus(self, more: i64) -> Self {
        let Some(integer) = self.as_integer() else {
            return Self::of_finite(self.as_f64() + more as f64);
        };
        let sum = integer + i128::from(more);
        match (u64::try_from(sum), i64::try_from(sum)) {
            (Ok(sum), _) => sum.into(),
            (_, Ok(sum)) => sum.into(),
            _ => Self::of_finite(sum as f64),
        }
    }

    /// Converts a finite float.
    fn of_finite(float: f64) -> Self {
        let size = ActionTime::of_float(float.abs());
        if float < 0.0 { Self::below_zero(size) } else { size.into() }
    }

    /// Returns two words for a buffer: the kind, and the integer or the bits of the float.
    #[cfg(feature = "tracker")]
    #[inline]
    pub(crate) fn to_words(self) -> [u64; 2] {
        match self.0 {
            Repr::Integer(size) => [0, size],
            Repr::Below(size) => [1, size],
            Repr::Float(float) => [2, float.to_bits()],
        }
    }

    /// Returns the value of these words.
    #[cfg(feature = "tracker")]
    #[inline]
    pub(crate) fn of_words([kind, bits]: [u64; 2]) -> Self {
        Self(match kind {
            0 => Repr::Integer(bits),
            1 => Repr::Below(bits),
            _ => Repr::Float(f64::from_bits(bits)),
        })
    }
}

impl Default for SignedValue {
    /// Returns zero.
    fn default() -> Self {
        Self::ZERO
    }
}

impl Eq for SignedValue {}

impl PartialOrd for SignedValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Orders by exact value, as times are ordered.
impl Ord for SignedValue {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative(), other.is_negative()) {
            (false, false) => self.size().cmp(&other.size()),
            (true, true) => other.size().cmp(&self.size()),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

impl fmt::Debug for SignedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SignedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Below(size) => fmt::Display::fmt(&-i128::from(size), f),
            Repr::Integer(size) => fmt::Display::fmt(&size, f),
            Repr::Float(float) => fmt::Display::fmt(&float, f),
        }
    }
}

impl From<ActionTime> for SignedValue {
    fn from(time: ActionTime) -> Self {
        Self(match time.as_integer() {
            Some(integer) => Repr::Integer(integer),
            None => Repr::Float(time.as_f64()),
        })
    }
}

macro_rules! from_integer {
    (unsigned: $($unsigned:ty),+; signed: $($signed:ty),+) => {
        $(impl From<$unsigned> for SignedValue {
            #[inline]
            fn from(integer: $unsigned) -> Self {
                Self(Repr::Integer(integer as u64))
            }
        })+
        $(impl From<$signed> for SignedValue {
            #[inline]
            fn from(integer: $signed) -> Self {
                let size = integer.unsigned_abs() as u64;
                Self(if integer < 0 { Repr::Below(size) } else { Repr::Integer(size) })
            }
        })+
    };
}

from_integer!(unsigned: u8, u16, u32, u64, usize; signed: i8, i16, i32, i64, isize);

impl TryFrom<f64> for SignedValue {
    type Error = TimeError;

    /// # Errors
    ///
    /// [`TimeError::ValueNotFinite`] for an infinity or not a number.
    fn try_from(float: f64) -> Result<Self, TimeError> {
        if float.is_finite() { Ok(Self::of_finite(float)) } else { Err(TimeError::ValueNotFinite) }
    }
}

impl TryFrom<f32> for SignedValue {
    type Error = TimeError;

    /// A fraction is the decimal number that the `f32` is printed as, as for an [`ActionTime`].
    ///
    /// # Errors
    ///
    /// As those of an `f64`.
    fn try_from(float: f32) -> Result<Self, TimeError> {
        let size = ActionTime::try_from(float.abs()).map_err(|_| TimeError::ValueNotFinite)?;
        Ok(if float < 0.0 { Self::below_zero(size) } else { size.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn value(float: f64) -> SignedValue {
        SignedValue::try_from(float).unwrap()
    }

    #[test]
    fn order_is_by_exact_value() {
        let two_pow_53 = 9_007_199_254_740_992_i64;
        let ascending = [
            value(f64::MIN),
            value(-18_446_744_073_709_551_616.0),
            value(-(i64::MAX as f64).next_up()),
            SignedValue::from(i64::MIN),
            SignedValue::from(-two_pow_53 - 1),
            value(-9_007_199_254_740_992.0),
            value(-1.5),
            SignedValue::from(-1),
            value(-0.5),
            value(-f64::from_bits(1)),
            SignedValue::ZERO,
            value(f64::from_bits(1)),
            SignedValue::from(1_u8),
            value(9_007_199_254_740_992.0),
            SignedValue::from(two_pow_53 + 1),
            SignedValue::from(u64::MAX),
            value(f64::MAX),
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} against {b}");
            }
        }
    }

    #[test]
    fn equal_values_are_equal_from_whatever_type() {
        assert_eq!(value(-0.0), SignedValue::ZERO);
        assert!(!value(-0.0).is_negative());
        assert_eq!(value(-2.0), SignedValue::from(-2_i8));
        assert_eq!(SignedValue::try_from(-0.1_f32), Ok(value(-0.1)));
        assert_eq!(SignedValue::from(ActionTime::from(7_u64)), SignedValue::from(7_i64));
        assert_eq!(SignedValue::from(i64::MIN).as_integer(), Some(i64::MIN.into()));
        assert_eq!(SignedValue::from(i64::MIN).size(), ActionTime::from(1_u64 << 63));
        assert_eq!(value(i64::MIN as f64), SignedValue::from(i64::MIN));
        assert_eq!(
            (value(-1e19).as_integer(), value(1e19).as_integer()),
            (None, Some(10_i128.pow(19)))
        );
        assert_eq!(SignedValue::below_zero(value(-1e19).size()), value(-1e19));
        assert_eq!(value(-0.5).as_integer(), None);
        assert_eq!(value(-0.5).size().as_f64(), 0.5);
    }

    #[test]
    fn values_are_shown_with_their_sign() {
        let shown = [value(-0.5), SignedValue::from(-7), SignedValue::ZERO, value(2.5)];
        assert_eq!(shown.map(|value| value.to_string()), ["-0.5", "-7", "0", "2.5"]);
        assert_eq!(format!("{:>5}", SignedValue::from(-7)), "   -7");
        assert_eq!(SignedValue::from(i64::MIN).to_string(), "-9223372036854775808");
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused() {
        for float in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(SignedValue::try_from(float), Err(TimeError::ValueNotFinite));
            assert_eq!(SignedValue::try_from(float as f32), Err(TimeError::ValueNotFinite));
        }
        assert_eq!(
            TimeError::ValueNotFinite.to_string(),
            "value is not finite, it must be a finite number"
        );
        assert!(SignedValue::try_from(f64::MIN).is_ok());
    }

    #[cfg(feature = "tracker")]
    #[test]
    fn integers_are_added_exactly() {
        let check = |to: f64, more, sum: f64| assert_eq!(value(to).plus(more), value(sum), "{to}");
        check(3.0, -5, -2.0);
        check(-0.5, 2, 1.5);
        check(f64::MAX, i64::MAX, f64::MAX);
        check(f64::MIN, i64::MIN, f64::MIN);
        let [most, least] = [SignedValue::from(u64::MAX), SignedValue::from(i64::MIN)];
        assert_eq!((most.plus(-1), least.plus(1)), ((u64::MAX - 1).into(), (i64::MIN + 1).into()));
        assert_eq!(SignedValue::from(i64::MAX).plus(1), (1_u64 << 63).into());
        assert_eq!(
            (most.plus(1), least.plus(-1)),
            (value(u64::MAX as f64), value(i64::MIN as f64))
        );
        assert_eq!(least.plus(i64::MIN), value(-(u64::MAX as f64)));
    }

    #[cfg(feature = "tracker")]
    #[test]
    fn values_are_read_from_their_words() {
        let integers = [0, 1, -1, i64::MIN, i64::MAX].map(SignedValue::from);
        let floats = [0.5, -0.5, f64::MAX, f64::MIN, -f64::from_bits(1)].map(value);
        let large = [SignedValue::from(u64::MAX), value(-1e19)];
        for value in integers.into_iter().chain(floats).chain(large) {
            assert_eq!(SignedValue::of_words(value.to_words()), value);
        }
    }
}
