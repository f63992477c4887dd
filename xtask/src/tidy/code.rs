//! Separates code from comments, strings and tests, line by line.
//!
//! A full parser would be exact, but it takes longer to compile than the rest of this runner. The
//! input is formatted by rustfmt and compiles, so malformed code needs no handling.

/// A line of Rust code, in its parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The code, without comments and with empty string and character literals.
    pub(super) code: String,
    /// The text of the comments, including doc comments.
    pub(super) comment: String,
    /// The text of the string literals, as written.
    pub(super) text: String,
    /// Whether the line is in an item under `#[cfg(test)]` or `#[test]`.
    pub(super) test: bool,
}

impl Line {
    /// Returns whether the code contains `word` as a whole identifier.
    pub(super) fn has_word(&self, word: &str) -> bool {
        words_at(&self.code, word).next().is_some()
    }
}

/// Returns the positions of a word as a whole identifier.
pub(super) fn words_at<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part)
    })
}

/// Splits a file into lines.
pub(super) fn read(text: &str) -> Vec<Line> {
    let mut lines = split(text);
    mark_tests(&mut lines);
    lines
}

/// The state of the scanner.
#[derive(Clone, Copy)]
enum Inside {
    Code,
    LineComment,
    /// A block comment, with its depth.
    BlockComment(usize),
    Text,
    /// A raw string, with the number of `#` that close it.
    RawText(usize),
}

fn split(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let mut lines = vec![Line::default()];
    let mut inside = Inside::Code;
    let mut at = 0;
    while at < chars.len() {
        let here = &chars[at..];
        let line = lines.last_mut().expect("begins with one line");
        if here[0] == '\n' {
            if matches!(inside, Inside::LineComment) {
                inside = Inside::Code;
            }
            lines.push(Line::default());
            at += 1;
            continue;
        }
        at += match inside {
            Inside::Code => {
                let (length, next) = code_step(here, line);
                inside = next;
                length
            }
            Inside::LineComment => {
                line.comment.push(here[0]);
                1
            }
            Inside::BlockComment(depth) => match here {
                ['*', '/', ..] => {
                    inside =
                        if depth == 1 { Inside::Code } else { Inside::BlockComment(depth - 1) };
                    2
                }
                ['/', '*', ..] => {
                    inside = Inside::BlockComment(depth + 1);
                    2
                }
                _ => {
                    line.comment.push(here[0]);
                    1
                }
            },
            Inside::Text => match here {
                ['\\', '\n', ..] => 1, // The line end is handled above.
                ['\\', _, ..] => 2,
                ['"', ..] => {
                    line.code.push('"');
                    line.text.push('\0'); // Two literals are not one sentence.
                    inside = Inside::Code;
                    1
                }
                [c, ..] => {
                    line.text.push(*c);
                    1
                }
                [] => 1,
            },
            Inside::RawText(hashes) => {
                let closes = here[0] == '"' && here[1..].iter().take(hashes).all(|&c| c == '#');
                if closes {
                    line.code.push('"');
                    line.text.push('\0');
                    inside = Inside::Code;
                    1 + hashes
                } else {
                    line.text.push(here[0]);
                    1
                }
            }
        };
    }
    lines
}

/// Scans one token of code; returns its length and the next state.
fn code_step(here: &[char], line: &mut Line) -> (usize, Inside) {
    let in_word = line.code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    match here {
        ['/', '/', ..] => (2, Inside::LineComment),
        ['/', '*', ..] => (2, Inside::BlockComment(1)),
        ['"', ..] => {
            line.code.push('"');
            (1, Inside::Text)
        }
        ['r', rest @ ..] | ['b' | 'c', 'r', rest @ ..] if !in_word => {
            let hashes = rest.iter().take_while(|&&c| c == '#').count();
            if rest.get(hashes) == Some(&'"') {
                line.code.push('"');
                (here.len() - rest.len() + hashes + 1, Inside::RawText(hashes))
            } else {
                line.code.push(here[0]);
                (1, Inside::Code)
            }
        }
        ['\'', '\\', escaped @ ..] => {
            // The first character after the backslash may itself be a quote.
            let end = escaped.iter().skip(1).position(|&c| c == '\'').unwrap_or(0);
            line.code.push_str("''");
            (end + 4, Inside::Code)
        }
        ['\'', _, '\'', ..] => {
            line.code.push_str("''");
            (3, Inside::Code)
        }
        [c, ..] => {
            line.code.push(*c);
            (1, Inside::Code)
        }
        [] => (1, Inside::Code),
    }
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
    let condition = code
        .strip_prefix("#[cfg(")
        .is_some_and(|rest| words_at(rest, "test").next().is_some() && !rest.contains("not(test"));
    condition || code.starts_with("#[test]")
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

    #[test]
    fn words_match_whole_identifiers() {
        let line = &read("unsafe_code unsafe")[0];
        assert!(line.has_word("unsafe") && !line.has_word("code"));
    }
}
