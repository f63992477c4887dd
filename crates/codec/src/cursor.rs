//! A place in the input, and the one way to refuse what stands there.

use crate::error::DecodeError;

/// The input is refused; why is kept in the [`Cursor`].
///
/// As the `Err` of a `Result` it takes no room. The reason itself, six words, would be handed
/// through memory by every function on the way, also when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

/// What every step of a scan answers.
pub(crate) type Scanned<T> = Result<T, Refused>;

/// A place in the input.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    /// The whole input: offsets are offsets into what the caller gave us.
    pub(crate) input: &'a [u8],
    /// The next byte to look at. At most the length of the input.
    pub(crate) at: usize,
    /// Why the scan ended, once it was [`Refused`].
    pub(crate) fault: Option<DecodeError>,
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte of `input`.
    #[inline(always)]
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0, fault: None }
    }

    /// The byte here, unless the input ends.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    /// What is left, from here on.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        // Never out of range by the invariant of `at`. Asked for in the form that cannot panic, and
        // that the compiler turns into the same comparison.
        self.input.get(self.at..).unwrap_or_default()
    }

    /// Goes over white space (JSON has four kinds) and looks at the byte behind it.
    #[inline(always)]
    pub(crate) fn peek_token(&mut self) -> Option<u8> {
        match self.peek() {
            // Most tokens follow each other at once.
            Some(byte) if byte > b' ' => Some(byte),
            _ => self.peek_behind_space(),
        }
    }

    fn peek_behind_space(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Goes over `literal`, of which the first byte was seen.
    #[inline]
    pub(crate) fn literal(
        &mut self,
        literal: &'static str,
        expected: &'static str,
    ) -> Scanned<()> {
        if self.rest().starts_with(literal.as_bytes()) {
            self.at += literal.len();
            return Ok(());
        }
        self.at += self.rest().iter().zip(literal.bytes()).take_while(|(a, b)| **a == *b).count();
        self.refuse(expected, |found, at| DecodeError::InvalidLiteral { found, expected, at })
    }

    /// Refuses the character here, where `expected` was to be.
    #[cold]
    pub(crate) fn unexpected<T>(&mut self, expected: &'static str) -> Scanned<T> {
        self.refuse(expected, |found, at| DecodeError::UnexpectedCharacter { found, expected, at })
    }

    /// Refuses the character here as `fault`, unless there is none or it is none.
    ///
    /// Every refusal of a character comes through here, so that an input which ends, or which is
    /// not UTF-8, is called so wherever that happens.
    #[cold]
    pub(crate) fn refuse<T>(
        &mut self,
        expected: &'static str,
        fault: impl FnOnce(char, usize) -> DecodeError,
    ) -> Scanned<T> {
        let at = self.at;
        let rest = self.rest();
        let Some(&first) = rest.first() else {
            return self.refuse_as(DecodeError::UnexpectedEnd { expected, at });
        };
        let found = if first.is_ascii() { Some(char::from(first)) } else { first_char(rest) };
        self.refuse_as(match found {
            Some(found) => fault(found, at),
            None => DecodeError::InvalidUtf8 { found: first, at },
        })
    }

    /// Why the input was refused.
    #[cold]
    pub(crate) fn take_fault(&mut self) -> DecodeError {
        // Whoever says `Refused` has said why before: there is no other way to make one.
        self.fault.take().unwrap_or(DecodeError::Empty { len: self.at })
    }

    /// Refuses the input for a reason.
    #[cold]
    pub(crate) fn refuse_as<T>(&mut self, fault: DecodeError) -> Scanned<T> {
        self.fault = Some(fault);
        Err(Refused)
    }
}

/// The character that bytes begin with, if they do with one.
fn first_char(bytes: &[u8]) -> Option<char> {
    // No character is longer than four bytes; a second one may be cut off, and is not asked for.
    let longest = bytes.get(..4).unwrap_or(bytes);
    longest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next())
}
