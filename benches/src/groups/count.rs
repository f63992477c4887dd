//! `count`: how many events there were in a window, of a counter that is full of them and idle.
//!
//! The clock stands, so that the answer is known and the cost is that of the counter alone;
//! `counter_coarse_clock` reads the clock of the machine as well, as the default does.

use std::sync::Barrier;

use core_time::{CoarseClock, ManualClock};
use criterion::Criterion;

use crate::contest::Contest;
use crate::subjects::{BareLoad, Count, MutexDeque, MutexRing, Record, counter};
use crate::workload::{EVENTS_PER_SECOND, START, fill, seconds, verify_counts};

/// What is asked, and of what.
struct Scenario {
    name: &'static str,
    /// How far back the counter remembers, in buckets of one second.
    span_s: u64,
    window_s: u64,
    /// How many threads ask at once.
    threads: usize,
    /// How many threads recorded before, all of them in the newest second.
    writers: usize,
}

const SCENARIOS: [Scenario; 5] = [
    Scenario {
        name: "count/window_001s_threads_01",
        span_s: 300,
        window_s: 1,
        threads: 1,
        writers: 1,
    },
    Scenario {
        name: "count/window_300s_threads_01",
        span_s: 300,
        window_s: 300,
        threads: 1,
        writers: 1,
    },
    Scenario {
        name: "count/window_300s_threads_02",
        span_s: 300,
        window_s: 300,
        threads: 2,
        writers: 1,
    },
    Scenario {
        name: "count/writers_64_threads_01",
        span_s: 300,
        window_s: 300,
        threads: 1,
        writers: 64,
    },
    Scenario {
        name: "count/ring_86400s_threads_01",
        span_s: 86_400,
        window_s: 86_400,
        threads: 1,
        writers: 1,
    },
];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for scenario in &SCENARIOS {
        let &Scenario { name, span_s, threads, .. } = scenario;
        let mut contest = Contest::new(criterion, name, threads, 1);
        enter(&mut contest, "counter", scenario, |clock| counter(span_s, clock));
        if scenario.window_s == span_s {
            enter_by_the_machine(&mut contest, scenario);
        }
        enter(&mut contest, "mutex_ring", scenario, |clock| MutexRing::new(span_s, clock));
        enter(&mut contest, "mutex_deque", scenario, |clock| MutexDeque::new(span_s, clock));
        let load = || BareLoad::of(scenario.expected());
        ask(&mut contest, "bare_load", scenario, load);
    }
}

/// Counts in a history that ends at the present of a clock which stands.
fn enter<S: Record + Count>(
    contest: &mut Contest,
    name: &str,
    scenario: &Scenario,
    fresh: impl Fn(ManualClock) -> S,
) {
    let filled = || {
        let clock = ManualClock::new(START);
        let subject = fresh(clock.clone());
        fill(&subject, &clock, scenario.span_s);
        scenario.record_by_all_writers(&subject);
        subject
    };
    ask(contest, name, scenario, filled);
}

/// Counts by the machine's clock. All events are of the present, because only of a window that is
/// far longer than the measurement it is known then what it holds.
fn enter_by_the_machine(contest: &mut Contest, scenario: &Scenario) {
    let filled = || {
        let subject = counter(scenario.span_s, CoarseClock);
        subject.record_all(scenario.span_s * EVENTS_PER_SECOND);
        scenario.record_by_all_writers(&subject);
        subject
    };
    ask(contest, "counter_coarse_clock", scenario, filled);
}

fn ask<S: Count>(contest: &mut Contest, name: &str, scenario: &Scenario, filled: impl Fn() -> S) {
    let window = seconds(scenario.window_s);
    let expected = [(scenario.window_s, scenario.expected())];
    let count = |subject: &S| subject.count_past(window);
    contest.enter_reader(name, filled, count, |subject| verify_counts(subject, &expected));
}

impl Scenario {
    /// How many events the window holds.
    fn expected(&self) -> u64 {
        self.window_s * EVENTS_PER_SECOND + self.writers as u64
    }

    /// Records one event by each writer; none ends before the last has begun, so each is one of its
    /// own.
    ///
    /// The thread that filled the counter is the first.
    fn record_by_all_writers(&self, subject: &impl Record) {
        let all = Barrier::new(self.writers);
        let record = || {
            all.wait();
            subject.record_all(1);
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
