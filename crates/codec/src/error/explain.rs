//! Builds the full error of a scan from the input.

use std::borrow::Cow;

use core_actions::{ActionName, NameError};

use super::code::{ErrorCode, ScanError};
use super::{DecodeError, DecodeErrorKind, Excerpt, JsonType};
use crate::options::Limits;
use crate::scan::cursor::Cursor;
use crate::scan::string::Text;
use crate::scan::value::byte_order_mark;

impl ScanError {
    /// Builds the error of `input`, which was scanned within `limits`.
    #[cold]
    pub(crate) fn explain(self, input: &[u8], limits: Limits) -> DecodeError {
        use DecodeErrorKind as Kind;

        let Self { code, at, detail } = self;
        let rest = input.get(at..).unwrap_or_default();
        let found = || json_type(rest);
        let excerpt = || Excerpt::new(number(rest));
        let kind = match code {
            ErrorCode::InputTooLong => return too_long(input.len(), limits),
            ErrorCode::ByteOrderMark => {
                Kind::ByteOrderMark { encoding: byte_order_mark(input).unwrap_or("UTF-8") }
            }
            ErrorCode::NestingTooDeep => {
                Kind::NestingTooDeep { depth: detail, max: limits.nesting }
            }
            ErrorCode::InvalidUtf8 => invalid_utf8(rest),
            ErrorCode::LoneSurrogate => Kind::LoneSurrogate { found: detail as u16 },
            ErrorCode::Empty => Kind::Empty { len: at },
            ErrorCode::Unexpected(expected) => {
                let expected = expected.text();
                character(rest, expected, |found| Kind::UnexpectedCharacter { found, expected })
            }
            ErrorCode::InvalidLiteral => {
                let expected = match input.get(at.saturating_sub(detail)) {
                    Some(b't') => "`true`",
                    Some(b'f') => "`false`",
                    _ => "`null`",
                };
                character(rest, expected, |found| Kind::InvalidLiteral { found, expected })
            }
            ErrorCode::LeadingZero => {
                character(rest, "a number", |found| Kind::LeadingZero { found })
            }
            ErrorCode::InvalidEscape => {
                character(rest, "the rest of an escape", |found| Kind::InvalidEscape { found })
            }
            ErrorCode::InvalidUnicodeEscape => {
                let expected = "four hexadecimal digits";
                character(rest, expected, |found| Kind::InvalidUnicodeEscape { found })
            }
            ErrorCode::ControlInString => {
                character(rest, "`\"`", |found| Kind::ControlInString { found })
            }
            ErrorCode::TrailingComma(expected) => {
                let expected = expected.text();
                character(rest, expected, |found| Kind::TrailingComma { found, expected })
            }
            ErrorCode::TrailingContent => {
                character(rest, "the end of the input", |found| Kind::TrailingContent { found })
            }
            ErrorCode::NotObject => Kind::NotObject { found: found() },
            ErrorCode::MissingAction => Kind::MissingAction,
            ErrorCode::MissingTime => Kind::MissingTime,
            ErrorCode::DuplicateAction => Kind::DuplicateAction { first: detail },
            ErrorCode::DuplicateTime => Kind::DuplicateTime { first: detail },
            ErrorCode::DuplicateStamp => Kind::DuplicateStamp { first: detail },
            ErrorCode::ActionNotString => Kind::ActionNotString { found: found() },
            ErrorCode::TimeNotNumber => Kind::TimeNotNumber { found: found() },
            ErrorCode::NameBlank => Kind::NameBlank { len: detail },
            ErrorCode::NameControl => {
                let found = u32::try_from(detail).ok().and_then(char::from_u32);
                Kind::NameControl { found: found.unwrap_or_default() }
            }
            ErrorCode::NameTooLong => Kind::NameTooLong { len: detail, max: limits.name_bytes },
            ErrorCode::NameRefused => Kind::NameRefused { source: name_error(rest, limits) },
            ErrorCode::TimeNegative => Kind::TimeNegative { found: excerpt() },
            ErrorCode::TimeTooLarge(max) => Kind::TimeTooLarge { found: excerpt(), max },
            ErrorCode::TimeNotInteger => Kind::TimeNotInteger { found: excerpt() },
            ErrorCode::StampNotNumber => Kind::StampType { found: found(), expected: "a number" },
            ErrorCode::StampNotString => Kind::StampType { found: found(), expected: "a string" },
            #[cfg(feature = "timestamps")]
            ErrorCode::StampNotRfc3339 => Kind::StampNotRfc3339,
            ErrorCode::StampOutOfRange => Kind::StampOutOfRange,
            #[cfg(feature = "csv")]
            ErrorCode::ColumnCount { wanted } => {
                Kind::ColumnCount { found: detail, expected: wanted as usize }
            }
            ErrorCode::UnclosedQuote => Kind::UnclosedQuote,
            ErrorCode::NotPair(expected) => {
                let expected = expected.text();
                character(rest, expected, |found| Kind::NotPair { found, expected })
            }
            ErrorCode::DuplicateKey => Kind::DuplicateKey { first: detail },
        };
        DecodeError { kind, at }
    }
}

/// Returns the error of an input of `len` bytes, which is above the limit.
pub(crate) fn too_long(len: usize, limits: Limits) -> DecodeError {
    let max = limits.input_bytes;
    DecodeError { kind: DecodeErrorKind::InputTooLong { len, max }, at: max }
}

/// Returns the error of the character at the start of `rest`.
///
/// Every error about a character is made here, so that an input that ends, or that is not UTF-8,
/// gets the same error everywhere.
fn character(
    rest: &[u8],
    expected: &'static str,
    refuse: impl FnOnce(char) -> DecodeErrorKind,
) -> DecodeErrorKind {
    if rest.is_empty() {
        return DecodeErrorKind::UnexpectedEnd { expected };
    }
    // A character has at most four bytes. The next one may be cut off; it is not looked at.
    let longest = rest.get(..4).unwrap_or(rest);
    match longest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) {
        Some(found) => refuse(found),
        None => invalid_utf8(rest),
    }
}

fn invalid_utf8(rest: &[u8]) -> DecodeErrorKind {
    DecodeErrorKind::InvalidUtf8 { found: rest.first().copied().unwrap_or_default() }
}

/// Returns the type of the value at the start of `rest`, which is valid.
fn json_type(rest: &[u8]) -> JsonType {
    match rest.first() {
        Some(b'"') => JsonType::String,
        Some(b'{') => JsonType::Object,
        Some(b'[') => JsonType::Array,
        Some(b't' | b'f') => JsonType::Boolean,
        Some(b'n') => JsonType::Null,
        _ => JsonType::Number,
    }
}

/// Returns the number at the start of `rest`, which is valid.
fn number(rest: &[u8]) -> &[u8] {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let len = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
    &rest[..len]
}

/// Returns why the string at the start of `rest` is not a valid name.
fn name_error(rest: &[u8], limits: Limits) -> NameError {
    let text = Cursor::new(rest).string();
    let name = text.map_or(Cow::default(), Text::text);
    let error = ActionName::with_limit(name, limits.name_bytes).err();
    error.unwrap_or(NameError::Blank { len: 0 })
}
