//! What a limiter grants without a look at its history: events in an interval of time.
//!
//! While nothing else is recorded, what remains of the limits changes only when a bucket leaves a
//! window, and an event is recorded in the same bucket until that ends. So from one of these
//! moments to the next, an accepted event is a subtraction. A limiter of threads does it without a
//! lock, in a [`SharedGrant`].

use std::time::Duration;

use super::error::{Exceeded, Remaining};
use super::limit::Limit;
use crate::stamp::Stamp;
use crate::sync::{
    AtomicI64, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

/// What remains from one stamp to another, in nanoseconds, while nothing is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) from: i64,
    pub(super) until: i64,
    /// The number of events that would be recorded.
    pub(super) room: u64,
    /// Whether every event is refused until the end, and one is accepted then.
    pub(super) refuses: bool,
    /// The place of the limit that allows the fewest events, or that holds one up longest.
    pub(super) limit: u32,
}

impl Grant {
    /// Answers nothing.
    pub(super) const NONE: Self =
        Self { from: i64::MAX, until: i64::MIN, room: 0, refuses: false, limit: 0 };

    /// Returns the answer to events at a stamp, if it is known.
    #[inline]
    pub(super) fn answer(
        &self,
        limits: &[Limit],
        now: i64,
        events: u64,
    ) -> Option<Result<Remaining, Exceeded>> {
        if now < self.from || now >= self.until || events == 0 {
            return None;
        }
        let limit = *limits.get(self.limit as usize)?;
        if self.refuses {
            // Which limit holds several events up, and until when, depends on their number.
            return (events == 1).then(|| Err(refusal(limit, self.until, now)));
        }
        Some(Ok(Remaining { events: self.room.checked_sub(events)?, limit }))
    }
}

/// Returns the refusal of one event at `now`, which is accepted at `until`.
#[inline]
fn refusal(limit: Limit, until: i64, now: i64) -> Exceeded {
    let retry_after = Duration::from_nanos(until.abs_diff(now));
    Exceeded { events: 1, limit, retry_after: Some(retry_after) }
}

/// A grant from which any thread takes events, without a lock.
///
/// One thread at a time, the holder of the lock of the history, closes the grant, adds what was
/// taken to the history, and opens another.
///
/// # Memory ordering
///
/// The version is odd while the grant is closed. A thread loads it, then the fields, then the
/// clock, and takes its events only if the version is still the same. Needs: fields of one grant.
/// Gives: the version is loaded with Acquire, and stored with Release after the fields, so these
/// are not older. A field that is newer was stored with Release after the version became odd, and
/// is loaded with Acquire; so the thread finds another version, by the exchange or by a second
/// load, and does nothing. Not needed: more for the exchange and the swap. They count, and pass
/// nothing else on: a bucket that is added to the history is that of the grant, whatever the stamps
/// of the events in it.
///
/// A thread that pauses between the two looks at the version while the grant is closed 2^39 times,
/// for hours under full load, and meets the same number of events left, would take them by an old
/// stamp.
///
/// Checks: loom, the models in `loom::limiter`.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct SharedGrant {
    /// The version, and the number of events left in the lower bits.
    left: AtomicU64,
    from: AtomicI64,
    until: AtomicI64,
    /// The events of the grant that do not fit into `left`.
    beyond: AtomicU64,
    /// The place of the limit, and [`REFUSES`].
    limit: AtomicU64,
}

const LEFT_BITS: u32 = 24;
const LEFT_MAX: u64 = (1 << LEFT_BITS) - 1;
const VERSION: u64 = 1 << LEFT_BITS;
/// The bit of `limit` for [`Grant::refuses`].
const REFUSES: u64 = 1 << 32;

impl SharedGrant {
    /// Makes a closed grant.
    pub(super) fn closed() -> Self {
        let Grant { from, until, .. } = Grant::NONE;
        Self {
            left: AtomicU64::new(VERSION),
            from: AtomicI64::new(from),
            until: AtomicI64::new(until),
            beyond: AtomicU64::new(0),
            limit: AtomicU64::new(0),
        }
    }

