//! `turn`: records the first event of a bucket. The time includes advancing a manual clock.

use std::time::Duration;

use core_time::{Clock, ManualClock};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::events::{EVENTS_PER_SECOND, SECOND, START, seconds};
use crate::implementations::{
    Count, FloorClock, MutexDeque, Record, counter, exact_counter, shared_ring,
};

/// The ring, and the steps of the clock.
struct Scenario {
    name: &'static str,
    /// The span, all of it full of events before the first turn.
    span_s: u64,
    /// The number of steps of the clock, each followed by one event.
    turns: u64,
    by: Duration,
}

const SCENARIOS: [Scenario; 2] = [
    Scenario { name: "turn/every_event", span_s: 300, turns: 1_000, by: SECOND },
    // One turn per round: a second one would find a ring that is nearly empty.
    Scenario {
        name: "turn/after_86400_idle_buckets",
        span_s: 86_400,
        turns: 1,
        by: seconds(86_400),
    },
];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for scenario in &SCENARIOS {
        let &Scenario { name, span_s, turns, .. } = scenario;
        let harness = &mut Harness::new(criterion, name, 1, turns);
        // The events before the turns have left the span.
        let past = [(1, 1), (span_s, turns.min(span_s))];
        scenario.measure(harness, "counter", &past, |clock| counter(span_s, clock));
        scenario.measure(harness, "exact_counter", &past, |clock| exact_counter(span_s, clock));
        scenario.measure(harness, "mutex_deque", &past, |clock| MutexDeque::new(span_s, clock));
        scenario.measure(harness, "shared_ring", &past, |clock| shared_ring(span_s, clock));
        let ever = [(span_s, span_s * EVENTS_PER_SECOND + turns)];
        let read = |clock: ManualClock| FloorClock::new(move || clock.now());
        scenario.measure(harness, "floor_manual_clock", &ever, read);
    }
}

impl Scenario {
    fn measure<S: Record + Count>(
        &self,
        harness: &mut Harness<'_>,
        name: &str,
        expected: &[(u64, u64)],
        fresh: impl Fn(ManualClock) -> S + Sync,
    ) {
        let filled = || {
            let clock = ManualClock::new(START);
            let implementation = fresh(clock.clone());
            implementation.fill(&clock, self.span_s);
            (clock, implementation)
        };
        let record = |(clock, implementation): &(ManualClock, S)| {
            for _ in 0..self.turns {
                clock.advance(self.by);
                implementation.record_all(1);
            }
        };
        harness.bench_writer(name, filled, record, |(_, s)| s.verify(expected));
    }
}
