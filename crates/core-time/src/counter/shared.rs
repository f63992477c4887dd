//! The protocol between threads that record and threads that read.
//!
//! Each writer owns a [`Cell`]: the bucket that is open for it, and a count that only grows. A
//! record in that bucket is one plain store to the writer's own memory. When the bucket turns, the
//! owner takes the lock, flushes the count to the shared [rings](RingTier) and opens the new
//! bucket. An event in any other bucket, late or ahead of the clock, is added to the rings under
//! the same lock, so it can neither close nor move an open bucket.
//!
//! A reader adds the events of all cells to those of the ring. Between the flush and the opening
//! of the next bucket it would count an event twice or not at all. So everything that decides where
//! an event is, except a cell's `total`, changes under a [`SeqLock`], and a reader repeats its read
//! if the version changed.
//!
//! # What a reader sees
//!
//! Every record in its own bucket that returned before the read began, once. A concurrent record
//! may or may not be counted. Nothing else.
//!
//! # Exit and idling
//!
//! Nothing happens when a thread ends: its cell stays and is read like any other, until another
//! thread adopts it and flushes it at its first turn. A recorder that is dropped flushes its cell,
//! which readers no longer visit then. A cell that is flushed may be older than the ring, whose
//! slots hold newer buckets. Its events are dropped: they left every window with their bucket.
//!
//! # Reset
//!
//! A reset sets `flushed` to `total` in every cell, also in those of other threads. The owner may
//! count on concurrently: it writes only `total`, so what it adds is recorded after the reset and
//! stays.

use std::ops::RangeInclusive;

use super::cell::Cell;
use super::cells::{Cells, Place, RecorderCells};
use super::error::{RecordError, WindowError};
use super::query::{Query, QueryState};
use super::ring_tier::RingTier;
use super::seqlock::SeqLock;
use crate::ring::increase;
use crate::snapshot::{Buckets, CounterSnapshot, SnapshotError};
use crate::spec::WindowSpec;
use crate::stamp::Stamp;
use crate::sync::{
    AtomicI64, AtomicU64,
    Ordering::{Acquire, Relaxed},
    fence,
};

/// The maximum of all events that are not open in cells: 2^63, so their sum cannot overflow.
const TOTAL_LIMIT: u64 = 1 << 63;

/// The counts that all threads share: the closed buckets, and what keeps them consistent.
#[derive(Debug)]
pub(crate) struct SharedCounts {
    spec: WindowSpec,
    /// Guards the rings and the bucket of each cell.
    pub(crate) lock: SeqLock,
    /// The finest first. Cells have buckets of that one.
    tiers: Box<[RingTier]>,
    /// The latest stamp that was ahead of the clock when it was recorded.
    latest_ahead: AtomicI64,
    /// Events that a flush dropped because the bucket had no room for the sum of thousands of
    /// cells.
    dropped: AtomicU64,
    /// Events since the start or the last reset that are not open in a cell. At most
    /// [`TOTAL_LIMIT`].
    closed: AtomicU64,
    /// When counting began: at the start, at the last reset, or with the earliest event since.
    since: AtomicI64,
}

impl SharedCounts {
    pub(crate) fn new(spec: WindowSpec, now: Stamp) -> Self {
        let tiers = spec.grids().iter().map(|&grid| RingTier::new(grid, now)).collect();
        Self {
            spec,
            lock: SeqLock::new(),
            tiers,
            latest_ahead: AtomicI64::new(i64::MIN),
            dropped: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            since: AtomicI64::new(now.as_nanos()),
        }
    }

