//! One input: our decoder against `serde_json`, and the common path against our decoder, by several
//! policies.
#![no_main]

#[path = "../../crates/codec/tests/support/fast_path.rs"]
mod common;
#[path = "../../crates/codec/tests/support/oracle.rs"]
mod oracle;

use codec::{DecodeError, Fractions, Limits, DecodeOptions, Snippet, StampForm, StampKey};
use libfuzzer_sys::fuzz_target;

const FORMS: [StampForm; 5] = [
    StampForm::Seconds,
    StampForm::Milliseconds,
    StampForm::Microseconds,
    StampForm::Nanoseconds,
    StampForm::Rfc3339,
];

fuzz_target!(|input: &[u8]| {
    oracle::check(input);
    if let Err(refusal) = codec::decode(input) {
        let at = refusal.at();
        assert!(at <= input.len(), "{refusal} of {} bytes", input.len());
        assert!(refusal.to_string().ends_with(&format!(" (byte {at})")), "{refusal}");
        let spot = Snippet::new(input, at);
        assert!(!spot.text.contains(char::is_control) && spot.column <= 49, "{spot}");
    }
    let policies = policies(input.len());
    if !input.contains(&b'\n') {
        policies.iter().for_each(|policy| common::check(policy, input));
    }
    policies.iter().for_each(|policy| check_stamped(policy, input));
});

/// Policies of every kind. The length of the input chooses limits near what it may have.
fn policies(len: usize) -> [DecodeOptions; 4] {
    let tight = Limits { name_bytes: len % 19, nesting: len % 4, input_bytes: len - len % 2 };
    let form = FORMS[len % FORMS.len()];
    let stamp = ["at", "x", "", "\u{e9}"][len % 4];
    let stamp = StampKey::new(stamp, form).expect("a key without a meaning");
    let default = DecodeOptions { refusals_kept: 1, ..DecodeOptions::default() };
    [
        default.clone(),
        DecodeOptions { fractions: Fractions::Refused, ..default.clone() },
        DecodeOptions { limits: tight, ..default.clone() },
        DecodeOptions { stamp: Some(stamp), ..default },
    ]
}

/// Whoever asks for a stamp besides is told the same, but for what is wrong with the stamp.
fn check_stamped(policy: &DecodeOptions, input: &[u8]) {
    let plain = DecodeOptions { stamp: None, ..policy.clone() };
    let shown = input.escape_ascii();
    match (plain.decode(input), policy.decode_stamped(input)) {
        (Ok(plain), Ok((action, _))) => assert_eq!(action, plain, "{shown}"),
        (Ok(_), Err(refusal)) => assert!(is_of_stamp(&refusal), "{refusal}: {shown}"),
        (Err(plain), Err(refusal)) if !is_of_stamp(&refusal) => {
            assert_eq!(refusal, plain, "{shown}");
        }
        (Err(plain), found) => {
            assert!(plain.is_schema() && found.is_err(), "{plain}, {found:?}: {shown}");
        }
    }
}

fn is_of_stamp(refusal: &DecodeError) -> bool {
    matches!(
        refusal,
        DecodeError::DuplicateStamp { .. }
            | DecodeError::StampKind { .. }
            | DecodeError::StampNotMoment { .. }
            | DecodeError::StampOutOfRange { .. }
    )
}
