//! Patterns: lines whose fields are the named groups of a regular expression.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use regex::bytes::{CaptureLocations, Regex};

#[cfg(feature = "snippet")]
use crate::error::Snippet;
use crate::expression::{self, PatternFault};
use crate::fields::found::{Fault, Skip, Slot};

/// A regular expression whose named groups are the fields of a line.
///
/// The syntax is that of the crate `regex`. The pattern may match anywhere in the line; its first
/// match counts. A group that takes no part in the match is a field that the line does not have.
///
/// # Examples
///
/// ```
/// use codec::LinePattern;
///
/// let pattern: LinePattern = r"(?<method>[A-Z]+) (?<path>\S+) (?<value>\d+)ms".parse()?;
/// assert_eq!(pattern.groups().collect::<Vec<_>>(), ["method", "path", "value"]);
///
/// let error = r"took (?<value>\d+".parse::<LinePattern>().unwrap_err();
/// assert_eq!(error.to_string(), "invalid pattern: unclosed group (byte 5)");
/// # Ok::<(), codec::LinePatternError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LinePattern(Regex);

impl LinePattern {
    /// Returns the names of the groups, in order.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }

    /// Returns the pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for LinePattern {
    type Err = LinePatternError;

    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// [`LinePatternError`] for a wrong syntax, and for a pattern that takes more than 10 MiB.
    fn from_str(pattern: &str) -> Result<Self, LinePatternError> {
        expression::compile_bytes(pattern).map(Self).map_err(|PatternFault { reason, at }| {
            LinePatternError { pattern: pattern.into(), reason, at }
        })
    }
}

impl PartialEq for LinePattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for LinePattern {}

impl fmt::Display for LinePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text is not a pattern.
///
/// `{}` displays one line, and `{:#}` three: the error, the pattern, and a caret below the byte.
/// Without the feature `snippet`, both display one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePatternError {
    /// The pattern.
    pub pattern: Box<str>,
    /// What is wrong, in the words of the crate `regex`.
    pub reason: Box<str>,
    /// The offset of the first byte that is wrong, counted from 0.
    pub at: usize,
}

impl fmt::Display for LinePatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid pattern: {} (byte {})", self.reason, self.at)?;
        #[cfg(feature = "snippet")]
        if f.alternate() {
            let Snippet { text, column } = Snippet::new(self.pattern.as_bytes(), self.at);
            write!(f, "\n  {text}\n  {:column$}^", "")?;
        }
        Ok(())
    }
}

impl Error for LinePatternError {}

/// Reads the groups of one pattern from lines.
#[derive(Debug)]
pub(crate) struct Groups {
    regex: Regex,
    /// Where the groups of the last match are, so that no line allocates.
    locations: CaptureLocations,
    /// The number and the slot of each group that is read.
    wanted: Box<[(usize, usize)]>,
}

impl Groups {
    /// Takes the name of each group that is read, with the index of its slot.
    pub(crate) fn new<'k>(
        pattern: &LinePattern,
        keys: impl Iterator<Item = (usize, &'k str)>,
    ) -> Self {
        // Threads that share a regular expression wait for each other; a clone does not.
        let regex = pattern.0.clone();
        let number = |key| regex.capture_names().position(|name| name == Some(key));
        let wanted = keys.filter_map(|(slot, key)| Some((number(key)?, slot))).collect();
        Self { locations: regex.capture_locations(), wanted, regex }
    }

    /// Fills the slots of the groups that are read.
    ///
    /// # Errors
    ///
    /// [`Skip::NoMatch`].
    pub(crate) fn read<'a>(&mut self, line: &'a [u8], slots: &mut [Slot<'a>]) -> Result<(), Fault> {
        if self.regex.captures_read(&mut self.locations, line).is_none() {
            return Err(Fault::Skipped(Skip::NoMatch));
        }
        for &(group, slot) in &self.wanted {
            if let Some((start, end)) = self.locations.get(group) {
                slots[slot] = Slot::text(line, start..end);
            }
        }
        Ok(())
    }
}
