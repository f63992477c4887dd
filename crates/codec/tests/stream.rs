//! Streams of JSON: objects in any layout.

mod support {
    pub(crate) mod ways;
}

use codec::{DecodeOptions, Fields, Form, Input, InputFault, Limits};
use proptest::prelude::*;
use support::ways::{Found, check_places, every_way};

fn options() -> DecodeOptions {
    let input = Input { form: Form::JsonStream, ..Input::default() };
    DecodeOptions { input, fields: Fields::any(), ..DecodeOptions::default() }
}

#[track_caller]
fn check(input: &str, accepted: &[(&str, f64)], refusals: &[&str]) -> codec::Report {
    let (found, report) = every_way(&options(), input.as_bytes());
    let names: Vec<_> = found.accepted.iter().map(|(_, name, time)| (&**name, *time)).collect();
    assert_eq!(names, accepted, "{input}");
    let shown: Vec<_> = report.refusals.iter().map(ToString::to_string).collect();
    assert_eq!(shown, refusals, "{input}");
    report
}

#[test]
fn objects_are_read_in_any_layout() {
    let (a, b) = (r#"{"action":"a","time":1}"#, r#"{"action":"b","time":2}"#);
    let both = [("a", 1.0), ("b", 2.0)];
    for text in [
        format!("{a}\n{b}\n"),
        format!("{a}{b}"),
        format!("[{a},{b}]"),
        format!("[\n  {a},\n  {b}\n]\n"),
        format!("[{a}]\n[{b}]"),
        format!("\u{1E}{a}\n\u{1E}{b}\n"),
        format!("{a},\n{b},\n"),
        "{\n  \"action\": \"a\",\n  \"time\": 1\n}\n{\n  \"action\": \"b\",\n  \"time\": 2\n}"
            .into(),
    ] {
        let report = check(&text, &both, &[]);
        assert_eq!((report.lines(), report.bytes), (2, text.len() as u64));
        check(&text.replace('\n', "\r\n"), &both, &[]);
    }
    for empty in ["", " \n", "[]", "[\n]\n"] {
        check(empty, &[], &[]);
    }
}

#[test]
fn values_that_are_not_actions_are_refused_in_place() {
    let text = "[{\"action\":\"a\",\"time\":1}, 5,\n \"x\\\"\", [1], \
                {\"action\":\n\"b\",\"time\":1,\"time\":2}, {}]";
    let report = check(
        text,
        &[("a", 1.0)],
        &[
            "line 1: input is a number, expected an object (byte 0)",
            "line 2: input is a string, expected an object (byte 0)",
            "line 2: input is an array, expected an object (byte 0)",
            "line 3: key `time` is repeated, expected only the one at byte 15 (byte 24)",
        ],
    );
    assert_eq!((report.refused, report.skipped), (4, 1));
    assert_eq!(report.refusals[0].offset, 26);
}

#[test]
fn a_stream_goes_on_after_an_error() {
    let good = "{\n  \"action\": \"b\",\n  \"time\": 2\n}\n";
    for (broken, error) in [
        (
            "{\n  \"action\": \"a\n  \"time\": 1\n}\n",
            "found U+000A in a string, expected it as an escape (byte 16)",
        ),
        ("{\n  \"action\": \"a\",\n", "input ends, expected a key in double quotes (byte 18)"),
        ("{\n  \"action\": \"a\",\n  \"time\": 1\n", "input ends, expected `,` or `}` (byte 30)"),
        (
            "{\n  \"time\": 01\n}\n",
            "found `1` after a leading zero, expected `.`, `e` or the end of the number (byte 13)",
        ),
        ("{\n  \"time\": nope\n}\n", "found `o` in a literal, expected `null` (byte 13)"),
        ("}\n", "found `}`, expected a value (byte 0)"),
        // The line behind the value goes with it.
        (
            "{\"time\":01} {\"action\":\"c\",\"time\":1}\n",
            "found `1` after a leading zero, expected `.`, `e` or the end of the number (byte 9)",
        ),
        (
            "{\"a\":01,\"b\":\n{\"action\":\"c\",\"time\":1}} 5\n",
            "found `1` after a leading zero, expected `.`, `e` or the end of the number (byte 6)",
        ),
        ("note { }\n", "found `o` in a literal, expected `null` (byte 1)"),
        ("{\"a\":[1}\n  {\n", "found `}`, expected `,` or `]` (byte 7)"),
    ] {
        let text = format!("{{}}\n{broken}{good}{good}");
        let (found, report) = every_way(&options(), text.as_bytes());
        assert_eq!(found.accepted.len(), 2, "{broken}");
        assert_eq!(found.accepted[0].0, (3 + broken.len()) as u64, "{broken}");
        // `every_way` checks its line.
        assert_eq!(report.refusals[0].error.to_string(), error, "{broken}");
    }
    // Behind a byte order mark, which has no column.
    let (_, report) = every_way(&options(), "\u{FEFF}5 {}".as_bytes());
    assert_eq!((report.refusals[0].line, report.refusals[0].column), (1, 1));
    // At the end of the input.
    let report = check(
        "{\"action\":\"a\",\"time\":1}{\"action",
        &[("a", 1.0)],
        &["line 1: input ends, expected `\"` (byte 8)"],
    );
    assert_eq!(report.fault, None);
}

#[test]
fn an_array_ends_at_an_error() {
    for (rest, line, offset, error) in [
        ("{\"action\":\"b\",\"time\":}]", 2, 25, "found `}`, expected a value (byte 21)"),
        ("{\"time\":nope}, {}]", 2, 25, "found `o` in a literal, expected `null` (byte 9)"),
        ("{\"action\":\"b\"", 2, 25, "input ends, expected `,` or `}` (byte 13)"),
        ("", 2, 25, "input ends, expected `,` or `]` (byte 0)"),
    ] {
        let text = format!("[{{\"action\":\"a\",\"time\":1}}\n{rest}");
        let report = check(&text, &[("a", 1.0)], &[]);
        let Some(InputFault::BrokenArray(refusal)) = &report.fault else { panic!("{rest}") };
        assert_eq!((refusal.line, refusal.offset), (line, offset), "{rest}");
        assert_eq!(refusal.error.to_string(), error);
        let shown = format!("array is broken, the rest was not read: line {line}: {error}");
        assert_eq!(report.fault.as_ref().unwrap().to_string(), shown);
        assert_eq!((report.accepted, report.refused), (1, 0));
    }
    // An element that is JSON but not UTF-8 does not end it.
    let (found, report) =
        every_way(&options(), b"[{\"a\":\"\xFF\"},{\"action\":\"a\",\"time\":1}]");
    assert_eq!((found.accepted.len(), report.refused, report.fault), (1, 1, None));
}

#[test]
fn an_array_ends_at_an_error_of_an_element_that_is_too_long() {
    let limits = Limits { input_bytes: 50, ..Limits::default() };
    let options = DecodeOptions { limits, ..options() };
    // With the place of the error in the rest of the element.
    for (broken, at, error) in [
        ("\n", 0, "found U+000A in a string, expected it as an escape (byte 0)"),
        ("\",\n5}", 3, "found `5`, expected a key in double quotes (byte 0)"),
        ("\"]", 1, "found `]`, expected `,` or `}` (byte 0)"),
        ("\",\"b\" \u{e9}", 6, "found U+00E9, expected `:` (byte 0)"),
        ("\",\"b\":[}", 7, "found `}`, expected a value or `]` (byte 0)"),
        ("\",\"b\":[1,]", 9, "found `]`, expected a value (byte 0)"),
        ("\",\"b\":[1}", 8, "found `}`, expected `,` or `]` (byte 0)"),
        ("\",\"b\":{]", 7, "found `]`, expected a key in double quotes or `}` (byte 0)"),
    ] {
        for len in [60, 300_000] {
            let element = format!("{{\"a\":\n\"{}{broken}", "x".repeat(len));
            let text = format!("[{{\"action\":\"a\",\"time\":1}},{element} \n{{}},{{}}]");
            let fault = 25 + element.len() - broken.len() + at;
            for size in [usize::MAX, 70_000, 1_013] {
                let mut found = Found::default();
                let reader = Chunks(text.as_bytes(), size);
                let report = options.decode_reader(reader, &mut found).unwrap();
                assert_eq!((report.accepted, report.refused), (1, 1), "{broken} {len}");
                let Some(InputFault::BrokenArray(refusal)) = report.fault else { panic!() };
                assert_eq!(refusal.error.to_string(), error, "{len} {size}");
                let lines = 2 + broken[..at].matches('\n').count() as u64;
                assert_eq!((refusal.line, refusal.offset), (lines, fault as u64), "{broken}");
                // The sink has the element up to the error.
                let element = text.as_bytes()[25..fault].escape_ascii().to_string();
                assert_eq!(found.refused, [(25, element)], "{broken} {len} {size}");
            }
        }
    }
}

#[test]
fn values_that_are_too_long_are_refused_in_pieces() {
    let limits = Limits { input_bytes: 50, ..Limits::default() };
    let options = DecodeOptions { limits, ..options() };
    let long =
        format!("{{\"a\":\"{}\",\n\"b\":[{}1]}}", "x".repeat(300_000), "1,\n".repeat(200_000));
    let good = "{\"action\":\"a\",\"time\":1}";
    let text = format!("{good}\n{long}{good}\n{{\"c\":\"{}\n{good}[5]x", "[".repeat(400_000));
    for size in [usize::MAX, 100_000, 1_013] {
        let mut found = Found::default();
        let reader = Chunks(text.as_bytes(), size);
        let report = options.decode_reader(reader, &mut found).unwrap();
        let accepted: Vec<_> = found.accepted.iter().map(|record| record.0).collect();
        let second = good.len() + 1 + long.len();
        let third = text.len() - good.len() - 4;
        assert_eq!(accepted, [0, second as u64, third as u64]);
        assert_eq!(found.refused[0].0, good.len() as u64 + 1);
        assert_eq!(found.refused[0].1, long.as_bytes().escape_ascii().to_string());
        assert_eq!(report.refusals.len(), 4);
        check_places(&report, text.as_bytes());
        let shown = format!("line 2: input is {} bytes, limit is 50 (byte 50)", long.len());
        assert_eq!(report.refusals[0].to_string(), shown);
        assert_eq!(report.bytes, text.len() as u64);
    }
}

/// Reads at most a number of bytes per call.
struct Chunks<'t>(&'t [u8], usize);

