//! Why an input is refused: the kind of error and its byte.

use std::error::Error;
use std::fmt;

pub(crate) mod code;
mod excerpt;
pub(crate) mod explain;
mod field_expected;
mod json_type;
mod kind;
mod object_keys;
#[cfg(feature = "snippet")]
mod snippet;

pub use self::excerpt::Excerpt;
pub use self::field_expected::FieldExpected;
pub use self::json_type::{JsonType, TimeMax};
pub use self::kind::DecodeErrorKind;
pub use self::object_keys::ObjectKeys;
#[cfg(feature = "snippet")]
pub use self::snippet::{Snippet, visible};

use self::kind::Class;
pub(crate) use self::kind::Shown;

/// Reports why an input is not a valid action, and at which byte.
///
/// Each error belongs to exactly one class. [Syntax](Self::is_syntax) and
/// [encoding](Self::is_encoding) mean that the input is not JSON, [limit](Self::is_limit) that it
/// is longer or more deeply nested than allowed, and [schema](Self::is_schema) that all of it is
/// JSON but not an action.
///
/// # Examples
///
/// ```
/// use codec::{DecodeErrorKind, decode};
///
/// let error = decode(br#"{"action":"jump","time":-1}"#).unwrap_err();
/// assert_eq!(error.kind, DecodeErrorKind::TimeNegative { found: "-1".into() });
/// assert_eq!(error.at, 24);
/// assert_eq!(error.to_string(), "time is `-1`, expected 0 or more (byte 24)");
/// assert!(error.is_schema());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// The offset of the first byte that is wrong, counted from 0.
    ///
    /// If the input ends too early, this is its length. For a value of the wrong type it is the
    /// first byte of the value, for a name the opening quote, for a repeated key its opening quote,
    /// and for a missing key the `}` that ends the object.
    pub at: usize,
}

impl DecodeError {
    /// Returns whether the input breaks the grammar of JSON.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(codec::decode(b"{'action':'jump'}").unwrap_err().is_syntax());
    /// ```
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        self.class() == Class::Syntax
    }

    /// Returns whether the input is valid JSON, but not an action.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(codec::decode(br#"["jump", 1]"#).unwrap_err().is_schema());
    /// ```
    #[must_use]
    pub fn is_schema(&self) -> bool {
        self.class() == Class::Schema
    }

    /// Returns whether the input exceeds its maximum length or nesting.
    ///
    /// A name that is too long is a [schema](Self::is_schema) error.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(codec::decode("[".repeat(129).as_bytes()).unwrap_err().is_limit());
    /// ```
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.class() == Class::Limit
    }

    /// Returns whether the input is not plain UTF-8.
    ///
    /// It has a byte order mark, invalid UTF-8, or an escape that is half of a surrogate pair.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(codec::decode(br#"{"note":"\ud800"}"#).unwrap_err().is_encoding());
    /// ```
    #[must_use]
    pub fn is_encoding(&self) -> bool {
        self.class() == Class::Encoding
    }

    /// Returns the reason in a few words, which are the same for all inputs.
    ///
    /// Use it to count refusals by reason.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = codec::decode(br#"{"action":"jump","time":-1}"#).unwrap_err();
    /// assert_eq!(error.reason(), "time is negative");
    /// ```
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.kind.class_and_reason().1
    }

    fn class(&self) -> Class {
        self.kind.class_and_reason().0
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, at } = self;
        write!(f, "{kind} (byte {at})")
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}
