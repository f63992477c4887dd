//! Promise A9, of statistics by time: merged snapshots equal one tracker that saw everything, in
//! every window, to the bit; and what is refused changes nothing.

#![cfg(feature = "tracker")]

use std::time::Duration;

use core_actions::{
    ActionError, MinMax, Quantiles, TrackerSnapshotError, TrackerSpec, Unit, Variance,
    WindowedSnapshot, WindowedSpec, WindowedSpecError, WindowedTracker,
};
use core_time::{Clock as _, ManualClock, Stamp, WindowSpec};
use proptest::collection::vec;
use proptest::prelude::*;

type Full = (Variance, MinMax, Quantiles);
type Tracker = WindowedTracker<Full>;
type Snapshot = WindowedSnapshot<Full>;

const SPAN: Duration = Duration::from_secs(10);
const START: Stamp = Stamp::from_secs(1_000);
const NAMES: [&str; 3] = ["jump", "run", "a name longer than sixteen bytes"];

fn window_spec() -> WindowSpec {
    WindowSpec::builder().span(SPAN).tolerance(Duration::from_secs(2)).build().unwrap()
}

fn spec() -> WindowedSpec {
    WindowedSpec { window: window_spec(), ..WindowedSpec::default() }
}

fn at(clock: &ManualClock) -> Tracker {
    Tracker::with_clock(spec(), clock.clone()).unwrap()
}

fn merged<'a>(snapshots: impl IntoIterator<Item = &'a Snapshot>) -> Snapshot {
    let mut snapshots = snapshots.into_iter();
    let mut all = snapshots.next().unwrap().clone();
    snapshots.for_each(|snapshot| all.merge(snapshot).unwrap());
    all
}

/// Returns the rows of every window, sorted by name.
fn windows(tracker: &Tracker) -> Vec<Vec<(String, Full)>> {
    let window = |secs| tracker.window(Duration::from_secs(secs)).unwrap();
    let rows = (0..=SPAN.as_secs()).map(|secs| window(secs).rows().to_vec());
    let told = rows.map(|rows| {
        let mut told: Vec<_> =
            rows.iter().map(|row| (row.name().to_owned(), row.statistic().clone())).collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        told
    });
    told.collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// Which tracker records which action, how long it took, when, and how far the clock goes.
    #[test]
    fn merged_snapshots_equal_one_tracker_that_saw_everything(
        records in vec((0..3_usize, 0..NAMES.len(), 0.0..1e9, -10..3_i64, 0..3_u64), 0..80)
    ) {
        let clock = ManualClock::new(START);
        let (one, parts) = (at(&clock), [(); 3].map(|()| at(&clock)));
        for &(part, name, time, after, secs) in &records {
            clock.advance(Duration::from_secs(secs));
            let stamp = Stamp::from_nanos(clock.now().as_nanos() + after * 1_000_000_000);
            for tracker in [&one, &parts[part]] {
                tracker.record_at(NAMES[name], time, stamp).unwrap();
            }
        }
        let expected = windows(&one);
        let one = one.snapshot();
        let [a, b, c] = parts.each_ref().map(Tracker::snapshot);
        for whole in [
            merged([&a, &b, &c]),
            merged([&c, &a, &b]),
            merged([&a, &merged([&b, &c])]),
            merged([&merged([&c, &b]), &a]),
        ] {
            prop_assert_eq!(&whole, &one);
            prop_assert_eq!((whole.at(), whole.since()), (one.at(), one.since()));
            let clock = ManualClock::new(whole.at());
            let restored = Tracker::restore_with_clock(spec(), &whole, clock).unwrap();
            prop_assert_eq!(windows(&restored), expected.clone());
            prop_assert_eq!(restored.snapshot(), whole);
        }
        let into = at(&clock);
        [&c, &a, &b].into_iter().for_each(|snapshot| into.merge(snapshot).unwrap());
        prop_assert_eq!(windows(&into), expected);
        prop_assert_eq!(into.snapshot(), one);
    }
}

