//! The time of a windowed tracker: its axis, and the start of recording.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use core_time::{RecordError, Stamp, TimeAxis};

/// What a windowed tracker and its handles share, apart from the rings.
///
/// # Memory ordering
///
/// Every access is Relaxed.
/// Needs: a reader that finds a record stamped ahead of the clock finds its stamp in
/// `latest_ahead`. Gives: it is stored before the record and loaded after it, and the record is
/// found under a lock, or by the Acquire of [`Shard::read`](crate::tracker::shard::Shard::read).
/// Not needed: more. `since` is a number of its own.
/// Checks: `tests/tiers.rs`; no model, because the order is that of the shard.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) axis: TimeAxis,
    /// The start of recording in nanoseconds; earlier if an earlier record was accepted.
    since: AtomicI64,
    /// The latest stamp that was ahead of the clock when it was recorded, in nanoseconds.
    ///
    /// Only grows, also in a reset: a record that is about to be made may be of it.
    latest_ahead: AtomicI64,
}

impl Timeline {
    /// Starts recording now.
    pub(crate) fn new(axis: TimeAxis) -> Self {
        let since = AtomicI64::new(axis.now().as_nanos());
        Self { axis, since, latest_ahead: AtomicI64::new(i64::MIN) }
    }

    /// Returns the bucket of a stamp, to record in it.
    pub(crate) fn tick_at(&self, stamp: Stamp) -> Result<i64, RecordError> {
        let tick = self.axis.tick_at(stamp)?;
        self.note_latest(stamp);
        Ok(tick)
    }

    /// Notes a stamp that is about to be recorded, if it is ahead of the clock.
    pub(crate) fn note_latest(&self, stamp: Stamp) {
        // ORDERING: Relaxed, see `Timeline`.
        if stamp.as_nanos() > self.latest_ahead.load(Relaxed) && stamp > self.axis.now() {
            self.latest_ahead.fetch_max(stamp.as_nanos(), Relaxed);
        }
    }

    /// Returns whether a record may be stamped after a moment of the clock.
    pub(crate) fn may_be_after(&self, now: Stamp) -> bool {
        // ORDERING: Relaxed, see `Timeline`.
        self.axis.may_step_back() || self.latest_ahead.load(Relaxed) > now.as_nanos()
    }

    /// Returns a stamp that no record up to a moment of the clock exceeds.
    pub(crate) fn latest(&self, now: Stamp) -> Stamp {
        let tolerance = self.axis.spec().tolerance();
        // ORDERING: Relaxed, see `Timeline`.
        let latest = Stamp::from_nanos(self.latest_ahead.load(Relaxed)).max(now);
        if self.axis.may_step_back() { latest.max(now + tolerance) } else { latest }
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
