//! Snapshots that pass through a tree of values, and through text as it stands.

use core_actions::{
    ActionTime, MergedTracker, MinMax, Quantiles, TopK, TrackerSnapshot, Values, WindowedSnapshot,
    WindowedTracker,
};
use serde_json::value::RawValue;
use serde_json::{Value, from_str, from_value, to_string, to_value};

type All = (MinMax, Values, Quantiles, TopK<3>);

fn times() -> [ActionTime; 5] {
    let time = |time: f64| ActionTime::try_from(time).unwrap();
    [time(0.1), time(7.0), time(5e-324), time(1e300), ActionTime::from((1_u64 << 53) - 1)]
}

fn snapshots() -> (TrackerSnapshot<All>, WindowedSnapshot<All>) {
    let spec = core_actions::WindowedSpec { bytes: usize::MAX, ..Default::default() };
    let (tracker, windowed) = (MergedTracker::default(), WindowedTracker::new(spec).unwrap());
    for time in times() {
        tracker.record("jump", time).unwrap();
        windowed.record("jump", time).unwrap();
    }
    (tracker.snapshot(), windowed.snapshot())
}

#[test]
fn the_features_are_on() {
    let number = "0.1000000000000000000000000000000000001";
    assert_eq!(to_string(&from_str::<Value>(number).unwrap()).unwrap(), number);
    assert_eq!(
        to_string(&from_str::<Value>(r#"{"b":1,"a":2}"#).unwrap()).unwrap(),
        r#"{"b":1,"a":2}"#
    );
}

#[test]
fn snapshots_pass_through_trees_and_raw_text() {
    let (tracker, windowed) = snapshots();
    assert_eq!(from_value::<TrackerSnapshot<_>>(to_value(&tracker).unwrap()).unwrap(), tracker);
    assert_eq!(from_value::<WindowedSnapshot<_>>(to_value(&windowed).unwrap()).unwrap(), windowed);
    let raw: Box<RawValue> = from_str(&to_string(&tracker).unwrap()).unwrap();
    assert_eq!(from_str::<TrackerSnapshot<All>>(raw.get()).unwrap(), tracker);
}

/// A tree makes floats of numbers that are read as floats, so what it may have rounded is refused.
#[test]
fn integers_that_a_tree_may_round_are_refused() {
    for integer in [1_u64 << 53, (1 << 53) + 1, u64::MAX - 2_048] {
        let time = ActionTime::from(integer);
        assert_eq!(from_str::<ActionTime>(&to_string(&time).unwrap()).unwrap(), time);
        let refused = from_value::<ActionTime>(to_value(time).unwrap()).unwrap_err().to_string();
        assert!(refused.ends_with("which may be rounded, read it from JSON text"), "{refused}");
    }
}
