//! What `changes` returns, against full snapshots.

#![cfg(feature = "tracker")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use core_actions::{
    ActionTime, Count, Mean, TrackerSpec, WhenFull, WindowedChanges, WindowedCursor,
    WindowedHandle, WindowedSpec, WindowedTracker,
};
use core_time::{Clock as _, ManualClock, Stamp, StatisticRing, Tier, TieredRing, WindowSpec};
use proptest::collection::vec;
use proptest::prelude::*;

#[expect(dead_code, reason = "other tests need the rest")]
mod support;

use support::{Batched, Checked, NAMES, THREADS, Unpromising, Worker, time};

const SECOND: i64 = 1_000_000_000;
/// The spans of the tiers, in buckets of one and of four seconds.
const SPANS_S: [i64; 2] = [6, 24];

fn secs(secs: i64) -> Duration {
    Duration::from_secs(secs.unsigned_abs())
}

fn spec(when_full: WhenFull) -> WindowedSpec {
    let coarser = Tier { resolution: secs(4), span: secs(SPANS_S[1]) };
    let window = WindowSpec::builder().span(secs(SPANS_S[0])).tolerance(secs(2)).tier(coarser);
    let tracker = TrackerSpec { actions: 4, when_full, ..TrackerSpec::default() };
    WindowedSpec { window: window.build().unwrap(), tracker, ..WindowedSpec::default() }
}

/// Rows by name, tier and tick.
type Cells<S> = BTreeMap<(String, usize, i64), S>;

/// Returns the cells that a window can touch, and that a ring with all records of its action holds.
///
/// If the clock stepped back, a thread may hold a bucket that another one has evicted.
fn touchable<S>(mut cells: Cells<S>, now: i64) -> Cells<S> {
    let rings = TieredRing::<Count>::new(&spec(WhenFull::Refuse).window);
    let reaches: Vec<_> = rings.tiers().map(StatisticRing::reach).collect();
    let mut newest = BTreeMap::new();
    for (name, tier, tick) in cells.keys() {
        newest.insert((name.clone(), *tier), *tick); // In ascending order.
    }
    cells.retain(|(name, tier, tick), _| {
        let width = [1, 4][*tier] * SECOND;
        let oldest = (now - SPANS_S[*tier] * SECOND).div_euclid(width);
        *tick >= oldest.max(newest[&(name.clone(), *tier)] - reaches[*tier].cast_signed())
    });
    cells
}

fn of_snapshot<S: Checked>(tracker: &WindowedTracker<S>) -> Cells<S> {
    let mut cells = Cells::new();
    for row in tracker.snapshot().rows() {
        let name = if row.is_other() { "" } else { row.name() };
        for (tier, ring) in row.statistic().tiers().enumerate() {
            let buckets = ring.buckets().into_iter();
            cells.extend(
                buckets.map(|(tick, statistic)| ((name.to_owned(), tier, tick), statistic)),
            );
        }
    }
    cells
}

/// A reader, with the cells that it should have.
struct Reader<S: Checked> {
    cursor: WindowedCursor<S>,
    cells: Cells<S>,
    revision: u64,
}

impl<S: Checked> Reader<S> {
    fn new() -> Self {
        Self { cursor: WindowedCursor::default(), cells: Cells::new(), revision: 0 }
    }

    fn apply(&mut self, changes: &WindowedChanges<S>) {
        if changes.is_complete() {
            self.cells.clear();
        }
        for removed in changes.removed() {
            self.cells.retain(|(name, ..), _| name != removed);
        }
        for bucket in changes.buckets() {
            let width = [1, 4][bucket.tier()] * SECOND;
            let tick = bucket.interval().from.as_nanos() / width;
            assert_eq!(bucket.interval().to.as_nanos(), (tick + 1) * width);
            for row in bucket.rows() {
                let name = if row.is_other() { "" } else { row.name() };
                let key = (name.to_owned(), bucket.tier(), tick);
                self.cells.insert(key, row.statistic().clone());
            }
        }
    }

