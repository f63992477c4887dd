//! Names that every version of Prometheus reads.

use std::borrow::Cow;

/// Returns the name of a metric, with `_` in place of each character that it cannot have.
///
/// A digit in front gets a `_` before it. An empty name stays empty.
pub(crate) fn metric(name: &str) -> Cow<'_, str> {
    escaped(name, |c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

/// Returns the name of a label, with `_` in place of each character that it cannot have.
///
/// Of several `_` in front one is kept, because names such as `__name__` are the server's.
pub(crate) fn label(name: &str) -> Cow<'_, str> {
    let mut name = escaped(name, |c| c.is_ascii_alphanumeric() || c == '_');
    let reserved = name.bytes().take_while(|&byte| byte == b'_').count().saturating_sub(1);
    if reserved > 0 {
        name = match name {
            Cow::Borrowed(name) => Cow::Borrowed(&name[reserved..]),
            Cow::Owned(name) => Cow::Owned(name[reserved..].to_owned()),
        };
    }
    name
}

fn escaped(name: &str, is_allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    let digit_first = name.starts_with(|first: char| first.is_ascii_digit());
    if !digit_first && name.chars().all(&is_allowed) {
        return Cow::Borrowed(name);
    }
    let replaced = name.chars().map(|c| if is_allowed(c) { c } else { '_' });
    Cow::Owned(digit_first.then_some('_').into_iter().chain(replaced).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_names_cannot_have_are_replaced() {
        let cases = [
            ("http_requests", "http_requests", "http_requests"),
            ("db.query-time", "db_query_time", "db_query_time"),
            ("a:b", "a:b", "a_b"),
            ("9lives", "_9lives", "_9lives"),
            ("größe", "gr__e", "gr__e"),
            ("a\"} 1\nb", "a___1_b", "a___1_b"),
            ("__name__", "__name__", "_name__"),
            ("..x", "__x", "_x"),
            ("__9", "__9", "_9"),
            ("___", "___", "_"),
            ("", "", ""),
        ];
        for (name, of_metric, of_label) in cases {
            assert_eq!((metric(name).as_ref(), label(name).as_ref()), (of_metric, of_label));
        }
    }
}
