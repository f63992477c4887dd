//! The time of a windowed tracker: its axis, and the start of recording.

use std::sync::atomic::{AtomicI64, Ordering};

use core_time::{Stamp, TimeAxis};

// ORDERING: every access in this file is Relaxed.
// Needs: what happened before. Gives: coherence.
// Not needed: any order, nothing else hangs on these numbers. Checks: no model, for that reason.
const ALONE: Ordering = Ordering::Relaxed;

/// What a tracker and its handles share besides the rings.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) axis: TimeAxis,
    /// When recording began, in nanoseconds; earlier if something was late.
    since: AtomicI64,
}

impl Timeline {
    pub(crate) fn new(axis: TimeAxis) -> Self {
        let since = AtomicI64::new(axis.now().as_nanos());
        Self { axis, since }
    }

    pub(crate) fn since(&self) -> Stamp {
        Stamp::from_nanos(self.since.load(ALONE))
    }

    /// Moves the beginning back to a moment before it.
    pub(crate) fn begins_at(&self, stamp: Stamp) {
        self.since.fetch_min(stamp.as_nanos(), ALONE);
    }

    /// Moves the beginning to the present.
    pub(crate) fn restart(&self) {
        self.since.store(self.axis.now().as_nanos(), ALONE);
    }
}
