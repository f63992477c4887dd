//! Objects that follow other text on their line.

use memchr::memchr_iter;

use crate::fields::found::Skip;

/// Returns the offset of the object on a line.
///
/// It begins at the first `{` that is followed by `"` or `}`, with or without white space between
/// them, so that `{}` of a message or a brace of a template does not begin one.
///
/// # Errors
///
/// [`Skip::Partial`] for a part of a line that a container runtime cut, and [`Skip::NoObject`].
pub(crate) fn find(line: &[u8]) -> Result<usize, Skip> {
    if is_partial(line) {
        return Err(Skip::Partial);
    }
    memchr_iter(b'{', line).find(|&at| begins_object(&line[at + 1..])).ok_or(Skip::NoObject)
}

fn begins_object(after: &[u8]) -> bool {
    matches!(after.trim_ascii_start().first(), Some(b'"' | b'}'))
}

/// Returns whether a line of a container runtime is cut: `TIME stdout P TEXT`.
///
/// The tag is `P` for a part that another line continues, and `F` for the last part.
fn is_partial(line: &[u8]) -> bool {
    let mut words = line.splitn(4, |&byte| byte == b' ');
    let starts_with_digit = words.next().and_then(<[u8]>::first).is_some_and(u8::is_ascii_digit);
    starts_with_digit
        && matches!(words.next(), Some(b"stdout" | b"stderr"))
        && words.next().is_some_and(|tags| tags.split(|&byte| byte == b':').next() == Some(b"P"))
}

/// The maximum number of words of a moment, as in `Sun, 06 Nov 1994 08:49:37 GMT`.
const MOMENT_WORDS: usize = 6;
/// The number of words at which a moment may start.
const STARTS: usize = 8;
/// The minimum number of digits of a moment that is a number, which is after March 1973.
const NUMBER_DIGITS: usize = 9;

/// Returns the words of a prefix that may be a moment, in the order in which they are tried.
///
/// The first words come first, and of those that start at one word, the longest: a date alone is a
/// moment too. Brackets around them and a comma or colon after them are left out. A short number is
/// not a moment here, because prefixes have the numbers of processes and lines.
pub(crate) fn moments(prefix: &str) -> impl Iterator<Item = &str> {
    let starts = prefix.split_ascii_whitespace().map(|word| word.as_ptr().addr()).take(STARTS);
    let base = prefix.as_ptr().addr();
    starts.flat_map(move |start| {
        let rest = prefix.get(start - base..).unwrap_or_default();
        (1..=MOMENT_WORDS).rev().filter_map(move |count| {
            let last = rest.split_ascii_whitespace().nth(count - 1)?;
            let end = last.as_ptr().addr() - rest.as_ptr().addr() + last.len();
            let words = rest[..end].trim_matches(['[', ']', '(', ')', ',', ':', '|']);
            let is_short = words.len() < NUMBER_DIGITS && words.bytes().all(|b| b.is_ascii_digit());
            (!is_short && words.contains(|c: char| c.is_ascii_digit())).then_some(words)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_begins_at_the_first_brace_before_a_quote_or_brace() {
        for (line, expected) in [
            (r#"{"a":1}"#, Ok(0)),
            (r#"10:00 INFO { "a":1}"#, Ok(11)),
            (r#"done {x} {"a":1}"#, Ok(9)),
            (r#"done { {"a":1}"#, Ok(7)),
            ("a {}", Ok(2)),
            ("a {", Err(Skip::NoObject)),
            ("", Err(Skip::NoObject)),
            (r#"2024-05-01T10:00:00Z stdout P {"a":1}"#, Err(Skip::Partial)),
            (r#"2024-05-01T10:00:00Z stderr P:x {"a":1}"#, Err(Skip::Partial)),
            (r#"2024-05-01T10:00:00Z stdout F {"a":1}"#, Ok(30)),
            (r#"2024-05-01T10:00:00Z stdout Part {"a":1}"#, Ok(33)),
            (r#"note stdout P {"a":1}"#, Ok(14)),
        ] {
            assert_eq!(find(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn words_that_may_be_a_moment_are_tried_longest_first() {
        let found: Vec<_> = moments("web_1 | [2024-05-01 10:00:00,123] INFO ").collect();
        let place = |text| found.iter().position(|found| *found == text).unwrap();
        assert!(place("2024-05-01 10:00:00,123") < place("2024-05-01"));
        assert!(moments("INFO 1234 [17]").all(|words| words.len() > 5));
        assert_eq!(moments("1714557608 ").collect::<Vec<_>>(), ["1714557608"]);
        assert_eq!(moments(" \t").count(), 0);
    }
}
