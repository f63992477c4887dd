//! A place in the input, handed on by value.

use crate::fault::{Expected, Fault, Scanned, What};
use crate::words::{self, word_of};

/// What is left of the input.
///
/// Two words that are copied: a place is remembered by keeping it. Nothing but code that is inlined
/// takes it by reference, for otherwise it would lie in memory, and every step of a scan would wait
/// for the one before to arrive there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// How many bytes are left.
    #[inline(always)]
    pub(crate) fn left(self) -> usize {
        self.rest.len()
    }

    /// The byte here, unless the input ends.
    #[inline(always)]
    pub(crate) fn peek(self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The eight bytes here, with zeros for what lies behind the end.
    #[inline(always)]
    pub(crate) fn word(self) -> u64 {
        word_of(self.rest)
    }

    /// Goes on by so many bytes, of which the last was seen.
    #[inline(always)]
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.rest = match self.rest.get(bytes..) {
            Some(rest) => rest,
            // Never: but a jump that is not taken is cheaper than a choice between two slices.
            None => {
                std::hint::cold_path();
                &[]
            }
        };
    }

    /// The bytes from here to a later place.
    #[inline(always)]
    pub(crate) fn up_to(self, end: Self) -> &'a [u8] {
        self.rest.get(..self.left() - end.left()).unwrap_or_default()
    }

    /// Goes over white space (JSON has four kinds) and looks at the byte behind it.
    #[inline(always)]
    pub(crate) fn peek_token(&mut self) -> Option<u8> {
        match self.peek() {
            // Most tokens follow each other at once.
            Some(byte) if byte > b' ' => Some(byte),
            _ => {
                *self = self.behind_space();
                self.peek()
            }
        }
    }

    #[inline]
    fn behind_space(mut self) -> Self {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.advance(1);
        }
        self
    }

    /// Goes over `true`, `false` or `null`, of which the first byte was seen.
    #[inline(always)]
    pub(crate) fn literal(&mut self, literal: &'static str) -> Scanned<()> {
        if self.rest.starts_with(literal.as_bytes()) {
            self.advance(literal.len());
            return Ok(());
        }
        let pairs = self.rest.iter().zip(literal.as_bytes());
        let same = pairs.take_while(|(a, b)| a == b).count();
        self.advance(same);
        Err(Fault { what: What::InvalidLiteral, left: self.left(), detail: same })
    }

    /// Goes over digits, of which there must be one.
    #[inline(always)]
    pub(crate) fn digits(&mut self) -> Scanned<()> {
        let start = self.left();
        loop {
            let count = words::digits(self.word());
            self.advance(count);
            if count < words::BYTES {
                return if self.left() == start {
                    self.unexpected(Expected::Digit)
                } else {
                    Ok(())
                };
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
        Err(Fault { what, left: self.left(), detail: 0 })
    }
}
