//! Filters: conditions on a field, which decide whether a record counts.
//!
//! A value that is written as a number is compared exactly with fields that are numbers, one with a
//! unit exactly with fields that are durations, and any other is compared byte by byte. Two floats
//! decide most comparisons: rounding keeps the order, so that exact numbers, which allocate, are
//! needed only where the floats are equal.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use core_actions::Unit;
#[cfg(feature = "regex")]
use regex::Regex;

mod error;
mod parse;
#[cfg(test)]
mod tests;
mod threshold;

pub use self::error::{FilterError, FilterErrorKind, FilterWarning};
pub(crate) use self::threshold::UnitNeeded;

use self::threshold::Threshold;
use super::found::Found;
use super::missing::is_nothing;
use super::path::Path;
use crate::quantity::QuantityError;

/// A condition on a field of a record.
///
/// | Filter | Holds if the field |
/// | --- | --- |
/// | `PATH` | is there and not missing |
/// | `!PATH` | is missing |
/// | `PATH=VALUE` | is `VALUE` |
/// | `PATH<VALUE`, `<=`, `>`, `>=` | is a number or a duration, and below `VALUE`, and so on |
/// | `PATH~VALUE` | has a match of the regular expression `VALUE` |
/// | `PATH!=VALUE`, `PATH!~VALUE` | is missing, or `=` or `~` does not hold |
///
/// The first operator outside of quotes separates. White space around `PATH` and `VALUE` is
/// ignored. `VALUE` is the rest, or a JSON string, which is always compared as text.
///
/// If `VALUE` is a number (`404`, `-1`, `1e3`), fields that are numbers, in quotes or not, are
/// compared with it by their exact value. If it is a number with a unit (`250ms`, `1m30s`), fields
/// that are durations are, and numbers without a unit are in the unit of the values. Other fields
/// are compared as text, by bytes: `=` and `!=` decide, and the others do not hold.
///
/// Booleans are the texts `true` and `false`. Objects and arrays are their JSON as written.
///
/// # Examples
///
/// ```
/// use codec::Filter;
///
/// let filter: Filter = "response.status>=500".parse()?;
/// assert_eq!(filter.to_string(), "response.status>=500");
///
/// let error = Filter::parse("status==500").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "found `==`, expected one of `=`, `!=`, `<`, `<=`, `>`, `>=`, `~`, `!~` (byte 6)"
/// );
/// # Ok::<(), codec::FilterError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Filter {
    /// As written.
    text: Box<str>,
    path: Path,
    test: Test,
    /// Whether the filter holds where the test does not.
    is_opposite: bool,
}

/// What a filter asks of a field. None of them holds for a missing field.
#[derive(Debug, Clone)]
enum Test {
    Present,
    Equal(Box<str>, Option<Threshold>),
    Ordered(Order, Threshold),
    /// An order with a value that has none, so that it never holds.
    Never(Unordered),
    #[cfg(feature = "regex")]
    Search(Regex),
}

/// Why a value has no order.
#[derive(Debug, Clone)]
enum Unordered {
    Quoted,
    NotQuantity(QuantityError),
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Filter {
    /// Parses a filter.
    ///
    /// # Errors
    ///
    /// [`FilterError`] with the first byte that is wrong. A filter that holds for every record or
    /// for none is not an error: [`warning`](Self::warning) finds some of them.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the text, or as compiling the expression.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Filter;
    ///
    /// for filter in ["user", "!error", "method=GET", r#"name = "a b""#, "took >= 1.5s"] {
    ///     assert!(Filter::parse(filter).is_ok());
    /// }
    /// ```
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::filter(text)
    }

