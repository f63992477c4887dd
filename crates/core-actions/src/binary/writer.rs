//! Writes numbers, times and texts.

use crate::action::signed::SignedValue;
use crate::action::time::ActionTime;

/// Writes the parts of a statistic in the binary form.
///
/// Integers take one byte for each 7 bits (LEB128), so small ones are short.
///
/// # Examples
///
/// ```
/// use core_actions::{BinaryReader, BinaryWriter};
///
/// let mut writer = BinaryWriter::default();
/// writer.integer(100);
/// writer.signed(-3);
/// assert_eq!(writer.bytes(), [100, 5]);
///
/// let mut reader = BinaryReader::new(writer.bytes());
/// assert_eq!((reader.integer()?, reader.signed()?), (100, -3));
/// # Ok::<(), core_actions::BinaryError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct BinaryWriter {
    bytes: Vec<u8>,
}

impl BinaryWriter {
    /// Returns what was written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what was written, and ends the writer.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Removes what was written, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Writes an integer of 0 or more, in 1 to 10 bytes.
    #[inline]
    pub fn integer(&mut self, mut integer: u64) {
        while integer > 0x7f {
            self.bytes.push(integer as u8 | 0x80);
            integer >>= 7;
        }
        self.bytes.push(integer as u8);
    }

    /// Writes a signed integer, in 1 to 10 bytes: 0, -1, 1, -2 and so on as 0, 1, 2, 3.
    #[inline]
    pub fn signed(&mut self, integer: i64) {
        self.integer((integer << 1 ^ integer >> 63) as u64);
    }

    /// Writes a time: an integer in 1 to 10 bytes, another number in 9.
    #[inline]
    pub fn time(&mut self, time: ActionTime) {
        match time.as_integer() {
            Some(integer) => self.even(integer),
            None => {
                self.bytes.push(1);
                self.float(time.as_f64());
            }
        }
    }

    /// Writes the 8 bytes of a float, lowest first.
    pub fn float(&mut self, float: f64) {
        self.raw(&float.to_bits().to_le_bytes());
    }

    /// Writes the length of a text in bytes, and the text.
    pub fn text(&mut self, text: &str) {
        self.integer(text.len() as u64);
        self.raw(text.as_bytes());
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes the sign of a value, 1 below zero, and its size.
    pub(super) fn signed_value(&mut self, value: SignedValue) {
        self.integer(value.is_negative().into());
        self.time(value.size());
    }

    /// Writes twice an integer, which may have 65 bits.
    #[inline]
    pub(super) fn even(&mut self, integer: u64) {
        if integer >> 63 == 0 {
            return self.integer(integer << 1);
        }
        // The lowest 7 bits first, so that the rest has less than 64.
        self.bytes.push((integer << 1) as u8 | 0x80);
        self.integer(integer >> 6);
    }
}
