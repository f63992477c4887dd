//! Strings: their grammar, and their text.
//!
//! A string is read as pieces: runs of plain bytes, and escapes. Reading a piece checks all of it
//! (UTF-8, surrogates, control characters), so an ignored string follows the same rules as a name.
//! Most strings are a single piece and are borrowed from the input.
//!
//! A string with escapes is read again when its text is needed: to compare a key, to copy a name
//! that is short enough, or to find the input byte of a character. Decoding while scanning would
//! allocate for strings that nobody uses.

use std::borrow::Cow;
use std::ops::Range;
use std::str;

use memchr::{memchr, memrchr};
use simdutf8::compat::from_utf8;

use super::cursor::Cursor;
use super::swar::{BYTES, before, equal, special_in_name};
use crate::error::code::{ErrorCode, Expected, ScanError, ScanResult};

/// A valid string.
///
/// It is read again from the input instead of its own slice, so that a word near its end is still
/// one load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// The position of its opening quote.
    start: Cursor<'a>,
    /// Offset of its closing quote.
    end: usize,
    /// Length of its text, in bytes.
    ///
    /// An escape is longer than its character, so this equals the number of bytes between the
    /// quotes only in a string without escapes.
    pub(crate) len: usize,
}

/// A part of a string.
enum Piece<'a> {
    /// Bytes without escapes; valid UTF-8.
    Plain(&'a [u8]),
    /// A character written as an escape, or as two escapes of a surrogate pair.
    Escape(char),
    /// The closing quote.
    End,
}

impl<'a> Cursor<'a> {
    /// Reads a string, whose opening quote is here.
    #[inline(always)]
    pub(crate) fn string(&mut self) -> ScanResult<Text<'a>> {
        let start = *self;
        let len = if self.plain_string() {
            self.at - start.at - 2
        } else {
            let len;
            (self.at, len) = self.string_with_more(self.at - start.at - 1)?;
            len
        };
        Ok(Text { start, end: self.at - 1, len })
    }

    /// Skips a string, whose opening quote is here, if it is a single piece.
    ///
    /// If not, moves to the end of the first piece, and returns `false`.
    #[inline(always)]
    pub(crate) fn plain_string(&mut self) -> bool {
        self.advance(1);
        self.skip_plain();
        if self.peek() != b'"' {
            return false;
        }
        self.advance(1);
        true
    }

    /// Skips the rest of a string, whose first piece was read.
    #[inline(always)]
    pub(crate) fn skip_pieces(&mut self) -> ScanResult<()> {
        (self.at, _) = self.string_with_more(0)?;
        Ok(())
    }

    /// Reads a string, whose opening quote is here, if it is a plain name.
    ///
    /// A plain name is visible ASCII and spaces, and starts with a visible character. Reads nothing
    /// for any other string.
    #[inline(always)]
    pub(crate) fn plain_name(&mut self) -> Option<Range<usize>> {
        let start = self.at + 1;
        let mut end = self.placed(start);
        let is_visible = end.peek() > b' ';
        let mut special = special_in_name(end.word());
        while special == 0 {
            end.advance(BYTES);
            special = special_in_name(end.word());
        }
        end.advance(before(special));
        if !is_visible || end.at == start || end.peek() != b'"' {
            return None;
        }
        self.at = end.at + 1;
        Some(start..end.at)
    }

    /// Skips to the next quote, backslash, control character or byte that may not be UTF-8.
    #[inline(always)]
    fn skip_plain(&mut self) {
        let mut special = self.special();
        while special == 0 {
            self.advance(BYTES);
            special = self.special();
        }
        // The zeros that pad the last word are control characters, so this stops at the end.
        self.advance(before(special));
    }

    /// Reads the rest of a string after `len` plain bytes. Returns its end and the length of its
    /// text.
    #[inline(never)]
    fn string_with_more(self, mut len: usize) -> ScanResult<(usize, usize)> {
        let mut here = self;
        loop {
            match here.piece()? {
                Piece::Plain(bytes) => len += bytes.len(),
                Piece::Escape(character) => len += character.len_utf8(),
                Piece::End => return Ok((here.at, len)),
            }
        }
    }

    /// Reads and checks the next piece of a string.
    #[inline(always)]
    fn piece(&mut self) -> ScanResult<Piece<'a>> {
        let start = *self;
        loop {
            self.skip_plain();
            match self.peek() {
                b'"' | b'\\' if self.at > start.at => return Ok(Piece::Plain(start.up_to(*self))),
                b'"' => {
                    self.advance(1);
                    return Ok(Piece::End);
                }
                b'\\' => {
                    let (end, character) = self.escape()?;
                    self.at = end;
                    return Ok(Piece::Escape(character));
                }
                0x80.. => self.at = self.not_ascii()?,
                _ => return self.refuse(ErrorCode::ControlInString),
            }
        }
    }

    /// Skips characters outside ASCII. Returns their end.
    ///
    /// All their bytes are 0x80 or above, and no other byte is, so a run of such bytes is a whole
    /// number of characters or not UTF-8. `std` checks the rest: overlong forms, encoded
    /// surrogates, and numbers above U+10FFFF.
    fn not_ascii(mut self) -> ScanResult<usize> {
        let rest = self.rest();
        let len = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
        let run = str::from_utf8(rest.get(..len).unwrap_or_default());
        self.advance(run.map_or_else(|error| error.valid_up_to(), str::len));
        if run.is_ok() { Ok(self.at) } else { self.refuse(ErrorCode::InvalidUtf8) }
    }

    /// Reads an escape, whose backslash is here. Returns its end too.
    #[inline(always)]
    fn escape(mut self) -> ScanResult<(usize, char)> {
        let backslash = self;
        self.advance(1);
        let character = match self.peek() {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.advance(1);
                return self.unicode_escape(backslash);
            }
            _ => return self.refuse(ErrorCode::InvalidEscape),
        };
        self.advance(1);
        Ok((self.at, character))
    }

    /// Reads the digits of a `\u` escape, and a second escape if the two are a surrogate pair.
    #[inline(always)]
    fn unicode_escape(mut self, backslash: Self) -> ScanResult<(usize, char)> {
        let unit = self.four_digits()?;
        match char::from_u32(u32::from(unit)) {
            Some(character) => Ok((self.at, character)),
            None => self.surrogates(unit, backslash.at),
        }
    }

    /// Reads the second half of a surrogate pair. The first half, `unit`, has its backslash at
    /// `at`.
    #[inline(never)]
    fn surrogates(mut self, unit: u16, at: usize) -> ScanResult<(usize, char)> {
        let mut next = self;
        next.advance(usize::from(self.peek() == b'\\'));
        let character = match self.rest() {
            [b'\\', b'u', ..] if unit < 0xDC00 => {
                self.advance(2);
                let pair = [unit, self.four_digits()?];
                char::decode_utf16(pair).next().and_then(Result::ok)
            }
            // The input ends where the second half may follow: the error is its end.
            _ if unit < 0xDC00 && next.is_at_end() => {
                return next.unexpected(Expected::OtherHalf);
            }
            _ => None,
        };
        let refused = ScanError { code: ErrorCode::LoneSurrogate, at, detail: unit.into() };
        character.map(|character| (self.at, character)).ok_or(refused)
    }

    /// Reads the four hexadecimal digits of a `\u` escape.
    #[inline(always)]
    fn four_digits(&mut self) -> ScanResult<u16> {
        if let Some(unit) = self.rest().first_chunk().and_then(|digits| four_hex_digits(*digits)) {
            self.advance(4);
            return Ok(unit);
        }
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        self.advance(digits);
        self.refuse(ErrorCode::InvalidUnicodeEscape)
    }
}

