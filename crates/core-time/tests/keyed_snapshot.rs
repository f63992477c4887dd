//! Snapshots of keyed counters: their content, merges, differences and refusals.

#![cfg(feature = "counter")]

use std::time::Duration;

use core_time::{
    Clock as _, InstanceError, KeyedCounter, KeyedRecordError, KeyedSnapshot, KeyedSpec,
    ManualClock, SnapshotError, Stamp, Tier, WhenFull, WindowSpec,
};
use proptest::prelude::*;

const NOW: i64 = 1_000;

type Counter = KeyedCounter<String>;
type Snapshot = KeyedSnapshot<String>;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn at(secs: i64) -> Stamp {
    Stamp::from_secs(secs)
}

fn window(tolerance: u64) -> WindowSpec {
    WindowSpec::builder().span(secs(10)).tolerance(secs(tolerance)).build().unwrap()
}

fn spec() -> KeyedSpec {
    KeyedSpec { window: window(2), keys: 100, when_full: WhenFull::Refuse }
}

fn counter_of(spec: KeyedSpec) -> (Counter, ManualClock) {
    let clock = ManualClock::new(at(NOW));
    (KeyedCounter::with_clock(spec, clock.clone()).unwrap(), clock)
}

fn counter() -> (Counter, ManualClock) {
    counter_of(spec())
}

fn restored(snapshot: &Snapshot) -> Counter {
    let clock = ManualClock::new(snapshot.at());
    KeyedCounter::restore_with_clock(spec(), snapshot, clock).unwrap()
}

/// Returns the keys with their events.
fn rows(snapshot: &Snapshot) -> Vec<(&str, u64)> {
    snapshot.rows().map(|row| (row.key().as_str(), row.events())).collect()
}

fn merged<'s>(snapshots: impl IntoIterator<Item = &'s Snapshot>) -> Snapshot {
    let mut snapshots = snapshots.into_iter();
    let mut all = snapshots.next().unwrap().clone();
    snapshots.for_each(|next| all.merge(next).unwrap());
    all
}

#[test]
fn snapshot_has_each_bucket_of_each_key_in_order() {
    let (counter, clock) = counter();
    counter.record_many("b", 3).unwrap();
    counter.record_at("a", at(NOW - 4), 2).unwrap();
    counter.record_at("a", at(NOW - 40), 2).unwrap_err();
    clock.advance(secs(2));
    counter.record("a").unwrap();
    let snapshot = counter.snapshot();
    assert_eq!(rows(&snapshot), [("a", 3), ("b", 3)]);
    let buckets: Vec<_> = snapshot.get("a").unwrap().buckets().collect();
    assert_eq!(buckets, [(at(NOW - 4), 2), (at(NOW + 2), 1)]);
    assert_eq!(snapshot.get("a").unwrap().since(), at(NOW - 4));
    assert!(snapshot.get("c").is_none());
    assert_eq!((snapshot.at(), snapshot.since()), (at(NOW + 2), at(NOW)));
    assert_eq!((snapshot.refused().too_old, snapshot.window_spec()), (1, &window(2)));
    let again = counter.snapshot();
    assert_eq!(again, snapshot); // To take one changes nothing.
    assert!(again.revision() > snapshot.revision());
    clock.advance(secs(15));
    assert_eq!(rows(&counter.snapshot()), []); // Nothing is in a window any more.
}

