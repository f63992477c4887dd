//! The ratio of two units.

use crate::action::unit::Unit;

/// Converts figures of times from one unit to another.
///
/// Made by [`Unit::to`], and used by [`Mean::converted`](crate::Mean::converted) and
/// [`Variance::converted`](crate::Variance::converted).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conversion {
    /// A figure is multiplied by this, below 2^42.
    pub(crate) numerator: u64,
    /// A figure is divided by this, below 2^42.
    pub(crate) denominator: u64,
}

impl Unit {
    /// Returns the conversion of times in this unit to times in another one.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, Statistic, Unit};
    ///
    /// let mut mean = Mean::default();
    /// mean.insert(3_u64.into());
    /// let seconds = mean.converted(Unit::Milliseconds.to(Unit::Seconds));
    /// assert_eq!(seconds.sum(), 0.003);
    /// ```
    #[must_use]
    pub const fn to(self, other: Self) -> Conversion {
        let (from, to) = (self.nanos(), other.nanos());
        // The larger unit is a multiple of the smaller one.
        if from >= to {
            Conversion { numerator: from / to, denominator: 1 }
        } else {
            Conversion { numerator: 1, denominator: to / from }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_is_the_exact_ratio_of_the_units() {
        for from in Unit::ALL {
            for to in Unit::ALL {
                let Conversion { numerator, denominator } = from.to(to);
                let nanos = |unit: Unit| u128::from(unit.nanos());
                let (ratio, expected) = (u128::from(numerator) * nanos(to), nanos(from));
                assert_eq!(ratio, expected * u128::from(denominator), "{from} {to}");
                assert!(numerator.max(denominator) < 1 << 42, "{from} {to}");
            }
        }
    }
}
