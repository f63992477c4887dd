//! Snapshots: their content, merges and refusals. Promise T10.

#![cfg(feature = "counter")]

use std::time::Duration;

use core_time::{
    Clock, CounterDelta, CounterSnapshot, EventCounter, Instance, InstanceError, Instances,
    ManualClock, RefusedCounts, SnapshotError, Stamp, Tier, WindowSpec,
};
use proptest::prelude::*;

const NOW: i64 = 1_000;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn at(secs: i64) -> Stamp {
    Stamp::from_secs(secs)
}

/// Seconds as far back as 8 s, and 5 s as far back as 60 s.
fn tiers() -> WindowSpec {
    let coarse = Tier { resolution: secs(5), span: secs(60) };
    WindowSpec::builder().span(secs(8)).tier(coarse).build().unwrap()
}

fn counter(spec: WindowSpec) -> (EventCounter, ManualClock) {
    let clock = ManualClock::new(at(NOW));
    (EventCounter::with_clock(spec, clock.clone()), clock)
}

/// Compares all but the instances.
#[track_caller]
fn check_contents(found: &CounterSnapshot, expected: &CounterSnapshot) {
    let contents = |snapshot: &CounterSnapshot| {
        let series: Vec<_> = snapshot.series().collect();
        (snapshot.at(), snapshot.since(), snapshot.total(), snapshot.refused(), series)
    };
    assert_eq!(contents(found), contents(expected));
}

#[test]
fn snapshot_has_each_bucket_of_each_tier() {
    let (counter, clock) = counter(tiers());
    counter.record_at(at(NOW - 3), 2).unwrap();
    counter.record_at(at(NOW - 30), 4).unwrap();
    counter.record_at(at(NOW - 300), 8).unwrap_err();
    clock.advance(secs(1));
    counter.record();
    let snapshot = counter.snapshot();
    assert_eq!((snapshot.at(), snapshot.since()), (at(NOW + 1), at(NOW - 30)));
    assert_eq!((snapshot.total(), snapshot.refused().too_old), (7, 8));
    assert_eq!(snapshot.spec(), counter.spec());
    let series: Vec<_> = snapshot.series().collect();
    assert_eq!(series[0].counts[series[0].counts.len() - 5..], [2, 0, 0, 0, 1]);
    assert_eq!((series[1].from, &series[1].counts), (at(970), &vec![4, 0, 0, 0, 0, 2, 1]));
    assert_eq!(counter.snapshot(), snapshot); // To take one changes nothing.
}

#[test]
fn restored_counter_answers_as_the_original() {
    let (counter, clock) = counter(tiers());
    for events in 1..40 {
        clock.advance(secs(2));
        counter.record_many(events);
        counter.record_at(clock.now() - secs(7), 1).unwrap();
    }
    clock.advance(secs(1)); // The newest bucket is over, so that nothing in it can be ahead.
    let restored = EventCounter::restore_with_clock(&counter.snapshot(), clock.clone()).unwrap();
    for window in [1, 2, 7, 8, 9, 15, 60].map(secs) {
        assert_eq!(restored.count(window), counter.count(window), "past {window:?}");
        assert_eq!(restored.series(window), counter.series(window), "past {window:?}");
    }
    assert_eq!(restored.total(), counter.total());
    check_contents(&restored.snapshot(), &counter.snapshot());
    clock.advance(secs(3));
    restored.record_many(5);
    assert_eq!(restored.count(secs(1)).unwrap().events, 5);
}

#[test]
fn what_is_too_old_for_the_ring_is_only_in_the_total() {
    let (first, _) = counter(tiers());
    first.record_many(3);
    let (later, clock) = counter(tiers());
    clock.advance(secs(100_000));
    later.record();
    later.merge(&first.snapshot()).unwrap();
    assert_eq!((later.count(secs(60)).unwrap().events, later.total()), (1, 4));
}

#[test]
fn events_that_are_merged_may_be_ahead_of_the_clock() {
    let (here, there) = (counter(tiers()).0, counter(tiers()).0);
    here.record();
    there.record();
    here.merge(&there.snapshot()).unwrap();
    let found = here.count(secs(2)).unwrap();
    assert_eq!((found.at_least, found.events, found.at_most), (0, 2, 2));
}

