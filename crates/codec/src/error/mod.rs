//! Why bytes are no action: one enum, a variant for each condition.

use std::fmt;

use core_actions::NameError;
use core_time::counted;
use thiserror::Error;

pub use self::excerpt::Excerpt;
pub use self::json_type::{Kind, TimeMax};
pub use self::snippet::{Snippet, visible};

pub(crate) mod code;
mod excerpt;
mod explain;
mod json_type;
mod snippet;

/// Why an input is no action, and at which byte.
///
/// Each variant belongs to exactly one class: [syntax](Self::is_syntax) and
/// [encoding](Self::is_encoding) mean that the input is not JSON, [limit](Self::is_limit) that it
/// is more than was to be looked at, and [schema](Self::is_schema) that it is JSON, all of it, but
/// no action.
///
/// `at` counts bytes from 0 and points at the first byte that cannot stand where it stands, which
/// is the length of the input if it ends too early. For a value that is JSON but not wanted it is
/// the first byte of that value, for a key its opening quote, for a missing key the `}` that came
/// instead.
///
/// # Examples
///
/// ```
/// use codec::{DecodeError, decode};
///
/// let refusal = decode(br#"{"action":"jump","time":-1}"#).unwrap_err();
/// assert_eq!(refusal, DecodeError::TimeNegative { found: "-1".into(), at: 24 });
/// assert_eq!(refusal.to_string(), "time is `-1`, expected 0 or more (byte 24)");
/// assert!(refusal.is_schema());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    // Limits.
    /// The input is longer than [`Limits::input_bytes`](crate::Limits::input_bytes); nothing of it
    /// was read.
    #[error("input is {}, limit is {max} (byte {max})", counted(*len, "byte"))]
    InputTooLong {
        /// Length of the input, in bytes.
        len: usize,
        /// The longest input allowed, in bytes, which is also the offset of the first byte too
        /// many.
        max: usize,
    },
    /// Objects and arrays are nested deeper than [`Limits::nesting`](crate::Limits::nesting).
    #[error("arrays and objects are nested {depth} deep, limit is {max} (byte {at})")]
    NestingTooDeep {
        /// The depth that would have been reached. The outermost object or array is at depth 1.
        depth: usize,
        /// The deepest nesting allowed.
        max: usize,
        /// Offset of the bracket that opens it.
        at: usize,
    },

    // Encoding.
    /// The input starts with a byte order mark, which JSON is sent without.
    #[error("found a byte order mark of {encoding}, expected UTF-8 without one (byte 0)")]
    ByteOrderMark {
        /// The encoding it stands for, `UTF-8` or `UTF-16`.
        encoding: &'static str,
    },
    /// The bytes are not UTF-8.
    #[error("byte 0x{found:02X} starts no valid character, expected UTF-8 (byte {at})")]
    InvalidUtf8 {
        /// The byte that starts the ill-formed sequence.
        found: u8,
        /// Offset of that byte.
        at: usize,
    },
    /// A `\u` escape is one half of a surrogate pair, and the other half is not where it belongs.
    #[error("escape `\\u{found:04x}` is half of a surrogate pair, expected both (byte {at})")]
    LoneSurrogate {
        /// The surrogate.
        found: u16,
        /// Offset of the backslash of its escape.
        at: usize,
    },

    // Syntax.
    /// There is nothing in the input, or nothing but white space.
    #[error(
        "input is empty ({} of white space), expected an object (byte {len})",
        counted(*len, "byte")
    )]
    Empty {
        /// Length of the input, in bytes.
        len: usize,
    },
    /// The input ends before the value does.
    #[error("input ends, expected {expected} (byte {at})")]
    UnexpectedEnd {
        /// What could have come next.
        expected: &'static str,
        /// Length of the input, in bytes.
        at: usize,
    },
    /// A character stands where it cannot, and none of the more special variants says why.
    #[error("found {}, expected {expected} (byte {at})", Shown(*found))]
    UnexpectedCharacter {
        /// The character.
        found: char,
        /// What could have stood there.
        expected: &'static str,
        /// Offset of the character.
        at: usize,
    },
    /// A word starts as `true`, `false` or `null` and goes on differently.
    #[error("found {} in a literal, expected {expected} (byte {at})", Shown(*found))]
    InvalidLiteral {
        /// The first character that differs.
        found: char,
        /// The literal as which it starts, in backticks.
        expected: &'static str,
        /// Offset of that character.
        at: usize,
    },
    /// A number other than 0 starts with a 0.
    #[error(
        "found {} after a leading zero, expected `.`, `e` or the end of the number (byte {at})",
        Shown(*found)
    )]
    LeadingZero {
        /// The digit after the zero.
        found: char,
        /// Offset of that digit.
        at: usize,
    },
    /// A backslash is followed by a character that makes no escape.
    #[error("found {} after a backslash, expected one of `\"\\/bfnrtu` (byte {at})", Shown(*found))]
    InvalidEscape {
        /// The character after the backslash.
        found: char,
        /// Offset of that character.
        at: usize,
    },
    /// A `\u` is not followed by four hexadecimal digits.
    #[error(
        "found {} in a `\\u` escape, expected four hexadecimal digits (byte {at})",
        Shown(*found)
    )]
    InvalidUnicodeEscape {
        /// The first character that is no hexadecimal digit.
        found: char,
        /// Offset of that character.
        at: usize,
    },
    /// A control character below U+0020 stands in a string as it is.
    #[error("found {} in a string, expected it as an escape (byte {at})", Shown(*found))]
    ControlInString {
        /// The control character.
        found: char,
        /// Offset of the control character.
        at: usize,
    },
    /// A comma is followed by the end of its object or array.
    #[error("found {} after a comma, expected {expected} (byte {at})", Shown(*found))]
    TrailingComma {
        /// The closing bracket.
        found: char,
        /// What was to follow the comma.
        expected: &'static str,
        /// Offset of the closing bracket.
        at: usize,
    },
    /// The value is followed by something other than white space.
    #[error("found {} after the value, expected the end of the input (byte {at})", Shown(*found))]
    TrailingContent {
        /// The first character of it.
        found: char,
        /// Offset of that character.
        at: usize,
    },

    // Schema.
    /// The input is JSON, but no object.
    #[error("input is {found}, expected an object (byte {at})")]
    NotObject {
        /// What it is.
        found: Kind,
        /// Offset of the value.
        at: usize,
    },
    /// No key of the object is `action`.
    #[error("key `action` is missing, expected a string (byte {at})")]
    MissingAction {
        /// Offset of the `}` that ends the object.
        at: usize,
    },
    /// No key of the object is `time`.
    #[error("key `time` is missing, expected a number (byte {at})")]
    MissingTime {
        /// Offset of the `}` that ends the object.
        at: usize,
    },
    /// More than one key of the object is `action`, however they are spelt.
    #[error("key `action` is repeated, expected only the one at byte {first} (byte {at})")]
    DuplicateAction {
        /// Offset of the first key's opening quote.
        first: usize,
        /// Offset of the second key's opening quote.
        at: usize,
    },
    /// More than one key of the object is `time`, however they are spelt.
    #[error("key `time` is repeated, expected only the one at byte {first} (byte {at})")]
    DuplicateTime {
        /// Offset of the first key's opening quote.
        first: usize,
        /// Offset of the second key's opening quote.
        at: usize,
    },
    /// The value of `action` is no string.
    #[error("value of `action` is {found}, expected a string (byte {at})")]
    ActionNotString {
        /// What it is.
        found: Kind,
        /// Offset of the value.
        at: usize,
    },
    /// The value of `time` is no number.
    #[error("value of `time` is {found}, expected a number (byte {at})")]
    TimeNotNumber {
        /// What it is.
        found: Kind,
        /// Offset of the value.
        at: usize,
    },
    /// The action name has no character that is not white space.
    #[error("action name is blank, expected a character that is not white space (byte {at})")]
    NameBlank {
        /// Length of the name, in bytes of UTF-8 after decoding.
        len: usize,
        /// Offset of the string's opening quote.
        at: usize,
    },
    /// The action name has a control character, which JSON allows as an escape, and from U+007F on
    /// also as it is.
    #[error("action name holds the control character {}, expected none (byte {at})", Shown(*found))]
    NameControl {
        /// The first such character.
        found: char,
        /// Offset of the character, or of the backslash of the escape that stands for it.
        at: usize,
    },
    /// The action name is longer than [`Limits::name_bytes`](crate::Limits::name_bytes).
    #[error("action name is {}, limit is {max} (byte {at})", counted(*len, "byte"))]
    NameTooLong {
        /// Length of the name, in bytes of UTF-8 after decoding.
        len: usize,
        /// The longest name allowed, in bytes.
        max: usize,
        /// Offset of the string's opening quote.
        at: usize,
    },
    /// The action name breaks a rule of [`ActionName`](crate::ActionName) that has no variant here.
    ///
    /// There is none today. The rules for names live in `core-actions` alone, and one that is added
    /// there holds here from that day on.
    #[error("action name is refused, expected a valid one (byte {at})")]
    NameRefused {
        /// Offset of the string's opening quote.
        at: usize,
        /// The rule.
        #[source]
        source: NameError,
    },
    /// The time is below 0, if only by so little that the nearest float is 0.
    #[error("time is `{found}`, expected 0 or more (byte {at})")]
    TimeNegative {
        /// The number as written; of more than 32 bytes the first 32 and `…`.
        found: Excerpt,
        /// Offset of its minus sign.
        at: usize,
    },
    /// The time is no integer below 2^64, and the policy refuses
    /// [fractions](crate::Fractions::Refused).
    #[error("time is `{found}`, expected an integer (byte {at})")]
    TimeNotInteger {
        /// The number as written; of more than 32 bytes the first 32 and `…`.
        found: Excerpt,
        /// Offset of its first digit.
        at: usize,
    },
    /// More than one key of the object is the [stamp key](crate::StampKey), however they are spelt.
    #[error("key of the stamp is repeated, expected only the one at byte {first} (byte {at})")]
    DuplicateStamp {
        /// Offset of the first key's opening quote.
        first: usize,
        /// Offset of the second key's opening quote.
        at: usize,
    },
    /// The value of the stamp key is of another kind than its form is written in.
    #[error("stamp is {found}, expected {expected} (byte {at})")]
    StampKind {
        /// What it is.
        found: Kind,
        /// What it was to be.
        expected: &'static str,
        /// Offset of the value.
        at: usize,
    },
    /// The stamp is a string, but no moment of RFC 3339.
    #[error(
        "stamp is no moment, expected one as `1985-04-12T23:20:50.52Z` of RFC 3339 (byte {at})"
    )]
    StampNotMoment {
        /// Offset of the string's opening quote.
        at: usize,
    },
    /// The stamp is a moment that a [`Stamp`](crate::Stamp) does not hold.
    #[error("stamp is out of range, expected 1677-09-21 to 2262-04-11 (byte {at})")]
    StampOutOfRange {
        /// Offset of the value.
        at: usize,
    },
    /// The time is an integer above 2^64 - 1, or rounds to no finite float.
    #[error("time is `{found}`, limit is {max} (byte {at})")]
    TimeTooLarge {
        /// The number as written; of more than 32 bytes the first 32 and `…`.
        found: Excerpt,
        /// The largest number that may be written in this way.
        max: TimeMax,
        /// Offset of its first digit.
        at: usize,
    },
}

