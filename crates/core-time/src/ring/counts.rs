//! The bucket ring: closed buckets, kept as running totals so that any window is a difference.
//!
//! Buckets are grouped in blocks of about the square root of their number. A block stores the
//! events `before` it, and each of its buckets the events `within` the block before that bucket.
//! Their sum is the running total at the start of the bucket, and the events of any range are the
//! difference of two running totals. An event in a past bucket changes the later buckets of its
//! block and the later blocks: at most twice the square root. A new bucket changes only the blocks
//! that were skipped, however long nothing happened: a block also stores up to which of its buckets
//! the sums are `filled` in, and later buckets repeat the last sum.
//!
//! Totals are used only as differences, so they may wrap. No bucket holds more than
//! [`Layout::bucket_limit`], so a difference over the whole ring cannot.
//!
//! This module knows neither the time (each call has a tick) nor the meaning of an event.
//!
//! A queue of stamps would be exact, in memory that grows with the event rate; `tests/model.rs`
//! uses one as its oracle. With one plain count per bucket, the cost of a query would grow with its
//! window. With a Fenwick tree, both a record and a query would cost the logarithm.
//!
//! # Memory ordering
//!
//! Every access is `Relaxed`. Writers exclude each other by the sequence lock of the counter, and
//! its version makes a reader discard a mixture of two states. During a write a reader may see any
//! values, so reading must not panic: no checked arithmetic on what was read. Checks: loom,
//! `a_read_concurrent_with_a_turn_sees_one_state`.

use crate::sync::{
    AtomicI64, AtomicU64,
    Ordering::{self, Relaxed},
};

/// The ordering of all accesses; see the module.
const ORDERING: Ordering = Relaxed;

/// The layout of the buckets in memory.
///
/// Computed once, because every read uses all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The number of buckets that are held.
    held: i64,
    /// The number of buckets in a block, as a power of two.
    block_bits: u32,
    /// The bits of a tick that are its index in memory: a power of two, minus one.
    slot_mask: u64,
    /// The same for the number of a block.
    block_mask: u64,
    /// The bits of a tick that are its index in its block.
    in_block_mask: u64,
    /// The maximum number of events in a bucket, so that all buckets together cannot overflow. At
    /// least 2^42, in the largest ring.
    bucket_limit: u64,
}

impl Layout {
    /// Makes room for a number of buckets and one more block: a block is evicted as a whole.
    ///
    /// The number includes the bucket before the oldest: the oldest is a difference to it.
    pub(crate) const fn holding(buckets: u64) -> Self {
        let mut slots = buckets.next_power_of_two();
        loop {
            let block_bits = slots.ilog2() / 2;
            let held = slots - (1 << block_bits);
            if held >= buckets {
                let (slot_mask, in_block_mask) = (slots - 1, (1 << block_bits) - 1);
                let (held, block_mask) = (held.cast_signed(), (slots >> block_bits) - 1);
                let bucket_limit = (1 << 63) / slots;
                return Self {
                    held,
                    block_bits,
                    slot_mask,
                    block_mask,
                    in_block_mask,
                    bucket_limit,
                };
            }
            slots *= 2;
        }
    }

    /// Returns the number of buckets that are held.
    pub(crate) const fn held(self) -> u64 {
        self.held.cast_unsigned()
    }

    /// Returns the maximum number of events in a bucket.
    pub(crate) const fn bucket_limit(self) -> u64 {
        self.bucket_limit
    }

    pub(crate) const fn bytes(self) -> usize {
        let bytes = (self.slots() + 2 * self.blocks()).saturating_mul(size_of::<u64>() as u64);
        if bytes > usize::MAX as u64 { usize::MAX } else { bytes as usize }
    }

    const fn slots(self) -> u64 {
        self.slot_mask + 1
    }

    const fn blocks(self) -> u64 {
        self.block_mask + 1
    }

    /// Returns the number of the block of a tick. Block numbers are unbounded, like ticks.
    const fn block_of(self, tick: i64) -> i64 {
        tick >> self.block_bits
    }

    /// Returns the index of a block in memory.
    const fn block_index(self, block: i64) -> usize {
        (block.cast_unsigned() & self.block_mask) as usize
    }

    /// Returns the index of a bucket in memory.
    const fn slot_index(self, tick: i64) -> usize {
        (tick.cast_unsigned() & self.slot_mask) as usize
    }

    /// Returns the number of buckets of its block before a tick.
    const fn index_in_block(self, tick: i64) -> u64 {
        tick.cast_unsigned() & self.in_block_mask
    }
}

/// The events of a range of buckets: the two outermost, and all between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RangeCounts {
    /// The events of the oldest bucket, or 0 if that is also the newest.
    pub(crate) oldest: u64,
    pub(crate) between: u64,
    pub(crate) newest: u64,
}

#[derive(Debug)]
pub(crate) struct Ring {
    layout: Layout,
    /// The newest tick that was entered.
    newest: AtomicI64,
    /// The running total at the end of the newest bucket.
    total: AtomicU64,
    /// The running total at its start, stored because most queries end there.
    before_newest: AtomicU64,
    /// For each bucket, the events of its block before it. 0 for the first of a block. Has no
    /// meaning after those that are `filled`.
    within: Box<[AtomicU64]>,
    blocks: Box<[Block]>,
}

#[derive(Debug, Default)]
struct Block {
    /// The events before the block.
    before: AtomicU64,
    /// The index in the block of the last bucket that has a meaning in `within`.
    filled: AtomicU64,
}