#[test]
fn restored_counter_answers_as_the_original() {
    let (counter, clock) = counter_of(KeyedSpec { keys: 2, when_full: WhenFull::Fold, ..spec() });
    for events in 1..20 {
        clock.advance(Duration::from_millis(700));
        for key in ["a", "b", "folded"] {
            counter.record_many(key, events).unwrap();
        }
        counter.record_at("a", clock.now() - secs(7), 1).unwrap();
    }
    clock.advance(secs(1));
    let snapshot = counter.snapshot();
    let again = Counter::restore_with_clock(spec(), &snapshot, clock.clone()).unwrap();
    for window in [1, 2, 7, 10].map(secs) {
        for key in ["a", "b", "folded", "new"] {
            assert_eq!(again.count(key, window), counter.count(key, window), "{key} {window:?}");
            assert_eq!(again.series(key, window), counter.series(key, window), "{key} {window:?}");
        }
        assert_eq!(again.count_other(window), counter.count_other(window));
    }
    assert_eq!(again.overflow(), counter.overflow());
    assert!(again.snapshot().revision() > snapshot.revision());
    assert_eq!(again.snapshot().instances(), snapshot.instances());
    assert_eq!(again.snapshot().rows().count(), 2);
    assert!(matches!(again.merge(&snapshot), Err(SnapshotError::Instances(_))));
}

#[test]
fn key_is_counted_since_events_of_it_were_lost() {
    let (early, _) = counter();
    early.record("a").unwrap();
    let (other, clock) = counter();
    other.record("a").unwrap();
    other.record("b").unwrap();
    clock.advance(secs(5));
    assert!(other.remove("a"));
    other.record("a").unwrap();
    let snapshot = other.snapshot();
    for both in [merged([&early.snapshot(), &snapshot]), merged([&snapshot, &early.snapshot()])] {
        let counter = restored(&both);
        let elapsed = |key: &str| {
            let answer = counter.count(key, secs(10)).unwrap();
            (answer.events, answer.coverage.elapsed)
        };
        assert_eq!(elapsed("a"), (2, secs(0))); // Lost now.
        assert_eq!(elapsed("b"), (1, secs(5))); // Never lost.
        assert_eq!(elapsed("never seen"), (0, secs(0))); // May have been lost.
    }
    // A running counter knows it, too, of all of its keys.
    let (running, _) = counter();
    running.record("a").unwrap();
    let (removed, _) = counter();
    removed.record("a").unwrap();
    removed.record("b").unwrap();
    removed.remove("a");
    running.merge(&removed.snapshot()).unwrap();
    assert_eq!(running.count("a", secs(10)).unwrap().events, 1);
    let since = running.snapshot().get("a").unwrap().since();
    assert_eq!(since, at(NOW) + Duration::from_nanos(1));
}

#[test]
fn same_events_are_not_merged_twice() {
    let [(one, _), (two, _)] = [(); 2].map(|()| counter());
    one.record("a").unwrap();
    two.record("a").unwrap();
    let is_same = |merged: Result<(), SnapshotError>| {
        matches!(merged, Err(SnapshotError::Instances(InstanceError::Same { .. })))
    };
    assert!(is_same(one.merge(&one.snapshot())));
    two.merge(&one.snapshot()).unwrap();
    assert!(is_same(two.merge(&one.snapshot())));
    assert!(is_same(one.merge(&two.snapshot())));
    assert!(is_same(one.snapshot().merge(&two.snapshot())));
    assert_eq!(two.count("a", secs(10)).unwrap().events, 2);
    two.reset();
    two.merge(&one.snapshot()).unwrap(); // What it held of it is forgotten.
    assert_eq!(two.count("a", secs(10)).unwrap().events, 1);
}