/// Returns the value of four hexadecimal digits, or `None` if one of them is not one.
#[inline(always)]
pub(crate) fn four_hex_digits(digits: [u8; 4]) -> Option<u16> {
    let [a, b, c, d] = digits.map(|byte| HEX[usize::from(byte)]);
    (a | b | c | d < 16).then(|| u16::from(a << 4 | b) << 8 | u16::from(c << 4 | d))
}

/// The value of each byte as a hexadecimal digit, or 0xFF.
const HEX: [u8; 256] = {
    let mut values = [0xFF; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

impl Cursor<'_> {
    /// Appends the text of a valid string to `text`. Its raw text is `raw`, and starts here.
    #[inline(always)]
    fn unescape(mut self, raw: &str, text: &mut String) {
        let first = self.at;
        let last = first + raw.len();
        loop {
            let start = self.at - first;
            // The string is valid, so only backslashes and its end matter.
            while self.at < last {
                let escapes = equal(self.word(), b'\\');
                self.advance(before(escapes));
                if escapes != 0 {
                    break;
                }
            }
            let end = (self.at - first).min(raw.len());
            text.push_str(raw.get(start..end).unwrap_or_default());
            if self.at >= last {
                return;
            }
            // No escape of a valid string is refused.
            let Ok((end, character)) = self.escape() else { return };
            text.push(character);
            self.at = end;
        }
    }
}

/// Replaces `text` by the text of a valid string, whose raw text is `raw`, and returns it.
#[inline]
pub(crate) fn unescape<'t>(raw: &str, text: &'t mut String) -> &'t str {
    text.clear();
    Cursor::new(raw.as_bytes()).unescape(raw, text);
    text
}

impl<'a> Text<'a> {
    /// Returns the range between the quotes.
    #[inline(always)]
    pub(crate) fn range(self) -> Range<usize> {
        self.start.at + 1..self.end
    }

    /// Returns the offset of its opening quote.
    #[inline(always)]
    pub(crate) fn at(self) -> usize {
        self.start.at
    }

