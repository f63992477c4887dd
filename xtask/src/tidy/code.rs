//! Separates code from comments, strings and tests, line by line.
//!
//! The lexer of the compiler finds them. The input compiles, so malformed code needs no handling.

use std::sync::LazyLock;

use ra_ap_rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};
use regex::Regex;

/// A line of Rust code, in its parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The code, without comments and with empty string and character literals.
    pub(super) code: String,
    /// The text of the comments, including doc comments.
    pub(super) comment: String,
    /// The text of the string literals, as written.
    pub(super) text: String,
    /// Whether the line is in an item under `#[cfg(test)]`, `#[cfg(doctest)]` or `#[test]`.
    pub(super) test: bool,
}

/// Splits a file into lines.
pub(super) fn read(text: &str) -> Vec<Line> {
    let mut lines = split(text);
    mark_tests(&mut lines);
    lines
}

fn split(text: &str) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    let mut rest = text;
    for token in tokenize(text, FrontmatterAllowed::No) {
        let (part, more) = rest.split_at(token.len as usize);
        rest = more;
        match token.kind {
            TokenKind::LineComment { .. } | TokenKind::BlockComment { .. } => {
                let comment = part.trim_start_matches("/*").trim_end_matches("*/");
                let comment = comment.strip_prefix("//").unwrap_or(comment);
                push(&mut lines, comment, |line| &mut line.comment);
            }
            TokenKind::Literal {
                kind: LiteralKind::Char { .. } | LiteralKind::Byte { .. },
                ..
            } => {
                push(&mut lines, "''", |line| &mut line.code);
            }
            TokenKind::Literal { .. } if part.contains('"') => {
                let inner = part.find('"').zip(part.rfind('"')).map(|(a, b)| &part[a + 1..b]);
                let inner = inner.unwrap_or_default();
                let is_raw = part.starts_with(['r', 'b', 'c']) && !part.starts_with("b\"");
                let text = if is_raw { inner.to_owned() } else { without_escapes(inner) };
                push(&mut lines, "\"", |line| &mut line.code);
                push(&mut lines, &text, |line| &mut line.text);
                push(&mut lines, "\0", |line| &mut line.text); // Two literals are not one sentence.
                push(&mut lines, "\"", |line| &mut line.code);
            }
            _ => push(&mut lines, part, |line| &mut line.code),
        }
    }
    lines
}

/// Appends text to a part of the last line; each line end begins a new one.
fn push(lines: &mut Vec<Line>, text: &str, part: fn(&mut Line) -> &mut String) {
    for (index, piece) in text.split('\n').enumerate() {
        if index > 0 {
            lines.push(Line::default());
        }
        part(lines.last_mut().expect("begins with one line")).push_str(piece);
    }
}

/// Removes escaped characters, but not line ends.
fn without_escapes(text: &str) -> String {
    let mut chars = text.chars().peekable();
    let mut found = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next_if(|&escaped| escaped != '\n')),
            _ => found.push(c),
        }
    }
    found
}

/// Marks the lines of items under `#[cfg(test)]` or `#[test]`, including the attribute.
fn mark_tests(lines: &mut [Line]) {
    let mut depth = None; // The open braces since the attribute of a test item.
    for line in lines {
        let code = line.code.trim();
        if depth.is_none() && is_test_attribute(code) {
            depth = Some(0_usize);
        }
        line.test = depth.is_some();
        for c in code.chars() {
            depth = match (depth, c) {
                (Some(n), '{') => Some(n + 1),
                (Some(0 | 1), '}') | (Some(0), ';') => None,
                (Some(n), '}') => Some(n - 1),
                (depth, _) => depth,
            };
        }
    }
}

fn is_test_attribute(code: &str) -> bool {
    static TEST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^#\[(?:test\]|cfg\(.*\b(?:doc)?test\b)").expect("the pattern is a constant")
    });
    TEST.is_match(code) && !code.contains("not(test")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        read(text).into_iter().map(|line| line.code.trim().to_owned()).collect()
    }

    #[test]
    fn comments_and_strings_are_not_code() {
        let cases = [
            ("a(); // b", "a();"),
            ("a(/* b /* c */ d */);", "a();"),
            (r#"a("b // c", 'd', '"');"#, r#"a("", '', '');"#),
            (r#"a("\"b");"#, r#"a("");"#),
            (r"a('\'', '\\', '\u{41}');", "a('', '', '');"),
            (r##"a(r#"b "c" // d"#, br"e");"##, r#"a("", "");"#),
            ("fn a<'b>(c: &'b str, r#in: u8) {}", "fn a<'b>(c: &'b str, r#in: u8) {}"),
            ("for bar in r {}", "for bar in r {}"),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), [expected], "{text}");
        }
    }

    #[test]
    fn strings_and_comments_span_lines() {
        assert_eq!(code("a(\"b\nunwrap()\\\nc\");\nd"), ["a(\"", "", "\");", "d"]);
        let lines = read("/* a\nb */ c // d");
        assert_eq!((lines[1].code.trim(), lines[1].comment.as_str()), ("c", "b  d"));
    }

    #[test]
    fn test_items_end_with_their_brace() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    b { }\n}\nc\n#[cfg(test)]\nuse d;\ne\n\
                    #[cfg(all(test, not(loom)))]\nmod f;\n#[cfg(not(test))]\ng";
        let tests: Vec<_> = read(text).iter().map(|line| u8::from(line.test)).collect();
        assert_eq!(tests, [0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0]);
    }
}
