//! The floor, which does less work than asked.

use std::sync::Mutex;

use super::ByName;
use crate::harness::actions::THOUSANDTHS;
use crate::harness::names::{Draw, Draws, Found};

/// A count and a sum for each name, in an array of each thread.
///
/// The index of a name is known beforehand, and other threads cannot read the array.
pub struct FloorCells {
    all: Mutex<Vec<(u64, u64)>>,
    names: Vec<String>,
}

impl FloorCells {
    /// Calls `work` with the collected counts and sums, in thousandths.
    ///
    /// # Panics
    ///
    /// If a thread panicked with the lock.
    pub fn with<T>(&self, work: impl FnOnce(&[(u64, u64)]) -> T) -> T {
        work(&self.all.lock().expect("no thread panicked with the lock"))
    }

    /// Converts counts and sums to rows.
    #[must_use]
    pub fn rows(&self, cells: &[(u64, u64)]) -> Vec<Found> {
        let found = self.names.iter().zip(cells).map(|(name, &(count, sum))| {
            let sum = sum as f64 / THOUSANDTHS as f64;
            Found { name: name.clone(), count, sum, min_max: None, median: None }
        });
        found.collect()
    }
}

impl ByName for FloorCells {
    type Local = Vec<(u64, u64)>;
    type Parsed<'a> = (usize, u64);

    fn fresh(draws: &Draws) -> Self {
        let names = draws.names().to_vec();
        Self { all: Mutex::new(vec![(0, 0); names.len()]), names }
    }

    fn local(&self) -> Self::Local {
        vec![(0, 0); self.names.len()]
    }

    fn parsed(draw: Draw<'_>) -> Self::Parsed<'_> {
        (draw.id, draw.thousandths)
    }

    fn add_all(&self, local: &mut Self::Local, actions: &[Self::Parsed<'_>]) {
        for &(id, thousandths) in actions {
            let (count, sum) = &mut local[id];
            *count += 1;
            *sum += thousandths;
        }
    }

    fn collect(&self, local: Self::Local) {
        let mut all = self.all.lock().expect("no thread panicked with the lock");
        for ((count, sum), (more, added)) in all.iter_mut().zip(local) {
            *count += more;
            *sum += added;
        }
    }

    fn found(&self) -> Vec<Found> {
        self.with(|cells| self.rows(cells))
    }
}
