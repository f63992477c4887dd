//! The fast path returns what the decoder returns, or nothing (C6).
//!
//! Batches and single lines try the fast path. Where it stops, the decoder continues after the last
//! member; so refused lines are generated as often as others.

#[path = "support/fast_path.rs"]
mod support;

use codec::{DecodeOptions, FieldTypes, Fields, Fractions, Limits, Path, Record};
use core_actions::Unit;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use support::check;

fn time() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[0-9]{1,9}",
        3 => r"[0-9]{1,9}\.[0-9]{0,18}",
        1 => r"-?[0-9]{1,21}(\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?",
        2 => any::<f64>().prop_map(|float| float.abs().to_string()),
        1 => any::<u64>().prop_map(|integer| integer.to_string()),
        1 => (0_u64..1 << 54, 1_i32..23).prop_map(|(value, places)| {
            let digits = format!("{value:0>25}");
            let point = digits.len() - places as usize;
            let whole = digits[..point].trim_start_matches('0');
            format!("{}.{}", if whole.is_empty() { "0" } else { whole }, &digits[point..])
        }),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{0,18}",
        2 => "[a-z]{1,17}",
        1 => r#"[a-z "\\/\u{7f}\u{85}\u{1f}é日]{0,12}"#,
    ]
}

/// Returns text after both members: mostly nothing, else input for the decoder.
fn more() -> impl Strategy<Value = &'static str> {
    let members = [
        r#","x":[1]"#,
        r#","action":"b""#,
        r#", "time":2"#,
        r#","\u0074ime":2"#,
        r#","\u0061ction":"#,
        r#","x""#,
    ];
    let others = ["", "", "", "", "", "", " ", "  ", "\t", ",", "e", "5", ":", "]", "\0"];
    select(members.into_iter().chain(others).collect::<Vec<_>>())
}

/// Returns a line as programs write it, or nearly.
fn line() -> impl Strategy<Value = String> {
    let space = || select(vec!["", "", "", " ", "  ", "\t"]);
    let end = select(vec!["", "", "", "\r", "\rx", "\r\r", " ", "}", ",", "x"]);
    (name(), time(), any::<bool>(), (space(), space(), space(), space(), more()), end).prop_map(
        |(name, time, is_first, (a, b, c, d, e), end)| {
            let (name, time) = (format!("\"action\":{a}\"{name}\""), format!("\"time\":{b}{time}"));
            let (one, other) = if is_first { (name, time) } else { (time, name) };
            format!("{{{c}{one},{d}{other}{e}}}{end}")
        },
    )
}

