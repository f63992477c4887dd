//! Checks that pairs of logfmt that were written are read back, and that any line is decoded alike
//! in every way.
#![no_main]

#[path = "../../crates/codec/tests/support/ways.rs"]
mod ways;

use codec::{DecodeOptions, Fields, Form, Input};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], Vec<(u8, String)>)| {
    let (text, pairs) = input;
    let input = Input { form: Form::Logfmt, ..Input::default() };
    let mut fields = Fields { value: None, ..Fields::any() };
    fields.names.max_bytes = Some(65_536);
    fields.names.clean = true;
    let options = DecodeOptions { input, fields, ..DecodeOptions::default() };
    ways::ways(&options, text, [1, 7, 64]);

    let mut line = String::new();
    for (number, (key, value)) in pairs.iter().enumerate() {
        let quoted = serde_json::to_string(value).unwrap();
        line += &format!("k{number}_{key}={quoted} ");
    }
    let name = pairs.iter().map(|pair| pair.1.len()).sum::<usize>();
    line += &format!("action=n{name} last=1");
    let (found, _) = ways::ways(&options, line.as_bytes(), [3]);
    assert_eq!(found.accepted.len(), 1, "{line}");
    assert_eq!(found.accepted[0].1, format!("n{name}"), "{line}");
});
