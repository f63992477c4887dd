//! Models of the ledger's protocol, each explored in all its interleavings: `cargo xtask loom`.
//!
//! One question each, two or three threads, the smallest ring there is. Ticks are milliseconds.

use std::time::Duration;

use ::loom::sync::Arc;
use ::loom::thread;

use crate::ledger::{Cell, Cells, Ledger};
use crate::ring::Reading;
use crate::spec::WindowSpec;
use crate::stamp::Stamp;

/// Explores all interleavings in which threads are interrupted no more than three times.
///
/// Without a bound the larger models take days; nearly all faults of such protocols need two.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(model);
}

/// A ledger with the cells of its threads.
struct Shared {
    ledger: Ledger,
    cells: [Cell; 2],
}

impl Cells for [Cell; 2] {
    fn for_each(&self, visit: impl FnMut(&Cell)) {
        self.iter().for_each(visit);
    }

    fn made(&self) -> usize {
        self.len()
    }
}

impl Shared {
    /// A ring of one bucket (and the one that a window cuts, and one to spare), at tick 0.
    fn new() -> Arc<Self> {
        let (resolution, tolerance) = (Duration::from_millis(1), Duration::ZERO);
        let spec = WindowSpec::builder().resolution(resolution).span(resolution);
        let spec = spec.tolerance(tolerance).build().unwrap();
        let ledger = Ledger::new(spec, Stamp::UNIX_EPOCH);
        Arc::new(Self { ledger, cells: [Cell::new(), Cell::new()] })
    }

    /// Records events as a counter does: in the open bucket, or by a turn.
    fn record(&self, writer: usize, tick: i64, events: u64) {
        let (cell, stamp) = (&self.cells[writer], Stamp::from_millis(tick));
        if !cell.count(stamp, events) {
            self.ledger.turn(cell, &self.cells, stamp, events).unwrap();
        }
    }

    fn late(&self, tick: i64, events: u64) {
        let stamp = Stamp::from_millis(tick);
        self.ledger.record_in_rings(&self.cells, stamp, Stamp::from_millis(9), events).unwrap();
    }

    fn read(&self, oldest: i64, newest: i64) -> Reading {
        let read = || self.ledger.read(&self.cells, &self.ledger.tiers()[0], oldest, newest);
        self.ledger.consistently(read).reading
    }

    fn sum(&self, oldest: i64, newest: i64) -> u64 {
        let Reading { oldest, between, newest } = self.read(oldest, newest);
        oldest + between + newest
    }
}

#[test]
fn a_read_beside_a_turn_sees_one_state() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let writer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.record(0, 0, 1);
                shared.record(0, 1, 1); // Hands two events of tick 0 over.
                shared.record(0, 1, 1);
            })
        };
        let Reading { oldest, between, newest } = shared.read(0, 1);
        assert!((1..=2).contains(&oldest), "tick 0 has {oldest}");
        assert_eq!(between, 0);
        assert!(newest == 0 || newest <= 2 && oldest == 2, "tick 0 has {oldest}, tick 1 {newest}");
        writer.join().unwrap();
        assert_eq!(shared.read(0, 1), Reading { oldest: 2, between: 0, newest: 2 });
    });
}

#[test]
fn turns_of_two_writers_and_a_late_event_lose_nothing() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        shared.record(1, 0, 2);
        let turns = [0, 1].map(|writer| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.record(writer, 1, 4);
                if writer == 1 {
                    shared.late(0, 8);
                }
            })
        });
        turns.into_iter().for_each(|turn| turn.join().unwrap());
        assert_eq!(shared.read(0, 1), Reading { oldest: 11, between: 0, newest: 8 });
    });
}

#[test]
fn a_read_beside_a_late_event_sees_it_whole_and_nothing_else_moved() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        shared.record(0, 1, 1);
        let late = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.late(0, 1))
        };
        let found = shared.read(0, 1);
        assert!(found.oldest == 1 || found.oldest == 2, "tick 0 has {}", found.oldest);
        assert_eq!(found.newest, 1);
        late.join().unwrap();
        assert_eq!(shared.read(0, 1).oldest, 2);
    });
}

#[test]
fn reset_leaves_nothing_of_before_and_all_of_after() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let beside = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 0, 2))
        };
        shared.ledger.reset(&shared.cells, Stamp::UNIX_EPOCH);
        let found = shared.sum(0, 0);
        assert!(found == 0 || found == 2, "after the reset there are {found}");
        beside.join().unwrap();
        let found = shared.sum(0, 0);
        assert!(found == 0 || found == 2, "after all there are {found}");
        shared.record(0, 0, 4);
        assert_eq!(shared.sum(0, 0), found + 4);
    });
}

#[test]
fn reset_beside_a_turn_leaves_nothing_of_before() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let beside = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 1, 2))
        };
        shared.ledger.reset(&shared.cells, Stamp::UNIX_EPOCH);
        beside.join().unwrap();
        let found = shared.read(0, 1);
        assert_eq!(found.oldest, 0, "what was recorded before the reset came back");
        assert!(found.newest == 0 || found.newest == 2, "tick 1 has {}", found.newest);
    });
}

#[test]
fn a_thread_that_adopts_a_cell_counts_on() {
    explore(|| {
        let shared = Shared::new();
        let first = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 0, 1))
        };
        first.join().unwrap(); // What hands a cell on orders the two threads, as this does.
        let second = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 1, 2))
        };
        assert_eq!(shared.read(0, 1).oldest, 1);
        second.join().unwrap();
        assert_eq!(shared.read(0, 1), Reading { oldest: 1, between: 0, newest: 2 });
    });
}