    #[track_caller]
    fn check(&mut self, tracker: &WindowedTracker<S>, now: i64) {
        let changes = tracker.changes(&mut self.cursor);
        assert!(changes.revision() > self.revision);
        self.apply(&changes);
        assert_eq!(changes.at().as_nanos(), now);
        let expected = touchable(of_snapshot(tracker), now);
        let found = touchable(self.cells.clone(), now);
        assert!(found.keys().eq(expected.keys()), "{:?}\n{:?}", found.keys(), expected.keys());
        assert!(found == expected);
        let snapshot = tracker.snapshot();
        assert!(snapshot.revision() > changes.revision());
        assert_eq!(changes.instances(), snapshot.instances());
        self.revision = snapshot.revision();
        let nothing = tracker.changes(&mut self.cursor);
        assert!(nothing.is_empty(), "{nothing:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Advance { millis: i64 },
    GoBack { millis: i64 },
    Add { thread: usize, name: usize, time: ActionTime, times: usize },
    AddAt { thread: usize, name: usize, time: ActionTime, offset: i64 },
    ByHandle { name: usize, time: ActionTime },
    DropHandle { name: usize },
    ThreadEnds { thread: usize },
    Remove { name: usize },
    Reset,
    Merge { records: Vec<(usize, ActionTime, i64)> },
    Restart,
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..6_usize;
    let offset = || prop_oneof![-6_500_i64..2_000, -24_500_i64..0];
    prop_oneof![
        12 => prop_oneof![0..1_500_i64, 0..20_000_i64].prop_map(|millis| Step::Advance { millis }),
        1 => (0..4_000_i64).prop_map(|millis| Step::GoBack { millis }),
        16 => (0..THREADS, name.clone(), time(), prop_oneof![3 => 1..3_usize, 1 => 20..60_usize])
            .prop_map(|(thread, name, time, times)| Step::Add { thread, name, time, times }),
        16 => (0..THREADS, name.clone(), time(), offset())
            .prop_map(|(thread, name, time, offset)| Step::AddAt { thread, name, time, offset }),
        8 => (name.clone(), time()).prop_map(|(name, time)| Step::ByHandle { name, time }),
        3 => name.clone().prop_map(|name| Step::DropHandle { name }),
        2 => (0..THREADS).prop_map(|thread| Step::ThreadEnds { thread }),
        2 => name.clone().prop_map(|name| Step::Remove { name }),
        1 => Just(Step::Reset),
        2 => vec((name, time(), offset()), 0..6).prop_map(|records| Step::Merge { records }),
        1 => Just(Step::Restart),
        12 => Just(Step::Look),
    ]
}

/// Runs a history with a reader that looks after each step, and one that looks at times.
fn run<S: Checked>(when_full: WhenFull, steps: &[Step]) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let new = || WindowedTracker::<S>::with_clock(spec(when_full), clock.clone()).unwrap();
    let mut tracker = Arc::new(new());
    let mut workers: Vec<_> = (0..THREADS).map(|_| Worker::start()).collect();
    let mut handles: [Option<WindowedHandle<S>>; 6] = [const { None }; 6];
    let [mut always, mut at_times] = [Reader::new(), Reader::new()];
    for step in steps.iter().chain([&Step::Look]) {
        let now = clock.now();
        let shared = Arc::clone(&tracker);
        // A refusal is as good as any other step.
        match step.clone() {
            Step::Advance { millis } => clock.advance(Duration::from_millis(millis as u64)),
            Step::GoBack { millis } => clock.set(now - Duration::from_millis(millis as u64)),
            Step::Add { thread, name, time, times } => workers[thread].run(move || {
                (0..times).for_each(|_| drop(shared.record(NAMES[name], time)));
            }),
            Step::AddAt { thread, name, time, offset } => workers[thread].run(move || {
                let stamp = Stamp::from_nanos(now.as_nanos() + offset * 1_000_000);
                drop(shared.record_at(NAMES[name], time, stamp));
            }),
            Step::ByHandle { name, time } => {
                if handles[name].is_none() {
                    handles[name] = tracker.action(NAMES[name]).ok();
                }
                if let Some(handle) = &handles[name] {
                    handle.record(time);
                }
            }
            Step::DropHandle { name } => handles[name] = None,
            Step::ThreadEnds { thread } => {
                workers[thread].end();
                workers[thread] = Worker::start();
            }
            Step::Remove { name } => drop(tracker.remove(NAMES[name])),
            Step::Reset => tracker.reset(),
            Step::Merge { records } => {
                let other = new();
                for (name, time, offset) in records {
                    let stamp = Stamp::from_nanos(now.as_nanos() + offset * 1_000_000);
                    drop(other.record_at(NAMES[name], time, stamp));
                }
                drop(tracker.merge(&other.snapshot()));
            }
            Step::Restart => {
                let snapshot = tracker.snapshot();
                let restored =
                    WindowedTracker::restore_with_clock(spec(when_full), &snapshot, clock.clone());
                if let Ok(restored) = restored {
                    handles = [const { None }; 6];
                    tracker = Arc::new(restored);
                }
            }
            Step::Look => at_times.check(&tracker, now.as_nanos()),
        }
        always.check(&tracker, clock.now().as_nanos());
    }
    workers.iter_mut().for_each(Worker::end);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn changes_lead_from_one_snapshot_to_the_next(steps in vec(step(), 0..40)) {
        for when_full in [WhenFull::Refuse, WhenFull::Fold, WhenFull::EvictIdle] {
            run::<Batched>(when_full, &steps);
            run::<Unpromising>(when_full, &steps);
        }
    }
}

fn counts(changes: &WindowedChanges<Count>) -> Vec<(i64, &str, u64)> {
    let buckets = changes.buckets().iter().filter(|bucket| bucket.tier() == 0);
    let rows = buckets.flat_map(|bucket| {
        let tick = bucket.interval().from.as_nanos() / SECOND;
        bucket.rows().iter().map(move |row| (tick, row.name(), row.count()))
    });
    rows.collect()
}

fn tracker(clock: &ManualClock) -> WindowedTracker<Count> {
    WindowedTracker::with_clock(WindowedSpec::default(), clock.clone()).unwrap()
}

#[test]
fn only_what_was_touched_is_named() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let tracker = tracker(&clock);
    for second in 0..200 {
        clock.set(Stamp::from_secs(1_000 + second));
        for name in 0..10 {
            tracker.record(&format!("name {name}"), 1).unwrap();
        }
    }
    let mut cursor = WindowedCursor::default();
    assert_eq!(counts(&tracker.changes(&mut cursor)).len(), 2_000);
    // In the bucket that is filling.
    tracker.record("name 3", 1).unwrap();
    assert_eq!(counts(&tracker.changes(&mut cursor)), [(1_199, "name 3", 2)]);
    // Late, once and again.
    tracker.record_at("name 4", 1, Stamp::from_secs(1_050)).unwrap();
    assert_eq!(counts(&tracker.changes(&mut cursor)), [(1_050, "name 4", 2)]);
    tracker.record_at("name 4", 1, Stamp::from_secs(1_050)).unwrap();
    assert_eq!(counts(&tracker.changes(&mut cursor)), [(1_050, "name 4", 3)]);
    // Fewer and more than fit into a buffer.
    clock.advance(Duration::from_secs(10));
    (0..100).for_each(|_| tracker.record("name 5", 1).unwrap());
    assert_eq!(counts(&tracker.changes(&mut cursor)), [(1_209, "name 5", 100)]);
    for round in 1..60 {
        clock.advance(Duration::from_secs(1));
        tracker.record("name 6", 1).unwrap();
        let changes = tracker.changes(&mut cursor);
        assert_eq!(counts(&changes), [(1_209 + round, "name 6", 1)]);
    }
    clock.set(Stamp::from_secs(1_209));
    (0..100).for_each(|_| tracker.record("name 5", 1).unwrap());
    assert_eq!(counts(&tracker.changes(&mut cursor)), [(1_209, "name 5", 200)]);
    assert!(tracker.changes(&mut cursor).is_empty());
}

