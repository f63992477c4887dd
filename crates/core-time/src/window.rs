//! What a read found, and how much time it speaks for.

use std::time::Duration;

use crate::stamp::{Interval, Stamp};

/// How many events fell in a window, and between which numbers the truth lies.
///
/// A counter that keeps buckets cannot tell where inside a bucket an event fell, and a window
/// seldom begins at the edge of one. So there are three numbers; compare the one that is safe for
/// the purpose: a limiter that must never let too many pass uses [`at_most`](Self::at_most), a
/// breaker that must not open for too few uses [`at_least`](Self::at_least), a display shows
/// [`events`](Self::events).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// Events in the whole buckets of [`covered`](Self::covered).
    ///
    /// For the past `window`, these are the newest `ceil(window / resolution)` buckets, the one
    /// that is still filling included. For an interval, every bucket it touches.
    pub events: u64,
    /// Not more than the true number: events in the buckets that lie wholly inside.
    ///
    /// The one that is filling is among them, unless an event stamped ahead of the clock may be in
    /// it.
    pub at_least: u64,
    /// Not less than the true number: events in every bucket that is touched.
    ///
    /// So an event is among them for up to a bucket longer than the window.
    pub at_most: u64,
    /// The time that the buckets of [`events`](Self::events) span.
    pub covered: Interval,
    /// The width of these buckets: that of the finest tier which holds what was asked for.
    pub resolution: Duration,
    /// How much of that had passed, and was counted in, when the question was asked: nanoseconds.
    pub(crate) elapsed: u64,
}

impl Window {
    /// Events per second, over the time that was truly covered.
    ///
    /// That is less than the window at first: a counter that was started half a second ago and
    /// counted one event tells 2 per second, whatever the window. A late event of before the start
    /// moves the start back to it. Nothing if no time has passed; what an interval covers ahead of
    /// the clock has not.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{EventCounter, ManualClock, Stamp};
    /// # use std::time::Duration;
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock.clone());
    /// counter.record();
    /// assert_eq!(counter.count(Duration::from_secs(300))?.rate(), None);
    /// clock.advance(Duration::from_millis(500));
    /// assert_eq!(counter.count(Duration::from_secs(300))?.rate(), Some(2.0));
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.elapsed > 0).then(|| self.events as f64 * 1e9 / self.elapsed as f64)
    }
}

/// How many events fell in each bucket of a window, the oldest first: for plotting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Series {
    /// Where the first bucket begins.
    pub from: Stamp,
    /// The width of a bucket.
    pub resolution: Duration,
    /// The events of each bucket. The last one is still filling.
    pub counts: Vec<u64>,
}

impl Window {
    /// The answer of who keeps every stamp.
    pub(crate) fn exact(events: u64, covered: Interval, since: Stamp, now: Stamp) -> Self {
        let elapsed = covered.to.min(now).nanos_since(covered.from.max(since));
        let resolution = Duration::from_nanos(1);
        Self { events, at_least: events, at_most: events, covered, resolution, elapsed }
    }

    /// The answer to a question about no time at all.
    pub(crate) const fn empty(at: Stamp, resolution: Duration) -> Self {
        let covered = Interval { from: at, to: at };
        Self { events: 0, at_least: 0, at_most: 0, covered, resolution, elapsed: 0 }
    }
}
