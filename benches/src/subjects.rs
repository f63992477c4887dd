//! Who takes part: ours, the baselines and the floors, and what each of them can do.
//!
//! Work is handed over by the batch, so that a floor can do it in local variables. A baseline
//! (`Mutex…`) is what one would write first, and a decent one; a floor (`Bare…`) does less than is
//! asked for. Where two do the same thing differently, the difference is what is measured: all
//! decode the same text, all use the clock they are given, and all answer in the same form.

mod bare;
mod decoders;
mod mutex_deque;
mod mutex_map;
mod mutex_map_of_vecs;
mod mutex_ring;
mod ours;

use std::time::Duration;

use core_time::Stamp;

pub use bare::{BareAdd, BareAtomic, BareClock, BareLoad, BareRows};
pub use decoders::{DECODERS, Decoder, bare_memchr, bare_newlines};
pub use mutex_deque::MutexDeque;
pub use mutex_map::MutexMap;
pub use mutex_map_of_vecs::MutexMapOfVecs;
pub use mutex_ring::MutexRing;
pub use ours::counter;

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
    /// How many events there were in the past `window`. A floor may know only how many there were.
    fn count_past(&self, window: Duration) -> u64;
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

    fn counts<S: Record + RecordAt + Count>(fresh: impl Fn(ManualClock) -> S) -> Verdict {
        let clock = ManualClock::new(START);
        let subject = fresh(clock.clone());
        let now = fill(&subject, &clock, 25); // More than twice around a ring of ten.
        verify_counts(&subject, &[(1, 10), (3, 30), (10, 100)])?;
        subject.record_all_at(now - seconds(4), 7);
        verify_counts(&subject, &[(4, 40), (5, 57), (10, 107)])?;
        clock.advance(seconds(7));
        subject.record_all(1);
        verify_counts(&subject, &[(7, 1), (8, 11), (10, 31)])
    }

    #[test]
    fn all_who_count_find_the_events_of_each_window() {
        assert_eq!(counts(|clock| counter(10, clock)), Ok(()));
        assert_eq!(counts(|clock| MutexRing::new(10, clock)), Ok(()));
        assert_eq!(counts(|clock| MutexDeque::new(10, clock)), Ok(()));
    }

    #[test]
    fn counter_that_knows_no_windows_is_caught() {
        let wrong = counts(|_| BareAdd::default()).unwrap_err();
        assert_eq!(wrong, "250 events in the past 1 s, should be 10");
    }
}
