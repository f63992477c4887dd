//! Promise T1 between threads: nothing is lost, doubled or in another bucket, in concurrent reads.

#![cfg(feature = "counter")]

use std::cell::RefCell;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{AcqRel, Acquire, Release},
};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::Duration;

use core_time::{Clock, EventCounter, ManualClock, PerThread, Recorder, Stamp, WindowSpec};

const WRITERS: u64 = 3;
const START: i64 = 1_000;

fn second(tick: u64) -> Stamp {
    Stamp::from_secs(START + tick.cast_signed())
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

/// Eight buckets of a second each, so that the ring wraps many times.
fn small() -> WindowSpec {
    WindowSpec::builder().span(Duration::from_secs(8)).build().unwrap()
}

/// The events that each writer records in an open bucket. Buckets differ.
fn events_in(tick: u64) -> u64 {
    1_000 + tick % 7 * 100
}

/// The events that it then records in the bucket before.
const LATE: u64 = 10;

/// Lets threads wait for each other, but not for one that panicked: a test must not hang.
#[derive(Default)]
struct Gate {
    passed: AtomicU64,
    failed: AtomicBool,
}

impl Gate {
    fn pass(&self) {
        self.passed.fetch_add(1, Release);
    }

    /// Waits until `passed` threads have passed. Returns `false` if that may never happen.
    fn wait_for(&self, passed: u64) -> bool {
        while self.passed.load(Acquire) < passed && !self.failed.load(Acquire) {
            thread::yield_now();
        }
        !self.failed.load(Acquire)
    }
}

impl Drop for FailsWith<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.iter().for_each(|gate| gate.failed.store(true, Release));
        }
    }
}

/// Held by a thread that others wait for.
struct FailsWith<'a>([&'a Gate; 2]);

#[test]
fn buckets_turn_under_writers_and_readers_without_loss() {
    const TURNS: u64 = 300;
    let clock = ManualClock::new(second(0));
    let counter = EventCounter::with_clock(small(), clock.clone());
    let (opened, written) = (&Gate::default(), &Gate::default());
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let _fails = FailsWith([opened, written]);
                for tick in 0..TURNS {
                    if !opened.wait_for(tick + 1) {
                        return;
                    }
                    write_bucket(&counter, tick);
                    written.pass();
                }
            });
        }
        scope.spawn(|| {
            let _fails = FailsWith([opened, written]);
            while written.passed.load(Acquire) < WRITERS * TURNS && opened.wait_for(0) {
                check_during_writes(&counter);
            }
        });
        let _fails = FailsWith([opened, written]);
        for tick in 0..TURNS {
            clock.set(second(tick));
            opened.pass(); // The clock stands at `tick` from here
            if !written.wait_for(WRITERS * (tick + 1)) {
                return;
            }
            check_after(&counter, tick); // to here.
        }
    });
    assert_eq!(counter.refused(), Default::default());
}

fn write_bucket(counter: &EventCounter, tick: u64) {
    for event in 0..events_in(tick) {
        counter.record();
        if event < LATE && tick > 0 {
            counter.record_at(second(tick - 1), 1).unwrap();
        }
    }
}

/// Checks that every bucket of the span has exactly its events, without concurrent writers.
fn check_after(counter: &EventCounter, now: u64) {
    for tick in now.saturating_sub(7)..=now {
        let late = if tick < now { LATE } else { 0 };
        let expected = WRITERS * (events_in(tick) + late);
        let found = counter.count_between(second(tick)..second(tick + 1)).unwrap();
        assert_eq!((found.at_least, found.at_most), (expected, expected), "bucket {tick} at {now}");
    }
}

/// Checks that no bucket has more events than it can ever have, and that none is lost.
fn check_during_writes(counter: &EventCounter) {
    let now = counter.now();
    let tick = ((now.as_nanos() / 1_000_000_000) - START).cast_unsigned();
    let Some(before) = tick.checked_sub(2) else { return };
    // The bucket before the last is complete, unless this thread paused until it left the span.
    if let Ok(found) = counter.count_between(second(before)..second(before + 1)) {
        let expected = WRITERS * (events_in(before) + LATE);
        assert_eq!(found.events, expected, "bucket {before}, long complete");
    }
    let past = counter.count(Duration::from_secs(1)).unwrap();
    assert!(past.events <= WRITERS * (1_600 + LATE), "bucket of the present: {past:?}");
}

