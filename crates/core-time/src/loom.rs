//! Models of what threads share, each explored in all its interleavings: `cargo xtask loom`.
//!
//! One question each, two or three threads, the smallest ring there is. Ticks are milliseconds.
//! `cargo xtask mutants` shows that each can fail.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use ::loom::sync::Arc;
use ::loom::thread;

use crate::axis::TimeAxis;
use crate::clock::{Anchor, Clock, LOOK_EVERY_NANOS, ManualClock, Source};
use crate::error::RecordError;
use crate::ledger::{Cell, Cells, Ledger};
use crate::question::{Look, Question};
use crate::ring::Reading;
use crate::spec::WindowSpec;
use crate::stamp::Stamp;
use crate::sync::{
    AtomicI64,
    Ordering::{Acquire, Relaxed, Release},
};

/// Explores all interleavings in which threads are interrupted no more than three times.
///
/// Without a bound the larger models take days; nearly all faults of such protocols need two.
///
/// Loom runs the first thread as far as it can, and takes another turn where an access conflicts
/// with the last one of the same number, which may be the thread's own. A reader that comes first
/// is thus hidden from an owner that loads before it stores. So the reader is the thread that is
/// spawned; and a model of which nothing came but its one first run is none.
#[expect(clippy::print_stdout, reason = "shown by `cargo xtask loom` alone")]
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&runs);
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        model();
    });
    let runs = runs.load(Relaxed);
    assert!(runs > 1, "threads never met");
    println!("{runs} interleavings");
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
        Self::at(Stamp::UNIX_EPOCH)
    }

    fn at(now: Stamp) -> Arc<Self> {
        let (resolution, tolerance) = (Duration::from_millis(1), Duration::ZERO);
        let spec = WindowSpec::builder().resolution(resolution).span(resolution);
        let spec = spec.tolerance(tolerance).build().unwrap();
        let ledger = Ledger::new(spec, now);
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

    /// Looks at buckets that are held.
    fn find(&self, oldest: i64, newest: i64) -> Look<'_> {
        let from = Stamp::from_millis(oldest);
        let question = Question::Between((from..Stamp::from_millis(newest + 1)).into());
        let mut looks = [None];
        self.ledger.consistently(|| self.ledger.look(&self.cells, &[question], from, &mut looks));
        looks[0].expect("buckets are held")
    }

    fn read(&self, oldest: i64, newest: i64) -> Reading {
        self.find(oldest, newest).reading
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
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let Reading { oldest, between, newest } = shared.read(0, 1);
                assert!((1..=2).contains(&oldest), "tick 0 has {oldest}");
                assert_eq!(between, 0);
                let is_one_state = newest == 0 || (oldest, newest) == (2, 1);
                assert!(is_one_state, "tick 0 has {oldest}, tick 1 {newest}");
            })
        };
        shared.record(0, 0, 1);
        shared.record(0, 1, 1); // Hands two events of tick 0 over.
        reader.join().unwrap();
        assert_eq!(shared.read(0, 1), Reading { oldest: 2, between: 0, newest: 1 });
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
        let reset = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.ledger.reset(&shared.cells, Stamp::UNIX_EPOCH);
                let found = shared.sum(0, 0);
                assert!(found == 0 || found == 2, "after the reset there are {found}");
            })
        };
        shared.record(0, 0, 2);
        reset.join().unwrap();
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

#[test]
fn an_event_ahead_of_the_clock_is_seen_with_its_stamp() {
    explore(|| {
        let (now, ahead) = (Stamp::UNIX_EPOCH, Stamp::from_nanos(1));
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let found = shared.find(0, 0);
                if found.reading.newest == 2 {
                    assert_eq!(found.latest_ahead, ahead.as_nanos(), "seen before its stamp");
                }
            })
        };
        shared.ledger.note(ahead, now);
        assert!(shared.cells[0].count(ahead, 1));
        reader.join().unwrap();
    });
}

