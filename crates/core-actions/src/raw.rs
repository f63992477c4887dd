//! The raw values themselves, kept so that any figure can be computed from them later.

use std::sync::Arc;

use core_time::Statistic;

use crate::figures::{Counted, Mean};
use crate::mean::ExactMean;
use crate::time::ActionTime;

/// How many values make a chunk, which is shared from then on instead of copied.
const CHUNK: usize = 4_096;

/// Keeps every time, in 8 bytes each.
///
/// There is no cap. [`Largest`](crate::Largest) has one, and says what it drops.
///
/// A copy shares all but the newest few thousand values with the original, so that taking one is
/// quick however many there are.
///
/// # Accuracy
///
/// Values are kept exactly; their order is not. Two are equal if they hold the same values.
///
/// # Examples
///
/// Any figure can be had of them, here the largest:
///
/// ```
/// use core_actions::{ActionTime, Mean, Raw, Statistic};
///
/// let mut raw = Raw::default();
/// for time in [100_u64, 300, 200] {
///     raw.insert(ActionTime::from(time));
/// }
/// assert_eq!(raw.times().max(), Some(ActionTime::from(300_u64)));
/// assert_eq!(raw.mean(), Some(200.0));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Raw {
    integers: Chunks<u64>,
    floats: Chunks<f64>,
}

impl Raw {
    /// Every time that was taken in, in no order that can be relied on.
    pub fn times(&self) -> impl Iterator<Item = ActionTime> {
        let integers = self.integers.slices().flatten().copied().map(ActionTime::from);
        let floats = self.floats.slices().flatten().copied().map(ActionTime::of_float);
        integers.chain(floats)
    }
}

impl Statistic for Raw {
    type Value = ActionTime;

    const NEVER_PANICS: bool = true;

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
}

impl Counted for Raw {
    fn count(&self) -> u64 {
        (self.integers.len() + self.floats.len()) as u64
    }
}

impl Mean for Raw {
    /// # Complexity
    ///
    /// Linear in the number of times: nothing was summed before.
    fn mean(&self) -> Option<f64> {
        let mut sum = ExactMean::default();
        for integers in self.integers.slices() {
            sum.insert_integers(integers.len() as u64, sum_of(integers));
        }
        self.floats.slices().flatten().for_each(|&float| sum.insert_float(float));
        sum.mean()
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |raw: &Self| {
            let mut times: Vec<_> = raw.times().collect();
            times.sort_unstable();
            times
        };
        self.count() == other.count() && sorted(self) == sorted(other)
    }
}

impl Eq for Raw {}

/// The exact sum of a chunk of integers.
///
/// Halves are summed apart, each in 64 bits, which the compiler does for several values at once;
/// with 128 bits, or with carries, it does one after the other.
fn sum_of(integers: &[u64]) -> u128 {
    debug_assert!(integers.len() <= 1 << 32, "sum of halves does not fit");
    let halves =
        |(low, high), &integer: &u64| (low + (integer & 0xffff_ffff), high + (integer >> 32));
    let (low, high) = integers.iter().fold((0_u64, 0_u64), halves);
    (u128::from(high) << 32) + u128::from(low)
}

/// A vector that is copied by sharing its full chunks.
#[derive(Debug, Clone)]
struct Chunks<T> {
    /// All but the newest values, a chunk each.
    full: Vec<Arc<[T]>>,
    /// Fewer than a chunk.
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
            self.full.push(self.newest.as_slice().into());
            self.newest.clear();
        }
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

    #[test]
    fn halves_add_up_to_the_exact_sum() {
        assert_eq!(sum_of(&[u64::MAX; CHUNK]), u128::from(u64::MAX) * CHUNK as u128);
        assert_eq!(sum_of(&[]), 0);
    }
}
