//! Promises T2, T3 and T9 for statistics: random histories of a windowed tracker with tiers against
//! a list of all stamps.
//!
//! Every time is different, so that a statistic says exactly which records it has. Each window, of
//! any length, and each interval is answered from the finest tier that holds it; its rows are those
//! of whole buckets; the records that are truly in it are at least those of `at_least` and at most
//! those of `at_most`, and these are as narrow as buckets allow. So are the answers of trackers
//! that restored or merged a snapshot, and of its wire form.

#![cfg(feature = "tracker")]

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use core_actions::{
    ActionWindow, Values, WindowRows, WindowedHandle, WindowedSnapshot, WindowedSpec,
    WindowedTracker,
};
use core_time::{Clock as _, ManualClock, Stamp, Tier, WindowError, WindowSpec};
use proptest::collection::vec;
use proptest::prelude::*;

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MS;
const TOLERANCE: i64 = 2 * SECOND;
const START: i64 = 100_000 * SECOND;
const NAMES: [&str; 3] = ["jump", "run", "a name longer than sixteen bytes"];
/// The width and the span of each tier.
const TIERS: [[i64; 2]; 3] =
    [[SECOND, 6 * SECOND], [5 * SECOND, 30 * SECOND], [20 * SECOND, 120 * SECOND]];

type Times = BTreeSet<u64>;
type Tracker = WindowedTracker<Values>;

fn spec() -> WindowedSpec {
    let nanos = |nanos: i64| Duration::from_nanos(nanos.unsigned_abs());
    let [[resolution, span], coarser @ ..] = TIERS;
    let finest = WindowSpec::builder().resolution(nanos(resolution)).span(nanos(span));
    let tier =
        |[resolution, span]: [i64; 2]| Tier { resolution: nanos(resolution), span: nanos(span) };
    let window = coarser.into_iter().map(tier).fold(finest, |spec, tier| spec.tier(tier));
    let window = window.tolerance(nanos(TOLERANCE)).build().unwrap();
    WindowedSpec { window, ..WindowedSpec::default() }
}

#[derive(Debug, Clone)]
enum Step {
    Advance { millis: i64 },
    Add { name: usize, by_handle: bool },
    AddAt { name: usize, by_handle: bool, millis: i64 },
    Merge { records: Vec<(usize, i64)> },
    Restore,
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    let millis = || prop_oneof![4 => 0..1_500_i64, 3 => 0..8_000_i64, 1 => 0..150_000_i64];
    let stamp = || prop_oneof![3 => -8_000..2_100_i64, 3 => -45_000..0_i64, 1 => -130_000..0_i64];
    prop_oneof![
        10 => millis().prop_map(|millis| Step::Advance { millis }),
        12 => (name.clone(), any::<bool>())
            .prop_map(|(name, by_handle)| Step::Add { name, by_handle }),
        16 => (name.clone(), any::<bool>(), stamp())
            .prop_map(|(name, by_handle, millis)| Step::AddAt { name, by_handle, millis }),
        2 => vec((name, stamp()), 0..5).prop_map(|records| Step::Merge { records }),
        2 => Just(Step::Restore),
        1 => Just(Step::Reset),
    ]
}

/// The records that a window is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    AtLeast,
    AtMost,
}

struct Oracle {
    now: i64,
    since: i64,
    /// The latest stamp that was ahead of the clock.
    ahead: i64,
    /// The name, stamp and time of each record.
    records: Vec<(usize, i64, u64)>,
    next: u64,
}

impl Oracle {
    /// Returns the time of a record with a stamp, if it is accepted.
    fn record(&mut self, name: usize, stamp: i64) -> Option<u64> {
        let [_, longest] = TIERS[TIERS.len() - 1];
        let is_accepted = (self.now - longest..=self.now + TOLERANCE).contains(&stamp);
        is_accepted.then(|| {
            self.next += 1;
            self.records.push((name, stamp, self.next));
            self.next
        })
    }

    fn note_ahead(&mut self, stamp: i64) {
        if stamp > self.now {
            self.ahead = self.ahead.max(stamp);
        }
    }

