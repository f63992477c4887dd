//! What is missing in a text that is not recognised: the reason that helps most.

use super::error::MomentError;
use super::text::{MONTHS, WEEKDAYS};

/// Explains why a text has none of the recognised forms.
pub(super) fn explain(text: &[u8]) -> MomentError {
    let words: Vec<_> = words(text).take(8).collect();
    let widths: Vec<_> = words.iter().map(|word| word.digits()).collect();
    let separators: Vec<_> = words.iter().map(|word| word.after).collect();
    match (widths.as_slice(), separators.as_slice()) {
        // 12:00:08
        ([Some(1 | 2), Some(2), ..], [b':', ..]) => MomentError::NoDate,
        // 01/02/2024, 1.2.2024
        ([Some(1 | 2), Some(1 | 2), Some(4), ..], [b'/' | b'.' | b'-', b'/' | b'.' | b'-', ..]) => {
            MomentError::DayOrMonth
        }
        // 24-05-01, 01/02/24
        ([Some(1 | 2), Some(1 | 2), Some(2), ..], [b'/' | b'.' | b'-', b'/' | b'.' | b'-', ..]) => {
            MomentError::ShortYear
        }
        // 05-01 12:00:08
        ([Some(1 | 2), Some(1 | 2), ..], [b'/' | b'.' | b'-', b' ', ..]) => MomentError::NoYear,
        // 01/May/24, 06-Nov-94
        ([Some(1 | 2), None, Some(2), ..], _) if ends_in_year(&words[1..]) => {
            MomentError::ShortYear
        }
        // Sunday, 06-Nov-94
        ([None, Some(1 | 2), None, Some(2), ..], _) if ends_in_year(&words[2..]) => {
            MomentError::ShortYear
        }
        // May  1 12:00:08, Wed May  1 12:00:08, 1 May 12:00:08
        _ if names_month(&words) && !widths.contains(&Some(4)) => MomentError::NoYear,
        _ => MomentError::Unknown,
    }
}

/// Returns whether a month and a year of two digits come first, not a month and an hour.
fn ends_in_year(words: &[Word<'_>]) -> bool {
    matches!(words, [month, year, ..] if is_one_of(month.text, &MONTHS)
        && (matches!(month.after, b'/' | b'-') || year.after != b':'))
}

fn names_month(words: &[Word<'_>]) -> bool {
    let after_weekday = match words {
        [first, rest @ ..] if is_one_of(first.text, &WEEKDAYS) => rest,
        words => words,
    };
    after_weekday.iter().take(2).any(|word| is_one_of(word.text, &MONTHS))
}

/// Returns whether a word begins with one of these names.
fn is_one_of(word: &[u8], names: &[&[u8; 3]]) -> bool {
    let start = word.get(..3).unwrap_or_default();
    names.iter().any(|name| start.eq_ignore_ascii_case(*name))
}

/// A run of digits or of letters.
struct Word<'a> {
    text: &'a [u8],
    /// The first byte after it, or a space at the end of the text.
    after: u8,
}

impl Word<'_> {
    /// Returns the number of digits, or `None` if it is not a number.
    fn digits(&self) -> Option<usize> {
        self.text.first()?.is_ascii_digit().then_some(self.text.len())
    }
}

/// Splits a text into numbers and names.
fn words(text: &[u8]) -> impl Iterator<Item = Word<'_>> {
    let is_of_word = |byte: u8| byte.is_ascii_alphanumeric();
    let alike = move |a: &u8, b: &u8| {
        is_of_word(*a) == is_of_word(*b) && a.is_ascii_digit() == b.is_ascii_digit()
    };
    let mut at = 0;
    text.chunk_by(alike).filter_map(move |run| {
        at += run.len();
        let after = text.get(at).copied().unwrap_or(b' ');
        run.first().is_some_and(|&byte| is_of_word(byte)).then_some(Word { text: run, after })
    })
}
