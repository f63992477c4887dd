//! A limiter and a breaker, which use different bounds of the same answer.
//!
//! `cargo run --package core-time --example limiter`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Mutex;
use std::time::Duration;

use core_time::{EventCounter, ManualClock, Stamp, WindowError, WindowSpec};

const SECOND: Duration = Duration::from_secs(1);

/// Lets at most `limit` events through in any ten seconds.
struct Limiter {
    passed: EventCounter,
    limit: u64,
    /// Held from the count to the record, so that no other thread records in between.
    turnstile: Mutex<()>,
}

impl Limiter {
    fn lets_through(&self) -> Result<bool, WindowError> {
        let _turn = self.turnstile.lock();
        // Not `events`: the oldest bucket may hold more events of the past ten seconds.
        let may_pass = self.passed.count(10 * SECOND)?.at_most < self.limit;
        if may_pass {
            self.passed.record();
        }
        Ok(may_pass)
    }
}

/// Returns whether too many calls failed in the past minute.
fn is_open(failed: &EventCounter) -> Result<bool, WindowError> {
    // Not `at_most`: a breaker must not open for older failures.
    Ok(failed.count(60 * SECOND)?.at_least >= 50)
}

fn main() -> Result<(), WindowError> {
    let clock = ManualClock::new(Stamp::from_secs(1_700_000_000));
    let counter = || EventCounter::with_clock(WindowSpec::default(), clock.clone());
    let limiter = Limiter { passed: counter(), limit: 25, turnstile: Mutex::default() };
    let failed = counter();
    for second in 0..30 {
        let mut passed = 0;
        for _ in 0..5 {
            if limiter.lets_through()? {
                passed += 1;
            } else {
                failed.record();
            }
        }
        let breaker = if is_open(&failed)? { "open" } else { "closed" };
        println!("second {second:2}: {passed} of 5 passed, breaker {breaker}");
        clock.advance(SECOND);
    }
    Ok(())
}
