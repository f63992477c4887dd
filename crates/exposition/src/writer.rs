//! The bytes of a page, and the names that it has so far.

use std::collections::HashSet;
use std::mem;

use crate::description::Description;
use crate::error::PageError;
use crate::format::Format;
use crate::name;
use crate::proto::{Metric, MetricFamily};
use crate::text::{self, Kind};

/// Writes families, and knows what they have claimed.
#[derive(Debug)]
pub(crate) struct Writer {
    format: Format,
    output: Vec<u8>,
    /// The names of all families and their samples.
    names: HashSet<String>,
    /// The labels of the samples of the last family.
    labels: HashSet<String>,
    /// The last family in protobuf, which begins with its length.
    open: Option<MetricFamily>,
}

impl Writer {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            output: Vec::new(),
            names: HashSet::new(),
            labels: HashSet::new(),
            open: None,
        }
    }

    /// Begins a family, and returns its name without `_total`.
    pub(crate) fn begin(
        &mut self,
        kind: Kind,
        description: &Description<'_>,
    ) -> Result<String, PageError> {
        let (name, unit) = family_name(kind, description)?;
        let needed = kind.suffixes().iter().map(|suffix| format!("{name}{suffix}"));
        let needed: Vec<String> = needed.collect();
        if let Some(taken) = needed.iter().find(|&needed| self.names.contains(needed)) {
            return Err(PageError::NameTaken { family: name, name: taken.clone() });
        }
        self.names.extend(needed);
        self.close();
        let help = text::help(kind, description.help());
        if self.format == Format::Protobuf {
            self.open = Some(MetricFamily::new(kind, &name, &help, &unit));
        } else {
            text::metadata(&mut self.output, self.format, kind, (&name, &unit), &help);
        }
        Ok(name)
    }

    /// Returns whether no sample of the last family has these labels, and keeps them if so.
    pub(crate) fn claim(&mut self, labels: &str) -> bool {
        self.labels.insert(labels.to_owned())
    }

    /// Returns where the samples of the last family are collected in protobuf.
    pub(crate) fn metrics(&mut self) -> Option<&mut Vec<Metric>> {
        self.open.as_mut().map(|family| &mut family.metrics)
    }

    /// Returns where samples are written as text.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.output)
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.close();
        if self.format == Format::OpenMetrics {
            self.output.extend_from_slice(b"# EOF\n");
        }
        self.output
    }

    /// Completes the last family.
    fn close(&mut self) {
        self.labels.clear();
        if let Some(family) = self.open.take() {
            family.write(&mut self.output);
        }
    }
}

/// Returns the name of a family with its unit and without `_total`, and the unit.
fn family_name(kind: Kind, description: &Description<'_>) -> Result<(String, String), PageError> {
    let mut name = name::metric(description.name()).into_owned();
    if kind == Kind::Counter {
        let base = name.strip_suffix("_total").unwrap_or(&name).len();
        name.truncate(base);
    }
    if name.is_empty() {
        return Err(PageError::EmptyName);
    }
    let unit = name::metric(description.unit_name()).into_owned();
    if !unit.is_empty() && name != unit && !name.ends_with(&format!("_{unit}")) {
        name = format!("{name}_{unit}");
    }
    Ok((name, unit))
}
