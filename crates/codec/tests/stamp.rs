//! The timestamp key, in each form and at its edges.

use codec::{
    DecodeError, DecodeErrorKind, DecodeOptions, JsonType, Limits, Record, Stamp, StampForm,
    StampKey,
};

fn options(form: StampForm) -> DecodeOptions {
    let key = StampKey::new("at", form).unwrap();
    DecodeOptions { stamp: Some(key), ..DecodeOptions::default() }
}

fn line(stamp: &str) -> String {
    format!(r#"{{"action":"jump","at":{stamp},"time":1}}"#)
}

#[track_caller]
fn check(form: StampForm, stamp: &str, expected: Option<i64>) {
    let options = options(form);
    let line = line(stamp);
    let found = options.decode_stamped(line.as_bytes());
    match (found, expected) {
        (Ok((action, found)), Some(nanos)) => {
            assert_eq!(action.name.as_str(), "jump");
            assert_eq!(found, Some(Stamp::from_nanos(nanos)), "{stamp}");
        }
        (Err(refusal), None) => {
            assert!(refusal.is_schema(), "{refusal}");
            assert_eq!(refusal.at, 22, "{refusal}");
        }
        (found, _) => panic!("{found:?} for {stamp}"),
    }
}

#[track_caller]
fn check_message(form: StampForm, line: &str, expected: &str) {
    let refusal = options(form).decode(line.as_bytes()).unwrap_err();
    assert_eq!(refusal.to_string(), expected);
    assert!(refusal.is_schema(), "{refusal}");
}

#[test]
fn numbers_are_in_the_unit_of_the_form() {
    check(StampForm::Seconds, "1700000000", Some(1_700_000_000_000_000_000));
    check(StampForm::Seconds, "1700000000.25", Some(1_700_000_000_250_000_000));
    check(StampForm::Seconds, "1.7e9", Some(1_700_000_000_000_000_000));
    check(StampForm::Milliseconds, "1700000000001", Some(1_700_000_000_001_000_000));
    check(StampForm::Microseconds, "1700000000000001", Some(1_700_000_000_000_001_000));
    check(StampForm::Nanoseconds, "1700000000000000001", Some(1_700_000_000_000_000_001));
    check(StampForm::Seconds, "-0.5", Some(-500_000_000));
    check(StampForm::Seconds, "0", Some(0));
}

#[cfg(feature = "timestamps")]
#[test]
fn moments_of_rfc_3339_are_read() {
    for (text, nanos) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1985-04-12T23:20:50.52Z", 482_196_050_520_000_000),
        ("1996-12-19T16:39:57-08:00", 851_042_397_000_000_000),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000_000),
        ("1970-01-01t00:00:00.000000001z", 1),
        ("1990-12-31T23:59:60Z", 662_687_999_000_000_000),
        ("1970-01-01T00:00:00-00:00", 0),
        ("2262-04-11T23:47:16.854775807Z", i64::MAX),
    ] {
        check(StampForm::Rfc3339, &format!("\"{text}\""), Some(nanos));
    }
    check(StampForm::Rfc3339, r#""\u0031970-01-01T00:00:00Z""#, Some(0));
}

#[cfg(feature = "timestamps")]
#[test]
fn what_is_nearly_rfc_3339_is_refused() {
    for text in [
        "",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00,5Z",
        "1970-01-01T00:00:00+0000",
        "1970-01-01T00:00:00+00",
        "1970-01-01T00:00:00Z ",
        " 1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z[UTC]",
        "1970-01-01T00:00:00[UTC]",
        "19700101T000000Z",
        "+001970-01-01T00:00:00Z",
        "1970-1-1T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-02-29T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:61Z",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+00:60",
        "1970-01-01T00:00:00Zé",
        "2262-04-11T23:47:16.854775808Z",
        "1677-09-21T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ] {
        check(StampForm::Rfc3339, &format!("\"{text}\""), None);
    }
}