    fn times(&self, name: usize, is_in: impl Fn(i64) -> bool) -> Times {
        let fits = |&&(of, stamp, _): &&(usize, i64, u64)| of == name && is_in(stamp);
        self.records.iter().filter(fits).map(|&(_, _, time)| time).collect()
    }

    /// The records of `part` of the nanoseconds in `range`, by buckets of a width.
    fn part(&self, name: usize, part: Part, range: &Range<i64>, width: i64, past: bool) -> Times {
        let (first, last) = (range.start.div_euclid(width), (range.end - 1).div_euclid(width));
        let ticks = match part {
            _ if range.is_empty() => 0..0,
            Part::AtMost => first..last + 1,
            Part::Whole if past => {
                last + 1 - (range.end - range.start + width - 1) / width..last + 1
            }
            Part::Whole => first..last + 1,
            // The filling bucket counts as whole while nothing is ahead.
            Part::AtLeast if past && self.ahead <= self.now => {
                (range.start + width - 1).div_euclid(width)..last + 1
            }
            Part::AtLeast => {
                (range.start + width - 1).div_euclid(width)..range.end.div_euclid(width)
            }
        };
        self.times(name, |stamp| ticks.contains(&stamp.div_euclid(width)))
    }

    #[track_caller]
    fn check(&self, tracker: &Tracker, handle: Option<&WindowedHandle<Values>>) {
        for millis in [0, 1, 1_000, 2_500, 6_000, 6_001, 17_300, 30_000, 31_000, 75_500, 120_000] {
            let window = Duration::from_millis(millis);
            let nanos = i64::try_from(millis).unwrap() * MS;
            let range = self.now - nanos + 1..self.now + 1;
            let width = width_for(nanos).unwrap();
            self.check_rows(&tracker.window(window).unwrap(), &range, width, true);
            for (name, action) in NAMES.iter().enumerate() {
                let found = tracker.get(action, window).unwrap();
                self.check_action(&found, name, &range, width, true);
                self.check_series(&tracker.series(action, window).unwrap(), name, &found);
            }
            if let Some(handle) = handle {
                assert_eq!(handle.window(window), tracker.get(handle.name(), window));
                assert_eq!(handle.series(window), tracker.series(handle.name(), window));
            }
        }
        for [from, to] in [
            [-500, 0],
            [-6_000, -1_000],
            [-6_300, 2_000],
            [-29_999, -5_000],
            [-100_000, -20_001],
            [-60_000, -60_000],
        ] {
            let range = self.now + from * MS..self.now + to * MS;
            let interval = || Stamp::from_nanos(range.start)..Stamp::from_nanos(range.end);
            let width = width_for(-from * MS).unwrap();
            self.check_rows(&tracker.between(interval()).unwrap(), &range, width, false);
            for (name, action) in NAMES.iter().enumerate() {
                let found = tracker.get_between(action, interval()).unwrap();
                self.check_action(&found, name, &range, width, false);
            }
            if let Some(handle) = handle {
                let named = tracker.get_between(handle.name(), interval());
                assert_eq!(handle.between(interval()), named);
            }
        }
    }

    #[track_caller]
    fn check_rows(&self, found: &WindowRows<Values>, range: &Range<i64>, width: i64, past: bool) {
        assert_eq!(found.coverage().resolution, Duration::from_nanos(width.unsigned_abs()));
        let parts = [
            (Part::Whole, found.rows()),
            (Part::AtLeast, found.at_least()),
            (Part::AtMost, &found.at_most()),
        ];
        for (part, rows) in parts {
            assert!(rows.is_sorted_by_key(|row| row.first()));
            for (name, action) in NAMES.iter().enumerate() {
                let row = rows.iter().find(|row| row.name() == *action);
                let found = row.map(|row| times(row.statistic())).unwrap_or_default();
                assert_eq!(row.is_some(), !found.is_empty());
                assert_eq!(
                    found,
                    self.part(name, part, range, width, past),
                    "{part:?} {action} {range:?}"
                );
            }
        }
    }

