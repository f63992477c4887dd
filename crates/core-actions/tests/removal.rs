//! Promise J6: names can be removed by a program and expire by time; what goes is counted, and
//! snapshots show that something is gone.

#![cfg(feature = "tracker")]

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use core_actions::{
    ActionError, Count, OverflowCounts, Row, RunningTracker, TrackerSnapshotError, TrackerSpec,
    WhenFull, WindowedSpec, WindowedTracker,
};
use core_time::{ManualClock, Stamp, WindowSpec};

const ALL: [WhenFull; 3] = [WhenFull::Refuse, WhenFull::Fold, WhenFull::EvictIdle];

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn rows(tracker: &RunningTracker) -> Vec<(String, u64)> {
    tracker.stats().iter().map(|row| (row.name().to_owned(), row.count())).collect()
}

fn expiring(actions: usize, when_full: WhenFull) -> (RunningTracker, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = TrackerSpec { actions, when_full, idle: Some(secs(60)), ..TrackerSpec::default() };
    (RunningTracker::with_clock(spec, clock.clone()), clock)
}

#[test]
fn a_removed_action_leaves_its_row_and_its_room() {
    for when_full in ALL {
        let spec = TrackerSpec { actions: 2, when_full, ..TrackerSpec::default() };
        let tracker = RunningTracker::new(spec);
        for name in ["jump", "run", "jump"] {
            tracker.record(name, 10).unwrap();
        }
        let before = tracker.stats()[0].clone();
        assert_eq!(tracker.remove("jump"), Ok(Some(before)));
        assert_eq!(tracker.remove("jump"), Ok(None), "removed twice");
        assert_eq!(tracker.remove("unknown"), Ok(None));
        assert_eq!(tracker.remove(""), Ok(None), "the name of the row of folded actions");
        tracker.record("hop", 10).unwrap(); // Into the room, by a thread that knew the name.
        assert_eq!(rows(&tracker), [("run".into(), 1), ("hop".into(), 1)]);
        let expected = OverflowCounts { removed: 1, ..OverflowCounts::default() };
        assert_eq!(tracker.overflow(), expected, "{when_full:?}");
        assert!(tracker.remove("run").unwrap().is_some());
        tracker.record("run", 20).unwrap(); // Of old, it is the first again.
        assert_eq!(rows(&tracker), [("hop".into(), 1), ("run".into(), 1)]);
        assert_eq!(tracker.stats()[1].mean(), 20.0);
    }
}

#[test]
fn an_action_with_handles_is_not_removed() {
    let tracker = RunningTracker::default();
    let handle = tracker.action("jump").unwrap();
    let shared = tracker.shared("jump").unwrap();
    let more = shared.clone();
    handle.record(1_u64);
    shared.record(1_u64);
    let refused = tracker.remove("jump").unwrap_err();
    assert_eq!(refused, ActionError::Held { handles: 2 });
    assert_eq!(refused.to_string(), "action has 2 handles, drop them to remove it");
    assert_eq!(tracker.retain(|_| false), 0);
    drop((handle, shared));
    more.record(1_u64);
    assert_eq!(tracker.remove("jump"), Err(ActionError::Held { handles: 1 }));
    assert_eq!(rows(&tracker), [("jump".into(), 3)]);
    drop(more);
    assert_eq!(tracker.remove("jump").unwrap().map(|row| row.count()), Some(3));
    assert_eq!((rows(&tracker), tracker.overflow().removed), (vec![], 1));
}

#[test]
fn retain_keeps_what_it_is_told_and_shows_each_row() {
    let spec = TrackerSpec { actions: 3, when_full: WhenFull::Fold, ..TrackerSpec::default() };
    let tracker = RunningTracker::new(spec);
    for (name, count) in [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)] {
        (0..count).for_each(|_| tracker.record(name, 1).unwrap());
    }
    let mut seen = Vec::new();
    let removed = tracker.retain(|row| {
        seen.push(row.clone());
        row.count() % 2 == 0
    });
    assert_eq!(removed, 3); // With the row of folded actions, of nine records.
    let seen: Vec<_> = seen.iter().map(|row| (row.name(), row.is_other(), row.count())).collect();
    let expected = [("a", false, 1), ("b", false, 2), ("c", false, 3), ("(other)", true, 9)];
    assert_eq!(seen, expected);
    assert_eq!(rows(&tracker), [("b".into(), 2)]);
    // Two places are free, and not three.
    ["f", "g", "h"].into_iter().for_each(|name| tracker.record(name, 1).unwrap());
    let names: Vec<_> = rows(&tracker).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["b", "f", "g", "(other)"]);
}

