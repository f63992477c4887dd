//! Replacements of the matches of a regular expression.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use regex::{CaptureLocations, Regex};
use thiserror::Error;

use crate::expression;

/// Replaces every match of a regular expression in a name.
///
/// Written `REGEX=TEXT`, and split at the first `=` without a `\` before it, so `\=` is an `=` in
/// `REGEX`. The syntax is that of the crate [`regex`](https://docs.rs/regex/1/regex/#syntax). In
/// `TEXT`, `$1` and `${name}` are groups of the match, and `$$` is a `$`. A `$` that none of these
/// characters follow is itself. A group that took no part in the match is empty.
///
/// # Examples
///
/// ```
/// use codec::{NameRules, Replace};
///
/// let rules = NameRules {
///     replace: vec![Replace::parse(r"^(\w+) /v\d+/=$1 /")?],
///     ..NameRules::default()
/// };
/// assert_eq!(rules.name(&["GET", "/v2/cart"]).as_deref(), Some("GET /cart"));
///
/// let error = Replace::parse("(a=b").unwrap_err();
/// assert_eq!(error.to_string(), "unclosed group (byte 0)");
/// # Ok::<(), codec::ReplaceError>(())
/// ```
#[derive(Clone)]
pub struct Replace {
    /// As written.
    text: Box<str>,
    regex: Regex,
    /// What replaces a match.
    parts: Vec<Part>,
    has_groups: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Group(usize),
}

impl Replace {
    /// Parses `REGEX=TEXT`.
    ///
    /// `TEXT` may be empty. A name that becomes empty is missing.
    ///
    /// # Errors
    ///
    /// [`ReplaceError`] with the first byte that is wrong: no `=`, an empty or invalid `REGEX`, one
    /// that needs more than 10 MiB, a group in `TEXT` that `REGEX` does not have.
    ///
    /// # Complexity
    ///
    /// As compiling the expression.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::Replace;
    ///
    /// let replace = Replace::parse(r"id\=\d+=id")?;
    /// assert_eq!(replace.to_string(), r"id\=\d+=id");
    /// # Ok::<(), codec::ReplaceError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, ReplaceError> {
        let split = split_at(text).ok_or(ReplaceError {
            kind: ReplaceErrorKind::NoText { has_escaped: text.contains('=') },
            at: text.len(),
        })?;
        if split == 0 {
            return Err(ReplaceError { kind: ReplaceErrorKind::NoPattern, at: 0 });
        }
        // `\=` is an `=` for the crate too, so the offsets of its errors are those of `text`.
        let regex = expression::compile(&text[..split]).map_err(|fault| {
            let kind = ReplaceErrorKind::Pattern { reason: fault.reason };
            ReplaceError { kind, at: fault.at }
        })?;
        let parts = Template { text, at: split + 1, regex: &regex }.parts()?;
        let has_groups = parts.iter().any(|part| matches!(part, Part::Group(_)));
        Ok(Self { text: text.into(), regex, parts, has_groups })
    }

    /// Creates what one thread needs to replace.
    pub(super) fn replacer(&self) -> Replacer {
        // A clone has a cache of its own. Threads that share one wait for each other.
        let regex = self.regex.clone();
        Replacer { groups: regex.capture_locations(), regex }
    }

    /// Writes `name` with all matches replaced. Returns whether there are any.
    pub(super) fn replace(&self, replacer: &mut Replacer, name: &str, out: &mut String) -> bool {
        out.clear();
        let (mut at, mut copied) = (0, 0);
        let mut is_changed = false;
        while let Some(found) = replacer.next(name, at, self.has_groups) {
            // An empty match is not one where the last match ended.
            if found.is_empty() && is_changed && found.end == copied {
                let Some(next) = name[found.end..].chars().next() else { break };
                at = found.end + next.len_utf8();
                continue;
            }
            out.push_str(&name[copied..found.start]);
            self.write(&replacer.groups, name, out);
            is_changed = true;
            (at, copied) = (found.end, found.end);
        }
        if is_changed {
            out.push_str(&name[copied..]);
        }
        is_changed
    }

    fn write(&self, groups: &CaptureLocations, name: &str, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(group) => {
                    let (start, end) = groups.get(*group).unwrap_or_default();
                    out.push_str(&name[start..end]);
                }
            }
        }
    }
}

/// What one thread needs to replace without allocating.
#[derive(Debug)]
pub(super) struct Replacer {
    regex: Regex,
    groups: CaptureLocations,
}

