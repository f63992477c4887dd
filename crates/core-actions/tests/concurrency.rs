//! Promise A4 between threads: rows are cuts, and the end of a thread loses no record.

#![cfg(feature = "tracker")]

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};
use std::thread;

use core_actions::{
    Handle, HasCount, HasMean, Mean, MergedTracker, PostTracker, Quantiles, RunningTracker,
    TrackerSpec, Values, WhenFull, WindowedTracker,
};
use core_time::{ManualClock, Stamp};

const NAMES: [&str; 3] = ["jump", "sprint", "hop"];

/// Ends a wait for a writer that panicked.
struct Alarm<'a>(&'a AtomicU64);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(u64::MAX / 2, Release);
        }
    }
}

#[test]
fn every_figure_of_a_row_is_of_the_same_records() {
    let tracker = MergedTracker::<(Mean, Values)>::default();
    let (begun, ended) = (AtomicU64::new(0), AtomicU64::new(0));
    const RECORDS: u64 = 3 * 9_000;
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _alarm = Alarm(&ended);
                for record in 0..RECORDS / 3 {
                    begun.fetch_add(1, Release);
                    tracker.record(NAMES[record as usize % 3], record / 3 % 100).unwrap();
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
                assert_eq!(mean.count(), raw.count(), "{}", row.name());
                assert_eq!(mean.mean(), raw.mean(), "{}", row.name());
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
            scope.spawn(|| NAMES.map(|name| tracker.record(name, 2).unwrap()));
        });
    }
    let stats = tracker.stats();
    assert_eq!(stats.len(), 3);
    for row in stats {
        assert_eq!((row.count(), row.mean()), (1_000, 2.0));
    }
}

/// Resets a tracker while two writers add to it, and looks that nothing of before is left.
fn check_reset<A: Fn() + Send>(tracker: &PostTracker, writer: impl Fn() -> A) {
    let ended = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            let (add, ended) = (writer(), &ended);
            scope.spawn(move || {
                for _ in 0..20_000 {
                    add();
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

#[test]
fn reset_concurrent_with_writers_discards_all_earlier_records() {
    let tracker = PostTracker::default();
    check_reset(&tracker, || || tracker.record("jump", 1).unwrap());
    check_reset(&tracker, || {
        let handle = tracker.action("jump").unwrap();
        move || handle.record(1_u64)
    });
}

/// Adds an action when its thread is torn down.
struct LastWord(Arc<RunningTracker>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.record("last word", 1).unwrap();
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
                tracker.record("first word", 1).unwrap();
            }
        })
        .join()
        .unwrap();
    }
    let stats = tracker.stats();
    let found: Vec<_> = stats.iter().map(|row| (row.name(), row.count())).collect();
    assert_eq!(found, [("first word", 2), ("last word", 3)]);
}

#[test]
fn a_reader_gets_its_cut_while_a_writer_is_busy() {
    let tracker = MergedTracker::<(Mean, Quantiles)>::default();
    let handle = tracker.action("jump").unwrap();
    let (begun, ended) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        let (begun, ended) = (&begun, &ended);
        scope.spawn(move || {
            let _alarm = Alarm(ended);
            for record in 0..300_000_u64 {
                begun.store(record + 1, Release);
                handle.record(record % 1_000);
                ended.store(record + 1, Release);
            }
        });
        while ended.load(Acquire) < 300_000 {
            let before = ended.load(Acquire);
            let found = tracker.stats().first().map_or(0, |row| {
                let (mean, quantiles) = row.statistic();
                assert_eq!(mean.count(), quantiles.count());
                mean.count()
            });
            let after = begun.load(Acquire);
            assert!(before <= found && found <= after, "{before} <= {found} <= {after}");
        }
    });
}

