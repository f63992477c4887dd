//! The buckets of one tier: pure arithmetic.
//!
//! A bucket is identified by its *tick*, `floor(stamp / resolution)`, also before the epoch.

use std::fmt;
use std::time::Duration;

use crate::ring::Layout;
use crate::stamp::Stamp;

/// A resolution and its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tier {
    /// The width of a bucket.
    pub resolution: Duration,
    /// The longest window.
    pub span: Duration,
}

impl Tier {
    /// Returns the number of buckets in the span, rounded up.
    #[must_use]
    pub fn buckets(self) -> u64 {
        let buckets = self.span.as_nanos().div_ceil(self.resolution.as_nanos().max(1));
        u64::try_from(buckets).unwrap_or(u64::MAX)
    }
}

/// Divides time into buckets of one width.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    /// The width of a bucket in nanoseconds: at least [`WindowSpec::RESOLUTION_MIN`].
    ///
    /// [`WindowSpec::RESOLUTION_MIN`]: crate::WindowSpec::RESOLUTION_MIN
    width: i64,
    /// The same as a duration.
    resolution: Duration,
    /// Divides by the width.
    by_width: Reciprocal,
    /// The span in nanoseconds: a whole number of buckets, at least one.
    span: i64,
    /// The number of buckets that may be ahead of the clock.
    ahead: i64,
    /// The layout of the ring of the span, the bucket that a window cuts, and those ahead.
    layout: Layout,
}

impl Grid {
    /// Makes a grid of lengths in nanoseconds.
    ///
    /// The span must be a whole number of widths, and sums of the lengths must not overflow.
    pub(crate) fn new(width: u64, span: u64, tolerance: u64) -> Self {
        Self {
            width: width.cast_signed(),
            resolution: Duration::from_nanos(width),
            by_width: Reciprocal::of(width),
            span: span.cast_signed(),
            ahead: tolerance.div_ceil(width).cast_signed(),
            layout: Layout::holding(span / width + tolerance.div_ceil(width) + 2),
        }
    }

    pub(crate) fn tier(&self) -> Tier {
        let span = Duration::from_nanos(self.span.cast_unsigned());
        Tier { resolution: self.resolution, span }
    }

    pub(crate) fn resolution(&self) -> Duration {
        self.resolution
    }

    pub(crate) fn width(&self) -> i64 {
        self.width
    }

    pub(crate) fn span(&self) -> i64 {
        self.span
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Returns the number of buckets behind the newest that a ring of statistics holds.
    ///
    /// Those of the span, one that a window cuts, and those that may be ahead of the clock.
    pub(crate) fn reach(&self) -> u64 {
        self.tier().buckets().saturating_add(1).saturating_add(self.ahead.cast_unsigned())
    }

    /// Returns the time from the oldest bucket that is held to the end of the newest.
    pub(crate) fn held(&self) -> Duration {
        let held = i64::try_from(self.layout.held()).unwrap_or(i64::MAX);
        Duration::from_nanos(self.width.saturating_mul(held).cast_unsigned())
    }

    /// The oldest bucket that a ring holds once it has entered `newest` and the bucket of `at`.
    ///
    /// A snapshot has all buckets from there on, also those that left the span: a clock that steps
    /// back can ask for them, and the ring of a restored counter holds as many.
    pub(crate) fn oldest(&self, newest: i64, at: Stamp) -> i64 {
        newest.max(self.tick(at)) - self.layout.held().cast_signed() + 1
    }

    /// Returns the bucket of a stamp: `floor(stamp / resolution)`.
    #[inline]
    pub(crate) fn tick(&self, stamp: Stamp) -> i64 {
        let nanos = stamp.as_nanos();
        // Rounds down on both sides of the epoch: `!n` is `-n - 1`, so the bits are inverted before
        // and after the division if the sign is set.
        let sign = nanos >> 63;
        self.by_width.quotient(nanos ^ sign) ^ sign
    }

    /// Returns the start of a bucket. Saturates at [`Stamp::MIN`].
    #[inline]
    pub(crate) fn start(&self, tick: i64) -> Stamp {
        Stamp::from_nanos(tick.saturating_mul(self.width))
    }

    /// Returns the first stamp after a bucket. Saturates at [`Stamp::MAX`].
    #[inline]
    pub(crate) fn end(&self, tick: i64) -> Stamp {
        self.start(tick + 1)
    }

    /// Returns the last stamp of a bucket. Saturates at [`Stamp::MAX`].
    pub(crate) fn last(&self, tick: i64) -> Stamp {
        let offset = self.len(tick) - 1;
        Stamp::from_nanos(self.start(tick).as_nanos().wrapping_add_unsigned(offset))
    }

    /// Returns the length of a bucket in nanoseconds.
    ///
    /// Its width, or less at the limits of [`Stamp`].
    pub(crate) fn len(&self, tick: i64) -> u64 {
        match (tick + 1).checked_mul(self.width) {
            Some(end) => end.abs_diff(self.start(tick).as_nanos()),
            None => i64::MAX.abs_diff(self.start(tick).as_nanos()) + 1,
        }
    }
}

/// Divides by a constant number with a multiplication and a shift.
///
/// Two of these divisions are a fifth of a read, and the processor's division takes ten times as
/// long. The crates for this divide numbers of 64 bits, which needs a choice of three methods;
/// numbers of 63 bits need only one.
///
/// # References
///
/// Granlund and Montgomery, "Division by Invariant Integers using Multiplication" (1994), theorem
/// 4.2 with N = 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reciprocal {
    multiplier: u64,
    shift: u32,
}