impl Replacer {
    /// Returns the first match from `at` on, and reads its groups if they are needed.
    fn next(&mut self, name: &str, at: usize, has_groups: bool) -> Option<Range<usize>> {
        let found = if has_groups {
            self.regex.captures_read_at(&mut self.groups, name, at)
        } else {
            self.regex.find_at(name, at)
        };
        found.map(|found| found.range())
    }
}

/// Returns the place of the first `=` without a `\` before it.
fn split_at(text: &str) -> Option<usize> {
    let mut equals = text.match_indices('=').map(|(at, _)| at);
    equals.find(|&at| !text[..at].ends_with('\\'))
}

/// The part of `REGEX=TEXT` after its `=`.
struct Template<'a> {
    text: &'a str,
    at: usize,
    regex: &'a Regex,
}

impl Template<'_> {
    fn parts(mut self) -> Result<Vec<Part>, ReplaceError> {
        let mut parts = Vec::new();
        let mut text = String::new();
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let Some(after) = rest.strip_prefix('$') else {
                let len = rest.find('$').unwrap_or(rest.len());
                text.push_str(&rest[..len]);
                self.at += len;
                continue;
            };
            let (name, len) = match after.as_bytes().first() {
                Some(b'$') => ("", 2),
                Some(b'{') => {
                    let end = after
                        .find('}')
                        .ok_or(ReplaceError { kind: ReplaceErrorKind::OpenGroup, at: self.at })?;
                    (&after[1..end], end + 2)
                }
                _ => {
                    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    let len = after.find(|c| !is_name(c)).unwrap_or(after.len());
                    (&after[..len], len + 1)
                }
            };
            if name.is_empty() && !after.starts_with('{') {
                text.push('$');
            } else {
                let group = self.group(name)?;
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text).into()));
                }
                parts.push(Part::Group(group));
            }
            self.at += len;
        }
        if !text.is_empty() {
            parts.push(Part::Text(text.into()));
        }
        Ok(parts)
    }

    /// Returns the number of a group.
    fn group(&self, name: &str) -> Result<usize, ReplaceError> {
        let numbered = name.parse().ok().filter(|&group| group < self.regex.captures_len());
        let named = || self.regex.capture_names().position(|known| known == Some(name));
        numbered.or_else(named).ok_or_else(|| {
            let groups = self.regex.captures_len() - 1;
            let kind = ReplaceErrorKind::UnknownGroup { name: name.into(), groups };
            ReplaceError { kind, at: self.at }
        })
    }
}

impl FromStr for Replace {
    type Err = ReplaceError;

    fn from_str(text: &str) -> Result<Self, ReplaceError> {
        Self::parse(text)
    }
}

/// Writes the replacement as it was written.
impl fmt::Display for Replace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Replace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Replace").field(&self.text).finish()
    }
}

/// Two replacements are equal if they are written alike.
impl PartialEq for Replace {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Replace {}

/// Reports why a text is not a replacement, and at which byte.
///
/// # Examples
///
/// ```
/// use codec::{Replace, ReplaceErrorKind};
///
/// let error = Replace::parse(r"(\d+)=$1st").unwrap_err();
/// assert_eq!(error.kind, ReplaceErrorKind::UnknownGroup { name: "1st".into(), groups: 1 });
/// assert_eq!(error.at, 6);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} (byte {at})")]
pub struct ReplaceError {
    /// What is wrong.
    pub kind: ReplaceErrorKind,
    /// The offset of the first byte that is wrong, counted from 0.
    pub at: usize,
}

/// The condition under which a replacement is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReplaceErrorKind {
    /// No `=` separates the pattern from the text.
    #[error(
        "replacement ends, expected `=` and the text after the pattern{}",
        if *has_escaped { ", `\\=` is a part of the pattern" } else { "" }
    )]
    NoText {
        /// Whether there is a `\=`.
        has_escaped: bool,
    },
    /// The pattern is empty, which would match between all characters.
    #[error("pattern is empty, expected `REGEX=TEXT`")]
    NoPattern,
    /// The pattern is not a regular expression, or is too large.
    #[error("{reason}")]
    Pattern {
        /// What is wrong, in the words of the crate `regex`.
        reason: Box<str>,
    },
    /// A `${` is not closed.
    #[error("group has no `}}`, a dollar sign is written `$$`")]
    OpenGroup,
    /// The text names a group that the pattern does not have.
    #[error(
        "group `{name}` is not among the {groups} of the pattern, expected one as in `${{1}}`, or \
         `$$` for a dollar sign"
    )]
    UnknownGroup {
        /// The name or number.
        name: Box<str>,
        /// The number of groups of the pattern, without the whole match.
        groups: usize,
    },
}