#[test]
fn retain_asks_again_where_a_record_came_between() {
    let tracker = RunningTracker::default();
    tracker.record("jump", 1).unwrap();
    let mut seen = Vec::new();
    // As another thread could, while nothing is locked.
    let removed = tracker.retain(|row| {
        seen.push(row.count());
        if row.count() < 3 {
            tracker.record("jump", 1).unwrap();
        }
        row.count() >= 3
    });
    assert_eq!((removed, seen), (0, vec![1, 2, 3]));
    // A merge is a change too, and several at once, and a reset, whatever is recorded after it.
    let changes: [fn(&RunningTracker); 3] = [
        |tracker| tracker.record_n("jump", 1, 5).unwrap(),
        |tracker| {
            let other = RunningTracker::default();
            other.record("jump", 1).unwrap();
            tracker.merge(&other.snapshot()).unwrap();
        },
        |tracker| {
            tracker.reset();
            tracker.record("jump", 2).unwrap();
        },
    ];
    for change in changes {
        let tracker = RunningTracker::default();
        (0..2).for_each(|_| tracker.record("jump", 1).unwrap());
        let mut looks = 0;
        tracker.retain(|_| {
            looks += 1;
            if looks == 1 {
                change(&tracker);
            }
            looks > 1
        });
        assert_eq!((looks, rows(&tracker).len()), (2, 1));
    }
    // One that never rests stays.
    tracker.record("jump", 1).unwrap();
    assert_eq!(tracker.retain(|_| tracker.record("jump", 1).is_err()), 0);
    assert!(tracker.stats()[0].count() > 1);
}

#[test]
fn names_expire_at_the_nanosecond_and_are_counted() {
    for when_full in ALL {
        let (tracker, clock) = expiring(10, when_full);
        tracker.record("jump", 1).unwrap();
        tracker.record("jump", 1).unwrap();
        clock.advance(secs(60) - Duration::from_nanos(1));
        tracker.record("run", 1).unwrap();
        assert_eq!(tracker.remove_expired(), 0);
        clock.advance(Duration::from_nanos(1));
        assert_eq!(rows(&tracker).len(), 2, "a read removes nothing");
        assert_eq!(tracker.remove_expired(), 1);
        assert_eq!(rows(&tracker), [("run".into(), 1)]);
        let expected =
            OverflowCounts { expired: 1, evicted_records: 2, ..OverflowCounts::default() };
        assert_eq!(tracker.overflow(), expected, "{when_full:?}");
        // A name that is known keeps its place by being used.
        for _ in 0..10 {
            clock.advance(secs(59));
            tracker.record("run", 1).unwrap();
            assert_eq!(tracker.remove_expired(), 0);
        }
    }
}

#[test]
fn expired_names_give_way_to_new_ones_without_a_call() {
    for when_full in ALL {
        let (tracker, clock) = expiring(2, when_full);
        for round in 0..100 {
            for name in 0..2 {
                tracker.record(&format!("round {round}, name {name}"), 1).unwrap();
            }
            assert_eq!(rows(&tracker).len(), 2);
            clock.advance(secs(60));
        }
        let overflow = tracker.overflow();
        assert_eq!((overflow.expired, overflow.evicted, overflow.refused), (198, 0, 0));
        assert_eq!((overflow.folded, overflow.evicted_records), (0, 198));
        // Below the limit too, so that names which come once do not pile up.
        let (tracker, clock) = expiring(1_000, when_full);
        for name in 0..500 {
            tracker.record(&format!("name {name}"), 1).unwrap();
            clock.advance(secs(10));
            assert!(rows(&tracker).len() <= 7, "{} names", rows(&tracker).len());
        }
    }
}

