//! The grammar of RFC 8259, case by case, each in two places: as the value of an ignored key and as
//! the whole input.
//!
//! A text that must be accepted is accepted as an ignored value, and as the whole input it is JSON
//! of the wrong shape. A text that must not be is refused in both places as no JSON. Where the
//! standard leaves a choice, [`CHOICES`] has ours.

#[path = "support/conformance.rs"]
mod cases;
#[path = "support/long_lines.rs"]
mod long_lines;

use cases::{ACCEPTED, CHOICES, IsClass, REFUSED};
use codec::{DecodeError, DecodeOptions, Limits, decode};

/// An action with one more key, whose value is `case`.
fn ignoring(case: &[u8]) -> Vec<u8> {
    [br#"{"action":"a","time":1,"x":"#, case, b"}"].concat()
}

fn is_no_json(refusal: &DecodeError) -> bool {
    refusal.is_syntax() || refusal.is_encoding() || refusal.is_limit()
}

#[track_caller]
fn check(input: &[u8], is_class: Option<IsClass>) {
    match (decode(input), is_class) {
        (Ok(_), None) => {}
        (Err(refusal), Some(is_class)) if is_class(&refusal) => {}
        (answer, _) => panic!("{answer:?} for {}", input.escape_ascii()),
    }
}

#[test]
fn valid_json_is_accepted() {
    for case in ACCEPTED {
        check(&ignoring(case), None);
        check(case, Some(DecodeError::is_schema));
    }
}

#[test]
fn invalid_json_is_refused() {
    for case in REFUSED {
        check(&ignoring(case), Some(is_no_json));
        check(case, Some(is_no_json));
    }
}

#[test]
fn implementation_defined_json_has_a_fixed_outcome() {
    for &(case, is_class) in CHOICES {
        check(&ignoring(case), is_class);
        check(case, Some(is_class.unwrap_or(DecodeError::is_schema)));
    }
    // A mark before the whole input is named; anywhere else it is a character out of place.
    check(b"\xef\xbb\xbf{}", Some(DecodeError::is_encoding));
    check(b"\xef\xbb\xbf", Some(DecodeError::is_encoding));
    check(b"\xff\xfe[\0\"\0\xe9\0\"\0]\0", Some(DecodeError::is_encoding));
    check(b"\xfe\xff\0[\0\"\0\xe9\0\"\0]", Some(DecodeError::is_encoding));
    check(&ignoring(b"\xef\xbb\xbf{}"), Some(DecodeError::is_syntax));
    // UTF-16 without a mark is ASCII with zeros in between.
    check(b"[\0\"\0\xe9\0\"\0]\0", Some(DecodeError::is_syntax));
    check(b"\0[\0\"\0\xe9\0\"\0]", Some(DecodeError::is_syntax));
}

#[test]
fn nesting_is_left_open_and_limited() {
    let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat().into_bytes();
    check(&ignoring(&deep(127)), None);
    check(&ignoring(&deep(128)), Some(DecodeError::is_limit));
    check(&deep(128), Some(DecodeError::is_schema));
    check(&deep(500), Some(DecodeError::is_limit));
    let raised = Limits { nesting: 501, ..Limits::default() };
    assert!(raised.decode(&ignoring(&deep(500))).is_ok());
    check("[".repeat(100_000).as_bytes(), Some(DecodeError::is_limit));
    check("[{\"\":".repeat(50_000).as_bytes(), Some(DecodeError::is_limit));
}

#[test]
fn every_single_byte_has_a_class() {
    for byte in 0..=u8::MAX {
        let expected: IsClass = match byte {
            b'0'..=b'9' => DecodeError::is_schema,
            0x80.. => DecodeError::is_encoding,
            _ => DecodeError::is_syntax,
        };
        check(&[byte], Some(expected));
        // Inside a string and after it, where all but a few are taken.
        let in_string = [b"{\"action\":\"a\",\"time\":1,\"x\":\"", &[byte][..], b"\"}"].concat();
        let is_class: Option<IsClass> = match byte {
            b'"' | b'\\' | 0..0x20 => Some(DecodeError::is_syntax),
            0x80.. => Some(DecodeError::is_encoding),
            _ => None,
        };
        check(&in_string, is_class);
    }
}

/// The list of places of a batch has blocks of 64 bytes, and so two borders at these offsets.
#[test]
fn long_lines_have_the_same_outcome_at_every_offset() {
    let choices = CHOICES.iter().map(|choice| choice.0);
    let cases: Vec<_> = ACCEPTED.iter().chain(REFUSED).copied().chain(choices).collect();
    let is_line = |case: &&&[u8]| !case.contains(&b'\n');
    for offset in 0..130 {
        let padding = "x".repeat(offset);
        let line = |case: &&[u8]| {
            [format!(r#"{{"p":"{padding}","x":"#).as_bytes(), *case, br#","action":"a","time":1}"#]
                .concat()
        };
        let lines: Vec<_> = cases.iter().filter(is_line).map(line).collect();
        long_lines::check(&DecodeOptions::default(), &lines);
    }
}
