//! Outcomes of calls: numbers of the same calls, also while others record.

#![cfg(feature = "tracker")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use core_actions::{
    AsWords, HasCount, Outcome, Outcomes, Statistic, Subtract, WindowedTracker, laws,
};

const OUTCOMES: [Outcome; 4] = [
    Outcome { failed: false, slow: false },
    Outcome { failed: true, slow: false },
    Outcome { failed: false, slow: true },
    Outcome { failed: true, slow: true },
];

#[test]
fn outcomes_keep_the_laws_of_statistics() {
    laws::check_merge::<Outcomes>(&OUTCOMES);
    laws::check_subtract::<Outcomes>(&OUTCOMES);
    for outcome in OUTCOMES {
        let mut words = [0];
        assert!(outcome.write_words(&mut words));
        assert_eq!(Outcome::from_words(&words), outcome);
    }
}

fn of(outcomes: &[Outcome]) -> Outcomes {
    let mut all = Outcomes::default();
    all.insert_all(outcomes.iter().copied());
    all
}

#[test]
fn shares_are_of_all_calls_and_need_a_minimum() {
    let all = of(&[OUTCOMES[1], OUTCOMES[1], OUTCOMES[3], OUTCOMES[0]]);
    assert_eq!((all.count(), all.failed(), all.slow()), (4, 3, 1));
    assert_eq!((all.failed_share(4), all.slow_share(4)), (Some(0.75), Some(0.25)));
    assert_eq!((all.failed_share(5), all.slow_share(5)), (None, None));
    assert_eq!(Outcomes::default().failed_share(0), None);
}

#[test]
fn only_some_of_the_same_calls_can_be_subtracted() {
    let (one, failed) = (of(&OUTCOMES[..1]), of(&OUTCOMES[1..2]));
    let both = of(&OUTCOMES[..2]);
    assert!(both.can_subtract(&one) && both.can_subtract(&failed));
    assert!(!one.can_subtract(&failed) && !one.can_subtract(&both));
    assert!(!failed.can_subtract(&one), "a failure without a call would remain");
}

/// Every call fails, so an answer with another number of failures is torn.
#[test]
fn failures_are_never_more_or_fewer_than_the_calls_that_failed() {
    const CALLS: u64 = 100_000;
    let tracker = WindowedTracker::<Outcomes>::new(Default::default()).unwrap();
    let is_done = AtomicBool::new(false);
    let record = || {
        for call in 0..CALLS {
            let slow = call % 2 == 1;
            tracker.record("payment", Outcome { failed: true, slow }).unwrap();
        }
    };
    let read = || {
        let window = tracker.window(Duration::from_secs(300)).unwrap();
        window.rows().first().map(|row| *row.statistic())
    };
    thread::scope(|scope| {
        let writers = [(); 2].map(|()| scope.spawn(record));
        let reader = scope.spawn(|| {
            let mut answers = 0;
            while !is_done.load(Relaxed) || answers == 0 {
                let Some(found) = read() else { continue };
                assert_eq!(found.failed(), found.calls());
                // Two writers, each with at most one fast call more than slow ones.
                assert!(found.calls() - 2 * found.slow() <= 2, "{found:?}");
                answers += 1;
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_done.store(true, Relaxed);
        reader.join().unwrap();
    });
    let found = read().unwrap();
    assert_eq!((found.calls(), found.failed(), found.slow()), (2 * CALLS, 2 * CALLS, CALLS));
}

#[cfg(feature = "serde")]
#[test]
fn outcomes_are_written_by_name_and_checked_when_read() {
    let written = serde_json::to_string(&of(&OUTCOMES)).unwrap();
    assert_eq!(written, r#"{"calls":4,"failed":2,"slow":2}"#);
    assert_eq!(serde_json::from_str::<Outcomes>(&written).unwrap(), of(&OUTCOMES));
    let refused = serde_json::from_str::<Outcomes>(r#"{"calls":1,"failed":0,"slow":2}"#);
    assert_eq!(refused.unwrap_err().to_string(), "slow calls are 2, of 1 call");
    let max = serde_json::from_str::<Outcomes>(&format!(
        r#"{{"calls":{},"failed":0,"slow":0}}"#,
        u64::MAX
    ));
    assert!(max.is_err());
}
