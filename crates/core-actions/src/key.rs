//! Names as three words, so that a short one is compared at once.

use std::hash::{BuildHasher as _, Hasher as _};

/// A name up to 16 bytes as it is, of a longer one both ends.
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

    #[inline]
    pub(crate) fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        // Two reads that overlap where the name is shorter than both.
        let (low, high) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(&first), Some(&last)) => (u64::from_le_bytes(first), u64::from_le_bytes(last)),
            _ => Self::ends_of_few(bytes),
        };
        Self { low, high, len: bytes.len() as u64 }
    }

    /// The same of fewer than eight bytes.
    #[inline]
    fn ends_of_few(bytes: &[u8]) -> (u64, u64) {
        if let (Some(&first), Some(&last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            return (u32::from_le_bytes(first).into(), u32::from_le_bytes(last).into());
        }
        match *bytes {
            [first, .., last] => {
                (first.into(), u64::from(bytes[bytes.len() / 2]) << 8 | u64::from(last))
            }
            [only] => (only.into(), 0),
            [] => (0, 0),
        }
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