#[test]
fn a_restored_tracker_goes_on() {
    let clock = ManualClock::new(START);
    let mut snapshot = at(&clock).snapshot();
    for restart in 1..1_100_u64 {
        let tracker = Tracker::restore_with_clock(spec(), &snapshot, clock.clone()).unwrap();
        assert!(tracker.merge(&snapshot).is_err(), "its own");
        tracker.record("jump", 1).unwrap();
        snapshot = tracker.snapshot();
        assert_eq!((snapshot.instances().len(), snapshot.since()), (1, START));
        let rows = tracker.window(SPAN).unwrap();
        assert_eq!(rows.rows()[0].count(), restart.min(10));
        clock.advance(Duration::from_secs(1));
    }
}

/// A tracker of another tolerance, with a record in each second up to its limits.
fn tolerant(seconds: u64, clock: &ManualClock) -> Tracker {
    let tolerance = Duration::from_secs(seconds);
    let window = WindowSpec::builder().span(SPAN).tolerance(tolerance).build().unwrap();
    let spec = WindowedSpec { window, ..WindowedSpec::default() };
    let tracker = Tracker::with_clock(spec, clock.clone()).unwrap();
    for age in 0..10 {
        tracker.record_at("jump", 1, START - Duration::from_secs(age)).unwrap();
    }
    tracker.record_at("ahead", 1, START + tolerance).unwrap();
    tracker.record(&format!("only of {seconds}"), 1).unwrap();
    tracker
}

#[test]
fn of_two_tolerances_the_larger_remains() {
    let clock = ManualClock::new(START);
    let (cautious, bold) = (tolerant(2, &clock).snapshot(), tolerant(6, &clock).snapshot());
    for [one, two] in [[&cautious, &bold], [&bold, &cautious]] {
        let mut both = one.clone();
        both.merge(two).unwrap();
        assert_eq!(both.window_spec(), bold.window_spec());
        for row in both.rows() {
            assert_eq!(row.statistic().finest().reach(), 17, "{}", row.name());
        }
        let spec = WindowedSpec { window: both.window_spec().clone(), ..WindowedSpec::default() };
        let restored = Tracker::restore_with_clock(spec, &both, clock.clone()).unwrap();
        assert_eq!(restored.get("jump", SPAN).unwrap().count(), 20);
        clock.advance(Duration::from_secs(6));
        assert_eq!(restored.get("ahead", SPAN).unwrap().count(), 2);
        clock.set(START);
    }
}

#[test]
fn windows_are_equal_in_any_order_of_tolerances() {
    let clock = ManualClock::new(START);
    let all = [2, 6, 4].map(|seconds| tolerant(seconds, &clock).snapshot());
    let merged = |order: [usize; 3]| {
        let mut merged = all[order[0]].clone();
        order[1..].iter().for_each(|&next| merged.merge(&all[next]).unwrap());
        merged
    };
    let expected = merged([0, 1, 2]);
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(merged(order), expected, "{order:?}");
    }
}

