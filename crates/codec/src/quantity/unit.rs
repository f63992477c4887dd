//! The units that a quantity is written in.

use core_actions::Unit;

/// A unit of a quantity: `multiplier` times ten to the power of `power` nanoseconds.
///
/// The multiplier has no trailing zeros, so that a conversion by a power of ten moves the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QuantityUnit {
    pub(super) multiplier: u16,
    pub(super) power: u8,
    /// The index in the table of ratios.
    index: u8,
}

pub(super) const NANOSECOND: QuantityUnit = QuantityUnit::new(1, 0, 0);
pub(super) const MICROSECOND: QuantityUnit = QuantityUnit::new(1, 3, 1);
pub(super) const MILLISECOND: QuantityUnit = QuantityUnit::new(1, 6, 2);
pub(super) const SECOND: QuantityUnit = QuantityUnit::new(1, 9, 3);
pub(super) const MINUTE: QuantityUnit = QuantityUnit::new(6, 10, 4);
pub(super) const HOUR: QuantityUnit = QuantityUnit::new(36, 11, 5);
pub(super) const DAY: QuantityUnit = QuantityUnit::new(864, 11, 6);
pub(super) const WEEK: QuantityUnit = QuantityUnit::new(6_048, 11, 7);

/// All units, the smallest first. The first six are those of [`Unit`], in its order.
const ALL: [QuantityUnit; 8] =
    [NANOSECOND, MICROSECOND, MILLISECOND, SECOND, MINUTE, HOUR, DAY, WEEK];

impl QuantityUnit {
    const fn new(multiplier: u16, power: u8, index: u8) -> Self {
        Self { multiplier, power, index }
    }

    /// Returns the unit with a name, as written in a sequence.
    #[inline(always)]
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ms" => MILLISECOND,
            "s" => SECOND,
            // U+00B5, the micro sign, and U+03BC, the Greek letter.
            "us" | "\u{b5}s" | "\u{3bc}s" => MICROSECOND,
            "ns" => NANOSECOND,
            "sec" | "secs" | "second" | "seconds" => SECOND,
            "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
            "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
            "d" | "day" | "days" => DAY,
            _ => return None,
        })
    }

    /// Returns whether it is a larger unit than another.
    pub(super) fn is_above(self, other: Self) -> bool {
        self.index > other.index
    }

    const fn nanos(self) -> u64 {
        self.multiplier as u64 * 10_u64.pow(self.power as u32)
    }

    /// Returns the number of `to` in one of these, as a numerator and a denominator.
    ///
    /// One of the two is 1, because each unit is a multiple of the smaller ones.
    #[inline(always)]
    pub(super) fn ratio(self, to: Self) -> (u64, u64) {
        RATIOS[usize::from(to.index) % ALL.len()][usize::from(self.index) % ALL.len()]
    }
}

impl From<Unit> for QuantityUnit {
    #[inline(always)]
    fn from(unit: Unit) -> Self {
        ALL[unit as usize % ALL.len()]
    }
}

/// The ratios of all pairs of units: a table, because a division takes longer than a look-up.
const RATIOS: [[(u64, u64); ALL.len()]; ALL.len()] = {
    let mut ratios = [[(1, 1); ALL.len()]; ALL.len()];
    let mut to = 0;
    while to < ALL.len() {
        let mut from = 0;
        while from < ALL.len() {
            let (to_nanos, from_nanos) = (ALL[to].nanos(), ALL[from].nanos());
            ratios[to][from] =
                if from >= to { (from_nanos / to_nanos, 1) } else { (1, to_nanos / from_nanos) };
            from += 1;
        }
        to += 1;
    }
    ratios
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_times_in_their_order() {
        for (unit, expected) in Unit::ALL.into_iter().zip(ALL) {
            assert_eq!(QuantityUnit::from(unit), expected, "{unit}");
            assert_eq!(expected.nanos(), unit.nanos());
        }
        assert_eq!(DAY.nanos(), 24 * HOUR.nanos());
        assert_eq!(WEEK.nanos(), 7 * DAY.nanos());
        for (index, unit) in ALL.into_iter().enumerate() {
            assert_eq!(usize::from(unit.index), index);
            assert_ne!(unit.multiplier % 10, 0, "{unit:?}");
        }
    }

    #[test]
    fn ratios_are_exact() {
        for from in ALL {
            for to in ALL {
                let (numerator, denominator) = from.ratio(to);
                assert_eq!(numerator * to.nanos(), denominator * from.nanos(), "{from:?} {to:?}");
                assert_eq!(numerator.min(denominator), 1);
            }
        }
    }
}
