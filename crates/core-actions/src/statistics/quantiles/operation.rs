//! Addition and subtraction of the counts of histograms.

/// Combines the counts of two histograms: addition to merge, subtraction to take a difference.
pub(super) trait Operation {
    /// Combines two counts, modulo 2^64.
    fn counts(mine: u64, theirs: u64) -> u64;
    /// Combines the low bytes of two counts, and returns whether they carry or borrow.
    fn lows(mine: u8, theirs: u8) -> (u8, bool);
}

pub(super) struct Addition;

impl Operation for Addition {
    fn counts(mine: u64, theirs: u64) -> u64 {
        mine.wrapping_add(theirs)
    }

    fn lows(mine: u8, theirs: u8) -> (u8, bool) {
        mine.overflowing_add(theirs)
    }
}

pub(super) struct Subtraction;

impl Operation for Subtraction {
    fn counts(mine: u64, theirs: u64) -> u64 {
        mine.wrapping_sub(theirs)
    }

    fn lows(mine: u8, theirs: u8) -> (u8, bool) {
        mine.overflowing_sub(theirs)
    }
}
