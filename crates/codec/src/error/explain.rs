//! Why a scan ended, in three words; and the error that is made of it when somebody wants to know.
//!
//! A scan hands its position on in registers, and a fault with it. A [`DecodeError`] is six words
//! and is told in full: making one on the way, for a line of which nobody may ever be told, took
//! most of the time of a refused line. What a fault does not carry is read again in the input.

use std::borrow::Cow;

use core_actions::{ActionName, NameError};

use super::code::{ErrorCode, ScanError};
use super::{DecodeError, Excerpt, Kind};
use crate::options::Limits;
use crate::scan::cursor::Cursor;
use crate::scan::string::Text;
use crate::scan::value::byte_order_mark;

impl ScanError {
    /// Tells the fault of an input in full.
    #[cold]
    pub(crate) fn explain(self, input: &[u8], limits: Limits) -> DecodeError {
        let Self { code, at, detail } = self;
        let rest = input.get(at..).unwrap_or_default();
        let kind = || kind(rest);
        let excerpt = || Excerpt::new(number(rest));
        match code {
            ErrorCode::InputTooLong => {
                DecodeError::InputTooLong { len: input.len(), max: limits.input_bytes }
            }
            ErrorCode::ByteOrderMark => {
                DecodeError::ByteOrderMark { encoding: byte_order_mark(input).unwrap_or("UTF-8") }
            }
            ErrorCode::NestingTooDeep => {
                DecodeError::NestingTooDeep { depth: detail, max: limits.nesting, at }
            }
            ErrorCode::InvalidUtf8 => invalid_utf8(rest, at),
            ErrorCode::LoneSurrogate => DecodeError::LoneSurrogate { found: detail as u16, at },
            ErrorCode::Empty => DecodeError::Empty { len: at },
            ErrorCode::Unexpected(expected) => character(rest, at, expected.text(), |found| {
                DecodeError::UnexpectedCharacter { found, expected: expected.text(), at }
            }),
            ErrorCode::InvalidLiteral => {
                let expected = match input.get(at.saturating_sub(detail)) {
                    Some(b't') => "`true`",
                    Some(b'f') => "`false`",
                    _ => "`null`",
                };
                let refuse = |found| DecodeError::InvalidLiteral { found, expected, at };
                character(rest, at, expected, refuse)
            }
            ErrorCode::LeadingZero => {
                character(rest, at, "a number", |found| DecodeError::LeadingZero { found, at })
            }
            ErrorCode::InvalidEscape => character(rest, at, "the rest of an escape", |found| {
                DecodeError::InvalidEscape { found, at }
            }),
            ErrorCode::InvalidUnicodeEscape => {
                character(rest, at, "four hexadecimal digits", |found| {
                    DecodeError::InvalidUnicodeEscape { found, at }
                })
            }
            ErrorCode::ControlInString => {
                character(rest, at, "`\"`", |found| DecodeError::ControlInString { found, at })
            }
            ErrorCode::TrailingComma(expected) => character(rest, at, expected.text(), |found| {
                DecodeError::TrailingComma { found, expected: expected.text(), at }
            }),
            ErrorCode::TrailingContent => character(rest, at, "the end of the input", |found| {
                DecodeError::TrailingContent { found, at }
            }),
            ErrorCode::NotObject => DecodeError::NotObject { found: kind(), at },
            ErrorCode::MissingAction => DecodeError::MissingAction { at },
            ErrorCode::MissingTime => DecodeError::MissingTime { at },
            ErrorCode::DuplicateAction => DecodeError::DuplicateAction { first: detail, at },
            ErrorCode::DuplicateTime => DecodeError::DuplicateTime { first: detail, at },
            ErrorCode::DuplicateStamp => DecodeError::DuplicateStamp { first: detail, at },
            ErrorCode::ActionNotString => DecodeError::ActionNotString { found: kind(), at },
            ErrorCode::TimeNotNumber => DecodeError::TimeNotNumber { found: kind(), at },
            ErrorCode::NameBlank => DecodeError::NameBlank { len: detail, at },
            ErrorCode::NameControl => {
                let found = u32::try_from(detail).ok().and_then(char::from_u32);
                DecodeError::NameControl { found: found.unwrap_or_default(), at }
            }
            ErrorCode::NameTooLong => {
                DecodeError::NameTooLong { len: detail, max: limits.name_bytes, at }
            }
            ErrorCode::NameRefused => {
                DecodeError::NameRefused { at, source: refusal(rest, limits) }
            }
            ErrorCode::TimeNegative => DecodeError::TimeNegative { found: excerpt(), at },
            ErrorCode::TimeTooLarge(max) => DecodeError::TimeTooLarge { found: excerpt(), max, at },
            ErrorCode::TimeNotInteger => DecodeError::TimeNotInteger { found: excerpt(), at },
            ErrorCode::StampNotNumber => {
                DecodeError::StampKind { found: kind(), expected: "a number", at }
            }
            ErrorCode::StampNotString => {
                DecodeError::StampKind { found: kind(), expected: "a string", at }
            }
            ErrorCode::StampNotRfc3339 => DecodeError::StampNotMoment { at },
            ErrorCode::StampOutOfRange => DecodeError::StampOutOfRange { at },
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
