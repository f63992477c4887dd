//! A place in the input, handed on by value.

use crate::error::code::{ErrorCode, Expected, ScanError, ScanResult};
use crate::scan::swar::{self, word_of};

/// A place in the input.
///
/// Handed on by value, and taken by reference only by code that is inlined: of its words one alone
/// ever changes, and it stays in a register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    /// The input; of lines all that are left, so that a word near the end of one is one load.
    pub(crate) bytes: &'a [u8],
    /// Whether the input is the first of the lines: it ends where that does, which is not looked
    /// for before. A line end is a control character, so that no run of digits or of plain
    /// characters goes on there, and it is never a token.
    is_line: bool,
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of an input.
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, is_line: false, at: 0 }
    }

    /// The beginning of the first line of many.
    #[inline(always)]
    pub(crate) fn line(bytes: &'a [u8]) -> Self {
        Self { bytes, is_line: true, at: 0 }
    }

    /// Another place in the same input.
    #[inline(always)]
    pub(crate) fn placed(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// Whether the input ends here.
    #[inline(always)]
    pub(crate) fn is_at_end(self) -> bool {
        match self.rest() {
            [] | [b'\n', ..] | [b'\r', b'\n', ..] => self.is_line || self.at >= self.bytes.len(),
            _ => false,
        }
    }

    /// The byte here; where the input ends, a control character.
    #[inline(always)]
    pub(crate) fn peek(self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// The bytes here, beyond the end of the input as well.
    #[inline(always)]
    pub(crate) fn rest(self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The eight bytes here; at the end of the input, a control character.
    #[inline(always)]
    pub(crate) fn word(self) -> u64 {
        // Two branches that are never taken but near the end of all there is. As one value, `rest`
        // would be chosen by conditional moves, which take longer than what is done with the word.
        match self.bytes.get(self.at..) {
            Some(rest) => word_of(rest),
            None => 0,
        }
    }

    /// Goes on by so many bytes, of which the last was seen.
    #[inline(always)]
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// The bytes from here to a later place.
    #[inline(always)]
    pub(crate) fn up_to(self, end: Self) -> &'a [u8] {
        self.bytes.get(self.at..end.at).unwrap_or_default()
    }

    /// Goes over white space (JSON has four kinds) and looks at the byte behind it.
    #[inline(always)]
    pub(crate) fn peek_token(&mut self) -> u8 {
        // Most tokens follow each other at once.
        let byte = self.peek();
        if byte > b' ' {
            return byte;
        }
        self.at = self.behind_space();
        self.peek()
    }

    /// Goes over white space, and over the byte behind it if that is the one.
    #[inline(always)]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        // Most often it is here, and one comparison tells.
        if self.peek() != byte && self.peek_token() != byte {
            return false;
        }
        self.advance(1);
        true
    }

    #[inline(never)]
    fn behind_space(self) -> usize {
        let mut here = self;
        while !here.is_at_end() && matches!(here.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            here.advance(1);
        }
        here.at
    }

    /// Goes over `true`, `false` or `null`, of which the first byte was seen.
    #[inline(always)]
    pub(crate) fn literal(&mut self, literal: &'static str) -> ScanResult<()> {
        if self.rest().starts_with(literal.as_bytes()) {
            self.advance(literal.len());
            return Ok(());
        }
        let pairs = self.rest().iter().zip(literal.as_bytes());
        let same = pairs.take_while(|(a, b)| a == b).count();
        self.advance(same);
        Err(ScanError { code: ErrorCode::InvalidLiteral, at: self.at, detail: same })
    }

    /// Goes over digits, of which there must be one.
    #[inline(always)]
    pub(crate) fn digits(&mut self) -> ScanResult<()> {
        let start = self.at;
        loop {
            let count = swar::digits(self.word());
            self.advance(count);
            if count < swar::BYTES {
                return if self.at == start { self.unexpected(Expected::Digit) } else { Ok(()) };
            }
        }
    }

    /// Refuses what is here, where something else was to be.
    #[inline(always)]
    pub(crate) fn unexpected<T>(self, expected: Expected) -> ScanResult<T> {
        self.refuse(ErrorCode::Unexpected(expected))
    }

    /// Refuses what is here.
    #[inline(always)]
    pub(crate) fn refuse<T>(self, code: ErrorCode) -> ScanResult<T> {
        Err(ScanError { code, at: self.at, detail: 0 })
    }
}
