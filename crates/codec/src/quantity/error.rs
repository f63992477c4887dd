//! Why a text is not a quantity, or not a time.

use std::error::Error;
use std::fmt::{self, Write};

use crate::error::{Excerpt, TimeMax};

/// Reports why a text is not a quantity, or why a quantity is not a time.
///
/// # Examples
///
/// ```
/// use codec::{Quantity, QuantityErrorKind};
///
/// let error = Quantity::parse("01:02").unwrap_err();
/// assert_eq!(error.kind, QuantityErrorKind::NoHours);
/// assert_eq!(error.to_string(), "value is `01:02`, expected hours as well, such as `0:01:02`");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuantityError {
    /// What is wrong.
    pub kind: QuantityErrorKind,
    /// The text, at most 32 bytes of it.
    pub found: Excerpt,
}

/// The condition under which a text is refused as a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuantityErrorKind {
    /// The text is empty or white space.
    Blank,
    /// The text is neither a number nor a duration, and no other variant describes it.
    Unexpected,
    /// There is a sign, other than the minus sign of a number without a unit.
    Sign,
    /// A number without a unit has leading zeros.
    LeadingZero,
    /// A point has no digit before or after it.
    LoneSeparator,
    /// There is a comma, or a separator between thousands.
    Separator,
    /// The number is a percentage.
    Percent,
    /// A number after a number with a unit has no unit.
    NoUnit,
    /// The unit is unknown, or written in another case.
    UnknownUnit,
    /// The unit is a month or a year.
    Calendar,
    /// A unit is repeated, or follows a smaller one.
    Order,
    /// A number other than the last one has a fraction, or one of several has an exponent.
    Fraction,
    /// Two numbers have a colon between them: minutes and seconds, or hours and minutes.
    NoHours,
    /// The minutes or seconds after a colon are not two digits from 00 to 59.
    Clock,
    /// The text begins like an ISO 8601 duration and continues differently.
    Iso,
    /// The number is below 0, so it is not a time.
    Negative,
    /// The number exceeds the maximum time of its notation.
    TooLarge(TimeMax),
}

impl QuantityError {
    pub(super) fn new(kind: QuantityErrorKind, text: &str) -> Self {
        Self { kind, found: Excerpt::from(text) }
    }
}

/// Displays what is expected instead, without the text.
impl fmt::Display for QuantityErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self {
            Self::TooLarge(max) => return write!(f, "limit is {max}"),
            Self::Blank => "a number or a duration such as `2.5ms`",
            Self::Unexpected => "a number or a duration such as `2.5ms`, `1m2.5s` or `0:01:02`",
            Self::Sign => "no sign",
            Self::LeadingZero => "a number without leading zeros, or a unit after it",
            Self::LoneSeparator => "a digit before and after the point",
            Self::Separator => "`.` before decimals, and no separator between thousands",
            Self::Percent => "a number or a duration, not a percentage",
            Self::NoUnit => "a unit after each number",
            Self::UnknownUnit => "the unit ns, us, ms, s, min, h or d, in lower case",
            Self::Calendar => "days or smaller units, because months and years vary in length",
            Self::Order => "each unit at most once, the largest first",
            Self::Fraction => "no exponent, and a fraction in the last number only",
            Self::NoHours => "hours as well, such as `0:01:02`",
            Self::Clock => "minutes and seconds of two digits, from 00 to 59",
            Self::Iso => "an ISO 8601 duration such as `P1DT2H3M4.5S` or `P2W`",
            Self::Negative => "0 or more",
        };
        write!(f, "expected {expected}")
    }
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            QuantityErrorKind::Blank => write!(f, "value is blank, {}", self.kind),
            kind => write!(f, "value is `{}`, {kind}", Visible(&self.found)),
        }
    }
}

impl Error for QuantityError {}

/// Displays a text with its control characters and marks escaped, for terminals and logs.
struct Visible<'a>(&'a Excerpt);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_str().chars().try_for_each(|c| match c {
            '\'' | '"' | '\\' => f.write_char(c),
            _ => write!(f, "{}", c.escape_debug()),
        })
    }
}