#[test]
fn a_handle_keeps_its_action_from_expiring_and_notes_its_uses() {
    let (tracker, clock) = expiring(10, WhenFull::Refuse);
    let handle = tracker.action("handle").unwrap();
    let shared = tracker.shared("shared").unwrap();
    tracker.action("never recorded").unwrap();
    for _ in 0..3 {
        handle.record(1_u64);
        shared.record(1_u64);
        clock.advance(secs(100));
        tracker.remove_expired();
    }
    assert_eq!(rows(&tracker), [("handle".into(), 3), ("shared".into(), 3)]);
    handle.record(1_u64);
    thread::scope(|scope| scope.spawn(|| shared.record(1_u64)).join().unwrap());
    clock.advance(secs(50));
    drop((handle, shared));
    assert_eq!(tracker.remove_expired(), 0, "the last uses were 50 s ago");
    clock.advance(secs(10));
    assert_eq!(tracker.remove_expired(), 2);
    assert_eq!(tracker.overflow().expired, 3); // With the one that was never recorded.
}

#[test]
fn the_longest_idle_is_evicted_by_the_clock_before_it_expires() {
    let (tracker, clock) = expiring(3, WhenFull::EvictIdle);
    for name in ["a", "b", "c", "a"] {
        tracker.record(name, 1).unwrap();
        clock.advance(secs(1));
    }
    tracker.record("d", 1).unwrap();
    let names: Vec<_> = rows(&tracker).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "c", "d"]);
    assert_eq!((tracker.overflow().evicted, tracker.overflow().expired), (1, 0));
}

#[test]
fn a_restored_tracker_counts_idle_time_from_now() {
    let (tracker, clock) = expiring(10, WhenFull::Refuse);
    tracker.record("jump", 1).unwrap();
    let snapshot = tracker.snapshot();
    clock.advance(secs(1_000));
    let spec = tracker.spec().clone();
    let restored = RunningTracker::restore_with_clock(spec, &snapshot, clock.clone()).unwrap();
    clock.advance(secs(59));
    assert_eq!(restored.remove_expired(), 0);
    clock.advance(secs(1));
    assert_eq!(restored.remove_expired(), 1);
}

#[test]
fn snapshots_show_that_something_was_removed() {
    let (tracker, clock) = expiring(10, WhenFull::Refuse);
    let removals: [fn(&RunningTracker, &ManualClock) -> bool; 3] = [
        |tracker, _| tracker.remove("jump").unwrap().is_some(),
        |tracker, _| tracker.retain(|row| row.name() != "jump") == 1,
        |tracker, clock| {
            clock.advance(secs(60));
            tracker.remove_expired() == 1
        },
    ];
    for remove in removals {
        tracker.record("jump", 1).unwrap();
        let earlier = tracker.snapshot();
        assert_eq!(tracker.snapshot().diff(&earlier), Ok(vec![]));
        assert!(remove(&tracker, &clock));
        let later = tracker.snapshot();
        assert!(later.revision() > earlier.revision());
        assert_eq!(later.diff(&earlier), Err(TrackerSnapshotError::NotEarlier));
        // With as many records as before, the row is still another one.
        tracker.record("jump", 1).unwrap();
        let again = tracker.snapshot();
        assert_eq!(again.diff(&earlier), Err(TrackerSnapshotError::NotEarlier));
        assert_eq!(again.diff(&later).unwrap()[0].count(), 1);
    }
    // An older snapshot that is merged brings the name back.
    let other = RunningTracker::default();
    other.record("hop", 7).unwrap();
    let older = other.snapshot();
    other.remove("hop").unwrap();
    let merged = RunningTracker::default();
    merged.merge(&older).unwrap();
    assert_eq!(rows(&merged), [("hop".into(), 1)]);
}

#[test]
fn a_removed_name_is_recorded_anew_by_every_thread() {
    let tracker = RunningTracker::default();
    let add = |name: &str| {
        tracker.record(name, 1).unwrap();
        thread::scope(|scope| scope.spawn(|| tracker.record(name, 1).unwrap()).join().unwrap());
    };
    for _ in 0..20 {
        add("jump");
        add("more than sixteen bytes");
        assert_eq!(tracker.remove("jump").unwrap().map(|row| row.count()), Some(2));
        assert_eq!(tracker.retain(|_| false), 1);
        assert!(tracker.stats().is_empty());
    }
    assert_eq!(tracker.overflow().removed, 40);
}

