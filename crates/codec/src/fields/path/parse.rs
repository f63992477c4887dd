//! The grammar of paths.

use super::{Alternative, FILE, OUTER, PREFIX, Path, PathError, PathErrorKind, Source, Step};
use crate::error::code::{ErrorCode, ScanError};
use crate::scan::cursor::Cursor;

const KEY: &str = "a key or a string in double quotes";
const INDEX: &str = "an index or a string in double quotes";
const AFTER: &str = "`.`, `[`, `|`, the end, or the key in double quotes";
const AFTER_IN_LIST: &str = "`.`, `[`, `|`, `,`, the end, or the key in double quotes";

/// Returns whether a character can be part of a key without quotes.
fn is_bare_character(c: char) -> bool {
    !c.is_whitespace() && !r#".[],|"=!<>~"#.contains(c)
}

/// Returns whether a text is a key without quotes.
pub(super) fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.chars().all(is_bare_character)
}

/// Reads paths from left to right, without going back.
pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    is_list: bool,
}

/// A key, and whether it was quoted.
struct Key {
    text: Box<str>,
    is_quoted: bool,
}

type Parsed<T> = Result<T, PathError>;

impl<'a> Parser<'a> {
    pub(super) fn one(text: &'a str) -> Self {
        Self { text, at: 0, is_list: false }
    }

    pub(super) fn list(text: &'a str) -> Self {
        Self { text, at: 0, is_list: true }
    }

    /// Reads all paths.
    pub(super) fn paths(&mut self) -> Parsed<Vec<Path>> {
        let mut paths = vec![self.path()?];
        while self.eat(',') {
            paths.push(self.path()?);
        }
        Ok(paths)
    }

    /// Reads one path, up to the end or the comma of a list.
    pub(super) fn path(&mut self) -> Parsed<Path> {
        let mut alternatives = vec![self.alternative()?];
        while self.eat('|') {
            alternatives.push(self.alternative()?);
        }
        match self.peek() {
            None => {}
            Some(',') if self.is_list => {}
            Some(_) => return self.unexpected(if self.is_list { AFTER_IN_LIST } else { AFTER }),
        }
        Ok(Path { alternatives })
    }

    fn alternative(&mut self) -> Parsed<Alternative> {
        let start = self.at;
        let first = self.key()?;
        let mut is_quoted = first.is_quoted;
        let mut flat_key = String::from(&*first.text);
        let mut steps = vec![Step::Key(first.text)];
        loop {
            let from = self.at;
            if self.eat('.') {
                let key = self.key()?;
                flat_key.push('.');
                flat_key.push_str(&key.text);
                is_quoted |= key.is_quoted;
                steps.push(Step::Key(key.text));
            } else if self.eat('[') {
                let step = self.bracket()?;
                if let Step::Key(key) = &step {
                    flat_key.extend(["[", key, "]"]);
                    is_quoted = true;
                } else {
                    flat_key.push_str(&self.text[from..self.at]);
                }
                steps.push(step);
            } else {
                break;
            }
        }
        let text = &self.text[start..self.at];
        let source =
            source(text, &steps).map_err(|(kind, at)| PathError { kind, at: start + at })?;
        if source != Source::Record {
            steps.remove(0);
        }
        if source == Source::Outer {
            flat_key.drain(..OUTER.len() + 1);
        }
        let (text, flat_key) = (text.into(), flat_key.into());
        Ok(Alternative { source, steps, text, is_quoted, flat_key })
    }

    fn key(&mut self) -> Parsed<Key> {
        if self.peek() == Some('"') {
            return Ok(Key { text: self.string()?, is_quoted: true });
        }
        let rest = self.rest();
        let len = rest.find(|c| !is_bare_character(c)).unwrap_or(rest.len());
        if len == 0 {
            return self.unexpected(KEY);
        }
        self.at += len;
        Ok(Key { text: rest[..len].into(), is_quoted: false })
    }

    /// Reads what is between brackets, and the closing one.
    fn bracket(&mut self) -> Parsed<Step> {
        if self.peek() == Some('"') {
            let key = self.string()?;
            return if self.eat(']') { Ok(Step::Key(key)) } else { self.unexpected("`]`") };
        }
        let (at, rest) = (self.at, self.rest());
        let len = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if len == 0 {
            return self.unexpected(INDEX);
        }
        self.at += len;
        if !self.eat(']') {
            return self.unexpected("a digit or `]`");
        }
        // Digits alone can only be too large.
        rest[..len].parse().map(Step::Index).map_err(|_| {
            let digits = rest[..len].trim_start_matches('0').len();
            PathError { kind: PathErrorKind::IndexTooLarge { digits, max: usize::MAX }, at }
        })
    }

    /// Reads a JSON string, whose opening quote is here.
    fn string(&mut self) -> Parsed<Box<str>> {
        let mut cursor = Cursor::new(self.text.as_bytes()).placed(self.at);
        let text = cursor.string().map_err(|error| self.invalid_string(error))?;
        self.at = cursor.at;
        Ok(text.text().into())
    }

    fn invalid_string(&self, error: ScanError) -> PathError {
        let ScanError { code, at, detail } = error;
        let expected = match code {
            ErrorCode::LoneSurrogate => {
                return PathError {
                    kind: PathErrorKind::LoneSurrogate { found: detail as u16 },
                    at,
                };
            }
            ErrorCode::InvalidEscape => "one of `\"\\/bfnrtu` after a backslash",
            ErrorCode::InvalidUnicodeEscape => "four hexadecimal digits",
            ErrorCode::Unexpected(expected) => expected.text(),
            ErrorCode::ControlInString if at < self.text.len() => "it as an escape",
            _ => "`\"` at the end of the key",
        };
        self.unexpected_at(at, expected)
    }

    fn unexpected<T>(&self, expected: &'static str) -> Parsed<T> {
        Err(self.unexpected_at(self.at, expected))
    }

    fn unexpected_at(&self, at: usize, expected: &'static str) -> PathError {
        let kind = match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(found) => PathErrorKind::UnexpectedCharacter { found, expected },
            None => PathErrorKind::UnexpectedEnd { expected },
        };
        PathError { kind, at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Skips an ASCII character if it is here. Returns whether it is.
    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }
}

/// Returns what an alternative starts from. An error has its byte in the alternative.
fn source(text: &str, steps: &[Step]) -> Result<Source, (PathErrorKind, usize)> {
    let Some(Step::Key(key)) = steps.first() else { return Ok(Source::Record) };
    // A quoted key is not at the start of the text.
    let (source, name) = match &**key {
        _ if !text.starts_with(&**key) => return Ok(Source::Record),
        PREFIX => (Source::Prefix, PREFIX),
        FILE => (Source::File, FILE),
        OUTER if text[OUTER.len()..].starts_with('.') => return Ok(Source::Outer),
        OUTER => return Err((PathErrorKind::NoPath, OUTER.len())),
        _ => return Ok(Source::Record),
    };
    match steps.len() {
        1 => Ok(source),
        _ => Err((PathErrorKind::NoFields { name }, name.len())),
    }
}
