//! The bucket ring: closed buckets of time, kept as running totals so that any window is a
//! difference.
//!
//! Buckets lie in blocks of about the square root of their number. A block knows the events
//! `before` it, and each of its buckets the events `within` the block before itself; their sum is
//! the running total where the bucket begins, and the events of any range are the difference of two
//! of those. An event in a past bucket changes the buckets behind it in its block and the blocks
//! behind that: at most twice the square root. Entering a new bucket changes nothing but the blocks
//! that were skipped, however long nothing happened, because a block also knows up to which of its
//! buckets sums were `filled` in, and the ones behind repeat the last.
//!
//! Totals only ever matter as differences, so they may wrap; no bucket holds more than
//! [`Layout::bucket_limit`], so a difference over the whole ring cannot.
//!
//! This module does not know the time (every call is given a tick) or what an event means. It is
//! written under the lock of [`crate::counter`] alone, and read under its version counter, which is
//! what makes `Relaxed` enough here: see there.
//!
//! A queue of stamps would answer exactly, in memory that grows with the event rate;
//! `tests/model.rs` keeps one as its oracle. Plain counts per bucket would make a query cost by the
//! length of its window. A Fenwick tree would make it cost by the logarithm, on both sides.

use crate::sync::{
    AtomicI64, AtomicU64,
    Ordering::{self, Relaxed},
};

// ORDERING: every access in this file is Relaxed.
// Needs: writers exclude each other, and a reader uses no mixture of two states.
// Gives: the ledger's lock, for writers; its version counter, which a reader compares with before.
// Not needed: any order among the accesses of one write. A reader may see nonsense meanwhile, which
// it will throw away; so reading must not panic on it: no checked arithmetic on what was read.
// Checks: loom.rs, `a_read_concurrent_with_a_turn_sees_one_state`.
const UNDER_VERSION: Ordering = Relaxed;

/// How buckets are laid out in memory: computed once, because every read asks for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// How many of the newest buckets can be asked for.
    held: i64,
    /// How many buckets make a block: two to this power.
    block_bits: u32,
    /// What is left of a tick that tells where it lies in memory: one less than a power of two.
    slot_mask: u64,
    /// The same for a block.
    block_mask: u64,
    /// What is left of a tick that tells its place in its block.
    in_block_mask: u64,
    /// The most events that one bucket holds: what leaves room for as many in all others. At least
    /// 2^42, in the largest ring there is.
    bucket_limit: u64,
}

impl Layout {
    /// Room for so many buckets, and for a block more, because a block is evicted as a whole.
    ///
    /// The bucket before the oldest is among them: the oldest is a difference to it.
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

    /// How many of the newest buckets can be asked for.
    pub(crate) const fn held(self) -> u64 {
        self.held.cast_unsigned()
    }

    /// The most events that one bucket holds.
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

    /// The number of the block that a tick lies in; blocks are numbered as ticks are, without end.
    const fn block_of(self, tick: i64) -> i64 {
        tick >> self.block_bits
    }

    /// Where a block lies in memory.
    const fn block_index(self, block: i64) -> usize {
        (block.cast_unsigned() & self.block_mask) as usize
    }

    /// Where a bucket lies in memory.
    const fn slot_index(self, tick: i64) -> usize {
        (tick.cast_unsigned() & self.slot_mask) as usize
    }

    /// How many buckets of its block lie before a tick.
    const fn index_in_block(self, tick: i64) -> u64 {
        tick.cast_unsigned() & self.in_block_mask
    }
}

/// What a range of buckets held: the two outermost, and all between them.
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
    /// The running total where the newest tick ends.
    total: AtomicU64,
    /// The running total where it begins. Most questions end there, so it is not looked for.
    before_newest: AtomicU64,
    /// By bucket: the events of its block before it. Meaningless behind what is `filled`, and 0 for
    /// the first of a block.
    within: Box<[AtomicU64]>,
    blocks: Box<[Block]>,
}

#[derive(Debug, Default)]
struct Block {
    /// The events before the block.
    before: AtomicU64,
    /// The place in the block of the last bucket that has a meaning in `within`.
    filled: AtomicU64,
}

impl Ring {
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// An empty ring that holds the buckets up to `newest`.
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

    /// The newest tick that was entered.
    #[inline]
    pub(crate) fn newest(&self) -> i64 {
        self.newest.load(UNDER_VERSION)
    }

