//! The implementations: ours, baselines, floors and rivals, and the operations that each supports.
//!
//! An operation is given a batch, so that a floor can work in local variables. A baseline
//! (`Mutex…`, `Shared…`, `Local…`) is a decent hand-written solution. A floor (`Floor…`) does less
//! work than asked. A rival is a crate that does a similar job, as far as it can. All of them
//! decode the same text, use the same clock and answer in the same form.

pub mod by_name;
mod decoders;
mod floors;
mod invocations;
pub mod keyed;
pub mod limiters;
mod mutex_deque;
mod mutex_map;
mod mutex_map_of_vecs;
mod mutex_ring;
mod opentelemetry;
mod ours;
mod shared_ring;
pub mod sketches;
pub mod snapshots;
mod totals;
pub mod windows;

use std::time::Duration;

use core_time::{Clock as _, ManualClock, Stamp};

pub use decoders::{
    DECODERS, Decoder, decoders_of, floor_memchr, floor_newlines, halved, named_fields,
    shared_batch,
};
pub use floors::{FloorAdd, FloorClock, FloorLoad, FloorOwnAtomic, FloorRows};
pub use invocations::Invocations;
pub use mutex_deque::MutexDeque;
pub use mutex_map::MutexMap;
pub use mutex_map_of_vecs::MutexMapOfVecs;
pub use mutex_ring::MutexRing;
pub use opentelemetry::{OpenTelemetry, OpenTelemetryBound};
pub use ours::{Recorded, counter, counter_of, exact_counter};
pub use shared_ring::{SharedRing, shared_ring};
pub use totals::{Metrics, Metriken, Prometheus, PrometheusClient, PrometheusLocal};

use crate::harness::actions::Sample;
use crate::harness::events::{EVENTS_PER_SECOND, SECOND, seconds};

/// Adds actions from JSON text.
pub trait AddAction: Send + Sync {
    /// Adds the action of each line.
    fn add_lines(&self, lines: &[&[u8]]);
}

/// Adds actions from their values.
pub trait Add: Send + Sync {
    /// The form in which an action is passed; it is made before the clock is started.
    type Parsed: Copy + Send + Sync;

    /// Converts an action to that form.
    fn parsed(sample: Sample) -> Self::Parsed;

    /// Adds actions one by one.
    fn add_parsed(&self, actions: &[Self::Parsed]);
}

/// Reports the mean time of each action.
pub trait GetStats {
    /// Returns all means as JSON text: `[{"action":"jump","avg":150}]`.
    fn stats_text(&self) -> String;
}

/// Records events now.
pub trait Record: Send + Sync {
    /// Records events one by one, each at the present time.
    fn record_all(&self, events: u64);

    /// Records events in each of the next `span_s` seconds, and returns the time of the last ones.
    fn fill(&self, clock: &ManualClock, span_s: u64) -> Stamp {
        for _ in 0..span_s {
            clock.advance(SECOND);
            self.record_all(EVENTS_PER_SECOND);
        }
        clock.now()
    }
}

/// Records events of the past.
pub trait RecordAt: Send + Sync {
    /// Records events one by one, all with the same past timestamp.
    fn record_all_at(&self, stamp: Stamp, events: u64);
}

/// Counts events.
pub trait Count: Sync {
    /// Returns the number of events in the past `window`.
    ///
    /// A floor or a rival may know only the total.
    fn count_past(&self, window: Duration) -> u64;

    /// Checks the number of events in each of the past windows, which are given in seconds.
    ///
    /// # Errors
    ///
    /// Names the window whose number of events is wrong.
    fn verify(&self, expected: &[(u64, u64)]) -> Result<(), String> {
        for &(window_s, events) in expected {
            let found = self.count_past(seconds(window_s));
            if found != events {
                return Err(format!("{found} events in the past {window_s} s, should be {events}"));
            }
        }
        Ok(())
    }
}

/// Counts events of an interval in the past.
pub trait CountBetween: Sync {
    /// Returns the number of events between two edges of buckets.
    fn count_between(&self, from: Stamp, to: Stamp) -> u64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::actions::{Actions, Times};
    use crate::harness::events::START;
    use core_actions::{PostTracker, RunningTracker};
    use core_time::ManualClock;
    use facade::Windrow;

    fn adds_lines<S: AddAction + GetStats + Default>(times: Times) -> Result<(), String> {
        let (actions, implementation) = (Actions::new(500, times), S::default());
        let text = actions.text();
        implementation.add_lines(&text.lines().map(str::as_bytes).collect::<Vec<_>>());
        actions.verify(&implementation.stats_text())
    }

    fn adds_parsed<S: Add + GetStats + Default>(times: Times) -> Result<(), String> {
        let (actions, implementation) = (Actions::new(500, times), S::default());
        implementation.add_parsed(&actions.iter().map(S::parsed).collect::<Vec<_>>());
        actions.verify(&implementation.stats_text())
    }

