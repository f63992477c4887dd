//! Exact sums as text: an odd hexadecimal integer times a power of two, as `0x19p2` is 100.
//!
//! C writes hexadecimal floats in this form. Equal sums have the same text.

use std::fmt::Write as _;

use super::WireError;
use crate::exact::limbs::{add_shifted, bits_from, top_bit};
use crate::exact::sum::ExactSum;

const ZERO: &str = "0x0p0";

impl<const POWER: u32, const NEAR_LIMBS: usize, const LIMBS: usize>
    ExactSum<POWER, NEAR_LIMBS, LIMBS>
{
    pub(super) fn to_text(&self) -> String {
        let total = self.total();
        let Some(top) = top_bit(&total) else { return ZERO.to_owned() };
        let lowest = (0..=top).find(|&bit| bits_from(&total, bit) & 1 == 1).unwrap_or(top);
        let mut text = "0x".to_owned();
        // Writing to a string cannot fail.
        for digit in (0..=(top - lowest) / 4).rev() {
            let _ = write!(text, "{:x}", bits_from(&total, lowest + 4 * digit) & 0xf);
        }
        let _ = write!(text, "p{}", lowest as i32 + Self::LOWEST_BIT);
        text
    }

    /// Parses the sum of `count` times.
    pub(super) fn from_text(text: &str, count: u64) -> Result<Self, WireError> {
        let mut sum = Self::default();
        if text == ZERO {
            return Ok(sum);
        }
        let no_sum = || WireError::NoSum { text: shortened(text) };
        let too_large = || WireError::SumTooLarge { text: shortened(text) };
        let (digits, power) = parts(text).ok_or_else(no_sum)?;
        if digits.len() > LIMBS * 16 {
            return Err(too_large());
        }
        let limb = |digits: &[u8]| {
            digits.iter().fold(0, |limb, digit| limb << 4 | u64::from(digit_of(*digit)))
        };
        let integer: Vec<_> = digits.rchunks(16).map(limb).collect();
        let up = u32::try_from(i64::from(power) - i64::from(Self::LOWEST_BIT));
        let up = up.map_err(|_| no_sum())?;
        let top = top_bit(&integer).ok_or_else(no_sum)?;
        if top + up as usize >= LIMBS * 64 {
            return Err(too_large());
        }
        let mut total = [0; LIMBS];
        add_shifted(&mut total, up, &integer);
        if !Self::can_be_of(&total, count) {
            return Err(WireError::SumOfTooMany { text: shortened(text), count });
        }
        sum.set_total(&total, count);
        Ok(sum)
    }
}

/// Splits a text into digits and power; `None` if it differs from the form that is written.
fn parts(text: &str) -> Option<(&[u8], i32)> {
    let (digits, power) = text.strip_prefix("0x")?.split_once('p')?;
    let parsed: i32 = power.parse().ok()?;
    let digits = digits.as_bytes();
    let is_digit = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let is_odd = digits.last().is_some_and(|&digit| digit_of(digit) % 2 == 1);
    let as_written = !digits.starts_with(b"0") && digits.iter().all(is_digit) && is_odd;
    (as_written && parsed.to_string() == power).then_some((digits, parsed))
}

fn digit_of(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { digit.wrapping_sub(b'a' - 10) }
}

/// Truncates a text for a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
