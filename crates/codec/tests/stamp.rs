//! The timestamp key, in each form and at its edges.

use codec::{
    DecodeError, DecodeErrorKind, DecodeOptions, Fields, Limits, Path, Record, Stamp, Timestamp,
    TimestampFormat,
};

fn options(form: TimestampFormat) -> DecodeOptions {
    let timestamp = Some(Timestamp::new(Path::key("at"), form));
    let fields = Fields { timestamp, ..Fields::default() };
    DecodeOptions { fields, ..DecodeOptions::default() }
}

fn line(stamp: &str) -> String {
    format!(r#"{{"action":"jump","at":{stamp},"time":1}}"#)
}

#[track_caller]
fn check(form: TimestampFormat, stamp: &str, expected: Option<i64>) {
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
fn check_message(form: TimestampFormat, line: &str, expected: &str) {
    let refusal = options(form).decode(line.as_bytes()).unwrap_err();
    assert_eq!(refusal.to_string(), expected);
    assert!(refusal.is_schema(), "{refusal}");
}

#[test]
fn numbers_are_in_the_unit_of_the_form() {
    check(TimestampFormat::Seconds, "1700000000", Some(1_700_000_000_000_000_000));
    check(TimestampFormat::Seconds, "1700000000.25", Some(1_700_000_000_250_000_000));
    check(TimestampFormat::Seconds, "1.7e9", Some(1_700_000_000_000_000_000));
    check(TimestampFormat::Milliseconds, "1700000000001", Some(1_700_000_000_001_000_000));
    check(TimestampFormat::Microseconds, "1700000000000001", Some(1_700_000_000_000_001_000));
    check(TimestampFormat::Nanoseconds, "1700000000000000001", Some(1_700_000_000_000_000_001));
    check(TimestampFormat::Seconds, "-0.5", Some(-500_000_000));
    check(TimestampFormat::Seconds, "0", Some(0));
}

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
        check(TimestampFormat::Rfc3339, &format!("\"{text}\""), Some(nanos));
    }
    check(TimestampFormat::Rfc3339, r#""\u0031970-01-01T00:00:00Z""#, Some(0));
}

#[test]
fn invalid_timestamps_are_refused_at_their_offset() {
    for value in ["\"a\"", "[1]", "{}", "true", "9e99", "9223372037"] {
        check(TimestampFormat::Seconds, value, None);
    }
    for value in ["1", "[1]", "{\"a\":1}", "-1.5", "\"now\""] {
        check(TimestampFormat::Rfc3339, value, None);
    }
    let object = "field `at` is an object with the key `a`, expected a number or a text (byte 22)";
    check_message(TimestampFormat::Seconds, &line("{\"a\":1}"), object);
    let repeated = "key `at` is repeated, expected only the one at byte 1 (byte 8)";
    check_message(
        TimestampFormat::Seconds,
        r#"{"at":1,"\u0061t":1,"action":"a","time":1}"#,
        repeated,
    );
}

#[test]
fn syntax_errors_come_before_timestamp_errors() {
    let refusal = options(TimestampFormat::Seconds).decode(br#"{"at":"x","action":}"#).unwrap_err();
    assert!(refusal.is_syntax(), "{refusal}");
    let refusal = options(TimestampFormat::Seconds).decode(br#"{"at":01}"#).unwrap_err();
    assert!(refusal.is_syntax(), "{refusal}");
}

#[test]
fn a_name_has_the_error_that_it_has_without_a_timestamp_key() {
    let long = " ".repeat(300);
    for name in ["", " ", r" \n ", r"\t", r"\u2003", r"\u2003\u0085", "\u{85}", r"a\u0000", &long] {
        let line = format!(r#"{{"action":"{name}","time":1}}"#);
        let plain = DecodeOptions::default().decode(line.as_bytes()).unwrap_err();
        let found = options(TimestampFormat::Seconds).decode_stamped(line.as_bytes());
        assert_eq!(found.unwrap_err(), plain, "{line}");
    }
}

#[test]
fn the_timestamp_key_is_optional() {
    let plain = br#"{"action":"jump","time":1}"#;
    assert_eq!(options(TimestampFormat::Seconds).decode_stamped(plain).unwrap().1, None);
    // Without the option, it is a key like any other: any value, also repeated.
    assert!(codec::decode(br#"{"at":"x","at":[],"action":"jump","time":1}"#).is_ok());
    let nested = br#"{"at":[[]],"action":"jump","time":1}"#;
    let limits = Limits { nesting: 2, ..Limits::default() };
    let refusal =
        DecodeOptions { limits, ..options(TimestampFormat::Seconds) }.decode(nested).unwrap_err();
    assert_eq!(
        refusal,
        DecodeError { kind: DecodeErrorKind::NestingTooDeep { depth: 3, max: 2 }, at: 7 }
    );
    let refusal = options(TimestampFormat::Seconds).decode(nested).unwrap_err();
    assert_eq!(refusal.to_string(), "field `at` is an array, expected a number or a text (byte 6)");
    // A timestamp that is not there is not an error.
    for missing in ["null", "\"\"", "\" \\t\"", "\"-\""] {
        let line = line(missing);
        let found = options(TimestampFormat::Seconds).decode_stamped(line.as_bytes());
        assert_eq!(found.unwrap().1, None, "{missing}");
    }
}

#[test]
fn batches_pass_the_timestamp_on() {
    let options = options(TimestampFormat::Milliseconds);
    let plain = r#"{"action":"jump","time":1}"#;
    let text = format!("{}\n{plain}\n{}\n{}\n", line("5"), line("-7"), line("\"x\""));
    let mut stamps = Vec::new();
    let report =
        options.decode_slice(text.as_bytes(), &mut |record: Record<'_>| stamps.push(record.stamp));
    assert_eq!(stamps, [Some(Stamp::from_millis(5)), None, Some(Stamp::from_millis(-7))]);
    assert_eq!((report.accepted, report.refused), (3, 1));
    assert_eq!(report.counts.without_timestamp, 1);
}
