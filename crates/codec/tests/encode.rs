//! The output: exact text where it is promised, and the same rows when it is read back.

use codec::encode;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

#[track_caller]
fn check_mean(mean: f64, expected: &str) {
    assert_eq!(encode([("a", mean)]), format!(r#"[{{"action":"a","avg":{expected}}}]"#));
}

#[track_caller]
fn check_name(name: &str, expected: &str) {
    assert_eq!(encode([(name, 1.0)]), format!(r#"[{{"action":{expected},"avg":1}}]"#));
}

#[test]
fn rows_keep_their_order_and_their_number() {
    assert_eq!(encode([]), "[]");
    let rows = [("jump", 150.0), ("run", 75.0), ("jump", 0.5)];
    let expected =
        r#"[{"action":"jump","avg":150},{"action":"run","avg":75},{"action":"jump","avg":0.5}]"#;
    assert_eq!(encode(rows), expected);
}

#[test]
fn integral_means_have_no_fraction_below_two_to_the_53() {
    check_mean(0.0, "0");
    check_mean(-0.0, "0");
    check_mean(1.0, "1");
    check_mean(-7.0, "-7");
    check_mean(1e15, "1000000000000000");
    check_mean(9_007_199_254_740_991.0, "9007199254740991");
    check_mean(9_007_199_254_740_992.0, "9007199254740992.0");
    check_mean(-9_007_199_254_740_991.0, "-9007199254740991");
}

#[test]
fn other_means_have_the_shortest_digits() {
    check_mean(0.1, "0.1");
    check_mean(0.1 + 0.2, "0.30000000000000004");
    check_mean(1.0 / 3.0, "0.3333333333333333");
    check_mean(1.5, "1.5");
    check_mean(4_503_599_627_370_495.5, "4503599627370495.5");
    check_mean(f64::from_bits(1), "5e-324");
    check_mean(f64::MAX, "1.7976931348623157e+308");
}

#[test]
fn what_no_mean_can_be_is_null() {
    check_mean(f64::NAN, "null");
    check_mean(f64::INFINITY, "null");
    check_mean(f64::NEG_INFINITY, "null");
}

#[test]
fn names_are_escaped_where_json_has_it_so() {
    check_name("", r#""""#);
    check_name(r#"a"b\c/d"#, r#""a\"b\\c/d""#);
    check_name("\n\u{0}\u{1f}\u{7f}", "\"\\n\\u0000\\u001f\u{7f}\"");
    check_name("日本 🚀\u{2028}", "\"日本 🚀\u{2028}\"");
}

proptest! {
    #[test]
    fn rows_read_back_as_they_were(
        rows in vec((any::<String>(), prop_oneof![
            any::<f64>().prop_filter("finite", |mean| mean.is_finite()),
            any::<u64>().prop_map(|mean| mean as f64),
            (0_u32..1_000, 1_u32..1_000).prop_map(|(sum, count)| f64::from(sum) / f64::from(count)),
        ]), 0..8)
    ) {
        let text = encode(rows.iter().map(|(name, mean)| (name.as_str(), *mean)));
        let Value::Array(found) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
        prop_assert_eq!(found.len(), rows.len());
        for (row, (name, mean)) in found.iter().zip(&rows) {
            prop_assert_eq!(row.as_object().unwrap().len(), 2);
            prop_assert_eq!(row["action"].as_str().unwrap(), name);
            // Adding 0 makes -0 a 0, and changes no other number.
            prop_assert_eq!(row["avg"].as_f64().unwrap().to_bits(), (mean + 0.0).to_bits());
        }
    }
}
