//! logfmt: pairs `key=value` with white space between them.
//!
//! A value is bare, up to the next white space, or in quotes with the escapes of JSON. A key
//! without a value is `true`. Go programs quote with escapes that JSON does not have, such as
//! `\x1b`: only values that are read must have those of JSON, and others are skipped.

use std::str;

use memchr::memchr2;

use super::keys::Keys;
use crate::error::code::{ErrorCode, Expected, ScanError, ScanResult};
use crate::fields::found::{Fault, Found, Slot};
use crate::scan::cursor::Cursor;
use crate::scan::swar;

/// Fills the slots of the keys that are read from a line.
///
/// # Errors
///
/// A quote that is not closed, text directly after a closing quote, a pair without a key, an
/// escape that JSON does not have in a value that is read, and a key that is read twice.
pub(crate) fn read<'a>(line: &'a [u8], keys: &Keys, slots: &mut [Slot<'a>]) -> Result<(), Fault> {
    read_pairs(line, keys, slots).map_err(Fault::Refused)
}

fn read_pairs<'a>(line: &'a [u8], keys: &Keys, slots: &mut [Slot<'a>]) -> ScanResult<()> {
    let mut cursor = Cursor::new(line);
    let mut first_repeated = None;
    while let Some(key) = next_key(&mut cursor)? {
        let mut wanted = keys.find(key).peekable();
        if wanted.peek().is_none() {
            skip_value(&mut cursor)?;
            continue;
        }
        let value = read_value(&mut cursor)?;
        for slot in wanted {
            if slots[slot].found != Found::Absent {
                first_repeated.get_or_insert(repeated(key, value, slots[slot]));
                continue;
            }
            slots[slot] = value;
        }
    }
    // A line that is not well formed has its own error.
    first_repeated.map_or(Ok(()), Err)
}

/// Returns the error of a key that is read twice.
#[cold]
fn repeated(key: &[u8], second: Slot<'_>, first: Slot<'_>) -> ScanError {
    // A key without a value ends where its value would start, and others one byte before.
    let start =
        |value: Slot<'_>| value.at - key.len() - usize::from(value.found != Found::Bool(true));
    ScanError { code: ErrorCode::FieldRepeated, at: start(second), detail: start(first) }
}

/// Returns all pairs of a line, decoded.
///
/// # Errors
///
/// As [`read`], but for escapes and repeated keys, which are left to it.
pub(crate) fn pairs(line: &[u8]) -> ScanResult<Vec<(String, String)>> {
    let (mut cursor, mut pairs, mut scratch) = (Cursor::new(line), Vec::new(), String::new());
    while let Some(key) = next_key(&mut cursor)? {
        let start = cursor;
        let value = match read_value(&mut cursor) {
            Ok(Slot { found: Found::Bool(_), .. }) => "true".to_owned(),
            Ok(Slot { found, .. }) => match found.text(&mut scratch) {
                Some(text) => text.to_owned(),
                // Not UTF-8, and so not in quotes.
                None => decoded(start.up_to(cursor)).trim_start_matches('=').to_owned(),
            },
            Err(_) => {
                cursor = start;
                skip_value(&mut cursor)?;
                decoded(start.up_to(cursor)).trim_start_matches('=').trim_matches('"').to_owned()
            }
        };
        pairs.push((decoded(key), value));
    }
    Ok(pairs)
}

fn decoded(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the number of pairs whose keys are names, or 0 if the line is not well formed.
pub(crate) fn named_values(line: &[u8]) -> usize {
    let mut cursor = Cursor::new(line);
    let mut found = 0;
    while let Ok(Some(key)) = next_key(&mut cursor) {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-@/".contains(byte);
        found += usize::from(cursor.peek() == b'=' && key.iter().all(is_name));
        if skip_value(&mut cursor).is_err() {
            return 0;
        }
    }
    if cursor.at < line.len() { 0 } else { found }
}

/// Reads the next key, if there is one.
#[inline(always)]
fn next_key<'a>(cursor: &mut Cursor<'a>) -> ScanResult<Option<&'a [u8]>> {
    while cursor.peek() <= b' ' {
        if cursor.at >= cursor.bytes.len() {
            return Ok(None);
        }
        cursor.advance(1);
    }
    let start = *cursor;
    skip_to(cursor, |word| space(word) | swar::equal(word, b'=') | swar::equal(word, b'"'));
    if cursor.at == start.at || cursor.peek() == b'"' {
        return cursor.refuse(ErrorCode::NotPair(Expected::FieldKey));
    }
    Ok(Some(start.up_to(*cursor)))
}

