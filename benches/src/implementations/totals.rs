//! Rivals that keep a total without time windows, and need no clock.
//!
//! Each is used as its documentation recommends for a hot path: with a handle, without a lookup.
//! They are verified by their total.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use metriken::ShardedCounterGroup;
use prometheus::IntCounter;
use prometheus_client::metrics::counter::Counter;

use super::{Count, Record};

/// `metriken`: an atomic number on a cache line for each thread.
pub struct Metriken(ShardedCounterGroup);

impl Default for Metriken {
    /// Makes a group of one counter.
    fn default() -> Self {
        let group = ShardedCounterGroup::new(1);
        group.add(0, 0); // Allocates the cache lines before the first round.
        Self(group)
    }
}

impl Record for Metriken {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.0.increment(0);
        }
    }
}

impl Count for Metriken {
    fn count_past(&self, _: Duration) -> u64 {
        self.0.value(0).expect("the group has a counter")
    }
}

/// `metrics`: a handle to the counter of a recorder, here the atomic number of the crate.
pub struct Metrics {
    handle: metrics::Counter,
    total: Arc<AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let total = Arc::new(AtomicU64::new(0));
        Self { handle: metrics::Counter::from_arc(Arc::clone(&total)), total }
    }
}

impl Record for Metrics {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.handle.increment(1);
        }
    }
}

impl Count for Metrics {
    fn count_past(&self, _: Duration) -> u64 {
        self.total.load(Relaxed) // ORDERING: Relaxed. Read when all threads are done.
    }
}

/// `prometheus`: one atomic number that all threads add to.
pub struct Prometheus(IntCounter);

impl Default for Prometheus {
    fn default() -> Self {
        Self(IntCounter::new("events", "Events.").expect("a valid name"))
    }
}

impl Record for Prometheus {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.0.inc();
        }
    }
}

impl Count for Prometheus {
    fn count_past(&self, _: Duration) -> u64 {
        self.0.get()
    }
}

/// `prometheus`, through a local counter, which is flushed at the end of a batch.
///
/// No event is visible before that.
#[derive(Default)]
pub struct PrometheusLocal(Prometheus);

impl Record for PrometheusLocal {
    fn record_all(&self, events: u64) {
        let local = self.0.0.local();
        for _ in 0..events {
            black_box(&local).inc(); // Or the loop is found to be one addition.
        }
        local.flush();
    }
}

impl Count for PrometheusLocal {
    fn count_past(&self, window: Duration) -> u64 {
        self.0.count_past(window)
    }
}

/// `prometheus-client`: one atomic number that all threads add to.
#[derive(Default)]
pub struct PrometheusClient(Counter);

impl Record for PrometheusClient {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.0.inc();
        }
    }
}

impl Count for PrometheusClient {
    fn count_past(&self, _: Duration) -> u64 {
        self.0.get()
    }
}
