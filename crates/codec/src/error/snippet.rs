//! The text around one byte of a line, safe for a terminal.
//!
//! A line may be long and contain anything. So it is cut to a few columns around the byte, and
//! characters that move the cursor, hide text or change its direction are escaped.

use std::fmt;

use unicode_width::UnicodeWidthStr;

/// The maximum number of columns before the byte, and from it on.
const BEFORE_COLUMNS: usize = 48;
const AFTER_COLUMNS: usize = 28;
/// The number of bytes read on either side, which is more than usual text needs for the columns.
const AROUND_BYTES: usize = 512;

/// The text around one byte of a line, safe for a terminal.
///
/// Holds at most 48 columns before the byte and 28 from it on, with `…` where the line was cut.
/// Characters that move the cursor, hide text or change its direction are escaped. `{}` displays
/// two lines, the second a caret below the byte.
///
/// # Examples
///
/// ```
/// use codec::{Snippet, decode};
///
/// let line = br#"{"action":"jump","time":-1}"#;
/// let error = decode(line).unwrap_err();
/// assert_eq!(
///     format!("{error}\n{}", Snippet::new(line, error.at)),
///     r#"time is `-1`, expected 0 or more (byte 24)
/// {"action":"jump","time":-1}
///                         ^"#
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snippet {
    /// The text, with `…` where it was cut.
    pub text: String,
    /// The number of terminal columns before the byte.
    pub column: usize,
}

impl Snippet {
    /// Returns the text around byte `at`, which may be one past the end.
    ///
    /// # Complexity
    ///
    /// Constant: reads at most 1 KiB of the line.
    #[must_use]
    pub fn new(line: &[u8], at: usize) -> Self {
        let start = character_start(line, at.saturating_sub(AROUND_BYTES));
        let end = character_start(line, at.saturating_add(AROUND_BYTES));
        let pieces = pieces(&line[start..end]);
        // The piece that contains the byte is the last one that does not start after it.
        let next = pieces.partition_point(|(offset, _)| start + offset <= at);
        let ended = at >= line.len();
        let (before, after) = pieces.split_at(if ended { next } else { next.saturating_sub(1) });

        let kept = fitting(before.iter().rev(), BEFORE_COLUMNS);
        let cut = start > 0 || kept < before.len();
        let mut text = if cut { "…".to_owned() } else { String::new() };
        text.extend(before[before.len() - kept..].iter().map(|(_, shown)| shown.as_str()));
        let column = text.width();

        let kept = fitting(after.iter(), AFTER_COLUMNS);
        text.extend(after[..kept].iter().map(|(_, shown)| shown.as_str()));
        if end < line.len() || kept < after.len() {
            text.push('…');
        }
        Self { text, column }
    }
}

impl fmt::Display for Snippet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, column } = self;
        write!(f, "{text}\n{:column$}^", "")
    }
}

/// Returns bytes as text that is safe for a terminal.
///
/// Escapes control characters, direction marks, characters without width and bytes that are not
/// UTF-8.
///
/// # Examples
///
/// ```
/// assert_eq!(codec::visible(b"caf\xC3\xA9 \x1B[31m \xFF"), r"café \u{1b}[31m \xFF");
/// ```
#[must_use]
pub fn visible(bytes: &[u8]) -> String {
    // Most text is printable ASCII, and callers print a hundred thousand names one by one.
    if let Ok(text) = str::from_utf8(bytes)
        && bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
    {
        return text.to_owned();
    }
    pieces(bytes).into_iter().map(|(_, shown)| shown).collect()
}

/// Returns the start of the character that contains byte `at`, or the end of the line.
fn character_start(line: &[u8], at: usize) -> usize {
    let at = at.min(line.len());
    let continues = |at: &usize| line.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
    // Without a start within four bytes, the bytes are not UTF-8.
    (at.saturating_sub(3)..=at).rev().find(|at| !continues(at)).unwrap_or(at)
}

/// Splits bytes into characters as displayed, each with its offset.
fn pieces(bytes: &[u8]) -> Vec<(usize, String)> {
    let mut pieces = Vec::new();
    let mut offset = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            let shown = if is_unsafe(c) { c.escape_default().collect() } else { c.into() };
            pieces.push((offset, shown));
            offset += c.len_utf8();
        }
        for byte in chunk.invalid() {
            pieces.push((offset, format!("\\x{byte:02X}")));
            offset += 1;
        }
    }
    pieces
}

/// Returns whether a character would do more than take its place in the line.
fn is_unsafe(c: char) -> bool {
    match c {
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' => true, // Direction.
        '\u{2028}' | '\u{2029}' => true,                                       // Line ends.
        '\u{200B}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => true,             // Of no width.
        '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' => true,           // Notes and tags.
        _ => c.is_control(),
    }
}

/// Returns how many pieces fit into a number of columns.
fn fitting<'a>(pieces: impl Iterator<Item = &'a (usize, String)>, columns: usize) -> usize {
    let ends = pieces.scan(0, |end, (_, shown)| {
        *end += shown.width();
        Some(*end)
    });
    ends.take_while(|end| *end <= columns).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: impl AsRef<[u8]>, at: usize, text: &str, column: usize) {
        assert_eq!(Snippet::new(line.as_ref(), at), Snippet { text: text.into(), column });
    }

    #[test]
    fn short_line_is_shown_whole() {
        check("abc", 0, "abc", 0);
        check("abc", 2, "abc", 2);
        check("abc", 3, "abc", 3);
        check("abc", 9, "abc", 3);
        check("", 0, "", 0);
    }

    #[test]
    fn long_line_is_cut_around_the_byte() {
        let line: String = ('a'..='z').cycle().take(2_000).collect();
        let (before, after) = (&line[1_000 - 48..1_000], &line[1_000..1_028]);
        check(&line, 1_000, &format!("…{before}{after}…"), 49);
        check(&line, 0, &format!("{}…", &line[..28]), 0);
        check(&line, 48, &format!("{}…", &line[..76]), 48);
        check(&line, 49, &format!("…{}…", &line[1..77]), 49);
        check(&line, 1_972, &format!("…{}", &line[1_972 - 48..]), 49);
        check(&line, 2_000, &format!("…{}", &line[1_952..]), 49);
    }

    #[test]
    fn columns_are_those_of_the_terminal() {
        check("跳 x", 4, "跳 x", 3); // Two columns wide, three bytes long.
        check("跳 x", 2, "跳 x", 0); // Inside a character: at its start.
        check("e\u{301} x", 4, "e\u{301} x", 2); // A combining mark takes no column.
        check("a\tb", 2, "a\\tb", 3);
        check("\u{1b}[31m", 1, "\\u{1b}[31m", 6);
        check("\u{202e}x", 3, "\\u{202e}x", 8);
        check(b"a\xFF\x80b", 2, "a\\xFF\\x80b", 5);
    }

    #[test]
    fn no_character_is_cut() {
        for shift in 0..3 {
            let line = format!("{}{}", "a".repeat(shift), "跳".repeat(1_000));
            let snippet = Snippet::new(line.as_bytes(), shift + 1_500);
            assert_eq!(snippet.text, format!("…{}…", "跳".repeat((48 + 28) / 2)));
        }
    }

    #[test]
    fn continuation_bytes_alone_are_shown() {
        let snippet = Snippet::new(&[0x80; 2_000], 1_000);
        assert_eq!(snippet.text, format!("…{}…", "\\x80".repeat(12 + 7)));
    }
}