#[test]
fn what_cannot_be_merged_is_refused_and_changes_nothing() {
    let (here, _) = counter_of(KeyedSpec { keys: 2, when_full: WhenFull::EvictIdle, ..spec() });
    here.record("a").unwrap();
    let before = here.snapshot();
    let check = |snapshot: &Snapshot, expected: &str| {
        assert_eq!(here.merge(snapshot).unwrap_err().to_string(), expected);
        assert_eq!(here.snapshot(), before);
        assert_eq!(here.overflow(), before.overflow());
    };
    let long = WindowSpec::builder().span(secs(20)).build().unwrap();
    check(
        &counter_of(KeyedSpec { window: long, ..spec() }).0.snapshot(),
        "snapshot has the tiers [Tier { resolution: 1s, span: 20s }], expected [Tier { \
         resolution: 1s, span: 10s }]",
    );
    let (many, _) = counter();
    ["a", "b", "c"].into_iter().for_each(|key| many.record(key).unwrap());
    check(&many.snapshot(), "counter would have 3 keys, limit is 2");
    let (full, _) = counter();
    full.record_many("a", u64::MAX).unwrap();
    check(&full.snapshot(), "snapshot has more events than a bucket or the total can hold");
    assert_eq!(full.snapshot().merge(&before), Err(SnapshotError::TooManyEvents));
    let (ahead, clock) = counter();
    clock.advance(secs(4));
    ahead.record("a").unwrap();
    check(&ahead.snapshot(), "snapshot ends at 1004.000000000s, which is 4s ahead of the clock");
    let two = Tier { resolution: secs(5), span: secs(60) };
    let tiers = WindowSpec::builder().span(secs(10)).tier(two).build().unwrap();
    let refused = Counter::restore(KeyedSpec { window: tiers, ..spec() }, &before).map(drop);
    assert!(matches!(refused, Err(SnapshotError::OtherTiers { .. })));
    let (none, clock) = (KeyedSpec { keys: 0, ..spec() }, ManualClock::new(before.at()));
    let refused = Counter::restore_with_clock(none, &before, clock).map(drop);
    assert!(matches!(refused, Err(SnapshotError::TooManyKeys { found: 1, max: 0 })));
}

#[test]
fn keys_that_left_the_span_give_way_to_those_of_a_snapshot() {
    let (here, clock) = counter_of(KeyedSpec { keys: 1, ..spec() });
    here.record("old").unwrap();
    clock.advance(secs(20));
    let (there, its_clock) = counter();
    its_clock.advance(secs(20));
    there.record("new").unwrap();
    here.merge(&there.snapshot()).unwrap();
    assert_eq!((here.keys(), here.count("new", secs(10)).unwrap().events), (1, 1));
    assert!(matches!(here.record("more"), Err(KeyedRecordError::TooManyKeys { max: 1 })));
}

#[test]
fn merged_events_may_be_ahead_of_the_clock_and_are_kept_by_handles() {
    let (here, there) = (std::sync::Arc::new(counter().0), counter().0);
    let handle = here.handle("a").unwrap();
    handle.record();
    there.record_at("a", at(NOW + 2), 1).unwrap();
    here.merge(&there.snapshot()).unwrap();
    let found = handle.count(secs(10)).unwrap();
    assert_eq!((found.at_least, found.events), (0, 1));
    assert_eq!(here.snapshot().get("a").unwrap().events(), 2);
}

#[test]
fn of_two_tolerances_the_larger_remains() {
    let of = |tolerance| {
        let (counter, _) = counter_of(KeyedSpec { window: window(tolerance), ..spec() });
        counter.record_at("a", at(NOW - 9), 1).unwrap();
        counter.record_at("a", at(NOW) + secs(tolerance), 1).unwrap();
        counter
    };
    let (cautious, bold) = (of(2), of(6));
    for both in [[&cautious, &bold], [&bold, &cautious]] {
        let both = merged(&both.map(Counter::snapshot));
        assert_eq!((both.window_spec(), rows(&both)), (&window(6), vec![("a", 4)]));
    }
    bold.merge(&cautious.snapshot()).unwrap();
    assert_eq!(bold.window_spec(), &window(6)); // A counter keeps its own.
}

