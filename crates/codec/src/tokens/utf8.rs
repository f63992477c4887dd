//! The tables by which UTF-8 is checked.
//!
//! Every error shows in two neighbouring bytes, but for bytes that do not continue the third or
//! fourth before them. So three tables, for the halves of the first byte and the high half of the
//! second, have a bit for each kind of error (Keiser and Lemire 2021, *Validating UTF-8 in less
//! than one instruction per byte*).

use super::places::{BLOCK, Block};

const TOO_SHORT: u8 = 1 << 0;
const TOO_LONG: u8 = 1 << 1;
const OVERLONG_3: u8 = 1 << 2;
const TOO_LARGE: u8 = 1 << 3;
const SURROGATE: u8 = 1 << 4;
const OVERLONG_2: u8 = 1 << 5;
/// Overlong with four bytes, or far too large.
const FOUR: u8 = 1 << 6;
pub(super) const CONTINUED_TWICE: u8 = 1 << 7;

pub(super) const FIRST_HIGH: [u8; 16] = {
    let mut bits = [TOO_LONG; 16];
    let mut half = 0x8;
    while half < 0xC {
        bits[half] = CONTINUED_TWICE;
        half += 1;
    }
    bits[0xC] = TOO_SHORT | OVERLONG_2;
    bits[0xD] = TOO_SHORT;
    bits[0xE] = TOO_SHORT | OVERLONG_3 | SURROGATE;
    bits[0xF] = TOO_SHORT | TOO_LARGE | FOUR;
    bits
};

pub(super) const FIRST_LOW: [u8; 16] = {
    // The low half does not matter to these.
    const ANY: u8 = TOO_SHORT | TOO_LONG | CONTINUED_TWICE;
    let mut bits = [ANY | TOO_LARGE | FOUR; 16];
    bits[0] = ANY | OVERLONG_3 | OVERLONG_2 | FOUR;
    bits[1] = ANY | OVERLONG_2;
    bits[2] = ANY;
    bits[3] = ANY;
    bits[4] = ANY | TOO_LARGE;
    bits[0xD] |= SURROGATE;
    bits
};

pub(super) const SECOND_HIGH: [u8; 16] = {
    const ANY: u8 = TOO_LONG | OVERLONG_2 | CONTINUED_TWICE;
    let mut bits = [TOO_SHORT; 16];
    bits[0x8] = ANY | OVERLONG_3 | FOUR;
    bits[0x9] = ANY | OVERLONG_3 | TOO_LARGE;
    bits[0xA] = ANY | SURROGATE | TOO_LARGE;
    bits[0xB] = ANY | SURROGATE | TOO_LARGE;
    bits
};

/// The largest bytes with which text may end, at each place of a block.
pub(super) const LAST_MAX: Block = {
    let mut max = [u8::MAX; BLOCK];
    max[BLOCK - 3] = 0xF0 - 1;
    max[BLOCK - 2] = 0xE0 - 1;
    max[BLOCK - 1] = 0xC0 - 1;
    max
};

/// The numbers of the bytes that are `back` bytes before those of a block, if the block before
/// it has the numbers from 0 on, and its own are from 64 on.
pub(super) const fn numbers_back(back: u8) -> Block {
    let mut numbers = [0; BLOCK];
    let mut number = 0;
    while number < BLOCK {
        numbers[number] = (BLOCK + number) as u8 - back;
        number += 1;
    }
    numbers
}
