//! A snapshot names its statistic, and is never read as another one: of all pairs of forms, in
//! JSON and in a form for machines, in version 2 and in version 1.

#![cfg(all(feature = "serde", feature = "tracker"))]

use std::fmt::Debug;

use core_actions::{
    ActionTime, AsWords, Count, Held, Histogram, Last, Level, Mean, MergedTracker, MinMax,
    Quantiles, Signed, SignedValue, Statistic, Summary, Tag, Timestamped, TopK, TrackerSnapshot,
    TrackerSpec, Values, Variance, WindowedSnapshot, WindowedSpec, WindowedTracker,
};
use core_time::{CounterSnapshot, EventCounter, ManualClock, Stamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a snapshot is written as, and how one is read as this kind.
struct Kind {
    tag: String,
    json: String,
    version_1: String,
    bytes: Vec<u8>,
    read_json: fn(&str) -> Result<(), String>,
    read_bytes: fn(&[u8]) -> bool,
}

impl Kind {
    fn of<T: Serialize + DeserializeOwned>(tag: String, snapshot: &T) -> Self {
        let json = serde_json::to_string(snapshot).unwrap();
        Self {
            tag,
            version_1: version_1(&json),
            json,
            bytes: postcard::to_allocvec(snapshot).unwrap(),
            read_json: |text| {
                serde_json::from_str::<T>(text).map(drop).map_err(|error| error.to_string())
            },
            read_bytes: |bytes| postcard::from_bytes::<T>(bytes).is_ok(),
        }
    }
}

/// The same in version 1.
fn version_1(json: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(json).unwrap();
    let all = value.as_object_mut().unwrap();
    let header = all.remove("header").unwrap();
    all.insert("version".to_owned(), 1.into());
    all.insert("instances".to_owned(), header["instances"].clone());
    if all.contains_key("rows") {
        all.insert("taken".to_owned(), header["revision"].clone());
    }
    if let Some(window) = all.remove("window") {
        let tracker = value.clone();
        value = window;
        value["version"] = 1.into();
        value["tracker"] = tracker;
    }
    value.to_string()
}

/// Returns a snapshot of a tracker with these values recorded.
fn tracker<S>(values: &[S::Value]) -> Kind
where
    S: Statistic<Value: AsWords + Debug> + Serialize + DeserializeOwned,
{
    let tracker = MergedTracker::<S>::new(TrackerSpec::default());
    for &value in values {
        tracker.action("jump").unwrap().record(value);
    }
    Kind::of::<TrackerSnapshot<S>>(S::TAG.to_string(), &tracker.snapshot())
}

/// Returns a snapshot of a windowed tracker with these values recorded.
fn window<S>(values: &[S::Value]) -> Kind
where
    S: Statistic<Value: AsWords + Debug> + Serialize + DeserializeOwned,
{
    let spec = WindowedSpec { bytes: usize::MAX, ..WindowedSpec::default() };
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windowed = WindowedTracker::<S>::with_clock(spec, clock).unwrap();
    for &value in values {
        windowed.action("jump").unwrap().record(value);
    }
    Kind::of::<WindowedSnapshot<S>>(format!("window({})", S::TAG), &windowed.snapshot())
}

/// Returns a snapshot of each form that a row can have, with these values recorded.
///
/// Other statistics have the form of one of these. Windows nest the form of a tracker, so few show
/// all that can be taken for another.
fn all(values: &[u64]) -> Vec<Kind> {
    let times: Vec<_> = values.iter().map(|&value| ActionTime::from(value)).collect();
    let times = times.as_slice();
    let stamped =
        |(at, &time): (i64, &ActionTime)| Timestamped { stamp: Stamp::from_nanos(at), time };
    let stamped: Vec<_> = (0..).zip(times).map(stamped).collect();
    let signed: Vec<_> = values.iter().map(|&value| SignedValue::from(-(value as i64))).collect();
    let set = Stamp::from_nanos(1);
    let held: Vec<_> = signed.iter().map(|&value| Held { value, set, nanos: 2 }).collect();
    let counter = EventCounter::default();
    counter.record();
    vec![
        Kind::of::<CounterSnapshot>("events".to_owned(), &counter.snapshot()),
        tracker::<Count>(times),
        tracker::<Mean>(times),
        tracker::<Variance>(times),
        tracker::<Histogram>(times),
        tracker::<Quantiles>(times),
        tracker::<MinMax>(times),
        tracker::<TopK<2>>(times),
        tracker::<TopK<3>>(times),
        tracker::<Values>(times),
        tracker::<Last>(&stamped),
        tracker::<Summary>(times),
        tracker::<Signed<Mean>>(&signed),
        tracker::<Level>(&held),
        tracker::<(Mean,)>(times),
        tracker::<(Count, Count)>(times),
        tracker::<(Count, MinMax)>(times),
        tracker::<(Count, Quantiles)>(times),
        tracker::<(Quantiles, Count)>(times),
        window::<Count>(times),
        window::<Mean>(times),
        window::<MinMax>(times),
        window::<Last>(&stamped),
    ]
}

/// None, one and two that a pair of extremes could be, and as many as a histogram needs.
fn samples() -> [Vec<u64>; 5] {
    [vec![], vec![7], vec![64, 128], vec![0, 0, 64], (0..64).collect()]
}

#[test]
fn tags_are_standard_names() {
    for (tag, expected) in [
        (Count::TAG, "count"),
        (Mean::TAG, "mean"),
        (Variance::TAG, "variance"),
        (Histogram::TAG, "histogram"),
        (Quantiles::TAG, "quantiles"),
        (MinMax::TAG, "minmax"),
        (TopK::<2>::TAG, "top2"),
        (TopK::<3>::TAG, "top3"),
        (Values::TAG, "values"),
        (Last::TAG, "last"),
        (Summary::TAG, "summary"),
        (Signed::<Mean>::TAG, "signed(mean)"),
        (Signed::<MinMax>::TAG, "signed(minmax)"),
        (<(Signed<Count>, Signed<Quantiles>)>::TAG, "signed(count)+signed(quantiles)"),
        (Level::TAG, "level"),
        (<(Count,)>::TAG, "(count)"),
        (<(Mean,)>::TAG, "(mean)"),
        (<(Count, Count)>::TAG, "count+count"),
        (<(Count, MinMax)>::TAG, "count+minmax"),
        (<(Count, Quantiles)>::TAG, "count+quantiles"),
        (<(Quantiles, Count)>::TAG, "quantiles+count"),
        (<(Values, Histogram)>::TAG, "values+histogram"),
        (<(((Count, Count),), Count)>::TAG, "((count+count))+count"),
        (<(Mean, MinMax, Quantiles)>::TAG, "mean+minmax+quantiles"),
        (<((Mean, MinMax), Quantiles)>::TAG, "(mean+minmax)+quantiles"),
        (<(Mean, (MinMax, Quantiles))>::TAG, "mean+(minmax+quantiles)"),
    ] {
        assert_eq!(tag.to_string(), expected);
    }
}

#[test]
fn snapshots_are_written_with_the_tag_of_their_kind() {
    for kind in all(&[1]) {
        let written: serde_json::Value = serde_json::from_str(&kind.json).unwrap();
        assert_eq!(written["header"]["tag"], *kind.tag);
    }
}

#[test]
fn a_snapshot_is_read_as_nothing_but_what_it_is() {
    for values in samples() {
        let all = all(&values);
        for written in &all {
            for reader in &all {
                let (found, needed) = (&written.tag, &reader.tag);
                let is_same = found == needed;
                match (reader.read_json)(&written.json) {
                    Ok(()) => assert!(is_same, "{found} is read as {needed}"),
                    Err(error) => {
                        let expected =
                            format!("tag of the snapshot is `{found}`, expected `{needed}`");
                        assert!(!is_same && error.starts_with(&expected), "{error}");
                    }
                }
                let is_read = (reader.read_bytes)(&written.bytes);
                assert_eq!(is_read, is_same, "{found} as {needed}, in bytes");
            }
        }
    }
}

/// The statistics whose form in version 1 no other has.
const DISTINCT: [&str; 10] = [
    "events",
    "count",
    "mean",
    "variance",
    "histogram",
    "quantiles",
    "last",
    "(mean)",
    "count+quantiles",
    "quantiles+count",
];

#[test]
fn version_1_is_read_as_what_it_is_or_refused() {
    for values in samples() {
        let all = all(&values);
        for written in &all {
            for reader in &all {
                let (found, needed) = (&written.tag, &reader.tag);
                let statistic = needed.strip_prefix("window(").map(|rest| &rest[..rest.len() - 1]);
                let is_distinct = DISTINCT.contains(&statistic.unwrap_or(needed));
                let read = (reader.read_json)(&written.version_1);
                // Without a record there is nothing that could be taken for something else.
                let is_same = found == needed || values.is_empty() && read.is_ok();
                assert_eq!(read.is_ok(), is_same && is_distinct, "{found} as {needed}: {read:?}");
                if !is_distinct && found == needed {
                    let refused = read.unwrap_err();
                    let expected = "snapshot of version 1 does not name its statistic, \
                                    expected version 2 for `";
                    assert!(refused.starts_with(expected), "{refused}");
                }
            }
        }
    }
}

#[test]
fn a_custom_statistic_is_not_read_in_version_1() {
    #[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize)]
    struct Own(u64);

    impl Statistic for Own {
        type Value = ActionTime;

        const TAG: Tag = Tag::own("x-own");

        fn insert(&mut self, _: ActionTime) {
            self.0 += 1;
        }

        fn merge(&mut self, other: &Self) {
            self.0 += other.0;
        }
    }

    let zero = &[ActionTime::ZERO];
    let (own, window, count) = (tracker::<Own>(zero), window::<Own>(zero), tracker::<Count>(zero));
    assert!(own.tag == "x-own" && window.tag == "window(x-own)");
    let refused = (count.read_json)(&own.json).unwrap_err();
    assert!(refused.starts_with("tag of the snapshot is `x-own`, expected `count`"), "{refused}");
    let refused = (own.read_json)(&own.version_1).unwrap_err();
    assert!(refused.starts_with("snapshot of version 1 does not name its statistic"), "{refused}");
    let windowed = serde_json::from_str::<WindowedSnapshot<Own>>(&window.json);
    assert_eq!(windowed.unwrap().rows().len(), 1);
}