/// Reads the value after a key, if there is one.
fn read_value<'a>(cursor: &mut Cursor<'a>) -> ScanResult<Slot<'a>> {
    if cursor.peek() != b'=' {
        return Ok(Slot { found: Found::Bool(true), at: cursor.at });
    }
    cursor.advance(1);
    let at = cursor.at;
    if cursor.peek() != b'"' {
        skip_to(cursor, space);
        return Ok(Slot::text(cursor.bytes, at..cursor.at));
    }
    let text = cursor.string()?;
    let raw = cursor.bytes.get(text.range()).unwrap_or_default();
    // The string is valid.
    let raw = str::from_utf8(raw).unwrap_or_default();
    let found = if text.is_escaped() { Found::Escaped(raw) } else { Found::Text(raw) };
    end_of_pair(*cursor)?;
    Ok(Slot { found, at })
}

/// Skips the value after a key, if there is one. Its escapes are not checked.
fn skip_value(cursor: &mut Cursor<'_>) -> ScanResult<()> {
    if cursor.peek() != b'=' {
        return Ok(());
    }
    cursor.advance(1);
    if cursor.peek() != b'"' {
        skip_to(cursor, space);
        return Ok(());
    }
    let open = *cursor;
    cursor.advance(1);
    while let Some(found) = memchr2(b'"', b'\\', cursor.rest()) {
        cursor.advance(found);
        if cursor.peek() == b'"' {
            cursor.advance(1);
            return end_of_pair(*cursor);
        }
        cursor.advance(2);
    }
    open.refuse(ErrorCode::UnclosedQuote)
}

/// Checks that a pair ends after a quote.
fn end_of_pair(cursor: Cursor<'_>) -> ScanResult<()> {
    if cursor.is_at_end() || cursor.peek() <= b' ' {
        Ok(())
    } else {
        cursor.refuse(ErrorCode::NotPair(Expected::Space))
    }
}

/// Moves to the first byte that `marks` marks, or to the end.
#[inline(always)]
fn skip_to(cursor: &mut Cursor<'_>, marks: impl Fn(u64) -> u64) {
    loop {
        // The zeros after the end are marked as white space.
        let found = swar::before(marks(cursor.word()));
        cursor.advance(found);
        if found < swar::BYTES {
            return;
        }
    }
}