    pub(crate) fn spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// Records events that [`Cell::count`] did not accept, in the cell or in the rings.
    ///
    /// Opens the bucket of the stamp if it is newer than the open one. The stamp must not be ahead
    /// of the clock: a bucket that is opened early would make every record until then a late one.
    #[cold]
    pub(crate) fn turn(
        &self,
        cell: &Cell,
        cells: &impl Cells,
        stamp: Stamp,
        events: u64,
    ) -> Result<(), RecordError> {
        let _write = self.lock.write();
        let tick = self.reserve(cells, stamp, events)?;
        self.observe(stamp, stamp);
        let grid = &self.tiers[0].grid;
        let start = grid.start(tick).as_nanos();
        if cell.open_start().is_some_and(|open| start < open) {
            self.add_to_rings(stamp, events);
            return Ok(());
        }
        self.flush(cell);
        cell.open(grid, tick);
        if !cell.count(stamp, events) {
            self.add_to_rings(stamp, events); // More than a cell holds.
        }
        Ok(())
    }

    /// Flushes the cell of a recorder, and returns its place.
    ///
    /// In this order: a reader that no longer finds the cell finds its events in the rings.
    pub(crate) fn retire(&self, cells: &RecorderCells, place: &Place) {
        let write = self.lock.write();
        self.flush(place.cell());
        drop(write);
        cells.free(place);
    }

    /// Records events in the rings, whatever bucket is open.
    #[cold]
    pub(crate) fn record_in_rings(
        &self,
        cells: &impl Cells,
        stamp: Stamp,
        now: Stamp,
        events: u64,
    ) -> Result<(), RecordError> {
        let _write = self.lock.write();
        self.reserve(cells, stamp, events)?;
        self.add_to_rings(stamp, events);
        self.observe(stamp, now);
        Ok(())
    }

    /// Adds events that no cell counted.
    fn add_to_rings(&self, stamp: Stamp, events: u64) {
        for tier in &self.tiers {
            if let Some(tick) = tier.held_tick(stamp) {
                tier.ring.add(tick, events);
            }
        }
        increase(&self.closed, events);
    }

    /// Updates the latest stamp ahead of the clock, and when counting began.
    ///
    /// Call it before the event is counted in a cell.
    #[inline]
    pub(crate) fn observe(&self, stamp: Stamp, now: Stamp) {
        // ORDERING: Relaxed loads, maximum and minimum.
        // Needs: a read that finds the event finds its stamp, or one further out.
        // Gives: the Release with which the event is counted afterwards; or the version.
        // Not needed: a store that changes nothing. Threads with a finer clock come here often.
        // Checks: loom, `an_event_ahead_of_the_clock_is_seen_with_its_stamp`.
        if stamp > now && stamp.as_nanos() > self.latest_ahead.load(Relaxed) {
            self.latest_ahead.fetch_max(stamp.as_nanos(), Relaxed);
        }
        if stamp.as_nanos() < self.since.load(Relaxed) {
            self.since.fetch_min(stamp.as_nanos(), Relaxed);
        }
    }

    /// Makes room for events: checks the limits, and enters the bucket in every ring.
    ///
    /// Returns the tick of the finest tier. Changes nothing if it refuses.
    fn reserve(&self, cells: &impl Cells, stamp: Stamp, events: u64) -> Result<i64, RecordError> {
        // ORDERING: Relaxed, under the lock.
        let closed = self.closed.load(Relaxed);
        let room = TOTAL_LIMIT.saturating_sub(closed);
        if events > room {
            return Err(RecordError::Full { events, room });
        }
        let mut is_held = false;
        for tier in &self.tiers {
            if let Some(tick) = tier.held_tick(stamp) {
                tier.check_room(cells, tick, events, closed)?;
                is_held = true;
            }
        }
        if !is_held {
            let RingTier { grid, ring } = self.longest();
            let behind = grid.end(ring.newest()).saturating_since(stamp);
            return Err(RecordError::Evicted { behind, held: grid.held() });
        }
        let mut finest = i64::MIN;
        for tier in self.tiers.iter().rev() {
            finest = tier.grid.tick(stamp);
            tier.ring.enter(finest);
        }
        Ok(finest)
    }

