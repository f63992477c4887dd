//! The forms of inputs: where their records are, and the fields of each.

#[cfg(feature = "csv")]
pub(crate) mod csv;
pub(crate) mod detect;
mod embedded;
pub(crate) mod form_plan;
mod form_reader;
mod keys;
mod logfmt;
#[cfg(feature = "regex")]
mod pattern;
mod preview;
pub(crate) mod reader;
mod unwrap;
pub(crate) mod values;

#[cfg(feature = "csv")]
pub use csv::{Columns, ColumnsError, CsvOptions, Delimiter, DelimiterError};
pub use detect::{Detected, Unsupported, detect};
#[cfg(feature = "regex")]
pub use pattern::{LinePattern, LinePatternError};
pub use preview::{logfmt_pairs, split_embedded};

use crate::fields::Path;

/// The form of an input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Form {
    /// JSON, an object on each line.
    #[default]
    Json,
    /// JSON, objects one after another in any layout.
    ///
    /// Objects may extend over several lines. They may be elements of an array, and commas, white
    /// space and U+001E may lie between them. Read by one thread.
    JsonStream,
    /// CSV: rows of columns.
    #[cfg(feature = "csv")]
    Csv(CsvOptions),
    /// logfmt: pairs `key=value` on each line.
    ///
    /// A value is bare, or in quotes with the escapes of JSON. A key without a value is `true`.
    Logfmt,
    /// Lines of any text, whose fields are the groups of a pattern.
    #[cfg(feature = "regex")]
    Pattern(LinePattern),
}

/// How the records of an input are found.
///
/// JSON by default, an object on each line.
///
/// # Examples
///
/// ```
/// use codec::{Form, Input};
///
/// // Lines such as `level=info path=/cart took=12ms`.
/// let input = Input { form: Form::Logfmt, ..Input::default() };
/// assert!(!input.embedded && input.unwrap.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    /// The form of a record.
    pub form: Form,
    /// Whether an object of [`Form::Json`] follows other text on its line.
    ///
    /// It begins at the first `{` that is followed by `"` or `}`, and ends the line. A line without
    /// one is skipped, and so is a part of a line that a container runtime cut. The path `@prefix`
    /// selects the text before the object. Has no effect on other forms.
    pub embedded: bool,
    /// The field whose text is a JSON object with the fields of the record.
    ///
    /// `@outer.PATH` selects a field of the record around it. A record without such a text is
    /// skipped.
    pub unwrap: Option<Path>,
    /// The name of the input, which the path `@file` selects.
    pub name: Option<Box<str>>,
}

impl Input {
    /// Returns whether records are objects on a line each.
    pub(crate) fn has_plain_lines(&self) -> bool {
        self.form == Form::Json && !self.embedded && self.unwrap.is_none()
    }

    /// Returns whether fields have no types: all are texts.
    pub(crate) fn is_flat(&self) -> bool {
        !matches!(self.form, Form::Json | Form::JsonStream) && self.unwrap.is_none()
    }
}