#[test]
fn tracker_keeps_its_tolerance() {
    let clock = ManualClock::new(START);
    let (mine, theirs) = (tolerant(2, &clock), tolerant(6, &clock));
    let ahead = mine.merge(&theirs.snapshot()).unwrap_err().to_string();
    assert_eq!(ahead, "snapshot ends at 1006.000000000s, which is 6s ahead of the clock");
    clock.advance(Duration::from_secs(3));
    mine.merge(&theirs.snapshot()).unwrap();
    let snapshot = mine.snapshot();
    assert_eq!(snapshot.window_spec().tolerance(), Duration::from_secs(2));
    for row in snapshot.rows() {
        assert_eq!(row.statistic().finest().reach(), 13, "{}", row.name());
    }
    clock.set(START);
    let later = tolerant(6, &clock);
    later.merge(&tolerant(2, &clock).snapshot()).unwrap();
    assert_eq!(later.snapshot().rows()[0].statistic().finest().reach(), 17);
    assert_eq!(later.get("jump", SPAN).unwrap().count(), 20);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let clock = ManualClock::new(START);
    let tracker = at(&clock);
    tracker.record("jump", 1).unwrap();
    let before = tracker.snapshot();
    let refuses = |snapshot: &Snapshot| {
        let refused = tracker.merge(snapshot).unwrap_err();
        assert_eq!((&tracker.snapshot(), tracker.snapshot().since()), (&before, START));
        refused
    };

    // Other buckets, or rings that are longer.
    let coarse = window_spec().resolution() * 2;
    let wide = WindowSpec::builder().span(SPAN).resolution(coarse).build().unwrap();
    let long = WindowSpec::builder().span(SPAN * 2).build().unwrap();
    for window in [wide, long] {
        let spec = WindowedSpec { window: window.clone(), ..WindowedSpec::default() };
        let other = Tracker::with_clock(spec, clock.clone()).unwrap();
        other.record_at("run", 1, START - Duration::from_secs(5)).unwrap();
        let expected = TrackerSnapshotError::OtherWindow { found: window, expected: window_spec() };
        assert_eq!(refuses(&other.snapshot()), expected);
        assert_eq!(before.clone().merge(&other.snapshot()), Err(expected));
    }

    // Ahead of the clock: the moment, or a bucket.
    let soon = ManualClock::new(START + Duration::from_secs(3));
    let ahead = at(&soon);
    ahead.record("run", 1).unwrap();
    let expected = "snapshot ends at 1004.000000000s, which is 4s ahead";
    tracker.merge(&ahead.snapshot()).unwrap();
    tracker.reset();
    tracker.record("jump", 1).unwrap();
    soon.advance(Duration::from_secs(1));
    let refused = refuses(&ahead.snapshot());
    assert!(refused.to_string().starts_with(expected), "{refused}");
    soon.set(START + Duration::from_secs(2));
    ahead.record_at("run", 1, START + Duration::from_secs(4)).unwrap();
    soon.set(START);
    assert!(refuses(&ahead.snapshot()).to_string().starts_with(expected), "of a bucket");

    // Of the same tracker, and in another unit.
    assert!(matches!(refuses(&before), TrackerSnapshotError::Instances(_)));
    let unit = TrackerSpec { unit: Unit::Seconds, ..spec().tracker };
    let seconds = WindowedSpec { tracker: unit, ..spec() };
    let seconds = Tracker::with_clock(seconds, clock.clone()).unwrap();
    assert!(matches!(refuses(&seconds.snapshot()), TrackerSnapshotError::OtherUnit { .. }));

    let small = WindowedSpec { bytes: 1, ..spec() };
    let restored = Tracker::restore(small, &before).map(drop);
    assert!(matches!(
        restored,
        Err(TrackerSnapshotError::Tracker(WindowedSpecError::TooLarge { .. }))
    ));
    let late = tracker.record_at("jump", 1, START - Duration::from_secs(11));
    assert!(matches!(late, Err(ActionError::Stamp(_))));
}

#[cfg(feature = "serde")]
mod wire {
    use core_actions::Count;

    use super::*;

    /// The form that is promised: version 2.
    const WRITTEN: &str = concat!(
        r#"{"header":{"version":2,"tag":"window(count)","instances":["#,
        r#""0123456789abcdef-0000002a"],"revision":1},"window":{"at":1002000000000,"#,
        r#""since":1000000000000,"resolution":1000000000,"span":10000000000,"#,
        r#""tolerance":2000000000},"unit":"nanoseconds","forgotten":[0,0],"rows":["#,
        r#"{"action":"jump","first":0,"statistic":"#,
        r#"{"reach":13,"buckets":[[1000,2],[1002,1]]}}]}"#,
    );

