//! Random histories against a plain map of vectors, with exact rational arithmetic.
//!
//! Promises A2, A4, A7 and A9: all figures of each row, the order of rows, what is beyond the
//! limit; whichever thread or handle recorded, through resets, merging and restoring, for
//! statistics whose values are buffered and for one whose are not.

#![cfg(feature = "tracker")]

use std::collections::BTreeMap;
use std::sync::Arc;

use core_actions::{
    ActionError, ActionTime, Handle, MergedTracker, OverflowCounts, Row, TrackerSpec, WhenFull,
};
use proptest::collection::vec;
use proptest::prelude::*;

mod support;

use support::{Batched, Checked, NAMES, THREADS, Unpromising, Worker, time};

/// What the row of folded actions is called here, where [`WhenFull::OTHER`] is an action as well.
///
/// No action has this name, and at equal numbers the row is before those of all names.
const FOLDED: &str = "";

fn key<S>(row: &Row<S>) -> &str {
    if row.is_other() { FOLDED } else { row.name() }
}

fn key_of<S: Checked>(handle: &Handle<S>) -> &str {
    if handle.is_other() { FOLDED } else { handle.name() }
}

#[derive(Debug, Clone)]
enum Step {
    Add {
        thread: usize,
        name: usize,
        time: ActionTime,
        number: u64,
    },
    /// Makes a handle, and records through it.
    Hold {
        name: usize,
        time: ActionTime,
    },
    /// Records through a handle, in another thread if it is to be dropped after that.
    ByHandle {
        thread: usize,
        handle: usize,
        time: ActionTime,
        drop: bool,
    },
    ThreadEnds {
        thread: usize,
    },
    Reset,
    /// Merges another tracker, of which the records are some that were made before.
    Merge {
        records: Vec<(usize, ActionTime, u64)>,
    },
    Restore,
}

#[derive(Debug, Clone)]
struct Shape {
    limit: usize,
    when_full: WhenFull,
    /// Whether records have numbers of the caller's.
    numbered: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    let records = vec((name.clone(), time(), 0..1_000_u64), 0..8);
    prop_oneof![
        40 => (0..THREADS, name.clone(), time(), 0..1_000_u64)
            .prop_map(|(thread, name, time, number)| Step::Add { thread, name, time, number }),
        3 => (name, time()).prop_map(|(name, time)| Step::Hold { name, time }),
        8 => (0..THREADS, 0..4_usize, time(), prop::bool::weighted(0.2))
            .prop_map(|(thread, handle, time, drop)| Step::ByHandle { thread, handle, time, drop }),
        2 => (0..THREADS).prop_map(|thread| Step::ThreadEnds { thread }),
        1 => Just(Step::Reset),
        1 => records.prop_map(|records| Step::Merge { records }),
        1 => Just(Step::Restore),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let when_full =
        prop_oneof![Just(WhenFull::Refuse), Just(WhenFull::Fold), Just(WhenFull::EvictIdle),];
    let limit = prop_oneof![0..5_usize, Just(100)];
    (limit, when_full, any::<bool>()).prop_map(|(limit, when_full, numbered)| Shape {
        limit,
        when_full,
        numbered,
    })
}

/// Keeps every time that the tracker should have, by action.
struct Oracle {
    shape: Shape,
    actions: BTreeMap<String, Entry>,
    /// The names that have a place, in the order in which they got it.
    places: Vec<String>,
    /// The names among them that existed at the last reset, the oldest last.
    emptied: Vec<String>,
    overflow: OverflowCounts,
    /// The largest number so far.
    newest: Option<u64>,
}

#[derive(Debug, Default)]
struct Entry {
    times: Vec<ActionTime>,
    first: Option<u64>,
    handles: usize,
}

impl Oracle {
    fn new(shape: Shape) -> Self {
        let (actions, places, emptied) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { shape, actions, places, emptied, overflow: OverflowCounts::default(), newest: None }
    }

    fn is_empty(&self, name: &str) -> bool {
        self.actions.get(name).is_none_or(|entry| entry.times.is_empty() && entry.handles == 0)
    }

    fn drop_empty(&mut self) -> bool {
        while let Some(name) = self.emptied.pop() {
            if self.places.contains(&name) && self.is_empty(&name) {
                self.places.retain(|place| *place != name);
                return true;
            }
        }
        false
    }

