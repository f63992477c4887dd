//! Promise J2: one handle for all threads, in a `static`, in shared state and in tasks; it finds
//! the memory of the calling thread, and releases its action when its last clone is dropped.

#![cfg(feature = "tracker")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Barrier, LazyLock};
use std::thread;
use std::time::Duration;

use core_actions::{
    ActionError, ActionTime, Count, HasCount, Mean, MergedTracker, RunningTracker, SharedHandle,
    SharedWindowedHandle, TrackerSpec, Values, WhenFull, WindowedSpec, WindowedTracker,
};
use core_time::{ManualClock, RecordError, Stamp, WindowSpec};
use proptest::collection::vec;
use proptest::prelude::*;

#[expect(dead_code, reason = "other tests need the rest")]
mod support;

use support::{THREADS, Worker};

fn spec(actions: usize, when_full: WhenFull) -> TrackerSpec {
    TrackerSpec { actions, when_full, ..TrackerSpec::default() }
}

fn rows(tracker: &RunningTracker) -> Vec<(String, u64)> {
    tracker.stats().iter().map(|row| (row.name().to_owned(), row.count())).collect()
}

#[test]
fn a_handle_is_for_statics_state_and_tasks() {
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    static TRACKER: LazyLock<RunningTracker> = LazyLock::new(RunningTracker::default);
    static JUMP: LazyLock<SharedHandle<Mean>> = LazyLock::new(|| TRACKER.shared("jump").unwrap());
    is_shared(&*JUMP);
    let windowed = WindowedTracker::<Values>::new(WindowedSpec::default()).unwrap();
    is_shared(&windowed.shared("jump").unwrap());
    let state = Arc::new((1, JUMP.clone()));
    let task = thread::spawn(move || state.1.record(3_u64));
    JUMP.record(5_u64);
    task.join().unwrap();
    assert_eq!((rows(&TRACKER), TRACKER.stats()[0].mean()), (vec![("jump".into(), 2)], 4.0));
    assert_eq!((JUMP.name(), JUMP.is_other()), ("jump", false));
}

#[test]
fn a_handle_and_names_record_into_one_row() {
    let tracker = MergedTracker::<Values>::default();
    let shared = tracker.shared("jump").unwrap();
    assert!(tracker.stats().is_empty(), "a handle alone makes no row");
    let own = tracker.action("jump").unwrap();
    for time in 0..100_u64 {
        shared.record(3 * time);
        own.record(3 * time + 1);
        tracker.record("jump", 3 * time + 2).unwrap();
    }
    let stats = tracker.stats();
    assert_eq!((shared.stats(), own.stats()), (stats.first().cloned(), stats.first().cloned()));
    let mut times: Vec<_> = stats[0].statistic().times().collect();
    times.sort_unstable();
    assert_eq!((stats.len(), times), (1, (0..300_u64).map(ActionTime::from).collect()));
}

#[test]
fn durations_are_in_the_unit_of_the_tracker() {
    let spec = TrackerSpec { unit: core_actions::Unit::Milliseconds, ..TrackerSpec::default() };
    let tracker = RunningTracker::new(spec.clone());
    tracker.shared("jump").unwrap().record_duration(Duration::from_micros(1_500));
    assert_eq!(tracker.stats()[0].mean(), 1.5);
    let spec = WindowedSpec { tracker: spec, ..WindowedSpec::default() };
    let tracker = WindowedTracker::<Mean>::new(spec).unwrap();
    tracker.shared("jump").unwrap().record_duration(Duration::from_micros(1_500));
    tracker.action("jump").unwrap().record_duration(Duration::from_micros(2_500));
    let minute = tracker.window(Duration::from_secs(60)).unwrap();
    assert_eq!(minute.rows()[0].mean(), 2.0);
}