    /// Version 1, as it is kept by those who wrote it.
    const VERSION_1: &str = concat!(
        r#"{"version":1,"at":1002000000000,"since":1000000000000,"#,
        r#""resolution":1000000000,"span":10000000000,"tolerance":2000000000,"tracker":"#,
        r#"{"version":1,"instances":["0123456789abcdef-0000002a"],"unit":"nanoseconds","#,
        r#""taken":1,"forgotten":[0,0],"rows":["#,
        r#"{"action":"jump","first":0,"statistic":"#,
        r#"{"reach":13,"buckets":[[1000,2],[1002,1]]}}]}}"#,
    );

    /// The same of two tiers, under another tag: five buckets of two seconds hold the span.
    const OF_TIERS: &str = concat!(
        r#"{"header":{"version":2,"tag":"tiers(count)","instances":["#,
        r#""0123456789abcdef-0000002a"],"revision":1},"window":{"at":1002000000000,"#,
        r#""since":1000000000000,"resolution":1000000000,"span":10000000000,"#,
        r#""tolerance":2000000000,"coarser":[{"resolution":5000000000,"span":60000000000}]},"#,
        r#""unit":"nanoseconds","forgotten":[0,0],"rows":["#,
        r#"{"action":"jump","first":0,"statistic":[{"reach":13,"buckets":[[1000,2],[1002,1]]},"#,
        r#"{"reach":14,"buckets":[[198,4],[200,3]]}]}]}"#,
    );

    #[test]
    fn form_with_tiers_is_as_promised() {
        let snapshot = read(OF_TIERS).unwrap();
        assert_eq!(serde_json::to_string(&snapshot).unwrap(), OF_TIERS);
        let bytes = postcard::to_allocvec(&snapshot).unwrap();
        assert_eq!(postcard::from_bytes::<WindowedSnapshot<Count>>(&bytes).unwrap(), snapshot);
        let window = snapshot.window_spec().clone();
        assert_eq!(window.tiers().len(), 2);
        let spec = WindowedSpec { window: window.clone(), ..WindowedSpec::default() };
        let clock = ManualClock::new(snapshot.at());
        let tracker = WindowedTracker::restore_with_clock(spec, &snapshot, clock).unwrap();
        let count = |secs| tracker.get("jump", Duration::from_secs(secs)).unwrap().count();
        assert_eq!([1, 3, 10, 11, 60].map(count), [1, 3, 3, 7, 7]);

        // Other tiers are refused, and the error names both.
        let expected = TrackerSnapshotError::OtherWindow { found: window, expected: window_spec() };
        let one = read(WRITTEN).unwrap();
        assert_eq!(one.clone().merge(&snapshot), Err(expected.clone()));
        let clock = ManualClock::new(snapshot.at());
        let tracker = WindowedTracker::with_clock(super::spec(), clock).unwrap();
        assert_eq!(tracker.merge(&snapshot), Err(expected.clone()));
        let text = expected.to_string();
        assert!(text.contains("span: 10s") && text.contains("span: 60s"), "{text}");
    }

