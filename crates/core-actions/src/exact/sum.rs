//! Exact sums of times, and of their squares.
//!
//! A float is an integer times a power of two, never below 2^-1074. So the sum of any number of
//! floats is an integer times 2^-1074, and a sufficiently wide integer holds it exactly: 1,074 bits
//! after the binary point, 1,024 before it, and 64 more for 2^64 values of the largest size. Adding
//! one value changes two or three 64-bit limbs of it. Only the final conversion rounds, so the
//! result does not depend on the order in which values are inserted or sums are merged. Squares
//! need twice the bits on either side.
//!
//! Nearly all times are integers, or are from 2^-76 to 2^64, whatever the unit. All bits of these
//! are from 2^-128 to 2^63, so a *near* sum of four limbs holds them, next to the count of the same
//! row. The wide integer is allocated by the first other value. It has 272 bytes, and was the
//! largest part of a row of fractions.
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
use std::cmp::Ordering;
use std::ops::RangeInclusive;

use crate::action::time::ActionTime;
use crate::exact::limbs::{
    FRACTION_BITS, LOWEST_BIT, add, add_at, add_shifted, any_below, bits_from, mantissa_and_shift,
    multiply, shifted, shifted_wide, subtract, top_bit,
};

/// The limbs of the near sum of times: 128 + 64 bits, and 64 for 2^64 times.
pub(crate) const NEAR_SUM_LIMBS: usize = 4;
/// The limbs of the near sum of squares: 256 + 128 bits, and 64 for 2^64 times.
pub(crate) const NEAR_SQUARES_LIMBS: usize = 7;
/// The limbs of any sum of times: 1,074 + 1,024 + 64 bits.
pub(crate) const SUM_LIMBS: usize = 34;
/// The limbs of any sum of squares: 2,148 + 2,048 + 64 bits.
pub(crate) const SQUARES_LIMBS: usize = 67;

/// The limbs of the near sum of times below its binary point.
const NEAR_FRACTION_LIMBS: usize = 2;
/// The shift of the smallest near float, 2^-76: its lowest bit is the lowest of the near sum.
const NEAR_SHIFT: u32 = LOWEST_BIT.unsigned_abs() - 64 * NEAR_FRACTION_LIMBS as u32;
/// The number of shifts of near floats, the last one that of the floats below 2^64.
const NEAR_SHIFTS: u32 = 64 * NEAR_FRACTION_LIMBS as u32 + 64 - FRACTION_BITS;

/// Keeps the exact sum of times to the power of `POWER`: 1, or 2 for squares.
///
/// Two sums are equal if their values are equal, whichever part holds them.
#[derive(Debug, Clone)]
pub(crate) struct ExactSum<const POWER: u32, const NEAR_LIMBS: usize, const LIMBS: usize> {
    /// The sum of the integers and the near floats, lowest bit first.
    near: [u64; NEAR_LIMBS],
    /// The sum of all other values, lowest bit first; `None` while it is zero.
    far: Option<Box<[u64; LIMBS]>>,
}

/// The exact sum of times.
pub(crate) type Sum = ExactSum<1, NEAR_SUM_LIMBS, SUM_LIMBS>;
/// The exact sum of the squares of times.
pub(crate) type SumOfSquares = ExactSum<2, NEAR_SQUARES_LIMBS, SQUARES_LIMBS>;

