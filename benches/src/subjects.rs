//! Who takes part: ours, the baselines, the floors and the rivals, and what each of them can do.
//!
//! Work is handed over by the batch, so that a floor can do it in local variables. A baseline
//! (`Mutex…`, `Shared…`) is what one would write oneself, and a decent one; a floor (`Bare…`) does
//! less than is asked for; a rival is a crate that one would use instead, and does what it can.
//! Where two do the same thing differently, the difference is what is measured: all decode the same
//! text, all use the clock they are given, and all answer in the same form.

mod bare;
pub mod by_name;
mod decoders;
mod fenster;
mod invocations;
mod mutex_deque;
mod mutex_map;
mod mutex_map_of_vecs;
mod mutex_ring;
mod opentelemetry;
mod ours;
mod shared_ring;
pub mod sketches;
mod totals;
pub mod windows;

use std::time::Duration;

use core_time::Stamp;

pub use bare::{BareAdd, BareClock, BareLoad, BareOwnAtomic, BareRows};
pub use decoders::{DECODERS, Decoder, bare_memchr, bare_newlines, halved, shared_batch};
pub use fenster::Fenster;
pub use invocations::Invocations;
pub use mutex_deque::MutexDeque;
pub use mutex_map::MutexMap;
pub use mutex_map_of_vecs::MutexMapOfVecs;
pub use mutex_ring::MutexRing;
pub use opentelemetry::{OpenTelemetry, OpenTelemetryBound};
pub use ours::{Recorded, counter, counter_of, exact_counter};
pub use shared_ring::{SharedRing, shared_ring};
pub use totals::{Metrics, Metriken, Prometheus, PrometheusClient, PrometheusLocal};

use crate::workload::Sample;

/// Adds actions from JSON text.
pub trait AddAction: Send + Sync {
    /// Adds one action for each line.
    fn add_lines(&self, lines: &[&[u8]]);
}

/// Adds actions from their values.
pub trait Add: Send + Sync {
    /// An action in the form in which it is best handed over; made before the time is taken.
    type Parsed: Copy + Send + Sync;

    /// Brings an action into that form.
    fn parsed(sample: Sample) -> Self::Parsed;

    /// Adds actions one after the other.
    fn add_parsed(&self, actions: &[Self::Parsed]);
}

/// Tells the mean time of each action.
pub trait GetStats {
    /// All means as JSON text: `[{"action":"jump","avg":150}]`.
    fn stats_text(&self) -> String;
}

/// Records events now.
pub trait Record: Send + Sync {
    /// Records so many events one by one, each at its own present.
    fn record_all(&self, events: u64);
}

/// Records events of another time.
pub trait RecordAt: Send + Sync {
    /// Records so many events one by one, all of the same past moment.
    fn record_all_at(&self, stamp: Stamp, events: u64);
}

/// Counts events.
pub trait Count: Sync {
    /// How many events there were in the past `window`. A floor or a rival may know only how many
    /// there ever were.
    fn count_past(&self, window: Duration) -> u64;
}

/// Counts events of an interval that need not end now.
pub trait CountBetween: Sync {
    /// How many events there were from one edge of a bucket to another.
    fn count_between(&self, from: Stamp, to: Stamp) -> u64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::Verdict;
    use crate::workload::{Actions, START, Times, fill, seconds, verify_counts};
    use core_actions::{PostTracker, RunningTracker};
    use core_time::ManualClock;
    use facade::Windrow;

    fn adds_lines<S: AddAction + GetStats + Default>(times: Times) -> Verdict {
        let (actions, subject) = (Actions::new(500, times), S::default());
        let text = actions.text();
        subject.add_lines(&text.lines().map(str::as_bytes).collect::<Vec<_>>());
        actions.verify(&subject.stats_text())
    }

    fn adds_parsed<S: Add + GetStats + Default>(times: Times) -> Verdict {
        let (actions, subject) = (Actions::new(500, times), S::default());
        subject.add_parsed(&actions.iter().map(S::parsed).collect::<Vec<_>>());
        actions.verify(&subject.stats_text())
    }

    #[test]
    fn all_who_keep_actions_find_the_means() {
        for times in [Times::Whole, Times::Fractions] {
            assert_eq!(adds_lines::<PostTracker>(times), Ok(()));
            assert_eq!(adds_lines::<RunningTracker>(times), Ok(()));
            assert_eq!(adds_lines::<Windrow>(times), Ok(()));
            assert_eq!(adds_lines::<MutexMap>(times), Ok(()));
            assert_eq!(adds_parsed::<PostTracker>(times), Ok(()));
            assert_eq!(adds_parsed::<RunningTracker>(times), Ok(()));
            assert_eq!(adds_parsed::<MutexMap>(times), Ok(()));
            assert_eq!(adds_parsed::<MutexMapOfVecs>(times), Ok(()));
            assert_eq!(adds_parsed::<BareRows>(times), Ok(()));
        }
        assert_eq!(adds_lines::<BareRows>(Times::Whole), Ok(()));
    }

