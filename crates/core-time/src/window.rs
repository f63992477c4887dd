//! What a read found, and how much time it speaks for.

use std::time::Duration;

use crate::stamp::{Interval, Stamp};

/// The time that an answer covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// The interval that the counted buckets span.
    pub interval: Interval,
    /// The width of these buckets.
    pub resolution: Duration,
    /// How much of the interval had passed, since counting began, when the question was asked.
    pub elapsed: Duration,
}

impl Coverage {
    /// Covers the part of an interval after `since`, up to `now`.
    #[inline]
    pub(crate) fn new(interval: Interval, resolution: Duration, since: Stamp, now: Stamp) -> Self {
        let elapsed = interval.to.min(now).nanos_since(interval.from.max(since));
        Self { interval, resolution, elapsed: Duration::from_nanos(elapsed) }
    }

    /// Returns how many of `number` things there were per second of the time that had passed.
    ///
    /// `None` if no time had passed.
    ///
    /// # Accuracy
    ///
    /// There is no start-up error: one event half a second after counting began is a rate of 2 per
    /// second, whatever the window.
    #[must_use]
    pub fn rate(&self, number: u64) -> Option<f64> {
        let nanos = self.elapsed.as_nanos();
        (nanos > 0).then(|| number as f64 * 1e9 / nanos as f64)
    }
}

/// The number of events in a window, with the bounds of the true number.
///
/// A counter that keeps buckets does not know where inside a bucket an event fell, and a window
/// seldom begins at the edge of one. So there are three numbers. Compare the one that is safe for
/// the purpose: a limiter that must never let too many pass uses [`at_most`](Self::at_most), a
/// breaker that must not open for too few uses [`at_least`](Self::at_least), a display shows
/// [`events`](Self::events).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// Events in the whole buckets of [`coverage`](Self::coverage).
    ///
    /// For the past `window`, these are the newest `ceil(window / resolution)` buckets, the one
    /// that is filling included. For an interval, every bucket it touches.
    pub events: u64,
    /// The lower bound: events in the buckets that lie wholly inside.
    ///
    /// The bucket that is filling is among them, unless an event stamped ahead of the clock may be
    /// in it.
    pub at_least: u64,
    /// The upper bound: events in every bucket that is touched.
    ///
    /// So an event is among them for up to one bucket longer than the window.
    pub at_most: u64,
    /// The time that the buckets of [`events`](Self::events) span, of the finest tier that holds
    /// what was asked for.
    pub coverage: Coverage,
}

impl Window {
    /// Returns the events per second, over the time that the window covers.
    ///
    /// That is less than the window at first: a counter that was started half a second ago and
    /// counted one event has a rate of 2, whatever the window. A late event from before the start
    /// moves the start back to it. `None` if no time has passed; what an interval covers ahead of
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
        self.coverage.rate(self.events)
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
    /// The answer of a counter that keeps every stamp.
    pub(crate) fn exact(events: u64, interval: Interval, since: Stamp, now: Stamp) -> Self {
        let coverage = Coverage::new(interval, Duration::from_nanos(1), since, now);
        Self { events, at_least: events, at_most: events, coverage }
    }

    /// The answer to a question about an empty interval.
    pub(crate) const fn empty(at: Stamp, resolution: Duration) -> Self {
        let interval = Interval { from: at, to: at };
        let coverage = Coverage { interval, resolution, elapsed: Duration::ZERO };
        Self { events: 0, at_least: 0, at_most: 0, coverage }
    }
}
