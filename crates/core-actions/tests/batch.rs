//! Batches against records one by one: the same rows, errors and limits.

#![cfg(feature = "tracker")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use core_actions::{
    ActionError, ActionTime, Batch, HasCount, Mean, MergedTracker, MinMax, PostTracker, Quantiles,
    RunningTracker, Statistic, Tag, TrackerSpec, WhenFull,
};

type Full = (Mean, MinMax, Quantiles);

/// More actions than those that a batch records one by one.
const MANY: usize = 5_000;

/// Returns names within a key and longer ones, many that are new and many that are not, and two
/// that are invalid.
fn names() -> impl Iterator<Item = String> {
    (0..4 * MANY).map(|number| match number {
        6_001 | 19_001 => " ".to_owned(),
        _ => {
            let action = number * 7 % MANY.min(1 + number / 2);
            format!("{}{action}", ["a", "action number "][action % 2])
        }
    })
}

fn time(number: usize) -> f64 {
    if number % 7_777 == 7_776 { -1.0 } else { 14.0 + number as f64 / 4.0 }
}

#[track_caller]
fn check(spec: &TrackerSpec) {
    let [single, all, batched] = [(); 3].map(|()| MergedTracker::<Full>::new(spec.clone()));
    let mut refused = Vec::new();
    for (number, name) in names().enumerate() {
        refused.extend(single.record(&name, time(number)).err());
    }
    assert!(!refused.is_empty());
    let names: Vec<_> = names().collect();
    let actions = names.iter().enumerate().map(|(number, name)| (name, time(number)));
    assert_eq!(all.record_all(actions.clone()), Err(refused[0].clone()));

    let mut batch = batched.batch();
    for (name, time) in actions {
        let _ = batch.record(name, time);
    }
    let _ = batch.flush();
    assert_eq!(batch.refused(), refused.len() as u64);
    drop(batch);
    for other in [all, batched] {
        assert!(single.stats() == other.stats(), "{spec:?}");
        assert_eq!(single.overflow(), other.overflow());
    }
}

#[test]
fn batches_give_the_rows_of_single_records() {
    for when_full in [WhenFull::Refuse, WhenFull::Fold, WhenFull::EvictIdle] {
        for actions in [MANY, 4_500] {
            check(&TrackerSpec { actions, when_full, ..TrackerSpec::default() });
        }
    }
}

/// Returns a tracker with thousands of actions, so that a batch of this thread holds records back.
fn with_many<S: Statistic<Value = ActionTime>>() -> MergedTracker<S> {
    let tracker = MergedTracker::default();
    (0..MANY).for_each(|name| tracker.record(&format!("name {name}"), 1).unwrap());
    tracker
}

fn count(tracker: &RunningTracker) -> u64 {
    tracker.stats().iter().map(|row| row.count()).sum()
}

#[test]
fn records_are_held_back_until_there_are_16() {
    let tracker = with_many::<Mean>();
    let mut batch = tracker.batch();
    for held in 1..16 {
        batch.record("name 7", 1).unwrap();
        assert_eq!(count(&tracker), MANY as u64, "{held} held back");
    }
    batch.record("name 7", 1).unwrap();
    assert_eq!(count(&tracker), MANY as u64 + 16);
}

#[test]
fn records_of_few_actions_are_not_held_back() {
    let tracker = RunningTracker::default();
    let mut batch = tracker.batch();
    for recorded in 1..40 {
        batch.record("jump", 1).unwrap();
        assert_eq!(count(&tracker), recorded);
    }
}

#[test]
fn a_batch_that_is_dropped_keeps_its_records() {
    let tracker = with_many::<Mean>();
    let mut batch = tracker.batch();
    batch.record("jump", 1).unwrap();
    drop(batch);
    assert_eq!(count(&tracker), MANY as u64 + 1);
    thread::scope(|scope| {
        let mut batch = tracker.batch();
        batch.record("jump", 1).unwrap();
        scope.spawn(move || drop(batch)); // A thread without a table.
    });
    assert_eq!(count(&tracker), MANY as u64 + 2);
}

