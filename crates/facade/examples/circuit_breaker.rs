//! A circuit breaker: closed, open and half-open, by the outcomes of the past ten seconds.
//!
//! `cargo run --package facade --example circuit_breaker`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use facade::Stamp;
use facade::actions::{Outcome, Outcomes, WindowedSpec, WindowedTracker};
use facade::time::{Clock, ManualClock, MonotonicClock, WindowSpec};

const WINDOW: Duration = Duration::from_secs(10);
/// The time from opening to the first trial.
const WAIT: Duration = Duration::from_secs(5);
/// The number of calls below which shares are not judged.
const CALLS_MIN: u64 = 10;
const FAILED_SHARE_MAX: f64 = 0.5;
const SLOW_SHARE_MAX: f64 = 0.8;
/// The number of trials that must succeed, one after the other.
const TRIALS: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Closed,
    /// Refuses calls until a moment.
    Open(Stamp),
    /// Lets one trial pass at a time.
    HalfOpen {
        succeeded: u32,
        is_trying: bool,
    },
}

struct Breaker<C> {
    calls: WindowedTracker<Outcomes>,
    state: Mutex<State>,
    clock: C,
}

impl<C: Clock + Clone> Breaker<C> {
    fn new(clock: C) -> Result<Self, Box<dyn Error>> {
        let window = WindowSpec::builder().span(WINDOW).build()?;
        let spec = WindowedSpec { window, ..WindowedSpec::default() };
        let calls = WindowedTracker::with_clock(spec, clock.clone())?;
        Ok(Self { calls, state: Mutex::new(State::Closed), clock })
    }

    /// Calls the service, unless the circuit is open. `None` if it is.
    fn call(&self, service: impl FnOnce() -> Outcome) -> Option<Outcome> {
        let mut permit = self.admit()?;
        permit.outcome = service();
        Some(permit.outcome)
    }

    fn admit(&self) -> Option<Permit<'_, C>> {
        let mut state = self.state();
        if let State::Open(until) = *state
            && self.clock.now() >= until
        {
            *state = State::HalfOpen { succeeded: 0, is_trying: false };
        }
        let is_trial = match &mut *state {
            State::Closed => false,
            State::HalfOpen { is_trying, .. } if !*is_trying => {
                *is_trying = true;
                true
            }
            State::HalfOpen { .. } | State::Open(_) => return None,
        };
        // A service that panics has failed.
        let outcome = Outcome { failed: true, slow: false };
        Some(Permit { breaker: self, is_trial, outcome })
    }

    fn finish(&self, is_trial: bool, outcome: Outcome) {
        let mut state = self.state();
        match *state {
            State::Closed if !is_trial => {
                self.calls.record("service", outcome).expect("one name is within every limit");
                if is_bad(&self.calls) {
                    *state = State::Open(self.clock.now() + WAIT);
                }
            }
            State::HalfOpen { .. } if is_trial && outcome.failed => {
                *state = State::Open(self.clock.now() + WAIT);
            }
            State::HalfOpen { succeeded, .. } if is_trial && succeeded + 1 < TRIALS => {
                *state = State::HalfOpen { succeeded: succeeded + 1, is_trying: false };
            }
            State::HalfOpen { .. } if is_trial => {
                // The failures that opened the circuit must not open it again.
                self.calls.reset();
                *state = State::Closed;
            }
            _ => {} // A call that began before the circuit opened.
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was admitted. Its outcome counts when it is dropped, also by a panic.
struct Permit<'a, C: Clock + Clone> {
    breaker: &'a Breaker<C>,
    is_trial: bool,
    outcome: Outcome,
}

impl<C: Clock + Clone> Drop for Permit<'_, C> {
    fn drop(&mut self) {
        self.breaker.finish(self.is_trial, self.outcome);
    }
}

