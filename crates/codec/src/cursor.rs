//! A place in the input, handed on by value.

use crate::fault::{Expected, Fault, Scanned, What};
use crate::words::{self, word_of};

/// A place in the input.
///
/// Handed on by value, and taken by reference only by code that is inlined: of its words one alone
/// ever changes, and it stays in a register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    /// The input, and what stands behind it, so that a word near the end is one load. Its first
    /// byte behind the input, if there is one, ends a line: it is a control character, so that no
    /// run of digits or of plain characters goes on there, and it is never a token.
    pub(crate) bytes: &'a [u8],
    /// Where the input ends.
    pub(crate) end: usize,
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of an input of so many bytes, which `bytes` begin with.
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8], end: usize) -> Self {
        Self { bytes, end, at: 0 }
    }

    /// Whether the input ends here.
    #[inline(always)]
    pub(crate) fn is_at_end(self) -> bool {
        self.at >= self.end
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
        word_of(self.rest())
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

    #[inline]
    fn behind_space(mut self) -> usize {
        while self.at < self.end && matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.advance(1);
        }
        self.at
    }

    /// Goes over `true`, `false` or `null`, of which the first byte was seen.
    #[inline(always)]
    pub(crate) fn literal(&mut self, literal: &'static str) -> Scanned<()> {
        if self.rest().starts_with(literal.as_bytes()) {
            self.advance(literal.len());
            return Ok(());
        }
        let pairs = self.rest().iter().zip(literal.as_bytes());
        let same = pairs.take_while(|(a, b)| a == b).count();
        self.advance(same);
        Err(Fault { what: What::InvalidLiteral, at: self.at, detail: same })
    }

    /// Goes over digits, of which there must be one.
    #[inline(always)]
    pub(crate) fn digits(&mut self) -> Scanned<()> {
        let start = self.at;
        loop {
            let count = words::digits(self.word());
            self.advance(count);
            if count < words::BYTES {
                return if self.at == start { self.unexpected(Expected::Digit) } else { Ok(()) };
            }
        }
    }

    /// Refuses what is here, where something else was to be.
    #[inline(always)]
    pub(crate) fn unexpected<T>(self, expected: Expected) -> Scanned<T> {
        self.refuse(What::Unexpected(expected))
    }

    /// Refuses what is here.
    #[inline(always)]
    pub(crate) fn refuse<T>(self, what: What) -> Scanned<T> {
        Err(Fault { what, at: self.at, detail: 0 })
    }
}
