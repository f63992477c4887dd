//! The types of JSON values, and the largest time of each notation.

use std::fmt;

/// The kinds of value that JSON has.
///
/// # Examples
///
/// ```
/// use codec::{DecodeError, Kind, decode};
///
/// let refusal = decode(br#"{"action":null,"time":1}"#).unwrap_err();
/// assert_eq!(refusal, DecodeError::ActionNotString { found: Kind::Null, at: 10 });
/// assert_eq!(Kind::Array.to_string(), "an array");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// Digits, with or without a sign, a fraction and an exponent.
    Number,
    /// Characters between double quotes.
    String,
    /// Values between `[` and `]`.
    Array,
    /// Keys and values between `{` and `}`.
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// The largest time, which depends on how a number is written.
///
/// # Examples
///
/// ```
/// use codec::{DecodeError, Excerpt, TimeMax, decode};
///
/// let refusal = decode(br#"{"action":"jump","time":1e309}"#).unwrap_err();
/// let (found, max) = (Excerpt::from("1e309"), TimeMax::Float);
/// assert_eq!(refusal, DecodeError::TimeTooLarge { found, max, at: 24 });
/// assert_eq!(TimeMax::Integer.to_string(), u64::MAX.to_string());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeMax {
    /// 2^64 - 1, for a number without a point or an exponent.
    Integer,
    /// The largest finite `f64`, for a number with one.
    Float,
}

impl fmt::Display for TimeMax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "18446744073709551615",
            Self::Float => "1.7976931348623157e308",
        })
    }
}

impl fmt::Debug for TimeMax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
