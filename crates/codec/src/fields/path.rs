//! Paths: where a field is in a record.

use std::fmt;

use thiserror::Error;

/// Selects a field of a record: keys and indexes, with alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    pub(crate) alternatives: Vec<Alternative>,
}

/// One of the fields that a path selects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Alternative {
    pub(crate) source: Source,
    pub(crate) steps: Vec<Step>,
    /// The alternative as written.
    pub(crate) text: Box<str>,
    /// Whether a key is quoted.
    pub(crate) is_quoted: bool,
}

/// Where an alternative starts.
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

/// A step from a value into a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Key(Box<str>),
    Index(usize),
}

/// A text is not a path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("path is empty, expected a key such as `action`")]
pub struct PathError;

impl Path {
    /// Parses a path.
    ///
    /// # Errors
    ///
    /// [`PathError`] if a key is empty.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let alternatives = text.split('|').map(Alternative::parse).collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    /// Returns the path of a key of the record.
    pub(crate) fn key(key: &str) -> Self {
        let steps = vec![Step::Key(key.into())];
        let (source, text) = (Source::Record, key.into());
        Self { alternatives: vec![Alternative { source, steps, text, is_quoted: false }] }
    }
}

impl Alternative {
    fn parse(text: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (key, indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
            if key.is_empty() {
                return Err(PathError);
            }
            steps.push(Step::Key(key.into()));
            for index in indexes.split_terminator(']') {
                let index = index.strip_prefix('[').and_then(|index| index.parse().ok());
                steps.push(Step::Index(index.ok_or(PathError)?));
            }
        }
        Ok(Self { source: Source::Record, steps, text: text.into(), is_quoted: false })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, alternative) in self.alternatives.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { "|" } else { "" }, alternative.text)?;
        }
        Ok(())
    }
}
