//! Statistics over time: one aggregate for each interval with actions.
//!
//! Logs may be of any time and any length, so this is a sorted map, not a ring. Only intervals with
//! actions are stored, and the number of their rows is limited. If the width is given, rows beyond
//! the limit are dropped and the timeline is overfull.
//!
//! If the width is chosen, it is the first of [`WIDTHS`] that satisfies both limits: the number of
//! rows, and the number of intervals from the first to the last. Each width is a multiple of the
//! one before, so a wider interval is a merge of narrower ones. Neither number grows with the width
//! or shrinks with more actions. So the timeline can be widened as soon as it exceeds a limit:
//! a width that fits all actions also fits each part of them, in any order and on any thread.
//! Rejected: to drop rows while intervals are narrow, or to check the limit of rows only after the
//! width was chosen. Both made the result depend on the order and on the threads.

mod aggregate;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use facade::Stamp;
use facade::codec::Record;

use aggregate::Insertion;
pub(crate) use aggregate::{Aggregate, ByAction, Combined};

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLI;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The widths to choose from, in nanoseconds: natural units of clocks and calendars.
const WIDTHS: [i64; 26] = [
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

/// The width of the intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    Given(Duration),
    /// The narrowest width that satisfies the limit of rows and this limit of intervals from the
    /// first to the last.
    AtMost(u64),
}

/// The aggregates of intervals of time, in order.
#[derive(Debug, Clone)]
pub(crate) struct Timeline<C> {
    /// The width of an interval in nanoseconds.
    width: i64,
    intervals: BTreeMap<i64, C>,
    /// The maximum number of rows in all intervals.
    rows_max: usize,
    /// The number of rows in all intervals.
    rows: usize,
    /// The maximum number of intervals from the first to the last, if the width is chosen.
    length_max: Option<u64>,
    /// The minimum and the maximum timestamp.
    ends: Option<(Stamp, Stamp)>,
    /// The number of actions without a timestamp, which are not on the timeline.
    unstamped: u64,
    /// Whether an action was dropped for lack of room.
    has_dropped: bool,
}

impl<C: Aggregate> Timeline<C> {
    /// Creates an empty timeline.
    pub(crate) fn new(width: Width, rows_max: usize) -> Self {
        let (width, length_max) = match width {
            // `i64` nanoseconds are 292 years; no log is longer.
            Width::Given(width) => (i64::try_from(width.as_nanos()).unwrap_or(i64::MAX), None),
            Width::AtMost(length) => (WIDTHS[0], Some(length.max(1))),
        };
        Self {
            width: width.max(1),
            intervals: BTreeMap::new(),
            rows_max,
            rows: 0,
            length_max,
            ends: None,
            unstamped: 0,
            has_dropped: false,
        }
    }

