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
                && is_x86_feature_detected!("avx512vbmi2");
            let levels = [(has_avx512, Level::Avx512), (has_avx2, Level::Avx2)];
            levels.into_iter().filter(|level| level.0).map(|level| Self(level.1))
        }
        #[cfg(not(target_arch = "x86_64"))]
        std::iter::empty()
    }

    /// Lists the places of a window of whole lines. Returns its end.
    #[inline]
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "so are functions for some processors called")
    )]
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(unused_variables, reason = "never called without kernels")
    )]
    pub(super) fn index(self, text: &[u8], list: &mut Places) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a function with a target feature needs a processor that has it. Only `all`
            // makes a `Kernel`, after it has detected all features that `index` names.
            // Worth: lines of a service log take a third of the instructions of the scanner.
            Level::Avx512 => unsafe { avx512::index(text, list) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            // Worth: as above.
            Level::Avx2 => unsafe { avx2::index(text, list) },
        }
    }
}

/// For each low half of a byte, the bracket that ends in it, with the bit 0x20 set.
#[cfg(target_arch = "x86_64")]
const BRACKETS: [u8; 16] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b'{', 0, b'}', 0, 0];

/// For each low half of a byte, the white space, `:` or `,` that ends in it.
#[cfg(target_arch = "x86_64")]
const GAPS: [u8; 16] = [b' ', 0, 0, 0, 0, 0, 0, 0, 0, b'\t', b':', 0, b',', b'\r', 0, 0];

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

    use super::super::bitmaps::{
        Block, EscapeBits, StringBits, StructureBits, index as by, write_places,
    };
    use super::super::places::Places;
    use super::{BRACKETS, ESCAPES_HIGH, ESCAPES_LOW, GAPS};

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,pclmulqdq")]
    pub(super) fn index(text: &[u8], list: &mut Places) -> usize {
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
                brackets: bits([0, 1].map(|half| {
                    let found = _mm256_shuffle_epi8(table(&BRACKETS), as_braces[half]);
                    _mm256_cmpeq_epi8(found, as_braces[half])
                })),
                gaps: bits(bytes.map(|bytes| {
                    _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table(&GAPS), bytes), bytes)
                })),
                newlines: equal(bytes, b'\n'),
                digits: bits(bytes.map(|bytes| {
                    let values = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
                    _mm256_cmpeq_epi8(_mm256_min_epu8(values, _mm256_set1_epi8(9)), values)
                })),
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
        by(text, list, in_strings, structure, escapes, |bits| prefix_xor(bits), write_places)
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

    use super::super::bitmaps::{Block, EscapeBits, StringBits, StructureBits, index as by};
    use super::super::places::{BLOCK, Places};
    use super::avx2::prefix_xor;
    use super::{BRACKETS, ESCAPES_HIGH, ESCAPES_LOW, GAPS};

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx2,bmi1,bmi2,popcnt,pclmulqdq")]
    pub(super) fn index(text: &[u8], list: &mut Places) -> usize {
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
            let brackets = _mm512_shuffle_epi8(table(&BRACKETS), as_braces);
            let gaps = _mm512_shuffle_epi8(table(&GAPS), bytes);
            StructureBits {
                brackets: _mm512_cmpeq_epi8_mask(brackets, as_braces),
                gaps: _mm512_cmpeq_epi8_mask(gaps, bytes),
                newlines: equal(bytes, b'\n'),
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
        by(
            text,
            list,
            in_strings,
            structure,
            escapes,
            |bits| prefix_xor(bits),
            |bits, first, free| write(bits, first, free),
        )
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

    /// Writes the place of each bit: the numbers of the bits are compressed to those that are set.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
    #[expect(unsafe_code, reason = "a register is stored through a pointer only")]
    fn write(bits: u64, first: u16, free: &mut [u16; BLOCK]) {
        const NUMBERS: [u8; BLOCK] = {
            let mut numbers = [0; BLOCK];
            let mut number = 0;
            while number < BLOCK {
                numbers[number] = number as u8;
                number += 1;
            }
            numbers
        };
        let first = _mm512_set1_epi16(first.cast_signed());
        let numbers = _mm512_maskz_compress_epi8(bits, load(&NUMBERS));
        let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(numbers));
        let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(numbers));
        let [free_low, free_high] = free.as_chunks_mut::<32>().0 else { return };
        // SAFETY: the store writes 64 bytes at a pointer, at any alignment. It is that of an array
        // of as many.
        // Worth: lines of a service log take a seventh less time than with single stores.
        unsafe { _mm512_storeu_epi16(free_low.as_mut_ptr().cast(), _mm512_add_epi16(low, first)) };
        if bits.count_ones() > 32 {
            let high = _mm512_add_epi16(high, first);
            // SAFETY: as above.
            // Worth: as above.
            unsafe { _mm512_storeu_epi16(free_high.as_mut_ptr().cast(), high) };
        }
    }
}