#[test]
fn handles_go_from_thread_to_thread_and_lose_nothing() {
    let tracker = RunningTracker::default();
    let mut handles: Vec<Handle<_>> =
        NAMES.iter().map(|name| tracker.action(name).unwrap()).collect();
    for round in 1..=100 {
        handles = thread::scope(|scope| {
            let threads: Vec<_> = handles
                .into_iter()
                .map(|handle| {
                    scope.spawn(move || {
                        (0..100_u64).for_each(|time| handle.record(time));
                        // Another for the next round, which goes on where a dropped one stopped.
                        let next = handle.clone();
                        if round % 2 == 0 { next } else { handle }
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for row in tracker.stats() {
            assert_eq!((row.count(), row.mean()), (100 * round, 49.5), "{}", row.name());
        }
    }
}

#[test]
fn resets_and_evictions_concurrent_with_writers_restore_nothing() {
    let spec = TrackerSpec { actions: 2, when_full: WhenFull::EvictIdle, ..Default::default() };
    let tracker = PostTracker::new(spec);
    for round in 0..200_u64 {
        thread::scope(|scope| {
            for name in NAMES {
                let tracker = &tracker;
                scope.spawn(move || {
                    (0..50).for_each(|_| tracker.record(name, round).unwrap());
                });
            }
            tracker.reset();
        });
        // What is there now is of this round, or was not there at all.
        for row in tracker.stats() {
            assert!(row.statistic().times().all(|time| time.as_integer() == Some(round)));
            assert!(row.count() <= 50, "{} has {}", row.name(), row.count());
        }
        tracker.reset();
        assert!(tracker.stats().is_empty());
    }
}

#[test]
fn windows_concurrent_with_writers_hold_whole_records() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = Default::default();
    let tracker = WindowedTracker::<(Mean, Values)>::with_clock(spec, clock.clone()).unwrap();
    let ended = AtomicU64::new(0);
    let minute = std::time::Duration::from_secs(60);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let _alarm = Alarm(&ended);
                for record in 0..5_000_u64 {
                    tracker.record("jump", record).unwrap();
                    ended.fetch_add(1, Release);
                }
            });
        }
        while ended.load(Acquire) < 10_000 {
            let before = ended.load(Acquire);
            let window = tracker.window(minute).unwrap();
            let found = window.rows().first().map_or(0, |row| {
                let (mean, raw) = row.statistic();
                assert_eq!((mean.count(), mean.mean()), (raw.count(), raw.mean()));
                mean.count()
            });
            assert!(before <= found && found <= 10_000, "{before} <= {found}");
            // Less than a minute in all.
            clock.advance(std::time::Duration::from_micros(100));
        }
    });
}

/// Records through a handle, and by name, when its thread is torn down.
struct LastHandle(Arc<RunningTracker>, Handle<Mean>);

impl Drop for LastHandle {
    fn drop(&mut self) {
        (0..50_u64).for_each(|time| self.1.record(time));
        self.0.record("by name", 1).unwrap();
        self.0.action("at last").unwrap().record(1_u64);
    }
}

#[test]
fn a_handle_records_to_the_last_word_of_its_thread() {
    thread_local! {
        static LAST: RefCell<Option<LastHandle>> = const { RefCell::new(None) };
    }
    for when_full in [WhenFull::Refuse, WhenFull::EvictIdle] {
        let tracker =
            Arc::new(RunningTracker::new(TrackerSpec { when_full, ..Default::default() }));
        for records_before in [true, false, true] {
            let tracker = Arc::clone(&tracker);
            thread::spawn(move || {
                let handle = tracker.action("by handle").unwrap();
                LAST.with(|last| {
                    *last.borrow_mut() = Some(LastHandle(Arc::clone(&tracker), handle));
                });
                if records_before {
                    tracker.record("by name", 1).unwrap();
                }
            })
            .join()
            .unwrap();
        }
        let stats = tracker.stats();
        let mut found: Vec<_> = stats.iter().map(|row| (row.name(), row.count())).collect();
        found.sort_unstable();
        assert_eq!(found, [("at last", 3), ("by handle", 150), ("by name", 5)]);
    }
}
