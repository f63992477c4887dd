//! Values as words of memory, in which they wait to be inserted.

use core_time::Stamp;

use crate::last::Stamped;
use crate::time::ActionTime;

/// A value that fits into a few words of memory.
///
/// A tracker lets values wait in words that a reader may look at any time, and inserts them several
/// at once. So whatever the statistic of a tracker takes must come apart into words; numbers, times
/// and stamped times do. A value of one's own is done in three lines.
///
/// # Examples
///
/// ```
/// use core_actions::{MergedTracker, Packed, Statistic};
///
/// /// What a request took in bytes and gave.
/// #[derive(Clone, Copy)]
/// struct Transfer {
///     received: u64,
///     sent: u64,
/// }
///
/// impl Packed for Transfer {
///     type Words = [u64; 2];
///
///     fn pack(self) -> Option<[u64; 2]> {
///         Some([self.received, self.sent])
///     }
///
///     fn unpack([received, sent]: [u64; 2]) -> Self {
///         Self { received, sent }
///     }
/// }
///
/// #[derive(Clone, Default)]
/// struct Traffic(Vec<Transfer>);
///
/// impl Statistic for Traffic {
///     type Value = Transfer;
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
/// tracker.add("upload", Transfer { received: 3_000, sent: 20 })?;
/// # Ok::<(), core_actions::AddError>(())
/// ```
pub trait Packed: Copy {
    /// An array of so many words, at most four.
    type Words: AsRef<[u64]> + AsMut<[u64]> + Default + Copy;

    /// The value in words. Nothing if it does not fit; it is inserted at once then.
    fn pack(self) -> Option<Self::Words>;

    /// The value that was packed.
    fn unpack(words: Self::Words) -> Self;
}

/// The bit that no integer below 2^63 has, and no float that is not negative.
const FLOAT: u64 = 1 << 63;

impl Packed for ActionTime {
    type Words = [u64; 1];

    #[inline]
    fn pack(self) -> Option<[u64; 1]> {
        match self.as_integer() {
            Some(integer) => (integer < FLOAT).then_some([integer]),
            None => Some([self.as_f64().to_bits() | FLOAT]),
        }
    }

    #[inline]
    fn unpack([word]: [u64; 1]) -> Self {
        if word < FLOAT {
            Self::from(word)
        } else {
            Self::of_fraction(f64::from_bits(word ^ FLOAT))
        }
    }
}

impl Packed for Stamped {
    type Words = [u64; 2];

    #[inline]
    fn pack(self) -> Option<[u64; 2]> {
        let [time] = self.time.pack()?;
        Some([self.stamp.as_nanos().cast_unsigned(), time])
    }

    #[inline]
    fn unpack([stamp, time]: [u64; 2]) -> Self {
        let stamp = Stamp::from_nanos(stamp.cast_signed());
        Self { stamp, time: ActionTime::unpack([time]) }
    }
}

macro_rules! packed_as {
    ($($value:ty: $pack:expr, $unpack:expr;)+) => {
        $(impl Packed for $value {
            type Words = [u64; 1];

            #[inline]
            fn pack(self) -> Option<[u64; 1]> {
                Some([$pack(self)])
            }

            #[inline]
            fn unpack([word]: [u64; 1]) -> Self {
                $unpack(word)
            }
        })+
    };
}

packed_as! {
    u64: |value| value, |word| word;
    u32: u64::from, |word| word as Self;
    i64: Self::cast_unsigned, u64::cast_signed;
    f64: Self::to_bits, Self::from_bits;
    Stamp: |at: Self| at.as_nanos() as u64, |word| Self::from_nanos(word as i64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<V: Packed + PartialEq + std::fmt::Debug>(value: V) {
        assert_eq!(value.pack().map(V::unpack), Some(value));
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for integer in [0, 1, u64::from(u32::MAX), (1 << 53) + 1, FLOAT - 1] {
            check(ActionTime::from(integer));
            check(Stamped { stamp: Stamp::from_nanos(i64::MIN), time: integer.into() });
        }
        for float in [0.5, f64::MAX, 5e-324, 2_f64.powi(64), f64::MIN_POSITIVE] {
            check(ActionTime::try_from(float).unwrap());
        }
        for integer in [FLOAT, u64::MAX] {
            assert_eq!(ActionTime::from(integer).pack(), None, "{integer}");
        }
        check(u64::MAX);
        check(u32::MAX);
        check(i64::MIN);
        check(-0.5);
        check(Stamp::from_nanos(-1));
    }
}
