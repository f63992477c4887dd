//! Counts of a contiguous range of bins.

use std::mem;
use std::ops::Range;

use crate::statistics::quantiles::bins::range;

/// The number of bins that a slice grows by: a quarter of a power of two.
pub(crate) const STEP: usize = 16;

/// Keeps the counts of a range of bins; both ends are multiples of [`STEP`].
#[derive(Debug, Clone, Default)]
pub(crate) struct DenseCounts<C> {
    /// The number of the first bin.
    pub(crate) first: usize,
    /// Boxed, so that the capacity equals the length.
    pub(crate) counts: Box<[C]>,
}

impl<C: Copy + Default> DenseCounts<C> {
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Returns the count of a bin, 0 outside of the slice.
    pub(crate) fn get(&self, bin: usize) -> C {
        self.counts.get(bin.wrapping_sub(self.first)).copied().unwrap_or_default()
    }

    /// Returns the count of a bin, and extends the slice to it.
    pub(crate) fn get_mut(&mut self, bin: usize) -> &mut C {
        self.reach(bin..bin + 1);
        &mut self.counts[bin - self.first]
    }

    /// Returns the bins from `bin` on, with their counts.
    pub(crate) fn counts_from(&self, bin: usize) -> impl Iterator<Item = (usize, C)> {
        let at = bin.saturating_sub(self.first);
        (bin..).zip(self.counts.get(at..).unwrap_or_default().iter().copied())
    }

    /// Returns the counts of [`STEP`] bins each, with the number of the first bin.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (usize, &[C; STEP])> {
        (self.first..).step_by(STEP).zip(self.counts.as_chunks().0)
    }

    /// Returns the counts of [`STEP`] bins from `first` on; `None` outside of the slice.
    pub(crate) fn step(&self, first: usize) -> Option<&[C; STEP]> {
        self.counts.get(first.wrapping_sub(self.first)..)?.first_chunk()
    }

    /// Returns the counts of [`STEP`] bins from `first` on, and extends the slice to them.
    pub(crate) fn step_mut(&mut self, first: usize) -> &mut [C] {
        self.reach(first..first + STEP);
        &mut self.counts[first - self.first..][..STEP]
    }

    /// Pairs the counts of [`STEP`] bins each with those of another slice for the same bins.
    ///
    /// The number of the first bin comes first. Extends the slice over the other.
    pub(crate) fn paired_steps<'a>(
        &'a mut self,
        other: &'a Self,
    ) -> impl Iterator<Item = (usize, &'a mut [C; STEP], &'a [C; STEP])> {
        self.reach(other.first..other.first + other.counts.len());
        let at = other.first.saturating_sub(self.first);
        let mine = self.counts.get_mut(at..).unwrap_or_default().as_chunks_mut().0;
        other.steps().zip(mine).map(|((bin, theirs), mine)| (bin, mine, theirs))
    }

    /// Extends the slice over all of these bins at once.
    pub(crate) fn reach_all(&mut self, bins: impl Iterator<Item = usize>) {
        self.reach(range(bins));
    }

    /// Extends the slice over a range of bins.
    fn reach(&mut self, bins: Range<usize>) {
        if bins.is_empty() {
            return;
        }
        let (start, end) = (bins.start / STEP * STEP, bins.end.next_multiple_of(STEP));
        if self.is_empty() {
            self.first = start;
        }
        let before = self.first.saturating_sub(start);
        let after = end.saturating_sub(self.first + self.counts.len());
        if before + after > 0 {
            // In place if possible, because many slices that move fragment the heap.
            let mut counts = mem::take(&mut self.counts).into_vec();
            counts.reserve_exact(before + after);
            counts.resize(counts.len() + before + after, C::default());
            counts.rotate_right(before);
            self.counts = counts.into();
            self.first -= before;
        }
    }
}