#[test]
fn a_batch_keeps_its_records_when_its_thread_is_torn_down() {
    thread_local! {
        static LAST: RefCell<Option<Batch<'static, Mean>>> = const { RefCell::new(None) };
    }
    let tracker: &'static RunningTracker = Box::leak(Box::default());
    let recorder = thread::spawn(|| {
        // Before the thread has a table, so that it is dropped after the table was returned.
        LAST.with(|last| assert!(last.borrow().is_none()));
        (0..MANY).for_each(|name| tracker.record(&format!("name {name}"), 1).unwrap());
        let mut batch = tracker.batch();
        batch.record("name 7", 1).unwrap();
        batch.record("jump", 1).unwrap();
        LAST.with(|last| *last.borrow_mut() = Some(batch));
        count(tracker)
    });
    assert_eq!(recorder.join().unwrap(), MANY as u64);
    assert_eq!(count(tracker), MANY as u64 + 2);
}

#[test]
fn the_first_error_of_several_is_returned() {
    let tracker = with_many::<Mean>();
    let mut batch = tracker.batch();
    for name in ["\t", "jump", "\u{1}x"] {
        batch.record(name, 1).unwrap();
    }
    let alone = tracker.record("\t", 1).unwrap_err();
    assert_eq!((batch.flush(), batch.refused()), (Err(alone.clone()), 2));
    assert_ne!(tracker.record("\u{1}x", 1), Err(alone));
}

#[test]
fn an_error_is_that_of_the_record_that_was_held_back() {
    let tracker = with_many::<Mean>();
    let mut batch = tracker.batch();
    assert_eq!(batch.record(" ", 1), Ok(()));
    assert_eq!(batch.refused(), 0);
    batch.record("jump", 1).unwrap();
    assert!(matches!(batch.record("jump", -1), Err(ActionError::Time(_))));
    assert!(matches!(batch.flush(), Err(ActionError::Name(_))));
    assert_eq!((batch.refused(), batch.flush()), (2, Ok(())));
    assert_eq!(count(&tracker), MANY as u64 + 1);
}

#[test]
fn names_of_a_batch_may_come_from_the_same_tracker() {
    let tracker = with_many::<Mean>();
    let more = (0..100).map(|name| {
        tracker.record(&format!("new {name}"), 1).unwrap();
        ("jump", 1)
    });
    tracker.record_all(more).unwrap();
    assert_eq!(count(&tracker), MANY as u64 + 200);
}

/// Counts, and panics at a 13.
#[derive(Debug, Clone, Default)]
struct Fears13(u64);

impl Statistic for Fears13 {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-fears-13");

    fn insert(&mut self, time: ActionTime) {
        assert_ne!(time, ActionTime::from(13_u8), "told to panic");
        self.0 += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

#[test]
fn a_statistic_that_may_panic_loses_no_other_record() {
    let tracker = with_many::<Fears13>();
    let mut batch = tracker.batch();
    for _ in 0..5 {
        batch.record("jump", 1).unwrap();
        let panics = |batch: &mut Batch<'_, _>| batch.record("jump", 13);
        assert!(catch_unwind(AssertUnwindSafe(|| panics(&mut batch))).is_err());
    }
    drop(batch);
    let rows = tracker.stats();
    let jump = rows.iter().find(|row| row.name() == "jump").unwrap();
    assert_eq!(jump.statistic().0, 5);
}

#[test]
fn a_batch_of_values_keeps_all_of_them() {
    let tracker = PostTracker::default();
    tracker
        .record_all((0..100_u64).map(|time| (["jump", "run"][time as usize % 2], time)))
        .unwrap();
    let counts: Vec<_> = tracker.stats().iter().map(|row| row.statistic().count()).collect();
    assert_eq!(counts, [50, 50]);
}
