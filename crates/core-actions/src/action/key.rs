//! Names as three words, so that a short one is compared at once.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::{Deref, Range};

/// A name with what it is looked up by.
///
/// A [`LocalTracker`](crate::LocalTracker) takes it in place of the text, of which it makes one by
/// itself. Where
/// the name stands [within](Self::within) a longer text, such as the line of a log, it is made
/// without a branch on how long the name is, which a processor cannot foresee: where names have
/// various lengths, that is most of the wrong guesses that reading a line of the common shape
/// takes.
///
/// # Examples
///
/// ```
/// use core_actions::KeyedName;
///
/// let line = r#"{"action":"jump","time":100}"#;
/// let name = KeyedName::within(line, 11..15);
/// assert_eq!(name, Some(KeyedName::from("jump")));
/// assert_eq!(name.map(|name| name.as_str()), Some("jump"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyedName<'a> {
    name: &'a str,
    key: Key,
}

impl<'a> KeyedName<'a> {
    /// The name that is this part of a text; nothing if that has no such part, or only a part of a
    /// character.
    #[inline]
    #[must_use]
    pub fn within(text: &'a str, range: Range<usize>) -> Option<Self> {
        let start = range.start;
        let name = text.get(range)?;
        let words = text.as_bytes().get(start..).and_then(<[u8]>::first_chunk);
        let key = match words {
            Some(words) if name.len() <= Key::WHOLE => Key::beginning(words, name.len()),
            _ => Key::of(name),
        };
        Some(Self { name, key })
    }

    /// The name as text.
    #[inline]
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.name
    }

    pub(crate) fn key(self) -> Key {
        self.key
    }

    /// The name under which an action is kept; [`FOLDED`] has a key that no caller's text has.
    pub(crate) fn kept(name: &'a str) -> Self {
        let key = if name == FOLDED { Key::FOLDED } else { Key::of(name) };
        Self { name, key }
    }
}

/// The name under which the row of folded actions is kept.
///
/// It is blank, so no action has it. A word such as `(other)` would be the name of some action.
pub(crate) const FOLDED: &str = "";

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for KeyedName<'a> {
    #[inline]
    fn from(name: &'a T) -> Self {
        let name = name.as_ref();
        Self { name, key: Key::of(name) }
    }
}

impl Deref for KeyedName<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.name
    }
}

impl fmt::Display for KeyedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// A name up to 16 bytes as it is, with zeros behind it; of a longer one both ends.
///
/// Two names of one length up to [`Key::WHOLE`] are equal if their keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Key {
    low: u64,
    high: u64,
    len: u64,
}

impl Key {
    /// Up to which length a key is the whole name.
    pub(crate) const WHOLE: usize = 16;

    /// The key of [`FOLDED`]. No text has it, because a key is zero behind the end of its name.
    const FOLDED: Self = Self { low: 1, high: 0, len: 0 };

    #[inline]
    pub(crate) fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let (low, high) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(&first), Some(&last)) => {
                // Two reads that overlap where the name is shorter than both: what is in both goes
                // out, by half as much twice, because a shift by all 64 bits is none.
                let both = 4 * Self::WHOLE.saturating_sub(bytes.len());
                (u64::from_le_bytes(first), u64::from_le_bytes(last) >> both >> both)
            }
            _ => (Self::of_few(bytes), 0),
        };
        Self { low, high, len: bytes.len() as u64 }
    }

    /// The first word of fewer than eight bytes.
    #[inline]
    fn of_few(bytes: &[u8]) -> u64 {
        let shift = |from: usize| 8 * (bytes.len() - from) as u32;
        if let (Some(&first), Some(&last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            let [first, last] = [first, last].map(u32::from_le_bytes).map(u64::from);
            return first | last << shift(4);
        }
        match *bytes {
            [first, .., last] => {
                let middle = u64::from(bytes[bytes.len() / 2]) << (8 * (bytes.len() / 2));
                u64::from(first) | middle | u64::from(last) << shift(1)
            }
            [only] => only.into(),
            [] => 0,
        }
    }

    /// That of the name that so many of these bytes are.
    #[inline]
    fn beginning(bytes: &[u8; Self::WHOLE], len: usize) -> Self {
        /// Covers so many bytes of a word.
        const COVERS: [u64; 9] = [
            0,
            u64::MAX >> 56,
            u64::MAX >> 48,
            u64::MAX >> 40,
            u64::MAX >> 32,
            u64::MAX >> 24,
            u64::MAX >> 16,
            u64::MAX >> 8,
            u64::MAX,
        ];
        let (words, _) = bytes.as_chunks();
        let word = |index: usize, len: usize| u64::from_le_bytes(words[index]) & COVERS[len.min(8)];
        Self { low: word(0, len), high: word(1, len.saturating_sub(8)), len: len as u64 }
    }

    /// How many bytes the name has.
    pub(crate) fn len(self) -> usize {
        self.len as usize
    }

    /// Whether the key is the whole name.
    #[inline]
    pub(crate) fn is_whole(self) -> bool {
        self.len <= Self::WHOLE as u64
    }

    /// The hash of a name that this is the whole of.
    #[inline]
    pub(crate) fn hash(self, seed: &foldhash::fast::RandomState) -> u64 {
        let mut hasher = seed.build_hasher();
        hasher.write_u64(self.low ^ self.len << 56);
        hasher.write_u64(self.high);
        hasher.finish()
    }

    /// The hash of a name that this is the key of.
    pub(crate) fn hash_with(self, name: &str, seed: &foldhash::fast::RandomState) -> u64 {
        if self.is_whole() { self.hash(seed) } else { seed.hash_one(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte by byte.
    fn naive(name: &str) -> Key {
        let byte = |at: usize| name.as_bytes().get(at).copied().unwrap_or(0);
        let word = |from: usize| u64::from_le_bytes(std::array::from_fn(|at| byte(from + at)));
        let high = if name.len() > Key::WHOLE { word(name.len() - 8) } else { word(8) };
        Key { low: word(0), high, len: name.len() as u64 }
    }

    #[test]
    fn keys_are_the_same_wherever_the_name_stands() {
        let text = "abcdefghijklmnopqrstuvwxyzäöüabcdefghijk";
        for start in 0..=text.len() {
            for end in start..=text.len() {
                let Some(name) = text.get(start..end) else {
                    assert_eq!(KeyedName::within(text, start..end), None);
                    continue;
                };
                let expected = KeyedName { name, key: naive(name) };
                assert_eq!(KeyedName::from(name), expected);
                assert_eq!(KeyedName::within(text, start..end), Some(expected));
            }
        }
        assert_eq!(KeyedName::within(text, 0..text.len() + 1), None);
    }
}
