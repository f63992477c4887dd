//! Compares lines of a batch, which may be read by the list of their places, with each line alone,
//! which is read by the scanner.

use codec::{
    DecodeError, DecodeErrorKind, DecodeOptions, Fields, Filter, Fractions, Limits, Path, Record,
    Stamp, Timestamp, TimestampFormat,
};

/// A line so long that the one after it is read by the list, too.
const LONG: &str = concat!(
    r#"{"request":{"method":"GET","uri":"/a","headers":["a",{"b":[]}]},"message":"aaaaaaaaaaaaaaa"#,
    r#"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","action":"long","#,
    r#""time":2}"#
);

/// An accepted line: where it is, its name, its time in bits, and its timestamp.
type Accepted = (u64, String, u64, Option<Stamp>);

/// Checks that each line has the same outcome in a batch as alone.
///
/// # Panics
///
/// If one has not, or if one is more than a line.
#[track_caller]
pub(crate) fn check(options: &DecodeOptions, lines: &[Vec<u8>]) {
    let mut options = options.clone();
    options.refusals_kept = usize::MAX;
    let mut text = Vec::new();
    let (mut accepted, mut refused) = (Vec::<Accepted>::new(), Vec::new());
    for line in lines {
        assert!(!line.contains(&b'\n'));
        for line in [LONG.as_bytes(), line] {
            let alone = options.decode_stamped(line.strip_suffix(b"\r").unwrap_or(line));
            let offset = text.len() as u64;
            match alone {
                Ok((action, stamp)) => {
                    let bits = action.time.as_f64().to_bits();
                    accepted.push((offset, action.name.as_str().to_owned(), bits, stamp));
                }
                Err(DecodeError { kind, .. }) if is_not_refused(&kind) => {}
                Err(error) => refused.push((offset, error)),
            }
            text.extend_from_slice(line);
            text.push(b'\n');
        }
    }
    let mut found = Vec::<Accepted>::new();
    let report = options.decode_slice(&text, &mut |record: Record<'_>| {
        let bits = record.time.as_f64().to_bits();
        found.push((record.offset, record.name.to_string(), bits, record.stamp));
    });
    let line_at = |at: u64| {
        let line = text[at as usize..].split(|byte| *byte == b'\n').next();
        line.unwrap_or_default().escape_ascii().to_string()
    };
    for pair in found.iter().zip(&accepted) {
        assert_eq!(pair.0, pair.1, "{} or {}", line_at(pair.0.0), line_at(pair.1.0));
    }
    assert_eq!(found.len(), accepted.len());
    let refusals = report.refusals.iter().map(|refusal| (refusal.offset, refusal.error.clone()));
    for pair in refusals.zip(&refused) {
        assert_eq!(pair.0, *pair.1, "{} or {}", line_at(pair.0.0), line_at(pair.1.0));
    }
    assert_eq!(report.refusals.len(), refused.len());
}

/// Returns whether a batch reports such a line other than as refused.
fn is_not_refused(kind: &DecodeErrorKind) -> bool {
    use DecodeErrorKind::{Empty, Filtered, Skipped};
    matches!(kind, Empty { .. } | Skipped { .. } | Filtered)
}

#[allow(dead_code, reason = "one test needs the default alone")]
/// Returns options of all kinds of readers of long lines.
pub(crate) fn all_options() -> Vec<DecodeOptions> {
    let default = DecodeOptions::default();
    let path = |text: &str| Path::parse(text).unwrap();
    let fields = |by: &[&str], value: &str, from: Fields| DecodeOptions {
        fields: Fields {
            by: by.iter().map(|by| path(by)).collect(),
            value: Some(path(value)),
            ..from
        },
        ..DecodeOptions::default()
    };
    let narrow = Limits { name_bytes: 3, nesting: 3, input_bytes: 300 };
    let stamped = Timestamp::new(path("level|message"), TimestampFormat::default());
    let filtered = Fields { filters: vec![Filter::parse("level").unwrap()], ..Fields::any() };
    vec![
        DecodeOptions { limits: narrow, ..default.clone() },
        DecodeOptions { fractions: Fractions::Refused, ..default.clone() },
        DecodeOptions { limits: Limits { nesting: 1, ..Limits::default() }, ..default.clone() },
        DecodeOptions { limits: Limits { nesting: 0, ..Limits::default() }, ..default.clone() },
        fields(&["action"], "time", Fields::any()),
        fields(&["request.method"], "request.uri[1]|time", Fields::any()),
        fields(&["request.method", "request.uri[0]|uri"], "time", Fields::default()),
        fields(&["request|action"], "headers[0]|time", Fields::any()),
        fields(&["action"], "time", Fields { timestamp: Some(stamped), ..Fields::any() }),
        fields(&["method|uri"], "request.headers.time", filtered),
        fields(&["a_key_of_20_letters|action"], "\"сообщение\"|time", Fields::any()),
        default,
    ]
}