    #[test]
    fn snapshots_with_other_tiers_than_they_say_are_refused() {
        let check = |old: &str, new: &str, expected: &str| {
            let refused = read(&OF_TIERS.replacen(old, new, 1)).unwrap_err();
            assert!(refused.starts_with(expected), "{old} -> {new}: {refused}");
        };
        check("tiers(count)", "window(count)", "snapshot has rings of 2 tiers, expected 1");
        let coarser = r#""coarser":[{"resolution":5000000000,"span":60000000000}]"#;
        check(coarser, r#""coarser":[]"#, "snapshot has rings of 1 tier, expected 2");
        check(&format!(",{coarser}"), "", "snapshot has rings of 1 tier, expected 2");
        let second = r#",{"reach":14,"buckets":[[198,4],[200,3]]}"#;
        check(second, "", "snapshot has rings of 1 tier, expected 2");
        check(second, &second.repeat(2), "snapshot has rings of 3 tiers, expected 2");
        check(r#""reach":14"#, r#""reach":15"#, "snapshot has a ring of 15 buckets, expected 14");
        check(r#""resolution":5000000000"#, r#""resolution":1"#, "snapshot has an invalid window");
        check("tiers(count)", "count", "tag of the snapshot is `count`, expected `window(count)`");
        let ring = &format!(r#"[{{"reach":13,"buckets":[[1000,2],[1002,1]]}}{second}]"#);
        check(ring, r#"{"reach":13,"buckets":[]}"#, "snapshot has rings of 1 tier, expected 2");
        check(
            ring,
            "3",
            "invalid type: integer `3`, expected a ring of buckets, or a list of rings",
        );
        // Every cut of the bytes is an error, and none panics.
        let bytes = postcard::to_allocvec(&read(OF_TIERS).unwrap()).unwrap();
        for len in 0..bytes.len() {
            assert!(postcard::from_bytes::<WindowedSnapshot<Count>>(&bytes[..len]).is_err());
        }
    }

    fn read(text: &str) -> Result<WindowedSnapshot<Count>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn version_1_is_read_where_it_is_of_one_statistic() {
        let snapshot = read(VERSION_1).unwrap();
        assert_eq!(snapshot, read(WRITTEN).unwrap());
        assert_eq!((snapshot.at(), snapshot.revision()), (Stamp::from_secs(1_002), 1));
        let text = VERSION_1.replace("[[1000,2],[1002,1]]", "[[1000,[2,2]]]");
        let refused = serde_json::from_str::<WindowedSnapshot<MinMax>>(&text).unwrap_err();
        let expected = "snapshot of version 1 does not name its statistic, \
                        expected version 2 for `window(minmax)`";
        assert!(refused.to_string().starts_with(expected), "{refused}");
    }

    #[test]
    fn form_is_as_promised() {
        let snapshot = read(WRITTEN).unwrap();
        assert_eq!(serde_json::to_string(&snapshot).unwrap(), WRITTEN);
        assert_eq!(snapshot.window_spec(), &window_spec());
        let clock = ManualClock::new(snapshot.at());
        let tracker = WindowedTracker::restore_with_clock(spec(), &snapshot, clock).unwrap();
        let count = |secs| tracker.window(Duration::from_secs(secs)).unwrap().rows()[0].count();
        assert_eq!([1, 2, 3, 10].map(count), [1, 1, 3, 3]);
        let bytes = postcard::to_allocvec(&snapshot).unwrap();
        assert_eq!(postcard::from_bytes::<WindowedSnapshot<Count>>(&bytes).unwrap(), snapshot);
    }

    #[test]
    fn snapshots_that_no_tracker_made_are_refused() {
        let check = |old: &str, new: &str, expected: &str| {
            let refused = read(&WRITTEN.replacen(old, new, 1)).unwrap_err();
            assert!(refused.starts_with(expected), "{old} -> {new}: {refused}");
        };
        check(
            r#""version":2"#,
            r#""version":3"#,
            "snapshot has version 3, supported are 2 and, in JSON",
        );
        for key in ["header", "window", "unit", "forgotten", "rows"] {
            check(&format!("\"{key}\""), "\"x\"", &format!("snapshot has no `{key}`"));
        }
        for key in ["at", "since", "resolution", "span", "tolerance"] {
            check(&format!("\"{key}\""), "\"x\"", &format!("missing field `{key}`"));
        }
        check("window(count)", "count", "tag of the snapshot is `count`, expected `window(count)`");
        let other = "snapshot has a ring of 1000 buckets, expected 13";
        check(r#""reach":13"#, r#""reach":1000"#, other);
        check("[1002,1]", "[1000,1]", "bucket 1000 follows bucket 1000, buckets must ascend");
        let far = "bucket 1000 is more than 13 buckets behind bucket 1014";
        check("[1002,1]", "[1014,1]", far);
        let edges = format!("[[{},2],[{},1]]", i64::MIN, i64::MAX);
        check("[[1000,2],[1002,1]]", &edges, "bucket -9223372036854775808 is more than");
        check(r#""resolution":1000000000"#, r#""resolution":0"#, "snapshot has an invalid window");
        check(r#""span":10000000000"#, r#""span":1"#, "snapshot has an invalid window");
    }
}
