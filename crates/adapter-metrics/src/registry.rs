//! The series of one kind, by the keys of the facade and by name and labels.
//!
//! A key is looked up for each call of a macro, so each thread has a table of the keys that it
//! used, as they are given, by the hash that the facade computed. It needs no lock: a map that
//! threads shared took 40 ns for each call. Labels in another order, and characters that names
//! cannot have, lead to the same series: they are compared in a map that all threads share.
//!
//! A program that gives keys of the same hash on purpose makes lookups slow, though not longer than
//! a walk through the keys of a thread, which have a limit.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use core_time::PerThread;
use exposition::Labels;
use hashbrown::HashTable;
use metrics::Key;

use crate::handles::{ForThread, SeriesId};
use crate::refused::Refusals;

/// The label of series that others are folded into, and the name where even names are too many.
const OTHER: &str = "windrow_other";
/// The number of keys of a thread for each series, beyond which keys are looked up slowly.
const KEYS_PER_SERIES: usize = 4;

/// The name and the labels of a series, as they are written.
pub(crate) type Name = (String, Labels);

pub(crate) struct Registry<H: Send + Sync> {
    by_key: PerThread<RefCell<Keys<H>>>,
    by_name: Mutex<BTreeMap<Name, Arc<H>>>,
    limits: Limits,
    refusals: Arc<Refusals>,
}

/// The keys that a thread used, with their series.
type Keys<H> = HashTable<(Key, Arc<ForThread<H>>)>;

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

    /// Returns the limits with so few series that those and the folded ones are at most `all`.
    pub(crate) fn within(self, all: usize) -> Self {
        Self { series: self.series.min(all.saturating_sub(1) / 2), ..self }
    }
}

impl<H: Send + Sync> Registry<H> {
    pub(crate) fn new(limits: Limits, refusals: Arc<Refusals>) -> Self {
        Self { by_key: PerThread::default(), by_name: Mutex::default(), limits, refusals }
    }

    /// Returns the series of a key, which is made if it is new; `None` for an invalid name.
    #[inline]
    pub(crate) fn get(
        &self,
        key: &Key,
        make: impl FnOnce(SeriesId) -> Option<H>,
    ) -> Option<Arc<ForThread<H>>> {
        let known = self.by_key.with(RefCell::default, |keys| {
            let keys = keys.borrow();
            let found = keys.find(key.get_hash(), |(known, _)| is_same(known, key) || known == key);
            found.map(|(_, found)| Arc::clone(found))
        });
        known.flatten().or_else(|| self.get_new(key, make))
    }

    /// Returns the series of a key that this thread did not use.
    #[cold]
    #[inline(never)]
    fn get_new(
        &self,
        key: &Key,
        make: impl FnOnce(SeriesId) -> Option<H>,
    ) -> Option<Arc<ForThread<H>>> {
        let Some(name) = name_of(key, self.limits.name_bytes) else {
            self.refusals.name();
            return None;
        };
        let (found, is_folded) = self.by_name(name, make)?;
        let found = Arc::new(ForThread(found));
        // Not the keys of folded series, of which there may be any number.
        if !is_folded {
            self.by_key.with(RefCell::default, |keys| {
                let mut keys = keys.borrow_mut();
                if keys.len() < self.limits.series.saturating_mul(KEYS_PER_SERIES) {
                    let known = (key.to_retained(), Arc::clone(&found));
                    keys.insert_unique(key.get_hash(), known, |(key, _)| key.get_hash());
                }
            });
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

/// Returns whether two keys are the same text in the same place, as those of one call site are.
///
/// Comparing the texts takes a third of the instructions of `counter!` with one label.
fn is_same(known: &Key, key: &Key) -> bool {
    std::ptr::eq(known.name(), key.name())
        && std::ptr::eq(known.labels().as_slice(), key.labels().as_slice())
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
