//! Why a scan ended, in three words.

use super::TimeMax;

/// What every step of a scan answers.
pub(crate) type ScanResult<T> = Result<T, ScanError>;

/// Why and where a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanError {
    pub(crate) code: ErrorCode,
    /// Which byte of the input.
    pub(crate) at: usize,
    /// A number that goes with it.
    pub(crate) detail: usize,
}

/// The conditions of [`DecodeError`], and at which point of the grammar they were met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// Told without a look at the content, as is the next.
    InputTooLong,
    ByteOrderMark,
    /// The depth is the detail.
    NestingTooDeep,
    InvalidUtf8,
    /// The surrogate is the detail.
    LoneSurrogate,
    Empty,
    Unexpected(Expected),
    /// The literal begins as many bytes before as the detail says.
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
    /// Where the first key is, is the detail; so for the next two.
    DuplicateAction,
    DuplicateTime,
    DuplicateStamp,
    ActionNotString,
    TimeNotNumber,
    /// The length is the detail.
    NameBlank,
    /// The character is the detail.
    NameControl,
    /// The length is the detail.
    NameTooLong,
    NameRefused,
    TimeNegative,
    TimeTooLarge(TimeMax),
    TimeNotInteger,
    StampNotNumber,
    StampNotString,
    StampNotRfc3339,
    StampOutOfRange,
}

/// What could have stood where something else was found.
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
}

impl Expected {
    pub(super) fn text(self) -> &'static str {
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
        }
    }
}