impl Reciprocal {
    /// Makes the reciprocal of a divisor of two or more.
    fn of(divisor: u64) -> Self {
        let shift = (divisor - 1).ilog2(); // One less than the logarithm, rounded up.
        let multiplier = ((1_u128 << (shift + 64)) / u128::from(divisor) + 1) as u64;
        Self { multiplier, shift }
    }

    /// Returns the quotient, rounded down, of a number that is not negative.
    #[inline]
    fn quotient(self, number: i64) -> i64 {
        let product = u128::from(number.cast_unsigned()) * u128::from(self.multiplier);
        (((product >> 64) as u64) >> self.shift).cast_signed()
    }
}

impl fmt::Debug for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tier().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn seconds() -> Grid {
        Grid::new(SECOND, 300 * SECOND, 5 * SECOND)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None,
            ..Default::default()
        })]

        #[test]
        fn tick_is_the_floor_of_the_quotient(nanos: i64, width in 1_000_000_u64..1 << 60) {
            let grid = Grid::new(width, width, 0);
            for nanos in [nanos, nanos >> 20, nanos / grid.width * grid.width, -1, 0, 1] {
                let tick = grid.tick(Stamp::from_nanos(nanos));
                proptest::prop_assert_eq!(tick, nanos.div_euclid(grid.width));
            }
        }
    }

    #[test]
    fn quotients_are_whole_at_every_edge() {
        let powers = (1..63).map(|bits| 1_u64 << bits);
        for divisor in powers.flat_map(|power| [power - 1, power, power + 1, power / 3 * 2 + 1]) {
            let divisor = divisor.max(2);
            let reciprocal = Reciprocal::of(divisor);
            for number in [0, 1, divisor - 1, divisor, u64::MAX >> 1, (u64::MAX >> 1) - divisor] {
                for number in [number, number / divisor * divisor, number.saturating_sub(1)] {
                    let number = number.min(u64::MAX >> 1);
                    let found = reciprocal.quotient(number.cast_signed()).cast_unsigned();
                    assert_eq!(found, number / divisor, "{number} / {divisor}");
                }
            }
        }
    }

    #[test]
    fn buckets_at_the_limits_of_time_are_cut_exactly() {
        let grid = seconds();
        let (first, last) = (grid.tick(Stamp::MIN), grid.tick(Stamp::MAX));
        assert_eq!(grid.start(first), Stamp::MIN);
        // i64::MIN is 0.145224192 s after a whole second, i64::MAX 0.854775807 s.
        assert_eq!(grid.len(first), 854_775_808);
        assert_eq!(grid.len(first + 1), SECOND);
        assert_eq!(grid.len(last - 1), SECOND);
        assert_eq!(grid.len(last), 854_775_808);
        assert_eq!(grid.end(last), Stamp::MAX);
        assert_eq!(grid.tick(Stamp::from_nanos(-1)), -1);
        assert_eq!(grid.tick(Stamp::from_nanos(-1_000_000_001)), -2);
    }
}
