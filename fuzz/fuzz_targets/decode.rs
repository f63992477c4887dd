//! Compares the decoding of one input with `serde_json`, and with and without the fast path, under
//! several options.
#![no_main]

#[path = "../../crates/codec/tests/support/fast_path.rs"]
mod fast_path;
#[path = "../../crates/codec/tests/support/oracle.rs"]
mod oracle;

use codec::{
    DecodeError, DecodeErrorKind, DecodeOptions, Fields, Fractions, Limits, Path, Snippet,
    Timestamp, TimestampFormat,
};
use libfuzzer_sys::fuzz_target;

const FORMATS: [TimestampFormat; 6] = [
    TimestampFormat::Auto,
    TimestampFormat::Seconds,
    TimestampFormat::Milliseconds,
    TimestampFormat::Microseconds,
    TimestampFormat::Nanoseconds,
    TimestampFormat::Rfc3339,
];

fuzz_target!(|input: &[u8]| {
    oracle::check(input);
    if let Err(refusal) = codec::decode(input) {
        let at = refusal.at;
        assert!(at <= input.len(), "{refusal} of {} bytes", input.len());
        assert!(refusal.to_string().ends_with(&format!(" (byte {at})")), "{refusal}");
        let snippet = Snippet::new(input, at);
        assert!(!snippet.text.contains(char::is_control) && snippet.column <= 49, "{snippet}");
    }
    let options = all_options(input.len());
    if !input.contains(&b'\n') {
        options.iter().for_each(|options| fast_path::check(options, input));
    }
    options.iter().for_each(|options| check_stamped(options, input));
});

/// Returns options of every kind. The length of the input selects limits close to its size.
fn all_options(len: usize) -> [DecodeOptions; 4] {
    let tight = Limits { name_bytes: len % 19, nesting: len % 4, input_bytes: len - len % 2 };
    let format = FORMATS[len % FORMATS.len()].clone();
    let path = Path::key(["at", "x", "", "\u{e9}"][len % 4]);
    let fields = Fields { timestamp: Some(Timestamp::new(path, format)), ..Fields::default() };
    // The line that comes before may be refused as well.
    let default = DecodeOptions { refusals_kept: 2, ..DecodeOptions::default() };
    [
        default.clone(),
        DecodeOptions { fractions: Fractions::Refused, ..default.clone() },
        DecodeOptions { limits: tight, ..default.clone() },
        DecodeOptions { fields, ..default },
    ]
}

/// Checks that a timestamp key changes the result only by errors of the timestamp.
fn check_stamped(options: &DecodeOptions, input: &[u8]) {
    let plain = DecodeOptions { fields: Fields::default(), ..options.clone() };
    let shown = input.escape_ascii();
    match (plain.decode(input), options.decode_stamped(input)) {
        (Ok(plain), Ok((action, _))) => assert_eq!(action, plain, "{shown}"),
        (Ok(_), Err(refusal)) => assert!(is_about_stamp(&refusal), "{refusal}: {shown}"),
        (Err(plain), Err(refusal)) if !is_about_stamp(&refusal) => {
            assert_eq!(refusal, plain, "{shown}");
        }
        (Err(plain), found) => {
            assert!(plain.is_schema() && found.is_err(), "{plain}, {found:?}: {shown}");
        }
    }
}

fn is_about_stamp(refusal: &DecodeError) -> bool {
    matches!(
        refusal.kind,
        DecodeErrorKind::FieldRepeated { .. }
            | DecodeErrorKind::FieldType { .. }
            | DecodeErrorKind::Moment { .. }
    )
}
