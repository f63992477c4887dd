//! Exact sums of times, and of their squares.
//!
//! A float is an integer times a power of two, never below 2^-1074. So the sum of any number of
//! floats is an integer times 2^-1074, and an integer that is wide enough holds it exactly: 1,074
//! bits behind the point, 1,024 before it, and 64 more for 2^64 values of the largest size. Adding
//! one value touches two or three 64-bit limbs of it. Nothing is rounded before the end, so the
//! order in which values arrive or sums are merged cannot be seen in the result. Squares have twice
//! the bits on either side.
//!
//! Integers, the common case, are kept apart in as few limbs as 2^64 of them need, and the wide
//! integer is only there once a value with a fraction (or one of 2^64 or more) arrived.
//!
//! Sums of more than 2^64 values wrap around, as do differences below zero. So sums are a group:
//! whatever is added can be subtracted again, in any order.
//!
//! A compensated sum (Kahan, Neumaier) is nearly as exact, and not at all independent of order.
//!
//! After R. M. Neal, "Fast exact summation using small and large superaccumulators" (2015), who
//! spreads the integer over overlapping chunks to put off carries; here, where all values have one
//! sign, a carry seldom runs further than a limb and plain limbs are smaller.

use crate::limbs::{LOWEST_BIT, add, add_at, mantissa_and_shift, shifted, shifted_wide, subtract};
use crate::time::ActionTime;

/// The limbs of a sum of times: 64 + 64 bits for integers, else 1,074 + 1,024 + 64.
pub(crate) const SUM_LIMBS: usize = 34;
/// The limbs of a sum of squares: 128 + 64 bits for integers, else 2,148 + 2,048 + 64.
pub(crate) const SQUARES_LIMBS: usize = 67;

/// The exact sum of times, or of their squares: the times to the power of `POWER`.
///
/// Two are equal if their values are, whichever part holds them.
#[derive(Debug, Clone)]
pub(crate) struct ExactSum<const POWER: u32, const INTEGER_LIMBS: usize, const LIMBS: usize> {
    /// The sum of the integers.
    integers: [u64; INTEGER_LIMBS],
    /// The sum of all others, from the place of the lowest bit up. Not there while it is zero.
    floats: Option<Box<[u64; LIMBS]>>,
}

/// The exact sum of times.
pub(crate) type Sum = ExactSum<1, 2, SUM_LIMBS>;
/// The exact sum of the squares of times.
pub(crate) type SumOfSquares = ExactSum<2, 3, SQUARES_LIMBS>;

impl<const POWER: u32, const INTEGER_LIMBS: usize, const LIMBS: usize>
    ExactSum<POWER, INTEGER_LIMBS, LIMBS>
{
    /// What the lowest bit of the [total](Self::total) stands for.
    pub(crate) const LOWEST_BIT: i32 = LOWEST_BIT * POWER as i32;

    #[inline]
    pub(crate) fn insert(&mut self, time: ActionTime) {
        match time.as_integer() {
            Some(integer) => self.insert_power(u128::from(integer).pow(POWER)),
            None => self.insert_float(time.as_f64()),
        }
    }

    /// Adds what is to the power already: that of an integer, or the sum of some.
    #[inline]
    pub(crate) fn insert_power(&mut self, power: u128) {
        let mut limbs = [0; INTEGER_LIMBS];
        (limbs[0], limbs[1]) = (power as u64, (power >> 64) as u64);
        add(&mut self.integers, &limbs);
    }

    /// Adds the power of a float that is finite and not negative.
    ///
    /// Called, because in line it would keep [`insert`](Self::insert) out of line.
    #[inline(never)]
    pub(crate) fn insert_float(&mut self, float: f64) {
        let limbs = self.floats.get_or_insert_with(|| Box::new([0; LIMBS]));
        let (mantissa, shift) = mantissa_and_shift(float);
        let (at, within) = ((POWER * shift / 64) as usize, POWER * shift % 64);
        match POWER {
            1 => add_at(&mut limbs[..], at, shifted(mantissa, within)),
            _ => {
                let power = u128::from(mantissa).pow(POWER);
                add_at(&mut limbs[..], at, shifted_wide(power, within));
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        add(&mut self.integers, &other.integers);
        match (&mut self.floats, &other.floats) {
            (_, None) => {}
            (Some(mine), Some(theirs)) => add(mine, theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
        }
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        subtract(&mut self.integers, &other.integers);
        let Some(theirs) = &other.floats else { return };
        let mine = self.floats.get_or_insert_with(|| Box::new([0; LIMBS]));
        subtract(mine, theirs);
        if mine.iter().all(|&limb| limb == 0) {
            self.floats = None;
        }
    }

    /// The sum as an integer, if nothing but integers was added.
    pub(crate) fn integers(&self) -> Option<&[u64; INTEGER_LIMBS]> {
        self.floats.is_none().then_some(&self.integers)
    }

    /// The sum as an integer whose lowest bit stands for two to [`LOWEST_BIT`](Self::LOWEST_BIT).
    ///
    /// There is one for each value, so it is the form to compare and to store.
    pub(crate) fn total(&self) -> [u64; LIMBS] {
        let mut total = self.floats.as_deref().copied().unwrap_or([0; LIMBS]);
        let shift = Self::LOWEST_BIT.unsigned_abs();
        for (at, &limb) in (shift as usize / 64..).zip(&self.integers) {
            add_at(&mut total, at, shifted(limb, shift % 64));
        }
        total
    }
}

impl<const POWER: u32, const INTEGER_LIMBS: usize, const LIMBS: usize> Default
    for ExactSum<POWER, INTEGER_LIMBS, LIMBS>
{
    fn default() -> Self {
        Self { integers: [0; INTEGER_LIMBS], floats: None }
    }
}

impl<const POWER: u32, const INTEGER_LIMBS: usize, const LIMBS: usize> PartialEq
    for ExactSum<POWER, INTEGER_LIMBS, LIMBS>
{
    fn eq(&self, other: &Self) -> bool {
        match (&self.floats, &other.floats) {
            (None, None) => self.integers == other.integers,
            _ => self.total() == other.total(),
        }
    }
}

impl<const POWER: u32, const INTEGER_LIMBS: usize, const LIMBS: usize> Eq
    for ExactSum<POWER, INTEGER_LIMBS, LIMBS>
{
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wide_integer_is_there_while_it_is_not_zero() {
        let half = ActionTime::try_from(0.5).unwrap();
        let mut sum = Sum::default();
        sum.insert(ActionTime::from(u64::MAX));
        assert_eq!(sum.integers(), Some(&[u64::MAX, 0]));
        let before = sum.clone();
        sum.insert(half);
        assert_eq!(sum.integers(), None);
        let mut part = Sum::default();
        part.insert(half);
        sum.subtract(&part);
        assert_eq!((sum.integers(), &sum), (Some(&[u64::MAX, 0]), &before));
    }
}
