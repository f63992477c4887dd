//! SIMD within a register: eight bytes at a time in a `u64`.
//!
//! A word is read from a slice and padded with zeros after its end. A zero is neither a plain
//! character nor a digit, so every run ends there, and nothing is read outside the slice. The first
//! byte is the lowest of its word.
//!
//! Wider registers were tried and rejected: names, keys and numbers are rarely longer than 8 bytes,
//! and a word needs no CPU feature and no `unsafe`. For long lines, `tokens` uses them otherwise.

/// The number of bytes in a word.
pub(crate) const BYTES: usize = 8;

const ONES: u64 = u64::from_le_bytes([0x01; BYTES]);
const TOPS: u64 = u64::from_le_bytes([0x80; BYTES]);

/// Returns the first word of `bytes`, padded with zeros.
#[inline(always)]
pub(crate) fn word_of(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => short_word(bytes),
    }
}

/// Returns the word of fewer than eight bytes.
///
/// Two overlapping loads, because the end of a loop over bytes is hard to predict. Not inlined,
/// which would bloat every function that reads a word.
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

/// Returns the first `len` bytes of a word, padded with zeros.
#[inline(always)]
pub(crate) fn first_bytes(word: u64, len: usize) -> u64 {
    // A shift by all 64 bits would do nothing.
    match BYTES.saturating_sub(len) {
        BYTES.. => 0,
        unused => word & (u64::MAX >> (8 * unused)),
    }
}

/// Returns the number of bytes before the first one marked in its highest bit; 8 if none is.
#[inline(always)]
pub(crate) fn before(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The bytes outside ASCII that [`special`] marks where text may not be UTF-8: all of them.
pub(crate) const NOT_ASCII: u64 = TOPS;

/// Marks the bytes that end a plain run of a string.
///
/// These are quotes, backslashes, control characters and, of the bytes outside ASCII, those whose
/// highest bit is set in `not_ascii`. Exact up to and including the first mark.
///
/// For a byte `x < 0x80`, `x - n` borrows into the highest bit if `x < n`. A borrow can continue
/// into the next byte and mark it wrongly, but only from a marked byte, and only the first mark is
/// used. A byte outside ASCII borrows from no other.
#[inline(always)]
pub(crate) fn special(word: u64, not_ascii: u64) -> u64 {
    let borrows = word.wrapping_sub(ONES * 0x20)
        | (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES)
        | (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    ((borrows & !word) | (word & not_ascii)) & TOPS
}

/// Marks as [`special`] does, and also U+007F, a control character that a name must not contain.
#[inline(always)]
pub(crate) fn special_in_name(word: u64) -> u64 {
    // The sum carries into the next byte only from 0xFF, which is marked.
    special(word, NOT_ASCII) | (word.wrapping_add(ONES) & TOPS)
}

#[inline(always)]
fn borrows(word: u64, n: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(n)) & !word
}

/// Marks the ASCII bytes below `n`. Exact up to and including the first mark.
#[inline(always)]
pub(crate) fn below(word: u64, n: u8) -> u64 {
    borrows(word, n) & TOPS
}

/// Marks the bytes outside ASCII.
#[inline(always)]
pub(crate) fn not_ascii(word: u64) -> u64 {
    word & TOPS
}

/// Marks the bytes from `first` to `last`, both ASCII, and those that differ from one in the
/// highest bit. No mark depends on another byte.
#[inline(always)]
pub(crate) fn between(word: u64, first: u8, last: u8) -> u64 {
    let at_least = |n: u8| (word & !TOPS) + ONES * u64::from(0x80 - n);
    at_least(first) & !at_least(last + 1) & TOPS
}

/// Marks the bytes equal to `byte`. Exact up to and including the first mark.
#[inline(always)]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1)
}

/// Marks every byte equal to `byte`, and no other.
#[inline(always)]
pub(crate) fn all_equal(word: u64, byte: u8) -> u64 {
    let others = word ^ (ONES * u64::from(byte));
    // No sum carries: a byte without its highest bit is at most 0x7F.
    !(((others & !TOPS) + !TOPS) | others) & TOPS
}

/// Marks the bytes that are at most `max`, below 0x7F. Exact up to and including the first mark.
#[inline(always)]
pub(crate) fn up_to(word: u64, max: u8) -> u64 {
    below(word, max + 1) & TOPS
}

/// Returns the number of digits at the start of a word.
#[inline(always)]
pub(crate) fn digits(word: u64) -> usize {
    let values = word ^ (ONES * u64::from(b'0'));
    // A byte is a digit if its value is below 10: neither it nor it plus 6 reaches the high nibble.
    // A sum carries into the next byte only from a byte that is not a digit.
    let others = (values | values.wrapping_add(ONES * 6)) & (ONES * 0xF0);
    before(others)
}

