//! Exact decimal numbers of any length, and their one conversion to a time.
//!
//! All units are a small integer times a power of ten nanoseconds, so a sum of numbers with units
//! is a decimal number of nanoseconds, and its digits take no more memory than those of the text.
//! Only the last step rounds: a division by 1, 6 or 36, digit by digit, of which as many digits are
//! computed as decide the nearest float. Each step is linear in the number of digits.

use std::cmp::Ordering;
use std::iter;

use core_actions::ActionTime;
use smallvec::SmallVec;

use super::unit::QuantityUnit;
use crate::error::TimeMax;
use crate::scan::number::{decimal, nearest};

/// More digits than those of 2^64 times the largest divisor.
const INTEGER_DIGITS: i64 = 24;

/// Digits in place, unless there are more than any log has: a record allocates nothing.
pub(super) type Digits = SmallVec<[u8; 32]>;

/// An exact number of at least 0: 0.d1d2d3… times ten to the power of `scale`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decimal {
    /// In ASCII. Neither the first nor the last is 0; empty if the number is 0.
    digits: Digits,
    /// 0 if the number is 0.
    scale: i64,
}

impl Decimal {
    /// Returns the value of a number of JSON without a sign, with or without leading zeros.
    pub(super) fn of_literal(literal: &[u8]) -> Self {
        let (digits, scale) = decimal(literal);
        Self { digits: digits.collect(), scale }.trimmed()
    }

    /// Restores the rule that the last digit is not 0.
    fn trimmed(mut self) -> Self {
        let kept = self.digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
        self.digits.truncate(kept);
        if self.digits.is_empty() {
            self.scale = 0;
        }
        self
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Converts a number of units to nanoseconds.
    pub(super) fn in_nanos(mut self, unit: QuantityUnit) -> Self {
        if self.is_zero() {
            return self;
        }
        self.scale = self.scale.saturating_add(unit.power.into());
        let mut carry = 0;
        for digit in self.digits.iter_mut().rev() {
            carry += u32::from(*digit - b'0') * u32::from(unit.multiplier);
            (*digit, carry) = (ascii(carry % 10), carry / 10);
        }
        while carry > 0 {
            self.scale = self.scale.saturating_add(1);
            self.digits.insert(0, ascii(carry % 10));
            carry /= 10;
        }
        self.trimmed()
    }

    /// Adds two numbers without exponents: the memory grows with the distance of their points.
    pub(super) fn plus(self, other: &Self) -> Self {
        if self.is_zero() {
            return other.clone();
        }
        if other.is_zero() {
            return self;
        }
        let top = self.scale.max(other.scale);
        let bottom = self.last_place().min(other.last_place());
        let mut carry = 0;
        let mut digits: Digits = (bottom..top)
            .map(|place| {
                let sum = self.digit(place) + other.digit(place) + carry;
                carry = sum / 10;
                ascii(u32::from(sum % 10))
            })
            .collect();
        digits.extend((carry > 0).then(|| ascii(carry.into())));
        digits.reverse();
        Self { digits, scale: top + i64::from(carry) }.trimmed()
    }

    /// Returns the place of the last digit, as the power of ten that it stands for.
    fn last_place(&self) -> i64 {
        self.scale - self.digits.len() as i64
    }

    /// Returns the value of the digit at a place, 0 outside of the digits.
    fn digit(&self, place: i64) -> u8 {
        let index = usize::try_from(self.scale - 1 - place).ok();
        index.and_then(|index| self.digits.get(index)).map_or(0, |digit| digit - b'0')
    }

    /// Returns the number as a time, unchanged.
    ///
    /// The notation decides, as in JSON: a float is rounded even where it is an integer.
    ///
    /// # Errors
    ///
    /// The limit that it exceeds.
    pub(super) fn bare(&self, is_float: bool) -> Result<ActionTime, TimeMax> {
        let quotient = Quotient { digits: &self.digits, scale: self.scale, divisor: 1 };
        if is_float { quotient.rounded() } else { quotient.time(false) }
    }

    /// Converts a number of nanoseconds to a time in a unit.
    ///
    /// # Errors
    ///
    /// The limit that it exceeds. Only a number that was written without a point or an exponent is
    /// limited as an integer.
    pub(super) fn nanos_in(
        &self,
        unit: QuantityUnit,
        is_float: bool,
    ) -> Result<ActionTime, TimeMax> {
        let scale = self.scale.saturating_sub(unit.power.into());
        Quotient { digits: &self.digits, scale, divisor: unit.multiplier.into() }.time(is_float)
    }
}

/// A number divided by a small integer.
#[derive(Clone, Copy)]
struct Quotient<'a> {
    /// The digits of the dividend, of which the first is not 0.
    digits: &'a [u8],
    scale: i64,
    divisor: u32,
}

impl Quotient<'_> {
    /// Returns it as a time: exact if it is an integer, otherwise rounded once.
    fn time(self, is_float: bool) -> Result<ActionTime, TimeMax> {
        // A number of more digits is an integer that is too large, or a float.
        if self.scale <= INTEGER_DIGITS || !is_float {
            match self.integer() {
                Integer::Exact(integer) => return Ok(ActionTime::from(integer)),
                Integer::TooLarge if !is_float => return Err(TimeMax::Integer),
                Integer::TooLarge | Integer::Fraction => {}
            }
        }
        self.rounded()
    }

    fn integer(self) -> Integer {
        let (mut quotient, mut rest) = (0_u64, 0);
        let mut is_too_large = false;
        let zeros = iter::repeat(&b'0');
        let places = usize::try_from(self.scale).unwrap_or(0);
        for digit in self.digits.iter().chain(zeros).take(places) {
            rest = rest * 10 + u32::from(digit - b'0');
            let next = u64::from(rest / self.divisor);
            let longer = quotient.checked_mul(10).and_then(|quotient| quotient.checked_add(next));
            is_too_large |= longer.is_none();
            quotient = longer.unwrap_or(0);
            rest %= self.divisor;
        }
        if rest > 0 || self.digits.len() > places {
            Integer::Fraction
        } else if is_too_large {
            Integer::TooLarge
        } else {
            Integer::Exact(quotient)
        }
    }

    /// Rounds it once, to the nearest float.
    fn rounded(self) -> Result<ActionTime, TimeMax> {
        let Self { digits, mut scale, divisor } = self;
        let mut digits = digits.iter();
        let mut rest = 0;
        // Ends where the division does. If it never does, some of its digits are not 0.
        let mut quotient = iter::from_fn(|| {
            let digit = match digits.next() {
                Some(digit) => digit - b'0',
                None if rest == 0 => return None,
                None => 0,
            };
            rest = rest * 10 + u32::from(digit);
            let next = ascii(rest / divisor);
            rest %= divisor;
            Some(next)
        });
        let first = quotient.by_ref().find(|&digit| {
            let is_zero = digit == b'0';
            scale = scale.saturating_sub(is_zero.into());
            !is_zero
        });
        let float = nearest(first.into_iter().chain(quotient), scale);
        ActionTime::try_from(float).map_err(|_| TimeMax::Float)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_zero = other.is_zero().cmp(&self.is_zero());
        by_zero.then(self.scale.cmp(&other.scale)).then_with(|| self.digits.cmp(&other.digits))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether a quotient is an integer.
enum Integer {
    Exact(u64),
    /// Above 2^64 - 1.
    TooLarge,
    Fraction,
}

/// Returns the digit with a value below 10.
fn ascii(value: u32) -> u8 {
    b'0' + value as u8
}