#[test]
fn of_two_tolerances_the_larger_remains() {
    let of =
        |seconds| WindowSpec::builder().span(secs(8)).tolerance(secs(seconds)).build().unwrap();
    let [cautious, bold] = [5, 6].map(|seconds| {
        let (counter, _) = counter(of(seconds));
        counter.record_at(at(NOW) + secs(seconds), 1).unwrap();
        counter
    });
    for [one, two] in [[&cautious, &bold], [&bold, &cautious]] {
        let mut both = one.snapshot();
        both.merge(&two.snapshot()).unwrap();
        assert_eq!((both.spec(), both.total()), (&of(6), 2));
    }
    // A counter keeps its own.
    bold.merge(&cautious.snapshot()).unwrap();
    assert_eq!((bold.spec(), bold.total()), (&of(6), 2));
}

#[test]
fn same_events_are_not_merged_twice() {
    let [one, two, three] = [(); 3].map(|()| counter(tiers()).0);
    [&one, &two, &three].into_iter().for_each(EventCounter::record);
    let same = |error: SnapshotError| {
        matches!(error, SnapshotError::Instances(InstanceError::Same { .. }))
    };
    assert!(same(one.merge(&one.snapshot()).unwrap_err()));
    two.merge(&one.snapshot()).unwrap();
    assert!(same(two.merge(&one.snapshot()).unwrap_err()));
    assert!(same(one.merge(&two.snapshot()).unwrap_err())); // Its own are in there.
    three.merge(&two.snapshot()).unwrap();
    assert_eq!(three.snapshot().instances().len(), 3);
    let mut both = one.snapshot();
    assert!(same(both.merge(&two.snapshot()).unwrap_err()));
    assert_eq!(both, one.snapshot());
    two.reset();
    two.merge(&one.snapshot()).unwrap(); // What it held of it was forgotten.
}

#[test]
fn what_cannot_be_merged_is_refused_and_changes_nothing() {
    let (here, clock) = counter(tiers());
    here.record();
    let before = here.snapshot();
    let check = |snapshot: &CounterSnapshot, expected: &str| {
        assert_eq!(here.merge(snapshot).unwrap_err().to_string(), expected);
        assert_eq!(here.snapshot(), before);
    };
    let (other, _) = counter(WindowSpec::default());
    check(
        &other.snapshot(),
        "snapshot has the tiers [Tier { resolution: 1s, span: 300s }], expected [Tier { \
         resolution: 1s, span: 8s }, Tier { resolution: 5s, span: 60s }]",
    );
    let (ahead, its_clock) = counter(tiers());
    its_clock.advance(secs(7));
    ahead.record();
    check(&ahead.snapshot(), "snapshot ends at 1007.000000000s, which is 7s ahead of the clock");
    clock.advance(secs(1));
    here.merge(&ahead.snapshot()).unwrap(); // Six seconds: tolerance, and a bucket.
    let (full, _) = counter(tiers());
    full.record_many(1 << 40);
    while full.refused() == RefusedCounts::default() {
        full.record_many(full.total());
    }
    here.record_at(at(NOW), 1 << 40).unwrap();
    let before = here.snapshot();
    let refused = here.merge(&full.snapshot()).unwrap_err();
    assert_eq!(refused.to_string(), "snapshot has more events than a bucket or the total can hold");
    assert_eq!(here.snapshot(), before);
}

#[test]
fn snapshots_of_too_many_counters_are_refused() {
    // Made without counters: a counter that is restored repeatedly is still one instance.
    let instances: Vec<_> = (0..Instances::MAX).map(|_| Instance::draw()).collect();
    let full = Instances::of(instances).unwrap();
    let (empty, receiver) = (full.union(&Instances::default()).unwrap(), Instance::draw());
    assert_eq!(empty.len(), 65_536);
    let another = Instances::from(Instance::draw());
    let refused = full.accept(&another, false, receiver).unwrap_err();
    assert_eq!(refused, InstanceError::TooMany { found: 65_537, max: 65_536 });
    assert_eq!(full.accept(&another, true, receiver), Ok(full.clone()));
}

