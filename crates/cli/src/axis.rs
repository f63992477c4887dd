//! Actions on the axis of time: for each stretch of it in which something happened, what happened.
//!
//! Logs are of any time and any length, so nothing here is a ring: stretches are kept in a sorted
//! map, and only those that hold something. What bounds memory is the number of rows in them. Where
//! the width of a stretch is given, no rows are added beyond that limit, and the axis is overfull.
//!
//! Where the width is to be chosen, it is the first of [`WIDTHS`] at which both limits hold, that
//! of rows and that of stretches from the first to the last. Each width is a multiple of the one
//! before, so a wider stretch is a merge of narrower ones, and neither number grows with the width;
//! nor does any of them shrink with more actions. So an axis is made wider as soon as it is beyond
//! a limit, and never too early: what fits all actions also fits any part of them, whichever thread
//! has it, in whichever order. To drop rows while they are narrow, or to look at the limit of rows
//! after the width was chosen by the ends alone, made the result depend on both.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use std::time::Duration;

use facade::Stamp;
use facade::codec::Record;
use facade::time::Statistic;

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLI;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Widths to choose from, in nanoseconds: as a clock or a calendar has them.
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

/// What is kept of the actions of one stretch of time.
pub(crate) trait Content: Default {
    /// Takes one action in, if there is room for it or it needs none.
    fn take(&mut self, entry: &Record<'_>, has_room: bool) -> Taken;

    /// Takes in what another stretch holds, and says how much room that gave back.
    fn merge(&mut self, other: Self) -> usize;

    /// How much room it has taken.
    fn room(&self) -> usize;
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    InWhatWasThere,
    WithMoreRoom,
    NotAtAll,
}

/// How wide a stretch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    Given(Duration),
    /// As narrow as leaves no more than this number of stretches from the first to the last, and
    /// room for all rows.
    AtMost(u64),
}

/// The actions of stretches of time, in order.
#[derive(Debug, Clone)]
pub(crate) struct Axis<C> {
    /// In nanoseconds.
    width: i64,
    stretches: BTreeMap<i64, C>,
    /// How much room there is for what stretches hold.
    room: usize,
    /// How much of that is taken.
    taken: usize,
    /// How many stretches there may be from the first to the last before they are made wider.
    length_max: Option<u64>,
    /// The first and the last stamp.
    ends: Option<(Stamp, Stamp)>,
    /// Actions without a stamp, which are not on the axis.
    unstamped: u64,
    /// Whether there was an action without room.
    has_dropped: bool,
}

impl<C: Content> Axis<C> {
    /// An axis with nothing on it.
    pub(crate) fn new(width: Width, room: usize) -> Self {
        let (width, length_max) = match width {
            // More than a century is as good as for ever.
            Width::Given(width) => (i64::try_from(width.as_nanos()).unwrap_or(i64::MAX), None),
            Width::AtMost(length) => (WIDTHS[0], Some(length.max(1))),
        };
        Self {
            width: width.max(1),
            stretches: BTreeMap::new(),
            room,
            taken: 0,
            length_max,
            ends: None,
            unstamped: 0,
            has_dropped: false,
        }
    }

    /// Puts an action where its stamp says.
    pub(crate) fn take(&mut self, entry: &Record<'_>) {
        let Some(stamp) = entry.stamp else {
            self.unstamped += 1;
            return;
        };
        self.reach(stamp, stamp);
        let tick = stamp.as_nanos().div_euclid(self.width);
        let has_room = self.taken < self.room || self.wider().is_some();
        let taken = match self.stretches.entry(tick) {
            Place::Vacant(_) if !has_room => Taken::NotAtAll,
            place => place.or_default().take(entry, has_room),
        };
        match taken {
            Taken::InWhatWasThere => {}
            Taken::WithMoreRoom => {
                self.taken += 1;
                self.fit();
            }
            Taken::NotAtAll => self.has_dropped = true,
        }
    }

    /// Merges what another axis of the same kind holds.
    pub(crate) fn merge(&mut self, mut other: Self) {
        while self.width < other.width && self.widen() {}
        while other.width < self.width && other.widen() {}
        self.unstamped += other.unstamped;
        self.has_dropped |= other.has_dropped;
        for (tick, content) in other.stretches {
            self.taken += content.room();
            let given_back = self.stretches.entry(tick).or_default().merge(content);
            self.taken -= given_back;
        }
        if let Some((first, last)) = other.ends {
            self.reach(first, last);
        }
    }

