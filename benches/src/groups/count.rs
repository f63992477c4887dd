//! `count`: counts the events of a window in a full and idle counter.
//!
//! The clock is manual, so that the answer is known and the cost is that of the counter alone.
//! `count/coarse_clock` uses the default clock of the machine.

use std::sync::Barrier;

use core_time::{Clock, CoarseClock, ManualClock, Stamp};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::events::{EVENTS_PER_SECOND, START, seconds};
use crate::implementations::{
    Count, CountBetween, FloorClock, FloorLoad, Invocations, MutexDeque, Record, counter,
    exact_counter, shared_ring,
};

/// The rival that has windows of any length.
const RIVAL: &str = "rival_invocation_counter";

/// The counter and the window of one scenario.
struct Scenario {
    name: &'static str,
    /// The span of the counter, in buckets of one second.
    span_s: u64,
    window_s: u64,
    /// The number of threads that count.
    threads: usize,
    /// The number of threads that recorded before, all in the newest second.
    writers: usize,
}

/// One writer and one reader, over the whole ring.
const WHOLE: Scenario = Scenario {
    name: "count/ring_00300_window_00300s",
    span_s: 300,
    window_s: 300,
    threads: 1,
    writers: 1,
};

const SCENARIOS: [Scenario; 5] = [
    Scenario { name: "count/ring_00300_window_00010s", window_s: 10, ..WHOLE },
    WHOLE,
    Scenario { name: "count/ring_86400_window_86400s", span_s: 86_400, window_s: 86_400, ..WHOLE },
    Scenario { name: "count/readers_02", threads: 2, ..WHOLE },
    Scenario { name: "count/writers_64", writers: 64, ..WHOLE },
];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for scenario in &SCENARIOS {
        scenario.bench(criterion);
    }
    by_the_coarse_clock(criterion);
    between(criterion);
}

impl Scenario {
    fn bench(&self, criterion: &mut Criterion) {
        let span_s = self.span_s;
        let harness = &mut Harness::new(criterion, self.name, self.threads, 1);
        self.measure(harness, "counter", |clock| counter(span_s, clock));
        self.measure(harness, "shared_ring", |clock| shared_ring(span_s, clock));
        if self.writers == 1 {
            // The others keep nothing per writer, so `shared_ring` stands for all of them.
            self.measure(harness, "exact_counter", |clock| exact_counter(span_s, clock));
            self.measure(harness, "mutex_deque", |clock| MutexDeque::new(span_s, clock));
            self.measure(harness, RIVAL, |clock| Invocations::new(span_s, clock));
        }
        self.ask(harness, "floor_load", || FloorLoad::of(self.expected()));
    }

    /// Counts in a history that ends at the present of a manual clock.
    fn measure<S: Record + Count>(
        &self,
        harness: &mut Harness<'_>,
        name: &str,
        fresh: impl Fn(ManualClock) -> S,
    ) {
        self.ask(harness, name, || {
            let clock = ManualClock::new(START);
            let implementation = fresh(clock.clone());
            implementation.fill(&clock, self.span_s);
            self.record_by_all_writers(&implementation);
            implementation
        });
    }

    fn ask<S: Count>(&self, harness: &mut Harness<'_>, name: &str, filled: impl Fn() -> S) {
        let window = seconds(self.window_s);
        let expected = [(self.window_s, self.expected())];
        let count = |implementation: &S| implementation.count_past(window);
        harness
            .bench_reader(name, filled, count, |implementation| implementation.verify(&expected));
    }

    /// Returns the number of events in the window.
    fn expected(&self) -> u64 {
        self.window_s * EVENTS_PER_SECOND + self.writers as u64
    }

    /// Records one event by each writer.
    ///
    /// The threads wait for each other, so each is a writer with its own cell. The thread that
    /// filled the counter is the first.
    fn record_by_all_writers(&self, implementation: &impl Record) {
        let all = Barrier::new(self.writers);
        let record = || {
            all.wait();
            implementation.record_all(1);
            all.wait();
        };
        std::thread::scope(|scope| {
            for _ in 1..self.writers {
                scope.spawn(record);
            }
            record();
        });
    }
}

/// `coarse_clock`: counts events that were all recorded now.
///
/// With a real clock, the answer is known only for a window that is much longer than the
/// measurement.
fn by_the_coarse_clock(criterion: &mut Criterion) {
    const EVENTS: u64 = WHOLE.span_s * EVENTS_PER_SECOND + 1;
    fn measure<S: Record + Count>(harness: &mut Harness<'_>, name: &str, fresh: impl Fn() -> S) {
        WHOLE.ask(harness, name, || {
            let implementation = fresh();
            implementation.record_all(EVENTS);
            implementation
        });
    }
    let harness = &mut Harness::new(criterion, "count/coarse_clock", 1, 1);
    measure(harness, "counter", || counter(WHOLE.span_s, CoarseClock));
    measure(harness, "shared_ring", || shared_ring(WHOLE.span_s, CoarseClock));
    measure(harness, RIVAL, || Invocations::new(WHOLE.span_s, CoarseClock));
    measure(harness, "floor_coarse_clock", || FloorClock::new(|| CoarseClock.now()));
}

/// `between`: counts a hundred seconds in the middle of the past.
fn between(criterion: &mut Criterion) {
    let harness = &mut Harness::new(criterion, "count/between", 1, 1);
    let span_s = WHOLE.span_s;
    measure_between(harness, "counter", |clock| counter(span_s, clock));
    measure_between(harness, "exact_counter", |clock| exact_counter(span_s, clock));
    measure_between(harness, "mutex_deque", |clock| MutexDeque::new(span_s, clock));
    measure_between(harness, "shared_ring", |clock| shared_ring(span_s, clock));
    measure_between(harness, RIVAL, |clock| Invocations::new(span_s, clock));
    measure_between(harness, "floor_load", |_| FloorLoad::of(BETWEEN_S * EVENTS_PER_SECOND));
}

/// The first edge of a bucket after [`START`].
const FIRST_EDGE: Stamp = Stamp::from_secs(1_000_001);

const BETWEEN_S: u64 = 100;

fn measure_between<S: Record + CountBetween>(
    harness: &mut Harness<'_>,
    name: &str,
    fresh: impl Fn(ManualClock) -> S,
) {
    let filled = || {
        let clock = ManualClock::new(START);
        let implementation = fresh(clock.clone());
        implementation.fill(&clock, WHOLE.span_s);
        let to = FIRST_EDGE + seconds(BETWEEN_S * 2);
        (implementation, [to - seconds(BETWEEN_S), to])
    };
    let count =
        |(implementation, [from, to]): &(S, [Stamp; 2])| implementation.count_between(*from, *to);
    harness.bench_reader(name, filled, count, |filled| match count(filled) {
        found if found == BETWEEN_S * EVENTS_PER_SECOND => Ok(()),
        found => Err(format!("{found} events in {BETWEEN_S} s")),
    });
}
