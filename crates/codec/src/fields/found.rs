//! What a record holds at a path, as every reader of a form reports it.

use std::fmt;
use std::ops::Range;

use crate::error::code::ScanError;
use crate::scan::string::unescape;

/// The value that one alternative of a path selects in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Found<'a> {
    /// The record has no such field.
    #[default]
    Absent,
    Null,
    Bool(bool),
    /// A JSON number as written.
    Number(&'a str),
    /// A text without escapes.
    Text(&'a str),
    /// The raw text between the quotes of a valid JSON string that has escapes.
    Escaped(&'a str),
    /// The raw text of a CSV field after its opening quote, in which two quotes are one.
    #[cfg_attr(not(feature = "csv"), allow(dead_code, reason = "only CSV has it"))]
    Doubled(&'a str),
    /// A JSON object as written.
    Object(&'a str),
    /// A JSON array as written.
    Array(&'a str),
    /// A text that is not UTF-8 from this offset in the record on. Only flat inputs have it.
    NotUtf8 {
        at: usize,
    },
}

/// The value of one alternative, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Slot<'a> {
    pub(crate) found: Found<'a>,
    /// The offset of the value in the record.
    pub(crate) at: usize,
}

impl<'a> Found<'a> {
    /// Returns the text of a value that is a text. It is decoded into `scratch` if it must be.
    #[inline(always)]
    pub(crate) fn text<'t>(self, scratch: &'t mut String) -> Option<&'t str>
    where
        'a: 't,
    {
        match self {
            Self::Text(text) => Some(text),
            Self::Escaped(raw) => Some(unescape(raw, scratch)),
            Self::Doubled(raw) => {
                undouble(raw, scratch);
                Some(scratch)
            }
            _ => None,
        }
    }
}

impl<'a> Slot<'a> {
    /// Returns the slot of a text in a flat record.
    #[inline]
    pub(crate) fn text(record: &'a [u8], range: Range<usize>) -> Self {
        let at = range.start;
        let found = match str::from_utf8(&record[range]) {
            Ok(text) => Found::Text(text),
            Err(error) => Found::NotUtf8 { at: at + error.valid_up_to() },
        };
        Self { found, at }
    }
}

/// Why a reader fills no slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The record is not well formed, or a selected key is repeated.
    Refused(ScanError),
    /// The record is not one of the form.
    Skipped(Skip),
}

/// The reason why a record is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Skip {
    /// No field of the name is there.
    NoName,
    /// The field of the value is not there.
    NoValue,
    /// The pattern does not match the line.
    NoMatch,
    /// The line has no JSON object at its end.
    NoObject,
    /// The text that should hold a JSON object does not.
    NotWrapped,
    /// The line is a part of a longer one, cut by a container runtime.
    Partial,
}

impl Skip {
    /// Returns the reason in a few words.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NoName => "name is missing",
            Self::NoValue => "value is missing",
            Self::NoMatch => "pattern does not match",
            Self::NoObject => "no JSON object at the end",
            Self::NotWrapped => "no JSON object inside",
            Self::Partial => "part of a longer line",
        }
    }

    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::NoName,
        Self::NoValue,
        Self::NoMatch,
        Self::NoObject,
        Self::NotWrapped,
        Self::Partial,
    ];
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Replaces `text` by the text of a field, which is `raw` after its opening quote.
pub(crate) fn undouble(raw: &str, text: &mut String) {
    text.clear();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('"') {
        text.push_str(before);
        let Some(after) = after.strip_prefix('"') else {
            // The quotes have ended; further ones are text.
            return text.push_str(after);
        };
        text.push('"');
        rest = after;
    }
    text.push_str(rest);
}

/// Returns the empty memory of slots for those of another record.
///
/// The standard library keeps the allocation, because both types have the same layout.
#[inline(always)]
pub(crate) fn recycled<'b>(mut slots: Vec<Slot<'_>>) -> Vec<Slot<'b>> {
    slots.clear();
    slots.into_iter().map(|_| Slot::default()).collect()
}
