//! Quotes words of a command line for a shell.

use std::borrow::Cow;

/// Joins words, each quoted if a shell would change it.
pub(crate) fn join<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    words.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// Quotes a word if a shell would change it.
///
/// A regular expression stays in one pair of quotes, where `shlex` changes quotes at each `^` for
/// shells that expand it.
fn quote(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./,:@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.into();
    }
    if !word.contains(['\'', '\0']) {
        return format!("'{word}'").into();
    }
    // A word of a command line has no zero byte.
    shlex::try_quote(word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_needed_and_split_again() {
        let words =
            ["a,b", "", "^(?<a>\\S+) \"x\"$", "it's", "a=b", "~", "日本", "-1", "[0]", "a\nb"];
        let joined = join(words);
        assert_eq!(joined, "a,b '' '^(?<a>\\S+) \"x\"$' \"it's\" 'a=b' '~' '日本' -1 '[0]' 'a\nb'");
        assert_eq!(shlex::split(&joined).unwrap(), words);
    }
}
