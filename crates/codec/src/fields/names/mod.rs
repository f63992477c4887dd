//! How a name is made of the texts of its fields.

use thiserror::Error;

/// Changes a name before it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRules {
    /// The text between the parts of a name. One space by default.
    pub separator: Box<str>,
    /// Replacements, in order.
    pub replace: Vec<Replace>,
    /// Whether identifiers in URL paths become `:id`.
    pub group_paths: bool,
    /// Whether control characters become spaces.
    pub clean: bool,
    /// The maximum length of a name; a longer one is shortened. Without it, it is refused.
    pub max_bytes: Option<usize>,
}

impl Default for NameRules {
    fn default() -> Self {
        Self {
            separator: " ".into(),
            replace: Vec::new(),
            group_paths: false,
            clean: false,
            max_bytes: None,
        }
    }
}

/// Replaces the matches of a regular expression in a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replace {}

/// A text is not a replacement.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("replacement has no `=`, expected `REGEX=TEXT`")]
pub struct ReplaceError;