    /// Returns the row that a name is recorded in, if any; `rows` are the rows after the record.
    fn place(&mut self, name: &str, rows: &[String]) -> Option<String> {
        if self.places.iter().any(|place| place == name) {
            return Some(name.to_owned());
        }
        if self.places.len() >= self.shape.limit && !self.drop_empty() {
            let when_full = self.shape.when_full;
            match when_full {
                WhenFull::Fold => {
                    self.overflow.folded += 1;
                    return Some(FOLDED.to_owned());
                }
                WhenFull::EvictIdle if self.evict(rows) => {}
                _ => {
                    self.overflow.refused += 1;
                    return None;
                }
            }
        }
        self.places.push(name.to_owned());
        Some(name.to_owned())
    }

    /// Removes an action that is no longer a row; the tests of bounds check which one that must be.
    fn evict(&mut self, rows: &[String]) -> bool {
        let has_no_handle = |name: &&String| self.actions[*name].handles == 0;
        let mut evicted = self.places.iter().filter(has_no_handle);
        if evicted.clone().next().is_none() {
            return false;
        }
        let evicted = evicted.find(|name| !rows.contains(name)).expect("one is gone").clone();
        self.places.retain(|place| *place != evicted);
        let entry = self.actions.remove(&evicted).unwrap();
        self.overflow.evicted += 1;
        self.overflow.evicted_records += entry.times.len() as u64;
        true
    }

    fn record(&mut self, place: &str, time: ActionTime, number: Option<u64>) {
        let entry = self.actions.entry(place.to_owned()).or_default();
        entry.times.push(time);
        if let Some(number) = number {
            entry.first = Some(entry.first.map_or(number, |first| first.min(number)));
        }
    }

    fn reset(&mut self) {
        for entry in self.actions.values_mut() {
            (entry.times, entry.first) = (Vec::new(), None);
        }
        self.emptied = self.places.iter().rev().cloned().collect();
    }

    #[track_caller]
    fn check<S: Checked>(&mut self, tracker: &MergedTracker<S>) {
        let stats = tracker.stats();
        assert_eq!(tracker.overflow(), self.overflow);
        let mut seen = self.newest;
        for row in &stats {
            let entry = self.actions.get_mut(key(row)).expect("a row of an action");
            // Numbers that the tracker gave are learned, and are greater than those before.
            let first = *entry.first.get_or_insert_with(|| {
                assert!(self.newest < Some(row.first()), "{} after {:?}", row.first(), self.newest);
                row.first()
            });
            assert_eq!(row.first(), first, "{}", row.name());
            seen = seen.max(Some(first));
            row.statistic().check(&entry.times);
            let one = if row.is_other() { tracker.other() } else { tracker.get(row.name()) };
            assert_eq!(one.as_ref(), Some(row));
        }
        let has_row = |name: &str| stats.iter().any(|row| key(row) == name);
        for name in NAMES.iter().filter(|name| !has_row(name)) {
            assert!(tracker.get(name).is_none(), "{name}");
        }
        assert_eq!(tracker.other().is_some(), has_row(FOLDED));
        self.newest = seen;
        let entries = self.actions.iter().filter(|(_, entry)| !entry.times.is_empty());
        let mut expected: Vec<_> = entries.map(|(name, entry)| (entry.first, &**name)).collect();
        expected.sort_unstable();
        let found: Vec<_> = stats.iter().map(|row| (Some(row.first()), key(row))).collect();
        assert_eq!(found, expected);
    }
}

/// The tracker and what it should hold, with those who record in it.
struct History<S: Checked> {
    tracker: Arc<MergedTracker<S>>,
    workers: Vec<Worker>,
    handles: Vec<Handle<S>>,
    oracle: Oracle,
}

impl<S: Checked> History<S> {
    fn run(shape: &Shape, steps: &[Step]) {
        let tracker = Arc::new(MergedTracker::<S>::new(spec(shape)));
        let workers = (0..THREADS).map(|_| Worker::start()).collect();
        let oracle = Oracle::new(shape.clone());
        let mut history = Self { tracker, workers, handles: Vec::new(), oracle };
        for step in steps {
            history.step(step);
            history.oracle.check(&history.tracker);
        }
        history.workers.iter_mut().for_each(Worker::end);
    }

