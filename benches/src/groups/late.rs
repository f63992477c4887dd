//! `late`: an event that happened a while ago and is to be counted in the second it happened in.

use core_time::{ManualClock, Stamp};
use criterion::Criterion;

use crate::contest::Contest;
use crate::subjects::{BareAdd, Count, MutexDeque, MutexRing, Record, RecordAt, counter};
use crate::workload::{EVENTS_PER_SECOND, START, fill, seconds, verify_counts};

/// How many events are recorded late in one round.
const EVENTS: u64 = 10_000;

/// How late they are.
const LATE_S: u64 = 20;

/// How far back everyone remembers; all of it is full of events when the first late one comes.
const SPAN_S: u64 = 300;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    let mut contest = Contest::new(criterion, "late/by_020s_threads_01", 1, EVENTS);
    let before = |window_s| window_s * EVENTS_PER_SECOND;
    let past = [
        (LATE_S, before(LATE_S)),
        (LATE_S + 1, before(LATE_S + 1) + EVENTS),
        (SPAN_S, before(SPAN_S) + EVENTS),
    ];
    enter(&mut contest, "counter", &past, |clock| counter(SPAN_S, clock));
    enter(&mut contest, "mutex_ring", &past, |clock| MutexRing::new(SPAN_S, clock));
    enter(&mut contest, "mutex_deque", &past, |clock| MutexDeque::new(SPAN_S, clock));
    enter(&mut contest, "bare_add", &past[2..], |_| BareAdd::default());
}

fn enter<S: Record + RecordAt + Count>(
    contest: &mut Contest,
    name: &str,
    expected: &[(u64, u64)],
    fresh: impl Fn(ManualClock) -> S + Sync,
) {
    let filled = || {
        let clock = ManualClock::new(START);
        let subject = fresh(clock.clone());
        let now = fill(&subject, &clock, SPAN_S);
        (now - seconds(LATE_S), subject)
    };
    let record = |(late, subject): &(Stamp, S)| subject.record_all_at(*late, EVENTS);
    contest.enter_writer(name, filled, record, |(_, subject)| verify_counts(subject, expected));
}
