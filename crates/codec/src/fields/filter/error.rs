//! Why a text is not a filter.

use thiserror::Error;

use crate::fields::path::PathErrorKind;
use crate::quantity::QuantityError;

/// Reports why a text is not a filter, and at which byte.
///
/// # Examples
///
/// ```
/// use codec::{Filter, FilterErrorKind};
///
/// let error = Filter::parse("status=\"5").unwrap_err();
/// assert_eq!(error.kind, FilterErrorKind::InvalidString);
/// assert_eq!(error.at, 9);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} (byte {at})")]
pub struct FilterError {
    /// What is wrong.
    pub kind: FilterErrorKind,
    /// The offset of the first byte that is wrong, counted from 0.
    pub at: usize,
}

/// The condition under which a filter is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FilterErrorKind {
    /// The part before the operator is not a path.
    #[error("{0}")]
    Path(PathErrorKind),
    /// The operator is unknown.
    #[error("found `{found}`, expected one of `=`, `!=`, `<`, `<=`, `>`, `>=`, `~`, `!~`")]
    UnknownOperator {
        /// The operator.
        found: Box<str>,
    },
    /// A filter that begins with `!` has an operator.
    #[error("found `{found}` after `!` and a field, expected `!=` or `!~` between field and value")]
    NegatedComparison {
        /// The first character of the operator.
        found: char,
    },
    /// The value begins with a quote, but is not a JSON string.
    #[error("value begins with `\"`, expected one string of JSON up to the end")]
    InvalidString,
    /// The value of `~` or `!~` is not a regular expression.
    #[error("{reason}")]
    Pattern {
        /// What is wrong, in the words of the crate `regex`.
        reason: Box<str>,
    },
    /// The crate was built without regular expressions.
    #[cfg(not(feature = "regex"))]
    #[error("operator needs regular expressions, this build does not have the feature `regex`")]
    NoPatterns,
}

/// Reports why a filter does not depend on the record.
///
/// Returned by [`Filter::warning`](crate::Filter::warning).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FilterWarning {
    /// The value of `=` or `!=` is one that means that a field is missing.
    #[error("a field that is `{found}` is missing: `PATH` and `!PATH` test that")]
    MissingValue {
        /// The value.
        found: Box<str>,
    },
    /// The value of `<`, `<=`, `>` or `>=` is not a number or a duration.
    #[error("{0}")]
    NotQuantity(QuantityError),
    /// The value of `<`, `<=`, `>` or `>=` is in quotes.
    #[error("value is a string, expected a number or a duration without quotes")]
    QuotedQuantity,
}
