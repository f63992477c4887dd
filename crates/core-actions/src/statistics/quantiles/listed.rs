//! The bins of a few times, each named instead of counted.

use std::ops::Range;

use crate::statistics::quantiles::bins::{NEAR, range};
use crate::statistics::quantiles::dense::STEP;

/// Lists the bins of up to [`Self::LEN_MAX`] times in [`NEAR`], in order of insertion.
///
/// A slice of counts has a byte for each bin from the smallest to the largest, also for the bins
/// between that have no time. Fifty times of an action that are spread over two powers of ten need
/// 100 bytes here, and 450 there. It is not sorted, for the same reasons as a small sample.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListedBins {
    /// Each number of a bin less the first of [`NEAR`].
    bins: Vec<u16>,
}

impl ListedBins {
    const LEN_MIN: usize = 16;

    /// From here on the slice is smaller for times within three powers of ten, and faster.
    pub(crate) const LEN_MAX: usize = 128;

    /// While the capacity grows, the memory of the last one is allocated too.
    pub(crate) const HEAP_BYTES_MAX: usize = size_of::<u16>() * (Self::LEN_MAX + Self::LEN_MAX / 2);

    pub(crate) fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.bins.len()
    }

    /// Returns the bins, in order of insertion.
    pub(crate) fn bins(&self) -> impl Iterator<Item = usize> + Clone {
        self.bins.iter().map(|&bin| NEAR.start + usize::from(bin))
    }

    /// Adds `n` times of a bin in [`NEAR`], unless a slice of counts is the smaller form for them.
    #[inline]
    pub(crate) fn push(&mut self, bin: usize, n: usize) -> bool {
        let len = self.bins.len().saturating_add(n);
        let has_room = len <= self.bins.capacity() || self.grow(bin, len);
        if has_room {
            self.bins.resize(len, (bin - NEAR.start) as u16);
        }
        has_room
    }

    /// Makes room for `len` times, unless counts of all of their bins take as little memory.
    #[cold]
    fn grow(&mut self, bin: usize, len: usize) -> bool {
        let capacity = len.max(Self::LEN_MIN).next_power_of_two();
        let Range { start, end } = range(self.bins().chain([bin]));
        let counts = end.next_multiple_of(STEP) - start / STEP * STEP;
        let is_smaller = capacity <= Self::LEN_MAX
            && (capacity == Self::LEN_MIN || capacity * size_of::<u16>() < counts);
        if is_smaller {
            self.bins.reserve_exact(capacity - self.bins.len());
        }
        is_smaller
    }

    /// Returns the bins in ascending order, each as often as it was added.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = usize> {
        let mut sorted = [0; Self::LEN_MAX];
        sorted[..self.len()].copy_from_slice(&self.bins);
        sorted[..self.len()].sort_unstable();
        sorted.into_iter().take(self.len()).map(|bin| NEAR.start + usize::from(bin))
    }

    /// Returns the bin at this index in ascending order.
    pub(crate) fn nth_smallest(&self, index: usize) -> Option<usize> {
        let mut bins = [0; Self::LEN_MAX];
        let bins = &mut bins[..self.len()];
        bins.copy_from_slice(&self.bins);
        let (_, &mut bin, _) = (index < bins.len()).then(|| bins.select_nth_unstable(index))?;
        Some(NEAR.start + usize::from(bin))
    }

    /// Reads the last bin, which is next to where the next one goes.
    #[inline]
    pub(crate) fn prefetch(&self) -> u64 {
        self.bins.last().copied().unwrap_or_default().into()
    }
}