#[test]
fn records_of_all_threads_add_up_while_they_are_read() {
    const EACH: u64 = 20_000;
    for when_full in [WhenFull::Refuse, WhenFull::EvictIdle] {
        let tracker = RunningTracker::new(spec(2, when_full));
        let shared = tracker.shared("jump").unwrap();
        let begin = Barrier::new(THREADS + 1);
        let count = || rows(&tracker).first().map_or(0, |(_, count)| *count);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    begin.wait();
                    (0..EACH).for_each(|_| shared.record(1_u64));
                });
            }
            begin.wait();
            let mut before = 0;
            while before < EACH * THREADS as u64 {
                let now = count();
                assert!(before <= now, "{now} after {before}");
                before = now;
            }
        });
        assert_eq!(rows(&tracker), [("jump".into(), EACH * THREADS as u64)]);
    }
}

#[test]
fn an_action_is_kept_until_its_last_handle_is_dropped_in_any_thread() {
    let tracker = RunningTracker::new(spec(1, WhenFull::EvictIdle));
    let shared = tracker.shared("jump").unwrap();
    let clone = shared.clone();
    shared.record(1_u64);
    let refused = ActionError::Full { limit: 1 };
    thread::spawn(move || {
        clone.record(1_u64);
        drop(clone);
    })
    .join()
    .unwrap();
    assert_eq!(tracker.record("run", 1), Err(refused.clone()));
    shared.record(1_u64);
    let last = shared.clone();
    drop(shared);
    assert_eq!(tracker.record("run", 1), Err(refused));
    assert_eq!(rows(&tracker), [("jump".into(), 3)]);
    thread::spawn(move || drop(last)).join().unwrap();
    tracker.record("run", 1).unwrap();
    assert_eq!(rows(&tracker), [("run".into(), 1)]);
    assert_eq!((tracker.overflow().evicted, tracker.overflow().evicted_records), (1, 3));
}

#[test]
fn a_record_through_a_shared_handle_counts_as_use() {
    let tracker = RunningTracker::new(spec(2, WhenFull::EvictIdle));
    let jump = tracker.shared("jump").unwrap();
    jump.record(1_u64);
    tracker.record("run", 1).unwrap();
    jump.record(1_u64);
    drop(jump);
    tracker.record("hop", 1).unwrap();
    assert_eq!(rows(&tracker), [("jump".into(), 2), ("hop".into(), 1)]);
}

#[test]
fn a_folded_action_is_recorded_in_the_row_of_all_others() {
    let tracker = RunningTracker::new(spec(1, WhenFull::Fold));
    tracker.record("jump", 1).unwrap();
    let shared = tracker.shared("run").unwrap();
    assert_eq!((shared.name(), shared.is_other()), (WhenFull::OTHER, true));
    shared.record(1_u64);
    assert_eq!(rows(&tracker), [("jump".into(), 1), (WhenFull::OTHER.into(), 1)]);
}

#[test]
fn invalid_names_and_full_trackers_are_refused() {
    let tracker = RunningTracker::new(spec(1, WhenFull::Refuse));
    assert!(matches!(tracker.shared(" ").unwrap_err(), ActionError::Name(_)));
    tracker.record("jump", 1).unwrap();
    assert_eq!(tracker.shared("run").unwrap_err(), ActionError::Full { limit: 1 });
    assert_eq!(rows(&tracker), [("jump".into(), 1)]);
}

/// A tracker whose handles come and go has no more memory than one at a time needs.
#[test]
fn memory_of_dropped_handles_is_used_again() {
    let tracker = RunningTracker::default();
    let use_once = || {
        let shared = tracker.shared("jump").unwrap();
        shared.record(1_u64);
    };
    use_once();
    let used = allocation_counter::measure(|| (0..1_000).for_each(|_| use_once()));
    assert_eq!(used.bytes_current, 0);
    assert_eq!(rows(&tracker), [("jump".into(), 1_001)]);
    // And records after the first of a thread allocate nothing.
    let shared = tracker.shared("jump").unwrap();
    shared.record(1_u64);
    let used = allocation_counter::measure(|| (0..1_000).for_each(|_| shared.record(1_u64)));
    assert_eq!(used.count_total, 0);
}