#[test]
fn counters_without_events_take_no_memory() {
    let (here, there) = (counter(tiers()).0, counter(tiers()).0);
    for _ in 0..3 {
        here.merge(&there.snapshot()).unwrap();
        here.merge(&counter(tiers()).0.snapshot()).unwrap();
    }
    assert_eq!(here.snapshot().instances().len(), 1);
    there.record();
    here.merge(&there.snapshot()).unwrap(); // Nothing of it was merged before.
    assert_eq!((here.total(), here.snapshot().instances().len()), (1, 2));
    here.merge(&there.snapshot()).unwrap_err();
    // An empty counter keeps its own instance.
    let empty = counter(tiers()).0.snapshot();
    let restored = EventCounter::restore_with_clock(&empty, ManualClock::new(at(NOW))).unwrap();
    assert_eq!(restored.snapshot().instances(), empty.instances());
    restored.merge(&empty).unwrap_err();
}

/// An event: the counter, the time since the one before, how late it is, and the number.
type Event = (usize, u64, u64, u64);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merged_snapshots_equal_one_counter_that_saw_everything(
        events in prop::collection::vec((0_usize..3, 0_u64..4, 0_u64..20, 0_u64..9), 0..80),
    ) {
        let clock = ManualClock::new(at(NOW));
        let new = || EventCounter::with_clock(tiers(), clock.clone());
        let (all, parts) = (new(), [new(), new(), new()]);
        for (part, after, late, events) in events as Vec<Event> {
            clock.advance(secs(after));
            all.record_at(clock.now() - secs(late), events).unwrap();
            parts[part].record_at(clock.now() - secs(late), events).unwrap();
        }
        let [one, two, three] = parts.map(|part| part.snapshot());
        let merged = |all: [&CounterSnapshot; 3]| {
            let mut merged = all[0].clone();
            merged.merge(all[1]).unwrap();
            merged.merge(all[2]).unwrap();
            merged
        };
        let first = merged([&one, &two, &three]);
        prop_assert_eq!(&first, &merged([&three, &one, &two]));
        let mut last = two.clone();
        last.merge(&three).unwrap();
        let mut nested = one.clone();
        nested.merge(&last).unwrap();
        prop_assert_eq!(&first, &nested);
        check_contents(&first, &merged([&all.snapshot(), &new().snapshot(), &new().snapshot()]));
    }
}

#[cfg(feature = "serde")]
mod wire {
    use super::*;

