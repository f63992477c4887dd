//! Many lines: every way to decode a batch against line by line.
#![no_main]

#[path = "../../crates/codec/tests/support/lines.rs"]
mod lines;

use codec::{Fractions, Limits, DecodeOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // The first byte chooses the policy.
    let Some((choice, text)) = input.split_first() else { return };
    let limits = if choice & 1 == 0 {
        Limits::default()
    } else {
        Limits { name_bytes: 4, nesting: 2, input_bytes: usize::from(choice / 4) }
    };
    let fractions = if choice & 2 == 0 { Fractions::Allowed } else { Fractions::Refused };
    let policy = DecodeOptions { limits, fractions, refusals_kept: 3, stamp: None };
    lines::check(&policy, text, 1 << 20);
});
