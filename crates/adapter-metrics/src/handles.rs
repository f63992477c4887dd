//! What is behind a counter, a gauge and a histogram of the facade.
//!
//! # Memory ordering
//!
//! Gauges are Relaxed: each is one number, and nothing else is read because of it. A
//! read-modify-write loses no concurrent one, whatever its ordering.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use core_actions::{
    ActionRecorder, ActionTime, Histogram, Mean, Row, SharedHandle, SharedWindowedHandle, Summary,
};
use core_time::{EventCounter, RefusedCounts};
use metrics::{CounterFn, GaugeFn, HistogramFn};

use crate::refused::Refusals;

/// The number of a series among those of its kind.
pub(crate) type SeriesId = u32;

/// A total since the start, and events over windows.
pub(crate) struct WindowedCounter {
    pub(crate) events: EventCounter,
    /// Held while a total is set, so that two threads do not add the same difference.
    setting: Mutex<()>,
}

impl WindowedCounter {
    pub(crate) fn new(events: EventCounter) -> Self {
        Self { events, setting: Mutex::default() }
    }

    /// Returns all events, with those for which no bucket had room.
    ///
    /// One of the numbers has each event, so their sum never shrinks.
    pub(crate) fn total(&self) -> u64 {
        let RefusedCounts { full, too_old, .. } = self.events.refused();
        self.events.total().saturating_add(full).saturating_add(too_old)
    }
}

impl CounterFn for WindowedCounter {
    fn increment(&self, value: u64) {
        self.events.record_many(value);
    }

    /// Counts what the total grew by as events of now.
    fn absolute(&self, value: u64) {
        let _setting = self.setting.lock().unwrap_or_else(PoisonError::into_inner);
        // An increment made concurrently counts as one after this.
        let before = self.total();
        if value > before {
            self.events.record_many(value - before);
        }
    }
}

/// A number that is set or changed.
pub(crate) struct AtomicGauge {
    bits: AtomicU64,
    refusals: Arc<Refusals>,
}

impl AtomicGauge {
    pub(crate) fn new(refusals: Arc<Refusals>) -> Self {
        Self { bits: AtomicU64::new(0.0_f64.to_bits()), refusals }
    }

    pub(crate) fn value(&self) -> f64 {
        // ORDERING: Relaxed, see the module: one number alone.
        f64::from_bits(self.bits.load(Relaxed))
    }

    /// Changes the value, unless it would no longer be a number.
    fn change(&self, to: impl Fn(f64) -> f64) {
        let changed = self.bits.fetch_update(Relaxed, Relaxed, |bits| {
            let value = to(f64::from_bits(bits));
            (!value.is_nan()).then_some(value.to_bits())
        });
        if changed.is_err() {
            self.refusals.values(1);
        }
    }
}

impl GaugeFn for AtomicGauge {
    fn increment(&self, value: f64) {
        self.change(|before| before + value);
    }

    fn decrement(&self, value: f64) {
        self.change(|before| before - value);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

/// Bins since the start, and a summary over windows.
pub(crate) struct WindowedHistogram {
    pub(crate) window: SharedWindowedHandle<Summary>,
    pub(crate) total: SharedHandle<(Mean, Histogram)>,
    pub(crate) refusals: Arc<Refusals>,
}

impl WindowedHistogram {
    /// Returns all values since the start; `None` without a value.
    pub(crate) fn total(&self) -> Option<Row<(Mean, Histogram)>> {
        self.total.stats()
    }
}

impl HistogramFn for WindowedHistogram {
    fn record(&self, value: f64) {
        match ActionTime::try_from(value) {
            Ok(time) => {
                self.total.record(time);
                self.window.record(time);
            }
            Err(_) => self.refusals.values(1),
        }
    }

    fn record_many(&self, value: f64, count: usize) {
        match ActionTime::try_from(value) {
            Ok(time) => {
                self.total.record_n(time, count as u64);
                self.window.record_n(time, count as u64);
            }
            Err(_) => self.refusals.values(count as u64),
        }
    }
}

/// A series for one thread.
///
/// The macros of the facade clone and drop an [`Arc`] for each record. Threads that shared its
/// count would wait for each other: two take several times as long as one.
pub(crate) struct ForThread<H>(pub(crate) Arc<H>);

impl<H: CounterFn> CounterFn for ForThread<H> {
    fn increment(&self, value: u64) {
        self.0.increment(value);
    }

    fn absolute(&self, value: u64) {
        self.0.absolute(value);
    }
}

impl<H: GaugeFn> GaugeFn for ForThread<H> {
    fn increment(&self, value: f64) {
        self.0.increment(value);
    }

    fn decrement(&self, value: f64) {
        self.0.decrement(value);
    }

    fn set(&self, value: f64) {
        self.0.set(value);
    }
}

impl<H: HistogramFn> HistogramFn for ForThread<H> {
    fn record(&self, value: f64) {
        self.0.record(value);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.0.record_many(value, count);
    }
}
