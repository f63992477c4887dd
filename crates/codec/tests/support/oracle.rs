//! Decides with `serde_json` what an input is: the oracle of tests and fuzzing.
//!
//! `serde_json` decides what is JSON, with a document that keeps repeated keys; this file decides
//! what an action is. Where `serde_json` deviates, the verdict is [`Verdict::Unsure`]; the table in
//! `tests/oracle.rs` lists each case.

use std::fmt;

use codec::{ActionName, decode};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A document with its outermost members in order, including repeated ones.
enum Document {
    Object(Vec<(String, Value)>),
    Other,
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Document::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Document, A::Error> {
        while seq.next_element::<Value>()?.is_some() {}
        Ok(Document::Other)
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Document, E> {
        Ok(Document::Other)
    }
}

/// The verdict on an input.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    NotJson,
    NotAction,
    Action(String, Time),
    Unsure(&'static str),
}

/// A time, exact where it is an integer.
#[derive(Debug, PartialEq)]
pub(crate) enum Time {
    Integer(u64),
    Float(f64),
}

pub(crate) const TOO_LARGE: &str =
    "a number out of the range of floats is refused wherever it stands";
pub(crate) const TOO_DEEP: &str = "nesting deeper than 127 is refused";
pub(crate) const MINUS_ZERO: &str = "a negative number that rounds to 0 is equal to -0";
pub(crate) const ROUNDED: &str = "an integer above 2^64 - 1 is rounded to a float";

/// Returns the verdict of the oracle.
pub(crate) fn oracle(input: &[u8]) -> Verdict {
    match serde_json::from_slice(input) {
        Err(error) if error.to_string().starts_with("number out of range") => {
            Verdict::Unsure(TOO_LARGE)
        }
        Err(error) if error.to_string().starts_with("recursion limit") => Verdict::Unsure(TOO_DEEP),
        Err(_) => Verdict::NotJson,
        Ok(Document::Other) => Verdict::NotAction,
        Ok(Document::Object(members)) => action(&members),
    }
}

fn action(members: &[(String, Value)]) -> Verdict {
    let all = |key| members.iter().filter(move |(found, _)| found == key).map(|(_, value)| value);
    let (actions, times): (Vec<_>, Vec<_>) = (all("action").collect(), all("time").collect());
    let ([Value::String(name)], [Value::Number(number)]) = (&actions[..], &times[..]) else {
        return Verdict::NotAction;
    };
    if ActionName::new(name).is_err() {
        return Verdict::NotAction;
    }
    match time(number) {
        Ok(Some(time)) => Verdict::Action(name.clone(), time),
        Ok(None) => Verdict::NotAction,
        Err(reason) => Verdict::Unsure(reason),
    }
}

fn time(number: &Number) -> Result<Option<Time>, &'static str> {
    match (number.as_u64(), number.as_f64()) {
        (Some(integer), _) => Ok(Some(Time::Integer(integer))),
        (None, Some(float)) if float == 0.0 && float.is_sign_negative() => Err(MINUS_ZERO),
        (None, Some(float)) if float >= 18_446_744_073_709_551_616.0 => Err(ROUNDED),
        (None, Some(float)) if float < 0.0 => Ok(None),
        (None, Some(float)) if float.fract() == 0.0 => Ok(Some(Time::Integer(float as u64))),
        (None, Some(float)) => Ok(Some(Time::Float(float))),
        (None, None) => panic!("{number} is neither an integer nor a float"),
    }
}

/// Returns the verdict of the codec.
pub(crate) fn ours(input: &[u8]) -> Verdict {
    match decode(input) {
        Ok(action) => {
            let time = match action.time.as_integer() {
                Some(integer) => Time::Integer(integer),
                None => Time::Float(action.time.as_f64()),
            };
            Verdict::Action(action.name.as_str().to_owned(), time)
        }
        Err(refusal) if refusal.is_schema() => Verdict::NotAction,
        Err(_) => Verdict::NotJson,
    }
}

/// Compares the two verdicts.
///
/// # Panics
///
/// If they differ.
#[track_caller]
pub(crate) fn check(input: &[u8]) {
    let expected = oracle(input);
    let found = ours(input);
    if !matches!(expected, Verdict::Unsure(_)) {
        assert_eq!(found, expected, "{:?}", input.escape_ascii().to_string());
    }
}
