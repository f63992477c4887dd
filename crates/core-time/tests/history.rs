//! Recorded histories of larger runs. Promises T1, T9.
//!
//! Every read is between the records that ended before it began and those that began before it
//! ended, for every way to record and to read.

#![cfg(feature = "counter")]

use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};
use std::thread;
use std::time::Duration;

use core_time::{
    Clock, EventCounter, ManualClock, SecondsClock, Stamp, TickerClock, Tier, WindowSpec,
};

const EVENTS: u64 = 100_000;
const WRITERS: u64 = 4;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A tier of eight seconds, many of which a run takes, and one of an hour, which holds all of it.
fn spec() -> WindowSpec {
    let hour = Tier { resolution: secs(60), span: secs(3_600) };
    WindowSpec::builder().span(secs(8)).tier(hour).build().unwrap()
}

/// Ends the wait for a writer that panics.
struct Alarm<'a>(&'a AtomicU64);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(u64::MAX / 2, Release);
        }
    }
}

/// Records with the counter, with a recorder, and late, concurrently with the given reads.
fn run(counter: &EventCounter, advance: impl Fn(u64) + Sync, reads: &[fn(&EventCounter) -> u64]) {
    let (begun, ended) = (&AtomicU64::new(0), &AtomicU64::new(0));
    let write = |mut record: Box<dyn FnMut(u64) + '_>| {
        let _alarm = Alarm(ended);
        for event in 0..EVENTS {
            begun.fetch_add(1, Release);
            record(event);
            ended.fetch_add(1, Release);
            advance(event);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| write(Box::new(|_| counter.record())));
        scope.spawn(|| {
            let mut recorder = counter.recorder();
            write(Box::new(move |_| recorder.record()));
        });
        scope.spawn(|| {
            write(Box::new(|event| {
                counter.record_at(counter.now() - secs(event % 11), 1).unwrap();
            }));
        });
        scope.spawn(|| {
            write(Box::new(|event| {
                let mut recorder = counter.recorder(); // A cell that others leave to each other.
                recorder.record_at(counter.now() + secs(event % 3), 1).unwrap();
            }));
        });
        for read in reads {
            scope.spawn(move || {
                while ended.load(Acquire) < WRITERS * EVENTS {
                    let before = ended.load(Acquire);
                    let found = read(counter);
                    let after = begun.load(Acquire);
                    assert!(before <= found && found <= after, "{before} <= {found} <= {after}");
                }
            });
        }
    });
    for read in reads {
        assert_eq!(read(counter), WRITERS * EVENTS);
    }
}

/// Counts all events of the past hour, including those ahead of the clock.
fn between(counter: &EventCounter) -> u64 {
    loop {
        let from = counter.now() - secs(3_500);
        if let Ok(found) = counter.count_between(from..Stamp::MAX) {
            assert_eq!(found.coverage.resolution, secs(60));
            return found.events;
        } // This thread was not let run for long.
    }
}

fn snapshot(counter: &EventCounter) -> u64 {
    let snapshot = counter.snapshot();
    let hour = snapshot.series().next_back().unwrap();
    assert_eq!(hour.counts.iter().sum::<u64>(), snapshot.total());
    snapshot.total()
}

#[test]
fn reads_during_turns_lie_between_what_was_done_and_what_was_begun() {
    let clock = ManualClock::new(Stamp::from_secs(1_700_000_000));
    let counter = EventCounter::with_clock(spec(), clock.clone());
    let advance = |event: u64| {
        if event.is_multiple_of(1_000) {
            clock.advance(secs(1));
        }
    };
    run(&counter, advance, &[between, EventCounter::total, snapshot]);
    assert_eq!(counter.refused(), Default::default());
}

#[test]
fn reads_by_a_clock_that_ticks_lie_between_what_was_done_and_what_was_begun() {
    let clock = TickerClock::start(Duration::from_millis(1)).unwrap();
    let counter = EventCounter::with_clock(spec(), clock);
    run(&counter, |_| (), &[between, EventCounter::total, snapshot]);
}

#[test]
fn reads_by_whole_seconds_lie_between_what_was_done_and_what_was_begun() {
    let counter = EventCounter::with_clock(spec(), SecondsClock);
    run(&counter, |_| (), &[between, EventCounter::total]);
    assert!(SecondsClock.now() >= counter.now() - secs(60));
}

#[test]
fn longer_window_never_has_fewer_events_at_the_same_time() {
    let clock = ManualClock::new(Stamp::from_secs(1_700_000_000));
    let counter = EventCounter::with_clock(spec(), clock.clone());
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for event in 0..EVENTS {
                counter.record();
                counter.record_at(counter.now() - secs(event % 9), 1).unwrap();
                if event.is_multiple_of(100) {
                    clock.advance(secs(1));
                }
            }
        });
        while !writer.is_finished() {
            let found = counter.count_each([1, 2, 5, 8].map(secs)).unwrap();
            assert!(found.is_sorted_by_key(|window| window.events), "{found:?}");
        }
    });
}
