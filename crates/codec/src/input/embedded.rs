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
}