    /// Inserts an action by its timestamp.
    pub(crate) fn insert(&mut self, record: &Record<'_>) {
        let Some(stamp) = record.stamp else {
            self.unstamped += 1;
            return;
        };
        self.extend(stamp, stamp);
        let tick = stamp.as_nanos().div_euclid(self.width);
        let has_room = self.rows < self.rows_max || self.wider().is_some();
        let insertion = match self.intervals.entry(tick) {
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

    /// Merges another timeline with the same limits.
    pub(crate) fn merge(&mut self, mut other: Self) {
        while self.width < other.width && self.widen() {}
        while other.width < self.width && other.widen() {}
        self.unstamped += other.unstamped;
        self.has_dropped |= other.has_dropped;
        for (tick, content) in other.intervals {
            self.rows += content.rows();
            let shared = self.intervals.entry(tick).or_default().merge(content);
            self.rows -= shared;
        }
        if let Some((first, last)) = other.ends {
            self.extend(first, last);
        }
    }

    /// Extends the range of timestamps, and widens the intervals if that exceeds a limit.
    fn extend(&mut self, first: Stamp, last: Stamp) {
        let (first, last) = self
            .ends
            .map_or((first, last), |(earliest, latest)| (earliest.min(first), latest.max(last)));
        self.ends = Some((first, last));
        self.fit();
    }

    /// Widens the intervals until both limits hold, if the width is chosen.
    fn fit(&mut self) {
        let Some(max) = self.length_max else { return };
        while (self.length() > max || self.rows > self.rows_max) && self.widen() {}
    }

    /// Returns the number of intervals from the first to the last, empty ones included.
    pub(crate) fn length(&self) -> u64 {
        self.ticks().map_or(0, |(first, last)| last.abs_diff(first).saturating_add(1))
    }

    fn ticks(&self) -> Option<(i64, i64)> {
        let tick = |stamp: Stamp| stamp.as_nanos().div_euclid(self.width);
        self.ends.map(|(first, last)| (tick(first), tick(last)))
    }

    /// Merges intervals into the next wider ones. Returns `false` if they have the maximum width.
    fn widen(&mut self) -> bool {
        let Some(wider) = self.wider() else { return false };
        let times = wider / self.width;
        for (tick, content) in std::mem::take(&mut self.intervals) {
            let interval = self.intervals.entry(tick.div_euclid(times)).or_default();
            self.rows -= interval.merge(content);
        }
        self.width = wider;
        true
    }

    /// Returns the next wider width, if the width is chosen and there is one.
    fn wider(&self) -> Option<i64> {
        self.length_max?;
        WIDTHS.into_iter().find(|&width| width > self.width)
    }

    /// Returns the width of an interval.
    pub(crate) fn width(&self) -> Duration {
        Duration::from_nanos(self.width.unsigned_abs())
    }

    /// Returns the minimum and the maximum timestamp.
    pub(crate) fn ends(&self) -> Option<(Stamp, Stamp)> {
        self.ends
    }

    /// Returns the number of actions without a timestamp.
    pub(crate) fn unstamped(&self) -> u64 {
        self.unstamped
    }

    /// Returns whether rows exceeded the limit, so that the timeline is incomplete.
    pub(crate) fn is_overfull(&self) -> bool {
        self.has_dropped || self.rows > self.rows_max
    }

    /// Iterates over all intervals from the first to the last, with the start of each.
    pub(crate) fn intervals(&self) -> impl Iterator<Item = (Stamp, Option<&C>)> {
        let ticks = self.ticks().into_iter().flat_map(|(first, last)| first..=last);
        ticks.map(|tick| {
            let from = Stamp::from_nanos(tick.saturating_mul(self.width));
            (from, self.intervals.get(&tick))
        })
    }
}

/// Returns the first width at which `length` intervals cover both timestamps.
pub(crate) fn width_for(first: Stamp, last: Stamp, length: u64) -> Option<Duration> {
    let intervals = |width: i64| {
        let tick = |stamp: Stamp| stamp.as_nanos().div_euclid(width);
        tick(last).abs_diff(tick(first)).saturating_add(1)
    };
    let width = WIDTHS.into_iter().find(|&width| intervals(width) <= length)?;
    Some(Duration::from_nanos(width.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use facade::actions::{Count, HasCount};
    use facade::codec::{DecodeOptions, StampForm, StampKey};
    use fastrand::Rng;

    use super::*;

    /// Returns a timeline of alternating actions `a` and `b` at these milliseconds.
    fn timeline<C: Aggregate>(width: Width, room: usize, stamps: &[i64]) -> Timeline<C> {
        let line = |(index, stamp): (usize, &i64)| {
            let action = if index % 2 == 0 { "a" } else { "b" };
            format!("{{\"action\":\"{action}\",\"time\":1,\"at\":{stamp}}}\n")
        };
        let lines: String = stamps.iter().enumerate().map(line).collect();
        let mut timeline = Timeline::new(width, room);
        decode_options()
            .decode_slice(lines.as_bytes(), &mut |record: Record<'_>| timeline.insert(&record));
        timeline
    }

    fn decode_options() -> DecodeOptions {
        let stamp = StampKey::new("at", StampForm::Milliseconds).ok();
        DecodeOptions { stamp, ..DecodeOptions::default() }
    }

    fn counts(timeline: &Timeline<Combined<Count>>) -> Vec<u64> {
        let count = |content: Option<&Combined<Count>>| {
            content.and_then(|content| content.0.as_ref()).map_or(0, HasCount::count)
        };
        timeline.intervals().map(|(_, content)| count(content)).collect()
    }

    #[test]
    fn empty_intervals_are_listed() {
        let width = Width::Given(Duration::from_secs(1));
        let timeline = timeline(width, 9, &[2_500, -1, 2_999, 0, -1_000]);
        assert_eq!(counts(&timeline), [2, 1, 0, 2]);
        let (from, _) = timeline.intervals().next().unwrap();
        assert_eq!((from, timeline.length()), (Stamp::from_secs(-1), 4));
    }

    #[test]
    fn chosen_width_is_the_narrowest_that_fits() {
        let cases: [(u64, &[i64], u64); 6] = [
            (4, &[], 1),
            (4, &[7], 1),
            (4, &[0, 3], 1),
            (4, &[0, 4], 2),
            (4, &[0, 3_999], 1_000),
            (2, &[-1, 0], 1),
        ];
        assert!(WIDTHS.windows(2).all(|pair| pair[1] % pair[0] == 0));
        for (length, stamps, width) in cases {
            let timeline = timeline::<Combined<Count>>(Width::AtMost(length), 99, stamps);
            assert_eq!(timeline.width(), Duration::from_millis(width), "{stamps:?}");
            assert_eq!(counts(&timeline).iter().sum::<u64>(), stamps.len() as u64);
        }
        let timeline =
            timeline::<Combined<Count>>(Width::AtMost(1), 9, &[i64::MIN / 1_000_000, 1 << 42]);
        assert!(timeline.length() <= 4, "{}", timeline.length());
    }

    /// The rows of a timeline: the start, the action, the count and the first offset of each.
    type Rows = Vec<(Stamp, String, u64, u64)>;

    fn rows(timeline: &Timeline<ByAction<Count>>) -> Rows {
        let rows = timeline.intervals().filter_map(|(from, content)| Some((from, content?)));
        let rows = rows.flat_map(|(from, content)| {
            content.0.iter().map(move |(name, action_stat)| {
                (from, name.to_string(), action_stat.statistic.count(), action_stat.offset)
            })
        });
        rows.collect()
    }

    /// An action: its timestamp in milliseconds, its name, and the offset of its line.
    type Action = (i64, u8, u64);

    /// Returns the first width that fits and its rows, from all actions for each width.
    fn naive(actions: &[Action], length: u64, room: usize) -> Option<(i64, Rows)> {
        WIDTHS.into_iter().find_map(|width| {
            let tick = |stamp: i64| (stamp * MILLI).div_euclid(width);
            let mut rows = BTreeMap::new();
            for &(stamp, name, offset) in actions {
                let row = rows.entry((tick(stamp), name)).or_insert((0, offset));
                *row = (row.0 + 1, row.1.min(offset));
            }
            let ticks = || rows.keys().map(|&(tick, _)| tick);
            let spanned = ticks().max()?.abs_diff(ticks().min()?) + 1;
            let fits = spanned <= length && rows.len() <= room;
            let row = |((tick, name), (count, offset)): ((i64, u8), _)| {
                (Stamp::from_nanos(tick * width), format!("{name}"), count, offset)
            };
            fits.then(|| (width, rows.into_iter().map(row).collect()))
        })
    }

    /// Splits the actions over several timelines and merges these in random order.
    fn shared(
        actions: &[Action],
        length: u64,
        room: usize,
        random: &mut Rng,
    ) -> Timeline<ByAction<Count>> {
        let timeline = || Timeline::<ByAction<Count>>::new(Width::AtMost(length), room);
        let mut timelines: Vec<_> = (0..random.usize(1..5)).map(|_| timeline()).collect();
        for &(stamp, name, offset) in actions {
            let index = random.usize(..timelines.len());
            let line = format!(r#"{{"action":"{name}","time":1,"at":{stamp}}}"#);
            decode_options().decode_slice(line.as_bytes(), &mut |mut record: Record<'_>| {
                record.offset = offset;
                timelines[index].insert(&record);
            });
            // Narrow intervals respect the limit, too.
            assert!(timelines[index].rows <= room + 1);
        }
        while timelines.len() > 1 {
            let other = timelines.swap_remove(random.usize(..timelines.len()));
            let index = random.usize(..timelines.len());
            timelines[index].merge(other);
        }
        timelines.remove(0)
    }

    #[test]
    fn rows_depend_on_the_set_of_actions_alone() {
        let mut random = Rng::with_seed(3);
        let mut failures = 0;
        for case in 0..2_000 {
            let extend = 10_i64.pow(random.u32(0..12));
            let names = random.u8(1..9);
            let actions = 0..random.u64(1..60);
            let mut actions: Vec<Action> =
                actions.map(|at| (random.i64(-extend..=extend), random.u8(..names), at)).collect();
            let (length, room) = (random.u64(1..20), random.usize(1..30));
            let expected = naive(&actions, length, room);
            for _ in 0..4 {
                random.shuffle(&mut actions);
                let timeline = shared(&actions, length, room, &mut random);
                assert_eq!(
                    timeline.rows,
                    timeline.intervals.values().map(Aggregate::rows).sum::<usize>()
                );
                let fits = timeline.length() <= length && !timeline.is_overfull();
                let found = fits.then(|| (timeline.width, rows(&timeline)));
                assert_eq!(found, expected, "case {case}: {length} {room} {actions:?}");
                // A message about the limits names the same width in every order.
                let last = WIDTHS[WIDTHS.len() - 1];
                assert!(fits || timeline.width == last, "case {case}");
            }
            failures += usize::from(expected.is_none());
        }
        assert!((1..1_000).contains(&failures), "{failures} of 2,000 do not fit");
    }

    #[test]
    fn split_makes_no_difference() {
        let stamps = [5, 86_400_000, -3, 70_000, 5, 1_000, 999];
        let whole = timeline::<Combined<Count>>(Width::AtMost(10), 99, &stamps);
        for cut in 0..=stamps.len() {
            let (one, two) = stamps.split_at(cut);
            let [mut one, two] = [one, two].map(|part| timeline(Width::AtMost(10), 99, part));
            one.merge(two);
            assert_eq!((one.width(), counts(&one)), (whole.width(), counts(&whole)), "{cut}");
            assert_eq!(one.rows, one.intervals.len());
        }
    }

    #[test]
    fn timeline_beyond_its_limit_is_overfull() {
        let width = Width::Given(Duration::from_millis(1));
        for (room, is_overfull) in [(3, false), (2, true)] {
            let timeline = timeline::<Combined<Count>>(width, room, &[1, 2, 3, 3, 1]);
            assert_eq!((timeline.is_overfull(), timeline.length()), (is_overfull, 3));
            assert!(timeline.intervals.len() <= room);
        }
        for (room, is_overfull) in [(2, false), (1, true)] {
            let timeline = timeline::<ByAction<Count>>(width, room, &[1, 1, 1]);
            assert_eq!(timeline.is_overfull(), is_overfull);
        }
        let [mut one, two] =
            [[1, 2], [3, 4]].map(|part| timeline::<Combined<Count>>(width, 3, &part));
        one.merge(two);
        assert!(one.is_overfull());
    }
}
