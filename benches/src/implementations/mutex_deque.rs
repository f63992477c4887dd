//! The exact counter: the timestamps of all events of the span, in a queue under one lock.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use core_time::{Clock, Stamp};

use super::{Count, CountBetween, Record, RecordAt};

/// All timestamps of the span in order, under one lock. Old ones are removed by the next record.
#[derive(Debug)]
pub struct MutexDeque<C> {
    clock: C,
    span: Duration,
    stamps: Mutex<VecDeque<Stamp>>,
}

impl<C: Clock> MutexDeque<C> {
    /// Makes a counter with a span of `span_s` seconds.
    pub fn new(span_s: u64, clock: C) -> Self {
        Self { clock, span: Duration::from_secs(span_s), stamps: Mutex::default() }
    }
}

impl<C: Clock> Record for MutexDeque<C> {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            let mut stamps = self.stamps.lock().expect("no thread panicked with the lock");
            let now = self.clock.now(); // Under the lock, which keeps the stamps in order.
            let end = now - self.span;
            while stamps.pop_front_if(|oldest| *oldest <= end).is_some() {}
            stamps.push_back(now);
        }
    }
}

impl<C: Clock> RecordAt for MutexDeque<C> {
    fn record_all_at(&self, stamp: Stamp, events: u64) {
        for _ in 0..events {
            let mut stamps = self.stamps.lock().expect("no thread panicked with the lock");
            let at = stamps.partition_point(|earlier| *earlier <= stamp);
            stamps.insert(at, stamp);
        }
    }
}

impl<C: Clock> Count for MutexDeque<C> {
    fn count_past(&self, window: Duration) -> u64 {
        let before = self.clock.now() - window;
        let stamps = self.stamps.lock().expect("no thread panicked with the lock");
        (stamps.len() - stamps.partition_point(|stamp| *stamp <= before)) as u64
    }
}

impl<C: Clock> CountBetween for MutexDeque<C> {
    fn count_between(&self, from: Stamp, to: Stamp) -> u64 {
        let stamps = self.stamps.lock().expect("no thread panicked with the lock");
        let [start, end] = [from, to].map(|edge| stamps.partition_point(|stamp| *stamp < edge));
        (end - start) as u64
    }
}
