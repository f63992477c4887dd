//! Promise A4 between threads: rows are cuts, nothing is lost when a thread ends, whoever reads.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};
use std::thread;

use core_actions::{Counted, ExactMean, Mean, MergedTracker, PostTracker, Raw, RunningTracker};

const NAMES: [&str; 3] = ["jump", "sprint", "hop"];

#[test]
fn every_figure_of_a_row_is_of_the_same_records() {
    let tracker = MergedTracker::<(ExactMean, Raw)>::default();
    let (begun, ended) = (AtomicU64::new(0), AtomicU64::new(0));
    const RECORDS: u64 = 3 * 9_000;
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for record in 0..RECORDS / 3 {
                    begun.fetch_add(1, Release);
                    tracker.add(NAMES[record as usize % 3], record / 3 % 100).unwrap();
                    ended.fetch_add(1, Release);
                }
            });
        }
        while ended.load(Acquire) < RECORDS {
            let before = ended.load(Acquire);
            let rows = tracker.stats();
            let after = begun.load(Acquire);
            let mut found = 0;
            for row in rows {
                let (mean, raw) = row.statistic();
                assert_eq!(mean.count(), raw.count(), "{}", row.action());
                assert_eq!(mean.mean(), raw.mean(), "{}", row.action());
                found += mean.count();
            }
            assert!(before <= found && found <= after, "{before} <= {found} <= {after}");
        }
    });
    for row in tracker.stats() {
        assert_eq!((row.statistic().0.count(), row.statistic().0.mean()), (9_000, Some(49.5)));
    }
}

#[test]
fn threads_that_end_lose_nothing_and_leave_no_garbage() {
    let tracker = RunningTracker::default();
    for _ in 0..1_000 {
        thread::scope(|scope| {
            scope.spawn(|| NAMES.map(|name| tracker.add(name, 2).unwrap()));
        });
    }
    let stats = tracker.stats();
    assert_eq!(stats.len(), 3);
    for row in stats {
        assert_eq!((row.count(), row.mean()), (1_000, 2.0));
    }
}

#[test]
fn reset_beside_writers_forgets_all_of_before() {
    let tracker = PostTracker::default();
    let ended = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    tracker.add("jump", 1).unwrap();
                    ended.fetch_add(1, Release);
                }
            });
        }
        for _ in 0..100 {
            let before = ended.load(Acquire);
            tracker.reset();
            let found = tracker.stats().first().map_or(0, |row| row.count());
            assert!(found <= 40_000 - before, "{found} after a reset, of {before} before it");
        }
    });
    tracker.reset();
    assert!(tracker.stats().is_empty());
}

/// Adds an action when its thread is torn down.
struct LastWord(Arc<RunningTracker>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.add("last word", 1).unwrap();
    }
}

#[test]
fn a_thread_records_to_its_last_word() {
    thread_local! {
        static LAST_WORD: RefCell<Option<LastWord>> = const { RefCell::new(None) };
    }
    let tracker = Arc::new(RunningTracker::default());
    for records_before in [true, false, true] {
        let tracker = Arc::clone(&tracker);
        thread::spawn(move || {
            LAST_WORD.with(|word| *word.borrow_mut() = Some(LastWord(Arc::clone(&tracker))));
            if records_before {
                tracker.add("first word", 1).unwrap();
            }
        })
        .join()
        .unwrap();
    }
    let stats = tracker.stats();
    let found: Vec<_> = stats.iter().map(|row| (row.action(), row.count())).collect();
    assert_eq!(found, [("first word", 2), ("last word", 3)]);
}