    #[test]
    fn snapshot_is_read_back_as_it_was_written() {
        let (counter, clock) = counter(tiers());
        for _ in 0..30 {
            counter.record_many(3);
            clock.advance(secs(1));
        }
        counter.record_at(at(0), 1).unwrap_err();
        let (other, _) = super::counter(tiers());
        counter.merge(&other.snapshot()).unwrap();
        let snapshot = counter.snapshot();
        let text = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<CounterSnapshot>(&text).unwrap(), snapshot);
    }

    /// The form of version 2.
    const WRITTEN: &str = concat!(
        r#"{"header":{"version":2,"tag":"events","instances":["0123456789abcdef-0000002a"],"#,
        r#""revision":7},"at":1000500000000,"#,
        r#""since":900000000000,"total":12,"refused":{"too_old":1,"too_new":2,"full":3},"#,
        r#""tolerance":5000000000,"tiers":[{"resolution":1000000000,"span":8000000000,"#,
        r#""first":998,"counts":[1,0,2]},{"resolution":5000000000,"span":60000000000,"#,
        r#""first":190,"counts":[9,0,0,0,0,0,0,0,0,1,2]}]}"#,
    );

    /// The form of version 1, which users may have stored.
    const VERSION_1: &str = concat!(
        r#"{"version":1,"instances":["0123456789abcdef-0000002a"],"at":1000500000000,"#,
        r#""since":900000000000,"total":12,"refused":{"too_old":1,"too_new":2,"full":3},"#,
        r#""tolerance":5000000000,"tiers":[{"resolution":1000000000,"span":8000000000,"#,
        r#""first":998,"counts":[1,0,2]},{"resolution":5000000000,"span":60000000000,"#,
        r#""first":190,"counts":[9,0,0,0,0,0,0,0,0,1,2]}]}"#,
    );

    #[test]
    fn version_1_is_read() {
        let snapshot: CounterSnapshot = serde_json::from_str(VERSION_1).unwrap();
        assert_eq!(snapshot, serde_json::from_str(WRITTEN).unwrap());
        assert_eq!(snapshot.revision(), 0);
        let clock = ManualClock::new(snapshot.at());
        let counter = EventCounter::restore_with_clock(&snapshot, clock).unwrap();
        assert_eq!(counter.snapshot().revision(), 1);
        for key in ["instances", "at", "since", "total", "refused", "tolerance", "tiers"] {
            let text = VERSION_1.replacen(&format!("\"{key}\""), "\"x\"", 1);
            let error = serde_json::from_str::<CounterSnapshot>(&text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("snapshot has no `{key}`")), "{error}");
        }
    }

    #[test]
    fn binary_form_is_read_back() {
        let snapshot: CounterSnapshot = serde_json::from_str(WRITTEN).unwrap();
        let bytes = postcard::to_allocvec(&snapshot).unwrap();
        let read: CounterSnapshot = postcard::from_bytes(&bytes).unwrap();
        assert_eq!((&read, read.revision()), (&snapshot, 7));
        let start = [&[2, 6][..], b"events", &[1, 25], b"0123456789abcdef-0000002a", &[7]].concat();
        assert_eq!(bytes[..start.len()], start);
        // Version 1 began with two bytes of 1, and does not name its statistic.
        for version in [1, 3, 127] {
            let bytes = [&[version], &bytes[1..]].concat();
            assert!(postcard::from_bytes::<CounterSnapshot>(&bytes).is_err());
        }
    }

    #[test]
    fn form_is_as_documented() {
        let snapshot: CounterSnapshot = serde_json::from_str(WRITTEN).unwrap();
        assert_eq!(serde_json::to_string(&snapshot).unwrap(), WRITTEN);
        assert_eq!((snapshot.at(), snapshot.since()), (Stamp::from_millis(1_000_500), at(900)));
        assert_eq!((snapshot.total(), snapshot.refused().full), (12, 3));
        assert_eq!(snapshot.instances()[0].to_string(), "0123456789abcdef-0000002a");
        let clock = ManualClock::new(snapshot.at());
        let counter = EventCounter::restore_with_clock(&snapshot, clock).unwrap();
        assert_eq!(counter.count(secs(2)).unwrap().events, 2);
        assert_eq!(counter.count(secs(60)).unwrap().events, 12);
        assert_eq!(counter.refused(), snapshot.refused());
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        assert!(WRITTEN.contains(from), "{from} is not there");
        let read = serde_json::from_str::<CounterSnapshot>(&WRITTEN.replacen(from, to, 1));
        let error = read.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{from} -> {to}: {error}");
    }

    #[test]
    fn snapshots_that_no_counter_made_are_refused() {
        let other = "snapshot has version 3, supported are 2 and, in JSON, 1";
        check(r#""version":2"#, r#""version":3"#, other);
        check(r#""version":2"#, r#""version":1"#, "snapshot has version 1, supported are 2");
        check(r#"{"header""#, r#"{"version":3,"header""#, other);
        check(
            r#"{"header""#,
            r#"{"version":2,"header""#,
            "snapshot has version 2, supported are 2",
        );
        check(r#""version":2,"#, "", "missing field `version`");
        check(r#""header""#, r#""x""#, "snapshot has no `header`");
        check("events", "mean", "tag of the snapshot is `mean`, expected `events`");
        let long = format!("tag of the snapshot is `{}…`, expected", "x".repeat(80));
        check("events", &"x".repeat(1_000), &long);
        let largest = u64::MAX / 2;
        let large = format!("\"revision\":{}", largest + 1);
        let expected = format!("revision of the snapshot is {}, limit is {largest}", largest + 1);
        check(r#""revision":7"#, &large, &expected);
        check(r#""total":12,"#, "", "snapshot has no `total`");
        check(
            r#""total":12"#,
            r#""total":11"#,
            "total of the snapshot is 11 events, its buckets hold more",
        );
        check(r#""resolution":1000000000"#, r#""resolution":0"#, "snapshot has invalid tiers");
        check(r#""span":8000000000"#, r#""span":8000000001"#, "snapshot has invalid tiers");
        check(r#""span":60000000000"#, r#""span":5000000000"#, "snapshot has invalid tiers");
        check("[1,0,2]", &format!("[{}0]", "0,".repeat(99)), "snapshot has 100 buckets in a tier");
        check(
            "[1,0,2]",
            "[18446744073709551615,1]",
            "total of the snapshot is 12 events, its buckets hold more",
        );
        check("[1,0,2]", "[-1]", "invalid value: integer `-1`");
        check(
            r#""first":998"#,
            r#""first":9223372036854775807"#,
            "first bucket of the snapshot is number",
        );
        check(
            r#""first":998"#,
            r#""first":-9223372036854775808"#,
            "first bucket of the snapshot is number",
        );
        for instances in ["", "-", "0123456789abcdef", "0123456789abcde+-0000002a", "é-0000002a"] {
            check("0123456789abcdef-0000002a", instances, "snapshot names no instance");
        }
        check(
            r#"["0123456789abcdef-0000002a"]"#,
            r#"["0123456789abcdef-0000002a","0123456789abcdef-0000002a"]"#,
            "records of instance 0123456789abcdef-0000002a are already included",
        );
        check(r#"["0123456789abcdef-0000002a"]"#, "[]", "snapshot names no instance");
        let tiers = &WRITTEN[WRITTEN.find("[{").unwrap()..WRITTEN.len() - 1];
        check(tiers, "[]", "snapshot has no tier");
    }

    #[test]
    fn snapshots_at_the_limits_of_time_are_restored_or_refused() {
        for (first, now) in [("9223372031", Stamp::MAX), ("-9223372037", Stamp::MIN)] {
            let text = WRITTEN.replacen("998", first, 1).replacen("190", "0", 1);
            let snapshot: CounterSnapshot = serde_json::from_str(&text).unwrap();
            for at in [now, Stamp::UNIX_EPOCH, Stamp::MAX] {
                let restored = EventCounter::restore_with_clock(&snapshot, ManualClock::new(at));
                if let Ok(counter) = restored {
                    counter.record();
                    assert!(counter.count(secs(8)).is_ok());
                    assert_eq!(counter.total(), 13);
                }
            }
        }
    }
}

#[track_caller]
fn not_earlier(later: &CounterSnapshot, earlier: &CounterSnapshot) {
    let refused = later.diff(earlier).unwrap_err();
    assert_eq!(refused, SnapshotError::NotEarlier);
    assert_eq!(
        refused.to_string(),
        "snapshot is not an earlier one of the same counter since its last reset"
    );
}

#[test]
fn difference_has_what_was_recorded_in_between() {
    let (counter, clock) = counter(tiers());
    counter.record_many(4);
    counter.record_at(at(NOW - 3), 2).unwrap();
    counter.record_at(at(NOW - 300), 7).unwrap_err();
    let earlier = counter.snapshot();
    clock.advance(secs(2));
    counter.record_at(at(NOW), 1).unwrap();
    counter.record_at(at(NOW - 7), 8).unwrap(); // The start moves back.
    counter.record_at(at(NOW - 300), 3).unwrap_err();
    counter.record_many(5);
    let later = counter.snapshot();
    let CounterDelta { events, refused, interval, series, .. } = later.diff(&earlier).unwrap();
    assert_eq!((events, refused.too_old, refused.full), (14, 3, 0));
    assert_eq!((interval.from, interval.to), (at(NOW), at(NOW + 2)));
    let expected = [(at(NOW - 7), vec![8, 0, 0, 0, 0, 0, 0, 1, 0, 5]), (at(990), vec![8, 0, 6])];
    assert!(series.iter().map(|tier| (tier.from, tier.counts.clone())).eq(expected), "{series:?}");
    let none = later.diff(&later).unwrap();
    assert_eq!((none.events, none.rate()), (0, None));
    assert!(none.series.iter().all(|tier| tier.counts.is_empty()));
}

#[test]
fn difference_of_other_snapshots_is_refused() {
    let (counter, clock) = counter(tiers());
    counter.record_many(4);
    let earlier = counter.snapshot();
    not_earlier(&earlier, &counter.snapshot()); // By their revisions alone.
    let (other, _) = self::counter(tiers());
    other.record_many(9);
    not_earlier(&other.snapshot(), &earlier);
    clock.advance(secs(20)); // The events left the finer tier.
    counter.record();
    let later = counter.snapshot();
    assert_eq!(later.diff(&earlier).unwrap().events, 1);
    not_earlier(&earlier, &later);
    clock.set(at(NOW + 19));
    not_earlier(&counter.snapshot(), &later);
    clock.set(later.at());
    counter.reset();
    counter.record_many(9);
    not_earlier(&counter.snapshot(), &later);
    let (other, _) = self::counter(WindowSpec::default());
    let refused = other.snapshot().diff(&later).unwrap_err();
    assert!(matches!(refused, SnapshotError::OtherTiers { .. }), "{refused:?}");
}
