//! A few times, in order of insertion.

use crate::action::time::ActionTime;

/// The largest integer up to which all integers are floats.
const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;

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

    /// The capacities. A growth takes as long as several insertions, so there is only one, which
    /// few times do not pay for.
    const CAPACITIES: [usize; 2] = [9, Self::LEN_MAX];

    /// While the capacity grows, the memory of the last one is allocated too.
    pub(crate) const HEAP_BYTES_MAX: usize = 8 * (Self::CAPACITIES[0] + Self::LEN_MAX);

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// Adds a time; there must be fewer than [`Self::LEN_MAX`].
    #[inline]
    pub(crate) fn push(&mut self, time: ActionTime) {
        if self.words.len() == self.words.capacity() {
            self.grow();
        }
        let word = time.as_integer().unwrap_or_else(|| {
            self.floats |= 1 << self.words.len();
            time.as_f64().to_bits()
        });
        self.words.push(word);
    }

    /// Reads the last time, which is next to where the next one goes.
    #[inline]
    pub(crate) fn prefetch(&self) -> u64 {
        self.words.last().copied().unwrap_or_default()
    }

    #[cold]
    fn grow(&mut self) {
        let [few, most] = Self::CAPACITIES;
        // Not in place: looking for free memory behind it takes longer than the copy.
        let mut words = Vec::with_capacity(if self.words.len() < few { few } else { most });
        words.extend_from_slice(&self.words);
        self.words = words;
    }

    /// Returns all times, in order of insertion.
    pub(crate) fn times(&self) -> impl Iterator<Item = ActionTime> + Clone {
        let is_float = |at: usize| self.floats >> at & 1 == 1;
        self.words.iter().enumerate().map(move |(at, &word)| time(word, is_float(at)))
    }

    /// Returns the time at this index in ascending order, without an allocation.
    pub(crate) fn nth_smallest(&self, index: usize) -> Option<ActionTime> {
        if index >= self.len() {
            return None;
        }
        let mut floats = [0; Self::LEN_MAX];
        let mut are_exact = true;
        for (at, (float, &word)) in floats.iter_mut().zip(&self.words).enumerate() {
            let is_float = self.floats >> at & 1 == 1;
            are_exact &= is_float || word <= EXACT_MAX;
            // The order of the bits of positive floats is that of their values.
            *float = if is_float { word } else { (word as f64).to_bits() };
        }
        if !are_exact {
            return Some(self.nth_smallest_of_large(index));
        }
        let (_, &mut float, _) = floats[..self.len()].select_nth_unstable(index);
        Some(ActionTime::of_float(f64::from_bits(float)))
    }

    /// The same where an integer is not the float that it is rounded to.
    #[cold]
    fn nth_smallest_of_large(&self, index: usize) -> ActionTime {
        let mut times = [ActionTime::ZERO; Self::LEN_MAX];
        times.iter_mut().zip(self.times()).for_each(|(to, time)| *to = time);
        *times[..self.len()].select_nth_unstable(index).1
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

/// Returns the time of a word.
fn time(word: u64, is_float: bool) -> ActionTime {
    if is_float { ActionTime::of_fraction(f64::from_bits(word)) } else { ActionTime::from(word) }
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
            let sorted: Vec<_> = few.sorted().times().collect();
            assert!(sorted.is_sorted());
            let nth: Vec<_> = (0..=few.len()).map_while(|index| few.nth_smallest(index)).collect();
            assert_eq!(nth, sorted);
        }
    }

    #[test]
    fn times_are_found_by_rank() {
        let large = |float: f64| ActionTime::from(EXACT_MAX + float as u64);
        let mixed = |float: f64| {
            if float > 9.0 {
                ActionTime::of_fraction(float)
            } else {
                ActionTime::from(EXACT_MAX + 1)
            }
        };
        let kinds: [fn(f64) -> ActionTime; 5] = [
            ActionTime::of_fraction,
            |float| ActionTime::from(float as u64),
            |float| ActionTime::of_float(float.trunc() * 0.5),
            large,
            mixed,
        ];
        for kind in kinds {
            for len in 0..=SmallSample::LEN_MAX {
                let time = |at: usize| kind((at * 7 % 33) as f64 + 0.5);
                let few: SmallSample = (0..len).map(time).collect();
                let sorted = few.sorted().times().map(Some).chain([None]).collect::<Vec<_>>();
                let found: Vec<_> = (0..=len).map(|index| few.nth_smallest(index)).collect();
                assert_eq!(found, sorted);
            }
        }
    }

    #[test]
    fn memory_grows_in_two_steps() {
        let mut few = SmallSample::default();
        let mut capacities = vec![];
        for integer in 0..SmallSample::LEN_MAX as u64 {
            few.push(integer.into());
            capacities.push(few.words.capacity());
        }
        capacities.dedup();
        assert_eq!(capacities, SmallSample::CAPACITIES);
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
