//! A place in the input, and the one way to refuse what stands there.

use crate::error::DecodeError;

/// A place in the input.
///
/// Two words and a borrow, so that a copy of it is a bookmark: a string that turns out to need its
/// escapes decoded is read again from where it started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    /// The whole input: offsets are offsets into what the caller gave us.
    pub(crate) input: &'a [u8],
    /// The next byte to look at. At most the length of the input.
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    /// The byte here, unless the input ends.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    /// What is left, from here on.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        // Never out of range by the invariant of `at`. Asked for in the form that cannot panic, and
        // that the compiler turns into the same comparison.
        self.input.get(self.at..).unwrap_or_default()
    }

    /// Goes over white space (JSON has four kinds) and looks at the byte behind it.
    #[inline]
    pub(crate) fn peek_token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Goes over `literal`, of which the first byte was seen.
    pub(crate) fn literal(
        &mut self,
        literal: &'static str,
        expected: &'static str,
    ) -> Result<(), DecodeError> {
        for byte in literal.bytes() {
            if self.peek() != Some(byte) {
                return Err(self.refuse(expected, |found, at| DecodeError::InvalidLiteral {
                    found,
                    expected,
                    at,
                }));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Refuses the character here, where `expected` was to be.
    #[cold]
    pub(crate) fn unexpected(&self, expected: &'static str) -> DecodeError {
        self.refuse(expected, |found, at| DecodeError::UnexpectedCharacter { found, expected, at })
    }

    /// Refuses the character here as `fault`, unless there is none or it is none.
    ///
    /// Every refusal of a character comes through here, so that an input which ends, or which is
    /// not UTF-8, is called so wherever that happens.
    #[cold]
    pub(crate) fn refuse(
        &self,
        expected: &'static str,
        fault: impl FnOnce(char, usize) -> DecodeError,
    ) -> DecodeError {
        let at = self.at;
        let rest = self.rest();
        let Some(&first) = rest.first() else {
            return DecodeError::UnexpectedEnd { expected, at };
        };
        // No character is longer than four bytes; a second one may be cut off, and is not asked
        // for.
        let longest = rest.get(..4).unwrap_or(rest);
        match longest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) {
            Some(found) => fault(found, at),
            None => DecodeError::InvalidUtf8 { found: first, at },
        }
    }
}