    /// Returns whether it contains an escape.
    #[inline(always)]
    pub(crate) fn is_escaped(self) -> bool {
        self.len != self.end - self.start.at - 1
    }

    /// Returns the bytes between the quotes.
    pub(crate) fn raw(self) -> &'a [u8] {
        self.start.bytes.get(self.range()).unwrap_or_default()
    }

    /// Returns the position after its opening quote.
    #[inline(always)]
    fn reread(self) -> Cursor<'a> {
        self.start.placed(self.start.at + 1)
    }

    /// Returns whether its text is `wanted`, with or without escapes.
    #[inline(always)]
    pub(crate) fn is(self, wanted: &str) -> bool {
        // The length first: it is one comparison, and differs for most keys.
        self.len == wanted.len()
            && if self.is_escaped() {
                self.unescapes_to(wanted)
            } else {
                self.raw() == wanted.as_bytes()
            }
    }

    /// Replaces `text` by its text. `raw` is the part of the input between its quotes.
    #[inline(always)]
    pub(crate) fn decode(self, raw: &str, text: &mut String) {
        text.clear();
        text.reserve_exact(self.len);
        self.reread().unescape(raw, text);
    }

    /// Returns its text, borrowed unless it contains escapes.
    pub(crate) fn text(self) -> Cow<'a, str> {
        let raw = str::from_utf8(self.raw()).unwrap_or_default();
        if !self.is_escaped() {
            return Cow::Borrowed(raw);
        }
        let mut text = String::new();
        self.decode(raw, &mut text);
        Cow::Owned(text)
    }

    /// Compares piece by piece, so that a key with escapes allocates nothing.
    #[cold]
    fn unescapes_to(self, wanted: &str) -> bool {
        let mut cursor = self.reread();
        let mut rest = wanted.as_bytes();
        loop {
            let after = match cursor.piece() {
                Ok(Piece::Plain(bytes)) => rest.strip_prefix(bytes),
                Ok(Piece::Escape(character)) => {
                    rest.strip_prefix(character.encode_utf8(&mut [0; 4]).as_bytes())
                }
                _ => return rest.is_empty(),
            };
            match after {
                Some(after) => rest = after,
                None => return false,
            }
        }
    }

    /// Returns the offset in the input of byte `wanted` of the text.
    #[cold]
    pub(crate) fn locate(self, wanted: usize) -> usize {
        let mut cursor = self.reread();
        let mut done = 0;
        loop {
            let at = cursor.at;
            done += match cursor.piece() {
                Ok(Piece::Plain(bytes)) if wanted - done < bytes.len() => {
                    return at + (wanted - done);
                }
                Ok(Piece::Plain(bytes)) => bytes.len(),
                Ok(Piece::Escape(character)) if wanted > done => character.len_utf8(),
                _ => return at,
            };
        }
    }
}

/// Returns a range of the input as text, if it is UTF-8.
///
/// `known` is a prefix of the input that is known to be UTF-8. A range inside it is not checked
/// again.
#[inline(always)]
pub(crate) fn text_at<'a>(input: &'a [u8], known: &'a str, range: Range<usize>) -> Option<&'a str> {
    match known.get(range.clone()) {
        None => str::from_utf8(input.get(range)?).ok(),
        text => text,
    }
}

/// Returns the longest prefix that is UTF-8.
pub(crate) fn valid_prefix(bytes: &[u8]) -> &str {
    from_utf8(bytes).or_else(|error| from_utf8(&bytes[..error.valid_up_to()])).unwrap_or_default()
}

/// Returns a long input as text, if it is UTF-8; of any other, an empty text.
///
/// Checked as a whole, characters outside ASCII take less time than run by run. In a short input
/// there are few of them.
pub(crate) fn long_text(input: &[u8]) -> &str {
    const LONG: usize = 128;
    if input.len() < LONG { "" } else { from_utf8(input).unwrap_or_default() }
}

/// Returns the longest prefix of whole lines that is UTF-8, of lines with `max` bytes at most.
///
/// So a line that begins inside of it lies inside as a whole. A first line that is longer is looked
/// at too.
pub(crate) fn valid_lines(bytes: &[u8], max: usize) -> &str {
    let bytes = first_lines(bytes, max);
    let text = valid_prefix(bytes);
    if text.len() == bytes.len() {
        return text;
    }
    let end = memrchr(b'\n', text.as_bytes()).map_or(0, |newline| newline + 1);
    text.get(..end).unwrap_or_default()
}

/// Returns as many lines as `max` bytes have, but at least one.
fn first_lines(bytes: &[u8], max: usize) -> &[u8] {
    let Some((near, far)) = bytes.split_at_checked(max) else { return bytes };
    let end = memrchr(b'\n', near).or_else(|| Some(max + memchr(b'\n', far)?));
    end.map_or(bytes, |newline| &bytes[..=newline])
}
