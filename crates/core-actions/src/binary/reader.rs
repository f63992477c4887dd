//! Reads numbers, times and texts, and checks them.

use std::fmt;

use super::error::{BinaryError, Problem};
use crate::action::signed::SignedValue;
use crate::action::time::ActionTime;

/// The most bytes of a number, which hold 70 bits.
const LEN_MAX: usize = 10;

/// Reads the parts of a statistic in the binary form, from a slice of bytes.
///
/// Every number has one form, so that equal contents have equal bytes. Another form is an error, as
/// is the end of the bytes. A reader is a place in the bytes: a copy reads the same again.
///
/// # Examples
///
/// ```
/// use core_actions::BinaryReader;
///
/// let mut reader = BinaryReader::new(&[0xac, 0x02, 0x80]);
/// assert_eq!(reader.integer()?, 300);
/// let error = reader.integer().unwrap_err();
/// assert_eq!(error.to_string(), "bytes end within a number (byte 3)");
/// # Ok::<(), core_actions::BinaryError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BinaryReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BinaryReader<'a> {
    /// Reads from the first byte on.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Returns the number of bytes that were read.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Returns the number of bytes that are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Reads an integer below 2^64.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if the bytes end, or if the integer is larger or longer than necessary.
    #[inline]
    pub fn integer(&mut self) -> Result<u64, BinaryError> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(byte.into())
            }
            _ => self.long_integer(),
        }
    }

    fn long_integer(&mut self) -> Result<u64, BinaryError> {
        let wide = self.wide()?;
        wide.try_into().map_err(|_| self.error(Problem::TooLarge))
    }

    /// Reads an integer of up to 10 bytes.
    fn wide(&mut self) -> Result<u128, BinaryError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut wide = 0;
        for (index, &byte) in rest.iter().take(LEN_MAX).enumerate() {
            wide |= u128::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.at += index + 1;
                let is_short = byte > 0 || index == 0;
                return if is_short { Ok(wide) } else { Err(self.error(Problem::Longer)) };
            }
        }
        if rest.len() < LEN_MAX {
            self.at = self.bytes.len();
            return Err(self.error(Problem::End { what: "a number" }));
        }
        Err(self.error(Problem::TooLarge))
    }

    /// Reads a signed integer.
    ///
    /// # Errors
    ///
    /// As [`integer`](Self::integer).
    #[inline]
    pub fn signed(&mut self) -> Result<i64, BinaryError> {
        let integer = self.integer()?;
        Ok((integer >> 1) as i64 ^ -((integer & 1) as i64))
    }

    /// Reads a time.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if the bytes end, or if the number is not a time or not in its form.
    #[inline]
    pub fn time(&mut self) -> Result<ActionTime, BinaryError> {
        match self.even_or_odd()? {
            Ok(integer) => Ok(integer.into()),
            Err(0) => {
                let float = self.float()?;
                let time = ActionTime::try_from(float).ok();
                let fraction = time.filter(|time| time.as_integer().is_none());
                fraction.ok_or_else(|| self.error(Problem::NoTime { float: float.to_string() }))
            }
            Err(_) => Err(self.error(Problem::Longer)),
        }
    }

    /// Reads a signed value: 1 if it is below zero, else 0, and its size as a time.
    pub(super) fn signed_value(&mut self) -> Result<SignedValue, BinaryError> {
        let is_negative = self.flag("sign")?;
        let size = self.time()?;
        match is_negative {
            true if size == ActionTime::ZERO => Err(self.impossible("zero is written as negative")),
            true => Ok(SignedValue::below_zero(size)),
            false => Ok(size.into()),
        }
    }

    /// Reads 0 or 1.
    pub(crate) fn flag(&mut self, what: &str) -> Result<bool, BinaryError> {
        match self.integer()? {
            0 => Ok(false),
            1 => Ok(true),
            found => Err(self.impossible(format_args!("{what} is {found}, expected 0 or 1"))),
        }
    }

    /// Reads a number of 65 bits: half of an even one, or half of an odd one as an error.
    #[inline]
    pub(super) fn even_or_odd(&mut self) -> Result<Result<u64, u64>, BinaryError> {
        let wide = match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                u128::from(byte)
            }
            _ => self.wide()?,
        };
        let half = u64::try_from(wide >> 1).map_err(|_| self.error(Problem::TooLarge))?;
        Ok(if wide & 1 == 0 { Ok(half) } else { Err(half) })
    }

    /// Reads the 8 bytes of a float.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if the bytes end.
    pub fn float(&mut self) -> Result<f64, BinaryError> {
        let bytes = self.raw_of(8, "a float")?;
        let bits = bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
        Ok(f64::from_bits(bits))
    }

    /// Reads a text.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if the bytes end, or are not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, BinaryError> {
        let len = self.integer()?;
        let bytes = self.raw_of(len, "a text")?;
        std::str::from_utf8(bytes).map_err(|_| self.error(Problem::NoText))
    }

    /// Reads a number of bytes.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if there are fewer.
    pub fn raw(&mut self, len: usize) -> Result<&'a [u8], BinaryError> {
        self.raw_of(len as u64, "bytes")
    }

    fn raw_of(&mut self, len: u64, what: &'static str) -> Result<&'a [u8], BinaryError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = usize::try_from(len).ok().and_then(|len| rest.get(..len));
        let Some(found) = found else {
            self.at = self.bytes.len();
            return Err(self.error(Problem::End { what }));
        };
        self.at += found.len();
        Ok(found)
    }

    /// Reads the number of parts that follow, each of which takes some bytes.
    ///
    /// So memory can be allocated for them: a number that the bytes left cannot hold is an error.
    ///
    /// # Errors
    ///
    /// As [`integer`](Self::integer), or if the bytes left are too few.
    pub fn number_of(&mut self, bytes_min: usize) -> Result<usize, BinaryError> {
        let found = self.integer()?;
        self.fitting(found, bytes_min)
    }

    pub(crate) fn fitting(&self, found: u64, bytes_min: usize) -> Result<usize, BinaryError> {
        let most = self.left() / bytes_min.max(1);
        match usize::try_from(found) {
            Ok(number) if number <= most => Ok(number),
            _ => Err(self.error(Problem::TooMany { found, most })),
        }
    }

    /// Makes the error for parts that no values can have, with the reason.
    #[must_use]
    pub fn impossible(&self, reason: impl fmt::Display) -> BinaryError {
        self.error(Problem::Impossible { reason: reason.to_string() })
    }

    /// Makes the error for parts that are read and refused elsewhere.
    pub(crate) fn error(&self, problem: impl Into<Problem>) -> BinaryError {
        BinaryError::new(self.at, problem.into())
    }
}
