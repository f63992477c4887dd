//! Compares random records under random paths and conditions with a naive oracle, decoded alone, as
//! a slice, from a reader and on several threads.
#![no_main]

#[path = "../../crates/codec/tests/support/field_oracle.rs"]
mod field_oracle;

use field_oracle::{Case, Choices, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| check(&Case::new(&mut Choices(bytes))));