    /// Takes events, or returns until when they are refused.
    ///
    /// `None` if the grant does not know: the history does.
    #[inline]
    pub(super) fn take(
        &self,
        limits: &[Limit],
        now: impl FnOnce() -> Stamp,
        events: u64,
    ) -> Option<Result<Remaining, Exceeded>> {
        let mut left = self.left.load(Acquire); // ORDERING: before the fields; see the type.
        if left & VERSION != 0 {
            return None;
        }
        // ORDERING: after the version and before the exchange; see the type.
        let (from, until) = (self.from.load(Acquire), self.until.load(Acquire));
        let (beyond, limit) = (self.beyond.load(Acquire), self.limit.load(Acquire));
        let now = now().as_nanos();
        if now < from || now >= until || events == 0 {
            return None;
        }
        let of = *limits.get(limit as u32 as usize)?;
        if limit & REFUSES != 0 {
            // ORDERING: Relaxed, after the loads with Acquire; see the type. A refusal writes
            // nothing, so threads that are refused share the line.
            let is_same = events == 1 && self.left.load(Relaxed) == left;
            return is_same.then(|| Err(refusal(of, until, now)));
        }
        loop {
            let rest = (left & LEFT_MAX).checked_sub(events)?;
            // ORDERING: Relaxed, after the loads with Acquire; see the type.
            match self.left.compare_exchange_weak(left, left - events, Relaxed, Relaxed) {
                Ok(_) => return Some(Ok(Remaining { events: rest + beyond, limit: of })),
                Err(other) if (other ^ left) > LEFT_MAX => return None,
                Err(other) => left = other,
            }
        }
    }

    /// Closes the grant, and returns the number of events left in the word.
    ///
    /// Under the lock of the history.
    pub(super) fn close(&self) -> u64 {
        // ORDERING: Relaxed. Only the holder of the lock changes the version.
        let version = self.left.load(Relaxed) & !LEFT_MAX;
        if version & VERSION != 0 {
            return 0;
        }
        // ORDERING: Relaxed; the fields are stored after it with Release. See the type.
        self.left.swap(version | VERSION, Relaxed) & LEFT_MAX
    }

    /// Opens a closed grant unless it is empty, and returns the number of its events in the word.
    ///
    /// Under the lock of the history.
    pub(super) fn open(&self, grant: Grant) -> u64 {
        if grant.from >= grant.until {
            return 0;
        }
        let left = grant.room.min(LEFT_MAX);
        // ORDERING: Release, after the version became odd and before it changes; see the type.
        self.from.store(grant.from, Release);
        self.until.store(grant.until, Release);
        self.beyond.store(grant.room - left, Release);
        let refuses = if grant.refuses { REFUSES } else { 0 };
        self.limit.store(u64::from(grant.limit) | refuses, Release);
        // ORDERING: Relaxed, as in `close`; then Release, see the type.
        let version = self.left.load(Relaxed) & !LEFT_MAX;
        self.left.store(version.wrapping_add(VERSION) | left, Release);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_known_from_its_first_stamp_to_its_last() {
        let limits = [Limit { events: 3, window: Duration::from_secs(1) }];
        let grant = Grant { from: 10, until: 20, room: 3, refuses: false, limit: 0 };
        let room =
            |now, events| grant.answer(&limits, now, events).map(|left| left.unwrap().events);
        assert_eq!([9, 10, 19, 20].map(|now| room(now, 1)), [None, Some(2), Some(2), None]);
        assert_eq!([0, 3, 4].map(|events| room(10, events)), [None, Some(0), None]);
        assert_eq!(grant.answer(&[], 10, 1), None);
        assert_eq!(Grant::NONE.answer(&limits, 0, 1), None);
    }

    #[test]
    fn refusal_of_one_event_ends_with_the_grant() {
        let limits = [Limit { events: 3, window: Duration::from_secs(1) }];
        let grant = Grant { from: 10, until: 20, room: 0, refuses: true, limit: 0 };
        let refused = grant.answer(&limits, 12, 1).unwrap().unwrap_err();
        assert_eq!((refused.events, refused.retry_after), (1, Some(Duration::from_nanos(8))));
        assert_eq!(grant.answer(&limits, 12, 2), None); // It may have to wait longer.
    }
}
