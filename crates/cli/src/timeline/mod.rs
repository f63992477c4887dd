//! Statistics over time: one aggregate for each interval with actions.
//!
//! Logs may be of any time and any length, so this is a sorted map, not a ring. Only intervals with
//! actions are stored, and the number of their rows is limited. If the width is given, rows beyond
//! the limit are dropped and the timeline is overfull.
//!
//! If the width is chosen, it is the first of `WIDTHS` that satisfies both limits: the number of
//! rows, and the number of intervals from the first to the last. Each width is a multiple of the
//! one before, so a wider interval is a merge of narrower ones. Neither number grows with the width
//! or shrinks with more actions. So the intervals can be widened as soon as they exceed a limit:
//! a width that fits all actions also fits each part of them, in any order and on any thread.
//! Rejected: to drop rows while intervals are narrow, or to check the limit of rows only after the
//! width was chosen. Both made the result depend on the order and on the threads.
//!
//! Records far from all others are not on the axis if its width is chosen; see `outliers.rs`.

mod aggregate;
mod grid;
mod left_out;
mod outliers;
mod partial;
mod saved;
mod segment;

use std::ops::Range;
use std::time::Duration;

use facade::Stamp;
use facade::codec::{Record, Zone};

pub(crate) use aggregate::{Aggregate, ByAction, Combined, Saves};
use grid::{Grid, duration, saturated};
use segment::{Limits, Segment, WIDTHS};

/// The width of the intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    Given(Duration),
    /// The narrowest width that satisfies the limit of rows and this limit of intervals from the
    /// first to the last.
    AtMost(u64),
}

/// Collects the records of a timeline in any order.
#[derive(Debug, Clone)]
pub(crate) struct TimelineBuilder<C> {
    grid: Grid,
    limits: Limits,
    /// In order of time. If the width is given, there is at most one.
    segments: Vec<Segment<C>>,
    /// The number of actions without a timestamp, which are not on the timeline.
    unstamped: u64,
    /// Space for the ends of all segments.
    all: Vec<outliers::Ends>,
}

impl<C: Aggregate> TimelineBuilder<C> {
    /// Creates a builder without records.
    pub(crate) fn new(width: Width, rows: usize, zone: &Zone) -> Self {
        let (width, length) = match width {
            // `i64` nanoseconds are 292 years; no log is longer.
            Width::Given(width) => (i64::try_from(width.as_nanos()).unwrap_or(i64::MAX), None),
            Width::AtMost(length) => (WIDTHS[0], Some(length.max(1))),
        };
        let limits = Limits { rows, length };
        let grid = Grid::new(zone, width);
        Self { grid, limits, segments: Vec::new(), unstamped: 0, all: Vec::new() }
    }

    /// Inserts an action by its timestamp.
    pub(crate) fn insert(&mut self, record: &Record<'_>) {
        let Some(stamp) = record.stamp else {
            self.unstamped += 1;
            return;
        };
        let at = self.segments.partition_point(|segment| segment.ends.1 < stamp);
        if self.segments.get(at).is_none_or(|segment| stamp < segment.ends.0) {
            let at = self.join(at, (stamp, stamp), None);
            self.segments[at].insert(record, stamp);
        } else {
            self.segments[at].insert(record, stamp);
        }
    }

    /// Merges another builder with the same limits and zone.
    pub(crate) fn merge(&mut self, other: Self) {
        self.unstamped += other.unstamped;
        for mut segment in other.segments {
            // Those that overlap are joined first; whatever is then between two segments is a gap.
            let from = self.segments.partition_point(|mine| mine.ends.1 < segment.ends.0);
            let to = self.segments.partition_point(|mine| mine.ends.0 <= segment.ends.1);
            for mine in self.segments.drain(from..to) {
                segment.merge(mine);
            }
            self.join(from, segment.ends, Some(segment));
        }
    }

    /// Joins the segments that belong together now that there are moments before position `at`.
    ///
    /// Returns the position of the segment of these moments, which holds `new` if it is given.
    fn join(&mut self, at: usize, ends: outliers::Ends, new: Option<Segment<C>>) -> usize {
        let range = self.joined(at, ends);
        // The moments are not among the segments yet.
        let (start, end) = (range.start, range.end - 1);
        if new.is_none() && end - start == 1 {
            return start; // The common case: the next record of a log.
        }
        let joined = merged(self.segments.drain(start..end).chain(new));
        let joined = joined.unwrap_or_else(|| Segment::new(self.grid.clone(), self.limits, ends.0));
        self.segments.insert(start, joined);
        start
    }

    /// Returns the range of the segments, with these moments inserted, that belong together.
    fn joined(&mut self, at: usize, ends: outliers::Ends) -> Range<usize> {
        if self.limits.length.is_none() {
            return 0..self.segments.len() + 1;
        }
        self.all.clear();
        self.all.extend(self.segments.iter().map(|segment| segment.ends));
        self.all.insert(at, ends);
        outliers::joined(&self.all, at)
    }

