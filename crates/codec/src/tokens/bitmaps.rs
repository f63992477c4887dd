//! The first step: 64 bytes at a time become bitmaps, and these a list of places.
//!
//! A string is found without a branch: the quotes that no odd run of backslashes escapes are
//! points at which a prefix sum modulo 2 turns. Some facts are carried from block to block: whether
//! its first byte is escaped, whether it is in a string, and what the byte before is to a number or
//! literal.
//!
//! What a string must not contain is an invalid place: a control character, an escape that is not
//! one, half of a surrogate pair. So a string that has no such place, and does end, is valid. Its
//! opening quote is the only other place in it.

use super::places::{BLOCK, Block, BlockPlaces, Places};
use crate::scan::string::four_hex_digits;

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
    /// Brackets, `:`, `,` and two control characters, whose kinds are their own.
    pub(super) operators: u64,
    /// White space within a line.
    pub(super) spaces: u64,
    pub(super) newlines: u64,
    pub(super) digits: u64,
    pub(super) zeros: u64,
}

/// The bytes that may follow a backslash.
#[derive(Debug, Clone, Copy)]
pub(super) struct EscapeBits {
    /// All of them.
    pub(super) valid: u64,
    pub(super) u: u64,
}

/// Writes the places of a block and their kinds.
///
/// `kinds_of` are the kinds of all bytes of the block, and one after them. Eight places are written
/// at a time, because the end of a loop over single bits is hard to predict.
#[inline(always)]
pub(super) fn write_places(
    of: &BlockPlaces<'_>,
    kinds_of: &[u8; BLOCK + 1],
    places: &mut [u16; BLOCK],
    kinds: &mut Block,
) {
    let (mut bits, first) = (of.places, of.first as u16);
    let eights = places.as_chunks_mut::<8>().0.iter_mut().zip(kinds.as_chunks_mut::<8>().0);
    for (places, kinds) in eights {
        for (place, kind) in places.iter_mut().zip(kinds) {
            let at = bits.trailing_zeros();
            *place = first + at as u16;
            *kind = kinds_of[at as usize];
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            return;
        }
    }
}

/// What is carried from block to block.
#[derive(Debug, Clone, Copy, Default)]
struct Carry {
    /// 1 if the first byte is escaped.
    escaped: u64,
    /// All bits if the first byte is in a string.
    in_string: u64,
    /// The bytes of numbers and literals in the block before.
    scalars: u64,
    /// Those of them that are not digits.
    letters: u64,
    /// The zeros that begin a number.
    zeros: u64,
    /// The place of the `u` of the second half of a surrogate pair.
    low_half: usize,
}

