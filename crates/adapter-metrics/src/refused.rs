//! The numbers of what was not recorded as it was given.
//!
//! # Memory ordering
//!
//! Relaxed: each number stands alone, and nothing else is read because of it. A read-modify-write
//! loses no concurrent one, whatever its ordering.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts what a recorder refused or folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusedValues {
    /// Values of histograms that are negative or not finite, and values of gauges that are not
    /// numbers.
    pub values: u64,
    /// Registrations of names that are empty or too long, and of labels that share a name.
    pub names: u64,
    /// Registrations of series beyond the limit, which were folded.
    pub folded: u64,
}

/// The same, while they are counted.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    values: AtomicU64,
    names: AtomicU64,
    folded: AtomicU64,
}

impl Refusals {
    pub(crate) fn values(&self, count: u64) {
        // ORDERING: Relaxed, see the module.
        self.values.fetch_add(count, Relaxed);
    }

    pub(crate) fn name(&self) {
        self.names.fetch_add(1, Relaxed);
    }

    pub(crate) fn folded(&self) {
        // ORDERING: Relaxed, see the module.
        self.folded.fetch_add(1, Relaxed);
    }

    pub(crate) fn counts(&self) -> RefusedValues {
        RefusedValues {
            values: self.values.load(Relaxed),
            names: self.names.load(Relaxed),
            folded: self.folded.load(Relaxed),
        }
    }
}
