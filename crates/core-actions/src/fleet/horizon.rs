//! How far back a fleet remembers.

use core_time::{Stamp, WindowSpec};

/// The oldest buckets that a window touched at the latest present that was passed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Horizon {
    /// The oldest tick and the width of a bucket in nanoseconds, for each tier, the finest first.
    tiers: Vec<(i64, i64)>,
}

impl Horizon {
    /// Makes one that remembers everything.
    pub(super) fn new(spec: &WindowSpec) -> Self {
        // Neither is longer than 292 years.
        let width = |tier: core_time::Tier| tier.resolution.as_nanos() as i64;
        Self { tiers: spec.tiers().map(|tier| (i64::MIN, width(tier))).collect() }
    }

    /// Moves to a present, if it is later; returns whether it is.
    pub(super) fn advance(&mut self, spec: &WindowSpec, now: Stamp) -> bool {
        let mut moved = false;
        for ((oldest, width), tier) in self.tiers.iter_mut().zip(spec.tiers()) {
            let tick = now.as_nanos().div_euclid(*width);
            let then = tick.saturating_sub_unsigned(tier.buckets());
            moved |= then > *oldest;
            *oldest = then.max(*oldest);
        }
        moved
    }

    /// Takes the later of both.
    pub(super) fn merge(&mut self, other: &Self) {
        for ((oldest, _), &(others, _)) in self.tiers.iter_mut().zip(&other.tiers) {
            *oldest = others.max(*oldest);
        }
    }

    pub(super) fn tiers(&self) -> usize {
        self.tiers.len()
    }

    /// Returns the oldest tick of a tier; for a tier that is not there, the largest.
    pub(super) fn oldest(&self, tier: usize) -> i64 {
        self.tiers.get(tier).map_or(i64::MAX, |&(oldest, _)| oldest)
    }

    /// Returns the start of a bucket.
    pub(super) fn start(&self, tier: usize, tick: i64) -> Stamp {
        let width = self.tiers.get(tier).map_or(1, |&(_, width)| width);
        Stamp::from_nanos(tick.saturating_mul(width))
    }

    /// Returns the tick of the bucket of a stamp in a tier.
    pub(super) fn tick_in(&self, tier: usize, stamp: Stamp) -> i64 {
        stamp.as_nanos().div_euclid(self.tiers.get(tier).map_or(1, |&(_, width)| width))
    }

    /// Returns whether no bucket that holds a stamp is remembered, of any tier.
    pub(super) fn is_past(&self, stamp: Stamp) -> bool {
        let is_past = |&(oldest, width): &(i64, i64)| stamp.as_nanos().div_euclid(width) < oldest;
        self.tiers.iter().all(is_past)
    }
}
