//! The options of CSV: the delimiter, and the names of the columns.

use std::str::FromStr;

use thiserror::Error;

/// Configures how CSV is read.
///
/// The default is the form of RFC 4180: commas, and a first row with the names of the columns.
///
/// # Examples
///
/// ```
/// use codec::{Columns, CsvOptions, Delimiter};
///
/// let options = CsvOptions { delimiter: Delimiter::TAB, columns: "method,url".parse()? };
/// assert_eq!(options.columns, Columns::Named(vec!["method".into(), "url".into()]));
/// # Ok::<(), codec::ColumnsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CsvOptions {
    /// The character between two columns. A comma by default.
    pub delimiter: Delimiter,
    /// Where the names of the columns come from. The first row by default.
    pub columns: Columns,
}

/// The character between two columns of CSV.
///
/// It is ASCII, and neither a quote, a carriage return, a line feed nor U+0000.
///
/// # Examples
///
/// ```
/// use codec::Delimiter;
///
/// assert_eq!(";".parse(), Ok(Delimiter::SEMICOLON));
/// let error = "::".parse::<Delimiter>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "delimiter is `::`, expected one ASCII character other than a quote or a line end"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delimiter(u8);

impl Delimiter {
    /// `,`
    pub const COMMA: Self = Self(b',');
    /// `;`
    pub const SEMICOLON: Self = Self(b';');
    /// U+0009, as in TSV.
    pub const TAB: Self = Self(b'\t');

    /// Returns the delimiter as a byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        self.0
    }
}

impl Default for Delimiter {
    fn default() -> Self {
        Self::COMMA
    }
}

impl FromStr for Delimiter {
    type Err = DelimiterError;

    /// Parses one ASCII character, or `\t` and `tab` for U+0009.
    fn from_str(text: &str) -> Result<Self, DelimiterError> {
        match text.as_bytes() {
            b"\\t" | b"tab" => Ok(Self::TAB),
            [byte @ (b'\t' | b' '..0x7F)] if *byte != b'"' => Ok(Self(*byte)),
            _ => Err(DelimiterError { found: text.into() }),
        }
    }
}

/// A text is not a delimiter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "delimiter is `{}`, expected one ASCII character other than a quote or a line end",
    found.escape_debug()
)]
pub struct DelimiterError {
    /// The text.
    pub found: Box<str>,
}

/// Where the names of CSV columns come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Columns {
    /// The first row has the names.
    #[default]
    Header,
    /// The first row is data, and these are the names.
    Named(Vec<Box<str>>),
    /// The first row is data, and columns have numbers only: `#1`, `#2` and so on.
    Numbered,
}

impl FromStr for Columns {
    type Err = ColumnsError;

    /// Parses names with a comma between them, or `auto` for numbers only.
    ///
    /// # Errors
    ///
    /// [`ColumnsError`] if a name is empty.
    fn from_str(text: &str) -> Result<Self, ColumnsError> {
        if text == "auto" {
            return Ok(Self::Numbered);
        }
        let names: Vec<Box<str>> = text.split(',').map(|name| name.trim().into()).collect();
        match names.iter().position(|name| name.is_empty()) {
            Some(index) => Err(ColumnsError { column: index + 1 }),
            None => Ok(Self::Named(names)),
        }
    }
}

/// A list of columns has an empty name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("name of column {column} is empty, expected names such as `method,url`, or `auto`")]
pub struct ColumnsError {
    /// The number of the column, counted from 1.
    pub column: usize,
}
