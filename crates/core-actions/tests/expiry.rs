//! Promise J6: the names of a windowed tracker that left every window give way to new ones, before
//! anything is refused, folded or evicted.

#![cfg(feature = "tracker")]

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use core_actions::{
    Count, Mean, OverflowCounts, TrackerSpec, WhenFull, WindowedSpec, WindowedTracker,
};
use core_time::{ManualClock, Stamp, Tier, WindowSpec};

const SPAN: u64 = 10;
const ALL: [WhenFull; 3] = [WhenFull::Refuse, WhenFull::Fold, WhenFull::EvictIdle];

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn tracker(actions: usize, when_full: WhenFull) -> (WindowedTracker<Mean>, ManualClock) {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let window = WindowSpec::builder().span(secs(SPAN)).build().unwrap();
    let tracker = TrackerSpec { actions, when_full, ..TrackerSpec::default() };
    let spec = WindowedSpec { window, tracker, ..WindowedSpec::default() };
    (WindowedTracker::with_clock(spec, clock.clone()).unwrap(), clock)
}

/// The actions of the longest window, by name.
fn names(tracker: &WindowedTracker<Mean>) -> Vec<String> {
    let rows = tracker.window(secs(SPAN)).unwrap();
    let mut names: Vec<_> = rows.rows().iter().map(|row| row.name().to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn names_give_way_once_they_left_every_window() {
    for when_full in ALL {
        let (tracker, clock) = tracker(2, when_full);
        tracker.record("a", 1).unwrap();
        tracker.record("b", 1).unwrap();
        clock.advance(secs(SPAN - 1));
        let before = tracker.overflow();
        let found = tracker.record("c", 1);
        let (expected, overflow): (&[&str], _) = match when_full {
            WhenFull::Refuse => (&["a", "b"], OverflowCounts { refused: 1, ..before }),
            WhenFull::Fold => (&["(other)", "a", "b"], OverflowCounts { folded: 1, ..before }),
            _ => (&["b", "c"], OverflowCounts { evicted: 1, evicted_records: 1, ..before }),
        };
        assert_eq!(names(&tracker), expected);
        assert_eq!(tracker.overflow(), overflow);
        assert_eq!(found.is_ok(), when_full != WhenFull::Refuse);

        tracker.record("b", 1).unwrap(); // "b" stays longer.
        clock.advance(secs(SPAN + 1));
        tracker.record("b", 1).unwrap();
        let before = tracker.overflow();
        tracker.record("d", 1).unwrap();
        assert_eq!(names(&tracker), ["b", "d"], "{when_full:?}");
        assert_eq!(tracker.overflow(), OverflowCounts { expired: 1, ..before }, "{when_full:?}");
    }
}

/// A record that is not in the ring yet, because its thread buffers it, counts as well.
#[test]
fn a_name_stays_by_the_record_that_was_made_last() {
    let (tracker, clock) = tracker(1, WhenFull::Refuse);
    for _ in 0..3 {
        tracker.record("a", 1).unwrap();
        assert!(tracker.record("b", 1).is_err());
        assert_eq!(names(&tracker), ["a"]);
        clock.advance(secs(SPAN + 1));
    }
    tracker.record("b", 1).unwrap();
}

#[test]
fn the_newest_bucket_decides_however_old_the_others_are() {
    for when_full in ALL {
        let (tracker, clock) = tracker(3, when_full);
        let now = Stamp::from_secs(1_000);
        tracker.record_at("ahead", 1, now + secs(3)).unwrap();
        tracker.record_at("ahead", 1, now - secs(SPAN)).unwrap();
        tracker.record_at("late", 1, now - secs(3)).unwrap();
        tracker.record("now", 1).unwrap();
        for (after, gone) in [(SPAN - 2, "late"), (3, "now"), (3, "ahead")] {
            clock.advance(secs(after - 1));
            // A bucket longer than it is in the rows, because it may be in the window.
            let all = tracker.window(secs(SPAN)).unwrap().at_most();
            assert!(all.iter().any(|row| row.name() == gone), "{gone}");
            clock.advance(secs(1));
            let before = tracker.overflow();
            tracker.record(&format!("instead of {gone}"), 1).unwrap();
            assert_eq!(
                tracker.overflow(),
                OverflowCounts { expired: before.expired + 1, ..before }
            );
        }
        assert_eq!(names(&tracker), ["instead of ahead", "instead of late", "instead of now"]);
    }
}

#[test]
fn a_handle_keeps_its_action_until_it_is_dropped() {
    for when_full in [WhenFull::Refuse, WhenFull::EvictIdle] {
        let (tracker, clock) = tracker(2, when_full);
        let handles = ["a", "b"].map(|name| tracker.action(name).unwrap());
        handles.iter().for_each(|handle| handle.record(1_u64));
        clock.advance(secs(10 * SPAN));
        for _ in 0..3 {
            assert!(tracker.record("new", 1).is_err(), "all have handles");
        }
        let [a, b] = handles;
        b.record(1_u64);
        drop(a);
        tracker.record("new", 1).unwrap();
        assert_eq!(names(&tracker), ["b", "new"]);
        assert_eq!((tracker.overflow().expired, tracker.overflow().evicted), (1, 0));
        drop(b); // Still in the window.
        assert_eq!(tracker.record("newer", 1).is_ok(), when_full == WhenFull::EvictIdle);
    }
}

#[test]
fn a_full_tracker_takes_a_new_name_a_day_later() {
    for when_full in ALL {
        let (tracker, clock) = tracker(4, when_full);
        let handle = tracker.action("kept").unwrap();
        for name in ["a", "b", "c"] {
            tracker.record(name, 1).unwrap();
        }
        clock.advance(secs(86_400));
        let before = tracker.overflow();
        for name in ["d", "e", "f"] {
            tracker.record(name, 1).unwrap();
        }
        assert_eq!(names(&tracker), ["d", "e", "f"], "{when_full:?}");
        assert_eq!(tracker.overflow(), OverflowCounts { expired: 3, ..before }, "{when_full:?}");
        assert_eq!(handle.name(), "kept");
    }
}

/// With tiers, the longest one decides, and names stay as long as its buckets do.
#[test]
fn names_stay_as_long_as_the_longest_tier() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let tier = Tier { resolution: secs(10), span: secs(60) };
    let window = WindowSpec::builder().span(secs(SPAN)).tier(tier).build().unwrap();
    let limit = TrackerSpec { actions: 1, ..TrackerSpec::default() };
    let spec = WindowedSpec { window, tracker: limit, ..WindowedSpec::default() };
    let tracker = WindowedTracker::<Mean>::with_clock(spec, clock.clone()).unwrap();
    tracker.record("a", 1).unwrap();
    clock.advance(secs(69)); // The last moment at which a minute touches the ten seconds of "a".
    assert!(tracker.record("b", 1).is_err());
    assert_eq!(tracker.window(secs(60)).unwrap().at_most().len(), 1);
    clock.advance(secs(1));
    tracker.record("b", 1).unwrap();
    assert_eq!(tracker.get("b", secs(60)).unwrap().count(), 1);
}

#[test]
fn a_default_tracker_takes_new_names_for_ever() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = WindowedSpec::default();
    let (actions, span) = (spec.tracker.actions, spec.window.span());
    let tracker = WindowedTracker::<Count>::with_clock(spec, clock.clone()).unwrap();
    for round in 0..4 {
        for number in 0..actions {
            tracker.record(&format!("round {round}, name {number}"), 1).unwrap();
        }
        assert!(tracker.record("one more", 1).is_err());
        assert_eq!(tracker.window(span).unwrap().rows().len(), actions);
        clock.advance(span + secs(1)); // No window touches the bucket any more.
    }
    let expected =
        OverflowCounts { refused: 4, expired: 3 * actions as u64, ..OverflowCounts::default() };
    assert_eq!(tracker.overflow(), expected);
}