    /// Returns the timeline of all records.
    pub(crate) fn build(mut self) -> Timeline<C> {
        let ends: Vec<_> = self.segments.iter().map(|segment| segment.ends).collect();
        let records: Vec<_> = self.segments.iter().map(|segment| segment.records).collect();
        let kept = match self.limits.length {
            Some(_) => outliers::kept(&ends, &records),
            None => 0..ends.len(),
        };
        let after = Outliers::of(self.segments.split_off(kept.end));
        let inside = merged(self.segments.split_off(kept.start));
        let before = Outliers::of(self.segments);
        Timeline { empty: self.grid, inside, before, after, unstamped: self.unstamped }
    }
}

fn merged<C: Aggregate>(segments: impl IntoIterator<Item = Segment<C>>) -> Option<Segment<C>> {
    segments.into_iter().reduce(|mut one, other| {
        one.merge(other);
        one
    })
}

/// Records that are so far from all others that they are not on the axis.
#[derive(Debug, Clone)]
pub(crate) struct Outliers<C> {
    /// The minimum and the maximum timestamp.
    pub(crate) ends: (Stamp, Stamp),
    pub(crate) records: u64,
    pub(crate) content: C,
}

impl<C: Aggregate> Outliers<C> {
    fn of(segments: Vec<Segment<C>>) -> Option<Self> {
        let segment = merged(segments)?;
        let (ends, records) = (segment.ends, segment.records);
        Some(Self { ends, records, content: segment.into_whole() })
    }
}

/// The aggregates of intervals of time, in order.
#[derive(Debug, Clone)]
pub(crate) struct Timeline<C> {
    /// The grid of a timeline without records.
    empty: Grid,
    inside: Option<Segment<C>>,
    /// Records far before the first interval.
    pub(crate) before: Option<Outliers<C>>,
    /// Records far after the last interval.
    pub(crate) after: Option<Outliers<C>>,
    unstamped: u64,
}

impl<C: Aggregate> Timeline<C> {
    /// Returns the number of intervals from the first to the last, empty ones included.
    pub(crate) fn length(&self) -> u64 {
        self.inside.as_ref().map_or(0, |inside| inside.length)
    }

    fn grid(&self) -> &Grid {
        self.inside.as_ref().map_or(&self.empty, |inside| &inside.grid)
    }

    /// Returns the width of an interval.
    pub(crate) fn width(&self) -> Duration {
        duration(self.grid().width())
    }

    /// Returns the time zone of the axis.
    pub(crate) fn zone(&self) -> &Zone {
        self.grid().zone()
    }

    /// Returns the minimum and the maximum timestamp on the axis.
    pub(crate) fn ends(&self) -> Option<(Stamp, Stamp)> {
        self.inside.as_ref().map(|inside| inside.ends)
    }

    /// Returns the number of actions without a timestamp.
    pub(crate) fn unstamped(&self) -> u64 {
        self.unstamped
    }

    /// Returns whether rows exceeded the limit, so that the timeline is incomplete.
    pub(crate) fn is_overfull(&self) -> bool {
        self.inside.as_ref().is_some_and(Segment::is_overfull)
    }

    /// Iterates over all intervals from the first to the last, with the start of each.
    pub(crate) fn intervals(&self) -> impl Iterator<Item = (Stamp, Option<&C>)> {
        self.inside.iter().flat_map(|inside| {
            let starts = inside.grid.starts(inside.starts.0);
            let starts = starts.take_while(|&start| start <= inside.starts.1);
            starts.map(|start| (saturated(start), inside.intervals.get(&start)))
        })
    }

    /// Iterates over the aggregates of all records, with the outliers.
    pub(crate) fn contents_mut(&mut self) -> impl Iterator<Item = &mut C> {
        let sides = self.before.iter_mut().chain(&mut self.after).map(|side| &mut side.content);
        sides.chain(self.inside.iter_mut().flat_map(|inside| inside.intervals.values_mut()))
    }

    /// Returns the end of the last interval.
    pub(crate) fn end(&self) -> Option<Stamp> {
        let inside = self.inside.as_ref()?;
        inside.grid.starts(inside.starts.1).nth(1).map(saturated)
    }

    /// Returns the first width at which `length` intervals cover the axis.
    pub(crate) fn width_for(&self, length: u64) -> Option<Duration> {
        let (first, last) = self.ends()?;
        let width = WIDTHS.into_iter().find(|&width| {
            let mut grid = self.grid().with_width(width);
            let (first, last) = (grid.start(first), grid.start(last));
            grid.between(first, last) < length
        })?;
        Some(duration(width))
    }
}

#[cfg(test)]
mod tests;
