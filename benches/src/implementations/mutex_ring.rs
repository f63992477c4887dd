//! The obvious counter: a count for each second, in a ring under one lock.

use std::sync::Mutex;
use std::time::Duration;

use core_time::{Clock, Stamp};

use super::{Count, CountBetween, Record, RecordAt};

/// The count of one second. The second distinguishes this lap of the ring from the one before.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    second: i64,
    events: u64,
}

/// A count for each second of the span, under one lock. A window is summed.
#[derive(Debug)]
pub struct MutexRing<C> {
    clock: C,
    slots: Mutex<Vec<Slot>>,
}

impl<C: Clock> MutexRing<C> {
    /// Makes a counter with a span of `span_s` seconds.
    pub fn new(span_s: u64, clock: C) -> Self {
        Self { clock, slots: Mutex::new(vec![Slot::default(); span_s as usize]) }
    }

    fn count_one(&self, second: i64) {
        let mut slots = self.slots.lock().expect("no thread panicked with the lock");
        let at = second.rem_euclid(slots.len() as i64) as usize;
        let slot = &mut slots[at];
        if slot.second < second {
            *slot = Slot { second, events: 1 };
        } else if slot.second == second {
            slot.events += 1;
        } // Else too late: the slot has gone to a newer second.
    }

    /// Adds the seconds from `oldest` to `newest`, at most as many as there are slots.
    fn sum(&self, oldest: i64, newest: i64) -> u64 {
        let slots = self.slots.lock().expect("no thread panicked with the lock");
        let (end, start) = slots.split_at(oldest.rem_euclid(slots.len() as i64) as usize);
        let past = start.iter().chain(end).take((newest - oldest + 1) as usize);
        let inside = |slot: &&Slot| (oldest..=newest).contains(&slot.second);
        past.filter(inside).map(|slot| slot.events).sum()
    }
}

fn second_of(stamp: Stamp) -> i64 {
    stamp.as_nanos().div_euclid(1_000_000_000)
}

impl<C: Clock> Record for MutexRing<C> {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.count_one(second_of(self.clock.now()));
        }
    }
}

impl<C: Clock> RecordAt for MutexRing<C> {
    fn record_all_at(&self, stamp: Stamp, events: u64) {
        for _ in 0..events {
            self.count_one(second_of(stamp));
        }
    }
}

impl<C: Clock> Count for MutexRing<C> {
    fn count_past(&self, window: Duration) -> u64 {
        let newest = second_of(self.clock.now());
        self.sum(newest - window.as_secs() as i64 + 1, newest)
    }
}

impl<C: Clock> CountBetween for MutexRing<C> {
    fn count_between(&self, from: Stamp, to: Stamp) -> u64 {
        self.sum(second_of(from), second_of(to) - 1)
    }
}
