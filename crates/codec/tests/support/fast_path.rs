//! A line in a batch and alone, where the path of the common shape is tried, against the same line
//! where it is not.

use codec::{DecodeError, DecodeOptions, Record};

/// What stands behind: a line of its own, so that nothing of it belongs to the line before.
const BEHIND: &str = concat!(
    "\n                                                  ",
    "                                                    ",
    "{\"action\":\"behind\",\"time\":1}\n"
);

/// What a line says: a name and a time.
type Said = Result<(String, codec::ActionTime), DecodeError>;

/// Holds the three against each other.
///
/// # Panics
///
/// If they do not agree, or the line is more than one.
#[track_caller]
pub(crate) fn check(policy: &DecodeOptions, line: &[u8]) {
    assert!(!line.contains(&b'\n'));
    let said = decode(policy, line.strip_suffix(b"\r").unwrap_or(line));
    check_shifted(policy, line.strip_suffix(b"\r").unwrap_or(line), &said);
    // In the middle of a text the path is tried on the text, at its end on a copy of the line.
    for behind in [BEHIND.as_bytes(), b"\n"] {
        let text = [line, behind].concat();
        let mut found = Vec::new();
        let report = policy.decode_slice(&text, &mut |entry: Record<'_>| {
            if entry.offset == 0 {
                found.push((entry.name.to_string(), entry.time));
            }
        });
        let shown = line.escape_ascii();
        match &said {
            Ok(action) => assert_eq!(found, std::slice::from_ref(action), "{shown}"),
            Err(DecodeError::Empty { .. }) => {
                let is_here = report.refusals.first().is_some_and(|refusal| refusal.offset == 0);
                assert!(!is_here && report.blank > 0, "{shown}");
            }
            Err(error) => {
                assert_eq!(found, [], "{shown}");
                assert_eq!(report.refusals[0].error, *error, "{shown}");
            }
        }
    }
}

fn decode(policy: &DecodeOptions, line: &[u8]) -> Said {
    policy.decode(line).map(|action| (action.name.as_str().to_owned(), action.time))
}

/// Holds what a line says against what it says with a space in front, which keeps the path of the
/// common shape out and moves every place by one.
#[track_caller]
fn check_shifted(policy: &DecodeOptions, line: &[u8], said: &Said) {
    let mut policy = policy.clone();
    policy.limits.input_bytes = policy.limits.input_bytes.saturating_add(1);
    let shifted = decode(&policy, &[b" ", line].concat());
    let shown = line.escape_ascii();
    match (said, shifted) {
        // These tell a length, or look at the first bytes alone.
        (Err(DecodeError::InputTooLong { .. }), Err(DecodeError::InputTooLong { .. }))
        | (Err(DecodeError::Empty { .. }), Err(DecodeError::Empty { .. }))
        | (Err(DecodeError::ByteOrderMark { .. }), Err(_)) => {}
        (Err(error), Err(shifted)) => {
            assert_eq!((error.at() + 1, back(&shifted)), (shifted.at(), error.to_string()));
        }
        (said, shifted) => assert_eq!(*said, shifted, "{shown}"),
    }
}

/// A message with all its places moved back by one.
fn back(error: &DecodeError) -> String {
    let message = error.to_string();
    let mut parts = message.split("byte ");
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        // A byte itself is told as 0x and its value.
        let number = number.parse::<usize>().map_or(number.to_owned(), |at| (at - 1).to_string());
        moved.push_str(&format!("byte {number}{rest}"));
    }
    moved
}
