//! The first step: 64 bytes at a time become bitmaps, and these a list of places.
//!
//! A string is found without a branch: the quotes that no odd run of backslashes escapes are
//! points at which a prefix sum modulo 2 turns. Three facts are carried from block to block:
//! whether its first byte is escaped, whether it is in a string, and whether the byte before is
//! part of a number or literal.
//!
//! What a string must not contain is a place of its own: a control character, an escape that is not
//! one, half of a surrogate pair. So a string is valid if the place after its opening quote is its
//! closing quote.

use super::places::{BLOCK, Places};
use crate::scan::string::four_hex_digits;

/// A block of bytes.
pub(super) type Block = [u8; BLOCK];

/// The bytes that matter in a string, a bit for each. The first byte is the lowest bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct StringBits {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    /// Bytes below 0x20.
    pub(super) controls: u64,
}

/// The bytes that matter outside of strings.
#[derive(Debug, Clone, Copy)]
pub(super) struct StructureBits {
    /// `{`, `}`, `[` and `]`.
    pub(super) brackets: u64,
    /// White space within a line, `:` and `,`.
    pub(super) gaps: u64,
    pub(super) newlines: u64,
    pub(super) digits: u64,
}

/// The bytes that may follow a backslash.
#[derive(Debug, Clone, Copy)]
pub(super) struct EscapeBits {
    /// All of them.
    pub(super) valid: u64,
    pub(super) u: u64,
}

/// What is carried from block to block.
#[derive(Debug, Clone, Copy, Default)]
struct Carry {
    /// 1 if the first byte is escaped.
    escaped: u64,
    /// All bits if the first byte is in a string.
    in_string: u64,
    /// 1 if the byte before is part of a number or literal.
    scalar: u64,
    /// 1 if it is such a byte, and not a digit.
    letter: u64,
    /// The place of the `u` of the second half of a surrogate pair.
    low_half: usize,
}

/// Writes the place of each bit. That of the lowest bit is `first`.
///
/// Eight are written at a time, because the end of a loop over single bits is hard to predict.
#[inline(always)]
pub(super) fn write_places(mut bits: u64, first: u16, free: &mut [u16; BLOCK]) {
    for eight in free.as_chunks_mut::<8>().0 {
        for place in eight {
            *place = first + bits.trailing_zeros() as u16;
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            return;
        }
    }
}

