//! Checks that objects of a stream are those of the stream of serde_json, up to the first error,
//! and that any text is decoded alike in every way.
#![no_main]

#[path = "../../crates/codec/tests/support/ways.rs"]
mod ways;

use codec::{DecodeOptions, Fields, Form, Input};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &[u8]| {
    let input = Input { form: Form::JsonStream, ..Input::default() };
    let fields = Fields { value: None, ..Fields::any() };
    let options = DecodeOptions { input, fields, ..DecodeOptions::default() };
    let (found, report) = ways::ways(&options, text, [1, 7, 64]);
    // The reader here takes arrays at the start as the layout of records.
    if text.contains(&b'[') || text.starts_with(b"\xEF\xBB\xBF") {
        return;
    }
    let mut stream = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
    let mut objects = 0;
    while let Some(Ok(value)) = stream.next() {
        objects += u64::from(value.is_object());
    }
    // Keys that are repeated and names that are not valid are refused here.
    let outcomes = report.accepted + report.skipped + report.refused;
    assert!(outcomes >= objects, "{objects} objects, {outcomes} outcomes");
    assert!(found.accepted.len() as u64 <= report.lines());
});
