//! A custom statistic next to a standard one: the share of times above a limit.
//!
//! `cargo run --package core-actions --example share_above`

#![expect(clippy::print_stdout, reason = "an example that shows its result")]

use core_actions::{ActionTime, Mean, MergedTracker, Statistic, Tag, laws};

/// Counts the times above 250, and all times.
#[derive(Debug, Clone, Default, PartialEq)]
struct ShareAbove250 {
    above: u64,
    all: u64,
}

impl Statistic for ShareAbove250 {
    type Value = ActionTime;

    const TAG: Tag = Tag::own("x-share-above-250");

    fn insert(&mut self, time: ActionTime) {
        self.above += u64::from(time > ActionTime::from(250_u64));
        self.all += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.above += other.above;
        self.all += other.all;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In your tests: whatever the order of merging, the answer is the same.
    let times = [0, 100, 250, 251, 300, u64::MAX].map(ActionTime::from);
    laws::check_merge::<ShareAbove250>(&times);

    let tracker = MergedTracker::<(Mean, ShareAbove250)>::default();
    for (action, time) in [("jump", 100), ("jump", 300), ("run", 75), ("jump", 400)] {
        tracker.record(action, time)?;
    }
    for row in tracker.stats() {
        let (_, share) = row.statistic();
        let ShareAbove250 { above, all } = share;
        println!("{}: {above} of {all} above 250, mean {}", row.name(), row.mean());
    }
    Ok(())
}
