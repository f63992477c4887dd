//! A few times, in order of insertion.

use crate::action::time::ActionTime;

/// Keeps up to [`Self::LEN_MAX`] times exactly, in 8 bytes each.
///
/// They are not sorted: a sorted insertion moves other times and reads more memory than sorting all
/// of them when a quantile is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct SmallSample {
    /// The times, each as an integer or as the bits of a float.
    words: Vec<u64>,
    /// A bit for each word, set if the word is a float.
    floats: u32,
}

impl SmallSample {
    pub(crate) const LEN_MAX: usize = u32::BITS as usize;

    /// The capacity doubles; while it grows, the old half is allocated too.
    pub(crate) const HEAP_BYTES_MAX: usize = 12 * Self::LEN_MAX;

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Adds a time; there must be fewer than [`Self::LEN_MAX`].
    pub(crate) fn push(&mut self, time: ActionTime) {
        let word = time.as_integer().unwrap_or_else(|| {
            self.floats |= 1 << self.words.len();
            time.as_f64().to_bits()
        });
        self.words.push(word);
    }

    /// Returns all times, in order of insertion.
    pub(crate) fn times(&self) -> impl Iterator<Item = ActionTime> + Clone {
        self.words.iter().enumerate().map(|(at, &word)| match self.floats >> at & 1 {
            0 => ActionTime::from(word),
            _ => ActionTime::of_fraction(f64::from_bits(word)),
        })
    }

    /// Returns the sample in ascending order.
    pub(crate) fn sorted(&self) -> Self {
        // The words of integers are in the order of their values, as those of positive floats are.
        if self.floats == 0 || self.floats.count_ones() as usize == self.len() {
            let mut sorted = self.clone();
            sorted.words.sort_unstable();
            return sorted;
        }
        let mut times: Vec<_> = self.times().collect();
        times.sort_unstable();
        times.into_iter().collect()
    }
}

/// Two are equal if they hold the same times.
impl PartialEq for SmallSample {
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (self.sorted(), other.sorted());
        (one.words, one.floats) == (two.words, two.floats)
    }
}

impl Eq for SmallSample {}

impl FromIterator<ActionTime> for SmallSample {
    fn from_iter<T: IntoIterator<Item = ActionTime>>(times: T) -> Self {
        let mut few = Self::default();
        times.into_iter().for_each(|time| few.push(time));
        few
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_sample_returns_its_times_in_order() {
        let time = |at: usize| match at % 3 {
            0 => ActionTime::of_fraction(at as f64 + 0.5),
            1 => ActionTime::from(u64::MAX - at as u64),
            _ => ActionTime::from(at),
        };
        for shift in 0..3 {
            let times = || (shift..shift + SmallSample::LEN_MAX).map(time);
            let few: SmallSample = times().collect();
            assert!(few.times().eq(times()));
            assert_eq!(few, times().rev().collect());
            assert_ne!(few, times().skip(1).collect());
            assert!(few.sorted().times().is_sorted());
        }
    }

    #[test]
    fn an_integer_is_not_the_float_of_its_bits() {
        let few = |times: [ActionTime; 2]| times.into_iter().collect::<SmallSample>();
        let (float, integer) = (ActionTime::of_fraction(0.5), 0.5_f64.to_bits().into());
        assert_ne!(few([float, float]), few([integer, integer]));
        assert_ne!(few([float, integer]), few([integer, integer]));
        assert_eq!(few([float, integer]), few([integer, float]));
    }
}