#[test]
fn reads_lie_between_what_was_done_before_and_begun_until_after() {
    let clock = ManualClock::new(second(0));
    let counter = EventCounter::with_clock(small(), clock.clone());
    let (begun, ended) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let _alarm = Alarm(&ended);
                for event in 0..60_000_u64 {
                    begun.fetch_add(1, Release);
                    counter.record();
                    ended.fetch_add(1, Release);
                    if event % 20_000 == 0 {
                        clock.advance(Duration::from_secs(1));
                    }
                }
            });
        }
        scope.spawn(|| {
            while ended.load(Acquire) < 120_000 {
                let before = ended.load(Acquire);
                let found = counter.count(Duration::from_secs(8)).unwrap().events;
                let after = begun.load(Acquire);
                assert!(before <= found && found <= after, "{before} <= {found} <= {after}");
            }
        });
    });
    assert_eq!(counter.count(Duration::from_secs(8)).unwrap().events, 120_000);
}

#[test]
fn threads_that_appear_hide_no_other() {
    let clock = ManualClock::new(second(0));
    let counter = EventCounter::with_clock(small(), clock);
    let (begun, ended) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _alarm = Alarm(&ended);
                for _ in 0..500 {
                    thread::scope(|short_lived| {
                        short_lived.spawn(|| {
                            begun.fetch_add(1, Release);
                            counter.record();
                            ended.fetch_add(1, Release);
                        });
                    });
                }
            });
        }
        while ended.load(Acquire) < 1_500 {
            let before = ended.load(Acquire);
            let found = counter.count(Duration::from_secs(8)).unwrap().events;
            let after = begun.load(Acquire);
            assert!(before <= found && found <= after, "{before} <= {found} <= {after}");
        }
    });
}

#[test]
fn short_lived_threads_do_not_make_memory_grow() {
    let places = PerThread::<AtomicU64>::default();
    for _ in 0..2_000 {
        thread::scope(|scope| {
            scope.spawn(|| places.get_or(AtomicU64::default).unwrap().fetch_add(1, Release));
        });
    }
    let (mut count, mut sum) = (0, 0);
    places.for_each(|place| {
        count += 1;
        sum += place.load(Acquire);
    });
    assert_eq!(sum, 2_000);
    // Other tests of this process start threads too, and take ids.
    assert!(count < 100, "2,000 threads, one at a time, took {count} places");
}

#[test]
fn reset_during_writes_removes_all_of_before_and_nothing_of_after() {
    let clock = ManualClock::new(second(0));
    let counter = EventCounter::with_clock(small(), clock.clone());
    let ended = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for event in 0..30_000_u64 {
                    counter.record();
                    ended.fetch_add(1, Release);
                    if event % 3_000 == 0 {
                        clock.advance(Duration::from_millis(300));
                    }
                }
            });
        }
        for _ in 0..200 {
            let before = ended.load(Acquire);
            counter.reset();
            let found = counter.count(Duration::from_secs(8)).unwrap().events;
            assert!(found <= 60_000 - before, "{found} after a reset, of {before} before it");
        }
    });
    counter.reset();
    assert_eq!(counter.count(Duration::from_secs(8)).unwrap().events, 0);
    counter.record();
    assert_eq!(counter.count(Duration::from_secs(8)).unwrap().events, 1);
}

/// A clock that panics on demand.
#[derive(Debug)]
struct Faulty(AtomicBool);

impl Clock for Faulty {
    fn now(&self) -> Stamp {
        assert!(!self.0.load(Acquire), "as told");
        second(0)
    }
}

#[test]
fn a_thread_that_panics_while_recording_loses_nothing() {
    let clock = Arc::new(Faulty(AtomicBool::new(false)));
    let counter = EventCounter::with_clock(small(), Arc::clone(&clock));
    let panicked = thread::scope(|scope| {
        let record = || {
            counter.record_many(5);
            clock.0.store(true, Release);
            counter.record();
        };
        scope.spawn(record).join().is_err()
    });
    clock.0.store(false, Release);
    counter.record();
    assert!(panicked);
    assert_eq!(counter.count(Duration::from_secs(1)).unwrap().events, 6);
}

/// Records when its thread ends.
struct LastWord(Arc<EventCounter>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.record();
    }
}

#[test]
fn a_thread_records_until_its_end() {
    thread_local! {
        static LAST_WORD: RefCell<Option<LastWord>> = const { RefCell::new(None) };
    }
    let counter = Arc::new(EventCounter::with_clock(small(), ManualClock::new(second(0))));
    for records_before in [true, false] {
        let counter = Arc::clone(&counter);
        thread::spawn(move || {
            LAST_WORD.with(|word| *word.borrow_mut() = Some(LastWord(Arc::clone(&counter))));
            if records_before {
                counter.record();
            }
        })
        .join()
        .unwrap();
    }
    assert_eq!(counter.count(Duration::from_secs(1)).unwrap().events, 3);
}

