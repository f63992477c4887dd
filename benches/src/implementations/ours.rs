//! The counters and trackers of Windrow, called as a user calls them.

use std::time::Duration;

use codec::{ActionTime, decode};
use core_actions::{HasMean, MergedTracker};
use core_time::{Clock, EventCounter, ExactCounter, Stamp, WindowSpec};
use facade::Windrow;

use super::{Add, AddAction, Count, CountBetween, GetStats, Record, RecordAt};
use crate::harness::actions::Sample;

const VALID: &str = "the workload holds only valid actions";

impl<S: HasMean<Value = ActionTime>> AddAction for MergedTracker<S> {
    fn add_lines(&self, lines: &[&[u8]]) {
        for line in lines {
            let action = decode(line).expect(VALID);
            self.record(action.name.as_str(), action.time).expect(VALID);
        }
    }
}

impl<S: HasMean<Value = ActionTime>> Add for MergedTracker<S> {
    type Parsed = (&'static str, ActionTime);

    fn parsed(sample: Sample) -> Self::Parsed {
        (sample.name(), ActionTime::try_from(sample.time()).expect(VALID))
    }

    fn add_parsed(&self, actions: &[Self::Parsed]) {
        for &(name, time) in actions {
            self.record(name, time).expect(VALID);
        }
    }
}

impl<S: HasMean<Value = ActionTime>> GetStats for MergedTracker<S> {
    fn stats_text(&self) -> String {
        let stats = self.stats();
        codec::encode(stats.iter().map(|row| (row.name(), row.mean())))
    }
}

impl AddAction for Windrow {
    fn add_lines(&self, lines: &[&[u8]]) {
        for line in lines {
            self.add_action(line).expect(VALID);
        }
    }
}

impl GetStats for Windrow {
    fn stats_text(&self) -> String {
        self.get_stats()
    }
}

/// Makes an event counter with buckets of one second.
///
/// # Panics
///
/// If the span is invalid.
pub fn counter(span_s: u64, clock: impl Clock) -> EventCounter {
    counter_of(Duration::from_secs(1), Duration::from_secs(span_s), clock)
}

/// Makes an event counter with buckets of `width`.
///
/// # Panics
///
/// If the width or the span is invalid.
pub fn counter_of(width: Duration, span: Duration, clock: impl Clock) -> EventCounter {
    EventCounter::with_clock(spec(width, span), clock)
}

/// Makes a counter that keeps every timestamp.
///
/// # Panics
///
/// If the span is invalid.
pub fn exact_counter(span_s: u64, clock: impl Clock) -> ExactCounter {
    ExactCounter::with_clock(spec(Duration::from_secs(1), Duration::from_secs(span_s)), clock)
}

fn spec(width: Duration, span: Duration) -> WindowSpec {
    let spec = WindowSpec::builder().resolution(width).span(span).build();
    spec.expect("a valid width and span")
}

impl Record for EventCounter {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.record();
        }
    }
}

impl Record for ExactCounter {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.record();
        }
    }
}

impl RecordAt for ExactCounter {
    fn record_all_at(&self, stamp: Stamp, events: u64) {
        for _ in 0..events {
            self.record_at(stamp, 1).expect(VALID);
        }
    }
}

impl Count for ExactCounter {
    fn count_past(&self, window: Duration) -> u64 {
        self.count(window).expect("a window within the span").events
    }
}

impl CountBetween for ExactCounter {
    fn count_between(&self, from: Stamp, to: Stamp) -> u64 {
        self.count_between(from..to).expect("an interval within the span").events
    }
}

/// An event counter that is written through a recorder, made once per batch.
pub struct Recorded(pub EventCounter);

impl Record for Recorded {
    fn record_all(&self, events: u64) {
        let mut recorder = self.0.recorder();
        for _ in 0..events {
            recorder.record();
        }
    }
}

impl Count for Recorded {
    fn count_past(&self, window: Duration) -> u64 {
        self.0.count_past(window)
    }
}

impl RecordAt for EventCounter {
    fn record_all_at(&self, stamp: Stamp, events: u64) {
        for _ in 0..events {
            self.record_at(stamp, 1).expect(VALID);
        }
    }
}

impl Count for EventCounter {
    fn count_past(&self, window: Duration) -> u64 {
        self.count(window).expect("a window within the span").events
    }
}

impl CountBetween for EventCounter {
    fn count_between(&self, from: Stamp, to: Stamp) -> u64 {
        self.count_between(from..to).expect("an interval within the span").events
    }
}
