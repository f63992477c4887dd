//! The number of records of each action over time, kept from frame to frame.
//!
//! To read sixty intervals of a thousand actions takes a quarter of a second. Nearly all of them
//! are over, so a frame reads those of which records may still come, and one of the others in
//! turn: a record that is later than that, or a reset, shows within as many frames as there are
//! intervals.

use std::collections::BTreeMap;

use facade::actions::WindowedTracker;
use facade::time::{Interval, WindowError};
use facade::{Stamp, Summary};

use crate::axis::Axis;

/// The counts of past intervals of one source.
#[derive(Debug, Default)]
pub(crate) struct Course {
    counted: BTreeMap<Stamp, Counted>,
    /// The number of reads, for the turn of the intervals that are over.
    reads: usize,
}

/// The counts of one interval.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Whether recording was on.
    pub(crate) is_covered: bool,
    /// Each action, whether it is that of the folded ones, and the number of its records.
    pub(crate) counts: Vec<(Box<str>, bool, u64)>,
    /// Whether records may have come since.
    is_open: bool,
}

impl Course {
    /// Returns the counts of all intervals of an axis, in its order.
    pub(crate) fn read(
        &mut self,
        tracker: &WindowedTracker<Summary>,
        axis: &Axis,
    ) -> Result<impl Iterator<Item = &Counted>, WindowError> {
        let starts: Vec<_> = axis.intervals().collect();
        self.counted.retain(|from, _| starts.binary_search_by_key(from, |it| it.from).is_ok());
        self.reads += 1;
        for (index, interval) in starts.into_iter().enumerate() {
            let known = self.counted.get(&interval.from).is_some_and(|known| !known.is_open);
            if known && index != self.reads % axis.points {
                continue;
            }
            let counted = match count(tracker, interval, axis) {
                // The clock may have passed on, so that the oldest buckets are gone.
                Err(WindowError::BeforeSpan { .. } | WindowError::Evicted { .. }) if index == 0 => {
                    Counted { is_covered: false, counts: Vec::new(), is_open: true }
                }
                counted => counted?,
            };
            self.counted.insert(interval.from, counted);
        }
        Ok(self.counted.values())
    }
}

fn count(
    tracker: &WindowedTracker<Summary>,
    interval: Interval,
    axis: &Axis,
) -> Result<Counted, WindowError> {
    // Until one more interval has passed, records may come that are a little late.
    let is_open = tracker.now() < interval.to + axis.step;
    let found = tracker.between(interval)?;
    let count =
        |row: &facade::actions::Row<Summary>| (row.name().into(), row.is_other(), row.count());
    let counts = found.rows().iter().map(count).collect();
    Ok(Counted { is_covered: !found.coverage().elapsed.is_zero(), counts, is_open })
}
