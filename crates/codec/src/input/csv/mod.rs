//! CSV: rows of columns, as RFC 4180 and the crate `csv` read them.
//!
//! A field that starts with a quote goes on to the next quote that is not doubled, and may hold
//! delimiters and line ends. Anywhere else, a quote is text. A row ends with `\n` or `\r\n`.
//!
//! The crate `csv` looks at each byte of each column. Here, most bytes are skipped: rows end at the
//! next line end if no quote comes before it, and the delimiters between two columns that are read
//! are counted eight bytes at a time. `tests/csv.rs` holds both equal.

mod ends;
mod layout;
mod options;
mod read;
mod row;

pub(crate) use ends::RowEnds;
pub(crate) use layout::{Key, Layout, LayoutError, cells};
pub use options::{Columns, ColumnsError, CsvOptions, Delimiter, DelimiterError};
pub(crate) use row::lone_return;
