//! A limiter of all calls and one for each user.
//!
//! `cargo run --package core-time --example limiter`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use core_time::{
    Exceeded, KeyedLimiter, Limit, Limiter, Limits, LimitsError, ManualClock, Remaining, Stamp,
};
use std::time::Duration;

struct Gate {
    all: Limiter,
    users: KeyedLimiter<String>,
}

impl Gate {
    fn new(clock: &ManualClock) -> Result<Self, LimitsError> {
        // Two limits at once: bursts of up to 4, and 6 in ten seconds.
        let ten_seconds = Limit { events: 6, window: Duration::from_secs(10) };
        let of_user = Limits::new([Limit::per_second(4), ten_seconds])?;
        let of_all = Limits::new([Limit::per_second(6)])?;
        Ok(Self {
            // A service leaves the clock out: the default is monotonic.
            all: Limiter::with_clock(of_all, clock.clone()),
            users: KeyedLimiter::with_clock(of_user, 1_000, clock.clone()),
        })
    }

    fn call(&self, user: &str, cost: u64) -> Result<Remaining, Exceeded> {
        // The limit of the user first, so that refused calls use nothing of what all share.
        self.users.try_record_many(user, cost)?;
        self.all.try_record_many(cost)
    }
}

fn main() -> Result<(), LimitsError> {
    let clock = ManualClock::new(Stamp::from_secs(1_700_000_000));
    let gate = Gate::new(&clock)?;
    for tenth in 0..12 {
        for (user, cost) in [("alice", 2), ("bob", 1)] {
            match gate.call(user, cost) {
                Ok(remaining) => println!("0.{tenth} s: {user} passes, {} left", remaining.events),
                Err(exceeded) => println!("0.{tenth} s: {user} has to wait: {exceeded}"),
            }
        }
        clock.advance(Duration::from_millis(100));
    }
    Ok(())
}