    fn names(&self) -> Vec<String> {
        self.tracker.stats().iter().map(|row| key(row).to_owned()).collect()
    }

    fn step(&mut self, step: &Step) {
        let numbered = self.oracle.shape.numbered;
        match step.clone() {
            Step::Add { thread, name, time, number } => {
                let (tracker, name) = (Arc::clone(&self.tracker), NAMES[name]);
                let added = self.workers[thread].run(move || match numbered {
                    true => tracker.record_numbered(name, time, number),
                    false => tracker.record(name, time),
                });
                let place = self.oracle.place(name, &self.names());
                let full = ActionError::Full { limit: self.oracle.shape.limit };
                assert_eq!(added, if place.is_some() { Ok(()) } else { Err(full) });
                if let Some(place) = place {
                    self.oracle.record(&place, time, numbered.then_some(number));
                }
            }
            Step::Hold { name, time } if !numbered => {
                let handle = self.tracker.action(NAMES[name]);
                let place = self.oracle.place(NAMES[name], &self.names());
                assert_eq!(handle.as_ref().ok().map(key_of), place.as_deref());
                if let (Ok(handle), Some(place)) = (handle, place) {
                    handle.record(time);
                    self.oracle.record(&place, time, None);
                    self.oracle.actions.get_mut(&place).unwrap().handles += 1;
                    self.handles.push(handle);
                }
            }
            Step::ByHandle { thread, handle, time, drop } if !self.handles.is_empty() => {
                let at = handle % self.handles.len();
                let name = key_of(&self.handles[at]).to_owned();
                self.oracle.record(&name, time, None);
                if drop {
                    let handle = self.handles.swap_remove(at);
                    self.workers[thread].run(move || handle.record(time));
                    self.oracle.actions.get_mut(&name).unwrap().handles -= 1;
                } else {
                    self.handles[at].record(time);
                }
            }
            Step::ThreadEnds { thread } => {
                self.workers[thread].end();
                self.workers[thread] = Worker::start();
            }
            Step::Reset => {
                self.tracker.reset();
                self.oracle.reset();
            }
            Step::Merge { records } if self.oracle.shape.limit > NAMES.len() => {
                let other = MergedTracker::<S>::default();
                for &(name, time, number) in &records {
                    other.record_numbered(NAMES[name], time, number).unwrap();
                }
                self.tracker.merge(&other.snapshot()).unwrap();
                for (name, time, number) in records {
                    let place = self.oracle.place(NAMES[name], &[]).unwrap();
                    self.oracle.record(&place, time, Some(number));
                }
            }
            Step::Restore if self.handles.is_empty() => self.restore(),
            _ => {}
        }
    }

    /// Goes on with a tracker made from a snapshot.
    fn restore(&mut self) {
        let snapshot = self.tracker.snapshot();
        self.tracker =
            Arc::new(MergedTracker::restore(spec(&self.oracle.shape), &snapshot).unwrap());
        assert_eq!(self.tracker.snapshot(), snapshot);
        let apart = snapshot.rows().iter().filter(|row| !row.is_other());
        self.oracle.places = apart.map(|row| row.name().to_owned()).collect();
        (self.oracle.emptied, self.oracle.overflow) = (Vec::new(), OverflowCounts::default());
        self.oracle.newest = snapshot.rows().iter().map(Row::first).max();
        self.oracle.actions.retain(|_, entry| !entry.times.is_empty());
        // What was merged is not counted when it is evicted.
        if self.oracle.shape.when_full == WhenFull::EvictIdle {
            self.oracle.shape.when_full = WhenFull::Refuse;
            let spec = spec(&self.oracle.shape);
            self.tracker = Arc::new(MergedTracker::restore(spec, &snapshot).unwrap());
        }
    }
}

fn spec(shape: &Shape) -> TrackerSpec {
    let Shape { limit: actions, when_full, .. } = *shape;
    TrackerSpec { actions, when_full, ..TrackerSpec::default() }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn rows_are_those_of_a_map_of_all_times(shape in shape(), steps in vec(step(), 0..60)) {
        History::<Batched>::run(&shape, &steps);
        History::<Unpromising>::run(&shape, &steps);
    }
}
