//! Timelines that are put together from saved rows.

use facade::Stamp;
use facade::actions::ActionTime;
use facade::time::Statistic;

use super::aggregate::{ActionStat, Aggregate, ByAction, Combined};
use super::grid::saturated;
use super::segment::Segment;
use super::{Timeline, TimelineBuilder};

impl<S: Statistic<Value = ActionTime>> TimelineBuilder<ByAction<S>> {
    /// Returns whether an interval starts at this moment.
    pub(crate) fn is_start(&mut self, stamp: Stamp) -> bool {
        saturated(self.grid.start(stamp)) == stamp
    }

    /// Returns the statistic of an action in the interval that holds `start`.
    ///
    /// Without a name it is that of all actions. Returns `None` for lack of room. The width must
    /// have been given.
    pub(crate) fn row_mut(&mut self, start: Stamp, name: &str, offset: u64) -> Option<&mut S> {
        if self.segments.is_empty() {
            self.segments.push(Segment::new(self.grid.clone(), self.limits, start));
        }
        let segment = self.segments.first_mut()?;
        segment.extend(start, start);
        let interval = segment.grid.start(start);
        let has_room = segment.rows < self.limits.rows;
        let is_new = match segment.intervals.get(&interval) {
            None => true,
            Some(_) if name.is_empty() => false,
            Some(interval) => !interval.actions.contains_key(name),
        };
        if is_new && !has_room {
            segment.has_dropped = true;
            return None;
        }
        segment.rows += usize::from(is_new);
        let interval = segment.intervals.entry(interval).or_default();
        if name.is_empty() {
            return Some(interval.other.get_or_insert_default());
        }
        let new = || ActionStat { offset, statistic: S::default() };
        let row = interval.actions.entry(name.into()).or_insert_with(new);
        row.offset = row.offset.min(offset);
        Some(&mut row.statistic)
    }
}

impl<S: Statistic<Value = ActionTime>> Timeline<ByAction<S>> {
    /// Keeps the rows of all actions only.
    pub(crate) fn into_combined(self) -> Timeline<Combined<S>> {
        let Self { empty, inside, unstamped, .. } = self;
        let inside = inside.map(|inside| inside.map(|interval| Combined(interval.other)));
        Timeline { empty, inside, before: None, after: None, unstamped }
    }
}

impl<C: Aggregate> Segment<C> {
    fn map<D>(self, convert: impl Fn(C) -> D) -> Segment<D> {
        let Self { grid, limits, intervals, rows, records, ends, starts, length, has_dropped } =
            self;
        let intervals = intervals.into_iter().map(|(start, content)| (start, convert(content)));
        let intervals = intervals.collect();
        Segment { grid, limits, intervals, rows, records, ends, starts, length, has_dropped }
    }
}
