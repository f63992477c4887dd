//! Why a text is not a path.

use std::fmt;

use thiserror::Error;

use crate::error::Shown;

/// Reports why a text is not a path, and at which byte.
///
/// # Examples
///
/// ```
/// use codec::{Path, PathErrorKind};
///
/// let error = Path::parse("tags[x]").unwrap_err();
/// assert_eq!(
///     error.kind,
///     PathErrorKind::UnexpectedCharacter {
///         found: 'x',
///         expected: "an index or a string in double quotes"
///     }
/// );
/// assert_eq!(error.at, 5);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} (byte {at})")]
pub struct PathError {
    /// What is wrong.
    pub kind: PathErrorKind,
    /// The offset of the first byte that is wrong, counted from 0.
    pub at: usize,
}

/// The condition under which a path is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathErrorKind {
    /// The path ends too early.
    #[error("path ends, expected {expected}")]
    UnexpectedEnd {
        /// What is allowed next.
        expected: &'static str,
    },
    /// A character is not allowed here.
    #[error("found {}, expected {expected}", Found(*found))]
    UnexpectedCharacter {
        /// The character.
        found: char,
        /// What is allowed here.
        expected: &'static str,
    },
    /// An escape of a string is half of a surrogate pair.
    #[error("escape `\\u{found:04x}` is half of a surrogate pair, expected both")]
    LoneSurrogate {
        /// The surrogate.
        found: u16,
    },
    /// An index does not fit into the address space.
    #[error("index has {digits} digits, limit is {max}")]
    IndexTooLarge {
        /// The number of digits, without leading zeros.
        digits: usize,
        /// The maximum index.
        max: usize,
    },
    /// A path continues after `@prefix` or `@file`.
    #[error("`{name}` is a text without fields, a key of this name is written `\"{name}\"`")]
    NoFields {
        /// The name.
        name: &'static str,
    },
    /// `@outer` is not followed by a path.
    #[error("`@outer` is not a field, expected a path after it such as `@outer.time`")]
    NoPath,
}

/// Displays a character of a path.
struct Found(char);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_whitespace() { f.write_str("white space") } else { Shown(self.0).fmt(f) }
    }
}
