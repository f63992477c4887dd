//! The intervals of moments that are close to each other.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use facade::Stamp;
use facade::codec::Record;

use super::aggregate::{Aggregate, Insertion};
use super::grid::{DAY, Grid};

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLI;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The widths to choose from, in nanoseconds: natural units of clocks and calendars.
pub(super) const WIDTHS: [i64; 26] = [
    MILLI,
    2 * MILLI,
    10 * MILLI,
    20 * MILLI,
    100 * MILLI,
    200 * MILLI,
    SECOND,
    2 * SECOND,
    10 * SECOND,
    20 * SECOND,
    MINUTE,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    10 * DAY,
    30 * DAY,
    360 * DAY,
    3_600 * DAY,
    36_000 * DAY,
    72_000 * DAY,
];

/// The limits of a timeline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The maximum number of rows in all intervals.
    pub(super) rows: usize,
    /// The maximum number of intervals from the first to the last, if the width is chosen.
    pub(super) length: Option<u64>,
}

/// The aggregates of intervals of one width, from the first moment to the last.
#[derive(Debug, Clone)]
pub(super) struct Segment<C> {
    pub(super) grid: Grid,
    pub(super) limits: Limits,
    /// By their start in nanoseconds since 1970.
    pub(super) intervals: BTreeMap<i128, C>,
    /// The number of rows in all intervals.
    pub(super) rows: usize,
    /// The number of records, those dropped included.
    pub(super) records: u64,
    /// The minimum and the maximum timestamp.
    pub(super) ends: (Stamp, Stamp),
    /// The starts of the first and the last interval.
    pub(super) starts: (i128, i128),
    /// The number of intervals from the first to the last, empty ones included.
    pub(super) length: u64,
    /// Whether a record was dropped for lack of room.
    pub(super) has_dropped: bool,
}

impl<C: Aggregate> Segment<C> {
    /// Creates a segment at one moment, without a record yet.
    pub(super) fn new(mut grid: Grid, limits: Limits, stamp: Stamp) -> Self {
        let start = grid.start(stamp);
        Self {
            grid,
            limits,
            intervals: BTreeMap::new(),
            rows: 0,
            records: 0,
            ends: (stamp, stamp),
            starts: (start, start),
            length: 1,
            has_dropped: false,
        }
    }

    /// Inserts a record at its moment.
    pub(super) fn insert(&mut self, record: &Record<'_>, stamp: Stamp) {
        self.records += 1;
        self.extend(stamp, stamp);
        let start = self.grid.start(stamp);
        let has_room = self.rows < self.limits.rows || self.wider().is_some();
        let insertion = match self.intervals.entry(start) {
            Entry::Vacant(_) if !has_room => Insertion::Dropped,
            place => place.or_default().insert(record, has_room),
        };
        match insertion {
            Insertion::Existing => {}
            Insertion::Added => {
                self.rows += 1;
                self.fit();
            }
            Insertion::Dropped => self.has_dropped = true,
        }
    }

    /// Merges another segment with the same limits.
    pub(super) fn merge(&mut self, mut other: Self) {
        while self.grid.width() < other.grid.width() && self.widen() {}
        while other.grid.width() < self.grid.width() && other.widen() {}
        self.records += other.records;
        self.has_dropped |= other.has_dropped;
        for (start, content) in other.intervals {
            self.rows += content.rows();
            let shared = self.intervals.entry(start).or_default().merge(content);
            self.rows -= shared;
        }
        self.extend(other.ends.0, other.ends.1);
    }

    /// Merges all intervals into one.
    pub(super) fn into_whole(self) -> C {
        let mut whole = C::default();
        for content in self.intervals.into_values() {
            whole.merge(content);
        }
        whole
    }

    /// Extends the range of timestamps, and widens the intervals if that exceeds a limit.
    pub(super) fn extend(&mut self, first: Stamp, last: Stamp) {
        self.ends = (self.ends.0.min(first), self.ends.1.max(last));
        let (first, last) = (self.grid.start(first), self.grid.start(last));
        self.length = self.length.saturating_add(self.grid.between(first, self.starts.0));
        self.starts.0 = self.starts.0.min(first);
        self.length = self.length.saturating_add(self.grid.between(self.starts.1, last));
        self.starts.1 = self.starts.1.max(last);
        self.fit();
    }

    /// Widens the intervals until both limits hold, if the width is chosen.
    fn fit(&mut self) {
        let Some(max) = self.limits.length else { return };
        while (self.length > max || self.rows > self.limits.rows) && self.widen() {}
    }

    /// Merges intervals into the next wider ones. Returns `false` if they have the maximum width.
    fn widen(&mut self) -> bool {
        let Some(wider) = self.wider() else { return false };
        self.grid = self.grid.with_width(wider);
        for (start, content) in std::mem::take(&mut self.intervals) {
            let start = self.grid.start_of(start);
            self.rows -= self.intervals.entry(start).or_default().merge(content);
        }
        self.starts = (self.grid.start(self.ends.0), self.grid.start(self.ends.1));
        self.length = self.grid.between(self.starts.0, self.starts.1).saturating_add(1);
        true
    }

    /// Returns the next wider width, if the width is chosen and there is one.
    fn wider(&self) -> Option<i64> {
        self.limits.length?;
        WIDTHS.into_iter().find(|&width| width > self.grid.width())
    }

    /// Returns whether rows exceeded the limit, so that the segment is incomplete.
    pub(super) fn is_overfull(&self) -> bool {
        self.has_dropped || self.rows > self.limits.rows
    }
}
