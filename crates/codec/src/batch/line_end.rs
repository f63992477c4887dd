//! The end of a line that was decoded without searching its end first.

use memchr::memchr;

use crate::scan::swar;

/// The length of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineEnd {
    /// Length without the line end.
    pub(super) len: usize,
    pub(super) len_with_end: usize,
}

impl LineEnd {
    /// Finds the end of the line at the start of `bytes`, which has none before `read`.
    #[inline(always)]
    pub(super) fn find(bytes: &[u8], read: usize) -> Self {
        Self::at(bytes, read + line_len(&bytes[read..]))
    }

    /// Returns the end of the line at the start of `bytes` from the offset of its `\n`, or from the
    /// length of `bytes` if it has none.
    #[inline(always)]
    pub(super) fn at(bytes: &[u8], newline: usize) -> Self {
        let len_with_end = bytes.len().min(newline + 1);
        // A `\r` is part of the line end only before a `\n`.
        let has_return = newline < len_with_end && bytes[..newline].ends_with(b"\r");
        Self { len: newline - usize::from(has_return), len_with_end }
    }
}

/// Returns the length of the line at the start of `bytes`, without its `\n`.
///
/// Most of the line was read before, so the end is usually near: 16 bytes are searched a word at a
/// time before `memchr` is called, whose setup takes longer.
#[inline(always)]
fn line_len(bytes: &[u8]) -> usize {
    let mut near = 0;
    while near < 2 * swar::BYTES {
        let ends = swar::equal(swar::word_of(&bytes[near.min(bytes.len())..]), b'\n');
        if ends != 0 {
            return near + swar::before(ends);
        }
        near += swar::BYTES;
    }
    let near = near.min(bytes.len());
    memchr(b'\n', &bytes[near..]).map_or(bytes.len(), |len| near + len)
}
