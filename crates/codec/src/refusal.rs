//! A refused line of a batch: where, why, and what it looks like there.

use std::fmt;

use crate::error::DecodeError;
use crate::spot::Spot;

/// A line of a batch that is no action: where it is, why it is none, and what it looks like there.
///
/// Shown with `{}` it is one line, with `{:#}` three: the place and the reason, the line, a caret.
///
/// # Examples
///
/// ```
/// let lines = b"{\"action\":\"jump\",\"time\":1}\n\n{\"action\":\"jump\",\"time\":-1}\n";
/// let report = codec::Policy::default().decode_slice(lines, &mut |_: codec::Entry<'_>| {});
///
/// let refusal = &report.refusals[0];
/// assert_eq!((refusal.line, refusal.offset, refusal.error.at()), (3, 28, 24));
/// assert_eq!(
///     format!("{refusal:#}"),
///     r#"line 3: time is `-1`, expected 0 or more (byte 24)
///   {"action":"jump","time":-1}
///                           ^"#
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The number of the line, counted from 1.
    pub line: u64,
    /// The offset of its first byte in the input.
    pub offset: u64,
    /// Why it is no action, with the offset in the line.
    pub error: DecodeError,
    /// What the line looks like around that byte.
    pub spot: Spot,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, error, spot, .. } = self;
        write!(f, "line {line}: {error}")?;
        if f.alternate() {
            let Spot { text, column } = spot;
            write!(f, "\n  {text}\n  {:column$}^", "")?;
        }
        Ok(())
    }
}