#[test]
fn an_event_before_all_others_is_seen_with_when_counting_began() {
    explore(|| {
        let (first, now) = (Stamp::UNIX_EPOCH, Stamp::from_nanos(500));
        let shared = Shared::at(now);
        shared.ledger.turn(&shared.cells[0], &shared.cells, now, 1).unwrap();
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let found = shared.find(0, 0);
                if found.reading.newest == 2 {
                    assert_eq!(found.since, first, "seen while counting began later");
                }
                let (since, total, _) = shared.ledger.contents(&shared.cells, now);
                if total == 2 {
                    assert_eq!(since, first, "told while counting began later");
                }
            })
        };
        shared.ledger.note(first, now);
        assert!(shared.cells[0].count(first, 1));
        reader.join().unwrap();
    });
}

#[test]
fn an_event_after_a_reset_is_not_seen_with_what_was_forgotten() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let found = shared.sum(0, 0);
                assert_ne!(found, 3, "of both sides of the reset");
            })
        };
        shared.ledger.reset(&shared.cells, Stamp::UNIX_EPOCH);
        // Another thread than the one that reset, so that nothing of that is in its own fences.
        let writer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, 0, 2))
        };
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn total_beside_a_turn_and_a_late_event_counts_each_once() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let found = shared.ledger.total(&shared.cells);
                assert!([1, 3, 7].contains(&found), "in all there are {found}");
            })
        };
        shared.record(0, 1, 2);
        shared.late(0, 4);
        reader.join().unwrap();
        assert_eq!(shared.ledger.total(&shared.cells), 7);
    });
}

/// A tick that pushes tick 0 out of the ring, and lies where tick 0 lay.
const LAP: i64 = 64;

#[test]
fn a_late_event_whose_bucket_is_given_up_is_refused_or_counted_before() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let turn = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(0, LAP, 2))
        };
        let (stamp, now) = (Stamp::UNIX_EPOCH, Stamp::from_millis(9));
        let late = shared.ledger.record_in_rings(&shared.cells, stamp, now, 4);
        turn.join().unwrap();
        let refused = matches!(late, Err(RecordError::GivenUp { .. }));
        assert!(refused || late.is_ok(), "{late:?}");
        let found = shared.read(LAP - 1, LAP);
        assert_eq!(found, Reading { oldest: 0, between: 0, newest: 2 }, "late in another bucket");
        assert_eq!(shared.ledger.total(&shared.cells), if refused { 3 } else { 7 });
    });
}

#[test]
fn a_cell_older_than_the_ring_is_handed_over_to_nobody() {
    explore(|| {
        let shared = Shared::new();
        shared.record(0, 0, 1);
        let turn = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(1, LAP, 2))
        };
        shared.record(0, LAP, 4);
        turn.join().unwrap();
        let found = shared.read(LAP - 1, LAP);
        assert_eq!(found, Reading { oldest: 0, between: 0, newest: 6 });
    });
}

/// What a look at either clock of a [`Machine`] takes: two of them, and the wall is due again.
const LOOK: i64 = LOOK_EVERY_NANOS / 2;

/// A machine on which time passes when somebody looks, and whose wall is moved once.
struct Machine {
    monotonic: AtomicI64,
    /// Where the wall stands at first, which is also where it goes on when time has come so far.
    wall: i64,
    moved_at: i64,
    moved_by: i64,
}

impl Machine {
    fn moving_wall(moved_by: i64) -> Self {
        let (wall, moved_at) = (1_000 * LOOK, 2 * LOOK);
        Self { monotonic: AtomicI64::new(0), wall, moved_at, moved_by }
    }

    fn wall_at(&self, monotonic: i64) -> i64 {
        let moved = if monotonic < self.moved_at { 0 } else { self.moved_by };
        self.wall + monotonic + moved
    }
}

impl Source for &Machine {
    /// Relaxed: that a machine has one time orders nothing else.
    fn monotonic(self) -> i64 {
        self.monotonic.fetch_add(LOOK, Relaxed)
    }

