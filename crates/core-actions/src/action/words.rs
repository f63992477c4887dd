//! Values as words of memory, in which they are buffered.

use core_time::{InBucket, Stamp};

use crate::action::signed::SignedValue;
use crate::action::time::ActionTime;
use crate::statistics::last::Timestamped;
use crate::statistics::level::Held;
use crate::statistics::outcomes::Outcome;

/// A value that can be stored in a few words of memory.
///
/// A tracker buffers values in words that readers may read at any time, and flushes several at
/// once. So the values of its statistic must implement this trait; numbers, times and timestamped
/// times do.
///
/// # Examples
///
/// ```
/// use core_actions::{MergedTracker, AsWords, Statistic, Tag};
///
/// /// The bytes of a request.
/// #[derive(Clone, Copy)]
/// struct Transfer {
///     received: u64,
///     sent: u64,
/// }
///
/// impl AsWords for Transfer {
///     const WORDS: usize = 2;
///
///     fn write_words(self, words: &mut [u64]) -> bool {
///         (words[0], words[1]) = (self.received, self.sent);
///         true
///     }
///
///     fn from_words(words: &[u64]) -> Self {
///         Self { received: words[0], sent: words[1] }
///     }
/// }
///
/// #[derive(Clone, Default)]
/// struct Traffic(Vec<Transfer>);
///
/// impl Statistic for Traffic {
///     type Value = Transfer;
///
///     const TAG: Tag = Tag::own("x-traffic");
///
///     fn insert(&mut self, transfer: Transfer) {
///         self.0.push(transfer);
///     }
///
///     fn merge(&mut self, other: &Self) {
///         self.0.extend(&other.0);
///     }
/// }
///
/// let tracker = MergedTracker::<Traffic>::default();
/// tracker.record("upload", Transfer { received: 3_000, sent: 20 })?;
/// # Ok::<(), core_actions::ActionError>(())
/// ```
pub trait AsWords: Copy {
    /// The number of words of a value. With fewer words, more values are buffered.
    const WORDS: usize;

    /// Writes the value to [`WORDS`](Self::WORDS) words, and returns whether it fits.
    ///
    /// A value that does not fit is inserted without being buffered.
    fn write_words(self, words: &mut [u64]) -> bool;

    /// Returns the value that was written to [`WORDS`](Self::WORDS) words.
    fn from_words(words: &[u64]) -> Self;
}

/// The bit that no integer below 2^63 has, and no float that is not negative.
const FLOAT: u64 = 1 << 63;

impl AsWords for ActionTime {
    const WORDS: usize = 1;

    #[inline]
    fn write_words(self, words: &mut [u64]) -> bool {
        match self.as_integer() {
            Some(integer) => {
                words[0] = integer;
                integer < FLOAT
            }
            None => {
                words[0] = self.as_f64().to_bits() | FLOAT;
                true
            }
        }
    }

    #[inline]
    fn from_words(words: &[u64]) -> Self {
        match words[0] {
            integer @ ..FLOAT => Self::from(integer),
            float => Self::of_fraction(f64::from_bits(float ^ FLOAT)),
        }
    }
}

macro_rules! impl_as_words {
    ($($value:ty: $to_word:expr, $from_word:expr;)+) => {
        $(impl AsWords for $value {
            const WORDS: usize = 1;

            #[inline]
            fn write_words(self, words: &mut [u64]) -> bool {
                words[0] = $to_word(self);
                true
            }

            #[inline]
            fn from_words(words: &[u64]) -> Self {
                $from_word(words[0])
            }
        })+
    };
}

impl_as_words! {
    u64: |value| value, |word| word;
    u32: u64::from, |word| word as Self;
    i64: Self::cast_unsigned, u64::cast_signed;
    f64: Self::to_bits, Self::from_bits;
    Stamp: |at: Self| at.as_nanos() as u64, |word| Self::from_nanos(word as i64);
}

impl AsWords for Timestamped {
    const WORDS: usize = 2;

    #[inline]
    fn write_words(self, words: &mut [u64]) -> bool {
        self.stamp.write_words(&mut words[..1]) && self.time.write_words(&mut words[1..])
    }

    #[inline]
    fn from_words(words: &[u64]) -> Self {
        Self { stamp: Stamp::from_words(&words[..1]), time: ActionTime::from_words(&words[1..]) }
    }
}

impl AsWords for SignedValue {
    const WORDS: usize = 2;

    #[inline]
    fn write_words(self, words: &mut [u64]) -> bool {
        words[..2].copy_from_slice(&self.to_words());
        true
    }

    #[inline]
    fn from_words(words: &[u64]) -> Self {
        Self::of_words([words[0], words[1]])
    }
}

impl AsWords for Held {
    const WORDS: usize = 4;

    #[inline]
    fn write_words(self, words: &mut [u64]) -> bool {
        let [kind, bits] = self.value.to_words();
        words[..4].copy_from_slice(&[kind, bits, self.nanos, self.set.as_nanos() as u64]);
        true
    }

    #[inline]
    fn from_words(words: &[u64]) -> Self {
        let value = SignedValue::of_words([words[0], words[1]]);
        Self { value, nanos: words[2], set: Stamp::from_nanos(words[3] as i64) }
    }
}

impl AsWords for Outcome {
    const WORDS: usize = 1;

    #[inline]
    fn write_words(self, words: &mut [u64]) -> bool {
        words[0] = u64::from(self.failed) | u64::from(self.slow) << 1;
        true
    }

    #[inline]
    fn from_words(words: &[u64]) -> Self {
        Self { failed: words[0] & 1 != 0, slow: words[0] & 2 != 0 }
    }
}

impl<V: AsWords> AsWords for InBucket<V> {
    const WORDS: usize = 1 + V::WORDS;

    #[inline]
    fn write_words(self, words: &mut [u64]) -> bool {
        self.tick.write_words(&mut words[..1]) && self.value.write_words(&mut words[1..])
    }

    #[inline]
    fn from_words(words: &[u64]) -> Self {
        Self { tick: i64::from_words(&words[..1]), value: V::from_words(&words[1..]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<V: AsWords + PartialEq + std::fmt::Debug>(value: V) {
        let mut words = vec![0; V::WORDS];
        assert!(value.write_words(&mut words), "{value:?}");
        assert_eq!(V::from_words(&words), value);
    }

    #[test]
    fn written_values_are_read() {
        for integer in [0, 1, u64::from(u32::MAX), (1 << 53) + 1, FLOAT - 1] {
            check(ActionTime::from(integer));
            check(Timestamped { stamp: Stamp::from_nanos(i64::MIN), time: integer.into() });
        }
        for float in [0.5, f64::MAX, 5e-324, 2_f64.powi(64), f64::MIN_POSITIVE] {
            check(ActionTime::try_from(float).unwrap());
        }
        for integer in [FLOAT, u64::MAX] {
            assert!(!ActionTime::from(integer).write_words(&mut [0]), "{integer}");
        }
        for value in [i64::MIN, -1, 0, i64::MAX].map(SignedValue::from) {
            check(value);
            check(Held { value, set: Stamp::from_nanos(-7), nanos: u64::MAX });
        }
        check(SignedValue::try_from(-0.5).unwrap());
        check(u64::MAX);
        check(u32::MAX);
        check(i64::MIN);
        check(-0.5);
        check(Stamp::from_nanos(-1));
        check(InBucket { tick: -1, value: 0.5 });
    }
}
