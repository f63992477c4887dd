//! Hand-written maps: under one lock, sharded, or one for each thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;

use codec::ActionTime;
use core_actions::{Mean, MinMax, Statistic};
use dashmap::DashMap;

use super::ByName;
use super::figures::{found_of, time};
use crate::harness::names::{Draw, Draws, Found};

/// The row of a hand-written map: count, float sum, minimum and maximum.
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Default for Plain {
    fn default() -> Self {
        Self { count: 0, sum: 0.0, min: f64::INFINITY, max: 0.0 }
    }
}

impl Plain {
    /// Inserts a time.
    #[inline]
    pub fn insert(&mut self, time: f64) {
        self.count += 1;
        self.sum += time;
        self.min = self.min.min(time);
        self.max = self.max.max(time);
    }

    /// Merges another row.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Returns the mean time.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Returns the statistics.
    #[must_use]
    pub fn found(&self, name: &str) -> Found {
        let &Self { count, sum, min, max } = self;
        Found { name: name.to_owned(), count, sum, min_max: Some([min, max]), median: None }
    }
}

/// All rows in one map under one lock.
#[derive(Debug, Default)]
pub struct MutexRows(Mutex<HashMap<String, Plain>>);

impl MutexRows {
    /// Calls `work` with the map.
    ///
    /// # Panics
    ///
    /// If a thread panicked with the lock.
    pub fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Plain>) -> T) -> T {
        work(&mut self.0.lock().expect("no thread panicked with the lock"))
    }
}

impl ByName for MutexRows {
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
        for &(name, time) in actions {
            self.with(|rows| match rows.get_mut(name) {
                Some(row) => row.insert(time),
                None => rows.entry(name.to_owned()).or_default().insert(time),
            });
        }
    }

    fn found(&self) -> Vec<Found> {
        self.with(|rows| rows.iter().map(|(name, row)| row.found(name)).collect())
    }
}

/// All rows in a map of shards, each with its own lock.
#[derive(Debug, Default)]
pub struct DashRows(DashMap<String, Plain, foldhash::fast::RandomState>);

impl DashRows {
    /// Returns the mean of each name.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, f64)> {
        self.0.iter().map(|row| (row.key().clone(), row.mean())).collect()
    }
}

impl ByName for DashRows {
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
        for &(name, time) in actions {
            match self.0.get_mut(name) {
                Some(mut row) => row.insert(time),
                None => self.0.entry(name.to_owned()).or_default().insert(time),
            }
        }
    }

    fn found(&self) -> Vec<Found> {
        self.0.iter().map(|row| row.found(row.key())).collect()
    }
}

/// The row that [`Merged`](super::Merged) keeps, with an exact sum.
pub type SameRow = (Mean, MinMax);

type Map<R> = hashbrown::HashMap<Box<str>, R, rapidhash::fast::RandomState>;

/// A row of a thread-local map.
pub trait LocalRow: Clone + Default + Send + 'static {
    /// The form in which a time is passed.
    type Time: Copy + Send + Sync;

    /// Converts a time to that form.
    fn time(draw: Draw<'_>) -> Self::Time;

    /// Inserts a time.
    fn add(&mut self, time: Self::Time);

    /// Merges another row.
    fn add_row(&mut self, other: &Self);

    /// Returns the statistics.
    fn statistics(&self, name: &str) -> Found;

    /// Calls `work` with the map of this thread.
    fn with<T>(work: impl FnOnce(&mut Map<Self>) -> T) -> T;
}

thread_local! {
    static PLAIN: RefCell<Map<Plain>> = RefCell::default();
    static SAME: RefCell<Map<SameRow>> = RefCell::default();
}

impl LocalRow for Plain {
    type Time = f64;

    fn time(draw: Draw<'_>) -> f64 {
        draw.time()
    }

    #[inline]
    fn add(&mut self, time: f64) {
        self.insert(time);
    }

    fn add_row(&mut self, other: &Self) {
        self.merge(other);
    }

    fn statistics(&self, name: &str) -> Found {
        self.found(name)
    }

    #[inline]
    fn with<T>(work: impl FnOnce(&mut Map<Self>) -> T) -> T {
        PLAIN.with_borrow_mut(work)
    }
}

impl LocalRow for SameRow {
    type Time = ActionTime;

    fn time(draw: Draw<'_>) -> ActionTime {
        time(draw)
    }

    #[inline]
    fn add(&mut self, time: ActionTime) {
        self.insert(time);
    }

    fn add_row(&mut self, other: &Self) {
        self.merge(other);
    }

    fn statistics(&self, name: &str) -> Found {
        found_of(name, self)
    }

    #[inline]
    fn with<T>(work: impl FnOnce(&mut Map<Self>) -> T) -> T {
        SAME.with_borrow_mut(work)
    }
}

/// A map in a thread-local variable.
///
/// Other threads cannot read it before it is collected, and it is lost if its thread ends before.
pub struct LocalMap<R>(Mutex<Map<R>>);

impl<R: LocalRow> ByName for LocalMap<R> {
    type Local = ();
    type Parsed<'a> = (&'a str, R::Time);

    fn fresh(_: &Draws) -> Self {
        Self(Mutex::default())
    }

    /// Empties the map of this thread, which an earlier round may have filled.
    fn local(&self) {
        R::with(Map::clear);
    }

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.name, R::time(draw))
    }

    fn add_all(&self, (): &mut (), actions: &[Self::Parsed<'_>]) {
        for &(name, time) in actions {
            R::with(|rows| match rows.get_mut(name) {
                Some(row) => row.add(time),
                None => rows.entry(name.into()).or_default().add(time),
            });
        }
    }

    fn collect(&self, (): ()) {
        let mut all = self.0.lock().expect("no thread panicked with the lock");
        for (name, row) in R::with(std::mem::take) {
            all.entry(name).or_default().add_row(&row);
        }
    }

    fn found(&self) -> Vec<Found> {
        let all = self.0.lock().expect("no thread panicked with the lock");
        all.iter().map(|(name, row)| row.statistics(name)).collect()
    }
}
