//! All values, from which any figure can be computed later.

use std::sync::Arc;

use core_time::{Statistic, Subtract, Tag};

use crate::action::time::ActionTime;
use crate::exact::vector::{BLOCK, sum_of_integers, sums_of_floats};
use crate::statistics::mean::Mean;
use crate::statistics::traits::{HasCount, HasMean, counts_fit};

/// The number of values in a chunk. Clones share full chunks instead of copying them.
const CHUNK: usize = 4_096;

/// Keeps every time, in 8 bytes each.
///
/// The number of times is not limited. [`TopK`](crate::TopK) has a limit, and counts what it drops.
///
/// A clone shares all but the newest few thousand values with the original, so cloning is fast for
/// any number of values.
///
/// # Accuracy
///
/// Values are kept exactly; their order is not. Two are equal if they hold the same values.
///
/// # Examples
///
/// The values give any figure, here the maximum:
///
/// ```
/// use core_actions::{ActionTime, HasMean, Values, Statistic};
///
/// let mut raw = Values::default();
/// for time in [100_u64, 300, 200] {
///     raw.insert(ActionTime::from(time));
/// }
/// assert_eq!(raw.times().max(), Some(ActionTime::from(300_u64)));
/// assert_eq!(raw.mean(), Some(200.0));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Values {
    integers: Chunks<u64>,
    floats: Chunks<f64>,
}

impl Values {
    /// Returns all times, in unspecified order.
    pub fn times(&self) -> impl Iterator<Item = ActionTime> {
        let integers = self.integers.slices().flatten().copied().map(ActionTime::from);
        let floats = self.floats.slices().flatten().copied().map(ActionTime::of_float);
        integers.chain(floats)
    }
}

impl Statistic for Values {
    type Value = ActionTime;

    const TAG: Tag = Tag::standard("values");

    const NEVER_PANICS: bool = true;

    const HEAP_BYTES_MAX: usize = usize::MAX;

    #[inline]
    fn insert(&mut self, time: ActionTime) {
        match time.as_integer() {
            Some(integer) => self.integers.push(integer),
            None => self.floats.push(time.as_f64()),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.integers.merge(&other.integers);
        self.floats.merge(&other.floats);
    }

    fn can_merge(&self, other: &Self) -> bool {
        counts_fit(self, other)
    }
}

impl HasCount for Values {
    fn count(&self) -> u64 {
        (self.integers.len() + self.floats.len()) as u64
    }
}

impl HasMean for Values {
    /// # Complexity
    ///
    /// Linear in the number of times, because no sum is kept.
    fn mean(&self) -> Option<f64> {
        let (mut sum, mut less) = (Mean::default(), Mean::default());
        for integers in self.integers.slices() {
            sum.insert_integers(integers.len() as u64, sum_of_integers(integers));
        }
        for floats in self.floats.slices() {
            let (blocks, rest) = floats.as_chunks();
            sum.insert_floats(rest);
            for block in blocks {
                match sums_of_floats(block) {
                    Some([upper, lower]) => {
                        sum.insert_sum(BLOCK as u64, upper);
                        let sum = if lower < 0.0 { &mut less } else { &mut sum };
                        sum.insert_sum(0, lower.abs());
                    }
                    None => sum.insert_floats(block),
                }
            }
        }
        sum.subtract(&less);
        sum.mean()
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |raw: &Self| {
            let mut times: Vec<_> = raw.times().collect();
            times.sort_unstable();
            times
        };
        self.count() == other.count() && sorted(self) == sorted(other)
    }
}

impl Eq for Values {}

/// Keeps values in chunks; clones share the full ones.
#[derive(Debug, Clone)]
struct Chunks<T> {
    /// All but the newest values, in chunks of [`CHUNK`].
    full: Vec<Arc<[T]>>,
    /// Fewer than [`CHUNK`] values.
    newest: Vec<T>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { full: Vec::new(), newest: Vec::new() }
    }
}

impl<T: Copy> Chunks<T> {
    fn len(&self) -> usize {
        self.full.len() * CHUNK + self.newest.len()
    }

    #[inline]
    fn push(&mut self, value: T) {
        self.newest.push(value);
        self.share_full_chunk();
    }

    fn merge(&mut self, other: &Self) {
        self.full.extend(other.full.iter().cloned());
        let room = (CHUNK - self.newest.len()).min(other.newest.len());
        let (fitting, rest) = other.newest.split_at(room);
        self.newest.extend_from_slice(fitting);
        self.share_full_chunk();
        self.newest.extend_from_slice(rest);
    }

    #[inline]
    fn share_full_chunk(&mut self) {
        if self.newest.len() == CHUNK {
            self.share();
        }
    }

    #[cold]
    #[inline(never)] // Otherwise `push` would not be inlined.
    fn share(&mut self) {
        self.full.push(self.newest.as_slice().into());
        self.newest.clear();
    }

    fn slices(&self) -> impl Iterator<Item = &[T]> {
        self.full.iter().map(AsRef::as_ref).chain([self.newest.as_slice()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_every_value_across_their_edges() {
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5] {
            let mut chunks = Chunks::default();
            (0..len).for_each(|value| chunks.push(value));
            let copy = chunks.clone();
            chunks.merge(&copy);
            assert_eq!((copy.len(), chunks.len()), (len, 2 * len));
            let mut all: Vec<_> = chunks.slices().flatten().copied().collect();
            all.sort_unstable();
            assert!(all.iter().enumerate().all(|(at, &value)| value == at / 2), "of {len} values");
        }
    }
}
