//! Handles, which need no lookup of the name.

use std::sync::Mutex;

use codec::ActionTime;
use core_actions::Statistic;

use super::figures::{found_of, time};
use super::{ByName, SameRow};
use crate::harness::names::{Draw, Draws, Found};

/// Provides handles.
pub trait Bind: ByName {
    /// Records one action.
    type Handle;

    /// The form in which a time is passed.
    type Time: Copy + Send + Sync;

    /// Returns a handle of the action.
    fn handle(&self, name: &str) -> Self::Handle;

    /// Converts a time to that form.
    fn time(draw: Draw<'_>) -> Self::Time;

    /// Records one time.
    fn record(handle: &Self::Handle, time: Self::Time);
}

/// Records through handles; each thread has its own.
pub struct Bound<S> {
    to: S,
    names: Vec<String>,
}

impl<S: Bind> ByName for Bound<S> {
    type Local = Vec<S::Handle>;
    type Parsed<'a> = (usize, S::Time);

    fn fresh(draws: &Draws) -> Self {
        Self { to: S::fresh(draws), names: draws.names().to_vec() }
    }

    fn local(&self) -> Self::Local {
        self.names.iter().map(|name| self.to.handle(name)).collect()
    }

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.id, S::time(draw))
    }

    fn add_all(&self, local: &mut Self::Local, actions: &[Self::Parsed<'_>]) {
        for &(id, time) in actions {
            S::record(&local[id], time);
        }
    }

    fn make_room(&self) {
        self.to.make_room();
    }

    fn found(&self) -> Vec<Found> {
        self.to.found()
    }
}

/// The row that [`Merged`](super::Merged) keeps for each name, without a tracker.
///
/// Each thread has its own array, indexed by a known number. Other threads cannot read it.
pub struct LocalRows {
    all: Mutex<Vec<SameRow>>,
    names: Vec<String>,
}

impl ByName for LocalRows {
    type Local = Vec<SameRow>;
    type Parsed<'a> = (usize, ActionTime);

    fn fresh(draws: &Draws) -> Self {
        let names = draws.names().to_vec();
        Self { all: Mutex::new(vec![SameRow::default(); names.len()]), names }
    }

    fn local(&self) -> Self::Local {
        vec![SameRow::default(); self.names.len()]
    }

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.id, time(draw))
    }

    fn add_all(&self, local: &mut Self::Local, actions: &[Self::Parsed<'_>]) {
        for &(id, time) in actions {
            local[id].insert(time);
        }
    }

    fn collect(&self, local: Self::Local) {
        let mut all = self.all.lock().expect("no thread panicked with the lock");
        all.iter_mut().zip(&local).for_each(|(all, local)| all.merge(local));
    }

    fn found(&self) -> Vec<Found> {
        let all = self.all.lock().expect("no thread panicked with the lock");
        let rows = self.names.iter().zip(all.iter());
        rows.map(|(name, row)| found_of(name, row)).collect()
    }
}
