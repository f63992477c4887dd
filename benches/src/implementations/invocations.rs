//! `invocation-counter`: a ring of atomics that all threads share, with windows of any length.

use std::time::Duration;

use core_time::{Clock, Stamp};
use invocation_counter::InvocationCounter;

use super::{Count, CountBetween, Record, RecordAt};

/// Counts by the second in a ring whose length is a power of two.
///
/// The caller passes the time as a number of seconds, and a count reads the whole ring. A bucket is
/// opened by two stores, so events that other threads count in between are lost. An event older
/// than the ring clears a newer second.
#[derive(Debug)]
pub struct Invocations<C> {
    clock: C,
    counter: InvocationCounter,
}

impl<C: Clock> Invocations<C> {
    /// Makes a ring of at least `span_s` seconds.
    pub fn new(span_s: u64, clock: C) -> Self {
        let slots = span_s.next_power_of_two();
        Self { clock, counter: InvocationCounter::new(slots.ilog2() as u8, 0) }
    }
}

fn second_of(stamp: Stamp) -> u64 {
    stamp.as_nanos().cast_unsigned() / 1_000_000_000 // It knows no time before 1970.
}

impl<C: Clock> Record for Invocations<C> {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.counter.register(second_of(self.clock.now()));
        }
    }
}

impl<C: Clock> RecordAt for Invocations<C> {
    fn record_all_at(&self, stamp: Stamp, events: u64) {
        for _ in 0..events {
            self.counter.register(second_of(stamp));
        }
    }
}

impl<C: Clock> Count for Invocations<C> {
    fn count_past(&self, window: Duration) -> u64 {
        let end = second_of(self.clock.now()) + 1;
        u64::from(self.counter.count_in(end - window.as_secs(), end))
    }
}

impl<C: Clock> CountBetween for Invocations<C> {
    fn count_between(&self, from: Stamp, to: Stamp) -> u64 {
        u64::from(self.counter.count_in(second_of(from), second_of(to)))
    }
}
