//! Our decoder against `serde_json`, on random objects and on random damage to them.

#[path = "support/oracle.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use codec::{DecodeError, decode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::IgnoredAny;
use support::{MINUS_ZERO, ROUNDED, TOO_DEEP, TOO_LARGE, Verdict, check, oracle, ours};

// Random JSON.

/// What can stand between tokens.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

/// A string with its quotes: of plain characters, escapes, halves of pairs and whole ones.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-z ]{1,12}",
        2 => "[^\"\\\\\u{0}-\u{1f}]{1,3}",
        2 => r#"\\["\\/bfnrt]"#,
        2 => r"\\u[0-9a-cA-CefEF][0-9a-fA-F]{3}",
        1 => r"\\u00[0-9a-f]{2}",
        1 => r"\\ud[89abAB][0-9a-f]{2}\\u[dD][c-f][0-9A-F]{2}",
    ];
    vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "-?(0|[1-9][0-9]{0,20})",
        2 => r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?",
        1 => "[1-9][0-9]{0,3}",
        1 => any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| format!("{f:e}")),
        1 => any::<u64>().prop_map(|integer| integer.to_string()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let word = select(vec!["null", "true", "false"]).prop_map(str::to_owned);
    let leaf = prop_oneof![word, number(), string()];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let element = (space(), inner.clone(), space()).prop_map(|(a, b, c)| a + &b + &c);
        let member = (string(), inner).prop_map(|(key, value)| format!("{key}:{value}"));
        prop_oneof![
            vec(element, 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
            vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let spelt =
        |spellings: &[&str]| select(spellings.iter().map(|&s| s.to_owned()).collect::<Vec<_>>());
    prop_oneof![
        spelt(&[r#""action""#, r#""\u0061ction""#, r#""acti\u006Fn""#, r#""Action""#]),
        spelt(&[r#""time""#, r#""\u0074ime""#, r#""tim\u0065""#, r#""times""#]),
        string(),
    ]
}

/// An object that is an action unless chance has put something in the way.
fn object() -> impl Strategy<Value = String> {
    let action = (Just(r#""action""#.to_owned()), string());
    let time = (Just(r#""time""#.to_owned()), number());
    let others = vec((key(), value()), 0..3);
    (vec(space(), 24), action, time, others, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(spaces, action, time, mut members, place, is_swapped)| {
            members.insert(place.index(members.len() + 1), action);
            members.insert(if is_swapped { 0 } else { members.len() }, time);
            let mut spaces = spaces.iter().cycle();
            let mut space = || spaces.next().unwrap();
            let mut text = format!("{}{{", space());
            for (i, (key, value)) in members.iter().enumerate() {
                text += if i == 0 { "" } else { "," };
                text += &format!("{}{key}{}:{}{value}{}", space(), space(), space(), space());
            }
            text + "}" + space()
        },
    )
}

/// One piece of damage.
#[derive(Debug, Clone)]
enum Damage {
    Insert(Index, &'static [u8]),
    Replace(Index, u8),
    Remove(Index),
    Copy(Index, Index),
    Truncate(Index),
}

impl Damage {
    fn apply(&self, text: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        match self {
            Self::Insert(at, bytes) => {
                let at = at.index(text.len() + 1);
                text.splice(at..at, bytes.iter().copied());
            }
            Self::Replace(at, byte) => {
                let at = at.index(text.len());
                text[at] = *byte;
            }
            Self::Remove(at) => {
                text.remove(at.index(text.len()));
            }
            Self::Copy(from, to) => {
                let byte = text[from.index(text.len())];
                text.insert(to.index(text.len()), byte);
            }
            Self::Truncate(at) => text.truncate(at.index(text.len())),
        }
    }
}

/// What damages JSON in a way that a careless decoder would miss.
const INSERTS: [&[u8]; 28] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"0",
    b"-",
    b".",
    b"e",
    b"+",
    b" ",
    b"\n",
    b"\0",
    b"\x1f",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\\ud800",
    b"\\udc00",
    b"\\u0061",
    b"null",
    b",\"time\":1",
];

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), select(INSERTS.to_vec())).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        2 => (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        4 => place().prop_map(Damage::Remove),
        2 => (place(), place()).prop_map(|(from, to)| Damage::Copy(from, to)),
        1 => place().prop_map(Damage::Truncate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn objects_mean_what_the_oracle_says(text in object()) {
        prop_assert!(oracle(text.as_bytes()) != Verdict::NotJson, "the generator wrote {text}");
        check(text.as_bytes());
    }

    #[test]
    fn damaged_objects_mean_what_the_oracle_says(text in object(), damages in vec(damage(), 1..4)) {
        let mut text = text.into_bytes();
        for damage in &damages {
            damage.apply(&mut text);
        }
        check(&text);
    }
}

proptest! {
    #[test]
    fn other_values_are_refused(text in value()) {
        check(text.as_bytes());
    }

    #[test]
    fn any_bytes_match_the_oracle(input in vec(any::<u8>(), 0..64)) {
        check(&input);
    }

    #[test]
    fn every_prefix_of_an_object_is_refused(text in object()) {
        // An object ends only at its brace, so a shorter text is not JSON.
        for end in 0..text.trim_end().len() {
            let refusal = decode(&text.as_bytes()[..end]).unwrap_err();
            prop_assert!(refusal.is_syntax() || refusal.is_encoding(), "{refusal} in {text}");
        }
    }
}

#[test]
fn golden_inputs_mean_what_the_oracle_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut unsure = BTreeMap::new();
    for entry in ["accept", "reject"].map(|name| std::fs::read_dir(folder.join(name)).unwrap()) {
        for path in entry.map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "json") {
                let input = std::fs::read(&path).unwrap();
                check(&input);
                if let Verdict::Unsure(reason) = oracle(&input) {
                    *unsure.entry(reason).or_insert(0) += 1;
                }
            }
        }
    }
    // Were the oracle unsure of everything, the line above would say nothing.
    assert_eq!(unsure.keys().count(), 4);
    assert!(unsure.values().sum::<i32>() < 60, "{unsure:?}");
}

/// A struct as a user of `serde_json` alone would derive it.
#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
struct Derived {
    action: String,
    time: f64,
}

#[test]
fn differences_are_these_and_no_others() {
    let deep = format!(r#"{{"action":"a","time":1,"x":{}{}}}"#, "[".repeat(127), "]".repeat(127));
    // What is taken here and refused there.
    for (input, reason) in [
        (br#"{"action":"a","time":1,"x":1e400}"#.as_slice(), TOO_LARGE),
        (deep.as_bytes(), TOO_DEEP),
    ] {
        assert_eq!(oracle(input), Verdict::Unsure(reason));
        assert!(matches!(ours(input), Verdict::Action(..)), "{reason}");
    }
    // What is refused here and taken there, by a document of values,
    for (input, reason) in [
        (br#"{"action":"a","time":-1e-400}"#.as_slice(), MINUS_ZERO),
        (br#"{"action":"a","time":18446744073709551616}"#, ROUNDED),
    ] {
        assert_eq!(oracle(input), Verdict::Unsure(reason));
        assert_eq!(ours(input), Verdict::NotAction, "{reason}");
    }
    // or by a derived struct, which looks at nothing but its fields.
    for (input, is_expected) in [
        (br#"["a",1]"#.as_slice(), DecodeError::is_schema as fn(&DecodeError) -> bool),
        (b"{\"action\":\"a\",\"time\":1,\"x\":\"\xff\"}", DecodeError::is_encoding),
        (br#"{"action":"a","time":1,"x":"\ud800"}"#, DecodeError::is_encoding),
        (br#"{"action":"","time":1}"#, DecodeError::is_schema),
        (br#"{"action":"a","time":-1}"#, DecodeError::is_schema),
    ] {
        let text = input.escape_ascii();
        let derived: Derived = serde_json::from_slice(input).expect("taken there");
        assert!(derived.action.len() < 2 && derived.time.abs() < 2.0, "{text}");
        assert!(is_expected(&decode(input).unwrap_err()), "{text}");
    }
    // Nesting there has no limit where the value is ignored.
    let deeper = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(serde_json::from_str::<IgnoredAny>(&deeper).is_ok());
    assert!(decode(deeper.as_bytes()).unwrap_err().is_limit());
}