    /// Makes the axis reach from one stamp to another, with wider stretches if need be.
    fn reach(&mut self, first: Stamp, last: Stamp) {
        let (first, last) = self
            .ends
            .map_or((first, last), |(earliest, latest)| (earliest.min(first), latest.max(last)));
        self.ends = Some((first, last));
        self.fit();
    }

    /// Makes stretches wider until both limits hold, if their width is to be chosen.
    fn fit(&mut self) {
        let Some(max) = self.length_max else { return };
        while (self.length() > max || self.taken > self.room) && self.widen() {}
    }

    /// How many stretches there are from the first to the last, those without anything included.
    pub(crate) fn length(&self) -> u64 {
        self.ticks().map_or(0, |(first, last)| last.abs_diff(first).saturating_add(1))
    }

    fn ticks(&self) -> Option<(i64, i64)> {
        let tick = |stamp: Stamp| stamp.as_nanos().div_euclid(self.width);
        self.ends.map(|(first, last)| (tick(first), tick(last)))
    }

    /// Merges stretches into the next wider ones, if there are any.
    fn widen(&mut self) -> bool {
        let Some(wider) = self.wider() else { return false };
        let times = wider / self.width;
        for (tick, content) in std::mem::take(&mut self.stretches) {
            let stretch = self.stretches.entry(tick.div_euclid(times)).or_default();
            self.taken -= stretch.merge(content);
        }
        self.width = wider;
        true
    }

    /// The next wider stretch, if the width is to be chosen and there is one.
    fn wider(&self) -> Option<i64> {
        self.length_max?;
        WIDTHS.into_iter().find(|&width| width > self.width)
    }

    /// How wide a stretch is.
    pub(crate) fn width(&self) -> Duration {
        Duration::from_nanos(self.width.unsigned_abs())
    }

    /// The first and the last stamp.
    pub(crate) fn ends(&self) -> Option<(Stamp, Stamp)> {
        self.ends
    }

    /// How many actions had no stamp.
    pub(crate) fn unstamped(&self) -> u64 {
        self.unstamped
    }

    /// Whether there was not room for all actions, so that what is there is not the truth.
    pub(crate) fn is_overfull(&self) -> bool {
        self.has_dropped || self.taken > self.room
    }

    /// All stretches from the first to the last, with when they begin.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = (Stamp, Option<&C>)> {
        let ticks = self.ticks().into_iter().flat_map(|(first, last)| first..=last);
        ticks.map(|tick| {
            let from = Stamp::from_nanos(tick.saturating_mul(self.width));
            (from, self.stretches.get(&tick))
        })
    }
}

/// Returns the first width at which a number of stretches reaches from one stamp to another.
pub(crate) fn width_for(first: Stamp, last: Stamp, length: u64) -> Option<Duration> {
    let stretches = |width: i64| {
        let tick = |stamp: Stamp| stamp.as_nanos().div_euclid(width);
        tick(last).abs_diff(tick(first)).saturating_add(1)
    };
    let width = WIDTHS.into_iter().find(|&width| stretches(width) <= length)?;
    Some(Duration::from_nanos(width.unsigned_abs()))
}

/// What all actions of a stretch are together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Together<S>(pub(crate) Option<S>);

impl<S: Statistic<Value = facade::actions::ActionTime>> Content for Together<S> {
    fn take(&mut self, entry: &Record<'_>, has_room: bool) -> Taken {
        let taken = match self.0 {
            Some(_) => Taken::InWhatWasThere,
            None if has_room => Taken::WithMoreRoom,
            None => return Taken::NotAtAll,
        };
        self.0.get_or_insert_default().insert(entry.time);
        taken
    }

    fn merge(&mut self, other: Self) -> usize {
        match (&mut self.0, other.0) {
            (Some(mine), Some(theirs)) => {
                mine.merge(&theirs);
                1
            }
            (mine @ None, theirs) => {
                *mine = theirs;
                0
            }
            (_, None) => 0,
        }
    }

    fn room(&self) -> usize {
        usize::from(self.0.is_some())
    }
}

