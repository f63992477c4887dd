//! The counter a careful engineer would write without a lock: one ring of atomics that all share.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use core_time::{Clock, Stamp};

use super::{Count, CountBetween, Record, RecordAt};

// ORDERING: Relaxed throughout this file.
// Needs: each event is counted once, in its own bucket.
// Gives: number and bucket are one word, so that no order among several words matters.
// Not needed: a cut. A reader adds up words of slightly different moments.
// Checks: no model; every harness verifies the counts.

/// A count for each of the past buckets, each in one word with the number of its bucket.
///
/// All threads add to the same word, that of the present. A window is summed word by word.
///
/// An event is misplaced if its thread is held up between a look at the word and the addition for
/// as long as the ring remembers; none of the contests lasts that long. More than 2^32 events in
/// one bucket disturb another, and so does a pause of 2^31 buckets.
#[derive(Debug)]
pub struct SharedRing<C, const WIDTH_MS: i64> {
    clock: C,
    /// As many as a power of two, so that a place is found without a division.
    slots: Box<[AtomicU64]>,
}

/// A ring of one-second buckets that remembers so many seconds.
pub fn shared_ring<C: Clock>(span_s: u64, clock: C) -> SharedRing<C, 1_000> {
    SharedRing::new(span_s, clock)
}

impl<C: Clock, const WIDTH_MS: i64> SharedRing<C, WIDTH_MS> {
    /// Remembers so many buckets.
    pub fn new(buckets: u64, clock: C) -> Self {
        let len = buckets.next_power_of_two();
        let before = Self::bucket(clock.now()).wrapping_sub(len as u32);
        let slots = (0..len).map(|_| AtomicU64::new(word(before, 0))).collect();
        Self { clock, slots }
    }

    /// The number of a bucket, as much of it as fits in half a word.
    fn bucket(stamp: Stamp) -> u32 {
        stamp.as_nanos().div_euclid(WIDTH_MS * 1_000_000) as u32
    }

    fn slot(&self, bucket: u32) -> &AtomicU64 {
        &self.slots[bucket as usize & (self.slots.len() - 1)]
    }

    fn count_one(&self, bucket: u32) {
        let slot = self.slot(bucket);
        let mut seen = slot.load(Relaxed);
        loop {
            match bucket.wrapping_sub(bucket_of(seen)).cast_signed() {
                0 => {
                    slot.fetch_add(1, Relaxed);
                    return;
                }
                ..0 => return, // Too late: the slot has gone to a newer bucket.
                _ => match slot.compare_exchange(seen, word(bucket, 1), Relaxed, Relaxed) {
                    Ok(_) => return,
                    Err(turned) => seen = turned,
                },
            }
        }
    }

    /// Adds up so many buckets, from the oldest on.
    fn sum(&self, oldest: u32, buckets: u32) -> u64 {
        let events = |behind| {
            let bucket = oldest.wrapping_add(behind);
            let seen = self.slot(bucket).load(Relaxed);
            if bucket_of(seen) == bucket { seen & u64::from(u32::MAX) } else { 0 }
        };
        (0..buckets).map(events).sum()
    }
}

fn word(bucket: u32, events: u32) -> u64 {
    u64::from(bucket) << 32 | u64::from(events)
}

fn bucket_of(word: u64) -> u32 {
    (word >> 32) as u32
}

impl<C: Clock, const WIDTH_MS: i64> Record for SharedRing<C, WIDTH_MS> {
    fn record_all(&self, events: u64) {
        for _ in 0..events {
            self.count_one(Self::bucket(self.clock.now()));
        }
    }
}

impl<C: Clock, const WIDTH_MS: i64> RecordAt for SharedRing<C, WIDTH_MS> {
    fn record_all_at(&self, stamp: Stamp, events: u64) {
        for _ in 0..events {
            self.count_one(Self::bucket(stamp));
        }
    }
}

impl<C: Clock, const WIDTH_MS: i64> Count for SharedRing<C, WIDTH_MS> {
    fn count_past(&self, window: Duration) -> u64 {
        let buckets = (window.as_millis() as u64).div_ceil(WIDTH_MS.cast_unsigned()) as u32;
        let newest = Self::bucket(self.clock.now());
        self.sum(newest.wrapping_sub(buckets).wrapping_add(1), buckets)
    }
}

impl<C: Clock, const WIDTH_MS: i64> CountBetween for SharedRing<C, WIDTH_MS> {
    fn count_between(&self, from: Stamp, to: Stamp) -> u64 {
        let [oldest, end] = [from, to].map(Self::bucket);
        self.sum(oldest, end.wrapping_sub(oldest))
    }
}