impl<const POWER: u32, const NEAR_LIMBS: usize, const LIMBS: usize>
    ExactSum<POWER, NEAR_LIMBS, LIMBS>
{
    /// The bytes that the sum of far values allocates.
    pub(crate) const HEAP_BYTES_MAX: usize = size_of::<[u64; LIMBS]>();

    /// The exponent of the lowest bit of the [total](Self::total).
    pub(crate) const LOWEST_BIT: i32 = LOWEST_BIT * POWER as i32;

    /// The exponent of the lowest bit of the [near](Self::near) sum.
    pub(crate) const NEAR_LOWEST_BIT: i32 = -64 * Self::POINT as i32;

    /// The limbs of the near sum below its binary point.
    const POINT: usize = NEAR_FRACTION_LIMBS * POWER as usize;

    /// The bits of the total below the near sum.
    const BELOW_NEAR: u32 = NEAR_SHIFT * POWER;

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
        let (mut near, mut count) = (self.near, 0);
        let rest = integers_first(times, |integer| {
            add_integer::<POWER>(&mut near, power::<POWER>(integer));
            count += 1;
        });
        self.near = near;
        count + rest.map_or(0, |rest| self.insert_run(rest))
    }

    /// Adds several times, of which the first is not an integer, and returns how many.
    #[inline(never)]
    pub(crate) fn insert_run(&mut self, times: impl Iterator<Item = ActionTime> + Clone) -> u64 {
        let mut count = 0;
        let mut run = Run::<POWER>::around(times.clone().next().map_or(0.0, ActionTime::as_f64));
        for time in times {
            count += 1;
            match time.as_integer() {
                Some(integer) => self.insert_power(power::<POWER>(integer)),
                None if run.insert(time.as_f64()) => {}
                None => self.insert_float(time.as_f64()),
            }
        }
        if run.is_near() {
            run.end(&mut self.near, NEAR_SHIFT);
        } else {
            run.end(self.far(), 0);
        }
        count
    }

    /// Adds the power of an integer, or a sum of such powers.
    #[inline]
    pub(crate) fn insert_power(&mut self, power: u128) {
        add_integer::<POWER>(&mut self.near, power);
    }

    /// Adds the power of a float that is finite and not negative.
    #[inline]
    pub(crate) fn insert_float(&mut self, float: f64) {
        let (mantissa, shift) = mantissa_and_shift(float);
        let up = shift.wrapping_sub(NEAR_SHIFT);
        if up < NEAR_SHIFTS {
            add_float::<POWER>(&mut self.near, mantissa, up);
        } else {
            self.insert_far(mantissa, shift);
        }
    }

    /// Adds the power of a float that is not near, shifted up from [`LOWEST_BIT`].
    #[cold]
    #[inline(never)]
    fn insert_far(&mut self, mantissa: u64, shift: u32) {
        add_float::<POWER>(self.far(), mantissa, shift);
    }

    /// Adds `n` equal times.
    pub(crate) fn insert_n(&mut self, time: ActionTime, n: u64) {
        if n == 0 {
            return; // Would allocate limbs for far values, without one.
        }
        if let Some(integer) = time.as_integer() {
            let point = u64::BITS * Self::POINT as u32;
            return add_shifted(&mut self.near, point, &power_times::<POWER>(integer, n));
        }
        let (mantissa, shift) = mantissa_and_shift(time.as_f64());
        let (powers, up) = (power_times::<POWER>(mantissa, n), shift.wrapping_sub(NEAR_SHIFT));
        if up < NEAR_SHIFTS {
            add_shifted(&mut self.near, POWER * up, &powers);
        } else {
            add_shifted(self.far(), POWER * shift, &powers);
        }
    }

    /// Returns the limbs of far values.
    fn far(&mut self) -> &mut [u64] {
        &mut self.far.get_or_insert_with(|| Box::new([0; LIMBS]))[..]
    }

    #[inline]
    pub(crate) fn merge(&mut self, other: &Self) {
        add(&mut self.near, &other.near);
        match (&mut self.far, &other.far) {
            (_, None) => {}
            (Some(mine), Some(theirs)) => add(mine, theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
        }
    }

    /// Subtracts another sum; `count` is the number of times that remain.
    ///
    /// The result must not depend on which part holds a value: 1 and 2^70 equal 2^70 + 1.
    pub(crate) fn subtract(&mut self, other: &Self, count: u64) {
        if self.far.is_none() && other.far.is_none() {
            return subtract(&mut self.near, &other.near);
        }
        let mut total = self.total();
        subtract(&mut total, &other.total());
        self.set_total(&total, count);
    }

    /// Returns how the sum compares with another one, and by how much they differ.
    ///
    /// `count` is the number of times of both.
    pub(crate) fn difference(&self, other: &Self, count: u64) -> (Ordering, Self) {
        let order = match (self.near(), other.near()) {
            (Some(near), Some(of_other)) => near.iter().rev().cmp(of_other.iter().rev()),
            _ => self.total().iter().rev().cmp(other.total().iter().rev()),
        };
        let (larger, smaller) = if order.is_lt() { (other, self) } else { (self, other) };
        let mut difference = larger.clone();
        difference.subtract(smaller, count);
        (order, difference)
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

    /// Sets the [total](Self::total) of `count` times, as a near sum if possible.
    ///
    /// A sum of `count` near values is below the count times 2^64 (for squares, 2^128). A larger
    /// total must not be a near sum, because merging more such sums would overflow them.
    pub(crate) fn set_total(&mut self, total: &[u64; LIMBS], count: u64) {
        let below = Self::BELOW_NEAR as usize;
        self.near = array::from_fn(|at| bits_from(total, below + 64 * at) as u64);
        let is_near = !any_below(total, below)
            && top_bit(total).is_none_or(|top| top < below + 64 * NEAR_LIMBS)
            && (self.near[NEAR_LIMBS - 1] < count || self.near == [0; NEAR_LIMBS]);
        if is_near {
            self.far = None;
        } else {
            self.near = [0; NEAR_LIMBS];
            self.far().copy_from_slice(total);
        }
    }

    /// Sets a sum of near values, whose highest limb is below their number.
    #[cfg(feature = "tracker")]
    pub(crate) fn set_near(&mut self, near: &[u64; NEAR_LIMBS]) {
        (self.near, self.far) = (*near, None);
    }

    /// Returns the sum in units of two to [`NEAR_LOWEST_BIT`](Self::NEAR_LOWEST_BIT), if all values
    /// are near.
    pub(crate) fn near(&self) -> Option<&[u64; NEAR_LIMBS]> {
        self.far.is_none().then_some(&self.near)
    }

    /// Returns the sum as an integer in units of two to [`LOWEST_BIT`](Self::LOWEST_BIT).
    ///
    /// Equal sums have equal totals, so this form is compared and stored.
    pub(crate) fn total(&self) -> [u64; LIMBS] {
        let mut total = self.far.as_deref().copied().unwrap_or([0; LIMBS]);
        add_shifted(&mut total, Self::BELOW_NEAR, &self.near);
        total
    }
}

impl<const POWER: u32, const NEAR_LIMBS: usize, const LIMBS: usize> Default
    for ExactSum<POWER, NEAR_LIMBS, LIMBS>
{
    fn default() -> Self {
        Self { near: [0; NEAR_LIMBS], far: None }
    }
}

impl<const POWER: u32, const NEAR_LIMBS: usize, const LIMBS: usize> PartialEq
    for ExactSum<POWER, NEAR_LIMBS, LIMBS>
{
    fn eq(&self, other: &Self) -> bool {
        match (&self.far, &other.far) {
            (None, None) => self.near == other.near,
            _ => self.total() == other.total(),
        }
    }
}

impl<const POWER: u32, const NEAR_LIMBS: usize, const LIMBS: usize> Eq
    for ExactSum<POWER, NEAR_LIMBS, LIMBS>
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

    /// The values of `lowest` for which all floats that fit are near.
    const NEAR: RangeInclusive<u32> = NEAR_SHIFT + 1..=NEAR_SHIFT + 1 + NEAR_SHIFTS - Self::ROOM;

    /// Returns an empty sum for floats somewhat smaller or larger than this one.
    ///
    /// All are near if this one is.
    #[inline]
    fn around(float: f64) -> Self {
        let exponent = (float.to_bits() >> FRACTION_BITS) as u32;
        let lowest = exponent.saturating_sub(Self::ROOM / 2).max(1);
        let is_near = exponent.wrapping_sub(NEAR_SHIFT + 1) < NEAR_SHIFTS;
        let lowest =
            if is_near { lowest.clamp(*Self::NEAR.start(), *Self::NEAR.end()) } else { lowest };
        Self { lowest, sum: [0; 3] }
    }

    /// Returns whether all floats that fit are near.
    fn is_near(&self) -> bool {
        Self::NEAR.contains(&self.lowest)
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

    /// Adds the sum to limbs whose lowest bit is `below` bits above that of the smallest float.
    #[inline]
    fn end(self, limbs: &mut [u64], below: u32) {
        let ([low, high, carries], shift) = (self.sum, POWER * (self.lowest - 1 - below));
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

/// Returns an integer to the power of `POWER`, `n` times.
fn power_times<const POWER: u32>(integer: u64, n: u64) -> [u64; 3] {
    let [low, high] = halves(power::<POWER>(integer));
    let mut limbs = [low, high, 0];
    multiply(&mut limbs, n);
    limbs
}

/// Returns an integer to the power of `POWER`.
#[inline]
fn power<const POWER: u32>(integer: u64) -> u128 {
    u128::from(integer).pow(POWER)
}

/// Adds the power of an integer, or a sum of such powers, to a near sum.
#[inline]
fn add_integer<const POWER: u32>(near: &mut [u64], power: u128) {
    let [low, high] = halves(power);
    let mut carry = false;
    let more = [low, high, 0].into_iter();
    for (limb, more) in near[NEAR_FRACTION_LIMBS * POWER as usize..].iter_mut().zip(more) {
        (*limb, carry) = limb.carrying_add(more, carry);
    }
}

/// Adds the power of a mantissa that is shifted up.
#[inline]
fn add_float<const POWER: u32>(limbs: &mut [u64], mantissa: u64, shift: u32) {
    let (at, within) = ((POWER * shift / 64) as usize, POWER * shift % 64);
    match POWER {
        1 => add_at(limbs, at, shifted(mantissa, within)),
        _ => add_at(limbs, at, shifted_wide(power::<POWER>(mantissa), within)),
    }
}

/// Returns the two limbs of an integer of 128 bits.
#[inline]
fn halves(integer: u128) -> [u64; 2] {
    [integer as u64, (integer >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(floats: &[f64]) -> Sum {
        let mut sum = Sum::default();
        floats.iter().for_each(|&float| sum.insert(ActionTime::try_from(float).unwrap()));
        sum
    }

    #[test]
    fn the_wide_integer_is_there_while_it_is_not_zero() {
        let mut sum = Sum::default();
        sum.insert(ActionTime::from(u64::MAX));
        assert_eq!(sum.near(), Some(&[0, 0, u64::MAX, 0]));
        let before = sum.clone();
        let part = of(&[2_f64.powi(64)]);
        sum.merge(&part);
        assert_eq!(sum.near(), None);
        sum.subtract(&part, 1);
        assert_eq!((sum.near(), &sum), (Some(&[0, 0, u64::MAX, 0]), &before));
    }

    #[test]
    fn near_floats_are_from_2_to_the_minus_76_to_below_2_to_the_64() {
        let (min, end) = (2_f64.powi(-76), 2_f64.powi(64));
        let (low, high) = (min.next_up(), end.next_down());
        for float in [min, low, 0.1, 0.5, 1.5, 123.4, high] {
            let mut sum = of(&[float]);
            sum.insert_n(ActionTime::of_float(float), 2);
            assert_eq!((sum.near().is_some(), &sum), (true, &of(&[float; 3])), "{float}");
            // The total is the same as that of the wide integer.
            let (mut wide, (mantissa, shift)) = ([0; SUM_LIMBS], mantissa_and_shift(float));
            add_float::<1>(&mut wide, mantissa, shift);
            assert_eq!(of(&[float]).total(), wide, "{float}");
        }
        for float in [min.next_down(), end, 5e-324, f64::MAX] {
            let mut sum = Sum::default();
            sum.insert_n(ActionTime::of_float(float), 2);
            assert_eq!((sum.near(), &sum), (None, &of(&[float; 2])), "{float}");
        }
        let mut squares = SumOfSquares::default();
        [min, low, high].into_iter().for_each(|float| squares.insert(ActionTime::of_float(float)));
        assert!(squares.near().is_some());
        squares.insert(ActionTime::of_float(end));
        assert_eq!(squares.near(), None);
    }

    #[test]
    fn a_run_is_near_if_its_first_float_is() {
        let (min, end) = (2_f64.powi(-76), 2_f64.powi(64));
        for (first, is_near) in [
            (min, true),
            (end.next_down(), true),
            (1.5, true),
            (min.next_down(), false),
            (end, false),
        ] {
            for others in [min, 0.3, 1.5, end.next_down()] {
                let floats = [first, others, others];
                let mut sum = Sum::default();
                assert_eq!(sum.insert_all(floats.map(ActionTime::of_float).into_iter()), 3);
                assert_eq!((sum.near().is_some(), &sum), (is_near, &of(&floats)), "{floats:?}");
            }
        }
    }

    #[test]
    fn what_is_taken_out_may_be_held_otherwise() {
        let far = 2_f64.powi(64);
        let mut sum = of(&[1.0, far, 7.0]);
        sum.subtract(&of(&[1.0, far]), 1);
        assert_eq!((sum.near(), &sum), (Some(&[0, 0, 7, 0]), &of(&[7.0])));
        // Not held as a near sum: merging as many more would overflow it.
        let large = [2_f64.powi(127); 2];
        let mut sum = of(&[&large[..], &[0.5]].concat());
        sum.subtract(&of(&[0.5]), 2);
        assert_eq!((sum.near(), &sum), (None, &of(&large)));
        sum.merge(&of(&large));
        sum.subtract(&of(&large), 2);
        assert_eq!(sum, of(&large));
    }
}
