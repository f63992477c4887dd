//! Which buckets of a ring were touched since a mark, at the cost of those that were.
//!
//! A ring counts how often it opened a bucket. Time goes forwards, so nearly every bucket that is
//! opened is the newest, and a mark needs only the newest bucket of its time: all later ones are
//! new. Buckets that were opened again, for late values, are noted apart. They are few; if they are
//! not, all of them are forgotten, and a mark from before then touches every bucket.
//!
//! The bucket that was open at the mark may have got values until the next opening. A ring counts
//! its inserts, and notes their number at the last opening. So if there was only one opening since
//! the mark, as when each bucket is looked at, it is known whether it got any.
//!
//! A version for each bucket would need no such exception, but takes memory in each bucket, and a
//! read would look at all of them.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use super::StatisticRing;
use crate::statistic::Statistic;

/// The number of late openings that are noted.
const LATE_MAX: usize = 32;

/// A state of a [`StatisticRing`], to find what is touched later.
///
/// The [default](Self::default) is that of a ring without values.
///
/// # Examples
///
/// ```
/// use core_time::{InBucket, RingMark, Statistic, StatisticRing, Tag, WindowSpec};
///
/// #[derive(Clone, Default)]
/// struct Sum(u64);
///
/// impl Statistic for Sum {
///     type Value = u64;
///     const TAG: Tag = Tag::own("x-sum");
///     fn insert(&mut self, value: u64) {
///         self.0 += value;
///     }
///     fn merge(&mut self, other: &Self) {
///         self.0 += other.0;
///     }
/// }
///
/// let mut ring = StatisticRing::<Sum>::new(&WindowSpec::default());
/// [10, 20, 30].map(|tick| ring.insert(InBucket { tick, value: 1 }));
/// let mark = ring.mark();
/// [10, 31].map(|tick| ring.insert(InBucket { tick, value: 1 }));
/// // 30 was open at the mark, and may have got values before 10 was opened.
/// assert!(ring.touched_since(&mark).into_iter().eq([10, 30, 31]));
/// assert!(ring.touched_since(&RingMark::default()).into_iter().eq([10, 20, 30, 31]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RingMark {
    turns: u64,
    inserts: u64,
    /// The newest and the open bucket; `None` without values.
    newest: Option<(i64, i64)>,
}

/// The openings of buckets.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    /// How often a bucket was opened.
    count: u64,
    /// How often values were inserted, of one call together, and how often at the last opening.
    inserts: u64,
    inserts_at_last: u64,
    /// The buckets that were opened although they were not newer than all others, each with its
    /// last opening, in the order of these.
    late: Vec<(i64, u64)>,
    /// The opening at which others were forgotten last.
    forgotten: u64,
}

impl Turns {
    /// The memory for late openings, in bytes: a vector that doubles.
    pub(super) const HEAP_BYTES_MAX: usize = LATE_MAX * size_of::<(i64, u64)>();

    /// Notes that values were inserted into the open bucket.
    #[inline]
    pub(super) fn insert(&mut self) {
        self.inserts += 1;
    }

    /// Notes that a bucket was opened, when another was the newest.
    pub(super) fn turn(&mut self, tick: i64, newest: i64) {
        self.count += 1;
        self.inserts_at_last = self.inserts;
        if tick > newest {
            return;
        }
        if let Some(at) = self.late.iter().rposition(|&(late, _)| late == tick) {
            self.late.remove(at);
        } else if self.late.len() == LATE_MAX {
            self.late.clear();
            self.forgotten = self.count;
            return;
        }
        self.late.push((tick, self.count));
    }
}

impl<S: Statistic> StatisticRing<S> {
    /// Returns the present state, for [`touched_since`](Self::touched_since).
    #[must_use]
    pub fn mark(&self) -> RingMark {
        let newest = self.open.as_ref().map(|&(open, _)| (self.newest, open));
        RingMark { turns: self.turns.count, inserts: self.turns.inserts, newest }
    }

    /// Returns the buckets that were touched since a mark of this ring, or of one that it is a copy
    /// of.
    ///
    /// Each bucket with a value since then that is still held. The one that is open now is among
    /// them although it may have none. So is the one that was open at the mark, if two buckets or
    /// more were opened since. After more than 32 late buckets, all buckets are.
    ///
    /// # Complexity
    ///
    /// Their number, with a logarithmic step in the number of all buckets.
    #[must_use]
    pub fn touched_since(&self, mark: &RingMark) -> BTreeSet<i64> {
        let mut touched = BTreeSet::new();
        let Some(&(open, _)) = self.open.as_ref() else { return touched };
        touched.insert(open);
        if mark.turns == self.turns.count {
            return touched;
        }
        let oldest = self.oldest();
        let known = mark.turns >= self.turns.forgotten && mark.turns < self.turns.count;
        match mark.newest.filter(|_| known) {
            Some((newest, open)) => {
                let late = self.turns.late.iter().rev().take_while(|&&(_, at)| at > mark.turns);
                let is_only_opening = self.turns.count - mark.turns == 1;
                let is_same = is_only_opening && self.turns.inserts_at_last == mark.inserts;
                let open = (!is_same).then_some(open);
                touched.extend(late.map(|&(tick, _)| tick).chain(open));
                let newer = self.closed.range((Excluded(newest), Unbounded));
                touched.extend(newer.map(|(&tick, _)| tick));
            }
            None => touched.extend(self.closed.range(oldest..).map(|(&tick, _)| tick)),
        }
        if touched.first().is_some_and(|&first| first < oldest) {
            touched = touched.split_off(&oldest);
        }
        touched
    }
}
