//! The first step in vector registers, one function for each set of instructions.
//!
//! A place is found by what its byte is, so all comparisons are of bytes. Two classes need one
//! shuffle each: the low half of a byte selects from a table the only byte of the class that ends
//! in it, and the two are compared.
//!
//! Registers of 16 bytes were left out: they gain nothing on lines with many keys. Processors
//! without these instructions use the scanner alone, which is faster than a list that is built from
//! words of 8 bytes.

use super::places::Places;

/// A set of instructions that this processor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kernel(Level);

/// The sets of instructions, the fastest first.
///
/// Private, because a value says that the processor has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Kernel {
    /// Returns the kernels that this processor can run, the fastest first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("pclmulqdq");
            let has_avx512 = has_avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vbmi")
                && is_x86_feature_detected!("avx512vbmi2");
            let levels = [(has_avx512, Level::Avx512), (has_avx2, Level::Avx2)];
            levels.into_iter().filter(|level| level.0).map(|level| Self(level.1))
        }
        #[cfg(not(target_arch = "x86_64"))]
        std::iter::empty()
    }

    /// Returns whether [`index`](Self::index) finds out whether the lines are UTF-8.
    pub(super) fn checks_utf8(self) -> bool {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => true,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => false,
        }
    }

    /// Lists the places of the lines of a window. Returns their end, and their text if it was found
    /// to be UTF-8.
    ///
    /// What follows the last line feed is a line only if `is_whole`.
    #[inline]
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "so are functions for some processors called")
    )]
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(unused_variables, reason = "never called without kernels")
    )]
    pub(super) fn index<'t>(
        self,
        text: &'t [u8],
        is_whole: bool,
        list: &mut Places,
    ) -> (usize, Option<&'t str>) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a function with a target feature needs a processor that has it. Only `all`
            // makes a `Kernel`, after it has detected all features that `index` names.
            // Worth: lines of a service log take a third of the instructions of the scanner.
            Level::Avx512 => unsafe { avx512::index(text, is_whole, list) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            // Worth: as above.
            Level::Avx2 => (unsafe { avx2::index(text, is_whole, list) }, None),
        }
    }
}

/// For each low half of a byte, the bracket, `:` or `,` that ends in it, with the bit 0x20 set.
///
/// Two control characters have these values too, if the bit is set.
#[cfg(target_arch = "x86_64")]
const OPERATORS: [u8; 16] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, b':', b'{', b',', b'}', 0, 0];

/// For each low half of a byte, the white space within a line that ends in it.
#[cfg(target_arch = "x86_64")]
const SPACES: [u8; 16] = [b' ', 0, 0, 0, 0, 0, 0, 0, 0, b'\t', 0, 0, 0, b'\r', 0, 0];

/// For each low half of a byte, the high halves with which it may follow a backslash, as bits.
#[cfg(target_arch = "x86_64")]
const ESCAPES_LOW: [u8; 16] = [0, 0, 1 | 4 | 8, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1];