#[test]
fn a_handle_outlives_its_tracker() {
    let tracker = RunningTracker::default();
    let shared = tracker.shared("jump").unwrap();
    drop(tracker);
    shared.record(1_u64);
    thread::scope(|scope| scope.spawn(|| shared.record(1_u64)).join().unwrap());
    assert_eq!(shared.name(), "jump");
}

#[test]
fn a_thread_that_is_torn_down_loses_no_record() {
    /// Records when its thread has returned its slot.
    struct RecordsLate(SharedHandle<Mean>);
    impl Drop for RecordsLate {
        fn drop(&mut self) {
            self.0.record(100_u64);
        }
    }
    thread_local! {
        static LATE: RefCell<Option<RecordsLate>> = const { RefCell::new(None) };
    }
    for when_full in [WhenFull::Refuse, WhenFull::EvictIdle] {
        let tracker = RunningTracker::new(spec(10, when_full));
        let shared = tracker.shared("jump").unwrap();
        let late = RecordsLate(shared.clone());
        thread::spawn(move || {
            LATE.set(Some(late)); // First, so dropped after the slot.
            shared.record(1_u64);
        })
        .join()
        .unwrap();
        assert_eq!(rows(&tracker), [("jump".into(), 2)], "{when_full:?}");
        // The handle died with the thread, and its action may go.
        (0..10).for_each(|name| drop(tracker.record(&format!("name {name}"), 1)));
        let is_gone = rows(&tracker).iter().all(|(name, _)| name != "jump");
        assert_eq!(is_gone, when_full == WhenFull::EvictIdle);
    }
}

fn windowed(span: u64) -> (WindowedTracker<Count>, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let window = WindowSpec::builder().span(Duration::from_secs(span)).build().unwrap();
    let tracker = spec(1, WhenFull::Refuse);
    let spec = WindowedSpec { window, tracker, ..WindowedSpec::default() };
    (WindowedTracker::with_clock(spec, clock.clone()).unwrap(), clock)
}

#[test]
fn a_windowed_handle_records_in_the_bucket_of_the_clock_or_of_a_stamp() {
    let (tracker, clock) = windowed(10);
    let shared = tracker.shared("jump").unwrap();
    let own = tracker.action("jump").unwrap();
    let secs = Duration::from_secs;
    shared.record(1_u64);
    clock.advance(secs(5));
    shared.record(1_u64);
    shared.record_at(1_u64, tracker.now() - secs(2)).unwrap();
    own.record_at(1_u64, tracker.now() - secs(2)).unwrap();
    for (window, expected) in [(1, 1), (2, 1), (3, 3), (5, 3), (6, 4), (10, 4)] {
        for answer in [shared.window(secs(window)), own.window(secs(window))] {
            assert_eq!(answer.unwrap().count(), expected, "in {window} s");
        }
    }
    let before = shared.window(secs(10)).unwrap();
    for time in [tracker.now() - secs(11), tracker.now() + secs(60)] {
        assert!(matches!(
            (shared.record_at(1_u64, time), own.record_at(1_u64, time)),
            (
                Err(RecordError::TooOld { .. } | RecordError::TooNew { .. }),
                Err(RecordError::TooOld { .. } | RecordError::TooNew { .. })
            )
        ));
    }
    assert_eq!((tracker.refused().too_old, tracker.refused().too_new), (2, 2));
    assert_eq!(shared.window(secs(10)).unwrap(), before);
    assert!(shared.window(secs(11)).is_err());
}

#[test]
fn a_windowed_handle_keeps_its_action_from_expiring() {
    let (tracker, clock) = windowed(10);
    let shared = tracker.shared("jump").unwrap();
    shared.record(1_u64);
    clock.advance(Duration::from_secs(100));
    assert!(tracker.record("run", 1).is_err());
    shared.record(1_u64);
    clock.advance(Duration::from_secs(100));
    drop::<SharedWindowedHandle<_>>(shared);
    tracker.record("run", 1).unwrap();
    assert_eq!(tracker.overflow().expired, 1);
}

