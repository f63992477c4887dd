//! Which of two records came later, as far as their threads met: a Lamport clock.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{self, Relaxed},
};

use core_time::PerThread;

/// Counts the records of each thread, and brings the counts in step where threads meet.
///
/// What happened before has the smaller number, if it was in the same thread, or if its thread
/// [met](Self::meet) others after it and the later thread did so in between. Other records have no
/// order.
#[derive(Default)]
pub(crate) struct Uses {
    threads: PerThread<Arc<Count>>,
    /// The largest count that a thread met others with.
    largest: AtomicU64,
}

// ORDERING: every access in this file is Relaxed.
// Needs: numbers of one thread grow, and a thread that meets after another gets a larger one.
// Gives: only the owner writes a count; coherence of `largest`.
// Not needed: any order towards other memory, which no number hangs together with.
// Checks: tests/bounds.rs; no model, for that reason.
const ALONE: Ordering = Relaxed;

/// The count of one thread, which alone changes it.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// The next number.
    #[inline]
    pub(crate) fn tick(&self) -> u64 {
        let next = self.0.load(ALONE) + 1;
        self.0.store(next, ALONE);
        next
    }
}

impl Uses {
    /// The count of this thread; nothing if the thread is being torn down.
    pub(crate) fn of_thread(&self) -> Option<Arc<Count>> {
        self.threads.get_or(Arc::default).map(Arc::clone)
    }

    /// The next number of this thread.
    pub(crate) fn tick(&self) -> u64 {
        let number = self.threads.get_or(Arc::default).map(|count| count.tick());
        number.unwrap_or_else(|| self.largest.fetch_add(1, ALONE) + 1)
    }

    /// Brings the count of this thread in step with that of the thread that counted most.
    pub(crate) fn meet(&self) {
        if let Some(count) = self.threads.get_or(Arc::default) {
            let largest = self.largest.fetch_max(count.0.load(ALONE), ALONE);
            count.0.fetch_max(largest, ALONE);
        }
    }
}
