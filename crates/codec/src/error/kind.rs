//! The conditions under which an input is refused: one enum, and one table of their classes.

use std::fmt;

use core_actions::NameError;
use core_time::counted;
use thiserror::Error;

use super::excerpt::Excerpt;
use super::field_expected::FieldExpected;
use super::json_type::{JsonType, TimeMax};
use super::object_keys::{ObjectKeys, Safe};
use crate::fields::Skip;
use crate::moment::MomentError;
use crate::quantity::QuantityError;

/// The condition under which an input is refused.
///
/// A variant holds what was found and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    // Limits.
    /// The input is longer than [`Limits::input_bytes`](crate::Limits::input_bytes).
    ///
    /// Its content was not read. The error is at the first byte beyond the limit.
    #[error("input is {}, limit is {max}", counted(*len, "byte"))]
    InputTooLong {
        /// Length of the input, in bytes.
        len: usize,
        /// Maximum length, in bytes.
        max: usize,
    },
    /// Objects and arrays are nested deeper than [`Limits::nesting`](crate::Limits::nesting).
    #[error("arrays and objects are nested {depth} deep, limit is {max}")]
    NestingTooDeep {
        /// Depth of the bracket that was refused. The outermost object or array has depth 1.
        depth: usize,
        /// Maximum depth.
        max: usize,
    },

    // Encoding.
    /// The input starts with a byte order mark.
    #[error("found a byte order mark of {encoding}, expected UTF-8 without one")]
    ByteOrderMark {
        /// The encoding of the mark, `UTF-8` or `UTF-16`.
        encoding: &'static str,
    },
    /// The bytes are not UTF-8.
    #[error("found the byte 0x{found:02X}, expected UTF-8")]
    InvalidUtf8 {
        /// The first byte of the invalid sequence.
        found: u8,
    },
    /// A `\u` escape is half of a surrogate pair, without its other half.
    #[error("escape `\\u{found:04x}` is half of a surrogate pair, expected both")]
    LoneSurrogate {
        /// The surrogate.
        found: u16,
    },

    // Syntax.
    /// The input is empty or white space.
    #[error("input is empty ({} of white space), expected an object", counted(*len, "byte"))]
    Empty {
        /// Length of the input, in bytes.
        len: usize,
    },
    /// The input ends before the value does.
    #[error("input ends, expected {expected}")]
    UnexpectedEnd {
        /// What is allowed next.
        expected: &'static str,
    },
    /// A character is not allowed here, and no other variant describes it.
    #[error("found {}, expected {expected}", Shown(*found))]
    UnexpectedCharacter {
        /// The character.
        found: char,
        /// What is allowed here.
        expected: &'static str,
    },
    /// A word starts like `true`, `false` or `null` and continues differently.
    #[error("found {} in a literal, expected {expected}", Shown(*found))]
    InvalidLiteral {
        /// The first character that differs.
        found: char,
        /// The literal that the word starts like, in backticks.
        expected: &'static str,
    },
    /// A number other than 0 starts with a 0.
    #[error(
        "found {} after a leading zero, expected `.`, `e` or the end of the number",
        Shown(*found)
    )]
    LeadingZero {
        /// The digit after the zero.
        found: char,
    },
    /// The character after a backslash does not make an escape.
    #[error("found {} after a backslash, expected one of `\"\\/bfnrtu`", Shown(*found))]
    InvalidEscape {
        /// The character after the backslash.
        found: char,
    },
    /// A `\u` is not followed by four hexadecimal digits.
    #[error("found {} in a `\\u` escape, expected four hexadecimal digits", Shown(*found))]
    InvalidUnicodeEscape {
        /// The first character that is not a hexadecimal digit.
        found: char,
    },
    /// A string contains a control character below U+0020 that is not escaped.
    #[error("found {} in a string, expected it as an escape", Shown(*found))]
    ControlInString {
        /// The control character.
        found: char,
    },
    /// A comma is followed by the end of its object or array.
    #[error("found {} after a comma, expected {expected}", Shown(*found))]
    TrailingComma {
        /// The closing bracket.
        found: char,
        /// What must follow the comma.
        expected: &'static str,
    },
    /// The value is followed by something other than white space.
    #[error("found {} after the value, expected the end of the input", Shown(*found))]
    TrailingContent {
        /// The first character after the value.
        found: char,
    },
    /// A row of CSV has another number of columns than the first row.
    #[error("row has {}, expected {expected}", counted(*found, "column"))]
    ColumnCount {
        /// The number of columns.
        found: usize,
        /// The number of columns of the first row.
        expected: usize,
    },
    /// A quote of a flat record is not closed. The error is at the quote that opens.
    #[error("quote is not closed, expected another quote before the end of the input")]
    UnclosedQuote,
    /// A character is not allowed at this place of a logfmt line.
    #[error("found {}, expected {expected}", Shown(*found))]
    NotPair {
        /// The character.
        found: char,
        /// What is allowed here.
        expected: &'static str,
    },

    // Schema.
    /// The input is JSON, but not an object.
    #[error("input is {found}, expected an object")]
    NotObject {
        /// The type of the input.
        found: JsonType,
    },
    /// The object has no key `action`.
    #[error("key `action` is missing, expected a string")]
    MissingAction,
    /// The object has no key `time`.
    #[error("key `time` is missing, expected a number")]
    MissingTime,
    /// The object has more than one key `action`, with or without escapes.
    #[error("key `action` is repeated, expected only the one at byte {first}")]
    DuplicateAction {
        /// Offset of the opening quote of the first key.
        first: usize,
    },
    /// The object has more than one key `time`, with or without escapes.
    #[error("key `time` is repeated, expected only the one at byte {first}")]
    DuplicateTime {
        /// Offset of the opening quote of the first key.
        first: usize,
    },
    /// The object has more than one key that a path selects, with or without escapes.
    #[error("key `{}` is repeated, expected only the one at byte {first}", Safe(key))]
    FieldRepeated {
        /// The key.
        key: Box<str>,
        /// Offset of the opening quote of the first key.
        first: usize,
    },
    /// The object in the text of a field has more than one key that a path selects.
    ///
    /// The error is at the field, because its text may be written with escapes.
    #[error("object in the text has a selected key twice, expected once")]
    RepeatedInText,
    /// The record has no field for the name or for the value.
    #[error("field `{}` is missing, expected {expected}", Safe(path))]
    FieldMissing {
        /// The paths that were looked for.
        path: Box<str>,
        /// What the field may hold.
        expected: FieldExpected,
    },
    /// A field has another type than its use allows.
    #[error("field `{}` is {found}{keys}, expected {expected}", Safe(path))]
    FieldType {
        /// The path of the field.
        path: Box<str>,
        /// The type of the value.
        found: JsonType,
        /// The first keys of the value, if it is an object.
        keys: ObjectKeys,
        /// What the field may hold.
        expected: FieldExpected,
    },
    /// The value is not a time of 0 or more.
    #[error("field `{}`: {reason}", Safe(path))]
    Value {
        /// The path of the value.
        path: Box<str>,
        /// What was found, what is wrong, and what to write instead.
        reason: Box<QuantityError>,
    },
    /// The timestamp is not a moment in the configured format.
    #[error("timestamp `{}` is `{}`, {reason}", Safe(path), Safe(found))]
    Moment {
        /// The path of the timestamp.
        path: Box<str>,
        /// The start of the timestamp.
        found: Box<str>,
        /// What is wrong, and what to write instead.
        reason: MomentError,
    },
    /// A condition compares the field with a duration, and the unit of its number is unknown.
    ///
    /// All such records are refused until [`Fields::unit`](crate::Fields::unit) is given.
    #[error(
        "field `{}` is `{}` and a condition has a unit, expected the unit of numbers as well",
        Safe(path),
        Safe(found)
    )]
    UnitNeeded {
        /// The path of the field.
        path: Box<str>,
        /// The start of the number.
        found: Box<str>,
    },
    /// The record is skipped: it is not one of those that count.
    ///
    /// Only [`DecodeOptions::decode`](crate::DecodeOptions::decode) and `decode_stamped` return
    /// it. A batch counts such records.
    #[error("record is skipped: {reason}")]
    Skipped {
        /// The reason.
        reason: Skip,
    },
    /// The record is filtered: a condition does not hold, or its moment is out of the interval.
    ///
    /// Only [`DecodeOptions::decode`](crate::DecodeOptions::decode) and `decode_stamped` return
    /// it. A batch counts such records.
    #[error("record is filtered, expected one that meets all conditions")]
    Filtered,
    /// The value of `action` is not a string.
    #[error("value of `action` is {found}, expected a string")]
    ActionNotString {
        /// The type of the value.
        found: JsonType,
    },
    /// The value of `time` is not a number.
    #[error("value of `time` is {found}, expected a number")]
    TimeNotNumber {
        /// The type of the value.
        found: JsonType,
    },
    /// The action name is empty or white space.
    #[error("action name is blank, expected a character that is not white space")]
    NameBlank {
        /// Length of the name, in bytes of UTF-8 after decoding escapes.
        len: usize,
    },
    /// The action name contains a control character.
    ///
    /// JSON allows it as an escape, and from U+007F on also without one. The error is at the
    /// character or the backslash of its escape.
    #[error("action name holds the control character {}, expected none", Shown(*found))]
    NameControl {
        /// The first control character.
        found: char,
    },
    /// The action name is longer than [`Limits::name_bytes`](crate::Limits::name_bytes).
    #[error("action name is {}, limit is {max}", counted(*len, "byte"))]
    NameTooLong {
        /// Length of the name, in bytes of UTF-8 after decoding escapes.
        len: usize,
        /// Maximum length, in bytes.
        max: usize,
    },
    /// The action name breaks a rule of [`ActionName`](crate::ActionName) without a variant here.
    ///
    /// Does not occur today: it covers rules that `core-actions` may add later.
    #[error("action name is refused, expected a valid one")]
    NameRefused {
        /// The rule.
        #[source]
        source: NameError,
    },
    /// The time is below 0, even if the nearest float is 0.
    #[error("time is `{found}`, expected 0 or more")]
    TimeNegative {
        /// The number as written, at most 32 bytes of it.
        found: Excerpt,
    },
    /// The time is above 2^64 - 1 as an integer, or above the largest finite float.
    #[error("time is `{found}`, limit is {max}")]
    TimeTooLarge {
        /// The number as written, at most 32 bytes of it.
        found: Excerpt,
        /// The maximum of this notation.
        max: TimeMax,
    },
    /// The time is not an integer below 2^64, and
    /// [fractions are refused](crate::Fractions::Refused).
    #[error("time is `{found}`, expected an integer")]
    TimeNotInteger {
        /// The number as written, at most 32 bytes of it.
        found: Excerpt,
    },
}

