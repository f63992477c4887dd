//! `interference`: records while another thread counts every microsecond, and alone.
//!
//! `floor_coarse_clock` shares only the machine with the reader: the amount by which it is slower
//! than alone applies to every implementation.

use core_time::{Clock, CoarseClock};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::events::seconds;
use crate::implementations::{
    Count, FloorClock, MutexRing, Record, Recorded, counter, shared_ring,
};

/// The number of events per round, enough for hundreds of reads.
const EVENTS: u64 = 100_000;

/// The span of the counters, and the window of the reader.
const SPAN_S: u64 = 300;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    let harness = &mut Harness::new(criterion, "interference/reader_every_1us", 1, EVENTS);
    measure(harness, "counter", || counter(SPAN_S, CoarseClock));
    measure(harness, "recorder", || Recorded(counter(SPAN_S, CoarseClock)));
    measure(harness, "mutex_ring", || MutexRing::new(SPAN_S, CoarseClock));
    measure(harness, "shared_ring", || shared_ring(SPAN_S, CoarseClock));
    measure(harness, "floor_coarse_clock", || FloorClock::new(|| CoarseClock.now()));
}

/// Times the writer with the reader, and alone.
fn measure<S: Record + Count>(harness: &mut Harness<'_>, name: &str, fresh: impl Fn() -> S + Sync) {
    let write = |implementation: &S| implementation.record_all(EVENTS);
    let verify = |implementation: &S| implementation.verify(&[(SPAN_S, EVENTS)]);
    let read = |implementation: &S| implementation.count_past(seconds(SPAN_S));
    harness.bench_writer_with_reader(name, &fresh, write, read, verify);
    harness.bench_writer(&format!("{name}_alone"), &fresh, write, verify);
}