/// Marks white space and control characters, exact up to the first mark.
#[inline(always)]
fn space(word: u64) -> u64 {
    swar::up_to(word, b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each key that a naive parser finds, the raw text of its value, and whether it is
    /// in quotes.
    fn naive(line: &str) -> Option<Vec<(&str, &str, bool)>> {
        let (mut pairs, mut rest) = (Vec::new(), line.trim_start_matches(' '));
        while !rest.is_empty() {
            let key = rest.split(['=', '"', ' ']).next()?;
            let after = &rest[key.len()..];
            if key.is_empty() || after.starts_with('"') {
                return None;
            }
            rest = match after.strip_prefix('=') {
                None => {
                    pairs.push((key, "true", false));
                    after
                }
                Some(value) if value.starts_with('"') => {
                    let mut end = 1;
                    loop {
                        match value.as_bytes().get(end)? {
                            b'"' => break,
                            b'\\' => end += 2,
                            _ => end += 1,
                        }
                    }
                    pairs.push((key, &value[1..end], true));
                    let after = &value[end + 1..];
                    if !after.is_empty() && !after.starts_with(' ') {
                        return None;
                    }
                    after
                }
                Some(value) => {
                    let len = value.find(' ').unwrap_or(value.len());
                    pairs.push((key, &value[..len], false));
                    &value[len..]
                }
            };
            rest = rest.trim_start_matches(' ');
        }
        Some(pairs)
    }

    /// Returns whether a text in quotes has an escape that JSON does not have.
    fn has_wrong_escape(text: &str) -> bool {
        serde_json::from_str::<String>(&format!("\"{text}\"")).is_err()
    }

    #[test]
    fn pairs_are_those_of_a_naive_parser() {
        let keys = Keys::new([(0, "a"), (1, "b")].into_iter());
        for len in 0..=7 {
            for number in 0..6_usize.pow(len) {
                let byte = |place| b"ab=\"\\ "[number / 6_usize.pow(place) % 6];
                let line: Vec<u8> = (0..len).map(byte).collect();
                let line = str::from_utf8(&line).unwrap();
                let mut slots = [Slot::default(); 2];
                let result = read(line.as_bytes(), &keys, &mut slots);
                let Some(pairs) = naive(line) else {
                    assert!(result.is_err(), "{line}");
                    continue;
                };
                for (key, slot) in ["a", "b"].into_iter().zip(slots) {
                    let mut values = pairs.iter().filter(|pair| pair.0 == key);
                    let (first, second) = (values.next(), values.next());
                    let has_escape = |pair: &(_, &str, _)| pair.2 && has_wrong_escape(pair.1);
                    if second.is_some() || first.is_some_and(has_escape) {
                        // Repeated, or not an escape of JSON.
                        assert!(result.is_err(), "{line}");
                        break;
                    }
                    if result.is_err() {
                        continue;
                    }
                    let found = match slot.found {
                        Found::Text(text) | Found::Escaped(text) => Some(text),
                        Found::Bool(true) => Some("true"),
                        _ => None,
                    };
                    assert_eq!(found, first.map(|pair| pair.1), "{line}");
                }
            }
        }
    }

    #[test]
    fn faults_are_located() {
        let keys = Keys::new([(0, "a")].into_iter());
        for (line, code, at, detail) in [
            ("b=1 =2", ErrorCode::NotPair(Expected::FieldKey), 4, 0),
            ("b=1 \"x\"", ErrorCode::NotPair(Expected::FieldKey), 4, 0),
            ("b=1 x\"", ErrorCode::NotPair(Expected::FieldKey), 5, 0),
            ("b=\"x\"y", ErrorCode::NotPair(Expected::Space), 5, 0),
            ("a=\"x\"y", ErrorCode::NotPair(Expected::Space), 5, 0),
            ("b=\"x\\\"", ErrorCode::UnclosedQuote, 2, 0),
            ("a=\"\\x1b\"", ErrorCode::InvalidEscape, 4, 0),
            ("a=1 b=2 a=3", ErrorCode::FieldRepeated, 8, 0),
            ("b a b a=3", ErrorCode::FieldRepeated, 6, 2),
            ("a=1 a=2 a=3 \"", ErrorCode::NotPair(Expected::FieldKey), 12, 0),
            ("a=1 a=2 a=3", ErrorCode::FieldRepeated, 4, 0),
        ] {
            let error = read(line.as_bytes(), &keys, &mut [Slot::default()]).unwrap_err();
            assert_eq!(error, Fault::Refused(ScanError { code, at, detail }), "{line}");
        }
        // Values that are not read may have escapes of other languages.
        assert_eq!(read(b"b=\"\\x1b\" a=1", &keys, &mut [Slot::default()]), Ok(()));
    }

    #[test]
    fn all_pairs_are_decoded() {
        let found = pairs(b"a=1 b=\"x \\\"y\\\"\" c d=\"\\x1b\" a=\xff").unwrap();
        let found: Vec<_> = found.iter().map(|(key, value)| (&**key, &**value)).collect();
        let expected =
            [("a", "1"), ("b", "x \"y\""), ("c", "true"), ("d", "\\x1b"), ("a", "\u{fffd}")];
        assert_eq!(found, expected);
        assert!(pairs(b"a=1 =2").is_err() && pairs(b"a=\"1").is_err());
    }
}