#[test]
fn difference_has_what_was_recorded_in_between() {
    let (counter, clock) = counter_of(KeyedSpec { keys: 3, when_full: WhenFull::Fold, ..spec() });
    for key in ["gone", "idle", "busy"] {
        counter.record_many(key, 5).unwrap();
    }
    counter.record_many("folded", 4).unwrap();
    let earlier = counter.snapshot();
    clock.advance(secs(2));
    counter.record_many("busy", 2).unwrap();
    counter.record_at("busy", at(NOW), 1).unwrap();
    counter.remove("gone");
    counter.record_many("gone", 7).unwrap(); // More than before, but all of it is new.
    counter.record("folded").unwrap();
    let later = counter.snapshot();
    let delta = later.diff(&earlier).unwrap();
    let found: Vec<_> = delta.rows().map(|row| (row.key().as_str(), row.events())).collect();
    assert_eq!(found, [("busy", 3), ("gone", 7)]);
    let buckets: Vec<_> = delta.rows().next().unwrap().buckets().collect();
    assert_eq!(buckets, [(at(NOW), 1), (at(NOW + 2), 2)]);
    assert_eq!((delta.other().events(), delta.overflow().folded), (1, 1));
    assert_eq!((delta.events(), delta.rate()), (11, Some(5.5)));
    assert_eq!(delta.interval().duration(), secs(2));
    assert_eq!(later.diff(&later).unwrap().events(), 0);

    let (other, _) = counter_of(spec());
    let not_earlier = |of: &Snapshot| assert_eq!(later.diff(of), Err(SnapshotError::NotEarlier));
    not_earlier(&counter.snapshot());
    not_earlier(&other.snapshot());
    clock.advance(secs(1));
    counter.reset();
    assert_eq!(counter.snapshot().diff(&later), Err(SnapshotError::NotEarlier));
}

#[test]
fn key_that_is_lost_and_begins_again_in_one_tick_has_all_its_events() {
    let (counter, _) = counter();
    counter.record_many("a", 5).unwrap();
    counter.remove("a");
    counter.record_many("a", 5).unwrap();
    let earlier = counter.snapshot();
    counter.remove("a");
    counter.record_many("a", 6).unwrap();
    assert_eq!(counter.snapshot().diff(&earlier).unwrap().events(), 6);
}

/// A record: the counter, the key, the age in half seconds, and how many.
fn records() -> impl Strategy<Value = Vec<(usize, u8, u8, u64)>> {
    prop::collection::vec((0..3_usize, 0..4_u8, 0..30_u8, 0..3_u64), 0..60)
}

proptest! {
    #[test]
    fn merged_snapshots_equal_one_counter_that_saw_everything(records in records()) {
        let parts = [(); 3].map(|()| counter());
        let all = counter();
        for (part, key, age, events) in records {
            for (_, clock) in parts.iter().chain([&all]) {
                clock.advance(Duration::from_millis(100));
            }
            let stamp = parts[0].1.now() - Duration::from_millis(500) * u32::from(age);
            let key = key.to_string();
            let found = parts[part].0.record_at(&key, stamp, events);
            prop_assert_eq!(found, all.0.record_at(&key, stamp, events));
        }
        let [one, two, three] = parts.map(|(counter, _)| counter.snapshot());
        let left = merged([&merged([&one, &two]), &three]);
        let right = merged([&one, &merged([&three, &two])]);
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(&left, &merged([&three, &two, &one]));
        let all = all.0.snapshot();
        prop_assert_eq!(rows(&left), rows(&all));
        for (found, expected) in left.rows().zip(all.rows()) {
            prop_assert!(found.buckets().eq(expected.buckets()));
            // A late event that left the span is not known to have been there.
            prop_assert!(found.since() >= expected.since() && found.since() <= at(NOW));
        }
        let running = counter();
        running.1.set(all.at());
        for part in [&one, &two, &three] {
            running.0.merge(part).unwrap();
        }
        let of_running = running.0.snapshot();
        prop_assert_eq!(rows(&of_running), rows(&all));
        for window in [1, 3, 10].map(secs) {
            for key in ["0", "1", "2", "3"] {
                let found = running.0.count(key, window).unwrap();
                prop_assert_eq!(found.events, restored(&all).count(key, window).unwrap().events);
            }
        }
    }
}

#[cfg(feature = "serde")]
mod wire {
    use super::*;

