//! The rows of a local tracker, in chunks.
//!
//! A vector that grows is copied, and needs three times its size for a moment. Rows in chunks stay
//! where they are, and a chunk is released as soon as its rows are passed on.

use std::ops::{Index, IndexMut};

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

impl<S> Entry<S> {
    /// Returns the name if it is one of the long ones, and an empty text otherwise.
    pub(super) fn long_name<'t>(&self, long: &'t str) -> &'t str {
        if self.key.is_whole() { "" } else { &long[self.long..self.long + self.key.len()] }
    }
}

/// The rows in the order in which they were added.
#[derive(Debug)]
pub(super) struct Entries<S> {
    /// All but the last are full. Only the first grows.
    chunks: Vec<Vec<Entry<S>>>,
    len: usize,
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

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&Entry<S>> {
        self.chunks.get(index >> Self::CHUNK_BITS)?.get(index & (Self::CHUNK - 1))
    }

    /// Adds a row, and returns its index.
    pub(super) fn push(&mut self, entry: Entry<S>) -> usize {
        let index = self.len;
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < Self::CHUNK => chunk.push(entry),
            last => {
                let mut chunk = Vec::with_capacity(last.map_or(1, |_| Self::CHUNK));
                chunk.push(entry);
                self.chunks.push(chunk);
            }
        }
        self.len += 1;
        index
    }
}

impl<S> Default for Entries<S> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<S> Index<usize> for Entries<S> {
    type Output = Entry<S>;

    #[inline]
    fn index(&self, index: usize) -> &Entry<S> {
        &self.chunks[index >> Self::CHUNK_BITS][index & (Self::CHUNK - 1)]
    }
}

impl<S> IndexMut<usize> for Entries<S> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut Entry<S> {
        &mut self.chunks[index >> Self::CHUNK_BITS][index & (Self::CHUNK - 1)]
    }
}

impl<S> IntoIterator for Entries<S> {
    type Item = Entry<S>;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<Entry<S>>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}
