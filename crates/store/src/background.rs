//! A thread that flushes a publisher.

use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use core_actions::BinaryForm;

use crate::error::PublishError;
use crate::outbox::Flushed;
use crate::publisher::Publisher;

/// The longest time between two attempts to reach a store.
const BACK_OFF_MAX: Duration = Duration::from_secs(10);

/// A publisher that flushes in a thread of its own, until it is dropped.
///
/// It flushes at its interval, a tenth more or less, so that processes do not write all at once.
/// While the store is away, it waits twice as long after each attempt, up to 10 s. Dropping it
/// flushes once more and waits for that.
///
/// # Examples
///
/// ```
/// use core_actions::{Mean, WindowedTracker};
/// use std::sync::Arc;
/// use store::{MemoryStore, Publisher, StoreSpec};
///
/// let tracker = Arc::new(WindowedTracker::<Mean>::new(Default::default())?);
/// let store = MemoryStore::default();
/// let publisher = Publisher::of_tracker(Arc::clone(&tracker), store, StoreSpec::default())?;
/// let background = publisher.spawn();
/// tracker.record("jump", 100)?;
/// background.flush()?; // Does not wait for the interval.
/// assert_eq!((background.status().unflushed, background.status().error), (0, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Background {
    requests: Option<Sender<Request>>,
    status: Arc<Mutex<Status>>,
    thread: Option<JoinHandle<()>>,
}

/// Asks for a flush, whose result is sent back.
type Request = SyncSender<Result<Flushed, PublishError>>;

/// How a publisher in the background is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The number of cells that the store does not have yet, at the last attempt.
    pub unflushed: usize,
    /// The number of cells that left the span before they were stored.
    pub lost: u64,
    /// Why the last attempt did not store everything.
    pub error: Option<PublishError>,
    /// The number of attempts since the last one that did.
    pub failures: u32,
}

impl<S: BinaryForm> Publisher<S> {
    /// Starts a thread that flushes at the interval of the [`StoreSpec`](crate::StoreSpec).
    ///
    /// # Panics
    ///
    /// If the system does not start a thread.
    #[must_use]
    pub fn spawn(self) -> Background
    where
        S: 'static,
    {
        let (requests, received) = mpsc::channel();
        let status = Arc::<Mutex<Status>>::default();
        let shared = Arc::clone(&status);
        let thread = thread::spawn(move || run(self, &received, &shared));
        Background { requests: Some(requests), status, thread: Some(thread) }
    }
}

fn run<S: BinaryForm>(
    mut publisher: Publisher<S>,
    requests: &Receiver<Request>,
    status: &Mutex<Status>,
) {
    let interval = publisher.spec().interval;
    let mut failures = 0;
    loop {
        let request = match requests.recv_timeout(delay(interval, failures, fastrand::f64())) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let flushed = publisher.flush();
        failures = if flushed.is_ok() { 0 } else { failures + 1 };
        let (unflushed, lost) = (publisher.unflushed(), publisher.lost());
        let error = flushed.as_ref().err().cloned();
        let now = Status { unflushed, lost, error, failures };
        *status.lock().unwrap_or_else(PoisonError::into_inner) = now;
        if let Some(request) = request {
            let _ = request.send(flushed); // The caller may have gone.
        }
    }
    let _ = publisher.end(); // There is nobody to report an error to.
}

/// Returns the time until the next attempt; `random` is from 0 to 1.
fn delay(interval: Duration, failures: u32, random: f64) -> Duration {
    let backed_off = interval.saturating_mul(1 << failures.min(16)).min(BACK_OFF_MAX);
    backed_off.max(interval).mul_f64(0.9 + 0.2 * random)
}

impl Background {
    /// Flushes now, and waits for the result.
    ///
    /// # Errors
    ///
    /// As [`Publisher::flush`].
    ///
    /// # Panics
    ///
    /// If the thread has panicked, which a statistic of your own may make it do.
    pub fn flush(&self) -> Result<Flushed, PublishError> {
        let (request, result) = mpsc::sync_channel(1);
        let requests = self.requests.as_ref().expect("only dropping it takes the sender");
        requests.send(request).expect("the thread of the publisher has panicked");
        result.recv().expect("the thread of the publisher has panicked")
    }

    /// Returns how it is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // A panic was printed.
        }
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background").field("status", &self.status()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_back_off_to_ten_seconds() {
        let second = Duration::from_secs(1);
        let delays = [0, 1, 2, 3, 4, 40].map(|failures| delay(second, failures, 0.5).as_secs());
        assert_eq!(delays, [1, 2, 4, 8, 10, 10]);
        assert_eq!(delay(second * 60, 5, 0.5), second * 60);
        let edges = [0.0, 1.0].map(|random| delay(second, 0, random).as_millis());
        assert_eq!(edges, [900, 1_100]);
    }
}
