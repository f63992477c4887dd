//! Names as three words, so that a short one is compared at once.

use std::fmt;
#[cfg(feature = "tracker")]
use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::{Deref, Range};

/// Holds a name and its lookup key.
///
/// A [`LocalTracker`](crate::LocalTracker) accepts it in place of the text, and otherwise computes
/// the key itself. For a name [within](Self::within) a longer text, such as the line of a log, the
/// key is computed without a branch on the length of the name. A processor cannot predict that
/// branch where lengths vary: it caused most of the mispredictions of reading a line of the common
/// shape.
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
    /// Returns the name in `range` of a text.
    ///
    /// `None` if the range is out of bounds or does not lie on character boundaries.
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

    /// Returns the name as text.
    #[inline]
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.name
    }
}

/// What trackers do with a name.
#[cfg(feature = "tracker")]
impl<'a> KeyedName<'a> {
    pub(crate) fn key(self) -> Key {
        self.key
    }

    /// Returns a name with this key; `name` may be any text if the key holds the name.
    #[inline]
    pub(crate) fn of_key(key: Key, name: &'a str) -> Self {
        Self { name, key }
    }

    /// Returns the key of a stored name; no caller's text has the key of [`FOLDED`].
    pub(crate) fn kept(name: &'a str) -> Self {
        let key = if name == FOLDED { Key::FOLDED } else { Key::of(name) };
        Self { name, key }
    }
}

/// The name of the row of folded actions.
///
/// It is blank, so no action has it. A word such as `(other)` could be the name of an action.
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

/// Holds a name of up to 16 bytes, padded with zeros, or both ends of a longer name.
///
/// Two names of one length up to [`Key::WHOLE`] are equal if their keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Key {
    low: u64,
    high: u64,
    len: u64,
}

impl Key {
    /// The maximum length of a name that its key holds completely.
    pub(crate) const WHOLE: usize = 16;

    #[inline]
    pub(crate) fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let (low, high) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(&first), Some(&last)) => {
                // The two reads overlap if the name is shorter than both. The shift removes the
                // overlap, in two halves, because a shift by all 64 bits overflows.
                let both = 4 * Self::WHOLE.saturating_sub(bytes.len());
                (u64::from_le_bytes(first), u64::from_le_bytes(last) >> both >> both)
            }
            _ => (Self::of_few(bytes), 0),
        };
        Self { low, high, len: bytes.len() as u64 }
    }

    /// Returns the first word of a name of fewer than eight bytes.
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

    /// Returns the key of the name in the first `len` bytes.
    #[inline]
    fn beginning(bytes: &[u8; Self::WHOLE], len: usize) -> Self {
        /// The mask of the first bytes of a word, by their number.
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
}

/// What trackers do with a key.
#[cfg(feature = "tracker")]
impl Key {
    /// The key of [`FOLDED`]. No text has it, because a key is zero after the end of its name.
    const FOLDED: Self = Self { low: 1, high: 0, len: 0 };

    /// Returns the length of the name in bytes.
    pub(crate) fn len(self) -> usize {
        self.len as usize
    }

    /// Returns whether the key holds the whole name.
    #[inline]
    pub(crate) fn is_whole(self) -> bool {
        self.len <= Self::WHOLE as u64
    }

    /// Returns the name with this key, `long` if it is longer than the key.
    pub(crate) fn text<'t>(&self, long: &'t str) -> KeyText<'t> {
        let mut bytes = [0; Self::WHOLE];
        bytes[..8].copy_from_slice(&self.low.to_le_bytes());
        bytes[8..].copy_from_slice(&self.high.to_le_bytes());
        if self.is_whole() { KeyText::Whole(bytes, self.len()) } else { KeyText::Long(long) }
    }

    /// Returns the hash of a name that the key holds completely.
    #[inline]
    pub(crate) fn hash(self, seed: &foldhash::fast::RandomState) -> u64 {
        let mut hasher = seed.build_hasher();
        hasher.write_u64(self.low ^ self.len << 56);
        hasher.write_u64(self.high);
        hasher.finish()
    }

    /// Returns the hash of the name with this key.
    pub(crate) fn hash_with(self, name: &str, seed: &foldhash::fast::RandomState) -> u64 {
        if self.is_whole() { self.hash(seed) } else { seed.hash_one(name) }
    }
}

/// The text of a name, copied out of its key if the key holds it.
#[cfg(feature = "tracker")]
pub(crate) enum KeyText<'t> {
    Whole([u8; Key::WHOLE], usize),
    Long(&'t str),
}

#[cfg(feature = "tracker")]
impl AsRef<str> for KeyText<'_> {
    fn as_ref(&self) -> &str {
        match self {
            Self::Whole(bytes, len) => str::from_utf8(&bytes[..*len]).expect("a key is of a text"),
            Self::Long(name) => name,
        }
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
