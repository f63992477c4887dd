//! The list of places in a window.

/// The number of bytes in a block.
pub(super) const BLOCK: usize = 64;

/// The maximum length of a window. Its places and its text fit into a cache together.
pub(super) const WINDOW: usize = 16 * 1024;

/// Places after the last one, which are the end of the window.
///
/// So the walk needs one comparison for all places of a member.
const AFTER: usize = 4;

/// The places of a window, in order.
#[derive(Debug)]
pub(super) struct Places {
    places: Box<[u16; WINDOW + BLOCK + AFTER]>,
    len: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self { places: zeros(), len: 0 }
    }
}

impl Places {
    /// Removes all places.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Returns the number of places.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds the place of each bit. That of the lowest bit is `first`.
    ///
    /// `write` writes them in order, and may write more after them.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        bits: u64,
        first: usize,
        write: impl FnOnce(u64, u16, &mut [u16; BLOCK]),
    ) {
        let free = self.places.get_mut(self.len..).and_then(|free| free.first_chunk_mut::<BLOCK>());
        self.len += bits.count_ones() as usize;
        if let Some(free) = free {
            write(bits, first as u16, free);
        }
    }

    /// Ends the list of a window that ends at `end`.
    #[inline]
    pub(super) fn finish(&mut self, end: usize) {
        if let Some(after) = self.places.get_mut(self.len..self.len + AFTER) {
            after.fill(end as u16);
        }
    }

    /// Returns a place, and the three after it.
    #[inline(always)]
    pub(super) fn four(&self, number: usize) -> Option<[usize; 4]> {
        let four = self.places.get(number..)?.first_chunk::<4>()?;
        Some(four.map(usize::from))
    }

    /// Returns the number of the first place from number `from` on that is not before an offset.
    #[inline(always)]
    pub(super) fn find(&self, from: usize, offset: usize) -> usize {
        let rest = self.places.get(from..self.len).unwrap_or_default();
        from + rest.iter().take_while(|&&place| usize::from(place) < offset).count()
    }
}

/// Returns an array of zeros that was never on the stack.
pub(super) fn zeros<T: Clone + Default, const LEN: usize>() -> Box<[T; LEN]> {
    let zeros = vec![T::default(); LEN].into_boxed_slice();
    // The length is that of the vector.
    zeros.try_into().unwrap_or_else(|_| Box::new(std::array::from_fn(|_| T::default())))
}
