//! Counts of events by key: ours, and a shared map of rings that one would write.

use core_time::{Clock as _, CoarseClock, KeyedCounter, KeyedSpec};
use dashmap::DashMap;

use crate::harness::events::seconds;

/// Counts events by key over the past 300 seconds.
pub trait Keyed: Send + Sync {
    /// Makes a counter without keys.
    fn fresh() -> Self;

    /// Records an event of each key now.
    fn record_each(&self, keys: &[&str]);

    /// Returns the number of events of a key in the past 300 seconds.
    fn count(&self, key: &str) -> u64;
}

const SPAN_S: i64 = 300;

impl Keyed for KeyedCounter<String> {
    fn fresh() -> Self {
        let spec = KeyedSpec { keys: 1 << 20, ..KeyedSpec::default() };
        Self::with_clock(spec, CoarseClock).expect("the default window has one tier")
    }

    fn record_each(&self, keys: &[&str]) {
        for key in keys {
            self.record(*key).expect("fewer keys than the limit");
        }
    }

    fn count(&self, key: &str) -> u64 {
        let span = seconds(SPAN_S.unsigned_abs());
        KeyedCounter::count(self, key, span).expect("the window is the span").events
    }
}

/// `DashMap` of a ring for each key, with a slot for each second, without bounds and late events.
pub struct MapOfRings(DashMap<String, Ring>);

struct Ring {
    /// The newest second.
    second: i64,
    events: Box<[u64; SPAN_S as usize]>,
}

impl Ring {
    fn new(second: i64) -> Self {
        Self { second, events: Box::new([0; SPAN_S as usize]) }
    }

    fn add(&mut self, second: i64) {
        while self.second < second {
            self.second += 1;
            self.events[(self.second % SPAN_S) as usize] = 0;
        }
        self.events[(second % SPAN_S) as usize] += 1;
    }
}

fn second() -> i64 {
    CoarseClock.now().as_nanos() / 1_000_000_000
}

impl Keyed for MapOfRings {
    fn fresh() -> Self {
        Self(DashMap::new())
    }

    fn record_each(&self, keys: &[&str]) {
        for &key in keys {
            let second = second();
            if let Some(mut ring) = self.0.get_mut(key) {
                ring.add(second);
                continue;
            }
            self.0.entry(key.to_owned()).or_insert_with(|| Ring::new(second)).add(second);
        }
    }

    fn count(&self, key: &str) -> u64 {
        self.0.get(key).map_or(0, |ring| ring.events.iter().sum())
    }
}
