//! Memory and rows of actions whose handles are gone: what they recorded stays, and their memory
//! comes back to what lives.

#![cfg(feature = "tracker")]

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use core_actions::{Handle, Mean, RunningTracker, TrackerSpec, WindowedSpec, WindowedTracker};
use core_time::{ManualClock, Stamp};
use proptest::collection::vec;
use proptest::prelude::*;

const IDLE: Duration = Duration::from_secs(60);

fn rows(tracker: &RunningTracker) -> Vec<(String, u64, f64)> {
    let stats = tracker.stats();
    stats.iter().map(|row| (row.name().to_owned(), row.count(), row.mean())).collect()
}

#[test]
fn memory_of_many_handles_at_once_comes_back() {
    const HANDLES: u64 = 10_000;
    let tracker = RunningTracker::default();
    let kept = tracker.action("jump").unwrap();
    kept.record(7_u64);
    let mut most = 0;
    let used = measure(|| {
        let made = measure(|| {
            let handles: Vec<_> = (0..HANDLES).map(|_| tracker.action("jump").unwrap()).collect();
            handles.iter().for_each(|handle| handle.record(7_u64));
        });
        most = made.bytes_max;
    });
    assert!(most > HANDLES * 256, "{most} bytes of {HANDLES} handles");
    assert!(used.bytes_current < 16 * 1_024, "{used:?}");
    assert_eq!(rows(&tracker), [("jump".into(), HANDLES + 1, 7.0)]);
}

#[test]
fn memory_of_handles_that_live_stays_theirs() {
    let tracker = RunningTracker::default();
    let mut handles: Vec<_> = (0..100).map(|_| tracker.action("jump").unwrap()).collect();
    handles.iter().for_each(|handle| handle.record(1_u64));
    for left in [60, 20, 3, 1, 0] {
        handles.truncate(left);
        handles.iter().for_each(|handle| handle.record(1_u64));
    }
    assert_eq!(rows(&tracker), [("jump".into(), 100 + 60 + 20 + 3 + 1, 1.0)]);
}

#[test]
fn rows_stay_in_the_order_of_their_first_record() {
    let tracker = RunningTracker::default();
    let mut late = vec![];
    let jumps: Vec<_> = (0..20).map(|_| tracker.action("jump").unwrap()).collect();
    late.push(tracker.action("hop").unwrap());
    // Not by the first handle, whose memory is that of all of them afterwards.
    jumps[5].record(1_u64);
    late[0].record(1_u64);
    jumps[0].record(1_u64);
    drop(jumps);
    let names: Vec<_> = rows(&tracker).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["jump", "hop"]);
}

#[test]
fn last_use_of_a_dropped_handle_counts() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = TrackerSpec { idle: Some(IDLE), ..TrackerSpec::default() };
    let tracker = RunningTracker::with_clock(spec, clock.clone());
    let handles: Vec<_> = (0..20).map(|_| tracker.action("jump").unwrap()).collect();
    handles[0].record(1_u64);
    clock.advance(IDLE - Duration::from_secs(1));
    handles[5].record(1_u64);
    drop(handles);
    clock.advance(Duration::from_secs(2));
    assert_eq!(tracker.remove_expired(), 0);
    clock.advance(IDLE);
    assert_eq!(tracker.remove_expired(), 1);
}

#[test]
fn windows_have_what_dropped_handles_recorded() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = WindowedSpec::default();
    let tracker = WindowedTracker::<Mean>::with_clock(spec, clock.clone()).unwrap();
    let handles: Vec<_> = (0..30).map(|_| tracker.action("jump").unwrap()).collect();
    for handle in &handles {
        handle.record(5_u64);
        clock.advance(Duration::from_secs(1));
    }
    let window = Duration::from_secs(11);
    let read = || tracker.get("jump", window).unwrap().count();
    let before = read();
    drop(handles);
    assert_eq!((before, read()), (10, 10));
}

#[test]
fn no_reader_sees_a_record_twice_or_not_at_all() {
    let (tracker, start) = (RunningTracker::default(), Barrier::new(2));
    const ROUNDS: u64 = 200;
    const HANDLES: u64 = 40;
    thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            for _ in 0..ROUNDS {
                let made = || tracker.action("jump").unwrap();
                let handles: Vec<_> = (0..HANDLES).map(|_| made()).collect();
                handles.iter().for_each(|handle| handle.record(1_u64));
            }
        });
        start.wait();
        let mut seen = 0;
        while seen < ROUNDS * HANDLES {
            let now = tracker.stats().first().map_or(0, |row| row.count());
            assert!((seen..=ROUNDS * HANDLES).contains(&now), "{now} after {seen}");
            seen = now;
        }
    });
}

#[derive(Debug, Clone)]
enum Step {
    Make { handles: usize },
    Record { handle: usize, values: u64 },
    Drop { from: usize, handles: usize },
    Read,
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1..30_usize).prop_map(|handles| Step::Make { handles }),
        4 => (0..99_usize, 1..60_u64).prop_map(|(handle, values)| Step::Record { handle, values }),
        2 => (0..99_usize, 1..30_usize).prop_map(|(from, handles)| Step::Drop { from, handles }),
        2 => Just(Step::Read),
        1 => Just(Step::Reset),
    ]
}

proptest! {
    #[test]
    fn drops_change_no_row(steps in vec(step(), 1..60)) {
        let tracker = RunningTracker::default();
        let mut handles: Vec<Handle<_>> = vec![];
        let (mut count, mut sum) = (0, 0);
        for step in steps.into_iter().chain([Step::Drop { from: 0, handles: 99 }, Step::Read]) {
            match step {
                Step::Make { handles: n } => {
                    handles.extend((0..n).map(|_| tracker.action("jump").unwrap()));
                }
                Step::Record { handle, values } if handle < handles.len() => {
                    for value in 0..values {
                        handles[handle].record(value);
                        (count, sum) = (count + 1, sum + value);
                    }
                }
                Step::Record { .. } => {}
                Step::Drop { from, handles: n } => {
                    let from = from.min(handles.len());
                    handles.drain(from..(from + n).min(handles.len()));
                }
                Step::Read => {
                    let expected = (count > 0).then(|| {
                        ("jump".to_owned(), count, sum as f64 / count as f64)
                    });
                    prop_assert_eq!(rows(&tracker), expected.into_iter().collect::<Vec<_>>());
                }
                Step::Reset => {
                    tracker.reset();
                    (count, sum) = (0, 0);
                }
            }
        }
    }
}
