//! What a read found, and how much time it speaks for.

use std::time::Duration;

use crate::ledger::Found;
use crate::ring::Reading;
use crate::spec::WindowSpec;
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
    /// How much of that had passed, and was counted in, when the question was asked.
    elapsed: Duration,
}

impl Window {
    /// Events per second, over the time that was truly covered.
    ///
    /// That is less than the window at first: a counter that was started half a second ago and
    /// counted one event tells 2 per second, whatever the window. Nothing if no time has passed.
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
        (!self.elapsed.is_zero()).then(|| self.events as f64 / self.elapsed.as_secs_f64())
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

/// The buckets that a question touches, and which of the outermost ones lie wholly inside.
///
/// Pure arithmetic on stamps and ticks, so every edge is a test without a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) oldest: i64,
    pub(crate) newest: i64,
    /// Whether the oldest bucket is one of those that [`Window::events`] sums.
    oldest_counts: bool,
    oldest_is_whole: bool,
    newest_is_whole: bool,
    /// Whether the newest bucket is filling: it is whole too while it holds nothing of later.
    newest_is_filling: bool,
}

impl Touched {
    /// The buckets touched by `(now - window, now]`, for a window that is not zero.
    pub(crate) fn past(spec: &WindowSpec, window: i64, now: Stamp) -> Self {
        let first = now.as_nanos().saturating_sub(window - 1);
        let (oldest, newest) = (spec.tick(Stamp::from_nanos(first)), spec.tick(now));
        let counted = spec.buckets_in(window);
        Self {
            oldest,
            newest,
            oldest_counts: oldest > newest - counted,
            oldest_is_whole: spec.start(oldest).as_nanos() == first,
            newest_is_whole: spec.last(newest) == now,
            newest_is_filling: true,
        }
    }

    /// The buckets touched by `[from, to)`, for an interval that is not empty.
    pub(crate) fn between(spec: &WindowSpec, interval: Interval) -> Self {
        let last = Stamp::from_nanos(interval.to.as_nanos() - 1);
        let (oldest, newest) = (spec.tick(interval.from), spec.tick(last));
        Self {
            oldest,
            newest,
            oldest_counts: true,
            oldest_is_whole: spec.start(oldest) == interval.from,
            newest_is_whole: spec.last(newest) == last,
            newest_is_filling: false,
        }
    }

    /// Whether these are the same buckets, seen at another moment.
    pub(crate) fn are(self, other: Self) -> bool {
        (self.oldest, self.newest) == (other.oldest, other.newest)
    }

    /// The oldest bucket that [`Window::events`] sums.
    pub(crate) fn first_counted(self) -> i64 {
        if self.oldest_counts { self.oldest } else { self.oldest + 1 }
    }

    /// The answer at a moment, from what the buckets held; `settled` if no stamp of later can be
    /// among it.
    pub(crate) fn window(
        self,
        spec: &WindowSpec,
        found: &Found,
        settled: bool,
        now: Stamp,
    ) -> Window {
        let Reading { oldest, between, newest } = found.reading;
        let ends_whole = self.newest_is_whole || self.newest_is_filling && settled;
        let begins_whole = self.oldest != self.newest || self.oldest_is_whole;
        let newest_is_whole = ends_whole && begins_whole;
        let when = |condition: bool, events: u64| if condition { events } else { 0 };
        let covered =
            Interval { from: spec.start(self.first_counted()), to: spec.end(self.newest) };
        Window {
            events: when(self.oldest_counts, oldest) + between + newest,
            at_least: when(self.oldest_is_whole, oldest) + between + when(newest_is_whole, newest),
            at_most: oldest + between + newest,
            covered,
            elapsed: covered.to.min(now).saturating_since(covered.from.max(found.since)),
        }
    }
}

impl Window {
    /// The answer to a question about no time at all.
    pub(crate) const fn empty(at: Stamp) -> Self {
        let covered = Interval { from: at, to: at };
        Self { events: 0, at_least: 0, at_most: 0, covered, elapsed: Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Asks for the past `window_ms` at `now_ms`, with one-second buckets; ticks are seconds.
    #[track_caller]
    fn past(window_ms: i64, now_ms: i64) -> (i64, i64, bool, bool) {
        let now = Stamp::from_millis(now_ms);
        let touched = Touched::past(&WindowSpec::default(), window_ms * MS, now);
        (touched.oldest, touched.newest, touched.oldest_counts, touched.oldest_is_whole)
    }

    #[test]
    fn past_touches_one_bucket_more_than_it_counts_unless_it_ends_with_a_bucket() {
        assert_eq!(past(1_000, 100_000), (99, 100, false, false));
        assert_eq!(past(1_000, 100_500), (99, 100, false, false));
        assert_eq!(past(10_000, 100_000), (90, 100, false, false));
        assert_eq!(past(500, 100_700), (100, 100, true, false));
        assert_eq!(past(500, 100_200), (99, 100, false, false));
        assert_eq!(past(1_500, 100_900), (99, 100, true, false));
        assert_eq!(past(1_500, 100_200), (98, 100, false, false));
        let spec = WindowSpec::default();
        let last = Stamp::from_nanos(101_000 * MS - 1);
        let touched = Touched::past(&spec, 1_000 * MS, last);
        assert!(touched.oldest == 100 && touched.oldest_counts && touched.oldest_is_whole);
    }

    #[test]
    fn past_reaches_the_limits_of_time() {
        let spec = WindowSpec::default();
        let touched = Touched::past(&spec, spec.span_nanos(), Stamp::MIN);
        assert_eq!(
            (touched.oldest, touched.newest),
            (spec.tick(Stamp::MIN), spec.tick(Stamp::MIN))
        );
        let touched = Touched::past(&spec, spec.span_nanos(), Stamp::MAX);
        assert_eq!(touched.newest - touched.oldest, 300);
    }
}
