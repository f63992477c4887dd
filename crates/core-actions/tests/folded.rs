//! The row of folded actions, next to an action that has the name it is shown by.

#![cfg(feature = "tracker")]

use std::time::Duration;

use core_actions::{
    ActionError, ActionWindow, Count, MergedTracker, Row, TrackerSnapshotError, TrackerSpec,
    WhenFull, WindowedSpec, WindowedTracker,
};
use core_time::{ManualClock, Stamp};

const OTHER: &str = WhenFull::OTHER;

fn folding(actions: usize) -> TrackerSpec {
    TrackerSpec { actions, when_full: WhenFull::Fold, ..TrackerSpec::default() }
}

/// A tracker of an action with the name of the folded row, once, and of folded ones.
fn tracker(folded: u64) -> MergedTracker<Count> {
    let tracker = MergedTracker::new(folding(1));
    tracker.record(OTHER, 1).unwrap();
    (0..folded).for_each(|_| tracker.record("folded", 1).unwrap());
    tracker
}

fn rows<'r>(rows: impl IntoIterator<Item = &'r Row<Count>>) -> Vec<(&'r str, bool, u64)> {
    rows.into_iter().map(|row| (row.name(), row.is_other(), row.count())).collect()
}

#[test]
fn folded_row_is_not_the_action_of_its_name() {
    let tracker = tracker(2);
    let [real, folded] = [OTHER, "b"].map(|name| tracker.action(name).unwrap());
    real.record(1_u64);
    folded.record(1_u64);
    let names = [&real, &folded].map(|handle| (handle.name(), handle.is_other()));
    assert_eq!(names, [(OTHER, false), (OTHER, true)]);
    assert_eq!(rows(&tracker.stats()), [(OTHER, false, 2), (OTHER, true, 3)]);
    // No text of a caller's is the name under which it is kept.
    assert!(matches!(tracker.record("", 1), Err(ActionError::Name(_))));
    assert!(matches!(tracker.action(""), Err(ActionError::Name(_))));
    assert_eq!(rows(&tracker.stats()), [(OTHER, false, 2), (OTHER, true, 3)]);
}

#[test]
fn snapshots_merge_folded_rows_with_folded_rows() {
    let (one, two) = (tracker(2), tracker(3));
    let mut both = one.snapshot();
    both.merge(&two.snapshot()).unwrap();
    assert_eq!(rows(both.rows()), [(OTHER, false, 2), (OTHER, true, 5)]);
    assert_ne!(one.snapshot(), two.snapshot());

    let into = MergedTracker::new(folding(1));
    into.merge(&both).unwrap();
    assert_eq!(into.snapshot(), both);
    // On top of the limit of a tracker that folds nothing by itself, too.
    let spec = TrackerSpec { when_full: WhenFull::Refuse, ..folding(1) };
    let restored = MergedTracker::<Count>::restore(spec, &both).unwrap();
    assert_eq!(restored.snapshot(), both);
    assert_eq!(restored.record("a", 1), Err(ActionError::Full { limit: 1 }));
    let full = MergedTracker::<Count>::restore(
        TrackerSpec { when_full: WhenFull::Refuse, ..folding(0) },
        &both,
    );
    assert_eq!(full.map(drop), Err(TrackerSnapshotError::Full { limit: 0 }));
}

#[test]
fn difference_of_folded_rows_is_theirs() {
    let tracker = tracker(2);
    let earlier = tracker.snapshot();
    tracker.record("folded", 1).unwrap();
    let since = tracker.snapshot().diff(&earlier).unwrap();
    assert_eq!(rows(&since), [(OTHER, true, 1)]);
}

#[test]
fn folded_row_of_a_window_has_a_series_of_its_own() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = WindowedSpec { tracker: folding(1), ..WindowedSpec::default() };
    let tracker = WindowedTracker::<Count>::with_clock(spec, clock.clone()).unwrap();
    tracker.record(OTHER, 1).unwrap();
    clock.advance(Duration::from_secs(1));
    tracker.record("a", 1).unwrap();
    tracker.record("b", 1).unwrap();
    let window = Duration::from_secs(2);
    let found = tracker.window(window).unwrap();
    assert_eq!(rows(found.rows()), [(OTHER, false, 1), (OTHER, true, 2)]);
    let counts = |series: Vec<ActionWindow<Count>>| {
        series.iter().map(|bucket| bucket.count()).collect::<Vec<_>>()
    };
    assert_eq!(counts(tracker.series(OTHER, window).unwrap()), [1, 0]);
    assert_eq!(counts(tracker.series_of_other(window).unwrap()), [0, 2]);
    assert_eq!(counts(tracker.series("", window).unwrap()), [0, 0]);
    assert_eq!(tracker.other(window).unwrap().count(), 2);
    assert_eq!(tracker.get(OTHER, window).unwrap().count(), 1);
    assert_eq!(tracker.get("", window).unwrap().count(), 0);
    let handle = tracker.action("c").unwrap();
    assert_eq!((handle.name(), handle.is_other()), (OTHER, true));
}

#[test]
fn reset_keeps_the_folded_row_apart() {
    let tracker = tracker(2);
    tracker.reset();
    ["a", "b", OTHER].into_iter().for_each(|name| tracker.record(name, 1).unwrap());
    assert_eq!(rows(&tracker.stats()), [("a", false, 1), (OTHER, true, 2)]);
}

#[cfg(feature = "serde")]
#[test]
fn folded_row_is_read_back_as_one() {
    use core_actions::TrackerSnapshot;

    let snapshot = tracker(2).snapshot();
    let json = serde_json::to_string(&snapshot).unwrap();
    assert!(json.contains(r#""action":"""#) && json.contains(r#""action":"(other)""#), "{json}");
    let read: TrackerSnapshot<Count> = serde_json::from_str(&json).unwrap();
    assert_eq!((rows(read.rows()), &read), (rows(snapshot.rows()), &snapshot));
    let bytes = postcard::to_allocvec(&snapshot).unwrap();
    assert_eq!(postcard::from_bytes::<TrackerSnapshot<Count>>(&bytes).unwrap(), snapshot);
    let twice = json.replace("(other)", "");
    let error = serde_json::from_str::<TrackerSnapshot<Count>>(&twice).unwrap_err().to_string();
    assert!(error.starts_with("snapshot has the action \"(other)\" twice"), "{error}");
}