    #[track_caller]
    fn check_action(
        &self,
        found: &ActionWindow<Values>,
        name: usize,
        range: &Range<i64>,
        width: i64,
        past: bool,
    ) {
        let part = |part| self.part(name, part, range, width, past);
        assert_eq!(times(found.statistic()), part(Part::Whole));
        let (at_least, at_most) = (times(found.at_least()), times(&found.at_most()));
        assert_eq!((&at_least, &at_most), (&part(Part::AtLeast), &part(Part::AtMost)));
        let truly = self.times(name, |stamp| range.contains(&stamp));
        assert!(at_least.is_subset(&truly) && truly.is_subset(&at_most));
        let Range { start, end } = covered(found);
        let elapsed = end.min(self.now) - start.max(self.since);
        assert_eq!(found.coverage().elapsed.as_nanos() as i64, elapsed.max(0));
    }

    /// Checks that buckets follow each other, fill the window, and have their own records.
    #[track_caller]
    fn check_series(
        &self,
        series: &[ActionWindow<Values>],
        name: usize,
        window: &ActionWindow<Values>,
    ) {
        let mut at = covered(window).start;
        for bucket in series {
            let Range { start, end } = covered(bucket);
            assert_eq!(start, at);
            let expected = self.times(name, |stamp| (start..end).contains(&stamp));
            assert_eq!(times(bucket.statistic()), expected);
            assert_eq!(
                (times(bucket.at_least()), times(&bucket.at_most())),
                (expected.clone(), expected)
            );
            let is_partial = start < self.since || end > self.now;
            assert_eq!(bucket.coverage().is_partial(), is_partial);
            at = end;
        }
        assert_eq!(at, covered(window).end);
    }
}

/// The width of the finest tier that reaches so far back.
fn width_for(nanos: i64) -> Option<i64> {
    TIERS.iter().find(|[_, span]| nanos <= *span).map(|[width, _]| *width)
}

fn covered(found: &ActionWindow<Values>) -> Range<i64> {
    let interval = found.coverage().interval;
    interval.from.as_nanos()..interval.to.as_nanos()
}

fn times(values: &Values) -> Times {
    values.times().map(|time| time.as_integer().unwrap()).collect()
}

struct History {
    clock: ManualClock,
    tracker: Arc<Tracker>,
    handle: Option<WindowedHandle<Values>>,
    oracle: Oracle,
}

