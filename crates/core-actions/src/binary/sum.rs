//! The binary form of exact sums: an integer, or an odd integer times a power of two.
//!
//! An integer below 2^63 is twice itself. Any other sum begins with twice the number of bytes of
//! its odd integer, plus one. The power and the bytes follow, lowest first.

use super::error::BinaryError;
use super::reader::BinaryReader;
use super::writer::BinaryWriter;
use crate::exact::limbs::{add_shifted, bits_from, top_bit};
use crate::exact::sum::ExactSum;

/// A sum as it was read. It may be too large for the number of times.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadSum<'a> {
    Integer(u64),
    Odd { bytes: &'a [u8], power: i32 },
}

impl<'a> ReadSum<'a> {
    #[inline]
    pub(super) fn read(reader: &mut BinaryReader<'a>) -> Result<Self, BinaryError> {
        match reader.even_or_odd()? {
            Ok(integer) if integer >> 63 == 0 => Ok(Self::Integer(integer)),
            Ok(_) => Err(reader.impossible("sum of 2^63 or more is written as an integer")),
            Err(len) => Self::read_odd(reader, len),
        }
    }

    fn read_odd(reader: &mut BinaryReader<'a>, len: u64) -> Result<Self, BinaryError> {
        let power = reader.signed()?;
        let len = reader.fitting(len, 1)?;
        let bytes = reader.raw(len)?;
        let is_odd = bytes.first().is_some_and(|low| low & 1 == 1);
        let is_short = bytes.last().is_some_and(|&high| high > 0);
        let bits =
            8 * bytes.len() as i64 - i64::from(bytes.last().map_or(0, |b| b.leading_zeros()));
        // What an integer below 2^63 has another form for.
        let is_small = power >= 0 && power.saturating_add(bits) <= 63;
        match i32::try_from(power) {
            Ok(power) if is_odd && is_short && !is_small => Ok(Self::Odd { bytes, power }),
            _ => Err(reader.impossible("sum is not in its shortest form")),
        }
    }

    /// Returns the limbs of the odd integer, if they are at most this many.
    fn limbs<const LIMBS: usize>(bytes: &[u8]) -> Option<[u64; LIMBS]> {
        let (whole, rest) = bytes.as_chunks::<8>();
        let mut limbs = [0; LIMBS];
        for (limb, &eight) in limbs.iter_mut().zip(whole) {
            *limb = u64::from_le_bytes(eight);
        }
        if !rest.is_empty() {
            let last = limbs.get_mut(whole.len())?;
            *last = rest.iter().rev().fold(0, |last, &byte| last << 8 | u64::from(byte));
        }
        (whole.len() <= LIMBS).then_some(limbs)
    }
}

impl<const POWER: u32, const NEAR_LIMBS: usize, const LIMBS: usize>
    ExactSum<POWER, NEAR_LIMBS, LIMBS>
{
    pub(super) fn write(&self, writer: &mut BinaryWriter) {
        match self.near() {
            Some(near) => write_limbs(near, Self::NEAR_LOWEST_BIT, writer),
            None => write_limbs(&self.total(), Self::LOWEST_BIT, writer),
        }
    }

    /// Returns the sum that was read, of `count` times; `None` if they cannot have it.
    pub(super) fn of_read(read: ReadSum<'_>, count: u64) -> Option<Self> {
        let mut sum = Self::default();
        match read {
            ReadSum::Integer(0) => {}
            ReadSum::Integer(_) if count == 0 => return None,
            ReadSum::Integer(integer) => sum.insert_power(integer.into()),
            ReadSum::Odd { bytes, power } => {
                let near = Self::near_of(bytes, power);
                // The largest near sum of this many times. Above it, some may be far.
                if let Some(near) = near.filter(|near| near[NEAR_LIMBS - 1] < count) {
                    sum.set_near(&near);
                } else {
                    sum.set_total(&Self::total_of(bytes, power, count)?, count);
                }
            }
        }
        Some(sum)
    }

    fn near_of(bytes: &[u8], power: i32) -> Option<[u64; NEAR_LIMBS]> {
        shifted_up(&ReadSum::limbs::<NEAR_LIMBS>(bytes)?, power.checked_sub(Self::NEAR_LOWEST_BIT)?)
    }

    fn total_of(bytes: &[u8], power: i32, count: u64) -> Option<[u64; LIMBS]> {
        let limbs = ReadSum::limbs::<LIMBS>(bytes)?;
        let total = shifted_up(&limbs, power.checked_sub(Self::LOWEST_BIT)?)?;
        Self::can_be_of(&total, count).then_some(total)
    }
}

/// Shifts an integer up; `None` if it is shifted down, or does not fit.
fn shifted_up<const LIMBS: usize>(limbs: &[u64; LIMBS], by: i32) -> Option<[u64; LIMBS]> {
    let by = u32::try_from(by).ok()?;
    let top = top_bit(limbs)?;
    if top + by as usize >= 64 * LIMBS {
        return None;
    }
    let mut up = [0; LIMBS];
    add_shifted(&mut up, by, limbs);
    Some(up)
}

fn write_limbs(limbs: &[u64], lowest_bit: i32, writer: &mut BinaryWriter) {
    let Some(top) = top_bit(limbs) else { return writer.integer(0) };
    let lowest = limbs
        .iter()
        .position(|&limb| limb != 0)
        .map_or(0, |at| 64 * at + limbs[at].trailing_zeros() as usize);
    let power = lowest_bit + lowest as i32;
    if power >= 0 && lowest_bit + (top as i32) < 63 {
        return writer.even((bits_from(limbs, lowest) as u64) << power);
    }
    let bytes = (top - lowest) / 8 + 1;
    writer.integer((bytes as u64) << 1 | 1);
    writer.signed(power.into());
    for at in (0..bytes).step_by(8) {
        let eight = (bits_from(limbs, lowest + 8 * at) as u64).to_le_bytes();
        writer.raw(&eight[..(bytes - at).min(8)]);
    }
}
