//! The bucket ring: closed buckets of time, kept as running totals so that any window is a
//! difference.
//!
//! Buckets lie in blocks of about the square root of their number. A block knows the events
//! `before` it, and each of its buckets the events `within` the block up to and including itself;
//! their sum is the running total at that bucket, and the events of any range are the difference of
//! two of those. An event in a past bucket changes the buckets behind it in its block and the
//! blocks behind that: at most twice the square root. Entering a new bucket changes nothing but the
//! blocks that were skipped, however long nothing happened, because a block also knows how many of
//! its buckets were `filled`, and the ones behind repeat the last.
//!
//! Totals only ever matter as differences, so they may wrap; no bucket holds more than
//! [`BUCKET_LIMIT`], so a difference over the largest ring there is cannot.
//!
//! This module does not know the time (every call is given a tick) or what an event means. It is
//! written under the lock of [`crate::ledger`] alone, and read under its version counter, which is
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
// Checks: loom.rs, `a_read_beside_a_turn_sees_one_state`.
const UNDER_VERSION: Ordering = Relaxed;

/// The most events that one bucket holds: 2^42.
///
/// Half of it is what a record may fill; the other half takes in what several threads counted
/// before any of them could see the others' part.
pub(crate) const BUCKET_LIMIT: u64 = 1 << 42;

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
}

impl Layout {
    /// Room for so many buckets, and for a block more, because a block is given up as a whole.
    ///
    /// The bucket before the oldest is among them: the oldest is a difference to it.
    pub(crate) const fn holding(buckets: u64) -> Self {
        let mut slots = buckets.next_power_of_two();
        loop {
            let block_bits = slots.ilog2() / 2;
            let held = slots - (1 << block_bits);
            if held >= buckets {
                let (slot_mask, block_mask) = (slots - 1, (slots >> block_bits) - 1);
                return Self { held: held.cast_signed(), block_bits, slot_mask, block_mask };
            }
            slots *= 2;
        }
    }

    /// How many of the newest buckets can be asked for.
    pub(crate) const fn held(self) -> u64 {
        self.held.cast_unsigned()
    }

    pub(crate) const fn bytes(self) -> usize {
        ((self.slots() + 2 * self.blocks()) as usize).saturating_mul(size_of::<u64>())
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
    const fn place_in_block(self, tick: i64) -> u64 {
        tick.cast_unsigned() & ((1 << self.block_bits) - 1)
    }
}

/// What a range of buckets held: the two outermost, and all between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reading {
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
    /// The running total at the newest tick.
    total: AtomicU64,
    /// By bucket: the events of its block up to and including it. Meaningless if not `filled`.
    within: Box<[AtomicU64]>,
    /// By block: the events before it.
    before: Box<[AtomicU64]>,
    /// By block: how many of its buckets, from the first, have a meaning in `within`.
    filled: Box<[AtomicU64]>,
}

impl Ring {
    /// An empty ring that holds the buckets up to `newest`.
    pub(crate) fn new(layout: Layout, newest: i64) -> Self {
        let zeros = |n: u64| (0..n).map(|_| AtomicU64::new(0)).collect();
        Self {
            layout,
            newest: AtomicI64::new(newest),
            total: AtomicU64::new(0),
            within: zeros(layout.slots()),
            before: zeros(layout.blocks()),
            filled: zeros(layout.blocks()),
        }
    }

    /// The newest tick that was entered.
    pub(crate) fn newest(&self) -> i64 {
        self.newest.load(UNDER_VERSION)
    }

    /// The oldest tick that is held.
    pub(crate) fn oldest(&self) -> i64 {
        self.newest() - self.layout.held + 1
    }

