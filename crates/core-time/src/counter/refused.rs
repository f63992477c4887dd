//! The numbers of refused events, by reason.
//!
//! # Memory ordering
//!
//! Every access is `Relaxed`: a reader needs the refusals that happened before, which coherence
//! gives, and nothing depends on these numbers.

use super::error::RecordError;
use crate::sync::{
    AtomicU64,
    Ordering::{self, Relaxed},
};

/// The numbers of events refused since the start or the last reset, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub struct RefusedCounts {
    /// Events older than the span, or in a bucket that was evicted.
    pub too_old: u64,
    /// Events further ahead of the clock than the tolerance.
    pub too_new: u64,
    /// Events that did not fit.
    pub full: u64,
}

impl RefusedCounts {
    pub(crate) fn saturating_add(self, other: Self) -> Self {
        Self {
            too_old: self.too_old.saturating_add(other.too_old),
            too_new: self.too_new.saturating_add(other.too_new),
            full: self.full.saturating_add(other.full),
        }
    }
}

/// The same, counted from many threads. The numbers saturate.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    too_old: AtomicU64,
    too_new: AtomicU64,
    full: AtomicU64,
}

/// The ordering of all accesses; see the module.
const ORDERING: Ordering = Relaxed;

impl Refusals {
    /// Counts the events of a refusal.
    #[cold]
    pub(crate) fn add(&self, refusal: &RecordError, events: u64) {
        let mut refused = RefusedCounts::default();
        let count = match refusal {
            RecordError::TooOld { .. } | RecordError::Evicted { .. } => &mut refused.too_old,
            RecordError::TooNew { .. } => &mut refused.too_new,
            RecordError::Full { .. } => &mut refused.full,
        };
        *count = events;
        self.add_all(refused);
    }

    pub(crate) fn add_all(&self, RefusedCounts { too_old, too_new, full }: RefusedCounts) {
        for (refused, more) in
            [(&self.too_old, too_old), (&self.too_new, too_new), (&self.full, full)]
        {
            let more = |refused: u64| Some(refused.saturating_add(more));
            let _ = refused.fetch_update(ORDERING, ORDERING, more);
        }
    }

    pub(crate) fn read(&self) -> RefusedCounts {
        let load = |refused: &AtomicU64| refused.load(ORDERING);
        RefusedCounts {
            too_old: load(&self.too_old),
            too_new: load(&self.too_new),
            full: load(&self.full),
        }
    }

    pub(crate) fn reset(&self) {
        for refused in [&self.too_old, &self.too_new, &self.full] {
            refused.store(0, ORDERING);
        }
    }
}
