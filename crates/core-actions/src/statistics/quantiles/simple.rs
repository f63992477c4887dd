//! The common case of an insertion into a histogram: an increment of a byte.

use crate::action::time::ActionTime;
use crate::statistics::quantiles::bins::bin_of_float;

/// Integers below this limit are floats without rounding.
const EXACT_BELOW: u64 = 1 << f64::MANTISSA_DIGITS;

/// Inserts the simple times of a batch, and stops at the first other time.
///
/// A time is simple if its bin is in the slice and its count does not carry, or if it is zero and
/// not the first zero. So an empty histogram has no simple times.
///
/// Holds copies and borrows of the fields of a histogram, so that a loop keeps them in registers.
pub(super) struct SimpleInserter<'h> {
    /// The number of the first bin of the slice.
    pub(super) first: usize,
    /// The low bytes of the counts in the slice.
    pub(super) lows: &'h mut [u8],
    pub(super) zeros: &'h mut u64,
    /// The number of times that are not integers.
    pub(super) fractions: u64,
    /// The index of the byte that carried; [`Self::NOTHING_CARRIED`] if none did.
    pub(super) carried: usize,
}

impl SimpleInserter<'_> {
    /// An index outside of every slice.
    pub(super) const NOTHING_CARRIED: usize = usize::MAX;

    /// Inserts a time if it is simple and has a property, and returns whether.
    ///
    /// A time that is not simple may leave a trace, for [`Self::undo`] to remove. To test before
    /// each change would be a second write of a count in the loop, and cost each record three
    /// instructions.
    #[inline]
    pub(super) fn insert(&mut self, time: ActionTime, is_simple: impl Fn(f64) -> bool) -> bool {
        let float = match time.as_integer() {
            // A conversion, because the instruction that finds the highest bit is slow on
            // processors where it depends on its target register.
            Some(integer @ ..EXACT_BELOW) => integer as i64 as f64,
            Some(_) => return false,
            None => {
                self.fractions += 1;
                time.as_f64()
            }
        };
        if !is_simple(float) {
            return false;
        }
        // Zero and subnormal floats get a wrong number, which is outside of every slice.
        let index = bin_of_float(float).wrapping_sub(self.first);
        let Some(low) = self.lows.get_mut(index) else {
            return float == 0.0 && self.count_zero();
        };
        *low = low.wrapping_add(1);
        let carries = *low == 0;
        if carries {
            self.carried = index;
        }
        !carries
    }

    /// Counts a zero unless it is the first, and returns whether it did.
    #[inline]
    fn count_zero(&mut self) -> bool {
        let is_simple = *self.zeros > 0;
        *self.zeros = self.zeros.wrapping_add(is_simple.into());
        is_simple
    }

    /// Removes the trace of the time that was not simple, if there was one.
    #[inline]
    pub(super) fn undo(&mut self, not_simple: Option<ActionTime>) {
        if let Some(low) = self.lows.get_mut(self.carried) {
            *low = u8::MAX;
        }
        if not_simple.is_some_and(|time| time.as_integer().is_none()) {
            self.fractions -= 1;
        }
    }
}