#[test]
fn invalid_timestamps_are_refused_at_their_offset() {
    for value in ["\"1\"", "null", "[1]", "{}", "true", "9e99", "9223372037"] {
        check(StampForm::Seconds, value, None);
    }
    let number = "timestamp is a string, expected a number (byte 22)";
    check_message(StampForm::Seconds, &line("\"1\""), number);
    let range = "timestamp is out of range, expected 1677-09-21 to 2262-04-11 (byte 22)";
    check_message(StampForm::Seconds, &line("1e10"), range);
    let repeated = "timestamp key is repeated, expected only the one at byte 1 (byte 8)";
    check_message(StampForm::Seconds, r#"{"at":1,"\u0061t":1,"action":"a","time":1}"#, repeated);
}

#[cfg(feature = "timestamps")]
#[test]
fn invalid_timestamps_as_text_are_refused_at_their_offset() {
    for value in ["1", "null", "[1]", "{\"a\":1}", "-1.5"] {
        check(StampForm::Rfc3339, value, None);
    }
    let string = "timestamp is a number, expected a string (byte 22)";
    check_message(StampForm::Rfc3339, &line("1"), string);
    let moment =
        "invalid RFC 3339 timestamp, expected one like `1985-04-12T23:20:50.52Z` (byte 22)";
    check_message(StampForm::Rfc3339, &line("\"now\""), moment);
}

#[test]
fn syntax_errors_come_before_timestamp_errors() {
    let refusal = options(StampForm::Seconds).decode(br#"{"at":"x","action":}"#).unwrap_err();
    assert!(refusal.is_syntax(), "{refusal}");
    let refusal = options(StampForm::Seconds).decode(br#"{"at":01}"#).unwrap_err();
    assert!(refusal.is_syntax(), "{refusal}");
}

#[test]
fn the_timestamp_key_is_optional() {
    let plain = br#"{"action":"jump","time":1}"#;
    assert_eq!(options(StampForm::Seconds).decode_stamped(plain).unwrap().1, None);
    // Without the option, it is a key like any other: any value, also repeated.
    assert!(codec::decode(br#"{"at":"x","at":[],"action":"jump","time":1}"#).is_ok());
    let nested = br#"{"at":[[]],"action":"jump","time":1}"#;
    let limits = Limits { nesting: 2, ..Limits::default() };
    let refusal =
        DecodeOptions { limits, ..options(StampForm::Seconds) }.decode(nested).unwrap_err();
    assert_eq!(
        refusal,
        DecodeError { kind: DecodeErrorKind::NestingTooDeep { depth: 3, max: 2 }, at: 7 }
    );
    let refusal = options(StampForm::Seconds).decode(nested).unwrap_err();
    let expected = "a number";
    assert_eq!(
        refusal,
        DecodeError {
            kind: DecodeErrorKind::StampType { found: JsonType::Array, expected },
            at: 6
        }
    );
}

#[test]
fn batches_pass_the_timestamp_on() {
    let options = options(StampForm::Milliseconds);
    let plain = r#"{"action":"jump","time":1}"#;
    let text = format!("{}\n{plain}\n{}\n{}\n", line("5"), line("-7"), line("\"\""));
    let mut stamps = Vec::new();
    let report =
        options.decode_slice(text.as_bytes(), &mut |record: Record<'_>| stamps.push(record.stamp));
    assert_eq!(stamps, [Some(Stamp::from_millis(5)), None, Some(Stamp::from_millis(-7))]);
    assert_eq!((report.accepted, report.refused), (3, 1));
}

#[test]
fn keys_of_every_action_are_refused() {
    for key in ["action", "time"] {
        let refused = StampKey::new(key, StampForm::Seconds).unwrap_err();
        let expected =
            format!("key `{key}` is part of every action, expected another key for the timestamp");
        assert_eq!(refused.to_string(), expected);
    }
    let key = StampKey::new("", StampForm::Seconds).unwrap();
    assert_eq!((key.key(), key.form()), ("", StampForm::Seconds));
}
