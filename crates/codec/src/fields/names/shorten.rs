//! Short forms of long names, and whether two names share one.
//!
//! A short form ends with 32 bits of a hash. Of 10,000 names with the same start, two share a short
//! form in 1 of 86 runs; of 100,000, in 2 of 3 runs. More digits for the second of two such names
//! would make the result depend on which came first, and so on threads. So the short form of a name
//! depends on that name alone, and [`ShortNames`] counts the short forms of several names: a set,
//! whose number does not depend on the order either.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// The bytes of the limit that the start of a name may not use: the mark, the digits and one more.
const RESERVED_BYTES: usize = 12;
const MARK: &str = "…";
const DIGITS: usize = 8;
/// The maximum number of short names that are compared.
const NAMES_MAX: usize = 1 << 18;

/// Writes the short form of a name longer than `max` bytes. Returns whether it is.
pub(super) fn shorten(name: &str, max: usize, out: &mut String) -> bool {
    let max = max.max(1);
    if name.len() <= max {
        return false;
    }
    out.clear();
    out.push_str(&name[..name.floor_char_boundary(max.saturating_sub(RESERVED_BYTES))]);
    if has_mark(max) {
        out.push_str(MARK);
    }
    let start = out.len();
    write!(out, "{:08x}", hash(name.as_bytes())).expect("a string grows");
    out.truncate(start + max.min(DIGITS));
    true
}

/// Returns whether short names of at most `max` bytes have a mark, which is not ASCII.
pub(super) fn has_mark(max: usize) -> bool {
    max >= MARK.len() + DIGITS
}

/// Returns whether a name could be the short form of another.
#[inline]
pub(super) fn looks_shortened(name: &str, max: usize) -> bool {
    let max = max.max(1);
    let digits = max.min(DIGITS);
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let Some(at) = name.len().checked_sub(digits) else { return false };
    let (start, end) = name.as_bytes().split_at(at);
    let is_start = if has_mark(max) { start.ends_with(MARK.as_bytes()) } else { start.is_empty() };
    is_start && end.iter().all(is_digit)
}

/// Returns the hash of a name: the upper half of FNV-1a of 64 bits after `fmix64` of MurmurHash3.
///
/// FNV alone leaves the upper digits of similar names alike. The hash is the same in every run and
/// on every platform, so that the short names of two runs can be compared. It is not safe against
/// names that are made to collide; those are counted.
pub(super) fn hash(name: &[u8]) -> u32 {
    (mix(fnv1a(name)) >> 32) as u32
}

fn mix(hash: u64) -> u64 {
    let hash = (hash ^ hash >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    let hash = (hash ^ hash >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ hash >> 33
}

pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}

/// Counts short names that stand for several names.
///
/// Remembers two hashes of 64 bits for each short name: of the short form, and of the whole. The
/// hashes have a secret key, so that nobody can make two names that are taken for one.
///
/// # Complexity
///
/// Memory of 262,144 short names at most, below 10 MiB. Later ones are compared with these only;
/// see [`is_complete`](Self::is_complete).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ShortNames {
    wholes: HashMap<u64, u64>,
    shared: HashSet<u64>,
    /// Whether a short name was not remembered.
    is_full: bool,
}

impl ShortNames {
    /// Notes that `short` stands for `whole`.
    pub(super) fn observe(&mut self, short: &str, whole: &str) {
        /// The same for all threads and files, so that short names can be merged.
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        self.insert(KEYS.hash_one(short), KEYS.hash_one(whole), NAMES_MAX);
    }

    pub(super) fn insert(&mut self, short: u64, whole: u64, names_max: usize) {
        let is_full = self.wholes.len() >= names_max;
        match self.wholes.entry(short) {
            Entry::Occupied(known) if *known.get() != whole => {
                self.shared.insert(short);
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(_) if is_full => self.is_full = true,
            Entry::Vacant(place) => {
                place.insert(whole);
            }
        }
    }

    /// Adds the short names of another thread or input.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.merge_within(other, NAMES_MAX);
    }

    pub(super) fn merge_within(&mut self, other: &Self, names_max: usize) {
        self.is_full |= other.is_full;
        self.shared.extend(&other.shared);
        for (&short, &whole) in &other.wholes {
            self.insert(short, whole, names_max);
        }
    }

    /// Returns the number of short names that stand for more than one name.
    pub(crate) fn shared(&self) -> usize {
        self.shared.len()
    }

    /// Returns whether all short names were compared with each other.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_full
    }
}
