//! A recorder that owns a share of its counter.

use std::fmt;
use std::sync::Arc;

use super::EventCounter;
use super::error::RecordError;
use super::lease::Lease;
use crate::stamp::Stamp;

/// Records events of a shared counter for one owner, such as a thread or a task.
///
/// It is a [`Recorder`](super::Recorder) that keeps its counter alive, so it can be moved anywhere.
/// Its events are in every answer at once, and stay when it is dropped.
///
/// # Complexity
///
/// As [`Recorder`](super::Recorder).
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
    lease: Lease<Arc<EventCounter>>,
}

impl EventCounter {
    /// Makes a recorder with its own cell, for a thread or a task that outlives this call.
    #[must_use]
    pub fn owned_recorder(self: &Arc<Self>) -> OwnedRecorder {
        OwnedRecorder { lease: Lease::new(Arc::clone(self)) }
    }
}

impl OwnedRecorder {
    /// Returns the counter.
    #[must_use]
    pub fn counter(&self) -> &Arc<EventCounter> {
        &self.lease.counter
    }

    /// Records one event now.
    #[inline]
    pub fn record(&mut self) {
        self.record_many(1);
    }

    /// Records a number of events now, as [`EventCounter::record_many`].
    #[inline]
    pub fn record_many(&mut self, events: u64) {
        self.lease.record(self.lease.counter.axis.clock.now_checked(), events);
    }

    /// Records events at a stamp, as [`EventCounter::record_at`].
    ///
    /// # Errors
    ///
    /// As [`EventCounter::record_at`].
    pub fn record_at(&mut self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.lease.record_at(stamp, events)
    }
}

impl fmt::Debug for OwnedRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedRecorder").field("counter", self.counter()).finish_non_exhaustive()
    }
}
