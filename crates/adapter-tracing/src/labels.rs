//! Fields of a span as labels of its actions.

use std::fmt;

use facade::actions::{LabelError, LabeledName};
use tracing_core::Field;
use tracing_core::field::Visit;

/// The values of the chosen fields, in the order of the choice; empty if nothing is chosen.
pub(crate) type Labels = Vec<Option<String>>;

/// Keeps the values of the chosen fields of a span.
pub(crate) struct Chosen<'a> {
    pub(crate) fields: &'a [String],
    pub(crate) labels: &'a mut Labels,
}

impl Chosen<'_> {
    fn keep(&mut self, field: &Field, value: impl FnOnce() -> String) {
        if let Some(index) = self.fields.iter().position(|name| name == field.name()) {
            self.labels.resize(self.fields.len(), None);
            self.labels[index] = Some(value());
        }
    }
}

impl Visit for Chosen<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field, || format!("{value:?}"));
    }

    /// Without the quotes and escapes of `Debug`. The other types are the same by both.
    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, || value.to_owned());
    }
}

/// Replaces the values of fields that were recorded again.
pub(crate) fn replace(labels: &mut Labels, newer: Labels) {
    labels.resize(labels.len().max(newer.len()), None);
    for (label, newer) in labels.iter_mut().zip(newer) {
        *label = newer.or(label.take());
    }
}

/// Returns the name of the label of a field.
pub(crate) fn label_of(field: &str) -> String {
    field.replace('.', "_")
}

/// Returns the name of a span with its labels.
pub(crate) fn labeled(
    mut name: LabeledName,
    fields: &[String],
    labels: &Labels,
) -> Result<LabeledName, LabelError> {
    for (field, value) in fields.iter().zip(labels) {
        if let Some(value) = value {
            let is_refused = |c: char| c.is_control() && c != '\n';
            name = name.with(&label_of(field), &value.replace(is_refused, "\u{FFFD}"))?;
        }
    }
    Ok(name)
}
