//! Objects that are the text of a field of another record.

use std::mem;

use super::form_plan::{FormPlan, OuterPlan, slots_of};
use super::form_reader::FormReader;
use crate::error::code::{ErrorCode, ScanError};
use crate::fields::Fields;
use crate::fields::found::{Fault, Found, Skip, Slot, recycled};
use crate::fields::json::JsonReader;
use crate::fields::missing::is_missing;
use crate::fields::path::Source;

/// Reads the object in the text of a field.
#[derive(Debug)]
pub(super) struct Unwrap<'p> {
    outer: &'p OuterPlan,
    fields: &'p Fields,
    object: JsonReader<'p>,
    /// The slots of the object.
    slots: Box<[usize]>,
    /// The last text that had escapes, decoded.
    text: String,
    /// The memory of the slots of the outer record.
    spare: Vec<Slot<'static>>,
}

impl<'p> Unwrap<'p> {
    pub(super) fn new(plan: &'p FormPlan<'p>, outer: &'p OuterPlan) -> Self {
        Self {
            outer,
            fields: &plan.options.fields,
            object: JsonReader::new(&plan.plan.tree, plan.options.limits.nesting),
            slots: slots_of(&plan.plan.alternatives, Source::Record),
            text: String::new(),
            spare: Vec::new(),
        }
    }

    /// Reads a record of a form, and fills the slots from the object in its text.
    ///
    /// # Errors
    ///
    /// Those of the form, a text that is not UTF-8, [`Skip::NotWrapped`], and a selected key that
    /// is repeated.
    pub(super) fn read<'a>(
        &'a mut self,
        form: &mut FormReader<'_>,
        record: &'a [u8],
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> Result<(), Fault> {
        let Self { outer, fields, object, slots: own, text, spare } = self;
        let mut around = recycled(mem::take(spare));
        around.resize(outer.slots(), Slot::default());
        form.read(record, known, &mut around)?;
        for &(from, to) in &outer.shared {
            slots[to] = around[from];
        }
        let is_there = |slot: &&Slot<'_>| !is_missing(fields, slot.found, text);
        let chosen = around[..outer.texts].iter().find(is_there).copied();
        *spare = recycled(around);
        let Slot { found, at } = chosen.ok_or(Fault::Skipped(Skip::NotWrapped))?;
        let inner = match found {
            Found::Object(object) => object,
            Found::NotUtf8 { at } => {
                let code = ErrorCode::InvalidUtf8;
                return Err(Fault::Refused(ScanError { code, at, detail: 0 }));
            }
            _ => found.text(text).ok_or(Fault::Skipped(Skip::NotWrapped))?,
        };
        object.read(inner.as_bytes(), 0, inner, slots).map_err(|fault| match fault {
            Fault::Refused(error) if error.code.is_repeated_key() => {
                Fault::Refused(ScanError { code: ErrorCode::RepeatedInText, at, detail: 0 })
            }
            _ => Fault::Skipped(Skip::NotWrapped),
        })?;
        let base = offset_in(record, inner);
        for &slot in &**own {
            slots[slot].at = base.map_or(at, |base| base + slots[slot].at);
        }
        Ok(())
    }
}

/// Returns the offset of a text in a record, unless it was decoded elsewhere.
fn offset_in(record: &[u8], text: &str) -> Option<usize> {
    let start = text.as_ptr().addr().checked_sub(record.as_ptr().addr())?;
    (start.checked_add(text.len())? <= record.len()).then_some(start)
}
