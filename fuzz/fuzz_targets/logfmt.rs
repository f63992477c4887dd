//! Compares each line of logfmt with a naive parser, decoded in every way.
#![no_main]

#[path = "../support/outcomes.rs"]
mod outcomes;
#[path = "../../crates/codec/tests/support/ways.rs"]
mod ways;

use codec::{DecodeOptions, Fields, Form, Input, Path};
use libfuzzer_sys::fuzz_target;
use outcomes::{Outcome, few_ways, found, of_text};

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, text) = input;
    let key = ["a", "msg", "b.c", "level"][usize::from(choice % 4)];
    let input = Input { form: Form::Logfmt, ..Input::default() };
    let by = vec![Path::parse(key).unwrap()];
    let fields = Fields { by, value: None, ..Fields::any() };
    let options = DecodeOptions { input, fields, ..DecodeOptions::default() };
    let (all, report) = few_ways(&options, text);
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut at = report.bytes - text.len() as u64;
    let mut expected = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let record = line.strip_suffix(b"\n").unwrap_or(line);
        let is_ended = record.len() < line.len();
        let record = record.strip_suffix(b"\r").filter(|_| is_ended).unwrap_or(record);
        if !record.trim_ascii().is_empty() {
            expected.push((at, outcome(record, key)));
        }
        at += line.len() as u64;
    }
    assert_eq!(found(&all), expected, "{key} of {}", text.escape_ascii());
});

/// The value of a pair.
enum Value<'l> {
    None,
    Bare(&'l [u8]),
    Quoted(&'l [u8]),
}

fn outcome(line: &[u8], key: &str) -> Outcome {
    let Some(pairs) = pairs(line) else { return Outcome::Refused };
    let mut values = pairs.iter().filter(|pair| pair.0 == key.as_bytes()).map(|pair| &pair.1);
    let (Some(value), None) = (values.next(), values.next()) else {
        let is_absent = pairs.iter().all(|pair| pair.0 != key.as_bytes());
        return if is_absent { Outcome::Skipped } else { Outcome::Refused };
    };
    match value {
        Value::None => of_text(b"true"),
        Value::Bare(text) => of_text(text),
        Value::Quoted(text) => {
            let quoted = [b"\"", *text, b"\""].concat();
            let decoded = serde_json::from_slice::<String>(&quoted);
            decoded.map_or(Outcome::Refused, |text| of_text(text.as_bytes()))
        }
    }
}

/// Returns the pairs of a line, byte by byte, or `None` if it is not well formed.
fn pairs(line: &[u8]) -> Option<Vec<(&[u8], Value<'_>)>> {
    let is_space = |at: usize| line.get(at).is_none_or(|&byte| byte <= b' ');
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < line.len() {
        if is_space(at) {
            at += 1;
            continue;
        }
        let start = at;
        while !is_space(at) && !matches!(line[at], b'=' | b'"') {
            at += 1;
        }
        let key = &line[start..at];
        if key.is_empty() || line.get(at) == Some(&b'"') {
            return None;
        }
        if line.get(at) != Some(&b'=') {
            pairs.push((key, Value::None));
            continue;
        }
        at += 1;
        let start = at;
        if line.get(at) == Some(&b'"') {
            at += 1;
            while *line.get(at)? != b'"' {
                at += if line[at] == b'\\' { 2 } else { 1 };
            }
            pairs.push((key, Value::Quoted(&line[start + 1..at])));
            at += 1;
            if !is_space(at) {
                return None;
            }
        } else {
            while !is_space(at) {
                at += 1;
            }
            pairs.push((key, Value::Bare(&line[start..at])));
        }
    }
    Some(pairs)
}