/// Lists the places of a window of whole lines. Returns its end.
///
/// It ends early after a line feed in a string: such a line is refused, and the next one does not
/// begin in a string.
#[inline(always)]
pub(super) fn index(
    text: &[u8],
    list: &mut Places,
    in_strings: impl Fn(&Block) -> StringBits,
    structure: impl Fn(&Block) -> StructureBits,
    escapes: impl Fn(&Block) -> EscapeBits,
    prefix_xor: impl Fn(u64) -> u64,
    write: impl Fn(u64, u16, &mut [u16; BLOCK]),
) -> usize {
    list.clear();
    let mut carry = Carry::default();
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut last = [b' '; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(&last);
    for (number, block) in blocks.iter().chain(last).enumerate() {
        let first = number * BLOCK;
        let StringBits { quotes, backslashes, controls } = in_strings(block);
        let is_inside = (quotes | backslashes | controls | carry.escaped) == 0;
        if is_inside && carry.in_string != 0 {
            continue;
        }
        let (escaped, next_escaped) = escaped(backslashes, carry.escaped);
        carry.escaped = next_escaped;
        let quotes = quotes & !escaped;
        let mut invalid = 0;
        if escaped != 0 {
            let EscapeBits { valid, u } = escapes(block);
            invalid = escaped & !valid;
            invalid |= invalid_units(escaped & u, first, text, &mut carry.low_half);
        }
        if (quotes | controls | invalid) == 0 && carry.in_string != 0 {
            continue; // A string with escapes, such as a stack trace, goes on.
        }
        // From each opening quote up to the byte before its closing quote.
        let strings = prefix_xor(quotes) ^ carry.in_string;
        carry.in_string = (strings.cast_signed() >> (BLOCK - 1)).cast_unsigned();
        invalid |= controls & strings;
        let StructureBits { brackets, gaps, newlines, digits } = structure(block);
        let scalars = !(brackets | gaps | newlines | quotes | strings);
        let letters = scalars & !digits;
        let starts =
            (scalars & !(scalars << 1 | carry.scalar)) | (letters & !(letters << 1 | carry.letter));
        (carry.scalar, carry.letter) = (scalars >> (BLOCK - 1), letters >> (BLOCK - 1));
        let places = ((brackets | newlines) & !strings) | quotes | starts | invalid;
        let broken = newlines & strings;
        if broken != 0 {
            let up_to_newline = broken ^ broken.wrapping_sub(1);
            list.add(places & up_to_newline, first, &write);
            let end = first + broken.trailing_zeros() as usize + 1;
            list.finish(end);
            return end;
        }
        list.add(places, first, &write);
    }
    list.finish(text.len());
    text.len()
}

/// Marks the escaped bytes. Returns whether the first byte of the next block is one, too.
///
/// In a run of backslashes every second one is escaped; a subtraction carries through the run and
/// so finds whether its length is odd (Langdale and Lemire 2019, *Parsing Gigabytes of JSON per
/// Second*, in the form of simdjson 3).
#[inline(always)]
fn escaped(backslashes: u64, is_first: u64) -> (u64, u64) {
    const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
    if backslashes == 0 {
        return (is_first, 0);
    }
    let starts = backslashes & !is_first;
    let codes = ((starts << 1) | ODD).wrapping_sub(starts) ^ ODD;
    let escaped = codes ^ (backslashes | is_first);
    (escaped, (codes & backslashes) >> (BLOCK - 1))
}

/// Marks each `u` that does not begin four hexadecimal digits, or is half of a surrogate pair
/// without the other.
///
/// `low_half` is the place where a second half must be.
#[inline(always)]
fn invalid_units(mut units: u64, first: usize, text: &[u8], low_half: &mut usize) -> u64 {
    let mut invalid = 0;
    while units != 0 {
        let lowest = units & units.wrapping_neg();
        units ^= lowest;
        if !is_unit(text, first + lowest.trailing_zeros() as usize, low_half) {
            invalid |= lowest;
        }
    }
    invalid
}

/// Returns whether the `u` at a place begins a character, or half of one as it must be.
#[inline]
fn is_unit(text: &[u8], at: usize, low_half: &mut usize) -> bool {
    let unit = |at: usize| four_hex_digits(*text.get(at + 1..)?.first_chunk()?);
    match unit(at) {
        Some(0xD800..=0xDBFF) => {
            *low_half = at + 6;
            text.get(at + 5..at + 7) == Some(b"\\u")
                && matches!(unit(at + 6), Some(0xDC00..=0xDFFF))
        }
        Some(0xDC00..=0xDFFF) => at == *low_half,
        Some(_) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::Kernel;
    use super::*;

    #[test]
    fn every_second_backslash_is_escaped_across_blocks() {
        // All texts of two blocks that have backslashes around their border only.
        for pattern in 0_u64..1 << 12 {
            let is_backslash = |at: usize| (58..70).contains(&at) && pattern >> (at - 58) & 1 == 1;
            let mut expected = [false; 2 * BLOCK + 1];
            for at in 0..2 * BLOCK {
                expected[at + 1] = is_backslash(at) && !expected[at];
            }
            let mut carry = 0;
            for block in 0..2 {
                let bits = |is: &dyn Fn(usize) -> bool| {
                    (0..BLOCK).fold(0, |bits, at| bits | u64::from(is(block * BLOCK + at)) << at)
                };
                let (found, next) = escaped(bits(&is_backslash), carry);
                assert_eq!(found, bits(&|at| expected[at]), "{pattern:b}");
                carry = next;
            }
        }
    }

    /// Returns the places of a window and its end, byte by byte.
    fn naive(text: &[u8]) -> (Vec<usize>, usize) {
        let (mut places, mut is_escaped, mut in_string) = (Vec::new(), false, false);
        // Whether the byte before is part of a number or literal, and not a digit.
        let (mut is_scalar, mut is_letter) = (false, false);
        let mut low_half = usize::MAX;
        for (at, &byte) in text.iter().enumerate() {
            let was_escaped = is_escaped;
            is_escaped = byte == b'\\' && !was_escaped;
            let (was_scalar, was_letter) = (is_scalar, is_letter);
            (is_scalar, is_letter) = (false, false);
            let is_invalid = match byte {
                b'u' if was_escaped => !naive_unit(text, at, &mut low_half),
                _ if was_escaped => !b"\"\\/bfnrt".contains(&byte),
                _ => in_string && byte < 0x20,
            };
            let is_quote = byte == b'"' && !was_escaped;
            let is_place = if is_quote {
                in_string = !in_string;
                true
            } else if in_string {
                false
            } else if b"{}[]\n".contains(&byte) {
                true
            } else if !b" \t\r:,".contains(&byte) {
                (is_scalar, is_letter) = (true, !byte.is_ascii_digit());
                !was_scalar || (is_letter && !was_letter)
            } else {
                false
            };
            if is_place || is_invalid {
                places.push(at);
            }
            if byte == b'\n' && in_string {
                return (places, at + 1);
            }
        }
        // The last block is padded with spaces, of which none may follow a backslash.
        if is_escaped && !text.len().is_multiple_of(BLOCK) {
            places.push(text.len());
        }
        (places, text.len())
    }

    fn naive_unit(text: &[u8], at: usize, low_half: &mut usize) -> bool {
        let unit = |at: usize| {
            let digits = text.get(at + 1..at + 5)?;
            let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
            u16::from_str_radix(str::from_utf8(digits).ok().filter(|_| is_hex)?, 16).ok()
        };
        let Some(first) = unit(at) else { return false };
        if first & 0xFC00 == 0xD800 {
            *low_half = at + 6;
            let is_pair = text.get(at + 5..at + 7) == Some(b"\\u");
            return is_pair && unit(at + 6).is_some_and(|second| second & 0xFC00 == 0xDC00);
        }
        first & 0xFC00 != 0xDC00 || *low_half == at
    }

    #[test]
    fn every_kernel_lists_the_places_of_a_naive_loop() {
        let alphabets: [&[u8]; 4] = [
            b"\"\"\"\\\\u{}[]:, \n\t\r\x00\x1f/bfnrtx01dD89aAcC\x7f\x80\xffe.-",
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\\\n",
            b"\"\\\\\\",
            b"\"\\uuudDD8888cC00",
        ];
        let mut state = 1_u64;
        let mut below = |end: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % end
        };
        let mut list = Places::default();
        for case in 0..8_000 {
            let alphabet: Vec<u8> = match alphabets.get(case % 5) {
                Some(alphabet) => alphabet.to_vec(),
                None => (0..=u8::MAX).collect(),
            };
            let text: Vec<u8> = (0..below(260)).map(|_| alphabet[below(alphabet.len())]).collect();
            let (places, end) = naive(&text);
            for kernel in Kernel::all() {
                assert_eq!(kernel.index(&text, &mut list), end, "{}", text.escape_ascii());
                let found: Vec<_> = (0..list.len()).map(|at| list.four(at).unwrap()[0]).collect();
                assert_eq!(found, places, "{kernel:?} {}", text.escape_ascii());
                assert_eq!(list.four(list.len()), Some([end; 4]));
            }
        }
    }
}
