//! The bytes of a page, and the names that it has so far.

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::mem;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::description::Description;
use crate::error::PageError;
use crate::format::Format;
use crate::labels::Labels;
use crate::name;
use crate::number::Number;
use crate::proto::FamilyBytes;
use crate::text::{self, Kind};

/// Writes families, and knows what they have claimed.
#[derive(Debug)]
pub(crate) struct Writer {
    format: Format,
    output: Vec<u8>,
    /// The names of all families and their samples.
    names: HashSet<String>,
    /// The labels of the samples of the last family.
    labels: Claims,
    /// The last family in protobuf, which begins with its length.
    open: Option<FamilyBytes>,
}

impl Writer {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            output: Vec::new(),
            names: HashSet::new(),
            labels: Claims::default(),
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
            self.open = Some(FamilyBytes::new(kind, &name, &help, unit));
        } else {
            text::metadata(&mut self.output, self.format, kind, (&name, &unit), &help);
        }
        Ok(name)
    }

    /// Keeps the labels of a new sample, unless the last family has a sample with them.
    pub(crate) fn claim(&mut self, labels: &Labels) -> Result<(), String> {
        self.labels.claim(labels)
    }

    /// Returns the bytes of the last family, if the format is protobuf.
    pub(crate) fn family(&mut self) -> Option<&mut FamilyBytes> {
        self.open.as_mut()
    }

    /// Writes a line of the last sample.
    pub(crate) fn line(&mut self, name: (&str, &str), more: Option<(&str, &str)>, value: Number) {
        text::sample(&mut self.output, name, self.labels.last(), more, value);
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

/// The labels of the samples of a family, as text.
///
/// All in one text, because a page has thousands: each in its own took two allocations.
#[derive(Debug, Default)]
struct Claims {
    text: String,
    /// Where the labels of each sample are in the text.
    places: HashTable<Range<usize>>,
    last: Range<usize>,
    hasher: RandomState,
}

impl Claims {
    /// Keeps labels; an error, which has them as text, if they are known.
    fn claim(&mut self, labels: &Labels) -> Result<(), String> {
        let Self { text, places, last, hasher } = self;
        let start = text.len();
        labels.write(text);
        let place = start..text.len();
        let of = |place: &Range<usize>| &text[place.clone()];
        let hash = |place: &Range<usize>| hasher.hash_one(of(place));
        match places.entry(hash(&place), |known| of(known) == of(&place), hash) {
            Entry::Vacant(entry) => {
                entry.insert(place.clone());
                *last = place;
                Ok(())
            }
            Entry::Occupied(_) => Err(text.split_off(start)),
        }
    }

    /// Returns the labels that were kept last.
    fn last(&self) -> &str {
        &self.text[self.last.clone()]
    }

    fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
        self.last = 0..0;
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