    /// Forgets the last line of each batch.
    #[derive(Default)]
    struct Forgetful(MutexMap);

    impl AddAction for Forgetful {
        fn add_lines(&self, lines: &[&[u8]]) {
            self.0.add_lines(&lines[..lines.len() - 1]);
        }
    }

    impl GetStats for Forgetful {
        fn stats_text(&self) -> String {
            self.0.stats_text()
        }
    }

    #[test]
    fn tracker_that_forgets_one_action_is_caught() {
        let wrong = adds_lines::<Forgetful>(Times::Whole).unwrap_err();
        assert!(wrong.starts_with("mean of `"), "{wrong}");
    }

    fn counts<S>(fresh: impl Fn(ManualClock) -> S) -> Verdict
    where
        S: Record + RecordAt + Count + CountBetween,
    {
        let clock = ManualClock::new(START);
        let subject = fresh(clock.clone());
        let now = fill(&subject, &clock, 25); // More than twice around a ring of ten.
        verify_counts(&subject, &[(1, 10), (3, 30), (10, 100)])?;
        subject.record_all_at(now - seconds(4), 7);
        verify_counts(&subject, &[(4, 40), (5, 57), (10, 107)])?;
        let edge = now - Duration::from_millis(500); // Where the bucket of the present begins.
        let found = [(8, 5), (5, 4), (4, 3)].map(|(from_s, to_s)| {
            subject.count_between(edge - seconds(from_s), edge - seconds(to_s))
        });
        if found != [30, 10, 17] {
            return Err(format!("{found:?} between the edges of buckets"));
        }
        clock.advance(seconds(7));
        subject.record_all(1);
        verify_counts(&subject, &[(7, 1), (8, 11), (10, 31)])
    }

    #[test]
    fn all_who_count_find_the_events_of_each_window() {
        assert_eq!(counts(|clock| counter(10, clock)), Ok(()));
        assert_eq!(counts(|clock| exact_counter(10, clock)), Ok(()));
        assert_eq!(counts(|clock| MutexRing::new(10, clock)), Ok(()));
        assert_eq!(counts(|clock| MutexDeque::new(10, clock)), Ok(()));
        assert_eq!(counts(|clock| shared_ring(10, clock)), Ok(()));
        assert_eq!(counts(|clock| Invocations::new(10, clock)), Ok(()));
    }

    #[test]
    fn counter_that_knows_no_windows_is_caught() {
        let clock = ManualClock::new(START);
        let subject = Metriken::default();
        fill(&subject, &clock, 25);
        let wrong = verify_counts(&subject, &[(1, 10)]).unwrap_err();
        assert_eq!(wrong, "250 events in the past 1 s, should be 10");
    }

    fn totals<S: Record + Count + Default>() -> u64 {
        let subject = S::default();
        subject.record_all(1_000);
        subject.record_all(1);
        subject.count_past(seconds(300))
    }

    #[test]
    fn all_who_know_no_time_know_the_total() {
        let found = [
            totals::<Metriken>(),
            totals::<Metrics>(),
            totals::<Prometheus>(),
            totals::<PrometheusClient>(),
            totals::<PrometheusLocal>(),
            totals::<OpenTelemetry>(),
            totals::<OpenTelemetryBound>(),
            totals::<BareAdd>(),
            totals::<BareOwnAtomic>(),
        ];
        assert_eq!(found, [1_001; 9]);
        let recorded = Recorded(counter(300, ManualClock::new(START)));
        recorded.record_all(1_001);
        assert_eq!(recorded.count_past(seconds(300)), 1_001);
    }

    #[test]
    fn fenster_is_right_until_something_has_to_leave() {
        let clock = ManualClock::new(START);
        let subject = Fenster::new(10, clock.clone());
        fill(&subject, &clock, 10);
        assert_eq!(subject.count_past(seconds(10)), 100);
        fill(&subject, &clock, 10);
        assert_ne!(subject.count_past(seconds(10)), 100, "then it deserves a kinder description");
    }

    #[test]
    fn ring_of_fine_buckets_counts_by_them() {
        let clock = ManualClock::new(START);
        let subject = SharedRing::<_, 10>::new(100, clock.clone());
        for _ in 0..3 {
            subject.record_all(1);
            clock.advance(Duration::from_millis(10));
        }
        let found = [10, 20, 30].map(|ms| subject.count_past(Duration::from_millis(ms)));
        assert_eq!(found, [0, 1, 2]);
    }
}
