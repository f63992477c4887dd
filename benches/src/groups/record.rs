//! `record`, `record_contended`: one event now, on one thread, and on two that record in one
//! counter.
//!
//! Most of the cost is the clock, so a scenario is a clock: everyone in it who knows time reads the
//! same one, and the floor is that clock alone. Rivals that know no time read none.

use std::time::Duration;

use core_time::{Clock, CoarseClock, ManualClock, SystemClock};
use criterion::Criterion;

use crate::contest::{Contest, Verdict};
use crate::subjects::{
    BareAdd, BareClock, BareOwnAtomic, Count, Fenster, Invocations, Metrics, Metriken, MutexDeque,
    MutexRing, OpenTelemetry, Prometheus, PrometheusClient, Record, SharedRing, counter,
    counter_of, shared_ring,
};
use crate::workload::{START, seconds, verify_counts};

/// How many events a thread records in a fresh counter in one round.
const EVENTS: u64 = 10_000;

/// How far back everyone remembers: far longer than a round takes.
const SPAN_S: u64 = 300;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    for (operation, threads) in [("record", 1), ("record_contended", 2)] {
        let name = |scenario| format!("{operation}/{scenario}");
        by_default(&mut Contest::new(criterion, &name("default"), threads, EVENTS));
        in_fine_buckets(&mut Contest::new(criterion, &name("fine_buckets"), threads, EVENTS));
    }
}

/// `default`: buckets of a second by the kernel's coarse clock, as a counter is unless told
/// otherwise.
fn by_default(contest: &mut Contest<'_>) {
    enter(contest, "counter", || counter(SPAN_S, CoarseClock));
    enter(contest, "counter_manual_clock", || counter(SPAN_S, ManualClock::new(START)));
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
    enter(contest, "bare_own_atomic", BareOwnAtomic::default);
    enter(contest, "bare_coarse_clock", || BareClock::new(|| CoarseClock.now()));
}

/// `fine_buckets`: 10 ms each, which the coarse clock is too coarse for.
fn in_fine_buckets(contest: &mut Contest<'_>) {
    const WIDTH_MS: i64 = 10;
    const BUCKETS: u64 = SPAN_S * 100;
    let width = Duration::from_millis(WIDTH_MS.cast_unsigned());
    enter(contest, "counter_system_clock", || counter_of(width, seconds(SPAN_S), SystemClock));
    let ring = || SharedRing::<_, WIDTH_MS>::new(BUCKETS, SystemClock);
    enter(contest, "shared_ring", ring);
    enter(contest, "bare_system_clock", || BareClock::new(|| SystemClock.now()));
    let quanta = quanta::Clock::new();
    enter(contest, "bare_quanta_clock", || BareClock::new(|| quanta.now()));
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
