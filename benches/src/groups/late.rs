//! `late`: records an event of the past in its own second.

use core_time::{ManualClock, Stamp};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::events::{EVENTS_PER_SECOND, START, seconds};
use crate::implementations::{
    Count, FloorAdd, MutexDeque, Record, RecordAt, counter, exact_counter, shared_ring,
};

/// The number of late events per round.
const EVENTS: u64 = 10_000;

/// The age of the events.
struct Scenario {
    name: &'static str,
    /// The span, all of it full of events before the first late one.
    span_s: u64,
    late_s: u64,
}

const SCENARIOS: [Scenario; 3] = [
    Scenario { name: "late/ring_00300_by_00299s", span_s: 300, late_s: 299 },
    Scenario { name: "late/ring_86400_by_00020s", span_s: 86_400, late_s: 20 },
    Scenario { name: "late/ring_86400_by_86399s", span_s: 86_400, late_s: 86_399 },
];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for scenario in &SCENARIOS {
        let &Scenario { name, span_s, late_s } = scenario;
        let harness = &mut Harness::new(criterion, name, 1, EVENTS);
        let before = |window_s| window_s * EVENTS_PER_SECOND;
        let past = [
            (late_s, before(late_s)),
            (late_s + 1, before(late_s + 1) + EVENTS),
            (span_s, before(span_s) + EVENTS),
        ];
        scenario.measure(harness, "counter", &past, |clock| counter(span_s, clock));
        scenario.measure(harness, "exact_counter", &past, |clock| exact_counter(span_s, clock));
        scenario.measure(harness, "mutex_deque", &past, |clock| MutexDeque::new(span_s, clock));
        scenario.measure(harness, "shared_ring", &past, |clock| shared_ring(span_s, clock));
        scenario.measure(harness, "floor_add", &past[2..], |_| FloorAdd::default());
    }
}

impl Scenario {
    fn measure<S: Record + RecordAt + Count>(
        &self,
        harness: &mut Harness<'_>,
        name: &str,
        expected: &[(u64, u64)],
        fresh: impl Fn(ManualClock) -> S + Sync,
    ) {
        let filled = || {
            let clock = ManualClock::new(START);
            let implementation = fresh(clock.clone());
            let now = implementation.fill(&clock, self.span_s);
            (now - seconds(self.late_s), implementation)
        };
        let record =
            |(late, implementation): &(Stamp, S)| implementation.record_all_at(*late, EVENTS);
        harness.bench_writer(name, filled, record, |(_, s)| s.verify(expected));
    }
}
