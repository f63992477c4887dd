//! Moments before an embedded object.

use super::format::{TimestampFormat, read_text};
use super::instant::Moment;
use super::number::is_number;
use super::zone::Zone;
use crate::scan::number::whole_digits;

/// Reads the first words of a text that are a moment, as those before an embedded object.
///
/// Brackets and commas around them are left out. A number needs nine digits, so that a status or
/// the id of a process is not one.
pub(crate) fn read_prefix(prefix: &str, format: &TimestampFormat, zone: &Zone) -> Option<Moment> {
    let is_edge =
        |c: char| matches!(c, '[' | ']' | '(' | ')' | '{' | '"' | ',' | ';' | '|' | '<' | '>');
    word_starts(prefix).take(PREFIX_WORDS_MAX).find_map(|start| {
        let rest = &prefix[start..];
        let mut ends = [0; MOMENT_WORDS_MAX];
        let words = word_ends(rest).zip(&mut ends).map(|(end, slot)| *slot = end).count();
        // The longest run of words wins: a date alone is a moment, too.
        ends[..words].iter().rev().find_map(|&end| {
            let words = rest[..end].trim_end_matches(':').trim_matches(is_edge);
            let is_small = is_number(words.as_bytes()) && whole_digits(words.as_bytes()) < 9;
            if is_small {
                return None;
            }
            read_text(words, format, zone).ok()
        })
    })
}

/// The maximum number of words before a moment, and of its own.
const PREFIX_WORDS_MAX: usize = 16;
const MOMENT_WORDS_MAX: usize = 6;

fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).filter(move |&at| {
        !bytes[at].is_ascii_whitespace() && (at == 0 || bytes[at - 1].is_ascii_whitespace())
    })
}

fn word_ends(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    (1..=bytes.len()).filter(move |&end| {
        !bytes[end - 1].is_ascii_whitespace()
            && bytes.get(end).is_none_or(|byte| byte.is_ascii_whitespace())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_words_that_are_a_moment_win() {
        let noon = "2024-05-01T12:00:08Z";
        for (prefix, expected) in [
            ("2024-05-01T12:00:08Z stdout F ", noon),
            ("[2024-05-01 12:00:08] INFO 200 ", noon),
            ("web-1  | 2024-05-01 12:00:08,000 [main] ", noon),
            ("10.0.0.7 - 200 [01/May/2024:12:00:08 +0000] ", noon),
            ("pid 123 1714564808 ", noon),
            ("<14>1 2024-05-01T12:00:08Z: ", noon),
            ("app (Wed, 01 May 2024 12:00:08 GMT) ", noon),
            ("2024-05-01 host ", "2024-05-01T00:00:00Z"),
        ] {
            let found = read_prefix(prefix, &TimestampFormat::Auto, &Zone::UTC);
            let found = found.map(|moment| Zone::UTC.format(moment.stamp, 0));
            assert_eq!(found.as_deref(), Some(expected), "{prefix}");
        }
    }

    #[test]
    fn prefix_without_a_moment_has_none() {
        for prefix in ["", " ", "INFO 200 12345678 1.5 ", "May  1 12:00:08 host app[1]: ", "é ü"]
        {
            assert_eq!(read_prefix(prefix, &TimestampFormat::Auto, &Zone::UTC), None, "{prefix}");
        }
    }
}
