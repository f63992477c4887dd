//! Promise A7: bytes per action are known, the number of actions is limited, and what is beyond the
//! limit is reported; and A8: a handle keeps its action.

#![cfg(feature = "tracker")]

use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::thread;

use allocation_counter::measure;
use core_actions::{
    Handle, Histogram, Mean, MergedTracker, MinMax, OverflowCounts, Quantiles, RunningTracker,
    TrackerSpec, WhenFull,
};

fn spec(actions: usize, when_full: WhenFull) -> TrackerSpec {
    TrackerSpec { actions, when_full, ..TrackerSpec::default() }
}

fn rows(tracker: &RunningTracker) -> Vec<(String, u64)> {
    tracker.stats().iter().map(|row| (row.name().to_owned(), row.count())).collect()
}

fn add_each(tracker: &RunningTracker, names: &[&str]) {
    names.iter().for_each(|name| tracker.record(name, 1).unwrap());
}

fn names(tracker: &RunningTracker) -> Vec<String> {
    rows(tracker).into_iter().map(|(name, _)| name).collect()
}

/// How many bytes there are at most while this is done, and when it is.
fn bytes<T>(run: impl FnOnce() -> T) -> (usize, usize) {
    let mut kept = None;
    let used = measure(|| kept = Some(run()));
    drop(kept);
    (used.bytes_max as usize, used.bytes_current as usize)
}

#[test]
fn a_million_names_take_no_more_than_the_limit_allows() {
    for (names, actions, when_full) in [
        (1_000_000, TrackerSpec::default().actions, WhenFull::Refuse),
        (50_000, 1_000, WhenFull::Fold),
        (50_000, 1_000, WhenFull::EvictIdle),
    ] {
        let spec = spec(actions, when_full);
        let most = spec.bytes_max::<Mean>();
        let limit = actions as u64;
        let mut found = OverflowCounts::default();
        let (used, _) = bytes(|| {
            let tracker = RunningTracker::new(spec);
            for number in 0..names {
                let added = tracker.record(&format!("name {number}"), 1);
                assert_eq!(added.is_ok(), number < limit || when_full != WhenFull::Refuse);
            }
            found = tracker.overflow();
            let records: u64 = tracker.stats().iter().map(|row| row.count()).sum();
            assert_eq!(records + found.refused + found.evicted_records, names);
        });
        let beyond = names - limit;
        let expected = match when_full {
            WhenFull::Refuse => OverflowCounts { refused: beyond, ..OverflowCounts::default() },
            WhenFull::Fold => OverflowCounts { folded: beyond, ..OverflowCounts::default() },
            _ => OverflowCounts {
                evicted: beyond,
                evicted_records: beyond,
                ..OverflowCounts::default()
            },
        };
        assert_eq!(found, expected, "{when_full:?}");
        assert!(used <= most, "{used} bytes of {most}, {actions} actions, {when_full:?}");
    }
}

#[test]
fn the_longest_idle_is_evicted() {
    let tracker = RunningTracker::new(spec(3, WhenFull::EvictIdle));
    let add = |name| tracker.record(name, 1).unwrap();
    ["a", "b", "c", "a", "b", "a"].into_iter().for_each(add);
    add("d"); // Evicts c,
    add("a");
    add("e"); // then b,
    assert_eq!(names(&tracker), ["a", "d", "e"]);
    add("d");
    tracker.record_numbered("a", 1, 0).unwrap();
    add("f"); // then e.
    assert_eq!(rows(&tracker), [("a".into(), 5), ("d".into(), 2), ("f".into(), 1)]);
    add("c"); // Evicts d, and starts again from zero.
    assert_eq!(rows(&tracker), [("a".into(), 5), ("f".into(), 1), ("c".into(), 1)]);
    assert_eq!((tracker.overflow().evicted, tracker.overflow().evicted_records), (4, 6));
}

/// Uses few names, directly, by a dropped handle and by a kept one, against a list in order of use.
#[test]
fn the_longest_idle_is_evicted_whatever_came_before() {
    for limit in [1, 2, 3, 7] {
        let tracker = RunningTracker::new(spec(limit, WhenFull::EvictIdle));
        let mut order: Vec<String> = Vec::new();
        let mut random = 1_u64;
        let mut draw = move |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        let mut kept = None;
        for _ in 0..5_000 {
            let name = format!("name {}", draw(limit as u64 + 3));
            let by_kept = kept.as_ref().is_some_and(|handle: &Handle<_>| handle.name() == name);
            match draw(4) {
                0 => tracker.action(&name).unwrap().record(1_u64),
                1 if by_kept => kept.iter().for_each(|handle| handle.record(1_u64)),
                2 if limit > 1 && kept.is_none() => {
                    let handle = tracker.action(&name).unwrap();
                    handle.record(1_u64);
                    kept = Some(handle);
                }
                _ => tracker.record(&name, 1).unwrap(),
            }
            order.retain(|known| *known != name);
            order.push(name);
            if order.len() > limit {
                let is_kept = |name: &String| kept.as_ref().is_some_and(|it| it.name() == name);
                let idle = order.iter().position(|name| !is_kept(name)).unwrap();
                order.remove(idle);
            }
            if draw(8) == 0 {
                kept = None; // Counts as used when it last recorded, not now.
            }
            let mut found = names(&tracker);
            found.sort_unstable();
            let mut expected = order.clone();
            expected.sort_unstable();
            assert_eq!(found, expected, "limit {limit}");
        }
    }
}

