//! Promise A5: a statistic that panics leaves its row unchanged, at any position in a tuple and on
//! any path, and a later record works. One that promises never to panic loses the buffered values.

#![cfg(feature = "tracker")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use core_actions::{
    ActionTime, HasCount, Mean, MergedTracker, Quantiles, Row, Statistic, Values, WindowedTracker,
};
use core_time::{ManualClock, Stamp, Tag};
use std::time::Duration;

/// Counts, and panics after it counted a 13; `PROMISES` says whether it promises not to panic.
#[derive(Debug, Clone, Default, PartialEq)]
struct Fears13<const PROMISES: bool> {
    count: u64,
}

impl<const PROMISES: bool> Statistic for Fears13<PROMISES> {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-fears-13");

    const NEVER_PANICS: bool = PROMISES;

    fn insert(&mut self, time: ActionTime) {
        self.count += 1;
        assert_ne!(time, ActionTime::from(13_u8), "told to panic");
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
    }
}

type Fearful = Fears13<false>;
type Liar = Fears13<true>;

fn panics<R>(add: impl FnOnce() -> R) {
    assert!(catch_unwind(AssertUnwindSafe(add)).is_err(), "it did not panic");
}

/// Compares the rows after every way to record 13, before, between and after other records.
#[track_caller]
fn check<S>(counts: fn(&S) -> Vec<u64>)
where
    S: Statistic<Value = ActionTime>,
{
    let tracker = MergedTracker::<S>::default();
    let handle = tracker.action("jump").unwrap();
    for round in 0..40 {
        panics(|| tracker.record("jump", 13));
        panics(|| tracker.record_numbered("jump", 13, 0));
        panics(|| handle.record(13_u64));
        panics(|| tracker.record("run", 13));
        let rows = tracker.stats();
        let found: Vec<_> = rows.iter().map(|row| (row.name(), counts(row.statistic()))).collect();
        let names = found.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names, if round == 0 { vec![] } else { vec!["jump"] });
        assert!(found.iter().flat_map(|(_, counts)| counts).all(|&count| count == 2 * round));
        tracker.record("jump", 7).unwrap();
        handle.record(0.5_f64.try_into().unwrap_or(ActionTime::ZERO));
    }
}

#[test]
fn a_statistic_that_panics_leaves_the_row_as_it_was() {
    check::<Fearful>(|fearful| vec![fearful.count]);
    check::<(Fearful,)>(|(fearful,)| vec![fearful.count]);
    check::<(Mean, Fearful)>(|(mean, fearful)| vec![mean.count(), fearful.count]);
    check::<(Fearful, Quantiles, Values)>(|(fearful, quantiles, raw)| {
        vec![fearful.count, quantiles.count(), raw.count()]
    });
    check::<(Values, (Mean, Fearful), Fearful)>(|(raw, (mean, inner), outer)| {
        vec![raw.count(), mean.count(), inner.count, outer.count]
    });
}

fn windowed<S: Statistic<Value = ActionTime>>() -> (WindowedTracker<S>, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    (WindowedTracker::with_clock(Default::default(), clock.clone()).unwrap(), clock)
}

#[test]
fn a_windowed_statistic_that_panics_leaves_the_row_as_it_was() {
    let (tracker, clock) = windowed::<(Mean, Fearful)>();
    let minute = Duration::from_secs(60);
    let handle = tracker.action("jump").unwrap();
    for round in 0..40 {
        panics(|| tracker.record("jump", 13));
        panics(|| tracker.record_at("jump", 13, Stamp::from_secs(990)));
        panics(|| handle.record(13_u64));
        panics(|| tracker.record("run", 13));
        let rows = tracker.window(minute).unwrap();
        let counts: Vec<_> = rows
            .rows()
            .iter()
            .map(|row| (row.statistic().0.count(), row.statistic().1.count))
            .collect();
        assert_eq!(counts, if round == 0 { vec![] } else { vec![(2 * round, 2 * round)] });
        tracker.record("jump", 7).unwrap();
        handle.record(8_u64);
        clock.advance(Duration::from_millis(500));
    }
}

#[test]
fn a_broken_promise_loses_what_waited_and_nothing_else() {
    let tracker = MergedTracker::<(Mean, Liar)>::default();
    (0..1_000).for_each(|_| tracker.record("jump", 1).unwrap());
    tracker.record("run", 5).unwrap();
    let (mut lost, mut added) = (0, 0);
    for _ in 0..10 {
        // The value is buffered and panics when it is flushed, or at once if the buffer is full.
        let mut add = |time: u64| {
            let panicked = catch_unwind(AssertUnwindSafe(|| tracker.record("jump", time))).is_err();
            lost += u64::from(panicked);
            added += 1;
        };
        add(13);
        (0..100).for_each(|_| add(1));
    }
    assert!(lost > 0);
    let count = |row: &Row<(Mean, Liar)>| row.statistic().0.count();
    let rows = tracker.stats();
    assert_eq!((rows[0].name(), rows[1].name(), count(&rows[1])), ("jump", "run", 1));
    assert_eq!(rows[1].mean(), 5.0);
    let found = count(&rows[0]);
    assert!(found <= 1_000 + added && found + lost * 30 >= 1_000 + added, "{found}, {lost} panics");
    tracker.reset();
    (0..100).for_each(|_| tracker.record("jump", 1).unwrap());
    assert_eq!(count(&tracker.stats()[0]), 100);
    assert_eq!(tracker.stats()[0].statistic().1.count, 100);
}
