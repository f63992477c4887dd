//! Queries: the buckets that a query touches, and the answer from their counts.
//!
//! Pure arithmetic on stamps and ticks.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::WindowError;
use super::ring_tier::RingTier;
use super::window::{Coverage, Window};
use crate::ring::RangeCounts;
use crate::spec::{Grid, WindowSpec};
use crate::stamp::{Interval, Stamp, nanos};

/// The time that a query covers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Query {
    /// `(now - window, now]`, for a window in nanoseconds.
    Past(i64),
    Between(Interval),
}

impl Query {
    /// Queries the past `window`, if it is not longer than the span.
    pub(crate) fn past(spec: &WindowSpec, window: Duration) -> Result<Self, WindowError> {
        window_nanos(spec, window).map(Self::Past)
    }

    /// Queries an interval, unless it ends before it begins.
    pub(crate) fn between(interval: Interval) -> Result<Self, WindowError> {
        if interval.to < interval.from {
            return Err(WindowError::Backwards { interval });
        }
        Ok(Self::Between(interval))
    }

    /// Returns whether the query begins no further back than the span of a tier.
    #[inline(always)]
    pub(crate) fn fits(self, grid: &Grid, now: Stamp) -> bool {
        let reaches_back = match self {
            Self::Past(window) => window,
            Self::Between(interval) => now.as_nanos().saturating_sub(interval.from.as_nanos()),
        };
        reaches_back <= grid.span()
    }

    /// Returns the buckets that the query touches.
    #[inline(always)]
    pub(crate) fn range(self, grid: &Grid, now: Stamp) -> BucketRange {
        match self {
            Self::Past(window) => BucketRange::past(grid, window, now),
            Self::Between(interval) => BucketRange::between(grid, interval),
        }
    }
}

/// Converts a window to nanoseconds, if it is not longer than the span.
#[inline]
pub(crate) fn window_nanos(spec: &WindowSpec, window: Duration) -> Result<i64, WindowError> {
    let longest = spec.longest();
    match nanos(window).and_then(|nanos| i64::try_from(nanos).ok()) {
        Some(nanos) if nanos <= longest.span() => Ok(nanos),
        _ => Err(WindowError::LongerThanSpan { window, span: longest.tier().span }),
    }
}

/// The buckets that a query touches, and which of the outermost are wholly inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BucketRange {
    /// Whether the query covers no time. The buckets have no meaning then.
    pub(crate) is_empty: bool,
    pub(crate) oldest: i64,
    pub(crate) newest: i64,
    /// Whether [`Window::events`] includes the oldest bucket.
    oldest_is_counted: bool,
    oldest_is_whole: bool,
    newest_is_whole: bool,
    /// Whether the newest bucket is filling. It is whole too while it holds no later event.
    newest_is_filling: bool,
    /// Whether the whole buckets stay whole until the newest bucket ends.
    ///
    /// Then the answer is also right at the time of any event in the newest bucket.
    pub(crate) lasts: bool,
}

impl BucketRange {
    /// Returns the buckets touched by `(now - window, now]`.
    #[inline(always)]
    pub(crate) fn past(grid: &Grid, window: i64, now: Stamp) -> Self {
        let before_now = window.max(1) - 1; // From the first nanosecond of the window to the last.
        let first = Stamp::from_nanos(now.as_nanos().saturating_sub(before_now));
        let (oldest, newest) = (grid.tick(first), grid.tick(now));
        // Where in its bucket the window begins and ends. Not computed from `first`, so that the
        // beginning is negative where the window begins before the first stamp.
        let bucket_start = |tick: i64| tick.wrapping_mul(grid.width());
        let end_offset = now.as_nanos().wrapping_sub(bucket_start(newest));
        let begin_offset =
            now.as_nanos().wrapping_sub(before_now).wrapping_sub(bucket_start(oldest));
        // A window that begins deeper in its bucket than it ends touches one bucket more than
        // `ceil(window / width)`; the oldest is the one not counted.
        let oldest_is_counted = begin_offset <= end_offset;
        let oldest_is_whole = begin_offset <= 0 || first == Stamp::MIN;
        // One nanosecond later the window may cut a bucket that is whole now, or leave one.
        let lasts = begin_offset <= end_offset + 1 && begin_offset > 0 && first != Stamp::MIN;
        Self {
            is_empty: window == 0,
            oldest,
            newest,
            oldest_is_counted,
            oldest_is_whole,
            newest_is_whole: end_offset == grid.width() - 1 || now == Stamp::MAX,
            newest_is_filling: true,
            lasts,
        }
    }

