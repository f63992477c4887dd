//! Compares lines of a batch, which may be read by the list of their places, with each line alone.
#![no_main]

#[path = "../../crates/codec/tests/support/long_lines.rs"]
mod long_lines;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let all = long_lines::all_options();
    let lines: Vec<_> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    long_lines::check(&all[usize::from(*first) % all.len()], &lines);
});
