//! Exact comparison of fields with a number or a duration.

use std::cmp::Ordering;

use core_actions::{ActionTime, Unit};

use crate::quantity::{Quantity, read_exact, read_text};

/// A number without a unit was compared with a duration, and the unit of numbers is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnitNeeded;

/// A number, or a duration, that fields are compared with.
#[derive(Debug, Clone)]
pub(super) struct Threshold {
    quantity: Quantity,
    /// The nearest float of a number, if it is one of at least 0.
    number: Option<f64>,
    /// The nearest float of a duration, in each of [`Unit::ALL`].
    duration: [Option<f64>; Unit::ALL.len()],
}

impl Threshold {
    pub(super) fn new(quantity: Quantity) -> Self {
        let nearest = |unit| quantity.to_time(unit).ok().map(ActionTime::as_f64);
        let number = nearest(None).filter(|_| !quantity.has_unit());
        let duration = Unit::ALL.map(|unit| nearest(Some(unit)));
        Self { quantity, number, duration }
    }

    /// Compares a field with it. Returns `None` if the field is of another kind.
    pub(super) fn compare(
        &self,
        field: &str,
        unit: Option<Unit>,
    ) -> Result<Option<Ordering>, UnitNeeded> {
        // Most text ends here.
        if !matches!(field.trim_start().as_bytes(), [b'0'..=b'9' | b'-' | b'P', ..]) {
            return Ok(None);
        }
        if self.quantity.has_unit() {
            self.compare_duration(field, unit)
        } else {
            Ok(self.compare_number(field))
        }
    }

    fn compare_number(&self, field: &str) -> Option<Ordering> {
        let by_floats = match read_text(field, None) {
            Ok((_, true)) => return None,
            Ok((number, false)) => by_floats(number, self.number),
            Err(_) => None, // Negative, or too large for a time, or not a number.
        };
        by_floats.or_else(|| read_exact(field).ok()?.compare(self.quantity.written()))
    }

    fn compare_duration(
        &self,
        field: &str,
        unit: Option<Unit>,
    ) -> Result<Option<Ordering>, UnitNeeded> {
        let nearest = |unit: Unit| {
            let place = Unit::ALL.iter().position(|&known| known == unit);
            place.and_then(|place| self.duration[place])
        };
        let by_floats = match read_text(field, Some(Unit::Nanoseconds)) {
            Ok((duration, true)) => by_floats(duration, nearest(Unit::Nanoseconds)),
            Ok((number, false)) => by_floats(number, nearest(unit.ok_or(UnitNeeded)?)),
            Err(_) => None,
        };
        if by_floats.is_some() {
            return Ok(by_floats);
        }
        let Ok(mut written) = read_exact(field) else { return Ok(None) };
        if !written.has_unit {
            written = written.in_unit(unit.ok_or(UnitNeeded)?);
        }
        Ok(written.compare(self.quantity.written()))
    }
}

/// Compares the nearest floats, which decide unless they are equal.
fn by_floats(field: ActionTime, threshold: Option<f64>) -> Option<Ordering> {
    field.as_f64().partial_cmp(&threshold?).filter(|order| order.is_ne())
}