impl Ring {
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Makes an empty ring that holds the buckets up to `newest`.
    pub(crate) fn new(layout: Layout, newest: i64) -> Self {
        Self {
            layout,
            newest: AtomicI64::new(newest),
            total: AtomicU64::new(0),
            before_newest: AtomicU64::new(0),
            within: (0..layout.slots()).map(|_| AtomicU64::new(0)).collect(),
            blocks: (0..layout.blocks()).map(|_| Block::default()).collect(),
        }
    }

    /// Returns the newest tick that was entered.
    #[inline]
    pub(crate) fn newest(&self) -> i64 {
        self.newest.load(ORDERING)
    }

    /// Returns the oldest tick that is held.
    #[inline]
    pub(crate) fn oldest(&self) -> i64 {
        self.newest() - self.layout.held + 1
    }

    /// Makes `tick` the newest, if it is newer, and evicts buckets.
    ///
    /// Costs two stores for each block that was skipped, at most for all of them.
    pub(crate) fn enter(&self, tick: i64) {
        let newest = self.newest();
        if tick <= newest {
            return;
        }
        let total = self.total.load(ORDERING);
        let last = self.layout.block_of(tick);
        let blocks = self.layout.blocks().cast_signed();
        let first = (self.layout.block_of(newest) + 1).max(last - blocks + 1);
        for block in first..=last {
            let block = self.block(block);
            block.before.store(total, ORDERING);
            block.filled.store(0, ORDERING);
        }
        self.newest.store(tick, ORDERING);
        self.before_newest.store(total, ORDERING);
    }

    /// Adds events to a bucket that is held and has room for them.
    pub(crate) fn add(&self, tick: i64, events: u64) {
        debug_assert!((self.oldest()..=self.newest()).contains(&tick), "bucket is not held");
        debug_assert!(events <= self.room_at(tick), "bucket has no room");
        let block = self.layout.block_of(tick);
        let index = self.layout.index_in_block(tick);
        if index < self.layout.in_block_mask {
            let filled = self.fill(block, index + 1);
            let behind = self.layout.slot_index(tick) + 1;
            for within in &self.within[behind..behind + (filled - index) as usize] {
                increase(within, events);
            }
        }
        // Not an inclusive range, whose steps cost twice as much.
        for later in block..self.layout.block_of(self.newest()) {
            increase(&self.block(later + 1).before, events);
        }
        increase(&self.total, events);
        if tick < self.newest() {
            increase(&self.before_newest, events);
        }
    }

    /// Returns the number of events that still fit in a bucket that is held.
    pub(crate) fn room_at(&self, tick: i64) -> u64 {
        self.layout.bucket_limit() - self.events_at(tick)
    }

    /// Returns the events of a bucket that is not evicted.
    pub(crate) fn events_at(&self, tick: i64) -> u64 {
        let newest = self.newest();
        self.total_before(tick + 1, newest).wrapping_sub(self.total_before(tick, newest))
    }

    /// Returns the events of the buckets from `oldest`, which must be held, to `newest`.
    #[inline(always)]
    pub(crate) fn read(&self, oldest: i64, newest: i64) -> RangeCounts {
        let entered = self.newest();
        let (to, last) =
            (self.total_before(newest + 1, entered), self.total_before(newest, entered));
        if oldest == newest {
            return RangeCounts { newest: to.wrapping_sub(last), ..RangeCounts::default() };
        }
        let (second, from) =
            (self.total_before(oldest + 1, entered), self.total_before(oldest, entered));
        RangeCounts {
            oldest: second.wrapping_sub(from),
            between: last.wrapping_sub(second),
            newest: to.wrapping_sub(last),
        }
    }

    /// Removes all events. The same buckets are held.
    pub(crate) fn clear(&self) {
        for block in &self.blocks {
            block.before.store(0, ORDERING);
            block.filled.store(0, ORDERING);
        }
        self.total.store(0, ORDERING);
        self.before_newest.store(0, ORDERING);
    }

    /// Returns the running total at the start of a bucket that is not evicted.
    ///
    /// `newest` is the newest tick that was entered.
    #[inline(always)]
    fn total_before(&self, tick: i64, newest: i64) -> u64 {
        if tick >= newest {
            let known = if tick == newest { &self.before_newest } else { &self.total };
            return known.load(ORDERING);
        }
        let block = self.block(self.layout.block_of(tick));
        let index = self.layout.index_in_block(tick);
        let behind = index.saturating_sub(block.filled.load(ORDERING));
        let slot = self.layout.slot_index(tick) - behind as usize;
        block.before.load(ORDERING).wrapping_add(self.within[slot].load(ORDERING))
    }

    #[inline]
    fn block(&self, block: i64) -> &Block {
        &self.blocks[self.layout.block_index(block)]
    }

    /// Fills `within` up to index `wanted` of a block, and returns the last index that is filled.
    fn fill(&self, block: i64, wanted: u64) -> u64 {
        let filled = self.block(block).filled.load(ORDERING);
        if wanted <= filled {
            return filled;
        }
        let first = self.layout.slot_index(block << self.layout.block_bits);
        let total = self.within[first + filled as usize].load(ORDERING);
        for within in &self.within[first + filled as usize + 1..first + wanted as usize + 1] {
            within.store(total, ORDERING);
        }
        self.block(block).filled.store(wanted, ORDERING);
        wanted
    }
}

/// Adds to a number without concurrent writers.
pub(crate) fn increase(number: &AtomicU64, by: u64) {
    number.store(number.load(ORDERING).wrapping_add(by), ORDERING);
}
