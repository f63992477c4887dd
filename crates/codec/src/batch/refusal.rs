//! A refused line of a batch: its place, its error, and the text around it.

use std::fmt;

use memchr::{memchr_iter, memrchr};

use crate::error::DecodeError;
use crate::error::code::ScanError;
#[cfg(feature = "snippet")]
use crate::error::{DecodeErrorKind, Snippet};
use crate::fields::error::{Context, FieldError};
use crate::options::Limits;

/// A refused line that a [`Report`](crate::Report) lists.
///
/// `{}` displays one line, and `{:#}` three: the place and the error, the text around the byte, and
/// a caret. Without the feature `snippet`, both display one line.
///
/// # Examples
///
/// ```
/// use codec::{DecodeOptions, Record};
///
/// let lines = b"{\"action\":\"jump\",\"time\":1}\n\n{\"action\":\"jump\",\"time\":-1}\n";
/// let report = DecodeOptions::default().decode_slice(lines, &mut |_: Record<'_>| {});
///
/// let refusal = &report.refusals[0];
/// assert_eq!((refusal.line, refusal.column, refusal.offset), (3, 25, 28));
/// # #[cfg(feature = "snippet")]
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
    /// The line of the error, counted from 1.
    ///
    /// A record of CSV or of a stream of JSON may begin in an earlier line.
    pub line: u64,
    /// The column of the error in its line, in bytes, counted from 1.
    pub column: usize,
    /// The offset of the record in the input, in bytes.
    pub offset: u64,
    /// The error, whose offset counts from the start of the record.
    pub error: DecodeError,
    /// The text of the line around the error.
    #[cfg(feature = "snippet")]
    pub snippet: Snippet,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, error, .. } = self;
        write!(f, "line {line}: {error}")?;
        #[cfg(feature = "snippet")]
        if f.alternate() {
            let Snippet { text, column } = &self.snippet;
            write!(f, "\n  {text}\n  {:column$}^", "")?;
        }
        Ok(())
    }
}

/// A refused line that is passed to a [`Sink`](crate::Sink).
///
/// # Examples
///
/// ```
/// use codec::{DecodeOptions, Record, RefusedLine, Sink};
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
/// let lines = b"{\"action\":\"jump\",\"time\":1}\n[1]\r\n";
/// let mut refused = Refused::default();
/// DecodeOptions::default().decode_slice(lines, &mut refused);
/// assert_eq!(refused.0, ["27: [1] (not an object)"]);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RefusedLine<'a> {
    /// The line without its line end, or the start of a line that [is not whole](Self::is_whole).
    pub bytes: &'a [u8],
    /// The offset of the line in the input, in bytes.
    pub offset: u64,
    pub(super) cause: Cause<'a>,
}

/// Why a line is refused.
#[derive(Debug, Clone)]
pub(super) enum Cause<'a> {
    /// The scan failed. Building the error takes longer than finding it, so it is built on request.
    Scan(ScanError, Limits),
    /// A field is missing or cannot be used.
    Field(FieldError<'a>, Context<'a>),
    /// The line is longer than the limit and was not kept whole.
    TooLong(DecodeError),
    /// Another error, built already.
    Built(DecodeError),
}

impl RefusedLine<'_> {
    /// Returns the error, whose offset counts from the start of the line.
    ///
    /// # Complexity
    ///
    /// Builds the error on each call, which takes about as long as decoding the line.
    #[must_use]
    pub fn error(&self) -> DecodeError {
        match &self.cause {
            Cause::Scan(error, limits) => error.explain(self.bytes, *limits),
            Cause::Field(error, context) => error.explain(self.bytes, *context),
            Cause::TooLong(error) | Cause::Built(error) => error.clone(),
        }
    }

    /// Returns whether [`bytes`](Self::bytes) is the whole line.
    ///
    /// If it is not, [`Sink::refuse_piece`](crate::Sink::refuse_piece) received the whole line
    /// before.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self.cause, Cause::TooLong(_))
    }

    /// Returns the refusal of a record that begins in this line, behind `before` bytes of it.
    #[cold]
    pub(super) fn to_refusal(&self, line: u64, before: usize) -> Refusal {
        let error = self.error();
        let read = &self.bytes[..error.at.min(self.bytes.len())];
        let column = match memrchr(b'\n', read) {
            None => before + error.at + 1,
            Some(last) => error.at - last,
        };
        Refusal {
            line: line + memchr_iter(b'\n', read).count() as u64,
            column,
            offset: self.offset,
            #[cfg(feature = "snippet")]
            snippet: self.snippet(&error),
            error,
        }
    }

    #[cfg(feature = "snippet")]
    fn snippet(&self, error: &DecodeError) -> Snippet {
        if !matches!(error.kind, DecodeErrorKind::InputTooLong { .. }) {
            return Snippet::new(self.bytes, error.at);
        }
        // Cut where a line that was not read whole is cut, so that both look the same.
        let shown = self.bytes.get(..=error.at).unwrap_or(self.bytes);
        let mut snippet = Snippet::new(shown, error.at);
        snippet.text.push('…');
        snippet
    }
}