#[test]
fn records_by_handles_that_were_dropped_have_their_place_in_the_order() {
    let tracker = RunningTracker::new(spec(3, WhenFull::EvictIdle));
    let by_handle = |name| tracker.action(name).unwrap().record(1_u64);
    tracker.record("x", 1).unwrap();
    by_handle("a");
    add_each(&tracker, &["b", "c"]);
    by_handle("a");
    add_each(&tracker, &["d", "c", "d", "e"]);
    assert_eq!(names(&tracker), ["c", "d", "e"]);
}

#[test]
fn threads_that_met_in_between_have_an_order() {
    let tracker = RunningTracker::new(spec(3, WhenFull::EvictIdle));
    let elsewhere = |name: &str| {
        thread::scope(|scope| scope.spawn(|| tracker.record(name, 1).unwrap()).join().unwrap());
    };
    (0..100).for_each(|_| tracker.record("here", 1).unwrap());
    tracker.record("new", 1).unwrap(); // Lets others know how far this thread is,
    elsewhere("there"); // and this one comes later.
    tracker.record("more", 1).unwrap();
    assert_eq!(names(&tracker), ["new", "there", "more"]);
}

#[test]
fn a_handle_keeps_its_action() {
    for when_full in [WhenFull::EvictIdle, WhenFull::Refuse] {
        let tracker = RunningTracker::new(spec(2, when_full));
        let handle = tracker.action("kept").unwrap();
        let clone = handle.clone();
        assert_eq!(rows(&tracker), []);
        for round in 1..50 {
            let _ = tracker.record(&format!("name {round}"), 1);
            handle.record(1_u64);
            clone.record(1_u64);
            assert!(rows(&tracker).contains(&("kept".into(), 2 * round)));
        }
        drop(handle);
        let other = tracker.action("other");
        assert_eq!(other.is_ok(), when_full == WhenFull::EvictIdle);
        assert!(tracker.record("none", 1).is_err(), "all have handles");
        assert!(tracker.action("none").is_err());
        drop(clone);
        assert_eq!(tracker.record("one", 1).is_ok(), when_full == WhenFull::EvictIdle);
    }
}

#[test]
fn an_action_whose_handle_was_dropped_was_used_when_that_last_recorded() {
    let tracker = RunningTracker::new(spec(2, WhenFull::EvictIdle));
    let handle = tracker.action("by handle").unwrap();
    (0..10).for_each(|_| tracker.record("idle", 1).unwrap());
    handle.record(1_u64);
    drop(handle);
    tracker.record("new", 1).unwrap();
    assert_eq!(names(&tracker), ["by handle", "new"]);
    let handle = tracker.action("by handle").unwrap();
    handle.record(1_u64);
    (0..10).for_each(|_| tracker.record("new", 1).unwrap());
    drop(handle);
    tracker.record("newer", 1).unwrap();
    assert_eq!(names(&tracker), ["new", "newer"]);
}

#[test]
fn what_is_merged_counts_as_used_then() {
    let (tracker, other) =
        (RunningTracker::new(spec(2, WhenFull::EvictIdle)), RunningTracker::default());
    add_each(&tracker, &["a", "b", "b"]);
    other.record("a", 1).unwrap();
    tracker.merge(&other.snapshot()).unwrap();
    tracker.record("c", 1).unwrap();
    assert_eq!(names(&tracker), ["a", "c"]);
    add_each(&tracker, &["c", "a", "d"]);
    assert_eq!(names(&tracker), ["a", "d"]);
}

#[test]
fn what_is_beyond_the_limit_shares_a_row() {
    let tracker = RunningTracker::new(spec(1, WhenFull::Fold));
    add_each(&tracker, &["a", "b", "c", "a", "b"]);
    let handle = tracker.action("d").unwrap();
    handle.record(1_u64);
    assert_eq!(handle.name(), WhenFull::OTHER);
    assert_eq!(rows(&tracker), [("a".into(), 2), (WhenFull::OTHER.into(), 4)]);
    assert_eq!(tracker.overflow(), OverflowCounts { folded: 4, ..OverflowCounts::default() });
    let tracker = RunningTracker::new(spec(0, WhenFull::Fold));
    for _ in 0..3 {
        add_each(&tracker, &["a", "b"]);
        assert_eq!(rows(&tracker), [(WhenFull::OTHER.into(), 2)]);
        tracker.reset();
    }
}