#[test]
fn very_many_late_buckets_are_all_named() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let tracker = tracker(&clock);
    let mut cursor = WindowedCursor::default();
    tracker.record("jump", 1).unwrap();
    let _ = tracker.changes(&mut cursor);
    for (round, late) in [1, 31, 32, 33, 100, 250].into_iter().enumerate() {
        let events = round as u64 + 1;
        for second in (1_000 - late..1_000).rev() {
            // More than fit into a buffer.
            (0..40).for_each(|_| tracker.record_at("jump", 1, Stamp::from_secs(second)).unwrap());
        }
        let changes = tracker.changes(&mut cursor);
        let found: Vec<_> = counts(&changes).iter().map(|&(tick, ..)| tick).collect();
        let expected: Vec<_> = (1_000 - late..1_000).collect();
        assert!(expected.iter().all(|tick| found.contains(tick)), "{late}: {found:?}");
        assert_eq!(
            counts(&changes).iter().find(|cell| cell.0 == 999),
            Some(&(999, "jump", 40 * events))
        );
    }
}

#[test]
fn a_cursor_of_another_tracker_begins_from_the_start() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let (one, two) = (tracker(&clock), tracker(&clock));
    let mut cursor = WindowedCursor::default();
    one.record("jump", 1).unwrap();
    two.record("run", 1).unwrap();
    for (tracker, expected) in [(&one, "jump"), (&two, "run"), (&one, "jump")] {
        let changes = tracker.changes(&mut cursor);
        assert!(changes.is_complete() && changes.removed().len() == 0);
        assert_eq!(counts(&changes), [(1_000, expected, 1)]);
    }
    one.reset();
    let changes = one.changes(&mut cursor);
    assert!(changes.is_complete() && changes.buckets().is_empty());
    one.record("run", 1).unwrap();
    assert!(one.remove("run").unwrap());
    assert!(one.changes(&mut cursor).is_empty()); // It was never named.
    one.record("run", 1).unwrap();
    let _ = one.changes(&mut cursor);
    assert!(one.remove("run").unwrap());
    one.record("run", 1).unwrap();
    let changes = one.changes(&mut cursor);
    assert!(changes.removed().eq(["run"]));
    assert_eq!(counts(&changes), [(1_000, "run", 1)]);
}

#[test]
fn buckets_without_later_records_are_named_once() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let tracker = WindowedTracker::<Mean>::with_clock(Default::default(), clock.clone()).unwrap();
    let mut cursor = WindowedCursor::default();
    let mut look = |records: &[i64]| -> Vec<_> {
        for &at in records {
            clock.set(Stamp::from_secs(at));
            tracker.record("jump", 1).unwrap();
        }
        let changes = tracker.changes(&mut cursor);
        changes.buckets().iter().map(|bucket| bucket.interval().from.as_nanos() / SECOND).collect()
    };
    assert_eq!(look(&[1_000]), [1_000]);
    assert_eq!(look(&[1_001]), [1_001]);
    assert_eq!(look(&[1_001, 1_009]), [1_001, 1_009]);
    // It is not known in which of two buckets the records were.
    assert_eq!(look(&[1_010, 1_011]), [1_009, 1_010, 1_011]);
}
