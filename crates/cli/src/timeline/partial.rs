//! Whether the log covers the first and the last interval only in part.
//!
//! A log does not say which time it covers. The best estimate is from its first to its last record,
//! so that an interval is partial if its log begins after it does. A log with a record each second
//! covers a minute although its last record is at second 59: a gap that is not longer than the mean
//! gap between records does not count, nor one of less than a hundredth of the interval.

use facade::Stamp;

use super::{Aggregate, Timeline};

impl<C: Aggregate> Timeline<C> {
    /// Returns whether the first and the last interval are covered only in part.
    ///
    /// `limits` are the moments before which and from which on records were filtered.
    pub(crate) fn partial(&self, limits: [Option<Stamp>; 2]) -> [bool; 2] {
        let (Some(inside), Some(end)) = (&self.inside, self.end()) else { return [false; 2] };
        let nanos = |stamp: Stamp| i128::from(stamp.as_nanos());
        let (first, last) = (nanos(inside.ends.0), nanos(inside.ends.1));
        let (start, end) = (inside.starts.0, nanos(end));
        let gaps = i128::from(inside.records.saturating_sub(1)).max(1);
        // Records of one moment say nothing about the time between two.
        let mean_gap = if first < last { (last - first) / gaps } else { i128::MAX };
        let hundredth = i128::from(inside.grid.width()) / 100;
        let is_long = |uncovered: i128| uncovered > mean_gap.max(hundredth);
        let [from, to] = limits.map(|limit| limit.map(nanos));
        [
            is_long(first - start) || from.is_some_and(|from| from > start),
            is_long(end - last) || to.is_some_and(|to| to < end),
        ]
    }
}