    /// Returns why the filter does not depend on the record, if it does not.
    ///
    /// `missing` are the texts of [`Fields::missing`](crate::Fields::missing). A field with such a
    /// text, an empty one or `-` is missing, so that `=` with it holds for no record and `!=` for
    /// all. `<` holds for no record if the value is not a number or a duration.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::{Filter, FilterWarning};
    ///
    /// let found = "".into();
    /// let expected = Some(FilterWarning::MissingValue { found });
    /// assert_eq!(Filter::parse("user=")?.warning(&[]), expected);
    /// assert!(matches!(
    ///     Filter::parse("size>large")?.warning(&[]),
    ///     Some(FilterWarning::NotQuantity(_))
    /// ));
    /// assert_eq!(Filter::parse("size>10")?.warning(&[]), None);
    /// # Ok::<(), codec::FilterError>(())
    /// ```
    #[must_use]
    pub fn warning(&self, missing: &[Box<str>]) -> Option<FilterWarning> {
        match &self.test {
            Test::Equal(text, _) if is_nothing(text) || missing.contains(text) => {
                Some(FilterWarning::MissingValue { found: text.clone() })
            }
            Test::Never(Unordered::Quoted) => Some(FilterWarning::QuotedQuantity),
            Test::Never(Unordered::NotQuantity(error)) => Some(FilterWarning::NotQuantity(*error)),
            _ => None,
        }
    }

    /// Returns the path of the field.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether the filter holds for a field.
    ///
    /// `found` is the first alternative of the path that is not missing, and `unit` that of numbers
    /// without one. `scratch` is memory for text with escapes.
    ///
    /// A regular expression has a cache that threads contend for, so each thread takes a clone of
    /// the filter.
    ///
    /// # Errors
    ///
    /// [`UnitNeeded`] if a duration and a number without a unit would be compared, and `unit` is
    /// `None`.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the field. Allocates only for a number with more than 32 digits.
    pub(crate) fn holds(
        &self,
        found: Option<Found<'_>>,
        unit: Option<Unit>,
        scratch: &mut String,
    ) -> Result<bool, UnitNeeded> {
        let found = found.filter(|found| !matches!(found, Found::Absent | Found::Null));
        let test_holds = match found {
            None => false,
            Some(found) => self.test.holds(found, unit, scratch)?,
        };
        Ok(test_holds != self.is_opposite)
    }
}

impl Test {
    fn holds(
        &self,
        found: Found<'_>,
        unit: Option<Unit>,
        scratch: &mut String,
    ) -> Result<bool, UnitNeeded> {
        if let Self::Present = self {
            return Ok(true);
        }
        let Some(Field { text, may_be_number }) = Field::of(found, scratch) else {
            return Ok(false); // It is not text, so no value is equal to it.
        };
        let order = |threshold: &Threshold| match may_be_number {
            true => threshold.compare(text, unit),
            false => Ok(None),
        };
        Ok(match self {
            Self::Present => true,
            Self::Never(_) => false,
            Self::Equal(value, None) => text == &**value,
            Self::Equal(value, Some(threshold)) => {
                let order = order(threshold)?;
                order.map_or_else(|| text == &**value, Ordering::is_eq)
            }
            Self::Ordered(wanted, threshold) => {
                order(threshold)?.is_some_and(|order| wanted.includes(order))
            }
            #[cfg(feature = "regex")]
            Self::Search(regex) => regex.is_match(text),
        })
    }
}

impl Order {
    fn includes(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// A field as text.
struct Field<'a> {
    text: &'a str,
    may_be_number: bool,
}

impl<'a> Field<'a> {
    /// Returns a field as text, if it is UTF-8.
    fn of(found: Found<'a>, scratch: &'a mut String) -> Option<Self> {
        let (text, may_be_number) = match found {
            Found::Absent | Found::Null | Found::NotUtf8 { .. } => return None,
            Found::Bool(value) => (if value { "true" } else { "false" }, false),
            Found::Number(text) => (text, true),
            Found::Text(_) | Found::Escaped(_) | Found::Doubled(_) => (found.text(scratch)?, true),
            Found::Object(text) | Found::Array(text) => (text, false),
        };
        Some(Self { text, may_be_number })
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

/// Writes the filter as it was written.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Two filters are equal if they are written alike.
impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Filter {}
