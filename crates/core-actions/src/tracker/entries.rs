//! The rows of a local tracker, in chunks.
//!
//! A vector that grows is copied, and needs three times its size for a moment. Rows in chunks stay
//! where they are, and a chunk is released as soon as its rows are passed on.

use std::ops::{Index, IndexMut};
use std::{iter, vec};

use core_time::Statistic;

use crate::action::key::Key;

/// No number of a record.
pub(super) const NONE: u64 = u64::MAX;

/// One action. Its parts that each record reads or writes come first.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Entry<S> {
    pub(super) key: Key,
    pub(super) statistic: S,
    /// The smallest number of its records; [`NONE`] if its statistic panicked at the first.
    pub(super) first: u64,
    /// Where the name begins among the long ones, if it is one.
    pub(super) long: usize,
}

impl<S: Statistic> Entry<S> {
    /// Inserts the value of a record with a number.
    #[inline(always)]
    pub(super) fn insert(&mut self, value: S::Value, number: u64) {
        self.statistic.insert_whole(value);
        self.first = self.first.min(number.min(NONE - 1));
    }

    /// Inserts `n` equal values of records with a number.
    pub(super) fn insert_n(&mut self, value: S::Value, n: u64, number: u64) {
        self.statistic.insert_n_whole(value, n);
        self.first = self.first.min(number.min(NONE - 1));
    }
}

impl<S> Entry<S> {
    /// Returns the name if it is one of the long ones, and an empty text otherwise.
    pub(super) fn long_name<'t>(&self, long: &'t str) -> &'t str {
        if self.key.is_whole() { "" } else { &long[self.long..self.long + self.key.len()] }
    }
}

/// The rows in the order in which they were added.
///
/// An index is the number of a chunk and one in the chunk, in one integer.
#[derive(Debug)]
pub(super) struct Entries<S> {
    /// The first rows, of which the cache of a core holds all. Only this chunk grows.
    few: Vec<Entry<S>>,
    /// The chunks after the first. All but the last are full.
    many: Vec<Vec<Entry<S>>>,
}

impl<S> Entries<S> {
    /// The bytes of a chunk, enough for the allocator to return it to the system at once.
    const CHUNK_BYTES: usize = 1 << 20;
    /// The binary logarithm of the rows of a chunk.
    const CHUNK_BITS: u32 = match (Self::CHUNK_BYTES / size_of::<Entry<S>>()).checked_ilog2() {
        Some(bits) => bits,
        None => 0,
    };
    const CHUNK: usize = 1 << Self::CHUNK_BITS;
    /// The maximum number of the first rows.
    ///
    /// Found by measurement; half or twice as many are as good.
    const FEW: usize = Self::CHUNK / 8 + 1;

    pub(super) fn len(&self) -> usize {
        let many =
            self.many.last().map_or(0, |last| (self.many.len() - 1) * Self::CHUNK + last.len());
        self.few.len() + many
    }

    pub(super) fn is_empty(&self) -> bool {
        self.few.is_empty()
    }

    /// Returns all rows by their indices, if they are few.
    #[inline(always)]
    pub(super) fn few(&self) -> Option<&[Entry<S>]> {
        self.many.is_empty().then_some(&self.few)
    }

    /// Returns one of the first rows.
    #[inline(always)]
    pub(super) fn few_mut(&mut self, index: usize) -> Option<&mut Entry<S>> {
        self.few.get_mut(index)
    }

    #[inline]
    fn chunk(&self, index: usize) -> Option<&Vec<Entry<S>>> {
        match (index >> Self::CHUNK_BITS).checked_sub(1) {
            None => Some(&self.few),
            Some(chunk) => self.many.get(chunk),
        }
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&Entry<S>> {
        self.chunk(index)?.get(index & (Self::CHUNK - 1))
    }

    /// Adds a row, and returns its index.
    pub(super) fn push(&mut self, entry: Entry<S>) -> usize {
        if self.many.is_empty() && self.few.len() < Self::FEW {
            self.few.push(entry);
            return self.few.len() - 1;
        }
        if self.many.last().is_none_or(|last| last.len() == Self::CHUNK) {
            self.many.push(Vec::with_capacity(Self::CHUNK));
        }
        let chunk = self.many.len();
        let last = &mut self.many[chunk - 1];
        last.push(entry);
        chunk << Self::CHUNK_BITS | (last.len() - 1)
    }
}

impl<S> Default for Entries<S> {
    fn default() -> Self {
        Self { few: Vec::new(), many: Vec::new() }
    }
}

impl<S> Index<usize> for Entries<S> {
    type Output = Entry<S>;

    #[inline]
    fn index(&self, index: usize) -> &Entry<S> {
        self.get(index).expect("an index of a row")
    }
}

impl<S> IndexMut<usize> for Entries<S> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut Entry<S> {
        let chunk = match (index >> Self::CHUNK_BITS).checked_sub(1) {
            None => &mut self.few,
            Some(chunk) => &mut self.many[chunk],
        };
        &mut chunk[index & (Self::CHUNK - 1)]
    }
}

impl<S> IntoIterator for Entries<S> {
    type Item = Entry<S>;
    type IntoIter =
        iter::Flatten<iter::Chain<iter::Once<Vec<Entry<S>>>, vec::IntoIter<Vec<Entry<S>>>>>;

    fn into_iter(self) -> Self::IntoIter {
        iter::once(self.few).chain(self.many).flatten()
    }
}