    /// Returns the buckets touched by `[from, to)`.
    pub(crate) fn between(grid: &Grid, interval: Interval) -> Self {
        let last = Stamp::from_nanos(interval.to.as_nanos().saturating_sub(1)).max(interval.from);
        let (oldest, newest) = (grid.tick(interval.from), grid.tick(last));
        Self {
            is_empty: interval.from >= interval.to,
            oldest,
            newest,
            oldest_is_counted: true,
            oldest_is_whole: grid.start(oldest) == interval.from,
            newest_is_whole: grid.last(newest) == last,
            newest_is_filling: false,
            lasts: true,
        }
    }

    /// Returns whether both are the same buckets.
    fn same_buckets(self, other: Self) -> bool {
        (self.oldest, self.newest) == (other.oldest, other.newest)
    }

    /// Returns the buckets that [`Window::events`] sums.
    pub(crate) fn counted(self) -> RangeInclusive<i64> {
        self.first_counted()..=self.newest - i64::from(self.is_empty)
    }

    /// Returns every bucket that the query touches.
    pub(crate) fn touched(self) -> RangeInclusive<i64> {
        self.oldest..=self.newest - i64::from(self.is_empty)
    }

    /// Returns the buckets that are wholly inside the query.
    ///
    /// `nothing_is_ahead` if no event in the filling bucket may be stamped after its end.
    pub(crate) fn inside(self, nothing_is_ahead: bool) -> RangeInclusive<i64> {
        let ends_whole = self.newest_is_whole || self.newest_is_filling && nothing_is_ahead;
        let is_whole = ends_whole && !self.is_empty;
        self.oldest + i64::from(!self.oldest_is_whole)..=self.newest - i64::from(!is_whole)
    }

    /// Returns the answer from the counts of the buckets.
    ///
    /// `nothing_is_ahead` if no event in the filling bucket may be stamped after `now`.
    #[inline(always)]
    pub(crate) fn window(
        self,
        grid: &Grid,
        RangeCounts { oldest, between, newest }: RangeCounts,
        since: Stamp,
        now: Stamp,
        nothing_is_ahead: bool,
    ) -> Window {
        if self.is_empty {
            return Window::empty(now, grid.resolution());
        }
        let ends_whole = self.newest_is_whole || self.newest_is_filling && nothing_is_ahead;
        let begins_whole = self.oldest != self.newest || self.oldest_is_whole;
        let newest_is_whole = ends_whole && begins_whole;
        let when = |condition: bool, events: u64| if condition { events } else { 0 };
        let interval =
            Interval { from: grid.start(self.first_counted()), to: grid.end(self.newest) };
        Window {
            events: when(self.oldest_is_counted, oldest) + between + newest,
            at_least: when(self.oldest_is_whole, oldest) + between + when(newest_is_whole, newest),
            at_most: oldest + between + newest,
            coverage: Coverage::new(interval, grid.resolution(), since, now),
        }
    }

    #[inline(always)]
    fn first_counted(self) -> i64 {
        if self.oldest_is_counted { self.oldest } else { self.oldest + 1 }
    }
}

/// The counts read for a query, and the present for which they were read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryState<'a> {
    pub(crate) tier: &'a RingTier,
    pub(crate) now: Stamp,
    pub(crate) range: BucketRange,
    pub(crate) counts: RangeCounts,
    /// Where the oldest bucket begins, which may be before the first stamp.
    oldest_start: i64,
    /// From there to the start of the newest bucket.
    ///
    /// No open bucket is newer than the ring, so this is small even for a query that reaches far
    /// ahead.
    newest_offset: u64,
    /// The latest stamp in nanoseconds that was ahead of the clock when it was recorded.
    pub(crate) latest_ahead: i64,
    /// When counting began.
    pub(crate) since: Stamp,
}

impl<'a> QueryState<'a> {
    /// Reads the ring. The open events of the cells are still to be added.
    #[inline(always)]
    pub(super) fn new(tier: &'a RingTier, now: Stamp, range: BucketRange) -> Self {
        let BucketRange { oldest, newest, .. } = range;
        let counts = tier.ring.read(oldest, newest);
        let buckets_between = (newest.min(tier.ring.newest() + 1) - oldest).max(0);
        let oldest_start = oldest.wrapping_mul(tier.grid.width());
        let newest_offset = buckets_between.wrapping_mul(tier.grid.width()).cast_unsigned();
        let (latest_ahead, since) = (i64::MIN, Stamp::MAX);
        Self { tier, now, range, counts, oldest_start, newest_offset, latest_ahead, since }
    }

