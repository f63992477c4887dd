//! The closed buckets of one tier: a grid and its ring.

use std::ops::RangeInclusive;

use super::cell::OPEN_LIMIT;
use super::cells::Cells;
use super::error::RecordError;
use crate::ring::Ring;
use crate::spec::Grid;
use crate::stamp::Stamp;

/// The closed buckets of one width.
#[derive(Debug)]
pub(crate) struct RingTier {
    pub(crate) grid: Grid,
    pub(crate) ring: Ring,
}

impl RingTier {
    pub(super) fn new(grid: Grid, now: Stamp) -> Self {
        Self { grid, ring: Ring::new(grid.layout(), grid.tick(now)) }
    }

    /// Returns the tick of a stamp, unless its bucket was evicted.
    pub(super) fn held_tick(&self, stamp: Stamp) -> Option<i64> {
        let tick = self.grid.tick(stamp);
        (tick >= self.ring.oldest()).then_some(tick)
    }

    /// Returns the closed events of each bucket.
    pub(super) fn closed(&self, ticks: RangeInclusive<i64>) -> Vec<u64> {
        ticks.map(|tick| self.ring.events_at(tick)).collect()
    }

    /// Adds a cell's open events to their bucket in `counts`, which begins with bucket `oldest`.
    ///
    /// Ignores events of a bucket that is not in `counts`.
    pub(super) fn add_open(&self, oldest: i64, counts: &mut [u64], start: i64, events: u64) {
        let index = usize::try_from(self.grid.tick(Stamp::from_nanos(start)) - oldest);
        if let Some(count) = index.ok().and_then(|index| counts.get_mut(index)) {
            *count = count.wrapping_add(events);
        }
    }

    /// Checks that a bucket has room for more events, with those that are open in cells.
    ///
    /// `closed` is the number of events in all buckets. While it is small, every bucket has room.
    ///
    /// A record fills a bucket to at most half of its limit. The other half holds what several
    /// threads count before any of them can see the others' events.
    pub(super) fn check_room(
        &self,
        cells: &impl Cells,
        tick: i64,
        events: u64,
        closed: u64,
    ) -> Result<(), RecordError> {
        let limit = self.ring.layout().bucket_limit() / 2;
        let added_max = OPEN_LIMIT.saturating_mul(cells.made() as u64).saturating_add(events);
        if closed.saturating_add(added_max) <= limit {
            return Ok(());
        }
        let in_ring = self.ring.events_at(tick);
        if in_ring.saturating_add(added_max) <= limit {
            return Ok(());
        }
        let (start, end) = (self.grid.start(tick).as_nanos(), self.grid.end(tick).as_nanos());
        let mut in_cells = 0;
        cells.for_each(|cell| {
            if cell.open_start().is_some_and(|open| (start..end).contains(&open)) {
                in_cells += cell.open_events();
            }
        });
        let room = limit.saturating_sub(in_ring + in_cells);
        if events > room { Err(RecordError::Full { events, room }) } else { Ok(()) }
    }
}