/// For each high half of a byte, its bit in [`ESCAPES_LOW`].
#[cfg(target_arch = "x86_64")]
const ESCAPES_HIGH: [u8; 16] = [0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0];

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! Registers of 32 bytes, two for a block.

    use std::arch::x86_64::*;

    use super::super::bitmaps::{EscapeBits, StringBits, StructureBits, index as by, write_places};
    use super::super::places::{BLOCK, Block, BlockPlaces, NUMBER, Places};
    use super::{ESCAPES_HIGH, ESCAPES_LOW, OPERATORS, SPACES};

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,pclmulqdq")]
    pub(super) fn index(text: &[u8], is_whole: bool, list: &mut Places) -> usize {
        let in_strings = |block: &Block| {
            let bytes = load(block);
            let controls = bytes.map(|bytes| {
                _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes)
            });
            StringBits {
                quotes: equal(bytes, b'"'),
                backslashes: equal(bytes, b'\\'),
                controls: bits(controls),
            }
        };
        let structure = |block: &Block| {
            let bytes = load(block);
            let as_braces = bytes.map(|bytes| _mm256_or_si256(bytes, _mm256_set1_epi8(0x20)));
            StructureBits {
                operators: bits(as_braces.map(|bytes| {
                    _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table(&OPERATORS), bytes), bytes)
                })),
                spaces: bits(bytes.map(|bytes| {
                    _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table(&SPACES), bytes), bytes)
                })),
                newlines: equal(bytes, b'\n'),
                zeros: equal(bytes, b'0'),
                digits: bits(bytes.map(|bytes| are_digits(bytes))),
            }
        };
        let escapes = |block: &Block| {
            let bytes = load(block);
            let invalid = bytes.map(|bytes| {
                let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0F));
                let high = _mm256_shuffle_epi8(table(&ESCAPES_HIGH), high);
                let low = _mm256_shuffle_epi8(table(&ESCAPES_LOW), bytes);
                _mm256_cmpeq_epi8(_mm256_and_si256(high, low), _mm256_setzero_si256())
            });
            EscapeBits { valid: !bits(invalid), u: equal(bytes, b'u') }
        };
        by(
            (text, is_whole),
            list,
            |_| {},
            in_strings,
            structure,
            escapes,
            |bits| prefix_xor(bits),
            |of, places, kinds| write(of, places, kinds),
        )
    }

    /// Writes the places of a block and their kinds.
    #[inline]
    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "a register is stored through a pointer only")]
    fn write(of: &BlockPlaces<'_>, places: &mut [u16; BLOCK], kinds: &mut Block) {
        let mut kinds_of = [0; BLOCK + 1];
        let halves = kinds_of.as_chunks_mut::<32>().0;
        for (bytes, half) in load(of.block).into_iter().zip(halves) {
            let number = _mm256_set1_epi8(NUMBER as i8);
            // SAFETY: the store writes 32 bytes at a pointer, at any alignment. It is that of an
            // array of as many.
            // Worth: with fewer places than before, a tenth of the instructions for lines of a
            // service log.
            unsafe {
                _mm256_storeu_si256(
                    half.as_mut_ptr().cast(),
                    _mm256_blendv_epi8(bytes, number, are_digits(bytes)),
                );
            }
        }
        write_places(of, &kinds_of, places, kinds);
    }

    /// Marks the digits.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn are_digits(bytes: __m256i) -> __m256i {
        let values = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
        _mm256_cmpeq_epi8(_mm256_min_epu8(values, _mm256_set1_epi8(9)), values)
    }

    /// The value of words that lie side by side is one load.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(block: &Block) -> [__m256i; 2] {
        let word = |at: usize| i64::from_le_bytes(block.as_chunks::<8>().0[at]);
        [0, 4].map(|at| _mm256_setr_epi64x(word(at), word(at + 1), word(at + 2), word(at + 3)))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn table(of: &[u8; 16]) -> __m256i {
        let of = i128::from_le_bytes(*of);
        let (low, high) = (of as i64, (of >> 64) as i64);
        _mm256_setr_epi64x(low, high, low, high)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn equal(bytes: [__m256i; 2], byte: u8) -> u64 {
        bits(bytes.map(|bytes| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8))))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn bits(marks: [__m256i; 2]) -> u64 {
        let [low, high] = marks.map(|marks| u64::from(_mm256_movemask_epi8(marks).cast_unsigned()));
        high << 32 | low
    }

    /// Sets each bit to the parity of the bits up to it.
    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    pub(super) fn prefix_xor(bits: u64) -> u64 {
        let bits = _mm_set_epi64x(0, bits.cast_signed());
        _mm_cvtsi128_si64(_mm_clmulepi64_si128::<0>(bits, _mm_set1_epi8(-1))).cast_unsigned()
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    //! Registers of 64 bytes, one for a block.

    use std::arch::x86_64::*;

    use super::super::bitmaps::{EscapeBits, StringBits, StructureBits, index as by};
    use super::super::places::{BLOCK, Block, BlockPlaces, NUMBER, Places};
    use super::super::utf8::{
        CONTINUED_TWICE, FIRST_HIGH, FIRST_LOW, LAST_MAX, SECOND_HIGH, numbers_back,
    };
    use super::avx2::prefix_xor;
    use super::{ESCAPES_HIGH, ESCAPES_LOW, OPERATORS, SPACES};

    #[target_feature(
        enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,avx2,bmi1,bmi2,popcnt,pclmulqdq"
    )]
    #[expect(unsafe_code, reason = "the text is checked here")]
    pub(super) fn index<'t>(
        text: &'t [u8],
        is_whole: bool,
        list: &mut Places,
    ) -> (usize, Option<&'t str>) {
        let mut utf8 = Utf8::new();
        let see = |block: &Block| utf8.see(load(block));
        let in_strings = |block: &Block| {
            let bytes = load(block);
            StringBits {
                quotes: equal(bytes, b'"'),
                backslashes: equal(bytes, b'\\'),
                controls: _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
            }
        };
        let structure = |block: &Block| {
            let bytes = load(block);
            let as_braces = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
            let operators = _mm512_shuffle_epi8(table(&OPERATORS), as_braces);
            let spaces = _mm512_shuffle_epi8(table(&SPACES), bytes);
            StructureBits {
                operators: _mm512_cmpeq_epi8_mask(operators, as_braces),
                spaces: _mm512_cmpeq_epi8_mask(spaces, bytes),
                newlines: equal(bytes, b'\n'),
                zeros: equal(bytes, b'0'),
                digits: {
                    let values = _mm512_sub_epi8(bytes, _mm512_set1_epi8(b'0' as i8));
                    _mm512_cmple_epu8_mask(values, _mm512_set1_epi8(9))
                },
            }
        };
        let escapes = |block: &Block| {
            let bytes = load(block);
            let high = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), _mm512_set1_epi8(0x0F));
            let high = _mm512_shuffle_epi8(table(&ESCAPES_HIGH), high);
            let low = _mm512_shuffle_epi8(table(&ESCAPES_LOW), bytes);
            EscapeBits { valid: _mm512_test_epi8_mask(high, low), u: equal(bytes, b'u') }
        };
        let end = by(
            (text, is_whole),
            list,
            see,
            in_strings,
            structure,
            escapes,
            |bits| prefix_xor(bits),
            |of, places, kinds| write(of, places, kinds),
        );
        // A line feed after an incomplete character is an error already.
        let lines = text.get(..end).filter(|_| utf8.is_valid(end == text.len()));
        // SAFETY: the bytes must be UTF-8. `utf8` has seen all of them, in order, from the start of
        // a character. It is held equal to the library by a test of all kinds of characters.
        // Worth: lines with 400 bytes of Chinese take a seventh less time.
        (end, lines.map(|lines| unsafe { str::from_utf8_unchecked(lines) }))
    }

    /// Checks text for UTF-8 a block at a time.
    struct Utf8 {
        before: __m512i,
        /// Not 0 if the last character is not complete.
        incomplete: __m512i,
        errors: __m512i,
    }

    impl Utf8 {
        #[inline]
        #[target_feature(enable = "avx512f")]
        fn new() -> Self {
            let zero = _mm512_setzero_si512();
            Self { before: zero, incomplete: zero, errors: zero }
        }

        #[inline]
        #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
        fn see(&mut self, bytes: __m512i) {
            if _mm512_movepi8_mask(bytes) == 0 {
                self.errors = _mm512_or_si512(self.errors, self.incomplete);
                self.incomplete = _mm512_setzero_si512();
            } else {
                self.errors = _mm512_or_si512(self.errors, errors(self.before, bytes));
                self.incomplete = _mm512_subs_epu8(bytes, load(&LAST_MAX));
            }
            self.before = bytes;
        }

        #[inline]
        #[target_feature(enable = "avx512f")]
        fn is_valid(&self, is_end: bool) -> bool {
            let is_zero = |bytes| _mm512_test_epi32_mask(bytes, bytes) == 0;
            is_zero(self.errors) && (!is_end || is_zero(self.incomplete))
        }
    }

    /// Returns what is wrong with the bytes of a block, 0 for each that is valid.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn errors(before: __m512i, bytes: __m512i) -> __m512i {
        const BACK: [Block; 3] = [numbers_back(1), numbers_back(2), numbers_back(3)];
        let [one, two, three] =
            BACK.each_ref().map(|back| _mm512_permutex2var_epi8(before, load(back), bytes));
        let low = _mm512_set1_epi8(0x0F);
        let high_half = |of: __m512i| _mm512_and_si512(_mm512_srli_epi16::<4>(of), low);
        let pairs = _mm512_and_si512(
            _mm512_and_si512(
                _mm512_shuffle_epi8(table(&FIRST_HIGH), high_half(one)),
                _mm512_shuffle_epi8(table(&FIRST_LOW), _mm512_and_si512(one, low)),
            ),
            _mm512_shuffle_epi8(table(&SECOND_HIGH), high_half(bytes)),
        );
        // The highest bit is set in a byte that must be the third or fourth of a character.
        let thirds = _mm512_subs_epu8(two, _mm512_set1_epi8((0xE0_u8 - 0x80).cast_signed()));
        let fourths = _mm512_subs_epu8(three, _mm512_set1_epi8((0xF0_u8 - 0x80).cast_signed()));
        let continued = _mm512_and_si512(
            _mm512_or_si512(thirds, fourths),
            _mm512_set1_epi8(CONTINUED_TWICE.cast_signed()),
        );
        _mm512_xor_si512(continued, pairs)
    }

    /// The value of words that lie side by side is one load.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(block: &Block) -> __m512i {
        let word = |at: usize| i64::from_le_bytes(block.as_chunks::<8>().0[at]);
        _mm512_setr_epi64(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn table(of: &[u8; 16]) -> __m512i {
        let of = i128::from_le_bytes(*of);
        let (low, high) = (of as i64, (of >> 64) as i64);
        _mm512_setr_epi64(low, high, low, high, low, high, low, high)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn equal(bytes: __m512i, byte: u8) -> u64 {
        _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8))
    }

    /// Writes the places of a block and their kinds: the numbers of the bytes, and the bytes, are
    /// compressed to those that are places.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
    #[expect(unsafe_code, reason = "a register is stored through a pointer only")]
    fn write(of: &BlockPlaces<'_>, places: &mut [u16; BLOCK], kinds: &mut Block) {
        const NUMBERS: [u8; BLOCK] = {
            let mut numbers = [0; BLOCK];
            let mut number = 0;
            while number < BLOCK {
                numbers[number] = number as u8;
                number += 1;
            }
            numbers
        };
        let bytes = load(of.block);
        let bytes = _mm512_mask_mov_epi8(bytes, of.digits, _mm512_set1_epi8(NUMBER as i8));
        // SAFETY: the store writes 64 bytes at a pointer, at any alignment. It is that of an array
        // of as many.
        // Worth: lines of a service log take a seventh less time than with single stores.
        unsafe {
            _mm512_storeu_epi8(
                kinds.as_mut_ptr().cast(),
                _mm512_maskz_compress_epi8(of.places, bytes),
            );
        }
        let first = _mm512_set1_epi16((of.first as u16).cast_signed());
        let numbers = _mm512_maskz_compress_epi8(of.places, load(&NUMBERS));
        let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(numbers));
        let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(numbers));
        let [low_places, high_places] = places.as_chunks_mut::<32>().0 else { return };
        // SAFETY: as above.
        // Worth: as above.
        unsafe {
            _mm512_storeu_epi16(low_places.as_mut_ptr().cast(), _mm512_add_epi16(low, first))
        };
        if of.places.count_ones() > 32 {
            let high = _mm512_add_epi16(high, first);
            // SAFETY: as above.
            // Worth: as above.
            unsafe { _mm512_storeu_epi16(high_places.as_mut_ptr().cast(), high) };
        }
    }
}