#[test]
fn a_thread_records_after_another_users_thread_locals_are_gone() {
    // Initialised last, so dropped first.
    thread_local! {
        static LAST_WORD: RefCell<Option<LastWord>> = const { RefCell::new(None) };
    }
    let counter = Arc::new(EventCounter::with_clock(small(), ManualClock::new(second(0))));
    let early = Arc::new(EventCounter::with_clock(small(), ManualClock::new(second(0))));
    for _ in 0..3 {
        let (counter, early) = (Arc::clone(&counter), Arc::clone(&early));
        thread::spawn(move || {
            LAST_WORD.with(|word| *word.borrow_mut() = Some(LastWord(counter)));
            // Gives the thread an id, which it has returned before the last record.
            early.record();
        })
        .join()
        .unwrap();
    }
    assert_eq!(counter.count(Duration::from_secs(1)).unwrap().events, 3);
    assert_eq!(early.count(Duration::from_secs(1)).unwrap().events, 3);
}

/// A recorder that outlives the other locals of its thread, and records at the very end.
struct LastRecorder(Option<Recorder<'static>>);

impl Drop for LastRecorder {
    fn drop(&mut self) {
        for _ in 0..20_000 {
            self.0.iter_mut().for_each(Recorder::record);
        }
    }
}

#[test]
fn a_recorder_of_a_thread_that_ends_does_not_share_its_cell() {
    // Initialised last, so dropped first: the recorder records when the thread has no id any more.
    thread_local! {
        static LAST: RefCell<LastRecorder> = const { RefCell::new(LastRecorder(None)) };
    }
    static COUNTER: OnceLock<EventCounter> = OnceLock::new();
    let counter =
        COUNTER.get_or_init(|| EventCounter::with_clock(small(), ManualClock::new(second(0))));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let ends = thread::spawn(|| {
                        LAST.with(|last| last.borrow_mut().0 = Some(counter.recorder()));
                        counter.record();
                    });
                    ends.join().unwrap();
                }
            });
        }
    });
    assert_eq!(counter.total(), 2 * 20 * 20_001);
}

#[test]
fn recorders_leave_their_cells_to_the_next_ones() {
    let counter = EventCounter::with_clock(small(), ManualClock::new(second(0)));
    for round in 0..2_000 {
        let mut recorders = [counter.recorder(), counter.recorder()];
        recorders.iter_mut().for_each(Recorder::record);
        assert_eq!(counter.total(), 2 * (round + 1));
        let mut sent = counter.recorder();
        thread::scope(|scope| {
            scope.spawn(move || sent.record_many(0));
        });
    }
    let shown = format!("{counter:?}");
    assert!(shown.contains("threads: 0, recorders: 0,"), "{shown}");
}

#[test]
fn an_event_ahead_is_never_in_at_least() {
    for _ in 0..2_000 {
        let clock = ManualClock::new(second(0) + Duration::from_millis(200));
        let counter = EventCounter::with_clock(small(), clock);
        counter.record_many(0); // Makes this thread's cell, and opens no bucket.
        thread::scope(|scope| {
            scope.spawn(|| counter.record_at(second(0) + Duration::from_millis(700), 1).unwrap());
            let found = counter.count(Duration::from_secs(5)).unwrap();
            assert_eq!(found.at_least, 0, "{found:?}");
        });
    }
}

/// A clock that pauses its reader, on demand, after it read the time.
#[derive(Debug)]
struct Interrupted {
    clock: ManualClock,
    until: AtomicU64,
    counter: OnceLock<Weak<EventCounter>>,
}

impl Clock for Interrupted {
    fn now(&self) -> Stamp {
        let now = self.clock.now();
        let until = self.until.swap(0, AcqRel);
        if until > 0 {
            self.clock.set(second(0) + Duration::from_millis(until));
            let counter = self.counter.get().and_then(Weak::upgrade).unwrap();
            thread::scope(|other| {
                other.spawn(|| counter.record());
            });
        }
        now
    }

    fn may_step_back(&self) -> bool {
        false
    }
}

#[test]
fn at_least_is_true_at_a_time_during_the_read() {
    let manual = ManualClock::new(second(0) + Duration::from_millis(9_100));
    let clock = Interrupted { clock: manual.clone(), until: 0.into(), counter: OnceLock::new() };
    let clock = Arc::new(clock);
    let counter = Arc::new(EventCounter::with_clock(small(), Arc::clone(&clock)));
    clock.counter.set(Arc::downgrade(&counter)).unwrap();
    counter.record();
    manual.set(second(0) + Duration::from_millis(10_400));
    clock.until.store(10_800, Release);
    // At 10.4 s the window has the event of 9.1 s, at 10.8 s that of 10.8 s: never both.
    let found = counter.count(Duration::from_millis(1_500)).unwrap();
    assert_eq!((found.at_least, found.at_most), (1, 2));
}
