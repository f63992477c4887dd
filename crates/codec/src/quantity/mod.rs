//! Numbers and durations as text: exact, and rounded once where they become a time.

mod decimal;
mod error;
mod fast_path;
mod grammar;
mod unit;

use std::cmp::Ordering;
use std::str::FromStr;

use core_actions::{ActionTime, Unit};

pub use self::error::{QuantityError, QuantityErrorKind};
pub(crate) use self::fast_path::QuotedValues;

pub(crate) use self::grammar::{Written, read as read_exact};

/// An exact number, with or without a unit of time.
///
/// | Form | Examples |
/// | --- | --- |
/// | a number of JSON | `100`, `12.5`, `1e-3`, `-1` |
/// | a number and a unit, with or without one space | `12.3ms`, `850 µs` |
/// | such numbers, the largest unit first and each once | `1h2m3.5s`, `1 day 2 hours` |
/// | hours, minutes and seconds | `0:01:02.5`, `26:00:00,25` |
/// | an ISO 8601 duration without years and months | `P1DT2H3M4.5S`, `P2W` |
///
/// The units are `ns`, `us` (also `µs`, with either character), `ms`, `s sec secs second seconds`,
/// `m min mins minute minutes`, `h hr hrs hour hours` and `d day days`, in this case. White space
/// around the text is ignored, and so are leading zeros of numbers with a unit.
///
/// Two quantities with units are ordered by their exact duration, two numbers by their exact value.
/// A number and a quantity with a unit are neither equal nor ordered, unless the number gets a unit
/// by [`in_unit`](Self::in_unit).
///
/// # Examples
///
/// ```
/// use codec::Quantity;
/// use core_actions::{ActionTime, Unit};
///
/// let quantity = Quantity::parse("1m2.5s")?;
/// assert_eq!(quantity, Quantity::parse("PT62.5S")?);
/// assert!(quantity > Quantity::parse("62499 ms")?);
/// assert_eq!(quantity.to_time(Some(Unit::Milliseconds))?, ActionTime::from(62_500_u64));
/// # Ok::<(), codec::QuantityError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Quantity {
    text: Box<str>,
    written: Written,
}

impl Quantity {
    /// Parses a number or a duration.
    ///
    /// # Errors
    ///
    /// [`QuantityError`], which names the text and what is expected instead.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the text, in time and memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Quantity;
    ///
    /// assert!(Quantity::parse("850µs")?.has_unit());
    /// assert_eq!(
    ///     Quantity::parse("1,5s").unwrap_err().to_string(),
    ///     "value is `1,5s`, expected `.` before decimals, and no separator between thousands"
    /// );
    /// # Ok::<(), codec::QuantityError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        match grammar::read(text) {
            Ok(written) => Ok(Self { text: text.into(), written }),
            Err(kind) => Err(QuantityError::new(kind, text)),
        }
    }

    /// Returns whether it has a unit.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Quantity;
    ///
    /// assert!(Quantity::parse("12.3ms")?.has_unit());
    /// assert!(!Quantity::parse("12.3")?.has_unit());
    /// # Ok::<(), codec::QuantityError>(())
    /// ```
    #[must_use]
    pub fn has_unit(&self) -> bool {
        self.written.has_unit
    }

    /// Adds a unit to a number without one.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Quantity;
    /// use core_actions::Unit;
    ///
    /// let number = Quantity::parse("1500")?;
    /// assert_eq!(number.in_unit(Unit::Milliseconds), Quantity::parse("1.5s")?);
    /// let second = Quantity::parse("1s")?;
    /// assert_eq!(second.clone().in_unit(Unit::Hours), second);
    /// # Ok::<(), codec::QuantityError>(())
    /// ```
    #[must_use]
    pub fn in_unit(mut self, unit: Unit) -> Self {
        self.written = self.written.in_unit(unit);
        self
    }

    /// Returns its value, without its text.
    pub(crate) fn written(&self) -> &Written {
        &self.written
    }

    /// Converts it to a time in `unit`, or in seconds if there is none.
    ///
    /// A number without a unit is the time, whatever `unit` is.
    ///
    /// # Accuracy
    ///
    /// With a unit, an integer up to 2^64 - 1 is exact, and everything else is rounded once to the
    /// nearest `f64`, ties to even. A number without a unit is read as in JSON: with a point or an
    /// exponent it is a float.
    ///
    /// # Errors
    ///
    /// [`Negative`](QuantityErrorKind::Negative) below 0, and
    /// [`TooLarge`](QuantityErrorKind::TooLarge) above the largest finite float, or above 2^64 - 1
    /// if the result is an integer and no number has a point or an exponent.
    ///
    /// # Complexity
    ///
    /// Linear in the number of digits. Allocates only for more than 32.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Quantity;
    /// use core_actions::{ActionTime, Unit};
    ///
    /// let quantity = Quantity::parse("90m")?;
    /// assert_eq!(quantity.to_time(None)?, ActionTime::from(5_400_u64));
    /// assert_eq!(quantity.to_time(Some(Unit::Hours))?.as_f64(), 1.5);
    /// assert_eq!(Quantity::parse("90")?.to_time(Some(Unit::Hours))?, ActionTime::from(90_u64));
    /// # Ok::<(), codec::QuantityError>(())
    /// ```
    pub fn to_time(&self, unit: Option<Unit>) -> Result<ActionTime, QuantityError> {
        self.written.time(unit).map_err(|kind| QuantityError::new(kind, &self.text))
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Parses a number or a duration, as [`parse`](Self::parse) does.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Self::parse(text)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.written.compare(&other.written)
    }
}

