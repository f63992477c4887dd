//! A budget of memory: when it is nearly used, further actions get no row.
//!
//! The system is asked how much memory the process has. A sum of sizes would leave out what the
//! allocator and the libraries take. New names are what memory grows with, so they are admitted
//! only while there is room to print a row for each of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use memory_stats::memory_stats;

/// New names between two measurements, which take a microsecond each.
const NAMES: usize = 64;

/// Bounds the memory of a run.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: usize,
    slack: usize,
    /// What a row needs until it is printed, beyond what it takes when its name is new.
    row_bytes: usize,
    /// The number of names when there was no more room; `usize::MAX` while there is.
    rows: AtomicUsize,
    is_exceeded: AtomicBool,
}

impl Budget {
    /// Creates a budget of `bytes`, of which `slack` are what memory grows by between two
    /// measurements.
    pub(crate) fn new(bytes: usize, slack: usize, row_bytes: usize) -> Self {
        let (rows, is_exceeded) = (AtomicUsize::new(usize::MAX), AtomicBool::new(false));
        Self { bytes, slack, row_bytes, rows, is_exceeded }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the number of rows once no further row fits.
    pub(crate) fn rows(&self) -> Option<usize> {
        // ORDERING: Relaxed. Needs: each value stands for itself. Gives: coherence. Not needed: an
        // order, since names are behind a lock and threads are joined before values are reported.
        // Checks: no model; `tests/memory.rs`.
        Some(self.rows.load(Relaxed)).filter(|&rows| rows != usize::MAX)
    }

    /// Returns whether there is room for one more name, which there is not again later.
    pub(crate) fn has_room(&self, names: usize) -> bool {
        if self.rows().is_some() {
            return false;
        }
        if !names.is_multiple_of(NAMES) {
            return true;
        }
        let used = resident().unwrap_or(usize::MAX);
        let needed = names.saturating_mul(self.row_bytes).saturating_add(self.slack);
        let has_room = used.saturating_add(needed) <= self.bytes;
        if !has_room {
            // ORDERING: Relaxed, as in `rows`.
            self.rows.store(names, Relaxed);
        }
        has_room
    }

    /// Returns whether the budget is exceeded, and measures it.
    pub(crate) fn is_exceeded(&self) -> bool {
        // ORDERING: Relaxed, as in `rows`.
        if resident().is_some_and(|used| used > self.bytes) {
            self.is_exceeded.store(true, Relaxed);
        }
        self.is_exceeded.load(Relaxed)
    }
}

/// Returns the memory that the process has, if the system says it.
pub(crate) fn resident() -> Option<usize> {
    memory_stats().map(|memory| memory.physical_mem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_added_while_their_rows_fit() {
        let used = resident().unwrap();
        // Less than what tests that run meanwhile may release.
        let small = Budget::new(used / 2, 0, 0);
        assert!(!small.has_room(NAMES) && !small.has_room(NAMES + 1) && small.is_exceeded());
        let large = Budget::new(used * 100, 0, used);
        assert!(large.has_room(1) && large.has_room(NAMES / 64 * 64) && !large.is_exceeded());
        assert!(large.has_room(2 * NAMES + 1), "not measured for each name");
        assert!(!large.has_room(2 * NAMES), "their rows need more");
        assert!(!large.has_room(1), "no room again");
    }
}
