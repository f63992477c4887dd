//! Compares a line with the fast path, in a batch and alone, with the same line without it.

use codec::{DecodeError, DecodeErrorKind, DecodeOptions, Record};

/// The text after the line: another line, which must not affect it.
const NEXT_LINE: &str = concat!(
    "\n                                                  ",
    "                                                    ",
    "{\"action\":\"next\",\"time\":1}\n"
);

/// The text before the line: another line.
const LINE_BEFORE: &str = "{\"action\":\"before\",\"time\":1}\n";

/// The content of a line: a name and a time.
type Decoded = Result<(String, codec::ActionTime), DecodeError>;

/// Compares the three ways to decode a line.
///
/// # Panics
///
/// If they differ, or if the input is more than one line.
#[track_caller]
pub(crate) fn check(options: &DecodeOptions, line: &[u8]) {
    assert!(!line.contains(&b'\n'));
    let decoded = decode(options, line.strip_suffix(b"\r").unwrap_or(line));
    check_shifted(options, line.strip_suffix(b"\r").unwrap_or(line), &decoded);
    // A batch leaves out a byte order mark at its start.
    let before = if line.starts_with(b"\xEF\xBB\xBF") { "\n" } else { "" };
    // The fast path reads the text itself if another line follows, else a padded copy. A line of
    // other keys is first compared with the template of the line before.
    for (before, after) in [(before, NEXT_LINE), (before, "\n"), (LINE_BEFORE, NEXT_LINE)] {
        let (before, after) = (before.as_bytes(), after.as_bytes());
        let start = before.len() as u64;
        let text = [before, line, after].concat();
        let mut found = Vec::new();
        let report = options.decode_slice(&text, &mut |record: Record<'_>| {
            if record.offset == start {
                found.push((record.name.to_string(), record.time));
            }
        });
        let shown = line.escape_ascii();
        match &decoded {
            Ok(action) => assert_eq!(found, std::slice::from_ref(action), "{shown}"),
            Err(DecodeError { kind: DecodeErrorKind::Empty { .. }, .. }) => {
                let is_here =
                    report.refusals.first().is_some_and(|refusal| refusal.offset == start);
                assert!(!is_here && report.blank > 0, "{shown}");
            }
            Err(error) => {
                assert_eq!(found, [], "{shown}");
                let mut refusals = report.refusals.iter();
                let refusal = refusals.find(|refusal| refusal.offset == start);
                assert_eq!(refusal.map(|refusal| &refusal.error), Some(error), "{shown}");
            }
        }
    }
}

fn decode(options: &DecodeOptions, line: &[u8]) -> Decoded {
    options.decode(line).map(|action| (action.name.as_str().to_owned(), action.time))
}

/// Compares a line with the same line after a space, which disables the fast path and moves every
/// offset by one.
#[track_caller]
fn check_shifted(options: &DecodeOptions, line: &[u8], decoded: &Decoded) {
    let mut options = options.clone();
    options.limits.input_bytes = options.limits.input_bytes.saturating_add(1);
    let shifted = decode(&options, &[b" ", line].concat());
    let shown = line.escape_ascii();
    match (decoded, shifted) {
        (Err(error), Err(shifted)) if depends_on_start(&error.kind, &shifted.kind) => {}
        (Err(error), Err(shifted)) => {
            assert_eq!((error.at + 1, back(&shifted)), (shifted.at, error.to_string()));
        }
        (decoded, shifted) => assert_eq!(*decoded, shifted, "{shown}"),
    }
}

/// Returns whether an error depends on the length or the first bytes of the line.
fn depends_on_start(error: &DecodeErrorKind, shifted: &DecodeErrorKind) -> bool {
    use DecodeErrorKind::{ByteOrderMark, Empty, InputTooLong};
    matches!(
        (error, shifted),
        (InputTooLong { .. }, InputTooLong { .. })
            | (Empty { .. }, Empty { .. })
            | (ByteOrderMark { .. }, _)
    )
}

/// Returns a message with all its offsets reduced by one.
fn back(error: &DecodeError) -> String {
    let message = error.to_string();
    let mut parts = message.split("byte ");
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        // A byte value is printed as 0x and its digits.
        let number = number.parse::<usize>().map_or(number.to_owned(), |at| (at - 1).to_string());
        moved.push_str(&format!("byte {number}{rest}"));
    }
    moved
}
