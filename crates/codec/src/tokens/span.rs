//! The bytes of a window, in an array that is longer than any place.
//!
//! Offsets are reduced to 16 bits, which changes none of them, so that no read needs a bounds
//! check: with slices, the checks took a third of the instructions of the walk.

use crate::scan::swar::{self, BYTES, before, equal, first_bytes};

/// The number of offsets.
const OFFSETS: usize = 1 << 16;

/// The length of the array of a [`Span`]: the offsets, and one word after the last of them.
pub(super) const SPAN: usize = OFFSETS + BYTES;

/// The bytes of a window, and any after them.
///
/// If the input ends with the window, a zero follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'s> {
    pub(super) bytes: &'s [u8; SPAN],
}

impl<'s> Span<'s> {
    #[inline(always)]
    pub(super) fn byte(self, at: usize) -> u8 {
        self.bytes[at % OFFSETS]
    }

    /// Returns the eight bytes at an offset.
    #[inline(always)]
    pub(super) fn word(self, at: usize) -> u64 {
        swar::word_of(self.after(at))
    }

    /// Returns the bytes from an offset on.
    #[inline(always)]
    pub(super) fn after(self, at: usize) -> &'s [u8] {
        &self.bytes[at % OFFSETS..]
    }

    /// Returns whether there is nothing but white space between the end of a token and a place.
    #[inline(always)]
    pub(super) fn is_space(self, from: usize, to: usize) -> bool {
        // No token lies between them, so one byte shows whether the first one goes on.
        from == to || matches!(self.byte(from), b' ' | b'\t' | b'\r')
    }

    /// Returns the end of the token before a place.
    #[inline(always)]
    pub(super) fn end_before(self, place: usize) -> usize {
        let mut end = place;
        while matches!(self.byte(end.wrapping_sub(1)), b' ' | b'\t' | b'\r') {
            end = end.wrapping_sub(1);
        }
        end
    }

    /// Returns the end of the number at an offset.
    pub(super) fn number(self, at: usize) -> Option<usize> {
        let mut end = at + usize::from(self.byte(at) == b'-');
        let is_zero = self.byte(end) == b'0';
        end = if is_zero { end + 1 } else { self.digits(end)? };
        if is_zero && self.byte(end).is_ascii_digit() {
            return None;
        }
        if self.byte(end) == b'.' {
            end = self.digits(end + 1)?;
        }
        if let b'e' | b'E' = self.byte(end) {
            end += 1;
            end += usize::from(matches!(self.byte(end), b'+' | b'-'));
            end = self.digits(end)?;
        }
        Some(end)
    }

    /// Returns the end of one or more digits.
    fn digits(self, start: usize) -> Option<usize> {
        let mut end = start;
        loop {
            let count = swar::digits(self.word(end));
            end += count;
            if count < BYTES {
                return (end > start).then_some(end);
            }
        }
    }

    /// Returns whether there is a backslash among `len` bytes.
    #[inline(always)]
    pub(super) fn has_backslash(self, at: usize, len: usize) -> bool {
        // Most keys fit into a word.
        if len > BYTES {
            return self.has_far_backslash(at, len);
        }
        first_bytes(swar::all_equal(self.word(at), b'\\'), len) != 0
    }

    #[inline(never)]
    fn has_far_backslash(self, at: usize, len: usize) -> bool {
        let (mut here, mut rest) = (at, len);
        while rest > BYTES {
            if equal(self.word(here), b'\\') != 0 {
                return true;
            }
            (here, rest) = (here + BYTES, rest - BYTES);
        }
        before(equal(self.word(here), b'\\')) < rest
    }
}