#[test]
fn a_limit_of_none_refuses_all() {
    for when_full in [WhenFull::Refuse, WhenFull::EvictIdle] {
        let tracker = RunningTracker::new(spec(0, when_full));
        assert_eq!(
            tracker.record("a", 1).unwrap_err().to_string(),
            "action is new and the tracker is full, limit is 0"
        );
        assert_eq!(tracker.overflow(), OverflowCounts { refused: 1, ..OverflowCounts::default() });
    }
}

#[test]
fn a_reset_makes_room() {
    for when_full in [WhenFull::Refuse, WhenFull::Fold, WhenFull::EvictIdle] {
        let tracker = RunningTracker::new(spec(3, when_full));
        let handle = tracker.action("handle").unwrap();
        for round in 0..50 {
            let before = tracker.overflow();
            for name in ["a", "b"] {
                tracker.record(&format!("{name} {round}"), 1).unwrap();
            }
            handle.record(1_u64);
            let expected = ["a", "b"].map(|name| format!("{name} {round}"));
            assert_eq!(names(&tracker), [&expected[0], &expected[1], "handle"], "{when_full:?}");
            assert_eq!(tracker.overflow(), before);
            tracker.reset();
        }
    }
}

#[test]
fn a_reset_makes_no_room_of_what_was_recorded_since() {
    let tracker = RunningTracker::new(spec(2, WhenFull::Refuse));
    add_each(&tracker, &["a", "b"]);
    tracker.reset();
    add_each(&tracker, &["a", "c"]);
    assert!(tracker.record("d", 1).is_err() && tracker.record("b", 1).is_err());
    assert_eq!(rows(&tracker), [("a".into(), 1), ("c".into(), 1)]);
}

#[test]
fn evicted_and_live_records_add_up_after_a_race() {
    let tracker = RunningTracker::new(spec(3, WhenFull::EvictIdle));
    let mut all = 0;
    for _ in 0..40 {
        thread::scope(|scope| {
            for thread in 0..3 {
                let tracker = &tracker;
                scope.spawn(move || {
                    for record in 0..1_000_u64 {
                        let name = format!("name {}", record * (thread + 1) % 5);
                        tracker.record(&name, record).unwrap();
                    }
                });
            }
        });
        all += 3_000;
        let live: u64 = rows(&tracker).iter().map(|(_, count)| count).sum();
        assert_eq!(live + tracker.overflow().evicted_records, all);
        assert!(rows(&tracker).len() <= 3);
    }
}

#[test]
fn concurrent_evictions_refuse_nothing() {
    for actions in [1, 2] {
        let tracker = RunningTracker::new(spec(actions, WhenFull::EvictIdle));
        thread::scope(|scope| {
            for number in 0..4 {
                let tracker = &tracker;
                scope.spawn(move || {
                    for record in 0..5_000_u64 {
                        tracker.record(&format!("name {number}"), record).unwrap();
                    }
                });
            }
        });
        assert_eq!(tracker.overflow().refused, 0);
    }
}

#[test]
fn an_eviction_ends_while_threads_are_busy() {
    let tracker = RunningTracker::new(spec(4, WhenFull::EvictIdle));
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Acquire) {
                add_each(&tracker, &["a", "b", "c", "d"]);
            }
        });
        let added = (0..300).map(|number| tracker.record(&format!("name {number}"), 1));
        let added: Result<Vec<_>, _> = added.collect();
        ended.store(true, Release); // First, or the thread would be waited for without an end.
        added.unwrap();
    });
    assert!(tracker.overflow().evicted >= 296);
}

#[test]
fn short_lived_threads_do_not_make_memory_grow() {
    for when_full in [WhenFull::Refuse, WhenFull::EvictIdle] {
        let tracker = MergedTracker::<Histogram>::new(spec(8, when_full));
        let add = |number: u64| {
            thread::scope(|scope| {
                let thread = scope.spawn(|| {
                    let used = measure(|| drop(tracker.record(&format!("name {}", number % 8), 1)));
                    used.bytes_current
                });
                thread.join().unwrap()
            })
        };
        let _: i64 = (0..100).map(add).sum();
        let more: i64 = (0..1_000).map(add).sum();
        assert!(more <= 8 * 4_096, "{more} bytes more after a thousand threads");
        let count: u64 = tracker.stats().iter().map(|row| row.count()).sum();
        assert_eq!(count, 1_100);
    }
}

#[test]
fn recording_a_known_action_allocates_nothing() {
    let tracker = MergedTracker::<(Mean, MinMax, Quantiles)>::default();
    let handle = tracker.action("by handle").unwrap();
    let add = |time: u64| {
        tracker.record("jump", time).unwrap();
        tracker.record("a name that is longer than sixteen bytes", time).unwrap();
        handle.record(time);
    };
    (0..1_000).for_each(add);
    let used = measure(|| (0..1_000).for_each(add));
    assert_eq!(used.count_total, 0, "{used:?}");
}
