//! The reader of an input: its form, and what lies around or within its records.

use super::form_plan::{FormPlan, slots_of};
use super::form_reader::{FormReader, Span};
use super::unwrap::Unwrap;
use crate::fields::found::{Fault, Found, Slot};
use crate::fields::path::Source;
use crate::tokens::Tokens;

/// Reads the records of one input.
#[derive(Debug)]
pub(crate) struct Reader<'p> {
    form: FormReader<'p>,
    unwrap: Option<Box<Unwrap<'p>>>,
    /// The name of the input, and the slots of `@file`.
    name: Option<(&'p str, Box<[usize]>)>,
}

impl<'p> Reader<'p> {
    /// Creates a reader, which several threads may do for one input.
    pub(crate) fn new(plan: &'p FormPlan<'p>) -> Self {
        let name = plan.options.input.name.as_deref();
        Self {
            form: FormReader::new(plan),
            unwrap: plan.outer.as_ref().map(|outer| Unwrap::new(plan, outer).into()),
            name: name.map(|name| (name, slots_of(&plan.plan.alternatives, Source::File))),
        }
    }

    /// Finds the end of the record at the start of `bytes`.
    #[inline]
    pub(crate) fn split(&self, bytes: &[u8]) -> Span {
        self.form.split(bytes)
    }

    /// Returns the span of a line whose line feed, or end, is at `end`.
    #[inline]
    pub(crate) fn line(bytes: &[u8], end: usize) -> Span {
        Span::new(&bytes[..bytes.len().min(end + 1)], 0)
    }

    /// Reads the line at `at` in `block` by the list of its places, if it has the form of JSON.
    ///
    /// Fills the slots, of which all are absent at first, and returns its length. If it returns
    /// `None`, no slot is filled. `text` are the lines from there on that are known to be UTF-8.
    #[inline]
    pub(crate) fn read_listed<'a>(
        &mut self,
        tokens: &mut Tokens,
        (block, at): (&[u8], usize),
        text: &'a str,
        slots: &mut [Slot<'a>],
    ) -> Option<usize>
    where
        'p: 'a,
    {
        let (FormReader::Json(reader), None) = (&mut self.form, &self.unwrap) else { return None };
        let len = reader.read_listed(tokens, (block, at), text, slots)?;
        if let Some((name, own)) = &self.name {
            for &slot in own {
                slots[slot].found = Found::Text(name);
            }
        }
        Some(len)
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
        if let Some((name, own)) = &self.name {
            for &slot in own {
                slots[slot].found = Found::Text(name);
            }
        }
        match &mut self.unwrap {
            None => self.form.read(record, known, slots),
            Some(unwrap) => unwrap.read(&mut self.form, record, known, slots),
        }
    }
}
