//! How many events were refused, by reason.

use crate::error::RecordError;
use crate::sync::{AtomicU64, Ordering};

/// How many events were refused since the start or the last reset, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub struct RefusedCounts {
    /// Events older than the span, or in a bucket that was given up.
    pub too_old: u64,
    /// Events further ahead of the clock than the tolerance.
    pub too_new: u64,
    /// Events that there was no room for.
    pub full: u64,
}

/// The same, counted from many threads. The numbers are held at `u64::MAX`.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    too_old: AtomicU64,
    too_new: AtomicU64,
    full: AtomicU64,
}

// ORDERING: every access in this file is Relaxed.
// Needs: refusals that happened before. Gives: coherence.
// Not needed: any order, nothing hangs on these numbers. Checks: no model, for that reason.
const A_NUMBER: Ordering = Ordering::Relaxed;

impl Refusals {
    /// Counts what was refused.
    #[cold]
    pub(crate) fn add(&self, refusal: &RecordError, events: u64) {
        let mut refused = RefusedCounts::default();
        *match refusal {
            RecordError::TooOld { .. } | RecordError::GivenUp { .. } => &mut refused.too_old,
            RecordError::TooNew { .. } => &mut refused.too_new,
            RecordError::Full { .. } => &mut refused.full,
        } = events;
        self.add_all(refused);
    }

    pub(crate) fn add_all(&self, RefusedCounts { too_old, too_new, full }: RefusedCounts) {
        for (refused, more) in
            [(&self.too_old, too_old), (&self.too_new, too_new), (&self.full, full)]
        {
            let more = |refused: u64| Some(refused.saturating_add(more));
            let _ = refused.fetch_update(A_NUMBER, A_NUMBER, more);
        }
    }

    pub(crate) fn read(&self) -> RefusedCounts {
        let load = |refused: &AtomicU64| refused.load(A_NUMBER);
        RefusedCounts {
            too_old: load(&self.too_old),
            too_new: load(&self.too_new),
            full: load(&self.full),
        }
    }

    pub(crate) fn reset(&self) {
        for refused in [&self.too_old, &self.too_new, &self.full] {
            refused.store(0, A_NUMBER);
        }
    }
}