/// What each action of a stretch is by itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Apart<S>(pub(crate) BTreeMap<Box<str>, Cell<S>>);

/// One action of a stretch.
#[derive(Debug, Clone)]
pub(crate) struct Cell<S> {
    /// Where the first of its lines is.
    pub(crate) offset: u64,
    pub(crate) statistic: S,
}

impl<S: Statistic<Value = facade::actions::ActionTime>> Content for Apart<S> {
    fn take(&mut self, entry: &Record<'_>, has_room: bool) -> Taken {
        // Looked up first, because a name is only copied for what is new.
        if let Some(cell) = self.0.get_mut(entry.name.as_str()) {
            cell.offset = cell.offset.min(entry.offset);
            cell.statistic.insert(entry.time);
            return Taken::InWhatWasThere;
        }
        if !has_room {
            return Taken::NotAtAll;
        }
        let mut statistic = S::default();
        statistic.insert(entry.time);
        self.0.insert(entry.name.as_str().into(), Cell { offset: entry.offset, statistic });
        Taken::WithMoreRoom
    }

    fn merge(&mut self, other: Self) -> usize {
        let mut given_back = 0;
        for (name, theirs) in other.0 {
            match self.0.entry(name) {
                Place::Vacant(place) => {
                    place.insert(theirs);
                }
                Place::Occupied(mut place) => {
                    let mine = place.get_mut();
                    mine.offset = mine.offset.min(theirs.offset);
                    mine.statistic.merge(&theirs.statistic);
                    given_back += 1;
                }
            }
        }
        given_back
    }