fn options() -> impl Strategy<Value = DecodeOptions> {
    let limits = prop_oneof![
        4 => Just(Limits::default()),
        1 => (0_usize..18, 0_usize..2, 20_usize..60).prop_map(|(name_bytes, nesting, input_bytes)| {
            Limits { name_bytes, nesting, input_bytes }
        }),
    ];
    let fractions = select(vec![Fractions::Allowed, Fractions::Allowed, Fractions::Refused]);
    (limits, fractions).prop_map(|(limits, fractions)| DecodeOptions {
        limits,
        fractions,
        ..DecodeOptions::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn lines_are_decoded_as_alone(options in options(), line in line()) {
        check(&options, line.as_bytes());
    }

    #[test]
    fn damaged_lines_are_decoded_as_alone(
        options in options(),
        line in line(),
        damage in proptest::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 1..3),
    ) {
        let mut line = line.into_bytes();
        for (at, byte, what) in damage {
            let at = at.index(line.len());
            match what {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                _ => drop(line.remove(at)),
            }
        }
        line.retain(|byte| *byte != b'\n');
        check(&options, &line);
    }
}

#[test]
fn every_byte_at_every_offset_is_decoded_as_alone() {
    for line in [
        r#"{"action":"jump","time":150}"#,
        r#"{"action": "barrel ro", "time": 12.5}"#,
        r#"{"time":0.25,"action":"hop"}"#,
        "{\"time\": 99999999, \"action\": \"a\"}\r",
        "{\"time\":1,\"action\":\"a\"}\r\r\r",
        "\u{FEFF}{\"time\":1}",
        r#"{"x":"é","action":"a","time":1}"#,
    ] {
        for at in 0..line.len() {
            for byte in (0..=u8::MAX).filter(|byte| *byte != b'\n') {
                let mut line = line.as_bytes().to_vec();
                line[at] = byte;
                check(&DecodeOptions::default(), &line);
                check(&any_types(None), &line);
            }
        }
    }
}

#[test]
fn lengths_at_the_edges_are_decoded_as_alone() {
    for name in 0..40 {
        for digits in 1..22 {
            for places in 0..22 {
                let time = match places {
                    0 => "9".repeat(digits),
                    _ => format!("{}.{}", "9".repeat(digits), "7".repeat(places)),
                };
                let line = format!(r#"{{"action":"{}","time":{time}}}"#, "x".repeat(name));
                check(&DecodeOptions::default(), line.as_bytes());
                check(&any_types(None), line.as_bytes());
                let line = format!(r#"{{"time":{time},"action":"{}"}}"#, "x".repeat(name));
                check(&any_types(None), line.as_bytes());
            }
        }
    }
}

/// A name longer than the longest of a template must still be closed.
#[test]
fn lines_of_other_keys_are_decoded_as_alone() {
    let keys = [
        "k",
        "ms",
        "took",
        "took_ms",
        "took_mss",
        "request_duration_ms",
        "a_key_of_24_bytes_in_all",
        "a_key_that_is_too_long_for_templates",
    ];
    for key in keys {
        let path = |key: &str| Path::parse(key).unwrap();
        let fields = Fields {
            by: vec![path("op")],
            value: Some(path(key)),
            types: FieldTypes::Any,
            ..Fields::default()
        };
        let options = DecodeOptions { fields, ..DecodeOptions::default() };
        let (start, end) = key.split_at(key.len() / 2);
        let (near, longer) = (format!("{}X", &key[..key.len() - 1]), format!("{start}X{end}"));
        let middle = format!("{start}X{}", end.get(1..).unwrap_or_default());
        for key in [key, &near, &longer, &middle] {
            for name in ["\"a\"", "\"a", "a\"", "\"!\"", "\" \"", "\"\"", "\"-\"", "\"-a\""] {
                check_names(&options, key, name);
            }
            for len in [15, 16, 17, 18] {
                let name = "x".repeat(len);
                check_names(&options, key, &format!("\"{name}\""));
                check_names(&options, key, &format!("\"{name}"));
            }
        }
    }
}

/// Checks lines of a name and a value in both orders, with and without spaces.
#[track_caller]
fn check_names(options: &DecodeOptions, key: &str, name: &str) {
    for (colon, comma) in [("", ""), (" ", " "), ("", " "), (" ", "")] {
        let (name, value) = (format!("\"op\":{colon}{name}"), format!("\"{key}\":{colon}1"));
        check(options, format!("{{{name},{comma}{value}}}").as_bytes());
        check(options, format!("{{{value},{comma}{name}}}").as_bytes());
    }
}

/// Selects `action` and `time`, which may be text.
fn any_types(unit: Option<Unit>) -> DecodeOptions {
    let fields = Fields { unit, types: FieldTypes::Any, ..Fields::default() };
    DecodeOptions { fields, ..DecodeOptions::default() }
}

#[test]
fn times_in_quotes_are_decoded_as_alone() {
    let numbers =
        ["0", "7", "007", "150", "12.3", "0.25", "99999999", "123456789", "1.", ".5", "1e3", "-1"];
    let long = ["9007199254740993", "0.1234567890123456", "0.12345678901234567", "9999999.9999999"];
    let units = [
        "", "ns", "us", "µs", "μs", "ms", "s", "m", "min", "h", "d", " ", " ms", "  ms", "ms ",
        " s", "MS", "msec", "sx", "\\u006ds", "\\\"", "h5m", "s\0",
    ];
    for number in numbers.into_iter().chain(long) {
        for unit in units {
            for to in [None].into_iter().chain(Unit::ALL.map(Some)) {
                let time = format!(r#""time":"{number}{unit}""#);
                for line in [
                    format!(r#"{{"action":"jump",{time}}}"#),
                    format!(r#"{{{time}, "action":"jump"}}"#),
                    format!(r#"{{"action":"jump",{time}"#),
                ] {
                    check(&any_types(to), line.as_bytes());
                }
            }
        }
    }
    // The strict form has no time in quotes.
    check(&DecodeOptions::default(), br#"{"action":"jump","time":"12"}"#);
}

#[test]
fn times_in_quotes_are_counted_by_their_unit() {
    let lines = [r#""12.5ms""#, r#""12.5""#, "12.5", r#""12.5 us""#, r#""1m2s""#];
    let line = |time: &str| format!("{{\"action\":\"jump\",\"time\":{time}}}\n");
    let text: String = lines.iter().cycle().take(50).map(|time| line(time)).collect();
    let report = any_types(None).decode_slice(text.as_bytes(), &mut |_: Record<'_>| {});
    assert_eq!((report.counts.values_with_unit, report.counts.bare_values), (30, 20));
}
