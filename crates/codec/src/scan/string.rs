//! Strings: their grammar, and what they say.
//!
//! A string is read as pieces: stretches of bytes that stand for themselves, and escapes. Reading a
//! piece checks it in full (UTF-8, surrogates, control characters), whether or not anybody wants to
//! know what it says, so an ignored string obeys the same rules as a name. Most strings are a
//! single piece and are borrowed from the input.
//!
//! A string with escapes is read again where its text is needed: to compare a key, to copy a name
//! that is known to be short enough, to find the byte behind a character of the name. The
//! alternative, decoding while scanning, would allocate for strings that nobody asks for.

use std::borrow::Cow;
use std::ops::Range;
use std::str;

use crate::error::code::{ErrorCode, Expected, ScanError, ScanResult};
use crate::scan::cursor::Cursor;
use crate::scan::swar::{self, BYTES, before, equal, special, special_in_name};

/// A string that was read and found valid.
///
/// It is read again from the input and not from a slice of its own, so that a word near its end is
/// still one load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// Its opening quote.
    start: Cursor<'a>,
    /// Where its closing quote is.
    end: usize,
    /// Length of what it says, in bytes. Every escape is longer than what it stands for, so that
    /// this is the number of bytes between the quotes exactly if there is none.
    pub(crate) len: usize,
}

/// A part of a string.
enum Piece<'a> {
    /// Bytes that stand for themselves; valid UTF-8.
    Plain(&'a [u8]),
    /// A character written as an escape, or as two that make a surrogate pair.
    Escape(char),
    /// The closing quote.
    End,
}

impl<'a> Cursor<'a> {
    /// Reads a string, of which the opening quote was seen.
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

    /// Goes over a string, of which the opening quote was seen, if it is a single piece: then there
    /// is nothing in it to be looked at again. If not, goes to where the first piece ends.
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

    /// Goes over the rest of a string, of which the first piece was read.
    #[inline(always)]
    pub(crate) fn skip_pieces(&mut self) -> ScanResult<()> {
        (self.at, _) = self.string_with_more(0)?;
        Ok(())
    }

    /// Reads a string, of which the opening quote was seen, if it is a name as most are: visible
    /// ASCII and spaces, the first of them visible. Nothing is read if not.
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

    /// Goes over the bytes before the first that is a quote, a backslash, a control or not ASCII.
    #[inline(always)]
    fn skip_plain(&mut self) {
        let mut special = special(self.word());
        while special == 0 {
            self.advance(BYTES);
            special = swar::special(self.word());
        }
        // The zeros that pad the last word are controls: never further than the end.
        self.advance(before(special));
    }

    /// Reads the rest of a string, of which `len` bytes were read that stand for themselves. Says
    /// where it ends, and how long what it says is.
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

    /// Reads the next piece of a string, and checks all of it.
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

    /// Goes over characters that are not ASCII.
    ///
    /// Their bytes are all 0x80 or above, and no other byte is, so a run of such bytes is a number
    /// of whole characters or is not UTF-8. `std` knows the rest: overlong forms,
    /// encoded surrogates, what is above U+10FFFF.
    fn not_ascii(mut self) -> ScanResult<usize> {
        let rest = self.rest();
        let len = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
        let run = str::from_utf8(rest.get(..len).unwrap_or_default());
        self.advance(run.map_or_else(|error| error.valid_up_to(), str::len));
        if run.is_ok() { Ok(self.at) } else { self.refuse(ErrorCode::InvalidUtf8) }
    }

    /// Reads an escape, of which the backslash was seen.
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

    /// Reads the digits of a `\u` escape, and the escape after it if the two make a surrogate pair.
    #[inline(always)]
    fn unicode_escape(mut self, backslash: Self) -> ScanResult<(usize, char)> {
        let unit = self.four_digits()?;
        match char::from_u32(u32::from(unit)) {
            Some(character) => Ok((self.at, character)),
            None => self.surrogates(unit, backslash.at),
        }
    }

    /// Reads the rest of a surrogate pair, of which one half was read; the backslash of that is at
    /// a place.
    #[inline(never)]
    fn surrogates(mut self, unit: u16, at: usize) -> ScanResult<(usize, char)> {
        let mut behind = self;
        behind.advance(usize::from(self.peek() == b'\\'));
        let character = match self.rest() {
            [b'\\', b'u', ..] if unit < 0xDC00 => {
                self.advance(2);
                let pair = [unit, self.four_digits()?];
                char::decode_utf16(pair).next().and_then(Result::ok)
            }
            // Cut short, it could still have become a pair. The input is what is wrong.
            _ if unit < 0xDC00 && behind.is_at_end() => {
                return behind.unexpected(Expected::OtherHalf);
            }
            _ => None,
        };
        let refused = ScanError { code: ErrorCode::LoneSurrogate, at, detail: unit.into() };
        character.map(|character| (self.at, character)).ok_or(refused)
    }