#[test]
fn a_name_that_gave_way_begins_again_in_every_thread() {
    let (tracker, clock) = tracker(1, WhenFull::Refuse);
    let add = |name: &str| {
        tracker.record(name, 1).unwrap();
        thread::scope(|scope| scope.spawn(|| tracker.record(name, 1).unwrap()).join().unwrap());
    };
    for _ in 0..20 {
        for name in ["a", "b"] {
            add(name);
            let rows = tracker.window(secs(SPAN)).unwrap();
            let rows: Vec<_> = rows.rows().iter().map(|row| (row.name(), row.count())).collect();
            assert_eq!(rows, [(name, 2)]);
            clock.advance(secs(SPAN + 1));
        }
    }
}

/// Threads record few names, some of which are known and some of which left the window, while each
/// makes the others' names give way.
#[test]
fn records_made_while_names_give_way_add_up() {
    const THREADS: u64 = 4;
    const RECORDS: u64 = 300;
    for when_full in [WhenFull::Refuse, WhenFull::Fold] {
        let (tracker, clock) = tracker(4, when_full);
        let mut rounds = Vec::new(); // Checked at the end: threads wait for each other until then.
        let (begin, end) = (Barrier::new(THREADS as usize + 1), Barrier::new(THREADS as usize + 1));
        let (tracker, begin, end) = (&tracker, &begin, &end);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || {
                    for round in 0..200 {
                        begin.wait();
                        for record in 0..RECORDS {
                            let name = (round + record * (thread + 1)) % 7;
                            let _ = tracker.record(&format!("name {name}"), 1);
                        }
                        end.wait();
                    }
                });
            }
            let mut before = tracker.overflow();
            for _ in 0..200 {
                begin.wait();
                end.wait();
                let rows = tracker.window(secs(SPAN)).unwrap();
                let live: u64 = rows.rows().iter().map(|row| row.count()).sum();
                let now = tracker.overflow();
                let refused = now.refused - before.refused;
                let evicted = now.evicted_records - before.evicted_records;
                rounds.push((live + refused + evicted, rows.rows().len()));
                before = now;
                clock.advance(secs(SPAN + 1));
            }
        });
        let actions = if when_full == WhenFull::Fold { 5 } else { 4 };
        for (records, rows) in rounds {
            assert_eq!(records, THREADS * RECORDS, "{when_full:?}");
            assert!(rows <= actions, "{rows} rows");
        }
        assert!(tracker.overflow().expired > 0);
    }
}
