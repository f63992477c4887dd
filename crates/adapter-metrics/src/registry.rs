//! The series of one kind, by the keys of the facade and by name and labels.
//!
//! A key is looked up for each call of a macro, so the first map has keys as they are given. Labels
//! in another order, and characters that names cannot have, lead to the same series: they are
//! compared in the second map.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use exposition::Labels;
use metrics::Key;

use crate::handles::SeriesId;
use crate::refused::Refusals;

/// The label of series that others are folded into, and the name where even names are too many.
const OTHER: &str = "windrow_other";
/// The number of keys that lead to one series on average, before more are looked up slowly.
const KEYS_PER_SERIES: usize = 4;

/// The name and the labels of a series, as they are written.
pub(crate) type Name = (String, Labels);

pub(crate) struct Registry<H> {
    by_key: DashMap<Key, Arc<H>, foldhash::fast::RandomState>,
    by_name: Mutex<BTreeMap<Name, Arc<H>>>,
    limits: Limits,
    refusals: Arc<Refusals>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) series: usize,
    pub(crate) name_bytes: usize,
}

impl Limits {
    /// Returns the maximum number of series with those that others are folded into.
    pub(crate) fn with_folded(self) -> usize {
        self.series.saturating_mul(2).saturating_add(1)
    }
}

impl<H> Registry<H> {
    pub(crate) fn new(limits: Limits, refusals: Arc<Refusals>) -> Self {
        Self { by_key: DashMap::default(), by_name: Mutex::default(), limits, refusals }
    }

    /// Returns the series of a key, which is made if it is new; `None` for an invalid name.
    pub(crate) fn get(
        &self,
        key: &Key,
        make: impl FnOnce(SeriesId) -> Option<H>,
    ) -> Option<Arc<H>> {
        if let Some(known) = self.by_key.get(key) {
            return Some(Arc::clone(&known));
        }
        let Some(name) = name_of(key, self.limits.name_bytes) else {
            self.refusals.name();
            return None;
        };
        let (found, is_folded) = self.by_name(name, make)?;
        // Not the keys of folded series, of which there may be any number.
        if !is_folded && self.by_key.len() < self.limits.series * KEYS_PER_SERIES {
            self.by_key.insert(key.to_retained(), Arc::clone(&found));
        }
        Some(found)
    }

    /// Returns the series of a name, and whether it is one that others are folded into.
    fn by_name(
        &self,
        mut name: Name,
        make: impl FnOnce(SeriesId) -> Option<H>,
    ) -> Option<(Arc<H>, bool)> {
        let mut series = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = series.get(&name) {
            return Some((Arc::clone(known), false));
        }
        let (len, max) = (series.len(), self.limits.series);
        let is_folded = len >= max;
        if is_folded {
            self.refusals.folded();
            name.1 = Labels::default().with(OTHER, "true").ok()?;
            if !series.contains_key(&name) && len >= max.saturating_mul(2) {
                name = (OTHER.to_owned(), Labels::default());
            }
            if let Some(known) = series.get(&name) {
                return Some((Arc::clone(known), true));
            }
        }
        let Some(made) = SeriesId::try_from(len).ok().and_then(make) else {
            self.refusals.name();
            return None;
        };
        let made = Arc::new(made);
        series.insert(name, Arc::clone(&made));
        Some((made, is_folded))
    }

    /// Returns the series with this name and these labels.
    pub(crate) fn find(&self, name: &str, labels: &Labels) -> Option<Arc<H>> {
        let series = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        series.get(&(written(name), labels.clone())).cloned()
    }

    /// Returns all series, sorted by name and labels.
    pub(crate) fn all(&self) -> Vec<(Name, Arc<H>)> {
        let series = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        series.iter().map(|(name, found)| (name.clone(), Arc::clone(found))).collect()
    }
}

/// Returns the name and the labels of a key as they are written; `None` if they are invalid.
fn name_of(key: &Key, bytes_max: usize) -> Option<Name> {
    let labels = || key.labels();
    let bytes = labels().map(|label| label.key().len() + label.value().len()).sum::<usize>();
    if key.name().is_empty() || key.name().len().saturating_add(bytes) > bytes_max {
        return None;
    }
    let with = |all: Labels, label: &metrics::Label| all.with(label.key(), label.value()).ok();
    Some((written(key.name()), labels().try_fold(Labels::default(), with)?))
}

/// Returns a name with `_` for each character that the formats do not have.
///
/// Names that are written alike are one series, rather than two that a page refuses.
pub(crate) fn written(name: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let first = name.starts_with(|first: char| first.is_ascii_digit()).then_some('_');
    let rest = name.chars().map(|c| if is_allowed(c) { c } else { '_' });
    first.into_iter().chain(rest).collect()
}
