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
        // Called in each arm: a kind that all arms assign is copied once more.
        let located = |kind| DecodeError { kind, at };
        let rest = input.get(at..).unwrap_or_default();
        let found = || json_type(rest);
        let excerpt = || Excerpt::new(number(rest));
        match code {
            ErrorCode::InputTooLong => located(Kind::InputTooLong { len: detail, max: at }),
            ErrorCode::ByteOrderMark => {
                located(Kind::ByteOrderMark { encoding: byte_order_mark(input).unwrap_or("UTF-8") })
            }
            ErrorCode::NestingTooDeep => {
                located(Kind::NestingTooDeep { depth: detail, max: limits.nesting })
            }
            ErrorCode::InvalidUtf8 => located(invalid_utf8(rest)),
            ErrorCode::LoneSurrogate => located(Kind::LoneSurrogate { found: detail as u16 }),
            ErrorCode::Empty => located(Kind::Empty { len: at }),
            ErrorCode::Unexpected(expected) => {
                let expected = expected.text();
                character(rest, at, expected, |found| Kind::UnexpectedCharacter { found, expected })
            }
            ErrorCode::InvalidLiteral => {
                let expected = match input.get(at.saturating_sub(detail)) {
                    Some(b't') => "`true`",
                    Some(b'f') => "`false`",
                    _ => "`null`",
                };
                character(rest, at, expected, |found| Kind::InvalidLiteral { found, expected })
            }
            ErrorCode::LeadingZero => {
                character(rest, at, "a number", |found| Kind::LeadingZero { found })
            }
            ErrorCode::InvalidEscape => {
                character(rest, at, "the rest of an escape", |found| Kind::InvalidEscape { found })
            }
            ErrorCode::InvalidUnicodeEscape => {
                let expected = "four hexadecimal digits";
                character(rest, at, expected, |found| Kind::InvalidUnicodeEscape { found })
            }
            ErrorCode::ControlInString => {
                character(rest, at, "`\"`", |found| Kind::ControlInString { found })
            }
            ErrorCode::TrailingComma(expected) => {
                let expected = expected.text();
                character(rest, at, expected, |found| Kind::TrailingComma { found, expected })
            }
            ErrorCode::TrailingContent => {
                character(rest, at, "the end of the input", |found| Kind::TrailingContent { found })
            }
            ErrorCode::NotObject => located(Kind::NotObject { found: found() }),
            ErrorCode::MissingAction => located(Kind::MissingAction),
            ErrorCode::MissingTime => located(Kind::MissingTime),
            ErrorCode::DuplicateAction => located(Kind::DuplicateAction { first: detail }),
            ErrorCode::DuplicateTime => located(Kind::DuplicateTime { first: detail }),
            ErrorCode::FieldRepeated => {
                located(Kind::FieldRepeated { key: key(rest).into(), first: detail })
            }
            ErrorCode::RepeatedInText => located(Kind::RepeatedInText),
            ErrorCode::ActionNotString => located(Kind::ActionNotString { found: found() }),
            ErrorCode::TimeNotNumber => located(Kind::TimeNotNumber { found: found() }),
            ErrorCode::NameBlank => located(Kind::NameBlank { len: detail }),
            ErrorCode::NameControl => {
                let found = u32::try_from(detail).ok().and_then(char::from_u32);
                located(Kind::NameControl { found: found.unwrap_or_default() })
            }
            ErrorCode::NameTooLong => {
                located(Kind::NameTooLong { len: detail, max: limits.name_bytes })
            }
            ErrorCode::NameRefused => {
                located(Kind::NameRefused { source: name_error(rest, limits) })
            }
            ErrorCode::TimeNegative => located(Kind::TimeNegative { found: excerpt() }),
            ErrorCode::TimeTooLarge(max) => located(Kind::TimeTooLarge { found: excerpt(), max }),
            ErrorCode::TimeNotInteger => located(Kind::TimeNotInteger { found: excerpt() }),
            #[cfg(feature = "csv")]
            ErrorCode::ColumnCount => {
                DecodeError { kind: Kind::ColumnCount { found: detail, expected: at }, at: 0 }
            }
            ErrorCode::UnclosedQuote => located(Kind::UnclosedQuote),
            ErrorCode::NotPair(expected) => {
                let expected = expected.text();
                character(rest, at, expected, |found| Kind::NotPair { found, expected })
            }
        }
    }
}

/// Returns the error of the character at the start of `rest`.
///
/// Every error about a character is made here, so that an input that ends, or that is not UTF-8,
/// gets the same error everywhere.
fn character(
    rest: &[u8],
    at: usize,
    expected: &'static str,
    refuse: impl FnOnce(char) -> DecodeErrorKind,
) -> DecodeError {
    if rest.is_empty() {
        return DecodeError { kind: DecodeErrorKind::UnexpectedEnd { expected }, at };
    }
    // A character has at most four bytes. The next one may be cut off; it is not looked at.
    let longest = rest.get(..4).unwrap_or(rest);
    match longest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) {
        Some(found) => DecodeError { kind: refuse(found), at },
        None => DecodeError { kind: invalid_utf8(rest), at },
    }
}

fn invalid_utf8(rest: &[u8]) -> DecodeErrorKind {
    DecodeErrorKind::InvalidUtf8 { found: rest.first().copied().unwrap_or_default() }
}

/// Returns the key at the start of `rest`: a JSON string, or the bare key of a flat form.
fn key(rest: &[u8]) -> Cow<'_, str> {
    if rest.starts_with(b"\"") {
        return Cursor::new(rest).string().map_or(Cow::default(), Text::text);
    }
    let is_end = |byte: &u8| *byte <= b' ' || *byte == b'=';
    String::from_utf8_lossy(rest.split(is_end).next().unwrap_or_default())
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
