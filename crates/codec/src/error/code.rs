//! The error of a scan: a code, an offset and a detail, three words that stay in registers.
//!
//! A [`DecodeError`](super::DecodeError) is six words, and building one for each refused line,
//! which nobody may look at, took most of the time of that line. `explain.rs` builds it on request,
//! and reads again from the input what the code does not hold.

use super::json_type::TimeMax;

/// The result of one step of a scan.
pub(crate) type ScanResult<T> = Result<T, ScanError>;

/// Why and where a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanError {
    pub(crate) code: ErrorCode,
    /// Offset in the input.
    pub(crate) at: usize,
    /// A number whose meaning depends on the code.
    pub(crate) detail: usize,
}

/// The conditions of [`DecodeErrorKind`](super::DecodeErrorKind), without their values.
///
/// Conditions that differ only in the input share a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// The offset is the limit, the detail the length.
    InputTooLong,
    ByteOrderMark,
    /// The detail is the depth.
    NestingTooDeep,
    InvalidUtf8,
    /// The detail is the surrogate.
    LoneSurrogate,
    Empty,
    Unexpected(Expected),
    /// The detail is the number of bytes since the start of the literal.
    InvalidLiteral,
    LeadingZero,
    InvalidEscape,
    InvalidUnicodeEscape,
    ControlInString,
    TrailingComma(Expected),
    TrailingContent,
    NotObject,
    MissingAction,
    MissingTime,
    /// The detail is the offset of the first key.
    DuplicateAction,
    /// The detail is the offset of the first key.
    DuplicateTime,
    /// The detail is the offset of the first key.
    FieldRepeated,
    /// In an object that is the text of a field. The error is at the field.
    RepeatedInText,
    ActionNotString,
    TimeNotNumber,
    /// The detail is the length.
    NameBlank,
    /// The detail is the character.
    NameControl,
    /// The detail is the length.
    NameTooLong,
    NameRefused,
    TimeNegative,
    TimeTooLarge(TimeMax),
    TimeNotInteger,
    /// The offset is the number of columns wanted, the detail that of those found.
    ///
    /// A number in the code would add a word to every result of a scan.
    #[cfg(feature = "csv")]
    ColumnCount,
    UnclosedQuote,
    /// Not a pair of logfmt.
    NotPair(Expected),
}

impl ErrorCode {
    /// Returns whether a selected key is repeated in a record that is well formed.
    pub(crate) fn is_repeated_key(self) -> bool {
        matches!(self, Self::FieldRepeated | Self::RepeatedInText)
    }
}

/// What the grammar allows at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrBrace,
    CommaOrBracket,
    Colon,
    Digit,
    OtherHalf,
    FieldKey,
    Space,
}

impl Expected {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Value => "a value",
            Self::ValueOrEnd => "a value or `]`",
            Self::Key => "a key in double quotes",
            Self::KeyOrEnd => "a key in double quotes or `}`",
            Self::CommaOrBrace => "`,` or `}`",
            Self::CommaOrBracket => "`,` or `]`",
            Self::Colon => "`:`",
            Self::Digit => "a digit",
            Self::OtherHalf => "the other half of a surrogate pair",
            Self::FieldKey => "a key",
            Self::Space => "a space or the end of the line",
        }
    }
}
