//! `changes`: reads what changed in a bucket of a thousand actions; `merged`: reads what several
//! writers have sent, over a window of all of them, after each has sent its newest bucket.

use std::hint;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use core_actions::{
    ActionTime, Fleet, HasCount, Mean, MinMax, Quantiles, WindowedCursor, WindowedSnapshot,
    WindowedTracker,
};
use core_time::{Clock as _, ManualClock, Stamp, Statistic};
use criterion::Criterion;
use hdrhistogram::Histogram;

use crate::harness::{Harness, Steady};

type Tracker = WindowedTracker<Ends>;
type Ends = (Mean, MinMax);

/// The actions of the tracker whose changes are read.
const TOUCHED: usize = 1_000;

/// The buckets of that tracker.
const BUCKETS: i64 = 300;

/// The numbers of writers that are merged, and of the actions of each of them.
const WRITERS: [(usize, usize); 4] = [(2, 20), (20, 20), (200, 20), (20, 100)];

/// The seconds that are read of them.
const WINDOW_S: u64 = 60;

/// The records of an action in a bucket.
const EACH: u64 = 10;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    let changed = Harness::new(criterion, "changes/one_bucket_names_001000", 1, 1);
    changes(&mut changed.of_long_rounds());
    for (writers, actions) in WRITERS {
        let name = match actions {
            20 => format!("merged/writers_{writers:03}"),
            _ => format!("merged/writers_{writers:03}_names_{actions:03}"),
        };
        let harness = Harness::new(criterion, &name, 1, 1);
        merged(&mut harness.of_long_rounds(), writers, actions);
    }
    let (writers, actions) = (20, 20);
    let name = format!("merged/quantiles_writers_{writers:03}");
    let harness = Harness::new(criterion, &name, 1, 1);
    merged_quantiles(&mut harness.of_long_rounds(), writers, actions);
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
struct Filled<S: Statistic<Value = ActionTime> = Ends> {
    clock: ManualClock,
    tracker: WindowedTracker<S>,
    names: Vec<String>,
}

impl<S: Statistic<Value = ActionTime>> Filled<S> {
    fn new(actions: usize, buckets: i64) -> Self {
        let clock = ManualClock::new(Stamp::from_secs(1_000_000));
        let tracker = WindowedTracker::with_clock(Default::default(), clock.clone());
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

/// A fleet of writers, each of which sends its newest bucket after a read.
struct Sent<S: Statistic<Value = ActionTime>> {
    writers: Vec<Filled<S>>,
    actions: usize,
    known: Mutex<(Fleet<S>, Vec<WindowedCursor<S>>)>,
}

impl<S: Statistic<Value = ActionTime> + HasCount> Sent<S> {
    fn new(writers: usize, actions: usize) -> Self {
        let writers: Vec<_> = (0..writers).map(|_| Filled::new(actions, WINDOW_S as i64)).collect();
        let first = &writers[0].tracker;
        let fleet = Fleet::new(first.window_spec().clone(), first.spec().unit);
        let cursors = writers.iter().map(|_| WindowedCursor::default()).collect();
        let sent = Self { writers, actions, known: Mutex::new((fleet, cursors)) };
        sent.send();
        sent
    }

    fn known(&self) -> MutexGuard<'_, (Fleet<S>, Vec<WindowedCursor<S>>)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self) {
        let (fleet, cursors) = &mut *self.known();
        for (writer, cursor) in self.writers.iter().zip(cursors) {
            fleet.apply(&writer.tracker.changes(cursor)).expect("trackers of one kind");
        }
        fleet.forget_before_span(self.writers[0].clock.now());
    }

    fn read(&self) -> Vec<u64> {
        let (now, window) = (self.writers[0].clock.now(), Duration::from_secs(WINDOW_S));
        let window = self.known().0.window(now, window).expect("a window within the span");
        window.rows().iter().map(|row| row.count()).collect()
    }
}

impl<S: Statistic<Value = ActionTime> + HasCount> Steady for Sent<S> {
    type Local = ();

    fn local(&self) {}

    fn work(&self, (): &mut ()) {
        hint::black_box(self.read());
    }

    fn make_room(&self) {
        self.writers.iter().for_each(Filled::touch);
        self.send();
    }

    fn collect(&self, (): ()) {}

    fn verify(&self) -> Result<(), String> {
        self.make_room();
        same(&self.read(), self.writers.len(), self.actions)
    }
}

/// Checks the counts of a window of all writers.
fn same(found: &[u64], writers: usize, actions: usize) -> Result<(), String> {
    let expected = vec![writers as u64 * WINDOW_S * EACH; actions];
    if found == expected {
        return Ok(());
    }
    Err(format!("{found:?} records, expected {expected:?}"))
}

/// Reads the window of all writers.
fn merged(harness: &mut Harness<'_>, writers: usize, actions: usize) {
    harness.bench_steady("fleet", || Sent::<Ends>::new(writers, actions));
    let sent = || -> Vec<_> {
        let writer = || Filled::<Ends>::new(actions, WINDOW_S as i64);
        (0..writers).map(|_| writer()).map(|of| (of.clock.now(), of.tracker.snapshot())).collect()
    };
    let window = Duration::from_secs(WINDOW_S);
    let of_snapshots = |all: &Vec<(Stamp, WindowedSnapshot<Ends>)>| {
        let mut merged = all[0].1.clone();
        all[1..].iter().for_each(|(_, other)| merged.merge(other).expect("other trackers"));
        let clock = ManualClock::new(all[0].0);
        let tracker = Tracker::restore_with_clock(Default::default(), &merged, clock);
        let window = tracker.expect("a valid snapshot").window(window).expect("within the span");
        window.rows().iter().map(|row| row.count()).collect::<Vec<_>>()
    };
    harness.bench_reader("snapshots", sent, of_snapshots, |all| {
        same(&of_snapshots(all), writers, actions)
    });
    let cells = || vec![(EACH, EACH); writers * actions * WINDOW_S as usize];
    let of_cells = |cells: &Vec<(u64, u64)>| {
        let mut sums = vec![(0_u64, 0_u64); actions];
        for (at, (count, sum)) in cells.iter().enumerate() {
            let row = &mut sums[at % actions];
            *row = (row.0 + count, row.1 + sum);
        }
        sums.iter().map(|&(count, _)| count).collect::<Vec<_>>()
    };
    harness.bench_reader("floor_cells", cells, of_cells, |cells| {
        same(&of_cells(cells), writers, actions)
    });
}

/// Reads the same with quantiles.
fn merged_quantiles(harness: &mut Harness<'_>, writers: usize, actions: usize) {
    harness.bench_steady("fleet", || Sent::<Quantiles>::new(writers, actions));
    let cells = || -> Vec<_> {
        let cell = || {
            let mut cell = Histogram::<u64>::new(2).expect("two digits");
            (0..EACH).for_each(|time| cell.record(time).expect("it resizes"));
            cell
        };
        (0..writers * actions * WINDOW_S as usize).map(|_| cell()).collect()
    };
    let of_cells = |cells: &Vec<Histogram<u64>>| {
        let empty = || Histogram::<u64>::new(2).expect("two digits");
        let mut sums: Vec<_> = (0..actions).map(|_| empty()).collect();
        for (at, cell) in cells.iter().enumerate() {
            sums[at % actions].add(cell).expect("it resizes");
        }
        sums.iter().map(Histogram::len).collect::<Vec<_>>()
    };
    harness.bench_reader("rival_hdrhistogram", cells, of_cells, |cells| {
        same(&of_cells(cells), writers, actions)
    });
}
