//! Compares every way to decode a batch with decoding line by line.
#![no_main]

#[path = "../../crates/codec/tests/support/lines.rs"]
mod lines;

use codec::{DecodeOptions, Fractions, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // The first byte selects the options.
    let Some((choice, text)) = input.split_first() else { return };
    let limits = if choice & 1 == 0 {
        Limits::default()
    } else {
        Limits { name_bytes: 4, nesting: 2, input_bytes: usize::from(choice / 4) }
    };
    let fractions = if choice & 2 == 0 { Fractions::Allowed } else { Fractions::Refused };
    let options = DecodeOptions { limits, fractions, refusals_kept: 3, ..DecodeOptions::default() };
    lines::check(&options, text, 1 << 20);
});