/// Returns whether too many calls of the window failed or were slow.
///
/// Both shares are of the same calls: they are numbers of one row.
fn is_bad(calls: &WindowedTracker<Outcomes>) -> bool {
    let window = calls.window(WINDOW).expect("the window is the span");
    window.rows().first().is_some_and(|row| {
        let service = row.statistic();
        service.failed_share(CALLS_MIN).is_some_and(|share| share > FAILED_SHARE_MAX)
            || service.slow_share(CALLS_MIN).is_some_and(|share| share > SLOW_SHARE_MAX)
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    // A service uses a clock that no change of the wall moves.
    let _breaker = Breaker::new(MonotonicClock)?;

    let clock = ManualClock::new(Stamp::from_secs(1_700_000_000));
    let breaker = Breaker::new(clock.clone())?;
    for second in 0..20 {
        // The service is down from second 2 to 8.
        let outcome = Outcome { failed: (2..8).contains(&second), slow: false };
        let passed = (0..6).filter(|_| breaker.call(|| outcome).is_some()).count();
        let state = *breaker.state();
        println!("second {second:2}: {passed} of 6 calls passed, then {state:?}");
        clock.advance(Duration::from_secs(1));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Outcome = Outcome { failed: false, slow: false };
    const BAD: Outcome = Outcome { failed: true, slow: false };

    fn breaker() -> (Breaker<ManualClock>, ManualClock) {
        let clock = ManualClock::new(Stamp::from_secs(1_000));
        (Breaker::new(clock.clone()).unwrap(), clock)
    }

    fn state(breaker: &Breaker<ManualClock>) -> State {
        *breaker.state.lock().unwrap()
    }

    #[test]
    fn circuit_opens_above_the_share_and_not_below_the_minimum() {
        let (breaker, clock) = breaker();
        for _ in 1..CALLS_MIN {
            breaker.call(|| BAD);
            assert_eq!(state(&breaker), State::Closed);
        }
        breaker.call(|| GOOD);
        assert_eq!(state(&breaker), State::Open(clock.now() + WAIT));
        assert_eq!(breaker.call(|| GOOD), None);
    }

    #[test]
    fn trial_that_panics_has_failed_and_a_call_from_before_is_not_a_trial() {
        let (breaker, clock) = breaker();
        let from_before = breaker.admit().unwrap();
        for _ in 0..CALLS_MIN {
            breaker.call(|| BAD);
        }
        clock.advance(WAIT);
        let panics = std::panic::AssertUnwindSafe(|| breaker.call(|| panic!("as planned")));
        std::panic::catch_unwind(panics).unwrap_err();
        assert_eq!(state(&breaker), State::Open(clock.now() + WAIT));
        clock.advance(WAIT);
        breaker.call(|| GOOD).unwrap();
        drop(from_before); // It failed.
        assert_eq!(state(&breaker), State::HalfOpen { succeeded: 1, is_trying: false });
    }

    #[test]
    fn slow_calls_open_the_circuit_too() {
        let (breaker, _) = breaker();
        for _ in 0..CALLS_MIN {
            breaker.call(|| Outcome { failed: false, slow: true });
        }
        assert!(matches!(state(&breaker), State::Open(_)));
    }

    #[test]
    fn trials_pass_one_at_a_time_and_close_or_open_the_circuit() {
        let (breaker, clock) = breaker();
        for _ in 0..CALLS_MIN {
            breaker.call(|| BAD);
        }
        clock.advance(WAIT);
        breaker.call(|| BAD).unwrap();
        assert_eq!(breaker.call(|| GOOD), None, "the trial failed");
        clock.advance(WAIT);
        let trial = || {
            assert_eq!(breaker.call(|| GOOD), None, "only one trial at a time");
            GOOD
        };
        for _ in 0..TRIALS {
            breaker.call(trial).unwrap();
        }
        assert_eq!(state(&breaker), State::Closed);
        breaker.call(|| BAD);
        assert_eq!(state(&breaker), State::Closed, "old failures are forgotten");
    }

    #[test]
    fn story_is_printed() {
        main().unwrap();
    }
}
