//! Eight bytes at a time: where a run of plain characters or of digits ends, and what digits say.
//!
//! A word is read from a place in a slice and is padded with zeros where the slice ends. A zero is
//! neither a plain character nor a digit, so every run ends there by itself, and nothing is ever
//! read outside the slice. The byte that comes first is the lowest of its word.
//!
//! Wider registers were tried and left: names, keys and numbers are rarely longer than 8 bytes, and
//! a word needs no feature of the machine and no `unsafe`.

/// How many bytes a word has.
pub(crate) const BYTES: usize = 8;

const ONES: u64 = u64::from_le_bytes([0x01; BYTES]);
const TOPS: u64 = u64::from_le_bytes([0x80; BYTES]);

/// The word that bytes begin with, with zeros for what lies behind their end.
#[inline(always)]
pub(crate) fn word_of(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => short_word(bytes),
    }
}

/// The word of less than eight bytes: two loads that overlap, rather than a loop over bytes whose
/// end is hard to predict. Not part of every place that reads a word, which would be wide then.
#[cold]
#[inline(never)]
fn short_word(bytes: &[u8]) -> u64 {
    let shift = |from: usize| 8 * (bytes.len() - from) as u32;
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        u64::from(first) | u64::from(last) << shift(4)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u16::from_le_bytes(*first), u16::from_le_bytes(*last));
        u64::from(first) | u64::from(last) << shift(2)
    } else {
        bytes.first().copied().map_or(0, u64::from)
    }
}

/// How many bytes come before the first that is marked in its highest bit; 8 if none is.
#[inline(always)]
pub(crate) fn before(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Marks the bytes that end a plain stretch of a string: quotes, backslashes, control characters
/// and what is not ASCII. Exact up to and including the first.
///
/// `x - n` for a byte `x < 0x80` borrows into the highest bit if `x < n`. A borrow can go on into
/// the next byte and mark it wrongly, but only from a byte that is marked itself, and only the
/// first mark is looked at.
#[inline(always)]
pub(crate) fn special(word: u64) -> u64 {
    (below(word, 0x20) | equal(word, b'"') | equal(word, b'\\') | word) & TOPS
}

/// Marks as [`special`] does, and the control character U+007F besides, which no name may hold.
#[inline(always)]
pub(crate) fn special_in_name(word: u64) -> u64 {
    // The sum carries into the next byte from 0xFF alone, which is marked itself.
    special(word) | (word.wrapping_add(ONES) & TOPS)
}

#[inline(always)]
fn below(word: u64, n: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(n)) & !word
}

/// Marks the bytes that are a certain one. Exact up to and including the first.
#[inline(always)]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1) & TOPS
}

/// How many digits a word begins with.
#[inline(always)]
pub(crate) fn digits(word: u64) -> usize {
    let values = word ^ (ONES * u64::from(b'0'));
    // A byte is a digit if its value is below 10: neither it nor it plus 6 reaches the high nibble.
    // A sum carries into the next byte only from a byte that is no digit.
    let others = (values | values.wrapping_add(ONES * 6)) & (ONES * 0xF0);
    before(others)
}

/// What the first `count` bytes of a word say, which are digits; `count` is at most 8.
#[inline(always)]
pub(crate) fn value(word: u64, count: usize) -> u64 {
    // Digits are moved up, so that the zeros that come in below are leading ones.
    let values = (word ^ (ONES * u64::from(b'0'))).checked_shl(64 - 8 * count as u32);
    let values = values.unwrap_or(0);
    // Neighbours are joined: digits to pairs, pairs to fours, fours to all eight. Each product has
    // the sum that is wanted in the upper half of each of its parts.
    let pairs = (values.wrapping_mul(10) + (values >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xFFFF_FFFF
}

/// The value of digits, and of the `count` digits of a word behind them.
#[inline(always)]
pub(crate) fn append(before: u64, word: u64, count: usize) -> u64 {
    const POWERS: [u64; BYTES + 1] =
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
    before.wrapping_mul(POWERS[count]).wrapping_add(value(word, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_padded_with_zeros_behind_the_end() {
        let bytes: Vec<u8> = (0xF1..=0xFA).collect();
        for len in 0..=bytes.len() {
            let bytes = &bytes[..len];
            let naive = |place| bytes.get(place).copied().unwrap_or(0);
            let expected = u64::from_le_bytes(std::array::from_fn(naive));
            assert_eq!(word_of(bytes), expected, "{len} bytes");
        }
    }

    #[test]
    fn first_mark_is_right_wherever_it_stands() {
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20 | 0x80..);
        let is_special_in_name = |byte: &u8| is_special(byte) || *byte == 0x7F;
        let is_other = |byte: &u8| !byte.is_ascii_digit();
        // Every byte at every place, before every neighbour that a borrow or a carry could mark.
        for byte in 0..=u8::MAX {
            for next in [0, 1, b'!', b'"', b'#', b'/', b'0', b'9', b':', b'\\', 0x7f, 0x80, 0xff] {
                for place in 0..BYTES {
                    let mut bytes = [b'7'; BYTES];
                    bytes[place] = byte;
                    bytes[(place + 1) % BYTES] = next;
                    let word = u64::from_le_bytes(bytes);
                    let naive = |is: &dyn Fn(&u8) -> bool| bytes.iter().position(is).unwrap_or(8);
                    assert_eq!(before(special(word)), naive(&is_special), "{bytes:x?}");
                    assert_eq!(before(special_in_name(word)), naive(&is_special_in_name));
                    assert_eq!(digits(word), naive(&is_other), "{bytes:x?}");
                }
            }
        }
    }

    #[test]
    fn digits_have_their_value() {
        for text in ["", "0", "7", "10", "99", "123", "9999", "40506", "00000001", "99999999"] {
            let word = word_of(format!("{text}x3456789").as_bytes());
            let count = digits(word);
            assert_eq!(count, text.len());
            assert_eq!(value(word, count), text.parse().unwrap_or(0), "{text}");
        }
    }
}
