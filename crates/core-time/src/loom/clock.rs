//! Models of the clocks and the time axis.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;

use super::explore;
use crate::clock::anchor::{Anchor, LOOK_EVERY_NANOS, Source};
use crate::clock::{Clock, ManualClock};
use crate::ring::TimeAxis;
use crate::spec::WindowSpec;
use crate::stamp::Stamp;
use crate::sync::{
    AtomicI64,
    Ordering::{Acquire, Relaxed, Release},
};

/// The time that a read of either clock of a [`Machine`] takes. After two, the wall is due again.
const LOOK: i64 = LOOK_EVERY_NANOS / 2;

/// A machine whose time passes when it is read, and whose wall is moved once.
struct Machine {
    monotonic: AtomicI64,
    /// The time of the wall at monotonic time 0.
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
    /// Relaxed: the time of the machine orders nothing else.
    fn monotonic(self) -> i64 {
        self.monotonic.fetch_add(LOOK, Relaxed)
    }

    fn wall(self) -> i64 {
        self.wall_at(self.monotonic())
    }
}

/// A clock that two threads read, and the latest stamp.
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
