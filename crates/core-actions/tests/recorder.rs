//! Values recorded several at once, and times measured by timers, on every handle and by name.

#![cfg(feature = "tracker")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use core_actions::{
    ActionError, ActionRecorder, ActionTime, CORRECTED_MAX, LocalTracker, Mean, MergedTracker,
    NameTable, Quantiles, RunningTracker, Statistic, Summary, Tag, TimeError, TrackerSpec, Unit,
    Values, Variance, WhenFull, WindowedTracker,
};
use core_time::{ManualClock, Stamp};

type All = (Variance, Quantiles, Values);

fn clock() -> ManualClock {
    ManualClock::new(Stamp::from_secs(1_000))
}

/// What single records of these times and counts give.
fn expected(times: &[(u64, u64)]) -> All {
    let mut all = All::default();
    for &(time, n) in times {
        (0..n).for_each(|_| all.insert(time.into()));
    }
    all
}

#[test]
fn n_records_at_once_are_n_records_on_every_way() {
    const TIMES: [(u64, u64); 4] = [(100, 3), (7, 0), (50, 40), (100, 1)];
    let expected = expected(&TIMES);
    let tracker = MergedTracker::<All>::default();
    let windowed = WindowedTracker::<All>::with_clock(Default::default(), clock()).unwrap();
    let names = NameTable::new(TrackerSpec::default());
    let mut local = LocalTracker::<All>::new(&names);
    let (handle, shared) = (tracker.action("handle").unwrap(), tracker.shared("shared").unwrap());
    let in_window = windowed.action("handle").unwrap();
    let shared_in_window = windowed.shared("shared").unwrap();
    for (time, n) in TIMES {
        tracker.record_n("name", time, n).unwrap();
        tracker.record_n("a name of more than sixteen bytes", time, n).unwrap();
        windowed.record_n("name", time, n).unwrap();
        local.record_n("name", time, n).unwrap();
        local.record_n("a name of more than sixteen bytes", time, n).unwrap();
        handle.record_n(time, n);
        shared.record_n(time, n);
        in_window.record_n(time, n);
        shared_in_window.record_n(time, n);
    }
    let rows = tracker.stats();
    assert_eq!(rows.len(), 4);
    let window = windowed.window(Duration::from_secs(10)).unwrap();
    assert_eq!(window.rows().len(), 3);
    let local = local.into_rows();
    assert_eq!(local.len(), 2);
    for row in rows.iter().chain(window.rows()).chain(&local) {
        assert_eq!(row.statistic(), &expected, "{}", row.name());
    }
}

#[test]
fn no_records_make_no_row_and_invalid_ones_change_nothing() {
    let spec = TrackerSpec { actions: 1, when_full: WhenFull::Refuse, ..TrackerSpec::default() };
    let tracker = RunningTracker::new(spec);
    tracker.record_n("none", 1, 0).unwrap();
    assert!(tracker.stats().is_empty());
    let negative = ActionError::Time(TimeError::Negative);
    assert_eq!(tracker.record_n("jump", -1, 3), Err(negative.clone()));
    assert_eq!(tracker.record_n("jump", -1, 0), Err(negative));
    assert!(matches!(tracker.record_n(" ", 1, 3), Err(ActionError::Name(_))));
    tracker.record_n("jump", 1, 3).unwrap();
    assert_eq!(tracker.record_n("run", 1, 3), Err(ActionError::Full { limit: 1 }));
    assert_eq!((tracker.stats().len(), tracker.overflow().refused), (1, 1));
    let handle = tracker.action("jump").unwrap();
    assert_eq!(handle.try_record(f64::INFINITY), Err(TimeError::NotFinite));
    assert_eq!(handle.try_record(-0.5), Err(TimeError::Negative));
    assert_eq!(handle.try_record(0.5_f32), Ok(()));
    assert_eq!(tracker.stats()[0].count(), 4);
}

#[test]
fn counted_records_are_before_a_reset_or_after_it() {
    let tracker = RunningTracker::default();
    let handle = tracker.action("jump").unwrap();
    handle.record(1_u64);
    handle.record_n(1_u64, 1 << 40);
    tracker.reset();
    assert!(tracker.stats().is_empty());
    handle.record_n(2_u64, 1 << 41);
    handle.record(2_u64);
    let stats = tracker.stats();
    assert_eq!((stats[0].count(), stats[0].mean()), ((1 << 41) + 1, 2.0));
}

/// Panics with its third value.
#[derive(Debug, Clone, Default, PartialEq)]
struct Fragile(u64);

impl Statistic for Fragile {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-fragile");

