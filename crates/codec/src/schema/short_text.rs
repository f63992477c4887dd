//! A short text that is known when decoding starts, compared as words.

use crate::scan::cursor::Cursor;
use crate::scan::swar::{self, BYTES};

/// The maximum length of a [`ShortText`].
pub(super) const TEXT_BYTES: usize = 4 * BYTES - 1;

/// A text of at most [`TEXT_BYTES`], compared as words of which the last may overlap the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShortText {
    /// The first bytes, then zeros.
    first: u64,
    /// Those after the first 8 and after the first 16 bytes, if there are more than 16.
    middle: [u64; 2],
    /// The last bytes; those of a text within one word are its first.
    last: u64,
    /// The offset of `last`.
    last_at: usize,
    /// Ones where a byte of `first` and of `last` is compared.
    mask: u64,
    len: usize,
}

impl ShortText {
    /// A text that is nowhere: no text has the byte 0xFF.
    pub(super) const NOWHERE: Self = Self {
        first: u64::MAX,
        middle: [u64::MAX; 2],
        last: u64::MAX,
        last_at: 0,
        mask: u64::MAX,
        len: BYTES,
    };

    /// Returns a text, if it is short.
    pub(super) fn new(text: &str) -> Option<Self> {
        let (bytes, len) = (text.as_bytes(), text.len());
        let last_at = len.saturating_sub(BYTES);
        let word = |at: usize| swar::word_of(&bytes[at.min(last_at)..]);
        let (first, middle, last) = (word(0), [word(BYTES), word(2 * BYTES)], word(last_at));
        let mask = swar::first_bytes(u64::MAX, len);
        (len <= TEXT_BYTES).then_some(Self { first, middle, last, last_at, mask, len })
    }

    /// Returns its length.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Returns the bits of the first word that are the same in two texts, as ones.
    pub(super) fn common_bits(&self, other: &Self) -> u64 {
        self.mask & other.mask & !(self.first ^ other.first)
    }

    /// Returns whether a first word differs in none of the given bits.
    #[inline(always)]
    pub(super) fn has_bits(&self, word: u64, bits: u64) -> bool {
        (word ^ self.first) & bits == 0
    }

    /// Returns whether a word is its first one.
    #[inline(always)]
    pub(super) fn is_start(&self, word: u64) -> bool {
        self.has_bits(word, self.mask)
    }

    /// Returns whether it is at a cursor, whose word is `first`.
    #[inline(always)]
    pub(super) fn is_at(&self, cursor: Cursor<'_>, first: u64) -> bool {
        let [second, third] = self.middle;
        let word = |at: usize| cursor.placed(cursor.at + at.min(self.last_at)).word();
        self.is_start(first)
            && (self.len <= BYTES
                || (word(self.last_at) == self.last
                    && (self.len <= 2 * BYTES
                        || (word(BYTES) == second && word(2 * BYTES) == third))))
    }

    /// Skips the text at an offset, and returns the offset after it.
    #[inline(always)]
    pub(super) fn eat<const HEAD: usize>(&self, head: &[u8; HEAD], at: usize) -> Option<usize> {
        // A length of 5 bits: the remainder changes nothing, and spares a check of bounds.
        let len = self.len % (TEXT_BYTES + 1);
        let last_at = self.last_at % (TEXT_BYTES + 1);
        let word = |at: usize| head.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word));
        let others = (word(at)? ^ self.first) | (word(at + last_at)? ^ self.last);
        let is_equal = others & self.mask == 0
            && (len <= 2 * BYTES
                || (word(at + BYTES)? == self.middle[0]
                    && word(at + (2 * BYTES).min(last_at))? == self.middle[1]));
        is_equal.then_some(at + len)
    }
}
