//! Which moments are so far from all others that they would ruin the axis.
//!
//! One record at the start of 1970 makes an axis of 54 years, on which all others are one row. So a
//! set of moments is split at its largest gap if this is more than [`GAP`] times as long as the
//! rest of the set. The parts are split likewise, until no gap is that large. These parts, the
//! segments, are known while records are read in any order: moments that are in one segment of some
//! records are in one segment of more records, too. (The gap can only shrink, and the rest only
//! grow.) So a segment keeps intervals of its own width, only whole segments are ever joined, and
//! after the last record those at the ends that hold few records are left out.

use std::ops::Range;

use facade::Stamp;

/// How many times longer than the rest a gap is.
const GAP: u128 = 60;
/// The coarse bucket: the rest of a set is taken to be at least as long, in nanoseconds.
///
/// So a gap of a minute splits no set, and there are a few dozen segments at most.
const BUCKET: u64 = 1_000_000_000;

/// The first and the last moment of a segment.
pub(super) type Ends = (Stamp, Stamp);

/// Returns the position of the segment after the largest gap, if the segments are split there.
fn split(segments: &[Ends]) -> Option<usize> {
    let gap = |at: usize| nanos(segments[at - 1].1, segments[at].0);
    let at = (1..segments.len()).max_by_key(|&at| gap(at))?;
    let whole = nanos(segments.first()?.0, segments.last()?.1);
    let rest = (whole - gap(at)).max(BUCKET);
    (u128::from(gap(at)) > GAP * u128::from(rest)).then_some(at)
}

fn nanos(from: Stamp, to: Stamp) -> u64 {
    to.as_nanos().abs_diff(from.as_nanos())
}

/// Returns the segments that are to be joined with the one at a position.
///
/// The segments are in order and apart. All but this one are segments of the others.
pub(super) fn joined(segments: &[Ends], position: usize) -> Range<usize> {
    let mut range = 0..segments.len();
    while let Some(at) = split(&segments[range.clone()]) {
        let at = range.start + at;
        range = if position < at { range.start..at } else { at..range.end };
    }
    range
}

/// Returns the segments that are left when outliers are left out.
///
/// `records` are the numbers of records of each.
pub(super) fn kept(segments: &[Ends], records: &[u64]) -> Range<usize> {
    let few = (records.iter().sum::<u64>() / 100).max(1);
    let mut range = 0..segments.len();
    // At most six times: each time, what is left is a 61st or less, and it is more than a minute.
    while let Some(at) = split(&segments[range.clone()]) {
        let at = range.start + at;
        let is_few = |range: Range<usize>| records[range].iter().sum::<u64>() <= few;
        range = match (is_few(range.start..at), is_few(at..range.end)) {
            (true, false) => at..range.end,
            (false, true) => range.start..at,
            // Two records: neither is far from all others.
            _ => break,
        };
    }
    range
}