    fn insert(&mut self, _: ActionTime) {
        assert!(self.0 < 2, "a third value");
        self.0 += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

#[test]
fn statistic_that_panics_halfway_leaves_the_row_as_it_was() {
    let tracker = MergedTracker::<(Mean, Fragile)>::default();
    let handle = tracker.action("jump").unwrap();
    handle.record_n(5_u64, 1);
    let refused = catch_unwind(AssertUnwindSafe(|| handle.record_n(5_u64, 2)));
    assert!(refused.is_err());
    let row = handle.stats().unwrap();
    assert_eq!((row.count(), row.statistic().1.clone()), (1, Fragile(1)));
}

#[test]
fn corrections_are_those_of_hdr_histogram() {
    #[track_caller]
    fn check<const N: usize>(time: f64, expected: f64, times: [f64; N]) {
        let valid = |float| ActionTime::try_from(float).unwrap();
        let tracker = MergedTracker::<Values>::default();
        let handle = tracker.action("request").unwrap();
        assert_eq!(handle.record_corrected(valid(time), valid(expected)), Ok(N as u64));
        let row = handle.stats().unwrap();
        let mut found: Vec<_> = row.statistic().times().collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found, times.map(valid), "{time} by {expected}");
    }
    check(100.0, 0.0, [100.0]);
    check(0.0, 10.0, [0.0]);
    check(9.0, 10.0, [9.0]);
    check(10.0, 10.0, [10.0]);
    check(19.0, 10.0, [19.0]);
    check(20.0, 10.0, [20.0, 10.0]);
    check(35.0, 10.0, [35.0, 25.0, 15.0]);
    check(1.25, 0.5, [1.25, 0.75]);
    check(1.5, 0.5, [1.5, 1.0, 0.5]);
    check(2.0_f64.powi(64) * 3.0, 2.0_f64.powi(64), [3.0, 2.0, 1.0].map(|n| n * 2.0_f64.powi(64)));
    check(1e300, 6e299, [1e300]);
}

#[test]
fn correction_of_too_many_records_is_refused() {
    let tracker = RunningTracker::default();
    let handle = tracker.action("request").unwrap();
    let tiny = ActionTime::try_from(5e-324).unwrap();
    let (most, max) = (CORRECTED_MAX, CORRECTED_MAX);
    for (time, expected) in [
        (ActionTime::from(most + 1), ActionTime::from(1_u64)),
        (ActionTime::from(u64::MAX), ActionTime::from(1_u64)),
        (ActionTime::try_from(f64::MAX).unwrap(), tiny),
    ] {
        let refused = handle.record_corrected(time, expected);
        assert_eq!(refused, Err(TimeError::TooManyIntervals { max }));
    }
    assert!(handle.stats().is_none());
    assert_eq!(handle.record_corrected(most, 1_u64), Ok(most));
    let error = TimeError::TooManyIntervals { max };
    let expected = "time is more than 1048576 expected intervals, raise the interval";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn timer_records_once_when_it_ends() {
    let spec = TrackerSpec { unit: Unit::Milliseconds, ..TrackerSpec::default() };
    let tracker = MergedTracker::<Summary>::new(spec);
    let (jump, clock) = (tracker.action("jump").unwrap(), clock());
    let count = || jump.stats().map_or(0, |row| row.count());
    let timer = jump.start_with(clock.clone());
    clock.advance(Duration::from_millis(5));
    assert_eq!((timer.elapsed(), count()), (Duration::from_millis(5), 0));
    drop(timer);
    assert_eq!(count(), 1);
    let timer = jump.start_with(clock.clone());
    clock.advance(Duration::from_millis(7));
    assert_eq!((timer.stop(), count()), (Duration::from_millis(7), 2));
    let timer = jump.start_with(clock.clone());
    clock.advance(Duration::from_millis(9));
    assert_eq!((timer.cancel(), count()), (Duration::from_millis(9), 2));
    let row = jump.stats().unwrap();
    assert_eq!(
        (row.statistic().min(), row.statistic().max()),
        (Some(5_u64.into()), Some(7_u64.into()))
    );
}

#[test]
fn timed_code_that_panics_is_recorded() {
    let tracker = RunningTracker::default();
    let (jump, clock) = (tracker.action("jump").unwrap(), clock());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _timer = jump.start_with(clock.clone());
        clock.advance(Duration::from_nanos(300));
        panic!("in the timed code");
    }));
    assert!(panicked.is_err());
    assert_eq!(jump.stats().map(|row| row.mean()), Some(300.0));
}

#[test]
fn clock_that_steps_back_gives_a_time_of_zero() {
    let tracker = RunningTracker::default();
    let (jump, clock) = (tracker.action("jump").unwrap(), clock());
    let timer = jump.start_with(clock.clone());
    clock.set(Stamp::from_secs(10));
    assert_eq!(timer.stop(), Duration::ZERO);
    assert_eq!(jump.stats().map(|row| row.mean()), Some(0.0));
}

#[test]
fn every_handle_and_every_name_has_timers() {
    let tracker = RunningTracker::default();
    let windowed = WindowedTracker::<Mean>::with_clock(Default::default(), clock()).unwrap();
    drop(tracker.shared("shared").unwrap().start());
    drop(tracker.start("name").unwrap());
    drop(windowed.action("handle").unwrap().start());
    drop(windowed.shared("shared").unwrap().start());
    assert_eq!(tracker.stats().iter().map(|row| row.count()).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(windowed.window(Duration::from_secs(1)).unwrap().rows().len(), 2);
    assert!(matches!(tracker.start(" "), Err(ActionError::Name(_))));
    // A timer of a handle that it owns may outlive the tracker.
    let timer = tracker.start("name").unwrap();
    drop(tracker);
    let _ = timer.stop();
}
