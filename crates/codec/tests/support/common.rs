//! A line in a batch, where the path of the common shape is tried, against the same line alone.

use codec::{DecodeError, Entry, Policy};

/// What stands behind: a line of its own, so that nothing of it belongs to the line before.
const BEHIND: &str = concat!(
    "\n                                                  ",
    "                                                    ",
    "{\"action\":\"behind\",\"time\":1}\n"
);

/// Holds the two against each other.
///
/// # Panics
///
/// If they do not agree, or the line is more than one.
#[track_caller]
pub(crate) fn check(policy: &Policy, line: &[u8]) {
    assert!(!line.contains(&b'\n'));
    let alone = policy.decode(line.strip_suffix(b"\r").unwrap_or(line));
    let alone = alone.map(|action| (action.name.into_owned(), action.time));
    let text = [line, BEHIND.as_bytes()].concat();
    let mut found = Vec::new();
    let report = policy.decode_slice(&text, &mut |entry: Entry<'_>| {
        if entry.offset == 0 {
            found.push((entry.name.to_owned(), entry.time));
        }
    });
    let shown = line.escape_ascii();
    match alone {
        Ok((name, time)) => assert_eq!(found, [(name.as_str().to_owned(), time)], "{shown}"),
        Err(DecodeError::Empty { .. }) => assert_eq!(report.refused, 0, "{shown}"),
        Err(error) => {
            assert_eq!(found, [], "{shown}");
            assert_eq!(report.refusals[0].error, error, "{shown}");
        }
    }
}
