//! The readers of all forms, as one type.

use memchr::memchr;
#[cfg(feature = "csv")]
use memchr::{memchr_iter, memchr2};

#[cfg(feature = "csv")]
use super::csv::{Delimiter, Layout, RowEnds};
use super::form_plan::{FormPlan, fields, slots_of};
use super::keys::Keys;
#[cfg(feature = "regex")]
use super::pattern::Groups;
use super::{Form, embedded, logfmt};
use crate::error::code::{ErrorCode, ScanError};
use crate::fields::found::{Fault, Slot};
use crate::fields::json::JsonReader;
use crate::fields::path::Source;

/// Reads the records of one form.
#[derive(Debug)]
pub(super) enum FormReader<'p> {
    Json(JsonReader<'p>),
    /// An object after other text, with the slots of the text.
    Embedded(JsonReader<'p>, Box<[usize]>),
    #[cfg(feature = "csv")]
    Csv(&'p Layout, Delimiter),
    Logfmt(Keys),
    #[cfg(feature = "regex")]
    Pattern(Box<Groups>),
}

/// The length of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// Length without the line end.
    pub(crate) len: usize,
    pub(crate) len_with_end: usize,
    /// The number of line ends within the record.
    pub(crate) line_ends: usize,
}

impl<'p> FormReader<'p> {
    pub(super) fn new(plan: &'p FormPlan<'p>) -> Self {
        let options = plan.options;
        let (alternatives, tree) = plan.record();
        let json = || JsonReader::new(tree, options.limits.nesting);
        let keys = || fields(alternatives).map(|(slot, field)| (slot, field.flat_key()));
        match &options.input.form {
            Form::Json if options.input.embedded => {
                Self::Embedded(json(), slots_of(alternatives, Source::Prefix))
            }
            Form::Json | Form::JsonStream => Self::Json(json()),
            #[cfg(feature = "csv")]
            Form::Csv(options) => Self::Csv(&plan.layout, options.delimiter),
            Form::Logfmt => Self::Logfmt(Keys::new(keys())),
            #[cfg(feature = "regex")]
            Form::Pattern(pattern) => Self::Pattern(Groups::new(pattern, keys()).into()),
        }
    }

    /// Finds the end of the record at the start of `bytes`.
    #[inline]
    pub(super) fn split(&self, bytes: &[u8]) -> Span {
        #[cfg(feature = "csv")]
        if let Self::Csv(_, delimiter) = *self {
            return split_row(bytes, delimiter);
        }
        let end = memchr(b'\n', bytes).map_or(bytes.len(), |newline| newline + 1);
        Span::new(&bytes[..end], 0)
    }

    #[inline]
    pub(super) fn read<'a>(
        &mut self,
        record: &'a [u8],
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> Result<(), Fault> {
        if let Self::Json(reader) = self {
            return reader.read(record, 0, known, slots);
        }
        if is_blank(record) {
            let code = ErrorCode::Empty;
            return Err(Fault::Refused(ScanError { code, at: record.len(), detail: 0 }));
        }
        match self {
            Self::Json(_) => Ok(()),
            Self::Embedded(reader, prefix) => {
                let at = embedded::find(record).map_err(Fault::Skipped)?;
                let text = record[..at].trim_ascii_end();
                let start = text.len() - text.trim_ascii_start().len();
                for &slot in &**prefix {
                    slots[slot] = Slot::text(record, start..text.len());
                }
                reader.read(record, at, known, slots)
            }
            #[cfg(feature = "csv")]
            Self::Csv(layout, _) => layout.read(record, slots),
            Self::Logfmt(keys) => logfmt::read(record, keys, slots),
            #[cfg(feature = "regex")]
            Self::Pattern(groups) => groups.read(record, slots),
        }
    }
}

impl Span {
    /// Returns the span of a record with its line end, if it has one.
    pub(super) fn new(record: &[u8], line_ends: usize) -> Self {
        let len_with_end = record.len();
        // A `\r` is part of the line end only before a `\n`.
        let len = match record.strip_suffix(b"\n") {
            Some(line) => line.strip_suffix(b"\r").unwrap_or(line).len(),
            None => len_with_end,
        };
        Self { len, len_with_end, line_ends }
    }
}

/// Finds the end of the row at the start of `bytes`.
#[cfg(feature = "csv")]
#[inline]
fn split_row(bytes: &[u8], delimiter: Delimiter) -> Span {
    match memchr2(b'"', b'\n', bytes) {
        // Most rows have no line end in quotes.
        Some(end) if bytes[end] == b'\n' => Span::new(&bytes[..=end], 0),
        None => Span::new(bytes, 0),
        Some(_) => {
            let end = RowEnds::new(delimiter).first(bytes).unwrap_or(bytes.len());
            let row = &bytes[..end];
            let within = row.strip_suffix(b"\n").unwrap_or(row);
            Span::new(row, memchr_iter(b'\n', within).count())
        }
    }
}

/// Returns whether a record is empty or white space.
#[inline]
fn is_blank(record: &[u8]) -> bool {
    record.first().is_none_or(|&first| first <= b' ') && record.trim_ascii().is_empty()
}
