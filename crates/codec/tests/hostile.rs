//! Hostile inputs: time and memory stay within the limits.
//!
//! A stack overflow or quadratic time would end these tests without a message, so most of the claim
//! is that they pass.

use codec::{Action, DecodeError, DecodeErrorKind, Limits, decode};

/// Limits above the sizes in these tests.
const RAISED: Limits = Limits { name_bytes: 256, nesting: 1_000_000, input_bytes: 64 << 20 };

/// Returns an action with an extra key, whose value is `value`.
fn ignoring(value: &str) -> Vec<u8> {
    format!(r#"{{"action":"a","time":1,"x":{value}}}"#).into_bytes()
}

#[track_caller]
fn check_accepted(limits: Limits, input: &[u8]) {
    let action = limits.decode(input).unwrap();
    assert_eq!((action.name.as_str(), action.time.as_integer()), ("a", Some(1)));
}

#[test]
fn nesting_of_100_000_is_refused_at_the_limit() {
    for open in ["[", r#"{"":"#, r#"[{"":"#] {
        let refusal = decode(open.repeat(100_000).as_bytes()).unwrap_err();
        assert!(matches!(
            refusal.kind,
            DecodeErrorKind::NestingTooDeep { depth: 129, max: 128, .. }
        ));
        let refusal = decode(&ignoring(&open.repeat(100_000))).unwrap_err();
        assert!(matches!(
            refusal.kind,
            DecodeErrorKind::NestingTooDeep { depth: 129, max: 128, .. }
        ));
    }
}

#[test]
fn nesting_of_100_000_needs_no_stack_where_it_is_allowed() {
    check_accepted(RAISED, &ignoring(&("[".repeat(100_000) + &"]".repeat(100_000))));
    let objects = r#"{"":"#.repeat(100_000) + "0" + &"}".repeat(100_000);
    check_accepted(RAISED, &ignoring(&objects));
    let mixed = r#"[[{"":"#.repeat(100_000) + "0" + &"}]]".repeat(100_000);
    check_accepted(RAISED, &ignoring(&mixed));
    let refusal = RAISED.decode(&ignoring(&mixed.replacen("0}]", "0]}", 1))).unwrap_err();
    assert!(
        matches!(refusal.kind, DecodeErrorKind::UnexpectedCharacter { found: ']', .. }),
        "{refusal}"
    );
}

#[test]
fn nesting_without_a_limit_ends_with_the_input() {
    let limits = Limits { nesting: usize::MAX, ..RAISED };
    let refusal = limits.decode("[".repeat(1_000_000).as_bytes()).unwrap_err();
    assert!(matches!(refusal.kind, DecodeErrorKind::UnexpectedEnd { .. }), "{refusal}");
}

#[test]
fn long_strings_are_read_once() {
    for piece in ["a", "é", r"\n", r"\ud83d\ude80", "aé日🚀"] {
        let long = piece.repeat(200_000);
        check_accepted(RAISED, &ignoring(&format!("\"{long}\"")));
        check_accepted(RAISED, &ignoring(&format!("{{\"{long}\":1}}")));
        let name = format!(r#"{{"action":"{long}","time":1}}"#);
        let refusal = RAISED.decode(name.as_bytes()).unwrap_err();
        assert!(matches!(refusal.kind, DecodeErrorKind::NameTooLong { max: 256, .. }), "{refusal}");
    }
}

#[test]
fn a_million_keys_are_read_once() {
    let many = |key: &str, count| format!(r#"{{{}"action":"a","time":1}}"#, key.repeat(count));
    check_accepted(RAISED, many(r#""k":1,"#, 1_000_000).as_bytes());
    // As long as a known key and with an escape, so each is read twice.
    check_accepted(RAISED, many(r#""actio\u006d":1,"#, 100_000).as_bytes());
    let refusal = RAISED.decode(many(r#""time":1,"#, 100_000).as_bytes()).unwrap_err();
    assert_eq!(refusal, DecodeError { kind: DecodeErrorKind::DuplicateTime { first: 1 }, at: 10 });
}

#[test]
fn long_numbers_are_read_once() {
    let zeros = "0".repeat(1_000_000);
    for number in [format!("0.{zeros}"), format!("1{zeros}"), format!("1e{zeros}1")] {
        check_accepted(RAISED, &ignoring(&number));
    }
    for (number, expected) in [
        (format!("0.{zeros}1e1000001"), Some(1)),
        (format!("25{zeros}e-1000000"), Some(25)),
        (format!("3e{zeros}"), Some(3)),
        (format!("0.{zeros}1"), Some(0)),
        (format!("0.{zeros}"), Some(0)),
        (format!("-0.{zeros}e{zeros}"), Some(0)),
        (format!("1{zeros}"), None),
        (format!("1{zeros}.0"), None),
    ] {
        let input = format!(r#"{{"action":"a","time":{number}}}"#);
        let time = RAISED.decode(input.as_bytes()).map(|action| action.time.as_integer());
        match expected {
            Some(_) => assert_eq!(time, Ok(expected), "{}", &number[..9]),
            None => assert!(matches!(time.unwrap_err().kind, DecodeErrorKind::TimeTooLarge { .. })),
        }
    }
}

#[test]
fn white_space_is_read_once() {
    let space = " \t\r\n".repeat(500_000);
    let input = format!(r#"{space}{{{space}"action":{space}"a","time":1{space}}}{space}"#);
    check_accepted(RAISED, input.as_bytes());
    let refusal = RAISED.decode(space.as_bytes()).unwrap_err();
    assert_eq!(
        refusal,
        DecodeError { kind: DecodeErrorKind::Empty { len: 2_000_000 }, at: 2_000_000 }
    );
}

#[test]
fn every_limit_is_inclusive() {
    #[track_caller]
    fn check(input: &str, at: Limits, outside: Limits, expected: &str) {
        assert!(at.decode(input.as_bytes()).is_ok(), "{at:?}");
        let refusal = outside.decode(input.as_bytes()).unwrap_err();
        assert_eq!(refusal.to_string(), expected);
    }
    let default = Limits::default();
    assert_eq!(default, Limits { name_bytes: 256, nesting: 128, input_bytes: 1_048_576 });

    let input = r#"{"action":"r\u0075n","time":[75]}"#.replace("[75]", "75");
    let input = input.as_str();
    let with_array = r#"{"action":"run","time":75,"x":[]}"#;
    check(
        input,
        Limits { input_bytes: input.len(), ..default },
        Limits { input_bytes: input.len() - 1, ..default },
        "input is 31 bytes, limit is 30 (byte 30)",
    );
    check(
        input,
        Limits { name_bytes: 3, ..default },
        Limits { name_bytes: 2, ..default },
        "action name is 3 bytes, limit is 2 (byte 10)",
    );
    check(
        with_array,
        Limits { nesting: 2, ..default },
        Limits { nesting: 1, ..default },
        "arrays and objects are nested 2 deep, limit is 1 (byte 30)",
    );
    check(
        input,
        Limits { nesting: 1, ..default },
        Limits { nesting: 0, ..default },
        "arrays and objects are nested 1 deep, limit is 0 (byte 0)",
    );
    check(
        input,
        default,
        Limits { input_bytes: 0, ..default },
        "input is 31 bytes, limit is 0 (byte 0)",
    );
}

#[test]
fn default_input_limit_is_a_mebibyte() {
    let input = |len: usize| {
        let mut input = br#"{"action":"a","time":1}"#.to_vec();
        input.resize(len, b' ');
        input
    };
    assert!(decode(&input(1 << 20)).is_ok());
    let refusal = decode(&input((1 << 20) + 1)).unwrap_err();
    let kind = DecodeErrorKind::InputTooLong { len: (1 << 20) + 1, max: 1 << 20 };
    assert_eq!(refusal, DecodeError { kind, at: 1 << 20 });
    // The content is not read, so the error does not depend on it.
    assert!(decode(&vec![0xFF; (1 << 20) + 1]).unwrap_err().is_limit());
}

#[test]
fn an_action_outlives_its_input_only_when_owned() {
    let name = {
        let input = br#"{"action":"jump","time":1}"#.to_vec();
        let Action { name, .. } = decode(&input).unwrap();
        name.into_owned()
    };
    assert_eq!(name.as_str(), "jump");
}