    /// Moves the open events of a cell to the rings that still hold their bucket.
    fn flush(&self, cell: &Cell) {
        let Some(open) = cell.open_start() else { return };
        let events = cell.open_events();
        let mut dropped = 0;
        for tier in &self.tiers {
            if let Some(tick) = tier.held_tick(Stamp::from_nanos(open)) {
                let fitting = events.min(tier.ring.room_at(tick));
                tier.ring.add(tick, fitting);
                dropped = dropped.max(events - fitting);
            }
        }
        increase(&self.dropped, dropped);
        // May exceed the limit by `OPEN_LIMIT` for each cell.
        increase(&self.closed, events);
        cell.mark_flushed();
    }

    fn longest(&self) -> &RingTier {
        &self.tiers[self.tiers.len() - 1]
    }

    /// Reads the counts for each query, from the finest tier that holds all its buckets.
    ///
    /// Leaves `None` where no tier does. Call it, like all reads, inside [`SeqLock::read`].
    ///
    /// Every cell is read once for all queries, so a longer window never has fewer events. The
    /// states are written in place: they are too large to be moved.
    #[inline(always)]
    pub(crate) fn run<'a, const N: usize>(
        &'a self,
        cells: &impl Cells,
        queries: &[Query; N],
        now: Stamp,
        states: &mut [Option<QueryState<'a>>; N],
    ) {
        for (state, &query) in states.iter_mut().zip(queries) {
            *state = self.run_in_rings(query, now);
        }
        cells.for_each(|cell| {
            let (start, events) = cell.read();
            states.iter_mut().flatten().for_each(|state| state.add_open(start, events));
        });
        // ORDERING: Acquire fence, then Relaxed loads.
        // Needs: the stamp of each event found in a cell that was ahead of the clock, or the
        // earliest.
        // Gives: the stamp was stored before the event was released; the fence pairs with that.
        // Not needed: to wait for the fence of the version, which comes after these loads.
        // Checks: loom, `an_event_ahead_of_the_clock_is_seen_with_its_stamp` and
        // `an_event_before_all_others_is_seen_with_when_counting_began`.
        fence(Acquire);
        for state in states.iter_mut().flatten() {
            state.latest_ahead = self.latest_ahead.load(Relaxed);
            state.since = Stamp::from_nanos(self.since.load(Relaxed));
        }
    }