/// The classes that the predicates ask for; private, so that the predicates stay the one way to
/// ask.
#[derive(PartialEq)]
enum Class {
    Limit,
    Encoding,
    Syntax,
    Schema,
}

impl DecodeError {
    /// Whether the input breaks the grammar of JSON.
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

    /// Whether the input is JSON from end to end, but no action.
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

    /// Whether the input is longer, or nested deeper, than [`Limits`](crate::Limits) allow to look.
    ///
    /// An over-long name is no such case: it was looked at, and is a fault of
    /// [schema](Self::is_schema).
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

    /// Whether the input is not plain Unicode text in UTF-8: a byte order mark, bytes that are no
    /// character, or escapes that are none.
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

    /// The byte of the input that the refusal points at, counted from 0.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(codec::decode(b"{} {}").unwrap_err().at(), 3);
    /// ```
    #[must_use]
    pub fn at(&self) -> usize {
        match self {
            Self::ByteOrderMark { .. } => 0,
            Self::InputTooLong { max: at, .. }
            | Self::Empty { len: at }
            | Self::NestingTooDeep { at, .. }
            | Self::InvalidUtf8 { at, .. }
            | Self::LoneSurrogate { at, .. }
            | Self::UnexpectedEnd { at, .. }
            | Self::UnexpectedCharacter { at, .. }
            | Self::InvalidLiteral { at, .. }
            | Self::LeadingZero { at, .. }
            | Self::InvalidEscape { at, .. }
            | Self::InvalidUnicodeEscape { at, .. }
            | Self::ControlInString { at, .. }
            | Self::TrailingComma { at, .. }
            | Self::TrailingContent { at, .. }
            | Self::NotObject { at, .. }
            | Self::MissingAction { at }
            | Self::MissingTime { at }
            | Self::DuplicateAction { at, .. }
            | Self::DuplicateTime { at, .. }
            | Self::ActionNotString { at, .. }
            | Self::TimeNotNumber { at, .. }
            | Self::NameBlank { at, .. }
            | Self::NameControl { at, .. }
            | Self::NameTooLong { at, .. }
            | Self::NameRefused { at, .. }
            | Self::TimeNegative { at, .. }
            | Self::TimeNotInteger { at, .. }
            | Self::DuplicateStamp { at, .. }
            | Self::StampKind { at, .. }
            | Self::StampNotMoment { at }
            | Self::StampOutOfRange { at }
            | Self::TimeTooLarge { at, .. } => *at,
        }
    }

