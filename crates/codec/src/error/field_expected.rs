//! What a field may hold, by its use.

use std::fmt;

/// What a field may hold.
///
/// Displays with its article.
///
/// # Examples
///
/// ```
/// assert_eq!(codec::FieldExpected::Number.to_string(), "a number");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldExpected {
    /// The name of the strict form.
    String,
    /// The value of the strict form.
    Number,
    /// A name.
    Scalar,
    /// A value.
    Quantity,
    /// A timestamp.
    Moment,
}

impl fmt::Display for FieldExpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Scalar => "a text, a number or a boolean",
            Self::Quantity => "a number or a text such as `12.5ms`",
            Self::Moment => "a number or a text",
        })
    }
}
