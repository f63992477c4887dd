//! A careful hand-written counter without a lock: one ring of atomics that all threads share.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use core_time::{Clock, Stamp};

use super::{Count, CountBetween, Record, RecordAt};

// ORDERING: Relaxed throughout this file.
// Needs: each event is counted once, in its own bucket.
// Gives: count and bucket number are in one word, so the order of several words is irrelevant.
// Not needed: a consistent cut. A reader adds words of slightly different times.
// Checks: no model; every benchmark verifies the counts.

/// A count for each bucket of the span, in one word with the number of the bucket.
///
/// All threads add to the word of the present. A window is summed word by word.
///
/// An event is misplaced if its thread is suspended between the load of the word and the addition
/// for as long as the span; no benchmark lasts that long. More than 2^32 events in one bucket, or a
/// pause of 2^31 buckets, corrupt other buckets.
#[derive(Debug)]
pub struct SharedRing<C, const WIDTH_MS: i64> {
    clock: C,
    /// The slots, a power of two in number, so that a slot is found without a division.
    slots: Box<[AtomicU64]>,
}

/// Makes a ring of one-second buckets with a span of `span_s` seconds.
pub fn shared_ring<C: Clock>(span_s: u64, clock: C) -> SharedRing<C, 1_000> {
    SharedRing::new(span_s, clock)
}

impl<C: Clock, const WIDTH_MS: i64> SharedRing<C, WIDTH_MS> {
    /// Makes a ring of `buckets` buckets.
    pub fn new(buckets: u64, clock: C) -> Self {
        let len = buckets.next_power_of_two();
        let before = Self::bucket(clock.now()).wrapping_sub(len as u32);
        let slots = (0..len).map(|_| AtomicU64::new(word(before, 0))).collect();
        Self { clock, slots }
    }

    /// Returns the number of a bucket, truncated to half a word.
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

    /// Adds `buckets` buckets, starting at the oldest.
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
