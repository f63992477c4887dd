//! Random histories of names that are recorded, held, removed and expire, against a plain map.
//!
//! Promise J6: a name goes exactly when it is removed or expires, and its records are counted.

#![cfg(feature = "tracker")]

use std::collections::BTreeMap;
use std::time::Duration;

use core_actions::{ActionError, Handle, Mean, OverflowCounts, RunningTracker, TrackerSpec};
use core_time::{ManualClock, Stamp};
use proptest::collection::vec;
use proptest::prelude::*;

const IDLE: u64 = 60;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn rows(tracker: &RunningTracker) -> Vec<(String, u64)> {
    tracker.stats().iter().map(|row| (row.name().to_owned(), row.count())).collect()
}

#[derive(Debug, Clone)]
enum Step {
    Record { name: usize },
    Hold { name: usize },
    Drop { handle: usize },
    Remove { name: usize },
    RemoveExpired,
    Retain { min: u64 },
    Advance { secs: u64 },
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..4_usize;
    prop_oneof![
        6 => name.clone().prop_map(|name| Step::Record { name }),
        1 => name.clone().prop_map(|name| Step::Hold { name }),
        1 => (0..3_usize).prop_map(|handle| Step::Drop { handle }),
        1 => name.prop_map(|name| Step::Remove { name }),
        1 => Just(Step::RemoveExpired),
        1 => (0..4_u64).prop_map(|min| Step::Retain { min }),
        4 => (1..40_u64).prop_map(|secs| Step::Advance { secs }),
        1 => Just(Step::Reset),
    ]
}

/// What a tracker does, as a plain map.
#[derive(Debug, Default)]
struct Naive {
    /// The records, and the second of the last use.
    rows: BTreeMap<usize, (u64, u64)>,
    gone: OverflowCounts,
}

proptest! {
    #[test]
    fn names_go_exactly_when_they_are_removed_or_expire(steps in vec(step(), 1..80)) {
        const NAMES: [&str; 4] = ["a", "jump", "sixteen bytes!!!", "more than sixteen bytes"];
        let clock = ManualClock::new(Stamp::from_secs(1_000));
        let spec = TrackerSpec { idle: Some(secs(IDLE)), ..TrackerSpec::default() };
        let tracker = RunningTracker::with_clock(spec, clock.clone());
        let (mut naive, mut now) = (Naive::default(), 0);
        let mut handles: Vec<Handle<Mean>> = Vec::new();
        for step in steps {
            let is_held = |name: usize| handles.iter().any(|handle| handle.name() == NAMES[name]);
            match step {
                Step::Record { name } => {
                    // Another name would make expired ones go, so they go first.
                    tracker.remove_expired();
                    naive.expire(now, is_held);
                    tracker.record(NAMES[name], 1).unwrap();
                    let row = naive.rows.entry(name).or_default();
                    *row = (row.0 + 1, now);
                }
                Step::Hold { name } => {
                    tracker.remove_expired();
                    naive.expire(now, is_held);
                    let handle = tracker.action(NAMES[name]).unwrap();
                    handle.record(1_u64);
                    let row = naive.rows.entry(name).or_default();
                    *row = (row.0 + 1, now);
                    handles.push(handle);
                }
                Step::Drop { handle } => if handle < handles.len() {
                    drop(handles.swap_remove(handle));
                }
                Step::Remove { name } => {
                    let removed = tracker.remove(NAMES[name]);
                    if is_held(name) {
                        let is_refused = matches!(removed, Err(ActionError::Held { .. }));
                        prop_assert!(is_refused);
                    } else {
                        let row = naive.rows.remove(&name).map(|(count, _)| count);
                        let found = removed.unwrap().map(|row| row.count());
                        prop_assert_eq!(found.unwrap_or(0), row.unwrap_or(0));
                        naive.gone.removed += u64::from(row.is_some());
                    }
                }
                Step::RemoveExpired => {
                    let expired = naive.expire(now, is_held);
                    prop_assert_eq!(tracker.remove_expired(), expired);
                }
                Step::Retain { min } => {
                    let before = naive.rows.len();
                    naive.rows.retain(|&name, &mut (count, _)| {
                        count >= min || count == 0 || is_held(name)
                    });
                    let removed = before - naive.rows.len();
                    prop_assert_eq!(tracker.retain(|row| row.count() >= min), removed);
                    naive.gone.removed += removed as u64;
                }
                Step::Advance { secs: more } => {
                    now += more;
                    clock.advance(secs(more));
                }
                Step::Reset => {
                    tracker.reset();
                    naive.rows.values_mut().for_each(|row| row.0 = 0);
                }
            }
            let mut expected: Vec<_> = naive.rows.iter().filter(|(_, row)| row.0 > 0)
                .map(|(&name, &(count, _))| (NAMES[name].to_owned(), count)).collect();
            let mut found = rows(&tracker);
            expected.sort();
            found.sort();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(tracker.overflow(), naive.gone);
        }
    }
}

impl Naive {
    fn expire(&mut self, now: u64, is_held: impl Fn(usize) -> bool) -> usize {
        let before = self.rows.len();
        let mut records = 0;
        self.rows.retain(|&name, &mut (count, used)| {
            let stays = is_held(name) || now - used < IDLE;
            records += if stays { 0 } else { count };
            stays
        });
        let expired = before - self.rows.len();
        self.gone.expired += expired as u64;
        self.gone.evicted_records += records;
        expired
    }
}
