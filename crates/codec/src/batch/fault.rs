//! Why decoding ended before the end of an input.

use thiserror::Error;

use super::refusal::Refusal;

/// Reports why decoding ended before the end of an input that could be read.
///
/// The records before it were decoded. See [`Report::fault`](crate::Report::fault).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputFault {
    /// Two columns of CSV have a name that is selected.
    #[error(
        "columns {first} and {second} are both named `{}`, select one by its number, such as \
         `#{second}`",
        name.escape_debug()
    )]
    RepeatedColumn {
        /// The name.
        name: Box<str>,
        /// The number of the first column, counted from 1.
        first: usize,
        /// The number of the second column, counted from 1.
        second: usize,
    },
    /// A quote in the header of CSV is not closed.
    #[error("quote in the header is not closed, expected another quote (byte {at})")]
    HeaderQuote {
        /// The offset of the quote in the header.
        at: usize,
    },
    /// The header of CSV is longer than [`Limits::input_bytes`](crate::Limits::input_bytes).
    #[error("header is longer than {max} bytes, expected the names of the columns in one row")]
    HeaderTooLong {
        /// The maximum, in bytes.
        max: usize,
    },
    /// The header of CSV has a carriage return that ends no line.
    #[error(
        "header has a carriage return without a line feed, expected lines that end with a line \
         feed (byte {at})"
    )]
    HeaderReturn {
        /// The offset of the carriage return in the header.
        at: usize,
    },
    /// An array of JSON is broken, so that its other elements cannot be found.
    #[error("array is broken, the rest was not read: {0}")]
    BrokenArray(Box<Refusal>),
}
