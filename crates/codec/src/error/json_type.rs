//! The types of JSON values, and the maximum time in each notation.

use std::fmt;

/// The type of a JSON value.
///
/// Displays with its article.
///
/// # Examples
///
/// ```
/// use codec::{DecodeErrorKind, JsonType, decode};
///
/// let error = decode(br#"{"action":null,"time":1}"#).unwrap_err();
/// assert_eq!(error.kind, DecodeErrorKind::ActionNotString { found: JsonType::Null });
/// assert_eq!(JsonType::Array.to_string(), "an array");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonType {
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

impl fmt::Display for JsonType {
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

/// The maximum time, which depends on the notation of the number.
///
/// # Examples
///
/// ```
/// use codec::{DecodeErrorKind, TimeMax, decode};
///
/// let error = decode(br#"{"action":"jump","time":1e309}"#).unwrap_err();
/// let kind = DecodeErrorKind::TimeTooLarge { found: "1e309".into(), max: TimeMax::Float };
/// assert_eq!(error.kind, kind);
/// assert_eq!(TimeMax::Integer.to_string(), u64::MAX.to_string());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeMax {
    /// 2^64 - 1, for a number without a point or an exponent.
    Integer,
    /// The largest finite `f64`, for a number with a point or an exponent.
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