/// Lists the places of the lines of a window. Returns their end.
///
/// What follows the last line feed is a line only if `is_whole`. The lines end early after a line
/// feed in a string: such a line is refused, and the next one does not begin in a string. `see`
/// sees each block up to there, the last one with spaces after the text.
#[expect(clippy::too_many_arguments, reason = "one function for each use of the registers")]
#[inline(always)]
pub(super) fn index(
    (text, is_whole): (&[u8], bool),
    list: &mut Places,
    mut see: impl FnMut(&Block),
    in_strings: impl Fn(&Block) -> StringBits,
    structure: impl Fn(&Block) -> StructureBits,
    escapes: impl Fn(&Block) -> EscapeBits,
    prefix_xor: impl Fn(u64) -> u64,
    write: impl Fn(&BlockPlaces<'_>, &mut [u16; BLOCK], &mut Block),
) -> usize {
    list.clear();
    let mut carry = Carry::default();
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut last = [b' '; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    for number in 0..text.len().div_ceil(BLOCK) {
        let (block, first) = (blocks.get(number).unwrap_or(&last), number * BLOCK);
        see(block);
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
            list.has_escapes = true;
            let EscapeBits { valid, u } = escapes(block);
            invalid = escaped & !valid;
            if escaped & u != 0 {
                invalid |= invalid_units(escaped & u, first, text, &mut carry.low_half);
            }
        }
        if (quotes | controls | invalid) == 0 && carry.in_string != 0 {
            continue; // A string with escapes, such as a stack trace, goes on.
        }
        // From each opening quote up to the byte before its closing quote.
        let strings = prefix_xor(quotes) ^ carry.in_string;
        carry.in_string = (strings.cast_signed() >> (BLOCK - 1)).cast_unsigned();
        invalid |= controls & strings;
        let StructureBits { operators, spaces, newlines, digits, zeros } = structure(block);
        let scalars = !(operators | spaces | newlines | quotes | strings);
        let letters = scalars & !digits;
        let first_scalars = scalars & !after(scalars, carry.scalars);
        let starts = first_scalars | (letters & !after(letters, carry.letters));
        // A digit after a zero that begins a number.
        let zeros = zeros & first_scalars;
        invalid |= digits & after(zeros, carry.zeros);
        (carry.scalars, carry.letters, carry.zeros) = (scalars, letters, zeros);
        // Of the quotes of a string, the opening one is a place.
        let opening = quotes & strings;
        let mut places = ((operators | newlines) & !strings) | opening | starts | invalid;
        let broken = newlines & strings;
        let end = first + broken.trailing_zeros() as usize + 1;
        if broken != 0 {
            places &= broken ^ broken.wrapping_sub(1);
        }
        list.add(&BlockPlaces { block, first, places, digits }, invalid, &write);
        if broken != 0 {
            list.finish(end);
            return end;
        }
    }
    let end = if is_whole { text.len() } else { list.cut() };
    list.finish(end);
    end
}

/// Moves each bit to the next byte. The first is that of the last byte of the block before.
#[inline(always)]
fn after(bits: u64, before: u64) -> u64 {
    bits << 1 | before >> (BLOCK - 1)
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
/// `low_half` is the place where a second half must be. Cold, because it would take registers from
/// the loop over all blocks.
#[cold]
#[inline(never)]
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
    use memchr::memrchr;

    use super::super::kernel::Kernel;
    use super::super::places::{END, NUMBER};
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

    /// Returns the places of a window with their kinds, its end, and whether that is a line feed in
    /// a string, byte by byte.
    fn naive(text: &[u8]) -> (Vec<(usize, u8)>, usize, bool) {
        let (mut places, mut is_escaped, mut in_string) = (Vec::new(), false, false);
        // The bytes of a number or literal before one of its bytes.
        let mut scalar = Vec::new();
        let mut low_half = usize::MAX;
        // The last block is padded with spaces.
        let padded = text.len().next_multiple_of(BLOCK);
        for at in 0..padded {
            let byte = text.get(at).copied().unwrap_or(b' ');
            let was_escaped = is_escaped;
            is_escaped = byte == b'\\' && !was_escaped;
            let mut is_invalid = match byte {
                b'u' if was_escaped => !naive_unit(text, at, &mut low_half),
                _ if was_escaped => !b"\"\\/bfnrt".contains(&byte),
                _ => in_string && byte < 0x20,
            };
            let is_quote = byte == b'"' && !was_escaped;
            let was_in_string = in_string;
            in_string ^= is_quote;
            let is_operator = b"{}[]:,\n\x1a\x0c".contains(&byte);
            let is_place = if is_quote || was_in_string || is_operator || b" \t\r".contains(&byte) {
                scalar.clear();
                if was_in_string { false } else { is_quote || is_operator }
            } else {
                let before = scalar.last().copied();
                is_invalid |= scalar == b"0" && byte.is_ascii_digit();
                scalar.push(byte);
                // The first byte, and the first of some that are not digits.
                before.is_none_or(|before| before.is_ascii_digit() && !byte.is_ascii_digit())
            };
            let kind = match byte {
                _ if is_invalid => 0,
                b'0'..=b'9' => NUMBER,
                byte => byte,
            };
            if is_place || is_invalid {
                places.push((at, kind));
            }
            if byte == b'\n' && was_in_string {
                return (places, at + 1, true);
            }
        }
        (places, text.len(), false)
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
        let alphabets: [&[u8]; 6] = [
            b"\"\"\"\\\\u{}[]:, \n\t\r\x00\x1f/bfnrtx01dD89aAcC\x7f\x80\xffe.-",
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\\\n",
            b"\"\\\\\\",
            b"\"\\uuudDD8888cC00",
            b"001122.3--+eE,, ]\n",
            b"11112222333344445555666677778888..00,-",
        ];
        let mut state = 1_u64;
        let mut below = |end: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % end
        };
        let mut list = Places::default();
        for case in 0..12_000 {
            let alphabet: Vec<u8> = match alphabets.get(case % 7) {
                Some(alphabet) => alphabet.to_vec(),
                None => (0..=u8::MAX).collect(),
            };
            let text: Vec<u8> = (0..below(260)).map(|_| alphabet[below(alphabet.len())]).collect();
            check(&text, &mut list);
        }
    }

    #[test]
    fn every_short_number_is_checked_at_the_border_of_blocks() {
        let (letters, mut list) = (b"-0.15e,", Places::default());
        let check_after = |before: usize, list: &mut Places, numbers: &[u8]| {
            check(&[&vec![b' '; before], numbers].concat(), list);
        };
        for case in 0..7_usize.pow(5) {
            let text: Vec<u8> =
                (0..5).map(|place| letters[case / 7_usize.pow(place) % 7]).collect();
            check_after(BLOCK - 1 - case % 5, &mut list, &text);
        }
        for len in [60, 63, 64, 65, 130] {
            let digits = "1".repeat(len);
            for text in ["1.D", "1.D.", "1.D.5", "-D.D", "D.D.D", "D.5-", "0D", "0.D"] {
                for before in 0..BLOCK {
                    check_after(before, &mut list, text.replace('D', &digits).as_bytes());
                }
            }
        }
    }

    #[test]
    fn every_character_is_checked_at_the_border_of_blocks() {
        let mut list = Places::default();
        let others = [0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xED];
        for case in 0..256 * 1_000 {
            let other = |place: u32| others[case / 256 / 10_usize.pow(place) % 10];
            let character = [case as u8, other(0), other(1), other(2)];
            let mut text = [b' '; 2 * BLOCK];
            text[0] = b'\n';
            text[BLOCK - 4 + case % 5..][..4].copy_from_slice(&character);
            let text = &text[..if case % 3 == 0 { BLOCK } else { 2 * BLOCK - case % 7 }];
            for kernel in Kernel::all().filter(|kernel| kernel.checks_utf8()) {
                let found = kernel.index(text, true, &mut list).1;
                let (expected, line) =
                    (str::from_utf8(text), memrchr(b'\n', text).map_or(0, |at| at + 1));
                assert_eq!(found, expected.ok(), "{}", text.escape_ascii());
                // The last character may be cut with its line.
                let is_cut = expected.is_err_and(|error| error.error_len().is_none());
                let has_line = expected.is_ok() || (is_cut && text.len() % BLOCK == 0);
                let found = kernel.index(text, false, &mut list).1;
                let is_right = found == str::from_utf8(&text[..line]).ok();
                // Another error in the last character may not be seen either.
                let is_right = is_right || (found.is_none() && !has_line);
                assert!(is_right, "{}", text.escape_ascii());
            }
        }
    }

    /// Compares the list of each kernel with that of the naive loop.
    #[track_caller]
    fn check(text: &[u8], list: &mut Places) {
        let (places, end, is_broken) = naive(text);
        check_list(text, true, (&places, end), list);
        if is_broken {
            return check_list(text, false, (&places, end), list);
        }
        // What follows the last line is not listed.
        let last = places.iter().rposition(|place| place.1 == END);
        let places = last.map_or(&[][..], |last| &places[..=last]);
        check_list(text, false, (places, places.last().map_or(0, |last| last.0 + 1)), list);
    }

    #[track_caller]
    fn check_list(
        text: &[u8],
        is_whole: bool,
        (places, end): (&[(usize, u8)], usize),
        list: &mut Places,
    ) {
        for kernel in Kernel::all() {
            let (found, lines) = kernel.index(text, is_whole, list);
            assert_eq!(found, end, "{}", text.escape_ascii());
            if kernel.checks_utf8() {
                let expected = str::from_utf8(&text[..end]).ok();
                // An error after the last line may be seen or not.
                let is_clean = str::from_utf8(text).is_ok();
                let is_right = lines == expected || (lines.is_none() && !is_clean);
                assert!(is_right, "{}", text.escape_ascii());
            }
            let found: Vec<_> =
                (0..list.len()).map(|number| (list.at(number), list.kind(number))).collect();
            assert_eq!(found, places, "{kernel:?} {}", text.escape_ascii());
            for number in list.len()..list.len() + 8 {
                assert_eq!((list.at(number), list.kind(number)), (end, END));
            }
        }
    }
}
