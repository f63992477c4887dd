//! Counts of events by key: ours, a shared map of rings that one would write, and libraries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use core_time::{Clock as _, CoarseClock, KeyHandle, KeyedCounter, KeyedSpec};
use dashmap::DashMap;
use metrics::{Key, Label};
use metrics_util::registry::{AtomicStorage, Registry};
use moka::sync::Cache;
use prometheus_client::metrics::counter::Counter as ClientCounter;
use prometheus_client::metrics::family::Family;

use crate::harness::events::seconds;

/// Counts events by key over the past 300 seconds; a rival may know only the total.
pub trait Keyed: Send + Sync {
    /// The form in which a key is passed; it is made before the clock is started.
    type Key<'a>: Send + Sync;

    /// Makes a counter without keys.
    fn fresh() -> Self;

    /// Converts a key to that form.
    fn key(name: &str) -> Self::Key<'_>;

    /// Records an event of a key now.
    fn record(&self, key: &Self::Key<'_>);

    /// Returns the number of events of a key in the past 300 seconds.
    fn count(&self, name: &str) -> u64;
}

/// Keeps what counts the events of one key.
pub trait Kept: Keyed {
    /// Counts the events of one key without a lookup.
    type Handle: Send + Sync;

    /// Returns the handle of a key.
    fn handle(implementation: &Arc<Self>, name: &str) -> Self::Handle;

    /// Records an event now.
    fn record_by(handle: &Self::Handle);
}

const SPAN_S: i64 = 300;

impl Keyed for KeyedCounter<String> {
    type Key<'a> = &'a str;

    fn fresh() -> Self {
        let spec = KeyedSpec { keys: 1 << 20, ..KeyedSpec::default() };
        Self::with_clock(spec, CoarseClock).expect("the default window has one tier")
    }

    fn key(name: &str) -> &str {
        name
    }

    fn record(&self, key: &&str) {
        KeyedCounter::record(self, *key).expect("fewer keys than the limit");
    }

    fn count(&self, name: &str) -> u64 {
        let span = seconds(SPAN_S.unsigned_abs());
        KeyedCounter::count(self, name, span).expect("the window is the span").events
    }
}

impl Kept for KeyedCounter<String> {
    type Handle = KeyHandle<String>;

    fn handle(implementation: &Arc<Self>, name: &str) -> Self::Handle {
        KeyedCounter::handle(implementation, name).expect("fewer keys than the limit")
    }

    fn record_by(handle: &Self::Handle) {
        handle.record();
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
    type Key<'a> = &'a str;

    fn fresh() -> Self {
        Self(DashMap::new())
    }

    fn key(name: &str) -> &str {
        name
    }

    fn record(&self, &key: &&str) {
        let second = second();
        if let Some(mut ring) = self.0.get_mut(key) {
            return ring.add(second);
        }
        self.0.entry(key.to_owned()).or_insert_with(|| Ring::new(second)).add(second);
    }

    fn count(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |ring| ring.events.iter().sum())
    }
}

/// `moka`: a cache of a total for each key, which is removed 300 seconds after its last use.
pub struct Moka(Cache<String, Arc<AtomicU64>>);

impl Keyed for Moka {
    type Key<'a> = &'a str;

    fn fresh() -> Self {
        let span = seconds(SPAN_S.unsigned_abs());
        Self(Cache::builder().max_capacity(1 << 20).time_to_idle(span).build())
    }

    fn key(name: &str) -> &str {
        name
    }

    fn record(&self, key: &&str) {
        self.total(key).fetch_add(1, Relaxed);
    }

    fn count(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |total| total.load(Relaxed))
    }
}

impl Moka {
    fn total(&self, key: &str) -> Arc<AtomicU64> {
        let made = || self.0.get_with_by_ref(key, Arc::default);
        self.0.get(key).unwrap_or_else(made)
    }
}

impl Kept for Moka {
    type Handle = Arc<AtomicU64>;

    fn handle(implementation: &Arc<Self>, name: &str) -> Self::Handle {
        implementation.total(name)
    }

    fn record_by(handle: &Self::Handle) {
        handle.fetch_add(1, Relaxed);
    }
}

/// `metrics`: the counters of the registry of `metrics-util`, looked up by a key made beforehand.
pub struct MetricsCounters(Registry<Key, AtomicStorage>);

impl Keyed for MetricsCounters {
    type Key<'a> = Key;

    fn fresh() -> Self {
        Self(Registry::atomic())
    }

    fn key(name: &str) -> Key {
        let key = Key::from_parts("events", vec![Label::new("key", name.to_owned())]);
        key.get_hash(); // It keeps that, once it is known.
        key
    }

    fn record(&self, key: &Key) {
        self.0.get_or_create_counter(key, |total| total.fetch_add(1, Relaxed));
    }

    fn count(&self, name: &str) -> u64 {
        self.0.get_or_create_counter(&Self::key(name), |total| total.load(Relaxed))
    }
}

impl Kept for MetricsCounters {
    type Handle = metrics::Counter;

    fn handle(implementation: &Arc<Self>, name: &str) -> Self::Handle {
        implementation.0.get_or_create_counter(&Self::key(name), |total| total.clone().into())
    }

    fn record_by(handle: &Self::Handle) {
        handle.increment(1);
    }
}

/// `prometheus-client`: a family of counters, looked up by labels that are made beforehand.
#[derive(Default)]
pub struct PrometheusClientCounters(Family<[(&'static str, String); 1], ClientCounter>);

impl Keyed for PrometheusClientCounters {
    type Key<'a> = [(&'static str, String); 1];

    fn fresh() -> Self {
        Self::default()
    }

    fn key(name: &str) -> Self::Key<'_> {
        [("key", name.to_owned())]
    }

    fn record(&self, key: &Self::Key<'_>) {
        self.0.get_or_create(key).inc();
    }

    fn count(&self, name: &str) -> u64 {
        self.0.get_or_create(&Self::key(name)).get()
    }
}

impl Kept for PrometheusClientCounters {
    type Handle = ClientCounter;

    fn handle(implementation: &Arc<Self>, name: &str) -> Self::Handle {
        implementation.0.get_or_create_owned(&Self::key(name))
    }

    fn record_by(handle: &Self::Handle) {
        handle.inc();
    }
}
