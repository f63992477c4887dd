//! What is asked, which buckets that touches, and what they say: arithmetic on stamps and ticks.

use std::ops::RangeInclusive;

use crate::grid::Grid;
use crate::ledger::RingTier;
use crate::ring::Reading;
use crate::stamp::{Interval, Stamp};
use crate::window::{Coverage, Window};

/// What time is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    /// `(now - window, now]`, for a window in nanoseconds.
    Past(i64),
    Between(Interval),
}

impl Question {
    /// Whether it begins no further back than the span of a tier.
    #[inline(always)]
    pub(crate) fn fits(self, grid: &Grid, now: Stamp) -> bool {
        let reaches_back = match self {
            Self::Past(window) => window,
            Self::Between(interval) => now.as_nanos().saturating_sub(interval.from.as_nanos()),
        };
        reaches_back <= grid.span()
    }

    /// The buckets that are touched.
    #[inline(always)]
    pub(crate) fn touches(self, grid: &Grid, now: Stamp) -> Touched {
        match self {
            Self::Past(window) => Touched::past(grid, window, now),
            Self::Between(interval) => Touched::between(grid, interval),
        }
    }
}

/// The buckets that a question touches, and which of the outermost ones lie wholly inside.
///
/// Pure arithmetic on stamps and ticks, so every edge is a test without a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Touched {
    /// Whether no time is asked about, so that it does not matter which buckets these are.
    pub(crate) is_empty: bool,
    pub(crate) oldest: i64,
    pub(crate) newest: i64,
    /// Whether the oldest bucket is one of those that [`Window::events`] sums.
    oldest_counts: bool,
    oldest_is_whole: bool,
    newest_is_whole: bool,
    /// Whether the newest bucket is filling: it is whole too while it holds nothing of later.
    newest_is_filling: bool,
    /// Whether those that lie wholly inside do so until the newest one ends, so that the answer is
    /// right at the moment of any event in that.
    pub(crate) lasts: bool,
}

impl Touched {
    /// The buckets touched by `(now - window, now]`.
    #[inline(always)]
    pub(crate) fn past(grid: &Grid, window: i64, now: Stamp) -> Self {
        let (now_nanos, to_first) = (now.as_nanos(), window.max(1) - 1);
        let first = Stamp::from_nanos(now_nanos.saturating_sub(to_first));
        let (oldest, newest) = (grid.tick(first), grid.tick(now));
        // How far into its bucket each end lies; less than nothing if the window begins before the
        // first stamp there is. Where it begins deeper in its bucket than it ends, it touches one
        // bucket more than its length is rounded up to.
        let start = |tick: i64| tick.wrapping_mul(grid.width());
        let into_oldest = now_nanos.wrapping_sub(to_first).wrapping_sub(start(oldest));
        let into_newest = now_nanos.wrapping_sub(start(newest));
        Self {
            is_empty: window == 0,
            oldest,
            newest,
            oldest_counts: into_oldest <= into_newest,
            oldest_is_whole: into_oldest <= 0 || first == Stamp::MIN,
            newest_is_whole: into_newest == grid.width() - 1 || now == Stamp::MAX,
            newest_is_filling: true,
            lasts: into_oldest > 0 && into_oldest <= into_newest + 1 && first != Stamp::MIN,
        }
    }

    /// The buckets touched by `[from, to)`.
    pub(crate) fn between(grid: &Grid, interval: Interval) -> Self {
        let last = Stamp::from_nanos(interval.to.as_nanos().saturating_sub(1)).max(interval.from);
        let (oldest, newest) = (grid.tick(interval.from), grid.tick(last));
        Self {
            is_empty: interval.from >= interval.to,
            oldest,
            newest,
            oldest_counts: true,
            oldest_is_whole: grid.start(oldest) == interval.from,
            newest_is_whole: grid.last(newest) == last,
            newest_is_filling: false,
            lasts: true,
        }
    }

    /// Whether these are the same buckets, seen at another moment.
    pub(crate) fn are(self, other: Self) -> bool {
        (self.oldest, self.newest) == (other.oldest, other.newest)
    }

    /// The buckets that [`Window::events`] sums, from the oldest to the newest.
    pub(crate) fn counted(self) -> RangeInclusive<i64> {
        self.first_counted()..=self.newest - i64::from(self.is_empty)
    }

    #[inline(always)]
    fn first_counted(self) -> i64 {
        if self.oldest_counts { self.oldest } else { self.oldest + 1 }
    }
}

/// What the buckets said to a question, at the moment for which that was asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) tier: &'a RingTier,
    pub(crate) now: Stamp,
    pub(crate) touched: Touched,
    pub(crate) reading: Reading,
    /// Where the oldest bucket begins, which may be before the first stamp; and how far behind it
    /// the newest one does. No cell is ahead of the ring, so that is small even if the question
    /// reaches far ahead.
    first: i64,
    last: u64,
    /// The latest stamp in nanoseconds that was ahead of the clock when it was recorded.
    pub(crate) latest_ahead: i64,
    /// When counting began.
    pub(crate) since: Stamp,
}