    /// Makes `tick` the newest, if it is newer; what is then no longer held is forgotten.
    ///
    /// Costs a store or two for each block that was skipped, at most for all of them.
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
            let index = self.layout.block_index(block);
            self.before[index].store(total, UNDER_VERSION);
            self.filled[index].store(0, UNDER_VERSION);
        }
        self.newest.store(tick, UNDER_VERSION);
    }

    /// Adds events to a bucket that is held, and tells how many there was room for.
    pub(crate) fn add(&self, tick: i64, events: u64) -> u64 {
        debug_assert!((self.oldest()..=self.newest()).contains(&tick), "bucket is not held");
        let events = events.min(BUCKET_LIMIT - self.events_at(tick));
        let block = self.layout.block_of(tick);
        let place = self.layout.place_in_block(tick);
        let filled = self.fill(block, place + 1);
        let slot = self.layout.slot_index(tick);
        for behind in 0..(filled - place) as usize {
            increase(&self.within[slot + behind], events);
        }
        for later in block + 1..=self.layout.block_of(self.newest()) {
            increase(&self.before[self.layout.block_index(later)], events);
        }
        increase(&self.total, events);
        events
    }

    /// The events of one bucket that is held, or of one yet to come.
    pub(crate) fn events_at(&self, tick: i64) -> u64 {
        self.total_at(tick).wrapping_sub(self.total_at(tick - 1))
    }

    /// What the buckets from `oldest` to `newest` held. What is not held counts nothing.
    #[inline]
    pub(crate) fn read(&self, oldest: i64, newest: i64) -> Reading {
        let entered = self.newest();
        let total_at = |tick| self.total_when(entered, tick);
        let (at_newest, before_newest) = (total_at(newest), total_at(newest - 1));
        let events = at_newest.wrapping_sub(before_newest);
        if oldest == newest {
            return Reading { newest: events, ..Reading::default() };
        }
        let (at_oldest, before_oldest) = (total_at(oldest), total_at(oldest - 1));
        Reading {
            oldest: at_oldest.wrapping_sub(before_oldest),
            between: before_newest.wrapping_sub(at_oldest),
            newest: events,
        }
    }

    /// Forgets all events; the buckets held stay the same.
    pub(crate) fn clear(&self) {
        for (before, filled) in self.before.iter().zip(&self.filled) {
            before.store(0, UNDER_VERSION);
            filled.store(0, UNDER_VERSION);
        }
        self.total.store(0, UNDER_VERSION);
    }

    /// The running total at the end of a bucket; outside the buckets held, at the nearest of them.
    fn total_at(&self, tick: i64) -> u64 {
        self.total_when(self.newest(), tick)
    }

    /// As [`total_at`](Self::total_at), for the newest tick that was entered.
    #[inline]
    fn total_when(&self, newest: i64, tick: i64) -> u64 {
        if tick >= newest {
            return self.total.load(UNDER_VERSION);
        }
        let tick = tick.max(newest - self.layout.held);
        let index = self.layout.block_index(self.layout.block_of(tick));
        let before = self.before[index].load(UNDER_VERSION);
        let filled = self.filled[index].load(UNDER_VERSION);
        if filled == 0 {
            return before;
        }
        let place = self.layout.place_in_block(tick);
        let slot = self.layout.slot_index(tick) - (place - place.min(filled - 1)) as usize;
        before.wrapping_add(self.within[slot].load(UNDER_VERSION))
    }

    /// Gives at least the first `wanted` buckets of a block a meaning, and tells how many have one.
    fn fill(&self, block: i64, wanted: u64) -> u64 {
        let index = self.layout.block_index(block);
        let filled = self.filled[index].load(UNDER_VERSION);
        if wanted <= filled {
            return filled;
        }
        let first = self.layout.slot_index(block << self.layout.block_bits);
        let total = match filled {
            0 => 0,
            some => self.within[first + some as usize - 1].load(UNDER_VERSION),
        };
        for place in filled..wanted {
            self.within[first + place as usize].store(total, UNDER_VERSION);
        }
        self.filled[index].store(wanted, UNDER_VERSION);
        wanted
    }
}

/// Adds to a number that nobody else writes meanwhile.
fn increase(number: &AtomicU64, by: u64) {
    number.store(number.load(UNDER_VERSION).wrapping_add(by), UNDER_VERSION);
}
