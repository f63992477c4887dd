//! `record`, `record_contended`: one event now, on one thread, and on two that record in one
//! counter.
//!
//! Most of the cost is the clock, so a scenario is a clock: everyone in it who knows time reads the
//! same one, and a floor is that clock alone. Rivals that know no time read none.

use std::sync::LazyLock;
use std::time::Duration;

use core_time::{Clock, CoarseClock, SecondsClock, SystemClock, TickerClock, TscClock};
use criterion::Criterion;

use crate::contest::{Contest, Verdict};
use crate::subjects::{
    BareAdd, BareClock, BareOwnAtomic, Count, Fenster, Invocations, Metrics, Metriken, MutexDeque,
    MutexRing, OpenTelemetry, OpenTelemetryBound, Prometheus, PrometheusClient, PrometheusLocal,
    Record, Recorded, SharedRing, counter, counter_of, exact_counter, shared_ring,
};
use crate::workload::{seconds, verify_counts};

/// How many events a thread records in a fresh counter in one round.
const EVENTS: u64 = 10_000;

/// How far back everyone remembers: far longer than a round takes.
const SPAN_S: u64 = 300;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    for (operation, threads) in [("record", 1), ("record_contended", 2)] {
        let mut run = |scenario, enter_all: fn(&mut Contest<'_>)| {
            let name = format!("{operation}/{scenario}");
            enter_all(&mut Contest::new(criterion, &name, threads, EVENTS));
        };
        run("default", by_default);
        run("whole_seconds", by_whole_seconds);
        run("fine_buckets", in_fine_buckets);
        run("fine_buckets_tsc", in_fine_buckets_by_the_processor);
        run("ticked_clock", by_a_ticked_clock);
    }
}

/// `default`: buckets of a second by the kernel's coarse clock, as a counter is unless told
/// otherwise.
fn by_default(contest: &mut Contest<'_>) {
    enter(contest, "counter", || counter(SPAN_S, CoarseClock));
    enter(contest, "exact_counter", || exact_counter(SPAN_S, CoarseClock));
    enter(contest, "mutex_ring", || MutexRing::new(SPAN_S, CoarseClock));
    enter(contest, "mutex_deque", || MutexDeque::new(SPAN_S, CoarseClock));
    enter(contest, "shared_ring", || shared_ring(SPAN_S, CoarseClock));
    enter(contest, "rival_fenster", || Fenster::new(SPAN_S, CoarseClock));
    enter_losing(contest, "rival_invocation_counter", || Invocations::new(SPAN_S, CoarseClock));
    enter(contest, "rival_metriken", Metriken::default);
    enter(contest, "rival_metrics", Metrics::default);
    enter(contest, "rival_opentelemetry", OpenTelemetry::default);
    enter(contest, "rival_prometheus", Prometheus::default);
    enter(contest, "rival_prometheus_client", PrometheusClient::default);
    enter(contest, "bare_add", BareAdd::default);
    enter(contest, "bare_coarse_clock", || BareClock::new(|| CoarseClock.now()));
}

/// `whole_seconds`: the same by the cheapest clock, which tells no more.
fn by_whole_seconds(contest: &mut Contest<'_>) {
    enter(contest, "counter", || counter(SPAN_S, SecondsClock));
    enter(contest, "shared_ring", || shared_ring(SPAN_S, SecondsClock));
    enter(contest, "bare_seconds_clock", || BareClock::new(|| SecondsClock.now()));
}

/// How wide fine buckets are: too fine for the coarse clock.
const FINE_MS: i64 = 10;

/// `fine_buckets`: 10 ms each by the system's clock, as a counter of such is unless told otherwise.
fn in_fine_buckets(contest: &mut Contest<'_>) {
    enter_fine(contest, SystemClock);
    enter(contest, "exact_counter", || exact_counter(SPAN_S, SystemClock));
    enter(contest, "mutex_deque", || MutexDeque::new(SPAN_S, SystemClock));
    enter(contest, "bare_system_clock", || BareClock::new(|| SystemClock.now()));
}

/// `fine_buckets_tsc`: the same by the processor's counter.
fn in_fine_buckets_by_the_processor(contest: &mut Contest<'_>) {
    /// Finds out how fast the counter goes, when it is first needed.
    static QUANTA: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);
    enter_fine(contest, TscClock);
    enter(contest, "bare_tsc_clock", || BareClock::new(|| TscClock.now()));
    enter(contest, "bare_quanta_clock", || {
        let clock = QUANTA.clone();
        BareClock::new(move || clock.now())
    });
}

fn enter_fine(contest: &mut Contest<'_>, clock: impl Clock + Copy) {
    const BUCKETS: u64 = SPAN_S * 1_000 / FINE_MS.cast_unsigned();
    let width = Duration::from_millis(FINE_MS.cast_unsigned());
    enter(contest, "counter", || counter_of(width, seconds(SPAN_S), clock));
    enter(contest, "shared_ring", || SharedRing::<_, FINE_MS>::new(BUCKETS, clock));
}

/// `ticked_clock`: what one would choose for a hot loop, a clock that costs a load, and whatever
/// can be bound to the thread beforehand.
fn by_a_ticked_clock(contest: &mut Contest<'_>) {
    let clock = TickerClock::start(Duration::from_millis(1)).expect("the system has a thread");
    enter(contest, "recorder", || Recorded(counter(SPAN_S, clock.clone())));
    enter(contest, "counter", || counter(SPAN_S, clock.clone()));
    enter(contest, "shared_ring", || shared_ring(SPAN_S, clock.clone()));
    enter(contest, "rival_metriken", Metriken::default);
    enter(contest, "rival_opentelemetry_bound", OpenTelemetryBound::default);
    enter(contest, "rival_prometheus_local", PrometheusLocal::default);
    enter(contest, "bare_add", BareAdd::default);
    enter(contest, "bare_own_atomic", BareOwnAtomic::default);
    enter(contest, "bare_ticker_clock", || {
        let clock = clock.clone();
        BareClock::new(move || clock.now())
    });
}

/// Verifies that all events are found, and times the recording of them.
fn enter<S: Record + Count>(contest: &mut Contest<'_>, name: &str, fresh: impl Fn() -> S + Sync) {
    let expected = [(SPAN_S, EVENTS * contest.threads() as u64)];
    enter_verified(contest, name, fresh, |subject| verify_counts(subject, &expected));
}

/// As [`enter`], for who may lose what several threads record while a bucket is opened.
///
/// One that is held up there loses at most what the others recorded; what it records itself is
/// found. On one thread nothing may be lost.
fn enter_losing<S: Record + Count>(
    contest: &mut Contest<'_>,
    name: &str,
    fresh: impl Fn() -> S + Sync,
) {
    let recorded = EVENTS * contest.threads() as u64;
    enter_verified(contest, name, fresh, |subject| {
        let found = subject.count_past(seconds(SPAN_S));
        match (EVENTS..=recorded).contains(&found) {
            true => Ok(()),
            false => Err(format!("{found} events found, {recorded} recorded")),
        }
    });
}

fn enter_verified<S: Record + Count>(
    contest: &mut Contest<'_>,
    name: &str,
    fresh: impl Fn() -> S + Sync,
    verify: impl Fn(&S) -> Verdict,
) {
    contest.enter_writer(name, fresh, |subject| subject.record_all(EVENTS), verify);
}
