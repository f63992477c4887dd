//! Promise J1: one action is read at its own cost, by name and by handle, and its row is the one
//! among all rows.

#![cfg(feature = "tracker")]

use std::cell::Cell;
use std::thread;

use core_actions::{ActionTime, Mean, MergedTracker, RunningTracker, Statistic, Tag};

thread_local! {
    static TOUCHED: Cell<u64> = const { Cell::new(0) };
}

/// Counts how often one of its kind was copied or merged by this thread.
#[derive(Debug, Default, PartialEq)]
struct Watched(u64);

impl Clone for Watched {
    fn clone(&self) -> Self {
        TOUCHED.set(TOUCHED.get() + 1);
        Self(self.0)
    }
}

impl Statistic for Watched {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-watched");

    const NEVER_PANICS: bool = true;

    fn insert(&mut self, _: ActionTime) {
        self.0 += 1;
    }

    fn merge(&mut self, other: &Self) {
        TOUCHED.set(TOUCHED.get() + 1);
        self.0 += other.0;
    }
}

fn touched_by<R>(read: impl FnOnce() -> R) -> (R, u64) {
    let before = TOUCHED.get();
    let found = read();
    (found, TOUCHED.get() - before)
}

#[test]
fn one_action_costs_no_other() {
    let tracker = MergedTracker::<Watched>::default();
    for name in 0..1_000 {
        tracker.record(&format!("name {name}"), 1).unwrap();
    }
    let handle = tracker.action("name 7").unwrap();
    thread::scope(|scope| scope.spawn(|| tracker.record("name 7", 1).unwrap()).join().unwrap());
    // One for each of the two threads; the shard of the handle has no record.
    let (row, touched) = touched_by(|| tracker.get("name 7"));
    assert_eq!((row.unwrap().statistic().0, touched), (2, 2));
    let (row, touched) = touched_by(|| handle.stats());
    assert_eq!((row.unwrap().statistic().0, touched), (2, 2));
    assert_eq!(touched_by(|| tracker.get("name 1000")), (None, 0));
    assert_eq!(touched_by(|| tracker.stats().len()), (1_000, 1_001));
}

#[test]
fn names_that_no_action_can_have_are_not_found() {
    let tracker = RunningTracker::default();
    tracker.record("jump", 1).unwrap();
    let long = "x".repeat(100_000);
    for name in ["", " ", "\n", "jump ", "Jump", &long] {
        assert!(tracker.get(name).is_none(), "{name:?}");
    }
}

#[test]
fn a_reset_leaves_no_row_and_a_handle_goes_on() {
    let tracker = RunningTracker::default();
    let handle = tracker.action("jump").unwrap();
    handle.record(100_u64);
    tracker.reset();
    assert_eq!((tracker.get("jump"), handle.stats()), (None, None));
    handle.record(200_u64);
    assert_eq!(handle.stats().map(|row| row.mean()), Some(200.0));
    let outlived = { RunningTracker::default().action("run").unwrap() };
    outlived.record(1_u64);
    assert_eq!(outlived.stats().map(|row| row.count()), Some(1));
}

/// More rows than are read at a time, of several shards each.
#[test]
fn rows_of_many_actions_and_threads_are_complete() {
    let tracker = MergedTracker::<Mean>::default();
    thread::scope(|scope| {
        for thread in 0..3_u64 {
            let tracker = &tracker;
            scope.spawn(move || {
                for name in 0..333_u64 {
                    tracker.record(&format!("name {name}"), name * 3 + thread).unwrap();
                }
            });
        }
    });
    let rows = tracker.stats();
    assert_eq!(rows.len(), 333);
    for row in rows {
        let name: f64 = row.name()[5..].parse().unwrap();
        assert_eq!((row.count(), row.mean()), (3, name * 3.0 + 1.0));
        assert_eq!(tracker.get(row.name()), Some(row));
    }
}
