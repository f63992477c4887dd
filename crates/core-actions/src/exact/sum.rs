//! Exact sums of times, and of their squares.
//!
//! A float is an integer times a power of two, never below 2^-1074. So the sum of any number of
//! floats is an integer times 2^-1074, and a sufficiently wide integer holds it exactly: 1,074 bits
//! after the binary point, 1,024 before it, and 64 more for 2^64 values of the largest size. Adding
//! one value changes two or three 64-bit limbs of it. Only the final conversion rounds, so the
//! result does not depend on the order in which values are inserted or sums are merged. Squares
//! need twice the bits on either side.
//!
//! Integers, the common case, are summed separately, in the few limbs that 2^64 of them need. The
//! wide integer is allocated by the first value with a fraction (or of 2^64 or more).
//!
//! Sums of more than 2^64 values wrap around, as do differences below zero. So sums form a group:
//! every value that was added can be subtracted again, in any order.
//!
//! A compensated sum (Kahan, Neumaier) is nearly as exact, but depends on the order.
//!
//! Reference: R. M. Neal, "Fast exact summation using small and large superaccumulators" (2015).
//! Neal stores the integer in overlapping chunks to defer carries. Here all values have one sign,
//! so a carry rarely goes beyond one limb, and plain limbs are smaller.

use std::array;

use crate::action::time::ActionTime;
use crate::exact::limbs::{
    FRACTION_BITS, LOWEST_BIT, add, add_at, add_shifted, any_below, bits_from, mantissa_and_shift,
    shifted, shifted_wide, subtract, top_bit,
};

/// The limbs of a sum of times: 64 + 64 bits for integers, else 1,074 + 1,024 + 64.
pub(crate) const SUM_LIMBS: usize = 34;
/// The limbs of a sum of squares: 128 + 64 bits for integers, else 2,148 + 2,048 + 64.
pub(crate) const SQUARES_LIMBS: usize = 67;

/// Keeps the exact sum of times to the power of `POWER`: 1, or 2 for squares.
///
/// Two sums are equal if their values are equal, whichever part holds them.
#[derive(Debug, Clone)]
pub(crate) struct ExactSum<const POWER: u32, const INTEGER_LIMBS: usize, const LIMBS: usize> {
    /// The sum of the integers.
    integers: [u64; INTEGER_LIMBS],
    /// The sum of all other values, lowest bit first; `None` while it is zero.
    floats: Option<Box<[u64; LIMBS]>>,
}

/// The exact sum of times.
pub(crate) type Sum = ExactSum<1, 2, SUM_LIMBS>;
/// The exact sum of the squares of times.
pub(crate) type SumOfSquares = ExactSum<2, 3, SQUARES_LIMBS>;

