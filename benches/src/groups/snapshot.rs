//! `snapshot`: writes rows as bytes, and adds such bytes into rows that are there.

use std::sync::{Mutex, PoisonError};

use criterion::Criterion;

use crate::harness::actions::Times;
use crate::harness::names::{Draws, Frequency};
use crate::harness::{Harness, Steady};
use crate::implementations::snapshots::{Binary, FloorCells, Form, HdrV2, Postcard, Rows, verify};

/// The number of rows.
const NAMES: usize = 1_000;

/// The records of each row.
const RECORDS: [usize; 2] = [1, 100];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for records in RECORDS {
        let draws = &draws(records);
        let [encode, add] =
            ["encode", "add"].map(|what| format!("snapshot/{what}_records_{records:03}"));
        encoding(&mut Harness::new(criterion, &encode, 1, NAMES as u64), draws);
        adding(&mut Harness::new(criterion, &add, 1, NAMES as u64), draws);
    }
}

/// Draws this many records of each row.
#[must_use]
pub fn draws(records: usize) -> Draws {
    Draws::new(NAMES, NAMES * (records - 1), Frequency::RoundRobin, Times::Whole)
}

fn encoding(harness: &mut Harness<'_>, draws: &Draws) {
    encode::<Binary>(harness, "binary_form", draws);
    encode::<Postcard>(harness, "rival_postcard", draws);
    encode::<HdrV2>(harness, "rival_hdrhistogram_v2", draws);
    encode::<FloorCells>(harness, "floor_cells", draws);
}

fn encode<F: Form>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    harness.bench_reader(
        name,
        || F::of(draws),
        F::encode,
        |form| {
            let mut rows = Rows::default();
            F::add(&mut rows, &form.encode());
            verify::<F>(draws, 1, &rows)
        },
    );
}

fn adding(harness: &mut Harness<'_>, draws: &Draws) {
    add::<Binary>(harness, "binary_form", draws);
    add::<Postcard>(harness, "rival_postcard", draws);
    add::<HdrV2>(harness, "rival_hdrhistogram_v2", draws);
    add::<FloorCells>(harness, "floor_cells", draws);
}

fn add<F: Form>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    harness.bench_steady(name, || Adding::<F>::new(draws));
}

/// Adds the same bytes again and again, after two additions that made the rows.
struct Adding<'d, F: Form> {
    draws: &'d Draws,
    bytes: Vec<u8>,
    rows: Mutex<Rows<F::Row>>,
}

/// The additions before the first that is timed, with the one that is verified.
const BEFORE: u64 = 3;

impl<'d, F: Form> Adding<'d, F> {
    fn new(draws: &'d Draws) -> Self {
        let (bytes, mut rows) = (F::of(draws).encode(), Rows::default());
        (1..BEFORE).for_each(|_| F::add(&mut rows, &bytes));
        Self { draws, bytes, rows: Mutex::new(rows) }
    }
}

impl<F: Form> Steady for Adding<'_, F> {
    type Local = ();

    fn local(&self) {}

    fn work(&self, (): &mut ()) {
        F::add(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner), &self.bytes);
    }

    fn collect(&self, (): ()) {}

    fn verify(&self) -> Result<(), String> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        verify::<F>(self.draws, BEFORE, &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added<F: Form>(times: u64) -> Result<(), String> {
        let draws = draws(2);
        let (bytes, mut rows) = (F::of(&draws).encode(), Rows::default());
        (0..times).for_each(|_| F::add(&mut rows, &bytes));
        verify::<F>(&draws, 2, &rows)
    }

    #[test]
    fn rows_that_were_added_once_too_often_are_wrong() {
        for (times, is_right) in [(1, false), (2, true), (3, false)] {
            assert_eq!(added::<Binary>(times).is_ok(), is_right, "{times}");
            assert_eq!(added::<Postcard>(times).is_ok(), is_right, "{times}");
            assert_eq!(added::<HdrV2>(times).is_ok(), is_right, "{times}");
            assert_eq!(added::<FloorCells>(times).is_ok(), is_right, "{times}");
        }
    }
}