    fn room(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use facade::actions::{Count, HasCount};
    use facade::codec::{DecodeOptions, StampForm, StampKey};
    use fastrand::Rng;

    use super::*;

    /// Actions `a` and `b` in turn at these milliseconds.
    fn axis<C: Content>(width: Width, room: usize, stamps: &[i64]) -> Axis<C> {
        let line = |(index, stamp): (usize, &i64)| {
            let action = if index % 2 == 0 { "a" } else { "b" };
            format!("{{\"action\":\"{action}\",\"time\":1,\"at\":{stamp}}}\n")
        };
        let lines: String = stamps.iter().enumerate().map(line).collect();
        let mut axis = Axis::new(width, room);
        policy().decode_slice(lines.as_bytes(), &mut |entry: Record<'_>| axis.take(&entry));
        axis
    }

    fn policy() -> DecodeOptions {
        let stamp = StampKey::new("at", StampForm::Milliseconds).ok();
        DecodeOptions { stamp, ..DecodeOptions::default() }
    }

    fn counts(axis: &Axis<Together<Count>>) -> Vec<u64> {
        let count = |content: Option<&Together<Count>>| {
            content.and_then(|content| content.0.as_ref()).map_or(0, HasCount::count)
        };
        axis.stretches().map(|(_, content)| count(content)).collect()
    }

    #[test]
    fn stretches_without_actions_are_there() {
        let width = Width::Given(Duration::from_secs(1));
        let axis = axis(width, 9, &[2_500, -1, 2_999, 0, -1_000]);
        assert_eq!(counts(&axis), [2, 1, 0, 2]);
        let (from, _) = axis.stretches().next().unwrap();
        assert_eq!((from, axis.length()), (Stamp::from_secs(-1), 4));
    }

    #[test]
    fn stretches_are_as_wide_as_it_takes() {
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
            let axis = axis::<Together<Count>>(Width::AtMost(length), 99, stamps);
            assert_eq!(axis.width(), Duration::from_millis(width), "{stamps:?}");
            assert_eq!(counts(&axis).iter().sum::<u64>(), stamps.len() as u64);
        }
        let axis = axis::<Together<Count>>(Width::AtMost(1), 9, &[i64::MIN / 1_000_000, 1 << 42]);
        assert!(axis.length() <= 4, "{}", axis.length());
    }

    /// The rows of an axis: when each begins, its action, how often and where first.
    type Rows = Vec<(Stamp, String, u64, u64)>;

    fn rows(axis: &Axis<Apart<Count>>) -> Rows {
        let rows = axis.stretches().filter_map(|(from, content)| Some((from, content?)));
        let rows = rows.flat_map(|(from, content)| {
            content.0.iter().map(move |(name, cell)| {
                (from, name.to_string(), cell.statistic.count(), cell.offset)
            })
        });
        rows.collect()
    }

    /// An action: its stamp in milliseconds, its name, and where its line is.
    type Action = (i64, u8, u64);

    /// The first width that fits, and the rows of it, by looking at all actions for each width.
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

    /// The same by axes that have a share each, merged in some order.
    fn shared(
        actions: &[Action],
        length: u64,
        room: usize,
        random: &mut Rng,
    ) -> Axis<Apart<Count>> {
        let axis = || Axis::<Apart<Count>>::new(Width::AtMost(length), room);
        let mut axes: Vec<_> = (0..random.usize(1..5)).map(|_| axis()).collect();
        for &(stamp, name, offset) in actions {
            let index = random.usize(..axes.len());
            let line = format!(r#"{{"action":"{name}","time":1,"at":{stamp}}}"#);
            policy().decode_slice(line.as_bytes(), &mut |mut entry: Record<'_>| {
                entry.offset = offset;
                axes[index].take(&entry);
            });
            // In narrow stretches, too, no more is kept than there is room for.
            assert!(axes[index].taken <= room + 1);
        }
        while axes.len() > 1 {
            let other = axes.swap_remove(random.usize(..axes.len()));
            let index = random.usize(..axes.len());
            axes[index].merge(other);
        }
        axes.remove(0)
    }

    #[test]
    fn rows_depend_on_the_set_of_actions_alone() {
        let mut random = Rng::with_seed(3);
        let mut failures = 0;
        for case in 0..2_000 {
            let reach = 10_i64.pow(random.u32(0..12));
            let names = random.u8(1..9);
            let actions = 0..random.u64(1..60);
            let mut actions: Vec<Action> =
                actions.map(|at| (random.i64(-reach..=reach), random.u8(..names), at)).collect();
            let (length, room) = (random.u64(1..20), random.usize(1..30));
            let expected = naive(&actions, length, room);
            for _ in 0..4 {
                random.shuffle(&mut actions);
                let axis = shared(&actions, length, room, &mut random);
                assert_eq!(axis.taken, axis.stretches.values().map(Content::room).sum::<usize>());
                let fits = axis.length() <= length && !axis.is_overfull();
                let found = fits.then(|| (axis.width, rows(&axis)));
                assert_eq!(found, expected, "case {case}: {length} {room} {actions:?}");
                // What a refusal says is the same as well.
                let last = WIDTHS[WIDTHS.len() - 1];
                assert!(fits || axis.width == last, "case {case}");
            }
            failures += usize::from(expected.is_none());
        }
        assert!((1..1_000).contains(&failures), "{failures} of 2,000 do not fit");
    }

    #[test]
    fn order_and_shares_make_no_difference() {
        let stamps = [5, 86_400_000, -3, 70_000, 5, 1_000, 999];
        let whole = axis::<Together<Count>>(Width::AtMost(10), 99, &stamps);
        for cut in 0..=stamps.len() {
            let (one, two) = stamps.split_at(cut);
            let [mut one, two] = [one, two].map(|part| axis(Width::AtMost(10), 99, part));
            one.merge(two);
            assert_eq!((one.width(), counts(&one)), (whole.width(), counts(&whole)), "{cut}");
            assert_eq!(one.taken, one.stretches.len());
        }
    }

    #[test]
    fn what_there_is_no_room_for_is_told() {
        let width = Width::Given(Duration::from_millis(1));
        for (room, is_overfull) in [(3, false), (2, true)] {
            let axis = axis::<Together<Count>>(width, room, &[1, 2, 3, 3, 1]);
            assert_eq!((axis.is_overfull(), axis.length()), (is_overfull, 3));
            assert!(axis.stretches.len() <= room);
        }
        for (room, is_overfull) in [(2, false), (1, true)] {
            let axis = axis::<Apart<Count>>(width, room, &[1, 1, 1]);
            assert_eq!(axis.is_overfull(), is_overfull);
        }
        let [mut one, two] = [[1, 2], [3, 4]].map(|part| axis::<Together<Count>>(width, 3, &part));
        one.merge(two);
        assert!(one.is_overfull());
    }
}