/// Reads a text as a time in `unit`, or in seconds, and whether it has a unit.
///
/// As [`Quantity::parse`] and [`Quantity::to_time`], and fast for a number with at most one unit.
///
/// # Errors
///
/// [`QuantityError`].
#[inline]
pub(crate) fn read_text(
    text: &str,
    unit: Option<Unit>,
) -> Result<(ActionTime, bool), QuantityError> {
    match fast_path::read(text, unit) {
        Some(found) => Ok(found),
        None => read_any(text, unit),
    }
}

#[inline(never)]
fn read_any(text: &str, unit: Option<Unit>) -> Result<(ActionTime, bool), QuantityError> {
    let read = grammar::read(text).and_then(|written| Ok((written.time(unit)?, written.has_unit)));
    read.map_err(|kind| QuantityError::new(kind, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str) {
        for unit in [None].into_iter().chain(Unit::ALL.map(Some)) {
            if let Some(found) = fast_path::read(text, unit) {
                assert_eq!(Ok(found), read_any(text, unit), "{text:?} in {unit:?}");
            }
        }
    }

    #[test]
    fn fast_path_reads_what_most_logs_hold() {
        for text in ["100", "12.3", "0.25", "12.3ms", "12.3 ms", "850µs", "7s", "1.5h", "3days"] {
            assert!(fast_path::read(text, None).is_some(), "{text}");
            assert_eq!(read_text(text, None), read_any(text, None), "{text}");
        }
        assert_eq!(read_text("12.3ms", None), Ok((ActionTime::try_from(0.0123).unwrap(), true)));
        assert_eq!(read_text("1m2.5s", None), Ok((ActionTime::try_from(62.5).unwrap(), true)));
        assert_eq!(read_text("12.3", None), Ok((ActionTime::try_from(12.3).unwrap(), false)));
    }

    #[test]
    fn fast_path_is_right_at_its_limits() {
        for number in [
            "9007199254740991",
            "9007199254740992",
            "9007199254740993",
            "900719925474099.2",
            "900719925474099.3",
            "18446744073709551615",
            "18446744073709551616",
            "999999999999999.9999",
            "0.9007199254740993",
            "0.000000000000001",
            "0.0000000000000001",
            "0.000000000000000001",
        ] {
            for name in ["", "ns", "us", "ms", "s", "m", "h", "d"] {
                check(&format!("{number}{name}"));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fast_path_changes_nothing(
            text in prop_oneof![
                "[0-9]{1,20}(\\.[0-9]{0,20})? ?(ns|us|µs|ms|s|min|h|d|)",
                "[0-9.e+-]{0,12} ?[a-zµμ]{0,4}",
                "\\PC{0,8}",
            ],
        ) {
            check(&text);
        }
    }
}
