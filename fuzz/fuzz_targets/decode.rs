//! One input: our decoder against `serde_json`, and the common path against our decoder.
#![no_main]

#[path = "../../crates/codec/tests/support/common.rs"]
mod common;
#[path = "../../crates/codec/tests/support/oracle.rs"]
mod oracle;

use codec::{Policy, Spot};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    oracle::check(input);
    if let Err(refusal) = codec::decode(input) {
        let at = refusal.at();
        assert!(at <= input.len(), "{refusal} of {} bytes", input.len());
        assert!(refusal.to_string().ends_with(&format!(" (byte {at})")), "{refusal}");
        let spot = Spot::new(input, at);
        assert!(!spot.text.contains(char::is_control) && spot.column <= 49, "{spot}");
    }
    if !input.contains(&b'\n') {
        common::check(&Policy::default(), input);
    }
});
