//! The answers of counters, and the time that they cover.

use std::time::Duration;

use crate::stamp::{Interval, Stamp};

/// The time that an answer covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// The interval of the counted buckets.
    pub interval: Interval,
    /// The width of these buckets.
    pub resolution: Duration,
    /// How much of the interval has passed since counting began.
    pub elapsed: Duration,
}

impl Coverage {
    /// Covers the part of an interval after `since`, up to `now`.
    #[inline]
    pub(crate) fn new(interval: Interval, resolution: Duration, since: Stamp, now: Stamp) -> Self {
        let elapsed = interval.to.min(now).nanos_since(interval.from.max(since));
        Self { interval, resolution, elapsed: Duration::from_nanos(elapsed) }
    }

    /// Returns whether some of the interval has not passed, or passed before counting began.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{EventCounter, ManualClock, Stamp};
    /// # use std::time::Duration;
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock.clone());
    /// clock.advance(Duration::from_secs(300));
    /// assert!(counter.count(Duration::from_secs(10))?.coverage.is_partial());
    /// let whole = counter.count_between(Stamp::from_secs(1_000)..Stamp::from_secs(1_300))?;
    /// assert!(!whole.coverage.is_partial());
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    #[must_use]
    pub fn is_partial(&self) -> bool {
        let Interval { from, to } = self.interval;
        self.elapsed < Duration::from_nanos(to.nanos_since(from))
    }

    /// Divides a number by the elapsed time in seconds.
    ///
    /// Returns `None` if no time has passed.
    ///
    /// # Accuracy
    ///
    /// One event half a second after counting began is a rate of 2 per second, whatever the window.
    #[must_use]
    pub fn rate(&self, number: u64) -> Option<f64> {
        let nanos = self.elapsed.as_nanos();
        (nanos > 0).then(|| number as f64 * 1e9 / nanos as f64)
    }
}

/// The number of events in a window, with bounds.
///
/// A counter does not know where inside a bucket an event happened, and a window rarely begins at
/// the edge of a bucket. So there are three numbers. Use the one that is safe for the purpose: a
/// limiter that must never let too many pass uses [`at_most`](Self::at_most), a breaker that must
/// not open for too few uses [`at_least`](Self::at_least), a display uses
/// [`events`](Self::events).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// The events in the whole buckets of [`coverage`](Self::coverage).
    ///
    /// For the past `window`, these are the newest `ceil(window / resolution)` buckets, including
    /// the one that is filling. For an interval, every bucket that it touches.
    pub events: u64,
    /// The lower bound: the events in the buckets that are wholly inside.
    ///
    /// Includes the filling bucket, unless it may hold an event stamped ahead of the clock.
    pub at_least: u64,
    /// The upper bound: the events in every bucket that is touched.
    ///
    /// So it includes an event for up to one bucket longer than the window.
    pub at_most: u64,
    /// The time that [`events`](Self::events) covers.
    ///
    /// Its resolution is that of the finest tier that holds the window.
    pub coverage: Coverage,
}

impl Window {
    /// Returns the number of events per second.
    ///
    /// Divides by the time that has passed, which at first is less than the window: a counter that
    /// was started half a second ago and counted one event has a rate of 2, whatever the window. A
    /// late event from before the start moves the start back to its stamp. Returns `None` if no
    /// time has passed. The part of an interval ahead of the clock has not passed.
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

    /// The answer of a counter that keeps every stamp.
    pub(crate) fn exact(events: u64, interval: Interval, since: Stamp, now: Stamp) -> Self {
        let coverage = Coverage::new(interval, Duration::from_nanos(1), since, now);
        Self { events, at_least: events, at_most: events, coverage }
    }

    /// The answer for an empty interval.
    pub(crate) const fn empty(at: Stamp, resolution: Duration) -> Self {
        let interval = Interval { from: at, to: at };
        let coverage = Coverage { interval, resolution, elapsed: Duration::ZERO };
        Self { events: 0, at_least: 0, at_most: 0, coverage }
    }
}

/// The number of events in each bucket of a window, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Series {
    /// The start of the first bucket.
    pub from: Stamp,
    /// The width of a bucket.
    pub resolution: Duration,
    /// The events of each bucket. The last bucket is still filling.
    pub counts: Vec<u64>,
}