    /// Reads the four digits of a `\u` escape.
    #[inline(always)]
    fn four_digits(&mut self) -> ScanResult<u16> {
        if let Some([a, b, c, d]) = self.rest().first_chunk() {
            let [a, b, c, d] = [a, b, c, d].map(|&byte| HEX[usize::from(byte)]);
            if a | b | c | d < 16 {
                self.advance(4);
                return Ok(u16::from(a << 4 | b) << 8 | u16::from(c << 4 | d));
            }
        }
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        self.advance(digits);
        self.refuse(ErrorCode::InvalidUnicodeEscape)
    }
}

/// The value of each byte as a hexadecimal digit, or one that no digit has.
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

impl<'a> Text<'a> {
    /// Where the bytes between the quotes stand in the input.
    #[inline(always)]
    pub(crate) fn range(self) -> Range<usize> {
        self.start.at + 1..self.end
    }

    /// Where its opening quote is.
    #[inline(always)]
    pub(crate) fn at(self) -> usize {
        self.start.at
    }

    /// Whether there is an escape in it.
    #[inline(always)]
    pub(crate) fn is_escaped(self) -> bool {
        self.len != self.end - self.start.at - 1
    }

    /// The bytes between the quotes, as they stand in the input.
    fn raw(self) -> &'a [u8] {
        self.start.bytes.get(self.range()).unwrap_or_default()
    }

    /// The string again, from behind its opening quote.
    #[inline(always)]
    fn reread(self) -> Cursor<'a> {
        self.start.placed(self.start.at + 1)
    }

    /// Whether it says `wanted`, however it is spelt.
    #[inline(always)]
    pub(crate) fn is(self, wanted: &str) -> bool {
        // The length first: it is two numbers, and tells most keys apart.
        self.len == wanted.len()
            && if self.is_escaped() {
                self.unescapes_to(wanted)
            } else {
                self.raw() == wanted.as_bytes()
            }
    }

    /// Writes what it says into `room`, over what was there. `raw` is what stands between its
    /// quotes.
    #[inline(always)]
    pub(crate) fn decode(self, raw: &str, room: &mut String) {
        room.clear();
        room.reserve_exact(self.len);
        let mut cursor = self.reread();
        let first = cursor.at;
        loop {
            let start = cursor.at - first;
            // It was found valid: nothing but a backslash is of interest any more, or its end.
            while cursor.at < self.end {
                let escapes = equal(cursor.word(), b'\\');
                cursor.advance(before(escapes));
                if escapes != 0 {
                    break;
                }
            }
            let end = (cursor.at - first).min(raw.len());
            room.push_str(raw.get(start..end).unwrap_or_default());
            if cursor.at >= self.end {
                return;
            }
            // None is refused in what lay between the quotes of a valid string.
            let Ok((end, character)) = cursor.escape() else { return };
            room.push(character);
            cursor.at = end;
        }
    }

    /// What it says; borrowed unless there are escapes, a copy of [`len`](Self::len) bytes if so.
    pub(crate) fn text(self) -> Cow<'a, str> {
        let raw = str::from_utf8(self.raw()).unwrap_or_default();
        if !self.is_escaped() {
            return Cow::Borrowed(raw);
        }
        let mut text = String::new();
        self.decode(raw, &mut text);
        Cow::Owned(text)
    }

    /// Compares piece by piece, so that a key with escapes costs no allocation.
    #[cold]
    fn unescapes_to(self, wanted: &str) -> bool {
        let mut cursor = self.reread();
        let mut rest = wanted.as_bytes();
        loop {
            let behind = match cursor.piece() {
                Ok(Piece::Plain(bytes)) => rest.strip_prefix(bytes),
                Ok(Piece::Escape(character)) => {
                    rest.strip_prefix(character.encode_utf8(&mut [0; 4]).as_bytes())
                }
                _ => return rest.is_empty(),
            };
            match behind {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
    }

    /// Finds the byte of the input from which byte `wanted` of the text came.
    #[cold]
    pub(crate) fn locate(self, wanted: usize) -> usize {
        let mut cursor = self.reread();
        let mut said = 0;
        loop {
            let at = cursor.at;
            said += match cursor.piece() {
                Ok(Piece::Plain(bytes)) if wanted - said < bytes.len() => {
                    return at + (wanted - said);
                }
                Ok(Piece::Plain(bytes)) => bytes.len(),
                Ok(Piece::Escape(character)) if wanted > said => character.len_utf8(),
                _ => return at,
            };
        }
    }
}
