//! What the original action trackers did, through the trait that all trackers are behind. Promises
//! A1, A3, A4.

#![cfg(feature = "tracker")]

use std::time::Duration;

use core_actions::{
    ActionError, ActionTime, ActionTracker, HasCount, HasMean, Mean, MergedTracker, NameError,
    PostTracker, RunningTracker, TimeError, TrackerSpec, Unit, Values,
};
use core_time::{Statistic, Tag};

/// Adds actions and compares all rows: name, count, mean.
#[track_caller]
fn check<T>(tracker: &T, actions: &[(&str, u64)], expected: &[(&str, u64, f64)])
where
    T: ActionTracker<Statistic: HasMean<Value = ActionTime>>,
{
    for &(action, time) in actions {
        tracker.record(action, ActionTime::from(time)).unwrap();
    }
    let stats = tracker.stats();
    let found: Vec<_> = stats.iter().map(|row| (row.name(), row.count(), row.mean())).collect();
    assert_eq!(found, expected);
}

/// Checks both trackers of the original.
#[track_caller]
fn check_both(actions: &[(&str, u64)], expected: &[(&str, u64, f64)]) {
    check(&PostTracker::default(), actions, expected);
    check(&RunningTracker::default(), actions, expected);
}

#[test]
fn nothing_was_recorded_so_there_are_no_rows() {
    check_both(&[], &[]);
}

#[test]
fn means_are_per_action_in_the_order_first_seen() {
    check_both(
        &[("jump", 100), ("run", 75), ("jump", 200)],
        &[("jump", 2, 150.0), ("run", 1, 75.0)],
    );
    check_both(
        &[("z", 1), ("a", 2), ("m", 3), ("z", 2), ("a", 2)],
        &[("z", 2, 1.5), ("a", 2, 2.0), ("m", 1, 3.0)],
    );
}

#[test]
fn names_are_taken_as_they_are() {
    check_both(
        &[("Jump", 1), ("jump", 2), (" jump", 3), ("barrel roll", 4), ("日本", 5)],
        &[
            ("Jump", 1, 1.0),
            ("jump", 1, 2.0),
            (" jump", 1, 3.0),
            ("barrel roll", 1, 4.0),
            ("日本", 1, 5.0),
        ],
    );
}

#[test]
fn times_of_the_largest_size_do_not_overflow() {
    let largest = u64::MAX as f64;
    check_both(&[("a", u64::MAX), ("a", u64::MAX), ("b", 0)], &[("a", 2, largest), ("b", 1, 0.0)]);
}

#[test]
fn an_invalid_action_is_refused_and_changes_nothing() {
    let tracker = RunningTracker::default();
    tracker.record("jump", 1).unwrap();
    let refusals = [
        (tracker.record("", 1), ActionError::Name(NameError::Blank { len: 0 })),
        (tracker.record(" \u{3000}", 1), ActionError::Name(NameError::Blank { len: 4 })),
        (tracker.record("a\tb", 1), ActionError::Name(NameError::Control { found: '\t', at: 1 })),
        (
            tracker.record(&"x".repeat(257), 1),
            ActionError::Name(NameError::TooLong { len: 257, max: 256 }),
        ),
        (tracker.record("jump", -1), ActionError::Time(TimeError::Negative)),
        (tracker.record("jump", -0.5), ActionError::Time(TimeError::Negative)),
        (tracker.record("jump", f64::NAN), ActionError::Time(TimeError::NotFinite)),
        (tracker.record("jump", f64::INFINITY), ActionError::Time(TimeError::NotFinite)),
    ];
    for (found, expected) in refusals {
        assert_eq!(found, Err(expected));
    }
    check(&tracker, &[], &[("jump", 1, 1.0)]);
}

#[test]
fn durations_are_taken_in_the_unit_of_the_tracker() {
    for (unit, expected) in [
        (Unit::Nanoseconds, 1_500_000.0),
        (Unit::Microseconds, 1_500.0),
        (Unit::Milliseconds, 1.5),
        (Unit::Seconds, 0.0015),
        (Unit::Minutes, 0.000_025),
        (Unit::Hours, 1.5 / 3_600_000.0),
    ] {
        let tracker = RunningTracker::new(TrackerSpec { unit, ..TrackerSpec::default() });
        tracker.record_duration("jump", Duration::from_micros(1_500)).unwrap();
        assert_eq!((tracker.spec().unit, tracker.stats()[0].mean()), (unit, expected));
    }
}

#[test]
fn reset_discards_everything_and_restarts_the_order() {
    let tracker = PostTracker::default();
    check(&tracker, &[("a", 1), ("b", 2)], &[("a", 1, 1.0), ("b", 1, 2.0)]);
    ActionTracker::reset(&tracker);
    check(&tracker, &[], &[]);
    check(&tracker, &[("b", 3), ("a", 4)], &[("b", 1, 3.0), ("a", 1, 4.0)]);
}

/// A statistic of a user's own.
#[derive(Debug, Clone, Default, PartialEq)]
struct TopK(Option<ActionTime>);

impl Statistic for TopK {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-largest");

    fn insert(&mut self, time: ActionTime) {
        self.0 = self.0.max(Some(time));
    }

    fn merge(&mut self, other: &Self) {
        self.0 = self.0.max(other.0);
    }
}

#[test]
fn custom_statistics_are_kept_next_to_others() {
    let tracker = MergedTracker::<(Mean, TopK, Values)>::default();
    std::thread::scope(|scope| {
        for thread in 1..=4_u64 {
            let tracker = &tracker;
            scope.spawn(move || tracker.record("jump", thread * 10).unwrap());
        }
    });
    let stats = tracker.stats();
    let (mean, largest, raw) = stats[0].statistic();
    assert_eq!((mean.count(), mean.mean()), (4, Some(25.0)));
    assert_eq!(largest.0, Some(ActionTime::from(40_u64)));
    assert_eq!((raw.count(), raw.mean()), (4, Some(25.0)));
    assert_eq!((stats[0].name(), stats[0].first()), ("jump", 0));
}
