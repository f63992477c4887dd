//! `interference`: what a writer pays for a reader who asks every microsecond, beside the same
//! writer alone.
//!
//! `bare_coarse_clock` shares nothing with the reader but the machine: where it is slower than
//! alone, so is everyone, by as much.

use core_time::{Clock, CoarseClock};
use criterion::Criterion;

use crate::contest::Contest;
use crate::subjects::{BareClock, Count, MutexRing, Record, Recorded, counter, shared_ring};
use crate::workload::{seconds, verify_counts};

/// How many events the writer records in one round, long enough for hundreds of questions.
const EVENTS: u64 = 100_000;

/// How far back everyone remembers, and how far back the reader asks.
const SPAN_S: u64 = 300;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    let contest = &mut Contest::new(criterion, "interference/reader_every_1us", 1, EVENTS);
    enter(contest, "counter", || counter(SPAN_S, CoarseClock));
    enter(contest, "recorder", || Recorded(counter(SPAN_S, CoarseClock)));
    enter(contest, "mutex_ring", || MutexRing::new(SPAN_S, CoarseClock));
    enter(contest, "shared_ring", || shared_ring(SPAN_S, CoarseClock));
    enter(contest, "bare_coarse_clock", || BareClock::new(|| CoarseClock.now()));
}

/// Times the writer beside the reader, and alone.
fn enter<S: Record + Count>(contest: &mut Contest<'_>, name: &str, fresh: impl Fn() -> S + Sync) {
    let write = |subject: &S| subject.record_all(EVENTS);
    let verify = |subject: &S| verify_counts(subject, &[(SPAN_S, EVENTS)]);
    let read = |subject: &S| subject.count_past(seconds(SPAN_S));
    contest.enter_writer_beside_reader(name, &fresh, write, read, verify);
    contest.enter_writer(&format!("{name}_alone"), &fresh, write, verify);
}