impl std::io::Read for Chunks<'_> {
    fn read(&mut self, free: &mut [u8]) -> std::io::Result<usize> {
        let max = free.len().min(self.1);
        std::io::Read::read(&mut self.0, &mut free[..max])
    }
}

/// A value without an `action`, or an action.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<u32>().prop_map(Into::into),
        "[ -~\n\"\\\\{}\\[\\]é]{0,6}".prop_map(Into::into),
    ];
    let tree = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::hash_map("[a-c\"{]{1,2}", inner, 0..3)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    let action = ("[a-z]{1,3}", any::<u16>(), tree.clone()).prop_map(
        |(name, time, more)| serde_json::json!({"action": name, "time": time, "more": more}),
    );
    prop_oneof![3 => action, 1 => tree]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn values_are_those_of_the_stream_of_serde_json(
        values in prop::collection::vec((value(), any::<bool>(), "[ \n\t]{0,2}"), 0..6),
    ) {
        let mut text = String::new();
        for (value, is_pretty, space) in &values {
            let shown = if *is_pretty { format!("{value:#}") } else { value.to_string() };
            // Numbers and literals need white space between them.
            text += &format!("{shown} {space}");
        }
        let stream = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
        let mut expected = Vec::new();
        let mut others = 0;
        for value in stream.map(Result::unwrap) {
            match (value["action"].as_str(), value["time"].as_f64()) {
                (Some(name), Some(time)) => expected.push((name.to_owned(), time)),
                _ => others += 1,
            }
        }
        // An array at the start is one that holds the records.
        prop_assume!(!text.starts_with('['));
        prop_assume!(!values.iter().any(|(value, ..)| value.is_array()));
        let (found, report) = every_way(&options(), text.as_bytes());
        let names: Vec<_> =
            found.accepted.into_iter().map(|(_, name, time)| (name, time)).collect();
        prop_assert_eq!(names, expected);
        prop_assert_eq!(report.refused + report.skipped, others);
    }
}
