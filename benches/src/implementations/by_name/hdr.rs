//! A histogram of `hdrhistogram` for each name, with the exact statistics that it does not keep.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{ByName, Plain};
use crate::harness::names::{Draw, Draws, Found};
use crate::implementations::sketches::{Hdr, Sketch};

/// The statistics of one name.
#[derive(Clone)]
pub struct HdrRow {
    plain: Plain,
    histogram: Hdr,
}

impl HdrRow {
    /// Merges another row.
    pub fn merge(&mut self, other: &Self) {
        self.plain.merge(&other.plain);
        self.histogram.merge(&other.histogram);
    }

    /// Returns the statistics.
    #[must_use]
    pub fn found(&self, name: &str) -> Found {
        Found { median: Some(self.histogram.quantile(0.5)), ..self.plain.found(name) }
    }
}

/// All rows in one map under one lock. Accepts only integers.
#[derive(Default)]
pub struct HdrRows(Mutex<HashMap<String, HdrRow>>);

impl HdrRows {
    /// Calls `work` with the map.
    ///
    /// # Panics
    ///
    /// If a thread panicked with the lock.
    pub fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, HdrRow>) -> T) -> T {
        work(&mut self.0.lock().expect("no thread panicked with the lock"))
    }
}

impl ByName for HdrRows {
    type Local = ();
    type Parsed<'a> = (&'a str, f64);

    fn fresh(_: &Draws) -> Self {
        Self::default()
    }

    fn local(&self) {}

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.name, draw.time())
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        let fresh = || HdrRow { plain: Plain::default(), histogram: Hdr::fresh() };
        for &(name, time) in actions {
            self.with(|rows| {
                let row = match rows.get_mut(name) {
                    Some(row) => row,
                    None => rows.entry(name.to_owned()).or_insert_with(fresh),
                };
                row.plain.insert(time);
                row.histogram.insert_all(&[time as u64]);
            });
        }
    }

    fn found(&self) -> Vec<Found> {
        self.with(|rows| rows.iter().map(|(name, row)| row.found(name)).collect())
    }
}