impl<'a> Look<'a> {
    /// What the ring says, to which the cells are to be added.
    #[inline(always)]
    pub(crate) fn new(tier: &'a RingTier, now: Stamp, touched: Touched) -> Self {
        let Touched { oldest, newest, .. } = touched;
        let reading = tier.ring.read(oldest, newest);
        let between = (newest.min(tier.ring.newest() + 1) - oldest).max(0);
        let first = oldest.wrapping_mul(tier.grid.width());
        let last = between.wrapping_mul(tier.grid.width()).cast_unsigned();
        let (latest_ahead, since) = (i64::MIN, Stamp::MAX);
        Self { tier, now, touched, reading, first, last, latest_ahead, since }
    }

    /// Takes in the events of the bucket that a cell has open, if that is touched.
    ///
    /// A cell without one has no events in it, so it may be looked at as any other. What the ring
    /// holds is held here, and what it does not is not touched.
    #[inline(always)]
    pub(crate) fn take_in(&mut self, start: i64, events: u64) {
        let (last, width) = (self.last, self.tier.grid.width().cast_unsigned());
        let distance = start.wrapping_sub(self.first).cast_unsigned();
        if distance >= last && distance - last >= width {
            return;
        }
        let part = if distance >= last {
            &mut self.reading.newest
        } else if distance < width {
            &mut self.reading.oldest
        } else {
            &mut self.reading.between
        };
        // Wraps only beside a change, in which case what was found is not used.
        *part = part.wrapping_add(events);
    }

    /// The answer for the moment of the look.
    #[inline(always)]
    pub(crate) fn window_now(&self, clock_may_step_back: bool) -> Window {
        let (grid, touched, now) = (&self.tier.grid, self.touched, self.now);
        if touched.is_empty {
            return Window::empty(now, grid.resolution());
        }
        // No stamp of later can be among the events.
        let settled = !clock_may_step_back && self.latest_ahead <= now.as_nanos();
        let Reading { oldest, between, newest } = self.reading;
        let ends_whole = touched.newest_is_whole || touched.newest_is_filling && settled;
        let begins_whole = touched.oldest != touched.newest || touched.oldest_is_whole;
        let newest_is_whole = ends_whole && begins_whole;
        let when = |condition: bool, events: u64| if condition { events } else { 0 };
        let interval =
            Interval { from: grid.start(touched.first_counted()), to: grid.end(touched.newest) };
        Window {
            events: when(touched.oldest_counts, oldest) + between + newest,
            at_least: when(touched.oldest_is_whole, oldest)
                + between
                + when(newest_is_whole, newest),
            at_most: oldest + between + newest,
            coverage: Coverage::new(interval, grid.resolution(), self.since, now),
        }
    }

    /// Makes it a look for a later moment, if the same buckets are touched then.
    pub(crate) fn moves_to(&mut self, question: Question, then: Stamp) -> bool {
        let touched = question.touches(&self.tier.grid, then);
        let is_same = then >= self.now && touched.are(self.touched);
        if is_same {
            (self.touched, self.now) = (touched, then);
        }
        is_same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// A counter's usual tier.
    fn seconds() -> Grid {
        *crate::WindowSpec::default().finest()
    }

    /// Asks for the past `window_ms` at `now_ms`, with one-second buckets; ticks are seconds.
    #[track_caller]
    fn past(window_ms: i64, now_ms: i64) -> (i64, i64, bool, bool) {
        let touched = Touched::past(&seconds(), window_ms * MS, Stamp::from_millis(now_ms));
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
        let last = Stamp::from_nanos(101_000 * MS - 1);
        let touched = Touched::past(&seconds(), 1_000 * MS, last);
        assert!(touched.oldest == 100 && touched.oldest_counts && touched.oldest_is_whole);
    }

    #[test]
    fn past_lasts_if_no_whole_bucket_is_cut_before_the_newest_ends() {
        let grid = seconds();
        let first_whole = |touched: Touched| touched.oldest + i64::from(!touched.oldest_is_whole);
        for (window_ns, now_ms) in [
            (MS, 0),
            (500 * MS, 200),
            (500 * MS, 700),
            (1_000 * MS, 300),
            (2_700 * MS, 700),
            (1_400 * MS + 1, 10_400), // Begins with a bucket, which the next moment cuts.
        ] {
            let now = Stamp::from_millis(now_ms);
            let touched = Touched::past(&grid, window_ns, now);
            let cut = Touched::past(&grid, window_ns, grid.last(grid.tick(now)));
            assert_eq!(touched.lasts, first_whole(cut) <= first_whole(touched), "{window_ns}");
        }
    }

    #[test]
    fn past_reaches_the_limits_of_time() {
        let grid = seconds();
        let touched = Touched::past(&grid, grid.span(), Stamp::MIN);
        let first = grid.tick(Stamp::MIN);
        assert_eq!((touched.oldest, touched.newest), (first, first));
        assert!(touched.oldest_is_whole && !touched.lasts);
        let touched = Touched::past(&grid, grid.span(), Stamp::MAX);
        assert_eq!(touched.newest - touched.oldest, 300);
        assert!(touched.newest_is_whole);
    }
}