#[derive(Debug, Clone)]
enum Step {
    Make { name: usize },
    Clone { handle: usize },
    Record { handle: usize, thread: usize },
    ByName { name: usize, thread: usize },
    Drop { handle: usize, thread: usize },
    ThreadEnds { thread: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let (name, handle, thread) = (0..3_usize, 0..4_usize, 0..THREADS);
    prop_oneof![
        2 => name.clone().prop_map(|name| Step::Make { name }),
        1 => handle.clone().prop_map(|handle| Step::Clone { handle }),
        6 => (handle.clone(), thread.clone())
            .prop_map(|(handle, thread)| Step::Record { handle, thread }),
        3 => (name, thread.clone()).prop_map(|(name, thread)| Step::ByName { name, thread }),
        2 => (handle, thread.clone())
            .prop_map(|(handle, thread)| Step::Drop { handle, thread }),
        1 => thread.prop_map(|thread| Step::ThreadEnds { thread }),
    ]
}

proptest! {
    /// Whatever threads make, clone, use and drop handles of a tracker that evicts: held names
    /// stay, and every record is in a row or among the evicted.
    #[test]
    fn held_names_stay_and_no_record_is_lost(steps in vec(step(), 1..60)) {
        const NAMES: [&str; 3] = ["a", "sixteen bytes!!!", "more than sixteen bytes"];
        let tracker = Arc::new(RunningTracker::new(spec(2, WhenFull::EvictIdle)));
        let mut workers: Vec<_> = (0..THREADS).map(|_| Worker::start()).collect();
        let mut handles: Vec<SharedHandle<Mean>> = Vec::new();
        let (mut recorded, mut refused) = (0, 0);
        let mut kept = BTreeMap::<String, u64>::new();
        for step in steps {
            match step {
                Step::Make { name } => match tracker.shared(NAMES[name]) {
                    Ok(handle) => handles.push(handle),
                    Err(_) => refused += 1,
                },
                Step::Clone { handle } => {
                    handles.extend(handles.get(handle).cloned());
                }
                Step::Record { handle, thread } => if let Some(handle) = handles.get(handle) {
                    let handle = handle.clone();
                    *kept.get_mut(handle.name()).unwrap() += 1;
                    workers[thread].run(move || handle.record(1_u64));
                    recorded += 1;
                }
                Step::ByName { name, thread } => {
                    let tracker = Arc::clone(&tracker);
                    let added = workers[thread].run(move || tracker.record(NAMES[name], 1));
                    *(if added.is_ok() { &mut recorded } else { &mut refused }) += 1;
                    kept.get_mut(NAMES[name]).into_iter().for_each(|records| *records += 1);
                }
                Step::Drop { handle, thread } => if handle < handles.len() {
                    let handle = handles.swap_remove(handle);
                    workers[thread].run(move || drop(handle));
                }
                Step::ThreadEnds { thread } => {
                    workers[thread].end();
                    workers[thread] = Worker::start();
                }
            }
            // Of each held name, the records since it is held.
            kept.retain(|name, _| handles.iter().any(|handle| handle.name() == name));
            for handle in &handles {
                kept.entry(handle.name().into()).or_default();
            }
            let stats: BTreeMap<_, _> = rows(&tracker).into_iter().collect();
            for (name, &records) in &kept {
                let found = stats.get(name).copied().unwrap_or(0);
                prop_assert!(found >= records, "{} of {} records of {}", found, records, name);
            }
            let overflow = tracker.overflow();
            prop_assert_eq!(stats.values().sum::<u64>() + overflow.evicted_records, recorded);
            prop_assert_eq!(overflow.refused, refused);
        }
    }
}

#[test]
fn a_count_of_a_shared_handle_is_read_by_its_window() {
    let (tracker, _clock) = windowed(10);
    let shared = tracker.shared("jump").unwrap();
    (0..1_000).for_each(|_| shared.record(1_u64));
    let window = shared.window(Duration::from_secs(10)).unwrap();
    assert_eq!((window.count(), window.statistic().count()), (1_000, 1_000));
}