/// Threads record while others remove and let expire: each record is in a row, in a row that was
/// removed, or counted.
#[test]
fn records_made_while_names_are_removed_add_up() {
    const THREADS: u64 = 3;
    const RECORDS: u64 = 30_000;
    let (tracker, clock) = expiring(100, WhenFull::Refuse);
    let (begin, is_done) = (Barrier::new(THREADS as usize + 1), AtomicBool::new(false));
    let mut removed = 0;
    thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (tracker, begin) = (&tracker, &begin);
                scope.spawn(move || {
                    begin.wait();
                    for record in 0..RECORDS {
                        let name = (record * (thread + 1)) % 7;
                        tracker.record(&format!("name {name}"), 1).unwrap();
                    }
                })
            })
            .collect();
        let remover = scope.spawn(|| {
            let mut removed = 0;
            begin.wait();
            while !is_done.load(Relaxed) {
                for name in 0..7 {
                    let row = tracker.remove(&format!("name {name}")).unwrap();
                    removed += row.map_or(0, |row| row.count());
                }
                clock.advance(secs(60));
                tracker.remove_expired();
            }
            removed
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_done.store(true, Relaxed);
        removed = remover.join().unwrap();
    });
    let live: u64 = tracker.stats().iter().map(Row::count).sum();
    let overflow = tracker.overflow();
    assert_eq!(live + removed + overflow.evicted_records, THREADS * RECORDS);
    assert!(overflow.removed > 0 && removed > 0);
}

fn windowed(idle: Option<Duration>) -> (WindowedTracker<Count>, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let window = WindowSpec::builder().span(secs(300)).build().unwrap();
    let tracker = TrackerSpec { actions: 100, idle, ..TrackerSpec::default() };
    let spec = WindowedSpec { window, tracker, ..WindowedSpec::default() };
    (WindowedTracker::with_clock(spec, clock.clone()).unwrap(), clock)
}

fn windowed_names(tracker: &WindowedTracker<Count>) -> Vec<String> {
    let window = tracker.window(secs(300)).unwrap();
    window.rows().iter().map(|row| row.name().to_owned()).collect()
}

#[test]
fn actions_of_a_windowed_tracker_are_removed_by_name_and_by_window() {
    let (tracker, clock) = windowed(None);
    tracker.record("a", 1).unwrap();
    clock.advance(secs(100));
    let kept = tracker.action("kept").unwrap();
    kept.record(1_u64);
    clock.advance(secs(100));
    tracker.record("c", 1).unwrap();
    assert_eq!(tracker.remove("kept"), Err(ActionError::Held { handles: 1 }));
    assert_eq!((tracker.remove("unknown"), tracker.remove("c")), (Ok(false), Ok(true)));
    tracker.record("c", 1).unwrap();
    let mut seen = Vec::new();
    let removed = tracker.retain(secs(60), |row| {
        seen.push((row.name().to_owned(), row.count()));
        row.count() > 0
    });
    assert_eq!(removed, Ok(1));
    assert_eq!(seen, [("a".into(), 0), ("kept".into(), 0), ("c".into(), 1)]);
    assert_eq!(windowed_names(&tracker), ["kept", "c"]);
    assert!(tracker.retain(secs(301), |_| false).is_err());
    assert_eq!(tracker.overflow().removed, 2);
}

#[test]
fn actions_of_a_windowed_tracker_expire_by_their_newest_bucket() {
    for (idle, after) in [(None, 301), (Some(secs(20)), 21), (Some(secs(9_999)), 301)] {
        let (tracker, clock) = windowed(idle);
        tracker.record("a", 1).unwrap();
        clock.advance(secs(after - 1));
        tracker.record("b", 1).unwrap();
        assert_eq!(tracker.remove_expired(), 0, "{idle:?}");
        clock.advance(secs(1));
        assert_eq!(tracker.remove_expired(), 1, "{idle:?}");
        assert_eq!(windowed_names(&tracker), ["b"]);
        assert_eq!(tracker.overflow().expired, 1);
    }
}
