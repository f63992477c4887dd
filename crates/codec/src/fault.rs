//! Why a scan ended, in three words; and the error that is made of it when somebody wants to know.
//!
//! A scan hands its position on in registers, and a fault with it. A [`DecodeError`] is six words
//! and is told in full: making one on the way, for a line of which nobody may ever be told, took
//! most of the time of a refused line. What a fault does not carry is read again in the input.

use std::borrow::Cow;

use core_actions::{ActionName, NameError};

use crate::cursor::Cursor;
use crate::decode::byte_order_mark;
use crate::error::{DecodeError, Kind, TimeMax};
use crate::excerpt::Excerpt;
use crate::limits::Limits;
use crate::string::Text;

/// What every step of a scan answers.
pub(crate) type Scanned<T> = Result<T, Fault>;

/// Why and where a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) what: What,
    /// Which byte of the input.
    pub(crate) at: usize,
    /// A number that goes with it.
    pub(crate) detail: usize,
}

/// The conditions of [`DecodeError`], and at which point of the grammar they were met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
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
    StampNotMoment,
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
    fn text(self) -> &'static str {
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

impl Fault {
    /// Tells the fault of an input in full.
    #[cold]
    pub(crate) fn explain(self, input: &[u8], limits: Limits) -> DecodeError {
        let Self { what, at, detail } = self;
        let rest = input.get(at..).unwrap_or_default();
        let kind = || kind(rest);
        let excerpt = || Excerpt::new(number(rest));
        match what {
            What::InputTooLong => {
                DecodeError::InputTooLong { len: input.len(), max: limits.input_bytes }
            }
            What::ByteOrderMark => {
                DecodeError::ByteOrderMark { encoding: byte_order_mark(input).unwrap_or("UTF-8") }
            }
            What::NestingTooDeep => {
                DecodeError::NestingTooDeep { depth: detail, max: limits.nesting, at }
            }
            What::InvalidUtf8 => invalid_utf8(rest, at),
            What::LoneSurrogate => DecodeError::LoneSurrogate { found: detail as u16, at },
            What::Empty => DecodeError::Empty { len: at },
            What::Unexpected(expected) => character(rest, at, expected.text(), |found| {
                DecodeError::UnexpectedCharacter { found, expected: expected.text(), at }
            }),
            What::InvalidLiteral => {
                let expected = match input.get(at.saturating_sub(detail)) {
                    Some(b't') => "`true`",
                    Some(b'f') => "`false`",
                    _ => "`null`",
                };
                let refuse = |found| DecodeError::InvalidLiteral { found, expected, at };
                character(rest, at, expected, refuse)
            }
            What::LeadingZero => {
                character(rest, at, "a number", |found| DecodeError::LeadingZero { found, at })
            }
            What::InvalidEscape => character(rest, at, "the rest of an escape", |found| {
                DecodeError::InvalidEscape { found, at }
            }),
            What::InvalidUnicodeEscape => character(rest, at, "four hexadecimal digits", |found| {
                DecodeError::InvalidUnicodeEscape { found, at }
            }),
            What::ControlInString => {
                character(rest, at, "`\"`", |found| DecodeError::ControlInString { found, at })
            }
            What::TrailingComma(expected) => character(rest, at, expected.text(), |found| {
                DecodeError::TrailingComma { found, expected: expected.text(), at }
            }),
            What::TrailingContent => character(rest, at, "the end of the input", |found| {
                DecodeError::TrailingContent { found, at }
            }),
            What::NotObject => DecodeError::NotObject { found: kind(), at },
            What::MissingAction => DecodeError::MissingAction { at },
            What::MissingTime => DecodeError::MissingTime { at },
            What::DuplicateAction => DecodeError::DuplicateAction { first: detail, at },
            What::DuplicateTime => DecodeError::DuplicateTime { first: detail, at },
            What::DuplicateStamp => DecodeError::DuplicateStamp { first: detail, at },
            What::ActionNotString => DecodeError::ActionNotString { found: kind(), at },
            What::TimeNotNumber => DecodeError::TimeNotNumber { found: kind(), at },
            What::NameBlank => DecodeError::NameBlank { len: detail, at },
            What::NameControl => {
                let found = u32::try_from(detail).ok().and_then(char::from_u32);
                DecodeError::NameControl { found: found.unwrap_or_default(), at }
            }
            What::NameTooLong => {
                DecodeError::NameTooLong { len: detail, max: limits.name_bytes, at }
            }
            What::NameRefused => DecodeError::NameRefused { at, source: refusal(rest, limits) },
            What::TimeNegative => DecodeError::TimeNegative { found: excerpt(), at },
            What::TimeTooLarge(max) => DecodeError::TimeTooLarge { found: excerpt(), max, at },
            What::TimeNotInteger => DecodeError::TimeNotInteger { found: excerpt(), at },
            What::StampNotNumber => {
                DecodeError::StampKind { found: kind(), expected: "a number", at }
            }
            What::StampNotString => {
                DecodeError::StampKind { found: kind(), expected: "a string", at }
            }
            What::StampNotMoment => DecodeError::StampNotMoment { at },
            What::StampOutOfRange => DecodeError::StampOutOfRange { at },
        }
    }
}

/// Refuses the character that `rest` begins with, unless there is none or it is none.
///
/// Every refusal of a character comes through here, so that an input which ends, or which is not
/// UTF-8, is called so wherever that happens.
fn character(
    rest: &[u8],
    at: usize,
    expected: &'static str,
    refuse: impl FnOnce(char) -> DecodeError,
) -> DecodeError {
    if rest.is_empty() {
        return DecodeError::UnexpectedEnd { expected, at };
    }
    // No character is longer than four bytes; a second one may be cut off, and is not asked for.
    let longest = rest.get(..4).unwrap_or(rest);
    match longest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) {
        Some(found) => refuse(found),
        None => invalid_utf8(rest, at),
    }
}

fn invalid_utf8(rest: &[u8], at: usize) -> DecodeError {
    DecodeError::InvalidUtf8 { found: rest.first().copied().unwrap_or_default(), at }
}

/// The kind of the value that stands here, which was read before.
fn kind(rest: &[u8]) -> Kind {
    match rest.first() {
        Some(b'"') => Kind::String,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'n') => Kind::Null,
        _ => Kind::Number,
    }
}

/// The number that stands here, which was read before.
fn number(rest: &[u8]) -> &[u8] {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let len = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
    &rest[..len]
}

/// Why the string that stands here is no name.
fn refusal(rest: &[u8], limits: Limits) -> NameError {
    let text = Cursor::new(rest).string();
    let name = text.map_or(Cow::default(), Text::text);
    let refused = ActionName::with_limit(name, limits.name_bytes).err();
    refused.unwrap_or(NameError::Blank { len: 0 })
}
