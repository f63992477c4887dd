//! Random records, paths and conditions against a naive oracle that walks trees.

#[path = "support/field_oracle.rs"]
mod support;

use codec::{
    DecodeError, DecodeErrorKind, DecodeOptions, Fields, Fractions, OnMissing, Path, Record,
    Timestamp, TimestampFormat, decode,
};
use proptest::prelude::*;
use proptest::sample::select;
use support::{Case, Choices, check};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn every_record_has_the_outcome_of_the_oracle(
        bytes in proptest::collection::vec(any::<u8>(), 20..400),
    ) {
        check(&Case::new(&mut Choices(&bytes)));
    }

    #[test]
    fn what_is_not_json_is_refused_as_by_the_default_form(
        bytes in proptest::collection::vec(any::<u8>(), 20..300),
        damage in (any::<proptest::sample::Index>(), any::<u8>(), 0_u8..3),
    ) {
        let case = Case::new(&mut Choices(&bytes));
        let options = case.options();
        for line in case.lines() {
            let mut line = line.as_bytes().to_vec();
            let (at, byte, what) = damage;
            let at = at.index(line.len());
            match what {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                _ => line.truncate(at),
            }
            let (default, found) = (decode(&line).map(drop), options.decode(&line).map(drop));
            match (default, found) {
                (Err(error), found)
                    if !error.is_schema() || error.reason() == "not an object" =>
                {
                    prop_assert_eq!(found, Err(error), "{}", line.escape_ascii());
                }
                (_, Err(error)) => prop_assert!(error.is_schema(), "{}", line.escape_ascii()),
                _ => {}
            }
        }
    }

    /// The default form has a decoder of its own, and this is the general one with the same fields.
    #[test]
    fn default_fields_are_decoded_as_by_the_default_form(
        members in proptest::collection::vec(
            (
                select(vec!["action", "action", "time", "time", r"\u0074ime", "x"]),
                select(vec![
                    r#""a""#, r#""a""#, r#""-""#, r#""""#, r#"" ""#, r#""a\u0007""#, "null", "1",
                    "1", "-1", "2.5", "1e999", "[1]", "{}", "tru",
                ]),
            ),
            0..5,
        ),
    ) {
        let members: Vec<_> =
            members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        let line = format!("{{{}}}", members.join(","));
        // A text that occurs nowhere means missing: it changes no record, only the decoder.
        let fields = Fields { missing: vec!["nowhere".into()], ..Fields::default() };
        let options = DecodeOptions { fields, ..DecodeOptions::default() };
        prop_assert_eq!(options.decode(line.as_bytes()), decode(line.as_bytes()));
        let report = options.decode_slice(line.as_bytes(), &mut |_: Record<'_>| {});
        let default =
            DecodeOptions::default().decode_slice(line.as_bytes(), &mut |_: Record<'_>| {});
        prop_assert_eq!(report.refusals, default.refusals);
        prop_assert_eq!(options.fields.on_missing, OnMissing::Refuse);
    }

    /// Lines with other keys are read by the decoder of the default form where that accepts them,
    /// in batches only.
    #[test]
    fn lines_of_two_fields_are_decoded_as_alone(
        keys in select(vec![
            ["event", "took"],
            ["evento1", "t"],
            ["duration_1", "duration_2"],
            ["duration_1", "took"],
            ["e\u{301}", "t"],
        ]),
        // Each is the name, the value, or a member of another key.
        members in proptest::collection::vec(
            prop_oneof![
                (Just(0_usize), value(&NAMES)),
                (Just(1_usize), value(&VALUES)),
                (0_usize..6, any_value()),
            ],
            1..6,
        ),
        has_name_rules in any::<bool>(),
        fractions in select(vec![Fractions::Allowed, Fractions::Refused]),
        alternative in select(vec!["", "", "", "|x"]),
        has_timestamp in any::<bool>(),
    ) {
        let member = |(key, value): &(usize, &str)| match key {
            0 | 1 => format!("\"{}\":{value}", keys[*key]),
            2 => format!("\"{}_3\": {value}", keys[1]),
            3 => format!("\"\\u{:04x}{}\" :{value}", keys[1].as_bytes()[0], &keys[1][1..]),
            4 => {
                // As long as the key of the name, with the same start.
                let end = keys[0].char_indices().next_back().unwrap().0;
                format!("\"{}z\":{value}", &keys[0][..end])
            }
            _ => format!("\"x\":{value}"),
        };
        let line = format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","));
        let path = |text: String| Path::parse(&text).unwrap();
        let [by, value] = keys.map(|key| path(format!("\"{key}\"{alternative}")));
        let mut fields = Fields { by: vec![by], value: Some(value), ..Fields::any() };
        fields.names.max_bytes = has_name_rules.then_some(11);
        let timestamp = Timestamp::new(path("x".to_owned()), TimestampFormat::default());
        fields.timestamp = has_timestamp.then_some(timestamp);
        let options = DecodeOptions { fields, fractions, ..DecodeOptions::default() };
        let other = format!("{{\"{}\":\"a\",\"{}\":1,\"x\":17e8}}", keys[0], keys[1]);
        check_lines(&options, &line, &other);
    }
}

const NAMES: [&str; 9] = [
    "\"a\"",
    "\"a\"",
    "\"barrel roll\"",
    "\"é\"",
    "\"-\"",
    "\"\"",
    "\" \"",
    "\"\\u0061\"",
    "\"a b c d e f\"",
];
const VALUES: [&str; 12] = [
    "1",
    "2.5",
    "\"3\"",
    "\"12.5ms\"",
    "\"7 s\"",
    "\"1m2s\"",
    "\"\\u0031\"",
    "\"-\"",
    "-1",
    "1e3",
    "null",
    "1e999",
];

fn value(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(of)
}

fn any_value() -> impl Strategy<Value = &'static str> {
    select(
        [&NAMES[..], &VALUES, &["[1]", "{\"x\":1}", "true", "tru", "\"\u{7}\"", "1700000000"]]
            .concat(),
    )
}

/// Decodes a line between others, and checks that it is decoded as alone.
#[track_caller]
fn check_lines(options: &DecodeOptions, line: &str, other: &str) {
    let lines = [other, line, line, other, line, other, other];
    let mut found = Vec::new();
    let report = options.decode_slice(lines.join("\n").as_bytes(), &mut |record: Record<'_>| {
        found.push((record.offset, record.name.to_string(), record.time, record.stamp));
    });
    let (mut accepted, mut refusals, mut offset) = (Vec::new(), Vec::new(), 0);
    for line in lines {
        match options.decode_stamped(line.as_bytes()) {
            Ok((action, stamp)) => {
                accepted.push((offset, action.name.as_str().to_owned(), action.time, stamp));
            }
            Err(DecodeError { kind: DecodeErrorKind::Skipped { .. }, .. }) => {}
            Err(error) => refusals.push((offset, error)),
        }
        offset += line.len() as u64 + 1;
    }
    assert_eq!(found, accepted, "{line}");
    let refused: Vec<_> =
        report.refusals.iter().map(|refusal| (refusal.offset, refusal.error.clone())).collect();
    assert_eq!(refused, refusals, "{line}");
}
