//! A recorder that owns a share of its counter.

use std::fmt;
use std::sync::Arc;

use super::EventCounter;
use super::cell::Cell;
use super::error::RecordError;
use crate::per_thread::SlotId;
use crate::stamp::Stamp;

/// Records events of a shared counter for one owner, such as a thread or a task.
///
/// It is a [`Recorder`](super::Recorder) that keeps its counter alive, so it can be moved anywhere.
/// Its events are in every answer at once. When it is dropped, the next recorder or thread reuses
/// its cell.
///
/// # Complexity
///
/// As [`Recorder`](super::Recorder), and a few loads more, which find its cell.
///
/// # Examples
///
/// ```
/// use core_time::EventCounter;
/// use std::sync::Arc;
/// use std::thread;
///
/// let requests = Arc::new(EventCounter::default());
/// let workers = [(); 2].map(|()| {
///     let mut recorder = requests.owned_recorder();
///     thread::spawn(move || (0..1_000).for_each(|_| recorder.record()))
/// });
/// workers.into_iter().for_each(|worker| worker.join().unwrap());
/// assert_eq!(requests.total(), 2_000);
/// ```
pub struct OwnedRecorder {
    counter: Arc<EventCounter>,
    /// Owns the cell, as in a [`Recorder`](super::Recorder).
    slot: SlotId,
}

impl EventCounter {
    /// Makes a recorder with its own cell, for a thread or a task that outlives this call.
    ///
    /// # Panics
    ///
    /// As [`recorder`](Self::recorder).
    #[must_use]
    pub fn owned_recorder(self: &Arc<Self>) -> OwnedRecorder {
        let recorder = OwnedRecorder { counter: Arc::clone(self), slot: SlotId::take() };
        assert!(recorder.cell().is_some(), "fewer than 2^32 threads and recorders");
        recorder
    }
}

impl OwnedRecorder {
    /// Returns the cell, which is made by the first call.
    #[inline]
    fn cell(&self) -> Option<&Cell> {
        self.counter.cells.of(&self.slot, Cell::new)
    }

    /// Returns the counter.
    #[must_use]
    pub fn counter(&self) -> &Arc<EventCounter> {
        &self.counter
    }

    /// Records one event now.
    #[inline]
    pub fn record(&mut self) {
        self.record_many(1);
    }

    /// Records a number of events now, as [`EventCounter::record_many`].
    #[inline]
    pub fn record_many(&mut self, events: u64) {
        let now = self.counter.axis.clock.now_checked();
        self.counter.record_in(self.cell(), now, events);
    }

    /// Records events at a stamp, as [`EventCounter::record_at`].
    ///
    /// # Errors
    ///
    /// As [`EventCounter::record_at`].
    pub fn record_at(&mut self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.counter.record_at_in(self.cell(), stamp, events)
    }
}

impl fmt::Debug for OwnedRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedRecorder").field("counter", &self.counter).finish_non_exhaustive()
    }
}
