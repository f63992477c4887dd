//! Units of time, from nanoseconds to hours.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The unit of a time, such as that of all times of a tracker.
///
/// As text it is `ns`, `us`, `ms`, `s`, `min` or `h`.
///
/// # Examples
///
/// ```
/// use core_actions::Unit;
///
/// let unit: Unit = "min".parse()?;
/// assert_eq!(unit, Unit::Minutes);
/// assert_eq!(unit.to_string(), "min");
/// # Ok::<(), core_actions::UnitError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Unit {
    /// 10^-9 s: every [`Duration`](std::time::Duration) is a whole number of these.
    #[default]
    Nanoseconds,
    /// 10^-6 s.
    Microseconds,
    /// 10^-3 s.
    Milliseconds,
    /// The SI second.
    Seconds,
    /// 60 s.
    Minutes,
    /// 3,600 s.
    Hours,
}

impl Unit {
    /// All units, the smallest first.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::Unit;
    ///
    /// assert!(Unit::ALL.is_sorted_by_key(|unit| unit.nanos()));
    /// ```
    pub const ALL: [Self; 6] = [
        Self::Nanoseconds,
        Self::Microseconds,
        Self::Milliseconds,
        Self::Seconds,
        Self::Minutes,
        Self::Hours,
    ];

    /// Returns the number of nanoseconds in the unit.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::Unit;
    ///
    /// assert_eq!(Unit::Hours.nanos(), 3_600_000_000_000);
    /// ```
    #[must_use]
    pub const fn nanos(self) -> u64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Microseconds => 1_000,
            Self::Milliseconds => 1_000_000,
            Self::Seconds => 1_000_000_000,
            Self::Minutes => 60_000_000_000,
            Self::Hours => 3_600_000_000_000,
        }
    }

    /// Returns the symbol of the unit, in ASCII.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::Unit;
    ///
    /// assert_eq!(Unit::Microseconds.symbol(), "us");
    /// ```
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "min",
            Self::Hours => "h",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol())
    }
}

impl FromStr for Unit {
    type Err = UnitError;

    /// Parses a symbol, which must match exactly.
    ///
    /// # Errors
    ///
    /// [`UnitError`] for any other text.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let unit = Self::ALL.into_iter().find(|unit| unit.symbol() == text);
        unit.ok_or(UnitError)
    }
}

/// Why a text is not a unit: it is not one of the symbols.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unit is unknown, expected ns, us, ms, s, min or h")]
pub struct UnitError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_read_back_and_nothing_else_is() {
        let symbols = Unit::ALL.map(|unit| unit.to_string());
        assert_eq!(symbols, ["ns", "us", "ms", "s", "min", "h"]);
        for unit in Unit::ALL {
            assert_eq!(unit.symbol().parse(), Ok(unit));
        }
        for text in ["", "S", "Ms", "m", "µs", "sec", "s ", " s", "hours", "d"] {
            assert_eq!(text.parse::<Unit>(), Err(UnitError), "{text:?}");
        }
        assert_eq!(UnitError.to_string(), "unit is unknown, expected ns, us, ms, s, min or h");
        assert_eq!(format!("{:>4}", Unit::Seconds), "   s");
    }

    #[test]
    fn each_unit_is_a_multiple_of_the_one_before() {
        let nanos = Unit::ALL.map(Unit::nanos);
        let ratios: Vec<_> = nanos.windows(2).map(|pair| pair[1] / pair[0]).collect();
        assert_eq!(ratios, [1_000, 1_000, 1_000, 60, 60]);
        assert!(nanos.windows(2).all(|pair| pair[1] % pair[0] == 0));
    }
}
