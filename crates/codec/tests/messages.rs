//! The message and the class of every error, with one input for each.

use std::error::Error;

use codec::{
    ActionName, DecodeError, DecodeErrorKind, DecodeOptions, Fractions, JsonType, Limits, decode,
};

#[track_caller]
fn check(refusal: &DecodeError, is_class: fn(&DecodeError) -> bool, expected: &str) {
    assert_eq!(refusal.to_string(), expected, "{refusal:?}");
    assert!(is_class(refusal), "the class of {refusal:?}");
    assert!(expected.ends_with(&format!("(byte {})", refusal.at)), "the place of {refusal:?}");
    let classes =
        [refusal.is_limit(), refusal.is_encoding(), refusal.is_syntax(), refusal.is_schema()];
    assert_eq!(classes.iter().filter(|&&is_it| is_it).count(), 1, "the classes of {refusal:?}");
}

#[track_caller]
fn check_input(input: &[u8], is_class: fn(&DecodeError) -> bool, expected: &str) {
    check(&decode(input).unwrap_err(), is_class, expected);
}

#[test]
fn limit_messages_name_size_and_limit() {
    let small = Limits { input_bytes: 4, nesting: 1, ..Limits::default() };
    let is_class = DecodeError::is_limit;
    check(&small.decode(b"12345").unwrap_err(), is_class, "input is 5 bytes, limit is 4 (byte 4)");
    check(
        &small.decode(b"[[]]").unwrap_err(),
        is_class,
        "arrays and objects are nested 2 deep, limit is 1 (byte 1)",
    );
}

#[test]
fn encoding_messages_name_the_bytes() {
    let is_class = DecodeError::is_encoding;
    check_input(
        b"\xef\xbb\xbf{}",
        is_class,
        "found a byte order mark of UTF-8, expected UTF-8 without one (byte 0)",
    );
    check_input(
        b"\xff\xfe{\0}\0",
        is_class,
        "found a byte order mark of UTF-16, expected UTF-8 without one (byte 0)",
    );
    check_input(b"{\"caf\xe9\":1}", is_class, "found the byte 0xE9, expected UTF-8 (byte 5)");
    check_input(
        br#"{"x":"\uDC00"}"#,
        is_class,
        r"escape `\udc00` is half of a surrogate pair, expected both (byte 6)",
    );
}

#[test]
fn syntax_messages_name_found_and_expected() {
    let is_class = DecodeError::is_syntax;
    for (input, expected) in [
        (" ", "input is empty (1 byte of white space), expected an object (byte 1)"),
        (r#"{"x""#, "input ends, expected `:` (byte 4)"),
        ("{x}", "found `x`, expected a key in double quotes or `}` (byte 1)"),
        ("[tRue]", "found `R` in a literal, expected `true` (byte 2)"),
        (
            "[-07]",
            "found `7` after a leading zero, expected `.`, `e` or the end of the number (byte 3)",
        ),
        (r#"["\x41"]"#, r#"found `x` after a backslash, expected one of `"\/bfnrtu` (byte 3)"#),
        (r#"["\u00-1"]"#, r"found `-` in a `\u` escape, expected four hexadecimal digits (byte 6)"),
        ("[\"\t\"]", "found U+0009 in a string, expected it as an escape (byte 2)"),
        ("[1,]", "found `]` after a comma, expected a value (byte 3)"),
        ("{} é", "found U+00E9 after the value, expected the end of the input (byte 3)"),
    ] {
        check_input(input.as_bytes(), is_class, expected);
    }
}

#[test]
fn schema_messages_name_found_and_expected() {
    let is_class = DecodeError::is_schema;
    for (input, expected) in [
        ("[1]", "input is an array, expected an object (byte 0)"),
        (r#"{"time":1}"#, "key `action` is missing, expected a string (byte 9)"),
        (r#"{"action":"a"}"#, "key `time` is missing, expected a number (byte 13)"),
        (
            r#"{"action":"a","action":"a"}"#,
            "key `action` is repeated, expected only the one at byte 1 (byte 14)",
        ),
        (
            r#"{"time":1,"time":1}"#,
            "key `time` is repeated, expected only the one at byte 1 (byte 10)",
        ),
        (r#"{"action":1}"#, "value of `action` is a number, expected a string (byte 10)"),
        (r#"{"time":"1"}"#, "value of `time` is a string, expected a number (byte 8)"),
        (
            r#"{"action":" "}"#,
            "action name is blank, expected a character that is not white space (byte 10)",
        ),
        (
            r#"{"action":"a\u0007"}"#,
            "action name holds the control character U+0007, expected none (byte 12)",
        ),
        (r#"{"time":-1}"#, "time is `-1`, expected 0 or more (byte 8)"),
        (
            r#"{"time":18446744073709551616}"#,
            "time is `18446744073709551616`, limit is 18446744073709551615 (byte 8)",
        ),
        (r#"{"time":1e309}"#, "time is `1e309`, limit is 1.7976931348623157e308 (byte 8)"),
    ] {
        check_input(input.as_bytes(), is_class, expected);
    }
    let name = format!(r#"{{"action":"{}"}}"#, "x".repeat(300));
    check_input(name.as_bytes(), is_class, "action name is 300 bytes, limit is 256 (byte 10)");
}

#[test]
fn strict_options_refuse_fractions() {
    let strict = DecodeOptions { fractions: Fractions::Refused, ..DecodeOptions::default() };
    for time in ["99", "99.0", "9.9e1", "0.0", "-0", "18446744073709551615", "1e-400"] {
        let input = format!(r#"{{"action":"a","time":{time}}}"#);
        assert!(strict.decode(input.as_bytes()).is_ok(), "{time}");
    }
    for time in ["99.5", "2e19", "1e-9", "5e-324"] {
        let input = format!(r#"{{"action":"a","time":{time}}}"#);
        let refusal = strict.decode(input.as_bytes()).unwrap_err();
        let expected = format!("time is `{time}`, expected an integer (byte 21)");
        check(&refusal, DecodeError::is_schema, &expected);
    }
}

#[test]
fn an_unknown_name_rule_is_the_source() {
    let source = ActionName::new("").unwrap_err();
    let refusal =
        DecodeError { kind: DecodeErrorKind::NameRefused { source: source.clone() }, at: 10 };
    let expected = "action name is refused, expected a valid one (byte 10)";
    check(&refusal, DecodeError::is_schema, expected);
    assert_eq!(refusal.source().unwrap().to_string(), source.to_string());
    assert!(decode(b"").unwrap_err().source().is_none());
}

#[test]
fn types_are_displayed_with_their_article() {
    let kinds = [
        JsonType::Null,
        JsonType::Boolean,
        JsonType::Number,
        JsonType::String,
        JsonType::Array,
        JsonType::Object,
    ];
    assert_eq!(
        kinds.map(|kind| kind.to_string()),
        ["null", "a boolean", "a number", "a string", "an array", "an object"]
    );
}

#[test]
fn errors_are_small_and_send() {
    fn goes_anywhere<T: Error + Clone + Eq + Send + Sync + 'static>() {}
    goes_anywhere::<DecodeError>();
    // A refusal is returned by value for each bad line of a batch.
    assert!(size_of::<DecodeError>() <= 48, "{} bytes", size_of::<DecodeError>());
}
