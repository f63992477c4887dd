//! Random records, paths and conditions against a naive oracle that walks trees.

#[path = "support/field_oracle.rs"]
mod support;

use codec::{DecodeOptions, Fields, OnMissing, Record, decode};
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
}
