//! A snapshot names its statistic, and is never read as another one: of all pairs that ship, in
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

/// Returns both kinds of trackers of a statistic, with these values recorded.
fn kinds<S>(values: &[S::Value]) -> [Kind; 2]
where
    S: Statistic<Value: AsWords + Debug> + Serialize + DeserializeOwned,
{
    let tracker = MergedTracker::<S>::new(TrackerSpec::default());
    let spec = WindowedSpec { bytes: usize::MAX, ..WindowedSpec::default() };
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windowed = WindowedTracker::<S>::with_clock(spec, clock).unwrap();
    for &value in values {
        tracker.action("jump").unwrap().record(value);
        windowed.action("jump").unwrap().record(value);
    }
    let [tag, inner] = [S::TAG; 2].map(|tag| tag.to_string());
    let window: Kind = Kind::of(format!("window({inner})"), &windowed.snapshot());
    [Kind::of::<TrackerSnapshot<S>>(tag, &tracker.snapshot()), window]
}

fn all(values: &[u64]) -> Vec<Kind> {
    let times: Vec<_> = values.iter().map(|&value| ActionTime::from(value)).collect();
    let times = times.as_slice();
    let stamped =
        |(at, &time): (i64, &ActionTime)| Timestamped { stamp: Stamp::from_nanos(at), time };
    let stamped: Vec<_> = (0..).zip(times).map(stamped).collect();
    let counter = EventCounter::default();
    counter.record();
    let mut all = vec![Kind::of::<CounterSnapshot>("events".to_owned(), &counter.snapshot())];
    all.extend(kinds::<Count>(times));
    all.extend(kinds::<Mean>(times));
    all.extend(kinds::<Variance>(times));
    all.extend(kinds::<Histogram>(times));
    all.extend(kinds::<Quantiles>(times));
    all.extend(kinds::<MinMax>(times));
    all.extend(kinds::<TopK<2>>(times));
    all.extend(kinds::<TopK<3>>(times));
    all.extend(kinds::<Values>(times));
    all.extend(kinds::<Last>(&stamped));
    all.extend(kinds::<Summary>(times));
    let signed: Vec<_> = values.iter().map(|&value| SignedValue::from(-(value as i64))).collect();
    all.extend(kinds::<Signed<Mean>>(&signed));
    all.extend(kinds::<Signed<MinMax>>(&signed));
    all.extend(kinds::<(Signed<Count>, Signed<Quantiles>)>(&signed));
    let set = Stamp::from_nanos(1);
    let held: Vec<_> = signed.iter().map(|&value| Held { value, set, nanos: 2 }).collect();
    all.extend(kinds::<Level>(&held));
    all.extend(kinds::<(Count,)>(times));
    all.extend(kinds::<(Mean,)>(times));
    all.extend(kinds::<(Count, Count)>(times));
    all.extend(kinds::<(Count, MinMax)>(times));
    all.extend(kinds::<(Count, Quantiles)>(times));
    all.extend(kinds::<(Quantiles, Count)>(times));
    all.extend(kinds::<(Values, Histogram)>(times));
    all.extend(kinds::<(((Count, Count),), Count)>(times));
    all.extend(kinds::<(Mean, MinMax, Quantiles)>(times));
    all.extend(kinds::<((Mean, MinMax), Quantiles)>(times));
    all.extend(kinds::<(Mean, (MinMax, Quantiles))>(times));
    all
}

/// None, one and two that a pair of extremes could be, and as many as a histogram needs.
fn samples() -> [Vec<u64>; 5] {
    [vec![], vec![7], vec![64, 128], vec![0, 0, 64], (0..64).collect()]
}

#[test]
fn tags_are_standard_names() {
    let tags: Vec<_> = all(&[1]).into_iter().map(|kind| kind.tag).collect();
    let expected = [
        ["count", "mean", "variance", "histogram", "quantiles"].as_slice(),
        &["minmax", "top2", "top3", "values", "last", "summary"],
        &["signed(mean)", "signed(minmax)", "signed(count)+signed(quantiles)", "level"],
        &["(count)", "(mean)", "count+count", "count+minmax", "count+quantiles"],
        &["quantiles+count", "values+histogram", "((count+count))+count"],
        &["mean+minmax+quantiles", "(mean+minmax)+quantiles", "mean+(minmax+quantiles)"],
    ];
    let expected =
        expected.concat().into_iter().flat_map(|tag| [tag.into(), format!("window({tag})")]);
    assert_eq!(tags[0], "events");
    assert_eq!(tags[1..], expected.collect::<Vec<_>>());
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

    let [own, window] = kinds::<Own>(&[ActionTime::ZERO]);
    let [count, _] = kinds::<Count>(&[ActionTime::ZERO]);
    assert!(own.tag == "x-own" && window.tag == "window(x-own)");
    let refused = (count.read_json)(&own.json).unwrap_err();
    assert!(refused.starts_with("tag of the snapshot is `x-own`, expected `count`"), "{refused}");
    let refused = (own.read_json)(&own.version_1).unwrap_err();
    assert!(refused.starts_with("snapshot of version 1 does not name its statistic"), "{refused}");
    let windowed = serde_json::from_str::<WindowedSnapshot<Own>>(&window.json);
    assert_eq!(windowed.unwrap().rows().len(), 1);
}