    /// Why it is refused in a few words, the same for all inputs: what refusals are counted by.
    ///
    /// # Examples
    ///
    /// ```
    /// let refusal = codec::decode(br#"{"action":"jump","time":-1}"#).unwrap_err();
    /// assert_eq!(refusal.reason(), "time is negative");
    /// ```
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::InputTooLong { .. } => "too long",
            Self::NestingTooDeep { .. } => "nested too deep",
            Self::ByteOrderMark { .. } => "byte order mark",
            Self::InvalidUtf8 { .. } => "not UTF-8",
            Self::LoneSurrogate { .. } => "half of a surrogate pair",
            Self::Empty { .. } => "empty",
            Self::UnexpectedEnd { .. } => "ends too early",
            Self::UnexpectedCharacter { .. }
            | Self::InvalidLiteral { .. }
            | Self::LeadingZero { .. }
            | Self::InvalidEscape { .. }
            | Self::InvalidUnicodeEscape { .. }
            | Self::ControlInString { .. }
            | Self::TrailingComma { .. } => "not JSON",
            Self::TrailingContent { .. } => "more than one value",
            Self::NotObject { .. } => "not an object",
            Self::MissingAction { .. } => "key `action` is missing",
            Self::MissingTime { .. } => "key `time` is missing",
            Self::DuplicateAction { .. } => "key `action` is repeated",
            Self::DuplicateTime { .. } => "key `time` is repeated",
            Self::ActionNotString { .. } => "value of `action` is no string",
            Self::TimeNotNumber { .. } => "value of `time` is no number",
            Self::NameBlank { .. } => "action name is blank",
            Self::NameControl { .. } => "action name holds a control character",
            Self::NameTooLong { .. } => "action name is too long",
            Self::NameRefused { .. } => "action name is refused",
            Self::TimeNegative { .. } => "time is negative",
            Self::TimeNotInteger { .. } => "time is no integer",
            Self::TimeTooLarge { .. } => "time is too large",
            Self::DuplicateStamp { .. } => "stamp is repeated",
            Self::StampKind { .. } => "stamp is of another kind",
            Self::StampNotMoment { .. } => "stamp is no moment",
            Self::StampOutOfRange { .. } => "stamp is out of range",
        }
    }

    /// One class for each variant, without a wildcard: a new variant has to choose.
    fn class(&self) -> Class {
        match self {
            Self::InputTooLong { .. } | Self::NestingTooDeep { .. } => Class::Limit,
            Self::ByteOrderMark { .. } | Self::InvalidUtf8 { .. } | Self::LoneSurrogate { .. } => {
                Class::Encoding
            }
            Self::Empty { .. }
            | Self::UnexpectedEnd { .. }
            | Self::UnexpectedCharacter { .. }
            | Self::InvalidLiteral { .. }
            | Self::LeadingZero { .. }
            | Self::InvalidEscape { .. }
            | Self::InvalidUnicodeEscape { .. }
            | Self::ControlInString { .. }
            | Self::TrailingComma { .. }
            | Self::TrailingContent { .. } => Class::Syntax,
            Self::NotObject { .. }
            | Self::MissingAction { .. }
            | Self::MissingTime { .. }
            | Self::DuplicateAction { .. }
            | Self::DuplicateTime { .. }
            | Self::ActionNotString { .. }
            | Self::TimeNotNumber { .. }
            | Self::NameBlank { .. }
            | Self::NameControl { .. }
            | Self::NameTooLong { .. }
            | Self::NameRefused { .. }
            | Self::TimeNegative { .. }
            | Self::TimeNotInteger { .. }
            | Self::DuplicateStamp { .. }
            | Self::StampKind { .. }
            | Self::StampNotMoment { .. }
            | Self::StampOutOfRange { .. }
            | Self::TimeTooLarge { .. } => Class::Schema,
        }
    }
}

/// A character as a message shows it: itself in backticks where that is safe, else its number.
///
/// Safe is visible ASCII only. What came from outside may hold controls and marks that turn the
/// direction of text, and a message ends up on terminals and in logs.
struct Shown(char);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_ascii_graphic() && self.0 != '`' {
            write!(f, "`{}`", self.0)
        } else {
            write!(f, "U+{:04X}", u32::from(self.0))
        }
    }
}