/// The class of an error. Private, because the predicates of the error cover it.
#[derive(PartialEq)]
pub(super) enum Class {
    Limit,
    Encoding,
    Syntax,
    Schema,
}

impl DecodeErrorKind {
    /// Returns the class and the reason. Without a wildcard, so a new variant has to choose.
    pub(super) fn class_and_reason(&self) -> (Class, &'static str) {
        match self {
            Self::InputTooLong { .. } => (Class::Limit, "too long"),
            Self::NestingTooDeep { .. } => (Class::Limit, "nested too deep"),
            Self::ByteOrderMark { .. } => (Class::Encoding, "byte order mark"),
            Self::InvalidUtf8 { .. } => (Class::Encoding, "not UTF-8"),
            Self::LoneSurrogate { .. } => (Class::Encoding, "half of a surrogate pair"),
            Self::Empty { .. } => (Class::Syntax, "empty"),
            Self::UnexpectedEnd { .. } => (Class::Syntax, "ends too early"),
            Self::UnexpectedCharacter { .. }
            | Self::InvalidLiteral { .. }
            | Self::LeadingZero { .. }
            | Self::InvalidEscape { .. }
            | Self::InvalidUnicodeEscape { .. }
            | Self::ControlInString { .. }
            | Self::TrailingComma { .. } => (Class::Syntax, "not JSON"),
            Self::TrailingContent { .. } => (Class::Syntax, "more than one value"),
            Self::ColumnCount { .. } => (Class::Syntax, "wrong number of columns"),
            Self::UnclosedQuote => (Class::Syntax, "quote is not closed"),
            Self::NotPair { .. } => (Class::Syntax, "not logfmt"),
            Self::NotObject { .. } => (Class::Schema, "not an object"),
            Self::MissingAction => (Class::Schema, "key `action` is missing"),
            Self::MissingTime => (Class::Schema, "key `time` is missing"),
            Self::DuplicateAction { .. } => (Class::Schema, "key `action` is repeated"),
            Self::DuplicateTime { .. } => (Class::Schema, "key `time` is repeated"),
            Self::RepeatedInText => (Class::Schema, "key of a field is repeated"),
            Self::FieldRepeated { .. } => (Class::Schema, "key of a field is repeated"),
            Self::FieldMissing { .. } => (Class::Schema, "field is missing"),
            Self::FieldType { .. } => (Class::Schema, "field has the wrong type"),
            Self::Value { .. } => (Class::Schema, "value is not a time"),
            Self::Moment { .. } => (Class::Schema, "timestamp cannot be read"),
            Self::UnitNeeded { .. } => (Class::Schema, "unit of a condition is unknown"),
            Self::Skipped { reason } => (Class::Schema, reason.text()),
            Self::Filtered => (Class::Schema, "filtered"),
            Self::ActionNotString { .. } => (Class::Schema, "value of `action` is not a string"),
            Self::TimeNotNumber { .. } => (Class::Schema, "value of `time` is not a number"),
            Self::NameBlank { .. } => (Class::Schema, "action name is blank"),
            Self::NameControl { .. } => (Class::Schema, "action name holds a control character"),
            Self::NameTooLong { .. } => (Class::Schema, "action name is too long"),
            Self::NameRefused { .. } => (Class::Schema, "action name is refused"),
            Self::TimeNegative { .. } => (Class::Schema, "time is negative"),
            Self::TimeTooLarge { .. } => (Class::Schema, "time is too large"),
            Self::TimeNotInteger { .. } => (Class::Schema, "time is not an integer"),
        }
    }
}

/// Displays a character in backticks if it is safe, otherwise as `U+` and its number.
///
/// Only visible ASCII is safe. Input may hold controls and marks that reverse text, and messages
/// end up on terminals and in logs.
pub(crate) struct Shown(pub(crate) char);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_ascii_graphic() && self.0 != '`' {
            write!(f, "`{}`", self.0)
        } else {
            write!(f, "U+{:04X}", u32::from(self.0))
        }
    }
}
