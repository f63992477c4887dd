//! A refused line of a batch: where, why, and what it looks like there.

use std::fmt;

use crate::error::code::ScanError;
use crate::error::{DecodeError, Snippet};
use crate::options::Limits;

/// A line of a batch that is no action: where it is, why it is none, and what it looks like there.
///
/// Shown with `{}` it is one line, with `{:#}` three: the place and the reason, the line, a caret.
///
/// # Examples
///
/// ```
/// let lines = b"{\"action\":\"jump\",\"time\":1}\n\n{\"action\":\"jump\",\"time\":-1}\n";
/// let options = codec::DecodeOptions::default();
/// let report = options.decode_slice(lines, &mut |_: codec::Record<'_>| {});
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
    pub spot: Snippet,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, error, spot, .. } = self;
        write!(f, "line {line}: {error}")?;
        if f.alternate() {
            let Snippet { text, column } = spot;
            write!(f, "\n  {text}\n  {:column$}^", "")?;
        }
        Ok(())
    }
}

/// A line of a batch that is no action, lent to a [`Sink`](crate::Sink) that is shown them all.
///
/// # Examples
///
/// ```
/// use codec::{Record, DecodeOptions, RefusedLine, Sink};
///
/// #[derive(Default)]
/// struct Refused(Vec<String>);
///
/// impl Sink for Refused {
///     fn accept(&mut self, _: Record<'_>) {}
///
///     fn refuse(&mut self, line: RefusedLine<'_>) {
///         let text = String::from_utf8_lossy(line.bytes);
///         self.0.push(format!("{}: {text} ({})", line.offset, line.error().reason()));
///     }
/// }
///
/// let mut refused = Refused::default();
/// let lines = b"{\"action\":\"jump\",\"time\":1}\n[1]\r\n";
/// DecodeOptions::default().decode_slice(lines, &mut refused);
/// assert_eq!(refused.0, ["27: [1] (not an object)"]);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RefusedLine<'a> {
    /// The line without its end, or the beginning of one that [is not whole](Self::is_whole).
    pub bytes: &'a [u8],
    /// Where it begins in the input, in bytes.
    pub offset: u64,
    pub(crate) why: Why,
}

/// Why a line is no action.
#[derive(Debug, Clone)]
pub(crate) enum Why {
    /// Made into an error only on request, which takes longer than to find it.
    Found(ScanError, Limits),
    /// The line is above the limit and was not kept whole.
    TooLong(DecodeError),
}

impl RefusedLine<'_> {
    /// Why it is no action, with the offset in the line.
    ///
    /// # Complexity
    ///
    /// Made when it is asked for: about as long as it took to find that the line is none.
    #[must_use]
    pub fn error(&self) -> DecodeError {
        match &self.why {
            Why::Found(fault, limits) => fault.explain(self.bytes, *limits),
            Why::TooLong(error) => error.clone(),
        }
    }

    /// Returns whether [`bytes`](Self::bytes) are all of the line.
    ///
    /// If not, [`Sink::refuse_piece`](crate::Sink::refuse_piece) was called with all of it before.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self.why, Why::TooLong(_))
    }

    /// What is kept of it, as so many-th line.
    #[cold]
    pub(crate) fn keep(&self, line: u64) -> Refusal {
        let error = self.error();
        let mut shown = self.bytes;
        let at = error.at();
        let is_long = matches!(error, DecodeError::InputTooLong { .. });
        if is_long {
            // No more of a line than may be kept of one that was not read whole.
            shown = shown.get(..=at).unwrap_or(shown);
        }
        let mut spot = Snippet::new(shown, at);
        if is_long {
            spot.text.push('…');
        }
        Refusal { line, offset: self.offset, error, spot }
    }
}
