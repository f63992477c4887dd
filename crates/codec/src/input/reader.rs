//! The readers of all forms, as one type.

use memchr::memchr;

use crate::fields::found::{Fault, Slot};
use crate::fields::json::JsonReader;
use crate::fields::plan::Plan;
use crate::options::DecodeOptions;

/// Reads the records of one form.
#[derive(Debug)]
pub(crate) enum Reader<'p> {
    /// A JSON object on each line.
    Json(JsonReader<'p>),
}

/// The length of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// Length without the line end.
    pub(crate) len: usize,
    pub(crate) len_with_end: usize,
}

impl<'p> Reader<'p> {
    /// Creates the reader of the options.
    pub(crate) fn new(options: &'p DecodeOptions, plan: &'p Plan) -> Self {
        Self::Json(JsonReader::new(&plan.tree, options.limits.nesting))
    }

    /// Finds the end of the record at the start of `bytes`.
    #[inline]
    pub(crate) fn split(&mut self, bytes: &[u8]) -> Span {
        let newline = memchr(b'\n', bytes);
        let len_with_end = newline.map_or(bytes.len(), |newline| newline + 1);
        let len = match newline {
            // A `\r` is part of the line end only before a `\n`.
            Some(newline) => newline - usize::from(bytes[..newline].ends_with(b"\r")),
            None => bytes.len(),
        };
        Span { len, len_with_end }
    }

    /// Reads a record, and fills the slots of the fields it has. All are absent at first.
    ///
    /// `known` is a prefix of the record that is known to be UTF-8.
    ///
    /// # Errors
    ///
    /// The record is not one of the form, or a selected key is repeated.
    #[inline]
    pub(crate) fn read<'a>(
        &'a mut self,
        record: &'a [u8],
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> Result<(), Fault> {
        match self {
            Self::Json(reader) => reader.read(record, known, slots),
        }
    }
}
