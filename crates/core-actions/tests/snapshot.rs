//! Promise A9: snapshots of trackers are values, which merge into what one tracker would hold that
//! saw everything, to the bit; and what is refused changes nothing.

#![cfg(feature = "tracker")]

use std::collections::BTreeMap;

use core_actions::{
    Count, Mean, MergedTracker, MinMax, PostTracker, Quantiles, RunningTracker, Statistic,
    TrackerSnapshot, TrackerSnapshotError, TrackerSpec, Unit, Variance, WhenFull,
};
use proptest::collection::vec;
use proptest::prelude::*;

type Full = (Variance, MinMax, Quantiles);
type Tracker = MergedTracker<Full>;
type Snapshot = TrackerSnapshot<Full>;

const NAMES: [&str; 5] = ["jump", "run", "hop", "a name longer than sixteen bytes", "日本"];

/// Which tracker records which action, and how long it took.
fn records() -> impl Strategy<Value = Vec<(usize, usize, f64)>> {
    let time =
        prop_oneof![(0_u32..100).prop_map(f64::from), 0.0..1e9, Just(f64::MAX), Just(5e-324)];
    vec((0..3_usize, 0..NAMES.len(), time), 0..120)
}

fn add_each(tracker: &RunningTracker, names: &[&str]) {
    names.iter().for_each(|name| tracker.record(name, 1).unwrap());
}

fn merged<'a>(snapshots: impl IntoIterator<Item = &'a Snapshot>) -> Snapshot {
    let mut snapshots = snapshots.into_iter();
    let mut all = snapshots.next().unwrap().clone();
    snapshots.for_each(|snapshot| all.merge(snapshot).unwrap());
    all
}