impl<const POWER: u32, const INTEGER_LIMBS: usize, const LIMBS: usize>
    ExactSum<POWER, INTEGER_LIMBS, LIMBS>
{
    /// The bytes that the sum of floats allocates.
    pub(crate) const HEAP_BYTES_MAX: usize = size_of::<[u64; LIMBS]>();

    /// The exponent of the lowest bit of the [total](Self::total).
    pub(crate) const LOWEST_BIT: i32 = LOWEST_BIT * POWER as i32;

    #[inline]
    pub(crate) fn insert(&mut self, time: ActionTime) {
        match time.as_integer() {
            Some(integer) => self.insert_power(power::<POWER>(integer)),
            None => self.insert_float(time.as_f64()),
        }
    }

    /// Adds several times, and returns how many.
    ///
    /// Integers before the first fraction are summed in registers. From that fraction on, floats of
    /// similar size are too.
    #[inline(always)] // A call for every ten values costs more than the registers save.
    pub(crate) fn insert_all(&mut self, times: impl Iterator<Item = ActionTime> + Clone) -> u64 {
        let (mut integers, mut count) = (self.integers, 0);
        let rest = integers_first(times, |integer| {
            add(&mut integers, &limbs_of(power::<POWER>(integer)));
            count += 1;
        });
        self.integers = integers;
        count + rest.map_or(0, |rest| self.insert_run(rest))
    }

    /// Adds several times, of which the first is not an integer, and returns how many.
    #[inline(never)]
    pub(crate) fn insert_run(&mut self, times: impl Iterator<Item = ActionTime> + Clone) -> u64 {
        let mut count = 0;
        let limbs = &mut self.floats.get_or_insert_with(|| Box::new([0; LIMBS]))[..];
        let mut run = Run::<POWER>::around(times.clone().next().map_or(0.0, ActionTime::as_f64));
        for time in times {
            count += 1;
            match time.as_integer() {
                Some(integer) => add(&mut self.integers, &limbs_of(power::<POWER>(integer))),
                None if run.insert(time.as_f64()) => {}
                None => add_float::<POWER>(limbs, time.as_f64()),
            }
        }
        run.end(limbs);
        count
    }

    /// Adds the power of an integer, or a sum of such powers.
    #[inline]
    pub(crate) fn insert_power(&mut self, power: u128) {
        add(&mut self.integers, &limbs_of(power));
    }

    /// Adds the power of a float that is finite and not negative.
    ///
    /// Not inlined, because otherwise [`insert`](Self::insert) would be too large to inline.
    #[inline(never)]
    pub(crate) fn insert_float(&mut self, float: f64) {
        let limbs = self.floats.get_or_insert_with(|| Box::new([0; LIMBS]));
        add_float::<POWER>(&mut limbs[..], float);
    }

    #[inline]
    pub(crate) fn merge(&mut self, other: &Self) {
        add(&mut self.integers, &other.integers);
        match (&mut self.floats, &other.floats) {
            (_, None) => {}
            (Some(mine), Some(theirs)) => add(mine, theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
        }
    }

    /// Subtracts another sum; `count` is the number of times that remain.
    ///
    /// The result must not depend on which part holds a value: 1 and 0.5 equal 1.5.
    pub(crate) fn subtract(&mut self, other: &Self, count: u64) {
        if self.floats.is_none() && other.floats.is_none() {
            return subtract(&mut self.integers, &other.integers);
        }
        let mut total = self.total();
        subtract(&mut total, &other.total());
        self.set_total(&total, count);
    }

    /// Returns whether subtracting another sum leaves a possible sum of `count` times.
    pub(crate) fn can_subtract(&self, other: &Self, count: u64) -> bool {
        let (mut total, part) = (self.total(), other.total());
        if part.iter().rev().gt(total.iter().rev()) {
            return false;
        }
        subtract(&mut total, &part);
        Self::can_be_of(&total, count)
    }

    /// Returns whether `count` times, each below 2^1024, can have this [total](Self::total).
    pub(crate) fn can_be_of(total: &[u64; LIMBS], count: u64) -> bool {
        let beyond = 1_024 * POWER as usize + Self::LOWEST_BIT.unsigned_abs() as usize;
        let is_zero = top_bit(total).is_none();
        is_zero || bits_from(total, beyond) < u128::from(count)
    }

    /// Sets the [total](Self::total) of `count` times, as a sum of integers if possible.
    ///
    /// A sum of `count` integers is below the count times 2^64 (for squares, 2^128). A larger total
    /// must not be held as integers, because merging more such sums would overflow them.
    pub(crate) fn set_total(&mut self, total: &[u64; LIMBS], count: u64) {
        let point = Self::LOWEST_BIT.unsigned_abs() as usize;
        self.integers = array::from_fn(|at| bits_from(total, point + 64 * at) as u64);
        let is_integer = !any_below(total, point)
            && top_bit(total).is_none_or(|top| top < point + 64 * INTEGER_LIMBS)
            && (self.integers[INTEGER_LIMBS - 1] < count || self.integers == [0; INTEGER_LIMBS]);
        if is_integer {
            self.floats = None;
        } else {
            self.integers = [0; INTEGER_LIMBS];
            **self.floats.get_or_insert_with(|| Box::new([0; LIMBS])) = *total;
        }
    }

    /// Returns the sum if it is held as integers: only integers were added.
    pub(crate) fn integers(&self) -> Option<&[u64; INTEGER_LIMBS]> {
        self.floats.is_none().then_some(&self.integers)
    }

    /// Returns the sum as an integer in units of two to [`LOWEST_BIT`](Self::LOWEST_BIT).
    ///
    /// Equal sums have equal totals, so this form is compared and stored.
    pub(crate) fn total(&self) -> [u64; LIMBS] {
        let mut total = self.floats.as_deref().copied().unwrap_or([0; LIMBS]);
        add_shifted(&mut total, Self::LOWEST_BIT.unsigned_abs(), &self.integers);
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

/// Keeps the exact sum of floats of similar size, to the power of `POWER`, in three limbs.
///
/// These are registers. The limbs of all floats are in memory, at an index that depends on each
/// float.
struct Run<const POWER: u32> {
    /// The stored exponent of the smallest floats that fit; at least 1, which excludes subnormal
    /// floats.
    lowest: u32,
    /// The sum before its shift. A power needs two limbs; the third is for carries.
    sum: [u64; 3],
}

impl<const POWER: u32> Run<POWER> {
    /// The maximum shift of a float whose power fits into two limbs, plus 1.
    const ROOM: u32 = if POWER == 1 { 64 } else { 64 - f64::MANTISSA_DIGITS };

    /// Returns an empty sum for floats somewhat smaller or larger than this one.
    #[inline]
    fn around(float: f64) -> Self {
        let exponent = (float.to_bits() >> FRACTION_BITS) as u32;
        Self { lowest: exponent.saturating_sub(Self::ROOM / 2).max(1), sum: [0; 3] }
    }

    /// Adds a float, if it fits.
    #[inline]
    fn insert(&mut self, float: f64) -> bool {
        let bits = float.to_bits();
        let up = ((bits >> FRACTION_BITS) as u32).wrapping_sub(self.lowest);
        if up >= Self::ROOM {
            return false;
        }
        let mantissa = bits & ((1 << FRACTION_BITS) - 1) | 1 << FRACTION_BITS;
        let [low, high] = match POWER {
            1 => [mantissa << up, mantissa >> 1 >> (63 - up)],
            _ => halves(power::<POWER>(mantissa << up)),
        };
        add(&mut self.sum, &[low, high, 0]);
        true
    }

    /// Adds the sum to the limbs of all floats.
    #[inline]
    fn end(self, limbs: &mut [u64]) {
        let ([low, high, carries], shift) = (self.sum, POWER * (self.lowest - 1));
        let sum = u128::from(high) << 64 | u128::from(low);
        add_at(limbs, (shift / 64) as usize, shifted_wide(sum, shift % 64));
        add_shifted(limbs, shift + 128, &[carries]);
    }
}

/// Passes the leading integers to `add`, and returns the rest from the first fraction on.
///
/// `None` if all times are integers.
#[inline(always)] // So that `add` works on registers.
pub(crate) fn integers_first<I>(mut times: I, mut add: impl FnMut(u64)) -> Option<I>
where
    I: Iterator<Item = ActionTime> + Clone,
{
    loop {
        let rest = times.clone();
        match times.next()?.as_integer() {
            Some(integer) => add(integer),
            None => return Some(rest),
        }
    }
}

/// Returns an integer to the power of `POWER`.
#[inline]
fn power<const POWER: u32>(integer: u64) -> u128 {
    u128::from(integer).pow(POWER)
}

/// Adds the power of a float that is finite and not negative to the limbs of all floats.
#[inline]
fn add_float<const POWER: u32>(limbs: &mut [u64], float: f64) {
    let (mantissa, shift) = mantissa_and_shift(float);
    let (at, within) = ((POWER * shift / 64) as usize, POWER * shift % 64);
    match POWER {
        1 => add_at(limbs, at, shifted(mantissa, within)),
        _ => add_at(limbs, at, shifted_wide(power::<POWER>(mantissa), within)),
    }
}

/// Returns the limbs of an integer of 128 bits.
#[inline]
fn limbs_of<const LIMBS: usize>(integer: u128) -> [u64; LIMBS] {
    let mut limbs = [0; LIMBS];
    limbs[..2].copy_from_slice(&halves(integer));
    limbs
}

/// Returns the two limbs of an integer of 128 bits.
#[inline]
fn halves(integer: u128) -> [u64; 2] {
    [integer as u64, (integer >> 64) as u64]
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
        sum.subtract(&part, 1);
        assert_eq!((sum.integers(), &sum), (Some(&[u64::MAX, 0]), &before));
    }
    #[test]
    fn what_is_taken_out_may_be_held_otherwise() {
        let of = |floats: &[f64]| {
            let mut sum = Sum::default();
            floats.iter().for_each(|&float| sum.insert(ActionTime::try_from(float).unwrap()));
            sum
        };
        let mut sum = of(&[1.0, 0.5, 7.0]);
        sum.subtract(&of(&[1.5]), 1);
        assert_eq!((sum.integers(), &sum), (Some(&[7, 0]), &of(&[7.0])));
        // Not held as integers: merging as many more would overflow them.
        let large = [2_f64.powi(127); 2];
        let mut sum = of(&[&large[..], &[0.5]].concat());
        sum.subtract(&of(&[0.5]), 2);
        assert_eq!((sum.integers(), &sum), (None, &of(&large)));
        sum.merge(&of(&large));
        sum.subtract(&of(&large), 2);
        assert_eq!(sum, of(&large));
    }
}
