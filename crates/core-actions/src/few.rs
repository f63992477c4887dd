//! Few times, as they came.

use crate::time::ActionTime;

/// Keeps up to [`Self::MOST`] times exactly, in 8 bytes each.
///
/// Not in order: to put one where it belongs moves others, and looks at more memory than to sort
/// all of them for the one who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Few {
    /// Each an integer, or the bits of a float.
    words: Vec<u64>,
    /// Which of them are floats, by bit.
    floats: u32,
}

impl Few {
    pub(crate) const MOST: usize = u32::BITS as usize;

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Takes one more time in, for which there is room.
    pub(crate) fn push(&mut self, time: ActionTime) {
        let word = time.as_integer().unwrap_or_else(|| {
            self.floats |= 1 << self.words.len();
            time.as_f64().to_bits()
        });
        self.words.push(word);
    }

    /// All times, as they came.
    pub(crate) fn times(&self) -> impl Iterator<Item = ActionTime> + Clone {
        self.words.iter().enumerate().map(|(at, &word)| match self.floats >> at & 1 {
            0 => ActionTime::from(word),
            _ => ActionTime::of_fraction(f64::from_bits(word)),
        })
    }

    /// All times in ascending order.
    pub(crate) fn sorted(&self) -> Vec<ActionTime> {
        let mut times: Vec<_> = self.times().collect();
        times.sort_unstable();
        times
    }
}

/// Two are equal if they hold the same times.
impl PartialEq for Few {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.sorted() == other.sorted()
    }
}

impl Eq for Few {}

impl Extend<ActionTime> for Few {
    fn extend<T: IntoIterator<Item = ActionTime>>(&mut self, times: T) {
        times.into_iter().for_each(|time| self.push(time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl Iterator<Item = ActionTime>) -> Few {
        let mut few = Few::default();
        few.extend(times);
        few
    }

    #[test]
    fn as_many_as_there_may_be_are_told_as_they_came() {
        let time = |at: usize| match at % 3 {
            0 => ActionTime::of_fraction(at as f64 + 0.5),
            1 => ActionTime::from(u64::MAX - at as u64),
            _ => ActionTime::from(at),
        };
        for shift in 0..3 {
            let times = || (shift..shift + Few::MOST).map(time);
            let few = of(times());
            assert!(few.times().eq(times()));
            assert_eq!(few, of(times().rev()));
            assert_ne!(few, of(times().skip(1)));
            assert!(few.sorted().is_sorted());
        }
    }

    #[test]
    fn an_integer_is_not_the_float_of_its_bits() {
        let float = ActionTime::of_fraction(0.5);
        let integer = ActionTime::from(0.5_f64.to_bits());
        assert_ne!(of([float].into_iter()), of([integer].into_iter()));
        assert_ne!(of([float, integer].into_iter()), of([integer, integer].into_iter()));
        assert_eq!(of([float, integer].into_iter()), of([integer, float].into_iter()));
    }
}