fn order<S: Statistic>(snapshot: &TrackerSnapshot<S>) -> Vec<(&str, u64)> {
    snapshot.rows().iter().map(|row| (row.name(), row.first())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn merged_snapshots_equal_one_tracker_that_saw_everything(records in records()) {
        let (one, parts) = (Tracker::default(), [(); 3].map(|()| Tracker::default()));
        for (number, &(part, name, time)) in (0..).zip(&records) {
            one.record_numbered(NAMES[name], time, number).unwrap();
            parts[part].record_numbered(NAMES[name], time, number).unwrap();
        }
        let one = one.snapshot();
        let [a, b, c] = parts.each_ref().map(Tracker::snapshot);
        let whole = merged([&a, &b, &c]);
        for other in [
            merged([&c, &a, &b]),
            merged([&a, &merged([&b, &c])]),
            merged([&merged([&c, &b]), &a]),
        ] {
            prop_assert_eq!(&other, &one);
            prop_assert_eq!(order(&other), order(&one));
            prop_assert_eq!(other.instances(), whole.instances());
        }
        // And so does a tracker that they are merged into.
        let into = Tracker::default();
        [&c, &a, &b].into_iter().for_each(|snapshot| into.merge(snapshot).unwrap());
        let restored = Tracker::restore(TrackerSpec::default(), &whole).unwrap().snapshot();
        prop_assert_eq!(restored.instances(), whole.instances());
        for other in [into.snapshot(), restored] {
            prop_assert_eq!(&other, &one);
            prop_assert_eq!(order(&other), order(&one));
        }
    }

    #[test]
    fn diff_is_what_was_recorded_since(records in records()) {
        let [tracker, since] = [(); 2].map(|()| MergedTracker::<(Variance, Count)>::default());
        let (before, after) = records.split_at(records.len() / 2);
        before.iter().for_each(|&(_, name, time)| tracker.record(NAMES[name], time).unwrap());
        let earlier = tracker.snapshot();
        for &(_, name, time) in after {
            tracker.record(NAMES[name], time).unwrap();
            since.record(NAMES[name], time).unwrap();
        }
        let diff = tracker.snapshot().diff(&earlier).unwrap();
        let rows: BTreeMap<_, _> = diff.iter().map(|row| (row.name(), row.statistic())).collect();
        let since = since.stats();
        let expected = since.iter().map(|row| (row.name(), row.statistic())).collect();
        prop_assert_eq!(rows, expected);
    }
}

#[test]
fn snapshots_that_share_a_tracker_are_not_merged() {
    let (one, two) = (RunningTracker::default(), RunningTracker::default());
    one.record("jump", 1).unwrap();
    two.record("run", 2).unwrap();
    let (first, mut both) = (one.snapshot(), one.snapshot());
    both.merge(&two.snapshot()).unwrap();
    let before = both.clone();
    for snapshot in [&first, &two.snapshot()] {
        let refused = both.merge(snapshot).unwrap_err();
        assert!(matches!(refused, TrackerSnapshotError::Instances(_)), "{refused}");
        assert_eq!((&both, order(&both)), (&before, order(&before)));
    }
    assert!(one.merge(&first).is_err());
    one.merge(&two.snapshot()).unwrap();
    assert!(one.merge(&two.snapshot()).is_err());
    assert!(two.merge(&one.snapshot()).is_err());
    assert_eq!(one.stats().iter().map(|row| row.count()).collect::<Vec<_>>(), [1, 1]);
    // What is forgotten can be merged again.
    one.reset();
    one.merge(&two.snapshot()).unwrap();
    assert_eq!(order(&one.snapshot()), order(&two.snapshot()));
}

#[test]
fn trackers_without_records_take_no_place() {
    let (here, there) = (RunningTracker::default(), RunningTracker::default());
    for _ in 0..3 {
        here.merge(&there.snapshot()).unwrap();
    }
    assert_eq!(here.snapshot().instances().len(), 1);
    add_each(&there, &["jump"]);
    here.merge(&there.snapshot()).unwrap();
    here.merge(&there.snapshot()).unwrap_err();
    assert_eq!((here.stats()[0].count(), here.snapshot().instances().len()), (1, 2));
    let empty = RunningTracker::default().snapshot();
    let restored = RunningTracker::restore(TrackerSpec::default(), &empty).unwrap();
    assert_eq!(restored.snapshot().instances(), empty.instances());
}

#[test]
fn a_restored_tracker_goes_on() {
    let tracker = RunningTracker::default();
    tracker.record("jump", 1).unwrap();
    let mut snapshot = tracker.snapshot();
    for restart in 2..1_100 {
        let tracker = RunningTracker::restore(TrackerSpec::default(), &snapshot).unwrap();
        assert!(tracker.merge(&snapshot).is_err(), "its own");
        tracker.record("jump", 1).unwrap();
        tracker.record(&format!("run {}", restart % 10), 1).unwrap();
        let since = tracker.snapshot().diff(&snapshot).unwrap();
        assert_eq!(since.iter().map(|row| row.count()).sum::<u64>(), 2);
        snapshot = tracker.snapshot();
        assert_eq!(snapshot.instances().len(), 1);
        assert_eq!((snapshot.rows()[0].name(), snapshot.rows()[0].count()), ("jump", restart));
    }
}

#[test]
fn units_must_agree() {
    let spec = |unit| TrackerSpec { unit, ..TrackerSpec::default() };
    let [nanos, secs] =
        [Unit::Nanoseconds, Unit::Seconds].map(|unit| RunningTracker::new(spec(unit)));
    nanos.record("jump", 1).unwrap();
    let expected =
        TrackerSnapshotError::OtherUnit { found: Unit::Nanoseconds, expected: Unit::Seconds };
    assert_eq!(expected.to_string(), "times of the snapshot are in Nanoseconds, expected Seconds");
    assert_eq!(secs.merge(&nanos.snapshot()), Err(expected.clone()));
    assert_eq!(secs.snapshot().merge(&nanos.snapshot()), Err(expected.clone()));
    assert_eq!(secs.snapshot().diff(&nanos.snapshot()), Err(expected.clone()));
    let restored = RunningTracker::restore(spec(Unit::Seconds), &nanos.snapshot());
    assert_eq!(restored.map(drop).unwrap_err(), expected);
    assert!(secs.stats().is_empty() && secs.snapshot() != nanos.snapshot());
}

#[test]
fn only_an_earlier_snapshot_is_subtracted() {
    let spec = TrackerSpec { actions: 2, when_full: WhenFull::EvictIdle, ..Default::default() };
    let tracker = RunningTracker::new(spec.clone());
    let other = RunningTracker::default();
    let add = |action, time| tracker.record(action, time).unwrap();
    add("jump", 1);
    let first = tracker.snapshot();
    add("jump", 2);
    let later = tracker.snapshot();
    let refuses = |later: &TrackerSnapshot<Mean>, earlier: &TrackerSnapshot<_>| {
        assert_eq!(later.diff(earlier), Err(TrackerSnapshotError::NotEarlier));
    };
    assert_eq!(later.diff(&first).unwrap()[0].count(), 1);
    assert!(later.diff(&later).unwrap().is_empty());
    refuses(&first, &later);
    refuses(&later, &tracker.snapshot()); // Also if nothing was recorded in between.
    refuses(&later, &other.snapshot());
    // After an eviction, also if the action is there again, with more than before.
    add("run", 1);
    let before = tracker.snapshot();
    add("hop", 1);
    refuses(&tracker.snapshot(), &before);
    (0..3).for_each(|_| add("jump", 1));
    refuses(&tracker.snapshot(), &later);
    let before = tracker.snapshot();
    add("jump", 1);
    assert_eq!(tracker.snapshot().diff(&before).unwrap()[0].count(), 1);
    // After a reset, also in a tracker that was restored in between.
    tracker.reset();
    (0..9).for_each(|_| add("jump", 1));
    refuses(&tracker.snapshot(), &before);
    let restored = RunningTracker::restore(spec, &tracker.snapshot()).unwrap();
    for _ in 0..3 {
        restored.reset();
        (0..9).for_each(|_| restored.record("jump", 1).unwrap());
        let earlier = [&first, &later, &before];
        earlier.into_iter().for_each(|earlier| refuses(&restored.snapshot(), earlier));
    }
}

#[test]
fn a_restored_tracker_has_forgotten_what_the_first_did() {
    let tracker = RunningTracker::default();
    tracker.reset();
    add_each(&tracker, &["jump", "jump"]);
    let earlier = tracker.snapshot();
    tracker.reset();
    add_each(&tracker, &["jump"]);
    let tracker = RunningTracker::restore(TrackerSpec::default(), &tracker.snapshot()).unwrap();
    for _ in 0..5 {
        tracker.reset();
        add_each(&tracker, &["jump"; 3]); // As many as before, and one more.
        (0..9).for_each(|_| drop(tracker.snapshot()));
        let refused = tracker.snapshot().diff(&earlier);
        assert_eq!(refused, Err(TrackerSnapshotError::NotEarlier));
    }
}

#[test]
fn a_snapshot_that_does_not_fit_changes_nothing() {
    let many = RunningTracker::default();
    add_each(&many, &["a", "b", "c"]);
    let long = RunningTracker::default();
    add_each(&long, &["d", &"x".repeat(200)]);
    for when_full in [WhenFull::Refuse, WhenFull::EvictIdle] {
        let spec = TrackerSpec { actions: 2, name_bytes: 100, when_full, ..Default::default() };
        let tracker = RunningTracker::new(spec.clone());
        add_each(&tracker, &["jump", "run"]);
        let full = TrackerSnapshotError::Full { limit: 2 };
        assert_eq!(tracker.merge(&many.snapshot()), Err(full.clone()));
        assert!(matches!(tracker.merge(&long.snapshot()), Err(TrackerSnapshotError::Name(_))));
        let names: Vec<_> = tracker.stats().iter().map(|row| row.name().to_owned()).collect();
        assert_eq!(names, ["jump", "run"]);
        assert_eq!(tracker.overflow().evicted, 0);
        assert_eq!(RunningTracker::restore(spec, &many.snapshot()).map(drop), Err(full));
    }
    let spec = TrackerSpec { actions: 2, when_full: WhenFull::Fold, ..Default::default() };
    let folded = RunningTracker::restore(spec, &many.snapshot()).unwrap().stats();
    let found: Vec<_> = folded.iter().map(|row| (row.name(), row.count())).collect();
    assert_eq!(found, [("a", 1), ("b", 1), (WhenFull::OTHER, 1)]);
}

#[test]
fn numbers_at_the_end_lose_no_row() {
    let last = RunningTracker::default();
    last.record_numbered("last", 1, u64::MAX).unwrap();
    let tracker = RunningTracker::default();
    tracker.merge(&last.snapshot()).unwrap();
    add_each(&tracker, &["b", "a"]);
    assert_eq!(tracker.stats().len(), 3);
    assert_eq!(PostTracker::default().snapshot(), PostTracker::default().snapshot());
    assert_eq!(tracker.stats()[0].mean(), 1.0);
}

#[test]
fn equal_are_the_same_actions_with_the_same_statistics() {
    let [one, two] = [["jump", "run"], ["run", "jump"]].map(|names| {
        let tracker = RunningTracker::default();
        add_each(&tracker, &names);
        tracker
    });
    assert_eq!(one.snapshot(), two.snapshot());
    two.record("jump", 1).unwrap();
    assert_ne!(one.snapshot(), two.snapshot());
    one.record("jump", 1).unwrap();
    one.record("hop", 1).unwrap();
    assert_ne!(one.snapshot(), two.snapshot());
}

#[cfg(feature = "serde")]
mod wire {
    use core_actions::{ActionTime, Statistic, Subtract, Tag, Values};
    use serde::{Deserialize, Serialize};

    use super::*;

    /// A statistic of a user's own, in a form of its own.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    struct Total {
        count: u64,
        sum: u64,
    }

    impl Statistic for Total {
        type Value = ActionTime;

        const TAG: Tag = Tag::own("x-total");

        fn insert(&mut self, time: ActionTime) {
            self.count += 1;
            self.sum += time.as_integer().unwrap_or_default();
        }

        fn merge(&mut self, other: &Self) {
            self.count += other.count;
            self.sum += other.sum;
        }
    }

    impl Subtract for Total {
        fn subtract(&mut self, other: &Self) {
            self.count -= other.count;
            self.sum -= other.sum;
        }
    }

    /// The form that is promised: version 2.
    const WRITTEN: &str = concat!(
        r#"{"header":{"version":2,"tag":"x-total","instances":["0123456789abcdef-0000002a"],"#,
        r#""revision":3},"unit":"milliseconds","forgotten":[1,2],"rows":["#,
        r#"{"action":"jump","first":0,"statistic":{"count":2,"sum":300}},"#,
        r#"{"action":"run","first":7,"statistic":{"count":1,"sum":75}}]}"#,
    );

    /// Version 1, as it is kept by those who wrote it.
    const VERSION_1: &str = concat!(
        r#"{"version":1,"instances":["0123456789abcdef-0000002a"],"unit":"milliseconds","#,
        r#""taken":3,"forgotten":[1,2],"rows":["#,
        r#"{"action":"jump","first":0,"statistic":[{"count":2,"sum":"0x4bp2"},"#,
        r#"{"few":[100,200.5],"many":null}]},"#,
        r#"{"action":"run","first":7,"statistic":[{"count":1,"sum":"0x4bp0"},"#,
        r#"{"few":[75],"many":null}]}]}"#,
    );

    #[test]
    fn version_1_is_read_where_it_is_of_one_statistic() {
        type Read = TrackerSnapshot<(Mean, Quantiles)>;
        let snapshot: Read = serde_json::from_str(VERSION_1).unwrap();
        assert_eq!(order(&snapshot), [("jump", 0), ("run", 7)]);
        assert_eq!((snapshot.rows()[0].mean(), snapshot.revision()), (150.0, 3));
        let text = serde_json::to_string(&snapshot).unwrap();
        let header = r#"{"header":{"version":2,"tag":"mean+quantiles","instances":["#;
        assert!(text.starts_with(header), "{text}");
        let spec = TrackerSpec { unit: Unit::Milliseconds, ..TrackerSpec::default() };
        let restored = MergedTracker::restore(spec, &snapshot).unwrap();
        assert_eq!(restored.snapshot().revision(), 4);
        for key in ["instances", "unit", "taken", "forgotten", "rows"] {
            let text = VERSION_1.replacen(&format!("\"{key}\""), "\"x\"", 1);
            let error = serde_json::from_str::<Read>(&text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("snapshot has no `{key}`")), "{error}");
        }
        let other = serde_json::from_str::<TrackerSnapshot<(Mean, MinMax)>>(VERSION_1);
        let expected = "snapshot of version 1 does not name its statistic, \
                        expected version 2 for `mean+minmax`";
        assert!(other.unwrap_err().to_string().starts_with(expected));
    }

    fn read(text: &str) -> Result<TrackerSnapshot<Total>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn form_is_as_promised() {
        let snapshot = read(WRITTEN).unwrap();
        assert_eq!(serde_json::to_string(&snapshot).unwrap(), WRITTEN);
        assert_eq!((snapshot.unit(), order(&snapshot)), {
            (Unit::Milliseconds, vec![("jump", 0), ("run", 7)])
        });
        assert_eq!(snapshot.instances()[0].to_string(), "0123456789abcdef-0000002a");
        for (unit, written) in [
            (Unit::Nanoseconds, "nanoseconds"),
            (Unit::Microseconds, "microseconds"),
            (Unit::Seconds, "seconds"),
            (Unit::Minutes, "minutes"),
            (Unit::Hours, "hours"),
        ] {
            let text = WRITTEN.replace("milliseconds", written);
            let snapshot = read(&text).unwrap();
            assert_eq!((snapshot.unit(), serde_json::to_string(&snapshot).unwrap()), (unit, text));
        }
    }

    #[test]
    fn snapshots_that_no_tracker_made_are_refused() {
        let check = |old: &str, new: &str, expected: &str| {
            assert_eq!(WRITTEN.matches(old).count(), 1, "{old}");
            let refused = read(&WRITTEN.replace(old, new)).unwrap_err();
            assert!(refused.starts_with(expected), "{old} -> {new}: {refused}");
        };
        check(
            r#""version":2"#,
            r#""version":3"#,
            "snapshot has version 3, supported are 2 and, in JSON",
        );
        check(
            r#"{"header""#,
            r#"{"version":2,"header""#,
            "snapshot has version 2, supported are 2",
        );
        for key in ["header", "unit", "forgotten", "rows"] {
            check(&format!("\"{key}\""), "\"x\"", &format!("snapshot has no `{key}`"));
        }
        for key in ["version", "tag", "instances", "revision"] {
            check(&format!("\"{key}\""), "\"x\"", &format!("missing field `{key}`"));
        }
        check("x-total", "mean", "tag of the snapshot is `mean`, expected `x-total`");
        check(r#"["0123456789abcdef-0000002a"]"#, "[]", "snapshot names no instance");
        check("0123456789abcdef-0000002a", "jump", "snapshot names no instance");
        check(r#""run""#, r#""jump""#, r#"snapshot has the action "jump" twice"#);
        check(r#""run""#, r#"" ""#, "snapshot has an invalid action name");
        check(r#""run""#, r#""a\nb""#, "snapshot has an invalid action name");
        check("milliseconds", "days", "unknown variant `days`");
        check("[1,2]", "[1]", "invalid length 1");
        check(r#""count":1,"#, "", "missing field `count`");
    }

    #[test]
    fn rows_are_read_in_any_order() {
        let text = WRITTEN.replace(r#""first":0"#, r#""first":9"#);
        assert_eq!(order(&read(&text).unwrap()), [("run", 7), ("jump", 9)]);
    }

    #[test]
    fn a_tracker_is_restored_from_what_was_written() {
        let tracker = MergedTracker::<(Variance, MinMax, Quantiles, Values, Count)>::default();
        for time in [0.0, 0.5, 1e300, 5e-324, 123.0] {
            tracker.record("jump", time).unwrap();
            tracker.record("a \"name\" with \\ in it", time).unwrap();
        }
        let snapshot = tracker.snapshot();
        let text = serde_json::to_string(&snapshot).unwrap();
        let read: TrackerSnapshot<_> = serde_json::from_str(&text).unwrap();
        assert_eq!((&read, order(&read)), (&snapshot, order(&snapshot)));
        let restored = MergedTracker::restore(TrackerSpec::default(), &read).unwrap().snapshot();
        assert_eq!((&restored, order(&restored)), (&snapshot, order(&snapshot)));
    }
}