    /// The oldest tick that is held.
    #[inline]
    pub(crate) fn oldest(&self) -> i64 {
        self.newest() - self.layout.held + 1
    }

    /// Makes `tick` the newest, if it is newer; what is then no longer held is forgotten.
    ///
    /// Costs two stores for each block that was skipped, at most for all of them.
    pub(crate) fn enter(&self, tick: i64) {
        let newest = self.newest();
        if tick <= newest {
            return;
        }
        let total = self.total.load(UNDER_VERSION);
        let last = self.layout.block_of(tick);
        let blocks = self.layout.blocks().cast_signed();
        let first = (self.layout.block_of(newest) + 1).max(last - blocks + 1);
        for block in first..=last {
            let block = self.block(block);
            block.before.store(total, UNDER_VERSION);
            block.filled.store(0, UNDER_VERSION);
        }
        self.newest.store(tick, UNDER_VERSION);
        self.before_newest.store(total, UNDER_VERSION);
    }

    /// Adds events to a bucket that is held and has room for them.
    pub(crate) fn add(&self, tick: i64, events: u64) {
        debug_assert!((self.oldest()..=self.newest()).contains(&tick), "bucket is not held");
        debug_assert!(events <= self.room_at(tick), "bucket has no room");
        let block = self.layout.block_of(tick);
        let place = self.layout.index_in_block(tick);
        if place < self.layout.in_block_mask {
            let filled = self.fill(block, place + 1);
            let behind = self.layout.slot_index(tick) + 1;
            for within in &self.within[behind..behind + (filled - place) as usize] {
                increase(within, events);
            }
        }
        // Not an inclusive range, whose steps cost as much again.
        for later in block..self.layout.block_of(self.newest()) {
            increase(&self.block(later + 1).before, events);
        }
        increase(&self.total, events);
        if tick < self.newest() {
            increase(&self.before_newest, events);
        }
    }

    /// How many more events a bucket that is held has room for.
    pub(crate) fn room_at(&self, tick: i64) -> u64 {
        self.layout.bucket_limit() - self.events_at(tick)
    }

    /// The events of one bucket that is held, or of one yet to come.
    pub(crate) fn events_at(&self, tick: i64) -> u64 {
        let newest = self.newest();
        self.total_before(tick + 1, newest).wrapping_sub(self.total_before(tick, newest))
    }

    /// What the buckets from `oldest`, which must be held, to `newest` have.
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

    /// Forgets all events; the buckets held stay the same.
    pub(crate) fn clear(&self) {
        for block in &self.blocks {
            block.before.store(0, UNDER_VERSION);
            block.filled.store(0, UNDER_VERSION);
        }
        self.total.store(0, UNDER_VERSION);
        self.before_newest.store(0, UNDER_VERSION);
    }

    /// The running total where a bucket begins that is held or yet to come, for the newest tick
    /// that was entered.
    #[inline(always)]
    fn total_before(&self, tick: i64, newest: i64) -> u64 {
        if tick >= newest {
            let known = if tick == newest { &self.before_newest } else { &self.total };
            return known.load(UNDER_VERSION);
        }
        let block = self.block(self.layout.block_of(tick));
        let place = self.layout.index_in_block(tick);
        let behind = place.saturating_sub(block.filled.load(UNDER_VERSION));
        let slot = self.layout.slot_index(tick) - behind as usize;
        block.before.load(UNDER_VERSION).wrapping_add(self.within[slot].load(UNDER_VERSION))
    }

    #[inline]
    fn block(&self, block: i64) -> &Block {
        &self.blocks[self.layout.block_index(block)]
    }

    /// Gives the buckets of a block a meaning in `within` at least up to the place `wanted`, and
    /// tells up to which place they have one.
    fn fill(&self, block: i64, wanted: u64) -> u64 {
        let filled = self.block(block).filled.load(UNDER_VERSION);
        if wanted <= filled {
            return filled;
        }
        let first = self.layout.slot_index(block << self.layout.block_bits);
        let total = self.within[first + filled as usize].load(UNDER_VERSION);
        for within in &self.within[first + filled as usize + 1..first + wanted as usize + 1] {
            within.store(total, UNDER_VERSION);
        }
        self.block(block).filled.store(wanted, UNDER_VERSION);
        wanted
    }
}

/// Adds to a number that nobody else writes meanwhile.
pub(crate) fn increase(number: &AtomicU64, by: u64) {
    number.store(number.load(UNDER_VERSION).wrapping_add(by), UNDER_VERSION);
}
