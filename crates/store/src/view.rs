//! What a reader knows of all writers at a moment.

use std::time::Duration;

use core_actions::{ActionWindow, Fleet, WindowRows};
use core_time::{Instance, Stamp, Statistic};

use crate::error::ReadError;

/// The number of intervals after which a writer is missed.
const SILENT: u32 = 3;

/// What a store had at one moment: the answers of all writers, and how complete they are.
///
/// The counts are up to one flush interval old. Do not use them as a limiter: other processes may
/// have recorded since.
#[derive(Debug)]
pub struct View<'r, S> {
    pub(crate) fleet: &'r Fleet<S>,
    pub(crate) now: Stamp,
    pub(crate) writers: Vec<Writer>,
    pub(crate) unreadable: Vec<(Instance, String)>,
}

/// A process that publishes, as a reader knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer {
    pub(crate) instance: Instance,
    pub(crate) age: Duration,
    pub(crate) interval: Option<Duration>,
    pub(crate) is_whole: bool,
}

impl Writer {
    /// Returns the identity of its tracker or counter.
    #[must_use]
    pub fn instance(self) -> Instance {
        self.instance
    }

    /// Returns the time since its last flush, by the clock of the store.
    #[must_use]
    pub fn age(self) -> Duration {
        self.age
    }

    /// Returns whether it has flushed for the last time.
    #[must_use]
    pub fn has_ended(self) -> bool {
        self.interval.is_none()
    }

    /// Returns whether rows of it may be missing that are older than its interval.
    ///
    /// It did not flush for three intervals, or the store has lost some of its cells and has not
    /// got them again.
    #[must_use]
    pub fn is_missing(self) -> bool {
        let is_silent = |interval: Duration| self.age > interval.saturating_mul(SILENT);
        !self.is_whole || self.interval.is_some_and(is_silent)
    }
}

impl<S: Statistic> View<'_, S> {
    /// Returns the present, by the clock of the store.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.now
    }

    /// Returns the statistics of all actions over the past `window`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Fleet`] if `window` is longer than the one that was read, or if an action has
    /// more records than a statistic can count.
    pub fn window(&self, window: Duration) -> Result<WindowRows<S>, ReadError> {
        Ok(self.fleet.window(self.now, window)?)
    }

    /// Returns the statistics of one action over the past `window`.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    pub fn get(&self, action: &str, window: Duration) -> Result<ActionWindow<S>, ReadError> {
        Ok(self.fleet.get(self.now, action, window)?)
    }

    /// Returns the statistics of one action in each bucket of the past `window`, oldest first.
    ///
    /// # Errors
    ///
    /// As [`window`](Self::window).
    pub fn series(
        &self,
        action: &str,
        window: Duration,
    ) -> Result<Vec<ActionWindow<S>>, ReadError> {
        Ok(self.fleet.series(self.now, action, window)?)
    }

    /// Returns the writers whose records may be in a window, in ascending order.
    #[must_use]
    pub fn writers(&self) -> &[Writer] {
        &self.writers
    }

    /// Returns the age of the oldest state of a writer that has not ended.
    #[must_use]
    pub fn oldest_age(&self) -> Option<Duration> {
        let active = self.writers.iter().filter(|writer| !writer.has_ended());
        active.map(|writer| writer.age).max()
    }

    /// Returns whether nothing is known to be missing.
    ///
    /// `false` while a writer [is missing](Writer::is_missing), while cells cannot be
    /// [read](Self::unreadable), and without any writer. A killed writer is missing until its
    /// records have left the span.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_missing = |writer: &Writer| writer.is_missing();
        self.unreadable.is_empty()
            && !self.writers.is_empty()
            && !self.writers.iter().any(is_missing)
    }

    /// Returns the writers of cells that could not be read, with the reason.
    ///
    /// They publish another statistic, another unit or another resolution in the same set.
    #[must_use]
    pub fn unreadable(&self) -> &[(Instance, String)] {
        &self.unreadable
    }
}