    fn wall(self) -> i64 {
        self.wall_at(self.monotonic())
    }
}

/// A clock of which two threads take stamps, and the latest that happened.
struct Stamping {
    anchor: Anchor,
    machine: Machine,
    latest: AtomicI64,
}

impl Stamping {
    /// Explores two threads with two stamps each, and checks each with the latest before.
    fn explore(moved_by: i64, check: fn(latest: i64, stamp: i64, &Machine)) {
        explore(move || {
            let machine = Machine::moving_wall(moved_by);
            let latest = AtomicI64::new(machine.wall.min(machine.wall + moved_by));
            let shared = Arc::new(Self { anchor: Anchor::new(), machine, latest });
            let other = {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.stamp_twice(check))
            };
            shared.stamp_twice(check);
            other.join().unwrap();
        });
    }

    fn stamp_twice(&self, check: fn(latest: i64, stamp: i64, &Machine)) {
        for _ in 0..2 {
            let latest = self.latest.load(Acquire);
            let stamp = self.anchor.now(&self.machine).as_nanos();
            check(latest, stamp, &self.machine);
            self.latest.fetch_max(stamp, Release);
        }
    }
}

#[test]
fn a_stamp_is_never_lower_than_one_that_happened_before() {
    for moved_by in [100 * LOOK, -100 * LOOK] {
        Stamping::explore(moved_by, |latest, stamp, _| {
            assert!(latest <= stamp, "clock ran from {latest} back to {stamp}");
        });
    }
}

#[test]
fn a_stamp_is_never_ahead_of_a_wall_that_was_set_forwards() {
    Stamping::explore(100 * LOOK, |_, stamp, machine| {
        let wall = machine.wall();
        assert!(stamp <= wall, "clock shows {stamp} when the wall has come to {wall}");
    });
}

#[test]
fn a_manual_clock_that_was_moved_shows_what_was_done_before() {
    explore(|| {
        let shared = Arc::new((ManualClock::default(), AtomicI64::new(0)));
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (clock, done) = &*shared;
                let now = clock.now().as_nanos();
                let done = done.load(Relaxed);
                assert!(done >= now, "clock shows {now}, and only {done} is done");
            })
        };
        let (clock, done) = &*shared;
        done.store(1, Relaxed);
        clock.advance(Duration::from_nanos(1));
        done.store(2, Relaxed);
        clock.set(Stamp::from_nanos(2));
        reader.join().unwrap();
    });
}

#[test]
fn a_manual_clock_that_stepped_back_says_so() {
    explore(|| {
        let clock = ManualClock::new(Stamp::from_nanos(2));
        let reader = {
            let clock = clock.clone();
            thread::spawn(move || {
                let mut latest = 2;
                for _ in 0..2 {
                    let now = clock.now().as_nanos();
                    assert!(now >= latest || clock.may_step_back(), "{latest} to {now} unseen");
                    latest = now;
                }
            })
        };
        let other = {
            let clock = clock.clone();
            thread::spawn(move || clock.set(Stamp::from_nanos(3)))
        };
        clock.set(Stamp::from_nanos(1));
        other.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn a_record_is_not_refused_for_one_of_another_thread() {
    explore(|| {
        let (resolution, tolerance) = (Duration::from_millis(1), Duration::ZERO);
        let spec = WindowSpec::builder().resolution(resolution).span(resolution);
        let clock = ManualClock::new(Stamp::UNIX_EPOCH);
        let spec = spec.tolerance(tolerance).build().unwrap();
        let axis = Arc::new(TimeAxis::with_clock(spec, clock.clone()));
        let other = {
            let axis = Arc::clone(&axis);
            thread::spawn(move || {
                axis.tick_to_record().expect("the clock did not step back");
                axis.past(resolution).expect("the clock did not step back");
            })
        };
        clock.advance(Duration::from_millis(100)); // Further than a ring reaches.
        axis.tick_to_record().expect("the clock did not step back");
        other.join().unwrap();
    });
}