    /// The promised form.
    const WRITTEN: &str = concat!(
        r#"{"header":{"version":2,"tag":"keyed(events)","instances":["#,
        r#""0123456789abcdef-0000002a"],"revision":7},"at":1000500000000,"since":900000000000,"#,
        r#""since_unknown":950000000000,"resolution":1000000000,"span":10000000000,"#,
        r#""tolerance":2000000000,"newest":1001,"#,
        r#""refused":{"too_old":1,"too_new":2,"full":3},"overflow":{"refused":1,"folded":2,"#,
        r#""evicted":3,"evicted_records":4,"expired":5,"removed":6},"#,
        r#""other":{"since":900000000000,"buckets":[]},"rows":["#,
        r#"{"key":"a","since":900000000000,"buckets":[[998,1],[1000,2]]},"#,
        r#"{"key":"b","since":950000000000,"buckets":[[1001,9]]}]}"#,
    );

    fn written() -> Snapshot {
        serde_json::from_str(WRITTEN).unwrap()
    }

    #[test]
    fn form_is_as_promised() {
        let snapshot = written();
        assert_eq!(serde_json::to_string(&snapshot).unwrap(), WRITTEN);
        assert_eq!((snapshot.revision(), rows(&snapshot)), (7, vec![("a", 3), ("b", 9)]));
        let counter = restored(&snapshot);
        assert_eq!(counter.count("a", secs(10)).unwrap().events, 3);
        assert_eq!(
            (counter.refused(), counter.overflow()),
            (snapshot.refused(), snapshot.overflow())
        );
        let again = counter.snapshot();
        assert_eq!(rows(&again), rows(&snapshot));
        assert_eq!(again.revision(), 8);
    }

    #[test]
    fn binary_form_is_read_back() {
        let bytes = postcard::to_allocvec(&written()).unwrap();
        let read: Snapshot = postcard::from_bytes(&bytes).unwrap();
        assert_eq!((&read, read.revision()), (&written(), 7));
        for len in 0..bytes.len() {
            assert!(postcard::from_bytes::<Snapshot>(&bytes[..len]).is_err(), "{len} bytes");
        }
        assert!(postcard::from_bytes::<core_time::CounterSnapshot>(&bytes).is_err());
    }

    #[test]
    fn keys_of_other_types_are_read_back() {
        let counter = KeyedCounter::<(u32, bool)>::new(spec()).unwrap();
        counter.record(&(7, true)).unwrap();
        let bytes = postcard::to_allocvec(&counter.snapshot()).unwrap();
        let read: KeyedSnapshot<(u32, bool)> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(read, counter.snapshot());
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        assert!(WRITTEN.contains(from), "{from} is not there");
        let read = serde_json::from_str::<Snapshot>(&WRITTEN.replacen(from, to, 1));
        let error = read.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{from} -> {to}: {error}");
    }

    #[test]
    fn snapshots_that_no_counter_made_are_refused() {
        check(
            "keyed(events)",
            "events",
            "tag of the snapshot is `events`, expected `keyed(events)`",
        );
        check(r#""version":2"#, r#""version":1"#, "snapshot has version 1, supported are 2");
        check(r#""rows""#, r#""x""#, "missing field `rows`");
        check(r#""resolution":1000000000"#, r#""resolution":0"#, "snapshot has invalid tiers");
        let invalid = |tick: i64| format!("bucket {tick} is empty, out of order or outside of the");
        check(r#""newest":1001"#, r#""newest":999"#, &invalid(999));
        let last = format!(r#""newest":{}"#, i64::MAX);
        check(r#""newest":1001"#, &last, &invalid(i64::MAX));
        check("[998,1]", "[998,0]", &invalid(998));
        check("[998,1]", "[987,1]", &invalid(987));
        check("[998,1]", "[1000,1]", &invalid(1000));
        check("[1001,9]", "[1002,9]", &invalid(1002));
        check(r#""buckets":[]"#, r#""buckets":[[1002,9]]"#, &invalid(1002));
        let unsorted = "keys of the snapshot are not in ascending order (row 1)";
        check(r#""key":"b""#, r#""key":"a""#, unsorted);
        check(r#""key":"a""#, r#""key":"c""#, unsorted);
        let most = format!("[998,{}]", u64::MAX - 1);
        check("[998,1]", &most, "snapshot has more events than a bucket or the total can hold");
    }
}
