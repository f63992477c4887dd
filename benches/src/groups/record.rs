//! `record`: one event now. All threads record in one counter.

use core_time::{CoarseClock, ManualClock, SystemClock};
use criterion::Criterion;

use super::THREADS;
use crate::contest::Contest;
use crate::subjects::{
    BareAdd, BareAtomic, BareClock, Count, MutexDeque, MutexRing, Record, counter,
};
use crate::workload::{SECOND, START, verify_counts};

/// How many events a thread records in a fresh counter in one round.
const EVENTS: u64 = 10_000;

/// How many of them fall in one bucket, where buckets turn.
const EVENTS_PER_BUCKET: u64 = 1_000;

/// How far back everyone remembers.
const SPAN_S: u64 = 300;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for threads in THREADS {
        let name = format!("record/threads_{threads:02}");
        let mut contest = Contest::new(criterion, &name, threads, EVENTS);
        now(&mut contest, "counter", || counter(SPAN_S, CoarseClock));
        now(&mut contest, "counter_system_clock", || counter(SPAN_S, SystemClock));
        now(&mut contest, "counter_manual_clock", || counter(SPAN_S, ManualClock::new(START)));
        now(&mut contest, "mutex_ring", || MutexRing::new(SPAN_S, CoarseClock));
        now(&mut contest, "mutex_deque", || MutexDeque::new(SPAN_S, CoarseClock));
        now(&mut contest, "bare_atomic", BareAtomic::default);
        now(&mut contest, "bare_add", BareAdd::default);
        now(&mut contest, "bare_coarse_clock", || BareClock::new(CoarseClock));
        now(&mut contest, "bare_system_clock", || BareClock::new(SystemClock));
    }
    let mut contest = Contest::new(criterion, "record/turns_threads_01", 1, EVENTS);
    let (past, whole) = ([(1, EVENTS_PER_BUCKET), (SPAN_S, EVENTS)], [(SPAN_S, EVENTS)]);
    turning(&mut contest, "counter", &past, |clock| counter(SPAN_S, clock));
    turning(&mut contest, "mutex_ring", &past, |clock| MutexRing::new(SPAN_S, clock));
    turning(&mut contest, "mutex_deque", &past, |clock| MutexDeque::new(SPAN_S, clock));
    turning(&mut contest, "bare_add", &whole, |_| BareAdd::default());
}

/// Records at the present of the subject's own clock. The span is far longer than a round.
fn now<S: Record + Count>(contest: &mut Contest, name: &str, fresh: impl Fn() -> S + Sync) {
    let expected = [(SPAN_S, EVENTS * contest.threads() as u64)];
    let record = |subject: &S| subject.record_all(EVENTS);
    contest.enter_writer(name, fresh, record, |subject| verify_counts(subject, &expected));
}

/// Records while a clock goes on, which is part of the time taken: one step for each bucket.
fn turning<S: Record + Count>(
    contest: &mut Contest,
    name: &str,
    expected: &[(u64, u64)],
    fresh: impl Fn(ManualClock) -> S + Sync,
) {
    let fresh = || {
        let clock = ManualClock::new(START);
        (clock.clone(), fresh(clock))
    };
    let record = |(clock, subject): &(ManualClock, S)| {
        for _ in 0..EVENTS / EVENTS_PER_BUCKET {
            clock.advance(SECOND);
            subject.record_all(EVENTS_PER_BUCKET);
        }
    };
    contest.enter_writer(name, fresh, record, |(_, subject)| verify_counts(subject, expected));
}
