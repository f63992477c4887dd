//! What a batch counts about its records, in addition to their outcomes.

use std::ops::AddAssign;

use crate::fields::Skip;

/// Counts what a summary of records mentions.
///
/// All are 0 for the default form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Records without a timestamp, if one is configured: accepted, or filtered because of that.
    pub without_timestamp: u64,
    /// Accepted records whose name was longer than the limit and was shortened.
    pub names_shortened: u64,
    /// Accepted records whose value is a number without a unit.
    pub bare_values: u64,
    /// Accepted records whose value has a unit.
    pub values_with_unit: u64,
    /// Accepted records whose moment has no time zone, so that the configured one was used.
    pub assumed_zone: u64,
    /// Those of them whose local time the clocks skipped.
    pub local_skipped: u64,
    /// Those of them whose local time the clocks repeated.
    pub local_repeated: u64,
    /// Records refused as [`UnitNeeded`](crate::DecodeErrorKind::UnitNeeded).
    pub unit_needed: u64,
    skipped: [u64; Skip::ALL.len()],
}

impl Counts {
    /// Returns the number of records that were skipped for a reason.
    #[must_use]
    pub fn skipped_for(&self, reason: Skip) -> u64 {
        self.skipped[reason as usize]
    }

    #[inline]
    pub(super) fn skip(&mut self, reason: Skip) {
        self.skipped[reason as usize] += 1;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.without_timestamp += other.without_timestamp;
        self.names_shortened += other.names_shortened;
        self.bare_values += other.bare_values;
        self.values_with_unit += other.values_with_unit;
        self.assumed_zone += other.assumed_zone;
        self.local_skipped += other.local_skipped;
        self.local_repeated += other.local_repeated;
        self.unit_needed += other.unit_needed;
        for (sum, number) in self.skipped.iter_mut().zip(other.skipped) {
            *sum += number;
        }
    }
}