impl History {
    fn run(steps: &[Step]) {
        let clock = ManualClock::new(Stamp::from_nanos(START));
        let tracker = Arc::new(Tracker::with_clock(spec(), clock.clone()).unwrap());
        let oracle =
            Oracle { now: START, since: START, ahead: i64::MIN, records: Vec::new(), next: 0 };
        let mut history = Self { clock, tracker, handle: None, oracle };
        for step in steps {
            history.step(step);
            history.oracle.check(&history.tracker, history.handle.as_ref());
        }
        history.check_ways_out();
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Advance { millis } => {
                self.clock.advance(Duration::from_millis(millis.unsigned_abs()));
                self.oracle.now += millis * MS;
            }
            Step::Add { name, by_handle } => self.add(name, by_handle, None),
            Step::AddAt { name, by_handle, millis } => self.add(name, by_handle, Some(millis)),
            Step::Merge { ref records } => self.merge(records),
            Step::Restore => self.restore(),
            Step::Reset => {
                self.tracker.reset();
                self.oracle.records.clear();
                self.oracle.since = self.oracle.now;
            }
        }
    }

    fn add(&mut self, name: usize, by_handle: bool, offset: Option<i64>) {
        let Self { tracker, oracle, .. } = self;
        let stamp = oracle.now + offset.unwrap_or(0) * MS;
        let time = oracle.record(name, stamp);
        let number = time.unwrap_or(u64::MAX);
        let at = Stamp::from_nanos(stamp);
        let is_added = match (by_handle, offset) {
            (false, None) => tracker.record(NAMES[name], number).is_ok(),
            (false, Some(_)) => tracker.record_at(NAMES[name], number, at).is_ok(),
            (true, _) => {
                let handle = tracker.action(NAMES[name]).unwrap();
                let is_added = match offset {
                    None => {
                        handle.record(number);
                        true
                    }
                    Some(_) => handle.record_at(number, at).is_ok(),
                };
                self.handle = Some(handle);
                is_added
            }
        };
        assert_eq!(is_added, time.is_some());
        if is_added && offset.is_some() {
            oracle.since = oracle.since.min(stamp);
            oracle.note_ahead(stamp);
        }
    }

    /// Merges a snapshot of another tracker into this one.
    fn merge(&mut self, records: &[(usize, i64)]) {
        let other = Tracker::with_clock(spec(), self.clock.clone()).unwrap();
        let oracle = &mut self.oracle;
        let mut newest = oracle.now;
        for &(name, millis) in records {
            let stamp = oracle.now + millis * MS;
            if let Some(time) = oracle.record(name, stamp) {
                other.record_at(NAMES[name], time, Stamp::from_nanos(stamp)).unwrap();
                oracle.since = oracle.since.min(stamp);
                newest = newest.max(stamp.div_euclid(SECOND) * SECOND);
            }
        }
        let snapshot = there_and_back(other.snapshot());
        self.tracker.merge(&snapshot).unwrap();
        if snapshot.rows().iter().any(|row| row.statistic().newest().is_some()) {
            oracle.note_ahead(newest + SECOND);
        }
    }

    /// Goes on with a tracker made from a snapshot.
    fn restore(&mut self) {
        let snapshot = there_and_back(self.tracker.snapshot());
        let restored = Tracker::restore_with_clock(spec(), &snapshot, self.clock.clone());
        (self.tracker, self.handle) = (Arc::new(restored.unwrap()), None);
        let newest = snapshot.rows().iter().filter_map(|row| row.statistic().newest()).max();
        self.oracle.ahead = i64::MIN;
        if let Some(newest) = newest {
            self.oracle.note_ahead((newest * SECOND).max(self.oracle.now) + SECOND);
        }
    }

    /// Compares a tracker that merges halves of the records with one that saw all.
    fn check_ways_out(&self) {
        let mut halves = [0, 1].map(|half| {
            let tracker = Tracker::with_clock(spec(), self.clock.clone()).unwrap();
            for &(name, stamp, time) in &self.oracle.records {
                if time % 2 == half {
                    let _ = tracker.record_at(NAMES[name], time, Stamp::from_nanos(stamp));
                }
            }
            tracker.snapshot()
        });
        let all = Tracker::with_clock(spec(), self.clock.clone()).unwrap();
        for &(name, stamp, time) in &self.oracle.records {
            let _ = all.record_at(NAMES[name], time, Stamp::from_nanos(stamp));
        }
        let [one, two] = &mut halves;
        one.merge(two).unwrap();
        assert_eq!(*one, all.snapshot());
    }
}

#[cfg(feature = "serde")]
fn there_and_back(snapshot: WindowedSnapshot<Values>) -> WindowedSnapshot<Values> {
    let text = serde_json::to_string(&snapshot).unwrap();
    let read: WindowedSnapshot<Values> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, snapshot);
    postcard::from_bytes(&postcard::to_allocvec(&read).unwrap()).unwrap()
}

#[cfg(not(feature = "serde"))]
fn there_and_back(snapshot: WindowedSnapshot<Values>) -> WindowedSnapshot<Values> {
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn every_answer_is_that_of_a_list_of_all_stamps(steps in vec(step(), 0..40)) {
        History::run(&steps);
    }
}

#[test]
fn a_window_longer_than_every_tier_is_refused() {
    let clock = ManualClock::new(Stamp::from_nanos(START));
    let tracker = Tracker::with_clock(spec(), clock.clone()).unwrap();
    let span = Duration::from_secs(120);
    let window = span + Duration::from_nanos(1);
    let expected = WindowError::LongerThanSpan { window, span };
    assert_eq!(tracker.window(window).unwrap_err(), expected);
    assert_eq!(tracker.get("jump", window).unwrap_err(), expected);
    let from = clock.now() - window;
    let early = tracker.between(from..clock.now()).unwrap_err();
    assert!(matches!(early, WindowError::BeforeSpan { age, .. } if age == window));
    let backwards = tracker.between(clock.now()..from).unwrap_err();
    assert!(matches!(backwards, WindowError::Backwards { .. }));
}
