//! Paths: where a record has the value of a field.
//!
//! ```text
//! PATH = ALT *("|" ALT)                    the first alternative that is not missing
//! ALT  = KEY *("." KEY | "[" index "]" | "[" string "]")
//! KEY  = bare | string                     string: as in JSON
//! bare = 1*(any but . [ ] , | " = ! < > ~ and white space)
//! ```
//!
//! A path does not know the form of a record. JSON follows [`Alternative::steps`]; a flat form
//! (CSV, logfmt, named groups) looks up [`Alternative::flat_key`] or [`Alternative::column`].

use std::fmt;
use std::str::FromStr;

mod error;
mod parse;
#[cfg(test)]
mod tests;

pub use self::error::{PathError, PathErrorKind};

use self::parse::{Parser, is_bare};

/// Names a field of a record, with alternatives.
///
/// `request.uri` is the key `uri` of the object `request`, `tags[0]` is the first element of an
/// array, and `request_uri|uri` is the first of two fields that is not missing. A key that has one
/// of the characters `. [ ] , | " = ! < > ~` or white space is written as a JSON string:
/// `"http.route"`, `headers["User-Agent"]`. Keys are compared by case, after unescaping.
///
/// In CSV, logfmt and patterns, which have no nesting, the text of an alternative without its
/// quotes is the name of the column, key or group, dots included. `#3` is the third column of CSV.
///
/// Three names have a meaning unless they are quoted: `@prefix` is the text before an embedded
/// object, `@outer.PATH` is a field of the record around an unwrapped one, and `@file` is the name
/// of the input.
///
/// # Examples
///
/// ```
/// use codec::Path;
///
/// let path: Path = r#"request.headers["User-Agent"][0]|agent"#.parse()?;
/// assert_eq!(path.to_string(), r#"request.headers["User-Agent"][0]|agent"#);
///
/// let error = Path::parse("request..uri").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "found `.`, expected a key or a string in double quotes (byte 8)"
/// );
/// # Ok::<(), codec::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// In the order of their preference; at least one.
    pub(crate) alternatives: Vec<Alternative>,
}

impl Path {
    /// Parses a path.
    ///
    /// # Errors
    ///
    /// [`PathError`] with the first byte that the grammar does not allow. A comma is refused here;
    /// [`parse_list`](Self::parse_list) parses several paths.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the text.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Path;
    ///
    /// assert_eq!(Path::parse("action")?, Path::key("action"));
    /// # Ok::<(), codec::PathError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Parser::one(text).path()
    }

    /// Parses one or more paths that are separated by commas.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse). An empty list is an error too.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Path;
    ///
    /// let paths = Path::parse_list("method|verb,request.uri")?;
    /// assert_eq!(paths, [Path::parse("method|verb")?, Path::parse("request.uri")?]);
    /// # Ok::<(), codec::PathError>(())
    /// ```
    pub fn parse_list(text: &str) -> Result<Vec<Self>, PathError> {
        Parser::list(text).paths()
    }

    /// Creates the path of one key, which may have any characters.
    ///
    /// The key is quoted if it would not be a bare key, or if it has a meaning as `@file` has.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Path;
    ///
    /// assert_eq!(Path::key("time").to_string(), "time");
    /// assert_eq!(Path::key("http.route"), Path::parse(r#""http.route""#)?);
    /// # Ok::<(), codec::PathError>(())
    /// ```
    #[must_use]
    pub fn key(key: &str) -> Self {
        let is_quoted = !is_bare(key) || is_reserved(key) || is_column(key);
        let text = if is_quoted { quoted(key) } else { key.into() };
        Self {
            alternatives: vec![Alternative {
                source: Source::Record,
                steps: vec![Step::Key(key.into())],
                text,
                flat_key: key.into(),
                is_quoted,
            }],
        }
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

/// Writes the path as it was written.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, alternative) in self.alternatives.iter().enumerate() {
            let separator = if index > 0 { "|" } else { "" };
            write!(f, "{separator}{}", alternative.text)?;
        }
        Ok(())
    }
}

/// One alternative of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Alternative {
    pub(crate) source: Source,
    /// The way from the source to the value. Empty for a source that is a text.
    pub(crate) steps: Vec<Step>,
    /// The alternative as written, `@outer.` included.
    pub(crate) text: Box<str>,
    /// Whether a key is in double quotes.
    pub(crate) is_quoted: bool,
    /// The text without `@outer.`, each string unescaped and without its quotes.
    flat_key: Box<str>,
}

impl Alternative {
    /// Returns the name of the column, key or group in a form without nesting.
    pub(crate) fn flat_key(&self) -> &str {
        &self.flat_key
    }

    /// Returns the index of the column that `#3` names, counted from 0.
    ///
    /// `#0`, `#03` and a quoted `"#3"` are names, not columns.
    #[cfg_attr(not(feature = "csv"), allow(dead_code, reason = "only CSV has columns"))]
    pub(crate) fn column(&self) -> Option<usize> {
        if self.is_quoted { None } else { column(&self.flat_key) }
    }
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The value of a key, unescaped.
    Key(Box<str>),
    /// An element of an array, counted from 0.
    Index(usize),
}

/// What the steps of an alternative start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// The record.
    Record,
    /// The text before an embedded object.
    Prefix,
    /// The record around an unwrapped one.
    Outer,
    /// The name of the input.
    File,
}

const PREFIX: &str = "@prefix";
const OUTER: &str = "@outer";
const FILE: &str = "@file";

fn is_reserved(key: &str) -> bool {
    [PREFIX, OUTER, FILE].contains(&key)
}

fn is_column(key: &str) -> bool {
    column(key).is_some()
}

fn column(key: &str) -> Option<usize> {
    let number = key.strip_prefix('#')?;
    if number.starts_with('0') || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<usize>().ok()?.checked_sub(1)
}

/// Writes a key as a JSON string.
fn quoted(key: &str) -> Box<str> {
    let mut text = String::with_capacity(key.len() + 2);
    text.push('"');
    for c in key.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\0'..='\x1F' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => text.push(c),
        }
    }
    text.push('"');
    text.into()
}
