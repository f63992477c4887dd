//! Compares each value of a stream of JSON with the stream of `serde_json`, up to the first error,
//! decoded in every way.
#![no_main]

#[path = "../support/outcomes.rs"]
mod outcomes;
#[path = "../../crates/codec/tests/support/ways.rs"]
mod ways;

use codec::{DecodeOptions, Fields, Form, Input, decode};
use libfuzzer_sys::fuzz_target;
use outcomes::{Outcome, few_ways, found, of_text};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

fuzz_target!(|text: &[u8]| {
    let input = Input { form: Form::JsonStream, ..Input::default() };
    let fields = Fields { value: None, ..Fields::any() };
    let options = DecodeOptions { input, fields, ..DecodeOptions::default() };
    let (all, _) = few_ways(&options, text);
    if text.starts_with(b"\xEF\xBB\xBF") {
        return;
    }
    let found = found(&all);
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let mut count = 0;
    let mut end = 0;
    while let Some(Ok(value)) = values.next() {
        // The decoder takes brackets between values as their layout.
        if value.get().starts_with('[') {
            return;
        }
        let at = values.byte_offset() - value.get().len();
        assert_eq!(found.get(count), Some(&(at as u64, outcome(value.get()))));
        (count, end) = (count + 1, values.byte_offset());
    }
    if text[end..].trim_ascii().is_empty() {
        assert_eq!(found.len(), count);
    }
});

fn outcome(value: &str) -> Outcome {
    // Its errors of syntax and encoding are held by another target.
    if decode(value.as_bytes()).is_err_and(|error| !error.is_schema() || !value.starts_with('{')) {
        return Outcome::Refused;
    }
    let mut deserializer = serde_json::Deserializer::from_str(value);
    match &deserializer.deserialize_map(Actions).unwrap()[..] {
        [] => Outcome::Skipped,
        [value] => match value.get() {
            "null" => Outcome::Skipped,
            text if text.starts_with('"') => {
                of_text(serde_json::from_str::<String>(text).unwrap().as_bytes())
            }
            text if text.starts_with(['{', '[']) => Outcome::Refused,
            text => of_text(text.as_bytes()),
        },
        _ => Outcome::Refused,
    }
}

/// Visits an object, and returns the values of its key `action`.
struct Actions;

impl<'de> Visitor<'de> for Actions {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            found.extend((key == "action").then_some(value));
        }
        Ok(found)
    }
}