    #[inline(always)]
    fn run_in_rings(&self, query: Query, now: Stamp) -> Option<QueryState<'_>> {
        for tier in &self.tiers {
            if query.fits(&tier.grid, now) {
                let range = query.range(&tier.grid, now);
                if tier.ring.oldest() <= range.oldest || range.is_empty {
                    return Some(QueryState::new(tier, now, range));
                }
            }
        }
        None
    }

    /// Returns the error of a query for which no tier holds all buckets.
    #[cold]
    pub(crate) fn unanswered(&self, query: Query, now: Stamp) -> WindowError {
        let RingTier { grid, ring } = self.longest();
        match query {
            Query::Between(interval) if !query.fits(grid, now) => {
                let age = now.saturating_since(interval.from);
                WindowError::BeforeSpan { interval, age, span: self.spec.span() }
            }
            _ => {
                let from = grid.start(query.range(grid, now).oldest);
                let held = grid.start(self.lock.read(|| ring.oldest()));
                WindowError::Evicted { from, held }
            }
        }
    }

    /// Returns the events of each bucket of a tier, none of which may be evicted.
    pub(crate) fn read_each(
        &self,
        cells: &impl Cells,
        tier: &RingTier,
        ticks: RangeInclusive<i64>,
    ) -> Vec<u64> {
        let mut counts = tier.closed(ticks.clone());
        cells.for_each(|cell| {
            let (start, events) = cell.read();
            tier.add_open(*ticks.start(), &mut counts, start, events);
        });
        counts
    }

    /// Returns the content of a snapshot: since when, the total, and the buckets of each tier.
    pub(crate) fn contents(&self, cells: &impl Cells, now: Stamp) -> (Stamp, u64, Vec<Buckets>) {
        self.lock.read(|| {
            let closed = |tier: &RingTier| {
                let newest = tier.ring.newest();
                let oldest = tier.grid.oldest(newest, now);
                (oldest, tier.closed(oldest..=newest))
            };
            let mut tiers: Vec<_> = self.tiers.iter().map(closed).collect();
            // ORDERING: Relaxed, under the version.
            let mut total = self.closed.load(Relaxed);
            cells.for_each(|cell| {
                let (start, events) = cell.read();
                total = total.wrapping_add(events);
                for (tier, (oldest, counts)) in self.tiers.iter().zip(&mut tiers) {
                    tier.add_open(*oldest, counts, start, events);
                }
            });
            // ORDERING: Acquire fence, then a Relaxed load, as in `run`.
            // Needs: no event found in a cell is earlier than this.
            // Checks: loom, `an_event_before_all_others_is_seen_with_when_counting_began`.
            fence(Acquire);
            let since = Stamp::from_nanos(self.since.load(Relaxed));
            let buckets = |(tier, (oldest, all)): (&RingTier, (i64, Vec<u64>))| {
                Buckets::new(oldest, all, tier.grid.tick(now))
            };
            (since, total, self.tiers.iter().zip(tiers).map(buckets).collect())
        })
    }

    /// Adds the content of a snapshot of the same tiers.
    ///
    /// Events older than the rings are counted only in the total.
    pub(crate) fn merge(
        &self,
        cells: &impl Cells,
        snapshot: &CounterSnapshot,
        now: Stamp,
    ) -> Result<(), SnapshotError> {
        let _write = self.lock.write();
        let pairs = || self.tiers.iter().zip(snapshot.tiers());
        let closed = self.closed.load(Relaxed); // ORDERING: Relaxed, under the lock.
        for (tier, buckets) in pairs() {
            for (tick, count) in buckets.iter().filter(|&(tick, _)| tick >= tier.ring.oldest()) {
                let room = tier.check_room(cells, tick, count, closed);
                room.map_err(|_| SnapshotError::TooManyEvents)?;
            }
        }
        if snapshot.total() > TOTAL_LIMIT.saturating_sub(closed) {
            return Err(SnapshotError::TooManyEvents);
        }
        for (tier, buckets) in pairs() {
            // Also up to when it was taken: what its rings had evicted by then is missing from the
            // buckets, not empty, so this ring must not claim to hold it.
            let at = tier.grid.tick(snapshot.at());
            tier.ring.enter(buckets.newest().map_or(at, |newest| newest.max(at)));
            for (tick, count) in buckets.iter().filter(|&(tick, _)| tick >= tier.ring.oldest()) {
                tier.ring.add(tick, count);
            }
        }
        self.observe(snapshot.latest(), now);
        increase(&self.closed, snapshot.total());
        self.observe(snapshot.since(), now);
        Ok(())
    }

    /// Returns the number of events recorded since the start or the last reset.
    pub(crate) fn total(&self, cells: &impl Cells) -> u64 {
        self.lock.read(|| {
            // ORDERING: Relaxed, under the version.
            let mut total = self.closed.load(Relaxed);
            cells.for_each(|cell| total = total.wrapping_add(cell.open_events()));
            total
        })
    }

    /// Removes everything that was recorded before this call, in rings and cells.
    pub(crate) fn reset(&self, cells: &impl Cells, now: Stamp) {
        let _write = self.lock.write();
        self.tiers.iter().for_each(|tier| tier.ring.clear());
        cells.for_each(|cell| cell.mark_flushed());
        // ORDERING: Relaxed; the version makes these part of one state.
        self.closed.store(0, Relaxed);
        self.since.store(now.as_nanos(), Relaxed);
        // Keeps `latest_ahead`, which may be of an event that is about to be counted. Until the
        // clock reaches it, it only makes `at_least` lower.
        self.dropped.store(0, Relaxed);
    }

    /// Returns the number of events that a flush dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed) // ORDERING: Relaxed, a figure on which nothing depends.
    }
}