    #[test]
    fn every_tracker_finds_the_means() {
        for times in [Times::Whole, Times::Fractions] {
            assert_eq!(adds_lines::<PostTracker>(times), Ok(()));
            assert_eq!(adds_lines::<RunningTracker>(times), Ok(()));
            assert_eq!(adds_lines::<Windrow>(times), Ok(()));
            assert_eq!(adds_lines::<MutexMap>(times), Ok(()));
            assert_eq!(adds_parsed::<PostTracker>(times), Ok(()));
            assert_eq!(adds_parsed::<RunningTracker>(times), Ok(()));
            assert_eq!(adds_parsed::<MutexMap>(times), Ok(()));
            assert_eq!(adds_parsed::<MutexMapOfVecs>(times), Ok(()));
            assert_eq!(adds_parsed::<FloorRows>(times), Ok(()));
        }
        assert_eq!(adds_lines::<FloorRows>(Times::Whole), Ok(()));
    }

    /// Loses the last line of each batch.
    #[derive(Default)]
    struct Lossy(MutexMap);

    impl AddAction for Lossy {
        fn add_lines(&self, lines: &[&[u8]]) {
            self.0.add_lines(&lines[..lines.len() - 1]);
        }
    }

    impl GetStats for Lossy {
        fn stats_text(&self) -> String {
            self.0.stats_text()
        }
    }

    #[test]
    fn tracker_that_loses_an_action_is_caught() {
        let wrong = adds_lines::<Lossy>(Times::Whole).unwrap_err();
        assert!(wrong.starts_with("mean of `"), "{wrong}");
    }

    fn counts<S>(fresh: impl Fn(ManualClock) -> S) -> Result<(), String>
    where
        S: Record + RecordAt + Count + CountBetween,
    {
        let clock = ManualClock::new(START);
        let implementation = fresh(clock.clone());
        let now = implementation.fill(&clock, 25); // More than twice around a ring of ten.
        implementation.verify(&[(1, 10), (3, 30), (10, 100)])?;
        implementation.record_all_at(now - seconds(4), 7);
        implementation.verify(&[(4, 40), (5, 57), (10, 107)])?;
        let edge = now - Duration::from_millis(500); // Where the bucket of the present begins.
        let found = [(8, 5), (5, 4), (4, 3)].map(|(from_s, to_s)| {
            implementation.count_between(edge - seconds(from_s), edge - seconds(to_s))
        });
        if found != [30, 10, 17] {
            return Err(format!("{found:?} between the edges of buckets"));
        }
        clock.advance(seconds(7));
        implementation.record_all(1);
        implementation.verify(&[(7, 1), (8, 11), (10, 31)])
    }

    #[test]
    fn every_counter_finds_the_events_of_each_window() {
        assert_eq!(counts(|clock| counter(10, clock)), Ok(()));
        assert_eq!(counts(|clock| exact_counter(10, clock)), Ok(()));
        assert_eq!(counts(|clock| MutexRing::new(10, clock)), Ok(()));
        assert_eq!(counts(|clock| MutexDeque::new(10, clock)), Ok(()));
        assert_eq!(counts(|clock| shared_ring(10, clock)), Ok(()));
        assert_eq!(counts(|clock| Invocations::new(10, clock)), Ok(()));
    }

    #[test]
    fn counter_without_windows_is_caught() {
        let clock = ManualClock::new(START);
        let implementation = Metriken::default();
        implementation.fill(&clock, 25);
        let wrong = implementation.verify(&[(1, 10)]).unwrap_err();
        assert_eq!(wrong, "250 events in the past 1 s, should be 10");
    }

    fn totals<S: Record + Count + Default>() -> u64 {
        let implementation = S::default();
        implementation.record_all(1_000);
        implementation.record_all(1);
        implementation.count_past(seconds(300))
    }

    #[test]
    fn every_counter_without_windows_finds_the_total() {
        let found = [
            totals::<Metriken>(),
            totals::<Metrics>(),
            totals::<Prometheus>(),
            totals::<PrometheusClient>(),
            totals::<PrometheusLocal>(),
            totals::<OpenTelemetry>(),
            totals::<OpenTelemetryBound>(),
            totals::<FloorAdd>(),
            totals::<FloorOwnAtomic>(),
        ];
        assert_eq!(found, [1_001; 9]);
        let recorded = Recorded(counter(300, ManualClock::new(START)));
        recorded.record_all(1_001);
        assert_eq!(recorded.count_past(seconds(300)), 1_001);
    }

    #[test]
    fn ring_of_fine_buckets_counts_by_them() {
        let clock = ManualClock::new(START);
        let implementation = SharedRing::<_, 10>::new(100, clock.clone());
        for _ in 0..3 {
            implementation.record_all(1);
            clock.advance(Duration::from_millis(10));
        }
        let found = [10, 20, 30].map(|ms| implementation.count_past(Duration::from_millis(ms)));
        assert_eq!(found, [0, 1, 2]);
    }
}
