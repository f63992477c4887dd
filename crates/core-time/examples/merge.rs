//! Merges the snapshots of two counters, as of two processes.
//!
//! `cargo run --package core-time --example merge`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use core_time::{EventCounter, ManualClock, Stamp, Tier, WindowSpec};

fn main() -> Result<(), Box<dyn Error>> {
    let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
    let hour = Tier { resolution: minute, span: 60 * minute };
    let spec = WindowSpec::builder().tier(hour).build()?;
    let clock = ManualClock::new(Stamp::from_secs(1_700_000_000));
    let counter = || EventCounter::with_clock(spec.clone(), clock.clone());
    let (one, two) = (counter(), counter());
    for elapsed in 0..1_200 {
        one.record();
        two.record_many(elapsed % 3);
        clock.advance(second);
    }

    // With the feature `serde`, a snapshot can be sent to another process.
    let mut both = one.snapshot();
    both.merge(&two.snapshot())?;
    let counter = EventCounter::restore_with_clock(&both, clock)?;
    for window in [10 * second, 5 * minute, 20 * minute] {
        let found = counter.count(window)?;
        let rate = found.rate().unwrap_or_default();
        let resolution = found.coverage.resolution;
        println!(
            "past {window:?}: {} events in buckets of {resolution:?}, {rate:.2} per second",
            found.events
        );
    }
    println!("{:?}", counter.merge(&one.snapshot()).map_err(|error| error.to_string()));
    Ok(())
}
