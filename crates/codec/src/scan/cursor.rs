//! A position in the input, passed by value.

use super::swar::{self, word_of};
use crate::error::code::{ErrorCode, Expected, ScanError, ScanResult};

/// A position in the input.
///
/// Passed by value, and by reference only to inlined functions, so that `at`, the only word that
/// changes, stays in a register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    /// The input, or all lines from here on, so that a word near the end of a line is one load.
    pub(crate) bytes: &'a [u8],
    /// [`IS_LINE`] and the bytes outside ASCII that end a plain run of a string: none where the
    /// input is known to be UTF-8, else [`NOT_ASCII`](swar::NOT_ASCII).
    ///
    /// One word for both, because a cursor of five words would be slower to pass.
    flags: u64,
    pub(crate) at: usize,
}

/// The flag of an input that is the first line of `bytes`, whose end was not searched.
///
/// A line end is a control character: it ends every run of digits or plain characters, and it is
/// not a token.
const IS_LINE: u64 = 1;

impl<'a> Cursor<'a> {
    /// Returns the start of an input.
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, flags: swar::NOT_ASCII, at: 0 }
    }

    /// Returns the start of an input that is the first of several lines.
    #[inline(always)]
    pub(crate) fn line(bytes: &'a [u8]) -> Self {
        Self { bytes, flags: IS_LINE | swar::NOT_ASCII, at: 0 }
    }

    /// Returns the same position, in an input that is known to be UTF-8 if `is_utf8`.
    #[inline(always)]
    pub(crate) fn known(self, is_utf8: bool) -> Self {
        let not_ascii = if is_utf8 { 0 } else { swar::NOT_ASCII };
        Self { flags: self.flags & IS_LINE | not_ascii, ..self }
    }

    /// Marks the bytes here that end a plain run of a string.
    #[inline(always)]
    pub(crate) fn special(self) -> u64 {
        swar::special(self.word(), self.flags)
    }

    /// Returns another position in the same input.
    #[inline(always)]
    pub(crate) fn placed(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// Returns whether the input ends here.
    #[inline(always)]
    pub(crate) fn is_at_end(self) -> bool {
        match self.rest() {
            [] | [b'\n', ..] | [b'\r', b'\n', ..] => {
                self.flags & IS_LINE != 0 || self.at >= self.bytes.len()
            }
            _ => false,
        }
    }

    /// Returns the byte here, or a control character at the end of the input.
    #[inline(always)]
    pub(crate) fn peek(self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Returns the bytes from here on, also those after the line.
    #[inline(always)]
    pub(crate) fn rest(self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Returns the eight bytes here, with zeros after the last.
    #[inline(always)]
    pub(crate) fn word(self) -> u64 {
        // Two branches that are taken only near the end of `bytes`. With `rest`, the compiler uses
        // conditional moves, which take longer than the work on the word.
        match self.bytes.get(self.at..) {
            Some(rest) => word_of(rest),
            None => 0,
        }
    }

    /// Moves forward by a number of bytes that were read.
    #[inline(always)]
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Returns the bytes from here to a later position.
    #[inline(always)]
    pub(crate) fn up_to(self, end: Self) -> &'a [u8] {
        self.bytes.get(self.at..end.at).unwrap_or_default()
    }

    /// Skips white space, and returns the byte after it.
    #[inline(always)]
    pub(crate) fn peek_token(&mut self) -> u8 {
        // Most tokens have no space between them.
        let byte = self.peek();
        if byte > b' ' {
            return byte;
        }
        self.at = self.after_space();
        self.peek()
    }

    /// Skips white space, and `byte` if it follows. Returns whether it does.
    #[inline(always)]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        // Usually it is here, which takes one comparison.
        if self.peek() != byte && self.peek_token() != byte {
            return false;
        }
        self.advance(1);
        true
    }

    #[inline(never)]
    fn after_space(self) -> usize {
        let mut here = self; // A copy in registers: a large argument lies in memory.
        while !here.is_at_end() && matches!(here.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            here.advance(1);
        }
        here.at
    }

    /// Skips `true`, `false` or `null`, whose first byte was read.
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

    /// Skips one or more digits.
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

    /// Returns the error of a byte that the grammar does not allow here.
    #[inline(always)]
    pub(crate) fn unexpected<T>(self, expected: Expected) -> ScanResult<T> {
        self.refuse(ErrorCode::Unexpected(expected))
    }

    /// Returns an error at this position.
    #[inline(always)]
    pub(crate) fn refuse<T>(self, code: ErrorCode) -> ScanResult<T> {
        Err(ScanError { code, at: self.at, detail: 0 })
    }
}
