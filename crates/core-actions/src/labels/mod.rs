//! Names of several parts: a base name with labels, as in the text format of Prometheus.
//!
//! A tracker knows names as text only. So a name with labels is one text, the same for the same
//! labels in whatever order they were given, and it is read back where rows are grouped.

mod error;
mod group;
mod parse;

use std::collections::BTreeMap;
use std::fmt;

pub use error::LabelError;
pub use group::{GroupError, group_by};

use crate::action::ActionName;

/// A name of an action with labels, such as `http{method="GET",route="/"}`.
///
/// The labels are sorted by their names, and a label with an empty value is left out: by the rules
/// of Prometheus it is the same as a missing one. So there is one text for each set of labels. In a
/// value, `\`, `"` and line feeds are escaped as `\\`, `\"` and `\n`. It can be passed to a tracker
/// in place of a name.
///
/// # Limits
///
/// A label has the name `[a-zA-Z_][a-zA-Z0-9_]*`, without `__` in front, which is reserved. Base
/// name and values have no control characters, except for line feeds in values. Nothing is
/// shortened, because two long names could become one: a tracker refuses a text that is longer than
/// its [limit](crate::NAME_BYTES_MAX), 256 bytes by default.
///
/// # Complexity
///
/// Making a name allocates. In a hot loop, make it once and keep it, or a handle of it.
///
/// # Examples
///
/// ```
/// use core_actions::LabeledName;
///
/// let name = LabeledName::new("http")?.with("route", "/")?.with("method", "GET")?;
/// assert_eq!(name.as_str(), r#"http{method="GET",route="/"}"#);
/// assert_eq!((name.base(), name.label("method")), ("http", "GET"));
///
/// let quoted = LabeledName::new("sql")?.with("query", r#"SELECT "a""#)?;
/// assert_eq!(quoted.as_str(), r#"sql{query="SELECT \"a\""}"#);
/// assert_eq!(LabeledName::parse(quoted.as_str())?, quoted);
/// # Ok::<(), core_actions::LabelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabeledName {
    base: String,
    /// None is empty.
    labels: BTreeMap<String, String>,
    /// The base with the labels.
    text: String,
}

impl LabeledName {
    /// Creates a name without labels.
    ///
    /// # Errors
    ///
    /// [`LabelError::Name`] if the base name is blank or has control characters,
    /// [`LabelError::HasLabels`] if it ends with labels; [`parse`](Self::parse) reads those.
    pub fn new(base: &str) -> Result<Self, LabelError> {
        ActionName::with_limit(base, usize::MAX)?;
        if parse::split(base).is_some() {
            return Err(LabelError::HasLabels { base: base.to_owned() });
        }
        Ok(Self { base: base.to_owned(), labels: BTreeMap::new(), text: base.to_owned() })
    }

    /// Returns the name with one more label, or with another value of a label that it has.
    ///
    /// An empty value removes the label.
    ///
    /// # Errors
    ///
    /// [`LabelError::Label`] or [`LabelError::Reserved`] if the name of the label is invalid,
    /// [`LabelError::Control`] if the value has a control character that is not a line feed.
    pub fn with(mut self, label: &str, value: &str) -> Result<Self, LabelError> {
        check_label(label)?;
        check_value(label, value)?;
        if value.is_empty() {
            self.labels.remove(label);
        } else {
            self.labels.insert(label.to_owned(), value.to_owned());
        }
        self.text = rendered(&self.base, self.labels.iter());
        Ok(self)
    }

    /// Reads a name with labels, in whatever order they are.
    ///
    /// A text that does not end with labels is a base name, such as `/users/{id}`.
    ///
    /// # Errors
    ///
    /// [`LabelError::Name`] if the base name is blank or has control characters.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::LabeledName;
    ///
    /// let name = LabeledName::parse(r#"/users/{id}{method="GET"}"#)?;
    /// assert_eq!((name.base(), name.label("method")), ("/users/{id}", "GET"));
    /// let plain = LabeledName::parse("/users/{id}")?;
    /// assert_eq!((plain.base(), plain.labels().count()), ("/users/{id}", 0));
    /// # Ok::<(), core_actions::LabelError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let (base, labels) = parse::split(text).unwrap_or_else(|| (text, BTreeMap::new()));
        ActionName::with_limit(base, usize::MAX)?;
        let text = rendered(base, labels.iter());
        Ok(Self { base: base.to_owned(), labels, text })
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the name without labels.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the value of a label, which is empty if the name does not have it.
    #[must_use]
    pub fn label(&self, label: &str) -> &str {
        self.labels.get(label).map_or("", String::as_str)
    }

    /// Returns the labels with their values, sorted by label.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.labels.iter().map(|(label, value)| (label.as_str(), value.as_str()))
    }
}

/// Joins a base name and labels that are sorted and not empty.
fn rendered<'a>(
    base: &str,
    labels: impl Iterator<Item = (impl AsRef<str> + 'a, impl AsRef<str> + 'a)>,
) -> String {
    let mut text = base.to_owned();
    let mut separator = '{';
    for (label, value) in labels {
        text.push(separator);
        text.push_str(label.as_ref());
        text.push_str("=\"");
        for c in value.as_ref().chars() {
            match c {
                '\\' | '"' => text.extend(['\\', c]),
                '\n' => text.push_str("\\n"),
                c => text.push(c),
            }
        }
        text.push('"');
        separator = ',';
    }
    if separator == ',' {
        text.push('}');
    }
    text
}

fn check_label(label: &str) -> Result<(), LabelError> {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_valid =
        label.starts_with(is_first) && label.chars().all(|c| is_first(c) || c.is_ascii_digit());
    if !is_valid {
        return Err(LabelError::Label { label: label.to_owned() });
    }
    if label.starts_with("__") {
        return Err(LabelError::Reserved { label: label.to_owned() });
    }
    Ok(())
}

fn check_value(label: &str, value: &str) -> Result<(), LabelError> {
    match value.char_indices().find(|&(_, c)| c.is_control() && c != '\n') {
        None => Ok(()),
        Some((at, found)) => Err(LabelError::Control { label: label.to_owned(), found, at }),
    }
}

impl fmt::Display for LabeledName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl AsRef<str> for LabeledName {
    fn as_ref(&self) -> &str {
        &self.text
    }
}
