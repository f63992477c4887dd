//! What is published: the rows of a source by bucket of the store.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use core_actions::BinaryForm;
use core_time::{Instance, Stamp};

use crate::cell::Place;
use crate::error::PublishError;
use crate::rows::Form;

/// The rows of a source that its readers can ask for.
///
/// A source names only what changed, while a cell has all rows of its place.
#[derive(Debug)]
pub(crate) struct Mirror<S> {
    form: Form,
    places: BTreeMap<Place, HashMap<Arc<str>, Action<S>>>,
    /// Places whose cells may have changed.
    touched: BTreeSet<Place>,
}

/// An action in a bucket of the store.
#[derive(Debug)]
struct Action<S> {
    first: u64,
    /// By the start of the bucket of the source.
    parts: BTreeMap<Stamp, S>,
}

impl<S: BinaryForm> Mirror<S> {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, places: BTreeMap::new(), touched: BTreeSet::new() }
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Sets the statistic of an action in a bucket of the source; `None` without records.
    pub(crate) fn set(&mut self, start: Stamp, name: &str, first: u64, statistic: Option<S>) {
        let place = Place::of(self.form.bucket(start), name);
        self.touched.insert(place);
        let actions = self.places.entry(place).or_default();
        if !actions.contains_key(name) {
            actions.insert(name.into(), Action { first, parts: BTreeMap::new() });
        }
        let Some(action) = actions.get_mut(name) else { return };
        action.first = first;
        match statistic {
            Some(statistic) => drop(action.parts.insert(start, statistic)),
            None => drop(action.parts.remove(&start)),
        }
    }

    /// Removes all rows of an action.
    pub(crate) fn remove(&mut self, name: &str) {
        for (&place, actions) in &mut self.places {
            if actions.remove(name).is_some() {
                self.touched.insert(place);
            }
        }
    }

    /// Removes all rows.
    pub(crate) fn clear(&mut self) {
        self.touched.extend(self.places.keys());
        self.places.values_mut().for_each(HashMap::clear);
    }

    /// Forgets the buckets before one.
    pub(crate) fn forget(&mut self, before: i64) {
        let oldest = Place { bucket: before, chunk: 0 };
        self.places = self.places.split_off(&oldest);
        self.touched = self.touched.split_off(&oldest);
    }

    /// Returns the cells that may have changed, and forgets that they may.
    pub(crate) fn changed(
        &mut self,
        writer: Instance,
    ) -> Result<Vec<(Place, Vec<u8>)>, PublishError> {
        let cells = self.touched.iter().map(|&place| Ok((place, self.value(writer, place)?)));
        let cells = cells.collect::<Result<_, PublishError>>()?;
        self.touched.clear();
        Ok(cells)
    }

    fn value(&self, writer: Instance, place: Place) -> Result<Vec<u8>, PublishError> {
        let actions = self.places.get(&place).into_iter().flatten();
        let sums = actions.map(|(name, action)| Ok((name, action.first, action.sum(name)?)));
        let sums = sums.collect::<Result<Vec<_>, PublishError>>()?;
        let rows =
            sums.iter().filter_map(|(name, first, sum)| Some((&***name, *first, sum.as_ref()?)));
        Ok(self.form.write(writer, place.bucket, rows))
    }
}

impl<S: BinaryForm> Action<S> {
    /// Merges the parts; `None` without records.
    fn sum(&self, name: &Arc<str>) -> Result<Option<S>, PublishError> {
        let mut parts = self.parts.values();
        let Some(mut sum) = parts.next().cloned() else { return Ok(None) };
        for part in parts {
            if !sum.can_merge(part) {
                return Err(PublishError::TooManyRecords { action: name.to_string() });
            }
            sum.merge(part);
        }
        Ok(Some(sum))
    }
}
