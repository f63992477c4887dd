//! The feature `serde` is that of every layer.
#![cfg(feature = "serde")]

use facade::actions::{
    Count, MergedTracker, TrackerSnapshot, TrackerSnapshotError, WindowedSnapshot, WindowedTracker,
};
use facade::time::{CounterSnapshot, KeyedCounter, KeyedSnapshot};
use facade::time::{SnapshotError, SnapshotHeader, SnapshotHeaderError, Tag};
use facade::{Stamp, Windrow};

#[test]
fn snapshots_of_every_kind_are_read_back() {
    let windrow = Windrow::default();
    windrow.record_event();
    windrow.add_action_time("jump", 1).unwrap();
    let (events, actions) = (windrow.events().snapshot(), windrow.actions().snapshot());
    let windowed = WindowedTracker::<Count>::new(Default::default()).unwrap();
    windowed.record("jump", 1).unwrap();
    let windowed = windowed.snapshot();
    let keyed = KeyedCounter::<String>::new(Default::default()).unwrap();
    keyed.record("alice").unwrap();
    let keyed = keyed.snapshot();

    let written = serde_json::to_string(&(&events, &actions, &windowed, &keyed)).unwrap();
    let read: (CounterSnapshot, TrackerSnapshot<_>, WindowedSnapshot<Count>, KeyedSnapshot<_>) =
        serde_json::from_str(&written).unwrap();
    assert_eq!(read, (events, actions, windowed, keyed));
    assert!(read.0.at() > Stamp::UNIX_EPOCH);
}

#[test]
fn headers_of_every_kind_are_merged_by_the_same_rules() {
    let [one, two] = [(); 2].map(|()| MergedTracker::<Count>::default().snapshot());
    let header = |tag, of: &TrackerSnapshot<Count>, revision| {
        SnapshotHeader::new(tag, of.instances().clone(), revision)
    };
    let (count, mean) = (Tag::standard("count"), Tag::standard("mean"));
    let most = SnapshotHeader::REVISION_MAX;
    let largest = header(count, &one, most);
    assert_eq!(largest.merged(&header(count, &two, 0)).unwrap().revision(), most);
    let refused = largest.merged(&header(count, &two, 1)).unwrap_err();
    assert_eq!(refused, SnapshotHeaderError::RevisionTooLarge { found: most + 1, max: most });
    assert_eq!(SnapshotError::from(refused.clone()), SnapshotError::Header(refused.clone()));
    let wrapped = TrackerSnapshotError::from(refused.clone());
    assert_eq!(wrapped, TrackerSnapshotError::Header(refused));
    let refused = largest.merged(&header(mean, &two, 1)).unwrap_err();
    assert_eq!(refused.to_string(), "tag of the snapshot is `mean`, expected `count`");
}