/// Returns the value of the first `count` bytes of a word, which are digits.
#[inline(always)]
pub(crate) fn value(word: u64, count: usize) -> u64 {
    // Digits are shifted up, so that the zeros shifted in are leading zeros.
    let values = (word ^ (ONES * u64::from(b'0'))).checked_shl(64 - 8 * count as u32);
    let values = values.unwrap_or(0);
    // Neighbours are joined: digits to pairs, pairs to fours, fours to all eight. Each product has
    // the wanted sum in the upper half of each of its parts.
    let pairs = (values.wrapping_mul(10) + (values >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xFFFF_FFFF
}

/// Returns the numbers of a word such as `12:00:08`: pairs of digits with separators between them.
#[inline(always)]
pub(crate) fn three_pairs(word: u64, separator: u8) -> Option<[u8; 3]> {
    const SEPARATORS: u64 = u64::from_le_bytes([0, 0, 1, 0, 0, 1, 0, 0]);
    let expected = (ONES - SEPARATORS) * u64::from(b'0') + SEPARATORS * u64::from(separator);
    let values = word ^ expected;
    // As in `digits`; a separator has the value 0, so 15 more do not reach the high nibble.
    let others = (values | values.wrapping_add(ONES * 6 + SEPARATORS * 9)) & (ONES * 0xF0);
    let [first, _, _, second, _, _, third, _] =
        values.wrapping_mul(10).wrapping_add(values >> 8).to_le_bytes();
    (others == 0).then_some([first, second, third])
}

/// Appends the first `count` digits of a word to the value of the digits before them.
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
    fn words_are_padded_with_zeros() {
        let bytes: Vec<u8> = (0xF1..=0xFA).collect();
        for len in 0..=bytes.len() {
            let bytes = &bytes[..len];
            let naive = |place| bytes.get(place).copied().unwrap_or(0);
            let expected = u64::from_le_bytes(std::array::from_fn(naive));
            assert_eq!(word_of(bytes), expected, "{len} bytes");
        }
    }

    #[test]
    fn first_bytes_are_those_of_a_shorter_slice() {
        let bytes = [0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9];
        for len in 0..=bytes.len() {
            assert_eq!(first_bytes(word_of(&bytes), len), word_of(&bytes[..len]), "{len} bytes");
        }
    }

    #[test]
    fn first_mark_is_exact_at_every_offset() {
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20 | 0x80..);
        let is_special_in_name = |byte: &u8| is_special(byte) || *byte == 0x7F;
        let is_other = |byte: &u8| !byte.is_ascii_digit();
        // Every byte at every offset, before every neighbour that a borrow or a carry could mark.
        for byte in 0..=u8::MAX {
            for next in [
                0, 1, b' ', b'!', b'"', b'#', b'+', b',', b'-', b'/', b'0', b'9', b':', b'\\',
                0x7f, 0x80, 0xff,
            ] {
                for place in 0..BYTES {
                    let mut bytes = [b'7'; BYTES];
                    bytes[place] = byte;
                    bytes[(place + 1) % BYTES] = next;
                    let word = u64::from_le_bytes(bytes);
                    let naive = |is: &dyn Fn(&u8) -> bool| bytes.iter().position(is).unwrap_or(8);
                    assert_eq!(before(special(word, NOT_ASCII)), naive(&is_special), "{bytes:x?}");
                    let is_special_in_text = |byte: &u8| byte.is_ascii() && is_special(byte);
                    assert_eq!(before(special(word, 0)), naive(&is_special_in_text), "{bytes:x?}");
                    assert_eq!(before(up_to(word, b' ')), naive(&|byte| *byte <= b' '));
                    let commas = bytes.iter().filter(|byte| **byte == b',').count();
                    assert_eq!(all_equal(word, b',').count_ones() as usize, commas, "{bytes:x?}");
                    assert_eq!(before(all_equal(word, b',')), naive(&|byte| *byte == b','));
                    assert_eq!(before(special_in_name(word)), naive(&is_special_in_name));
                    assert_eq!(digits(word), naive(&is_other), "{bytes:x?}");
                    assert_eq!(before(below(word, 0x21)), naive(&|byte| *byte < 0x21));
                    assert_eq!(before(not_ascii(word)), naive(&|byte| !byte.is_ascii()));
                    let marks =
                        bytes.map(|byte| 0x80 * u8::from((b'0'..=b'@').contains(&(byte & 0x7F))));
                    assert_eq!(between(word, b'0', b'@'), u64::from_le_bytes(marks), "{bytes:x?}");
                }
            }
        }
    }

    #[test]
    fn pairs_are_read_in_their_form_only() {
        let pairs = |text: &[u8; BYTES]| three_pairs(u64::from_le_bytes(*text), b':');
        assert_eq!(pairs(b"23:59:08"), Some([23, 59, 8]));
        assert_eq!(pairs(b"99:00:10"), Some([99, 0, 10]));
        let date = u64::from_le_bytes(*b"24-05-31");
        assert_eq!((three_pairs(date, b'-'), three_pairs(date, b':')), (Some([24, 5, 31]), None));
        for place in 0..BYTES {
            let is_separator = place % 3 == 2;
            for byte in 0..=u8::MAX {
                let mut text = *b"12:34:56";
                text[place] = byte;
                let is_valid = if is_separator { byte == b':' } else { byte.is_ascii_digit() };
                assert_eq!(pairs(&text).is_some(), is_valid, "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn digits_are_converted_to_their_value() {
        for text in ["", "0", "7", "10", "99", "123", "9999", "40506", "00000001", "99999999"] {
            let word = word_of(format!("{text}x3456789").as_bytes());
            let count = digits(word);
            assert_eq!(count, text.len());
            assert_eq!(value(word, count), text.parse().unwrap_or(0), "{text}");
        }
    }
}
