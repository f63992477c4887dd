//! `record`, `record_contended`: records an event now, on one thread and on two that share a
//! counter.
//!
//! Most of the cost is the clock, so each scenario is a clock. All implementations that keep time
//! read the same clock, and a floor is that clock alone. Rivals without time windows read none.

use std::sync::LazyLock;
use std::time::Duration;

use core_time::{Clock, CoarseClock, SecondsClock, SystemClock, TickerClock, TscClock};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::events::seconds;
use crate::implementations::{
    Count, FloorAdd, FloorClock, FloorOwnAtomic, Invocations, Metrics, Metriken, MutexDeque,
    MutexRing, OpenTelemetry, OpenTelemetryBound, Prometheus, PrometheusClient, PrometheusLocal,
    Record, Recorded, SharedRing, counter, counter_of, exact_counter, shared_ring,
};

/// The number of events that a thread records in a new counter in one round.
const EVENTS: u64 = 10_000;

/// The span of the counters, much longer than a round.
const SPAN_S: u64 = 300;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    for (operation, threads) in [("record", 1), ("record_contended", 2)] {
        let mut run = |scenario, measure_all: fn(&mut Harness<'_>)| {
            let name = format!("{operation}/{scenario}");
            measure_all(&mut Harness::new(criterion, &name, threads, EVENTS));
        };
        run("default", by_default);
        if threads == 1 {
            // A clock is read alike by each thread, so two of the clocks show what sharing costs.
            run("whole_seconds", by_whole_seconds);
            run("fine_buckets", in_fine_buckets);
            run("fine_buckets_tsc", in_fine_buckets_by_the_processor);
        }
        run("ticked_clock", by_a_ticked_clock);
    }
}

/// `default`: buckets of one second and the coarse clock of the kernel, the defaults of a counter.
fn by_default(harness: &mut Harness<'_>) {
    measure(harness, "counter", || counter(SPAN_S, CoarseClock));
    measure(harness, "exact_counter", || exact_counter(SPAN_S, CoarseClock));
    measure(harness, "mutex_ring", || MutexRing::new(SPAN_S, CoarseClock));
    measure(harness, "mutex_deque", || MutexDeque::new(SPAN_S, CoarseClock));
    measure(harness, "shared_ring", || shared_ring(SPAN_S, CoarseClock));
    if harness.threads() == 1 {
        // On several threads it loses events while it opens a bucket.
        measure(harness, "rival_invocation_counter", || Invocations::new(SPAN_S, CoarseClock));
    }
    measure(harness, "rival_metriken", Metriken::default);
    measure(harness, "rival_metrics", Metrics::default);
    measure(harness, "rival_opentelemetry", OpenTelemetry::default);
    measure(harness, "rival_prometheus", Prometheus::default);
    measure(harness, "rival_prometheus_client", PrometheusClient::default);
    measure(harness, "floor_add", FloorAdd::default);
    measure(harness, "floor_coarse_clock", || FloorClock::new(|| CoarseClock.now()));
}

/// `whole_seconds`: the same with the cheapest clock, which has a resolution of one second.
fn by_whole_seconds(harness: &mut Harness<'_>) {
    measure(harness, "counter", || counter(SPAN_S, SecondsClock));
    measure(harness, "shared_ring", || shared_ring(SPAN_S, SecondsClock));
    measure(harness, "floor_seconds_clock", || FloorClock::new(|| SecondsClock.now()));
}

/// The width of fine buckets, too fine for the coarse clock.
const FINE_MS: i64 = 10;

/// `fine_buckets`: buckets of 10 ms and the system clock, the default for this width.
fn in_fine_buckets(harness: &mut Harness<'_>) {
    measure_fine(harness, SystemClock);
    measure(harness, "exact_counter", || exact_counter(SPAN_S, SystemClock));
    measure(harness, "mutex_deque", || MutexDeque::new(SPAN_S, SystemClock));
    measure(harness, "floor_system_clock", || FloorClock::new(|| SystemClock.now()));
}

/// `fine_buckets_tsc`: the same with the time stamp counter of the processor.
fn in_fine_buckets_by_the_processor(harness: &mut Harness<'_>) {
    /// Calibrates the time stamp counter on first use.
    static QUANTA: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);
    measure_fine(harness, TscClock);
    measure(harness, "floor_tsc_clock", || FloorClock::new(|| TscClock.now()));
    measure(harness, "floor_quanta_clock", || {
        let clock = QUANTA.clone();
        FloorClock::new(move || clock.now())
    });
}

fn measure_fine(harness: &mut Harness<'_>, clock: impl Clock + Copy) {
    const BUCKETS: u64 = SPAN_S * 1_000 / FINE_MS.cast_unsigned();
    let width = Duration::from_millis(FINE_MS.cast_unsigned());
    measure(harness, "counter", || counter_of(width, seconds(SPAN_S), clock));
    measure(harness, "shared_ring", || SharedRing::<_, FINE_MS>::new(BUCKETS, clock));
}

/// `ticked_clock`: the fastest choice for a hot loop.
///
/// The clock costs one load, and everything that can be bound to the thread is bound beforehand.
fn by_a_ticked_clock(harness: &mut Harness<'_>) {
    let clock = TickerClock::start(Duration::from_millis(1)).expect("the system has a thread");
    measure(harness, "recorder", || Recorded(counter(SPAN_S, clock.clone())));
    measure(harness, "counter", || counter(SPAN_S, clock.clone()));
    measure(harness, "shared_ring", || shared_ring(SPAN_S, clock.clone()));
    measure(harness, "rival_metriken", Metriken::default);
    measure(harness, "rival_opentelemetry_bound", OpenTelemetryBound::default);
    measure(harness, "rival_prometheus_local", PrometheusLocal::default);
    measure(harness, "floor_add", FloorAdd::default);
    measure(harness, "floor_own_atomic", FloorOwnAtomic::default);
    measure(harness, "floor_ticker_clock", || {
        let clock = clock.clone();
        FloorClock::new(move || clock.now())
    });
}

/// Verifies that every event is counted, and times recording.
fn measure<S: Record + Count>(harness: &mut Harness<'_>, name: &str, fresh: impl Fn() -> S + Sync) {
    let expected = [(SPAN_S, EVENTS * harness.threads() as u64)];
    measure_verified(harness, name, fresh, |implementation| implementation.verify(&expected));
}

fn measure_verified<S: Record + Count>(
    harness: &mut Harness<'_>,
    name: &str,
    fresh: impl Fn() -> S + Sync,
    verify: impl Fn(&S) -> Result<(), String>,
) {
    harness.bench_writer(name, fresh, |implementation| implementation.record_all(EVENTS), verify);
}