    /// Adds the open events of a cell, if their bucket is in the range.
    ///
    /// A cell without an open bucket has 0 events. A bucket that the ring no longer holds is not in
    /// the range.
    #[inline(always)]
    pub(super) fn add_open(&mut self, start: i64, events: u64) {
        let width = self.tier.grid.width().cast_unsigned();
        // Wraps to more than any offset for a bucket before the oldest.
        let offset = start.wrapping_sub(self.oldest_start).cast_unsigned();
        let count = match offset.checked_sub(self.newest_offset) {
            Some(past_newest) if past_newest >= width => return,
            Some(_) => &mut self.counts.newest,
            None if offset < width => &mut self.counts.oldest,
            None => &mut self.counts.between,
        };
        // Wraps only during a concurrent write, after which the result is discarded.
        *count = count.wrapping_add(events);
    }

    /// Returns the answer at the time of the state.
    #[inline(always)]
    pub(super) fn window(&self, clock_may_step_back: bool) -> Window {
        let nothing_is_ahead = !clock_may_step_back && self.latest_ahead <= self.now.as_nanos();
        let Self { counts, since, now, .. } = *self;
        self.range.window(&self.tier.grid, counts, since, now, nothing_is_ahead)
    }

    /// Moves the state to a later time, if the query touches the same buckets then.
    #[inline(always)]
    pub(super) fn move_to(&mut self, query: Query, then: Stamp) -> bool {
        let range = query.range(&self.tier.grid, then);
        let is_same = then >= self.now && range.same_buckets(self.range);
        if is_same {
            (self.range, self.now) = (range, then);
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

    /// Queries the past `window_ms` at `now_ms`, with one-second buckets; ticks are seconds.
    #[track_caller]
    fn past(window_ms: i64, now_ms: i64) -> (i64, i64, bool, bool) {
        let range = BucketRange::past(&seconds(), window_ms * MS, Stamp::from_millis(now_ms));
        (range.oldest, range.newest, range.oldest_is_counted, range.oldest_is_whole)
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
        let range = BucketRange::past(&seconds(), 1_000 * MS, last);
        assert!(range.oldest == 100 && range.oldest_is_counted && range.oldest_is_whole);
    }

    #[test]
    fn past_lasts_if_no_whole_bucket_is_cut_before_the_newest_ends() {
        let grid = seconds();
        let first_whole = |range: BucketRange| range.oldest + i64::from(!range.oldest_is_whole);
        for (window_ns, now_ms) in [
            (MS, 0),
            (500 * MS, 200),
            (500 * MS, 700),
            (1_000 * MS, 300),
            (2_700 * MS, 700),
            (1_400 * MS + 1, 10_400), // Begins with a bucket, which the next moment cuts.
        ] {
            let now = Stamp::from_millis(now_ms);
            let range = BucketRange::past(&grid, window_ns, now);
            let cut = BucketRange::past(&grid, window_ns, grid.last(grid.tick(now)));
            assert_eq!(range.lasts, first_whole(cut) <= first_whole(range), "{window_ns}");
        }
    }

    #[test]
    fn past_reaches_the_limits_of_time() {
        let grid = seconds();
        let range = BucketRange::past(&grid, grid.span(), Stamp::MIN);
        let first = grid.tick(Stamp::MIN);
        assert_eq!((range.oldest, range.newest), (first, first));
        assert!(range.oldest_is_whole && !range.lasts);
        let range = BucketRange::past(&grid, grid.span(), Stamp::MAX);
        assert_eq!(range.newest - range.oldest, 300);
        assert!(range.newest_is_whole);
    }

    /// Returns the ends of the buckets touched, and of those inside: without and with what fills.
    fn parts(range: BucketRange) -> [(i64, i64); 3] {
        let parts = [range.touched(), range.inside(false), range.inside(true)];
        parts.map(RangeInclusive::into_inner)
    }

    #[test]
    fn only_whole_buckets_are_inside() {
        let grid = &seconds();
        let past = |window: i64, now: i64| {
            parts(BucketRange::past(grid, window * MS, Stamp::from_nanos(now)))
        };
        assert_eq!(past(1_500, 100_900 * MS), [(99, 100), (100, 99), (100, 100)]);
        assert_eq!(past(0, 100_500 * MS), [(100, 99), (101, 99), (101, 99)]);
        // The last nanosecond of a bucket, and the one before.
        assert_eq!(past(1_000, 101_000 * MS - 1), [(100, 100), (100, 100), (100, 100)]);
        assert_eq!(past(1_000, 101_000 * MS - 2), [(99, 100), (100, 99), (100, 100)]);
        let between = |from_ms, to_ms| {
            let [from, to] = [from_ms, to_ms].map(Stamp::from_millis);
            parts(BucketRange::between(grid, Interval { from, to }))
        };
        assert_eq!(between(99_000, 101_000), [(99, 100), (99, 100), (99, 100)]);
        assert_eq!(between(99_500, 100_500), [(99, 100), (100, 99), (100, 99)]);
    }
}
