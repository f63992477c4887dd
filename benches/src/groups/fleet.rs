//! `changes`: reads what changed in a bucket of a thousand actions; `merged`: reads what several
//! writers have sent, over a window of all of them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use core_actions::{
    Fleet, Mean, MinMax, WindowedChanges, WindowedCursor, WindowedSnapshot, WindowedTracker,
};
use core_time::{Clock as _, ManualClock, Stamp};
use criterion::Criterion;

use crate::harness::{Harness, Steady};

type Tracker = WindowedTracker<(Mean, MinMax)>;

/// The actions of the tracker whose changes are read.
const TOUCHED: usize = 1_000;

/// The buckets of that tracker.
const BUCKETS: i64 = 300;

/// The numbers of writers that are merged.
const WRITERS: [usize; 3] = [2, 20, 200];

/// The actions of each of these writers.
const ACTIONS: usize = 20;

/// The seconds that are read of them.
const WINDOW_S: u64 = 60;

/// The records of an action in a bucket.
const EACH: u64 = 10;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    let changed = Harness::new(criterion, "changes/one_bucket_names_001000", 1, 1);
    changes(&mut changed.of_long_rounds());
    for writers in WRITERS {
        let name = format!("merged/writers_{writers:03}");
        let harness = Harness::new(criterion, &name, 1, 1);
        let mut harness = if writers < 200 { harness } else { harness.of_long_rounds() };
        merged(&mut harness, writers);
    }
}

fn changes(harness: &mut Harness<'_>) {
    harness.bench_steady("windowed_changes", Touched::<WindowedCursor<_>>::new);
    harness.bench_steady("windowed_snapshot", Touched::<WholeSnapshot>::new);
    let cells = || vec![(EACH, EACH); TOUCHED];
    harness.bench_reader("floor_cells", cells, Vec::clone, |cells| match cells.clone().len() {
        TOUCHED => Ok(()),
        found => Err(format!("{found} cells, expected {TOUCHED}")),
    });
}

/// A tracker with records of each action in each bucket.
struct Filled {
    clock: ManualClock,
    tracker: Tracker,
    names: Vec<String>,
}

impl Filled {
    fn new(actions: usize, buckets: i64) -> Self {
        let clock = ManualClock::new(Stamp::from_secs(1_000_000));
        let tracker = Tracker::with_clock(Default::default(), clock.clone());
        let tracker = tracker.expect("the default is valid");
        let names = (0..actions).map(|number| format!("action number {number}")).collect();
        let filled = Self { clock, tracker, names };
        (0..buckets).for_each(|_| filled.touch());
        filled
    }

    /// Records each action in the next bucket.
    fn touch(&self) {
        self.clock.advance(Duration::from_secs(1));
        for name in &self.names {
            (0..EACH).for_each(|time| self.tracker.record(name, time).expect("a valid name"));
        }
    }
}

/// A way to get what changed.
trait Look: Default + Send {
    /// Returns the number of rows in the newest bucket.
    fn look(&mut self, tracker: &Tracker) -> usize;
}

impl Look for WindowedCursor<(Mean, MinMax)> {
    fn look(&mut self, tracker: &Tracker) -> usize {
        tracker.changes(self).buckets().last().map_or(0, |bucket| bucket.rows().len())
    }
}

/// Copies all buckets, as a reader without a cursor.
#[derive(Default)]
struct WholeSnapshot;

impl Look for WholeSnapshot {
    fn look(&mut self, tracker: &Tracker) -> usize {
        tracker.snapshot().rows().len()
    }
}

/// Looks at a tracker after each action was touched in one bucket.
struct Touched<L> {
    filled: Filled,
    looks: Mutex<(L, usize)>,
}

impl<L: Look> Touched<L> {
    fn new() -> Self {
        let filled = Filled::new(TOUCHED, BUCKETS);
        let mut look = L::default();
        look.look(&filled.tracker);
        filled.touch();
        Self { filled, looks: Mutex::new((look, 0)) }
    }
}

impl<L: Look> Steady for Touched<L> {
    type Local = ();

    fn local(&self) {}

    fn work(&self, (): &mut ()) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.1 = looks.0.look(&self.filled.tracker);
    }

    fn make_room(&self) {
        self.filled.touch();
    }

    fn collect(&self, (): ()) {}

    fn verify(&self) -> Result<(), String> {
        match self.looks.lock().unwrap_or_else(PoisonError::into_inner).1 {
            TOUCHED => Ok(()),
            found => Err(format!("{found} rows, expected {TOUCHED}")),
        }
    }
}

/// Reads the window of all writers, which have sent all that they hold.
fn merged(harness: &mut Harness<'_>, writers: usize) {
    let window = Duration::from_secs(WINDOW_S);
    let total = writers as u64 * WINDOW_S * EACH;
    let sent = || -> Vec<_> {
        let writer = || Filled::new(ACTIONS, WINDOW_S as i64);
        (0..writers).map(|_| writer()).map(|of| (of.clock.now(), of.tracker.snapshot())).collect()
    };
    let count = |found: Vec<u64>| match found {
        found if found == [total; ACTIONS] => Ok(()),
        found => Err(format!("{found:?} records, expected {total} of each action")),
    };
    let fleet = || {
        let all = sent();
        let (now, first) = &all[0];
        let mut fleet = Fleet::new(first.window_spec().clone(), first.unit());
        for (_, snapshot) in &all {
            fleet.apply(&WindowedChanges::from(snapshot)).expect("trackers of one kind");
        }
        (*now, fleet)
    };
    let of_fleet = |(now, fleet): &(Stamp, Fleet<_>)| {
        let window = fleet.window(*now, window).expect("a window within the span");
        window.rows().iter().map(|row| row.count()).collect::<Vec<_>>()
    };
    harness.bench_reader("fleet", fleet, of_fleet, |all| count(of_fleet(all)));
    let of_snapshots = |all: &Vec<(Stamp, WindowedSnapshot<(Mean, MinMax)>)>| {
        let mut merged = all[0].1.clone();
        all[1..].iter().for_each(|(_, other)| merged.merge(other).expect("other trackers"));
        let clock = ManualClock::new(all[0].0);
        let tracker = Tracker::restore_with_clock(Default::default(), &merged, clock);
        let window = tracker.expect("a valid snapshot").window(window).expect("within the span");
        window.rows().iter().map(|row| row.count()).collect::<Vec<_>>()
    };
    harness.bench_reader("snapshots", sent, of_snapshots, |all| count(of_snapshots(all)));
    let cells = || vec![(EACH, EACH); writers * ACTIONS * WINDOW_S as usize];
    let of_cells = |cells: &Vec<(u64, u64)>| {
        let mut sums = [(0_u64, 0_u64); ACTIONS];
        for (at, (count, sum)) in cells.iter().enumerate() {
            let row = &mut sums[at % ACTIONS];
            *row = (row.0 + count, row.1 + sum);
        }
        sums.map(|(count, _)| count).to_vec()
    };
    harness.bench_reader("floor_cells", cells, of_cells, |cells| count(of_cells(cells)));
}
