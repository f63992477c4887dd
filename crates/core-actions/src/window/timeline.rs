//! The time of a windowed tracker: its axis, and the start of recording.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use core_time::{Stamp, TimeAxis};

/// What a windowed tracker and its handles share, apart from the rings.
///
/// # Memory ordering
///
/// Every access to `since` is Relaxed.
/// Needs: nothing but the number itself. Gives: coherence.
/// Not needed: an order with other memory. Checks: no model, for that reason.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) axis: TimeAxis,
    /// The start of recording in nanoseconds; earlier if an earlier record was accepted.
    since: AtomicI64,
}

impl Timeline {
    /// Starts recording now.
    pub(crate) fn new(axis: TimeAxis) -> Self {
        let since = AtomicI64::new(axis.now().as_nanos());
        Self { axis, since }
    }

    /// Returns the start of recording.
    pub(crate) fn since(&self) -> Stamp {
        // ORDERING: Relaxed, see `Timeline`.
        Stamp::from_nanos(self.since.load(Relaxed))
    }

    /// Moves the start back to a stamp before it.
    pub(crate) fn extend_to(&self, stamp: Stamp) {
        // ORDERING: Relaxed, see `Timeline`.
        self.since.fetch_min(stamp.as_nanos(), Relaxed);
    }

    /// Moves the start to the present.
    pub(crate) fn restart(&self) {
        // ORDERING: Relaxed, see `Timeline`.
        self.since.store(self.axis.now().as_nanos(), Relaxed);
    }
}
