//! The list of places in a window, each with its kind.

use crate::scan::swar::BYTES;

/// The number of bytes in a block.
pub(super) const BLOCK: usize = 64;

/// The maximum length of a window. Its places and its text fit into a cache together.
pub(super) const WINDOW: usize = 16 * 1024;

/// The number of numbers of places, of which a window has at most half.
///
/// Numbers are reduced to 15 bits, which changes none of them, so that no read needs a bounds
/// check.
const NUMBERS: usize = 1 << 15;

/// The kind of a digit, with which a number begins.
pub(super) const NUMBER: u8 = b'0';

/// The kind of a place whose byte must not be there.
const INVALID: u8 = 0;

/// The kind of the end of a line, and of the places after the last one.
pub(super) const END: u8 = b'\n';

/// A block of bytes.
pub(super) type Block = [u8; BLOCK];

/// The places of a block, before they are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockPlaces<'t> {
    pub(super) block: &'t Block,
    /// Where the block begins in its window.
    pub(super) first: usize,
    /// A bit for each place.
    pub(super) places: u64,
    /// Digits, also in strings.
    pub(super) digits: u64,
}

/// The places of a window, in order.
#[derive(Debug)]
pub(super) struct Places {
    places: Box<[u16; NUMBERS]>,
    /// The kind of each place: its byte, but for digits and for what is invalid.
    kinds: Box<[u8; NUMBERS + BYTES]>,
    len: usize,
    /// Whether the window has an escaped byte.
    pub(super) has_escapes: bool,
}

impl Default for Places {
    fn default() -> Self {
        Self { places: zeros(), kinds: zeros(), len: 0, has_escapes: false }
    }
}

impl Places {
    /// Removes all places.
    #[inline]
    pub(super) fn clear(&mut self) {
        (self.len, self.has_escapes) = (0, false);
    }

    /// Returns the number of places.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds the places of a block, of which those in `invalid` are invalid.
    ///
    /// `write` writes them and their kinds in order, and may write more after them.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        of: &BlockPlaces<'_>,
        invalid: u64,
        write: impl FnOnce(&BlockPlaces<'_>, &mut [u16; BLOCK], &mut Block),
    ) {
        let places = self.places.get_mut(self.len..).and_then(<[_]>::first_chunk_mut);
        let kinds = self.kinds.get_mut(self.len..).and_then(<[_]>::first_chunk_mut);
        if let (Some(places), Some(kinds)) = (places, kinds) {
            write(of, places, kinds);
            if invalid != 0 {
                spoil(kinds, of.places, invalid);
            }
        }
        self.len += of.places.count_ones() as usize;
    }

    /// Removes the places after the last line. Returns its end.
    #[inline]
    pub(super) fn cut(&mut self) -> usize {
        let kinds = self.kinds.get(..self.len).unwrap_or_default();
        self.len = kinds.iter().rposition(|&kind| kind == END).map_or(0, |number| number + 1);
        if self.len == 0 { 0 } else { self.at(self.len - 1) + 1 }
    }

    /// Ends the list of a window that ends at `end`.
    #[inline]
    pub(super) fn finish(&mut self, end: usize) {
        let after = self.len..self.len + BYTES;
        if let Some(places) = self.places.get_mut(after.clone()) {
            places.fill(end as u16);
        }
        if let Some(kinds) = self.kinds.get_mut(after) {
            kinds.fill(END);
        }
    }

    /// Returns the place with a number.
    #[inline(always)]
    pub(super) fn at(&self, number: usize) -> usize {
        usize::from(self.places[number % NUMBERS])
    }

    /// Returns the kind of the place with a number, in the lowest byte, and those after it.
    #[inline(always)]
    pub(super) fn kinds(&self, number: usize) -> u64 {
        let kinds = self.kinds[number % NUMBERS..].first_chunk();
        kinds.map_or(0, |kinds| u64::from_le_bytes(*kinds))
    }

    /// Returns the kind of the place with a number.
    #[inline(always)]
    pub(super) fn kind(&self, number: usize) -> u8 {
        self.kinds[number % NUMBERS]
    }

    /// Returns the number of the first place from number `from` on that is not before an offset.
    #[inline(always)]
    pub(super) fn find(&self, from: usize, offset: usize) -> usize {
        let rest = self.places.get(from..self.len).unwrap_or_default();
        from + rest.iter().take_while(|&&place| usize::from(place) < offset).count()
    }

    /// Returns the number of the first place that is not before an offset, near or far.
    #[cold]
    pub(super) fn search(&self, offset: usize) -> usize {
        let places = self.places.get(..self.len).unwrap_or_default();
        places.partition_point(|&place| usize::from(place) < offset)
    }
}

/// Marks the kinds of places as invalid.
#[cold]
#[inline(never)]
fn spoil(kinds: &mut Block, places: u64, mut invalid: u64) {
    while invalid != 0 {
        let lowest = invalid & invalid.wrapping_neg();
        let number = (places & (lowest - 1)).count_ones() as usize;
        kinds[number % BLOCK] = INVALID;
        invalid ^= lowest;
    }
}

/// Returns an array of zeros that was never on the stack.
pub(super) fn zeros<T: Clone + Default, const LEN: usize>() -> Box<[T; LEN]> {
    let zeros = vec![T::default(); LEN].into_boxed_slice();
    // The length is that of the vector.
    zeros.try_into().unwrap_or_else(|_| Box::new(std::array::from_fn(|_| T::default())))
}
