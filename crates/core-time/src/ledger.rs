//! The protocol between threads that record and threads that read: owner writes, reader merges.
//!
//! Each thread that records owns a [`Cell`]: the bucket that is open for it, and a count that only
//! grows. To record in that bucket is one plain store to its own memory. When the bucket turns, the
//! owner takes the ledger's lock, hands the count over to the [`Ring`] that all share, and opens
//! the new bucket. An event in any other bucket, late or ahead of the clock, goes straight to the
//! ring under the same lock, so it can neither close nor shift a bucket that is open.
//!
//! A reader takes the ring's part and adds every cell's. Between handing over and opening, an event
//! would be seen twice or not at all; so all that says where an event is, but a cell's `total`,
//! changes between two steps of `version`, odd meanwhile, and a reader that sees it move starts
//! again. After some tries it takes the lock, so writers that turn without pause cannot starve it.
//!
//! # What a reader may see
//!
//! Every record that returned before the read began, in its own bucket, once. One that runs beside
//! the read may or may not be counted. Nothing else.
//!
//! # Exit and idling
//!
//! Nothing happens when a thread ends: its cell stays and is read like any other, until another
//! thread adopts it and hands it over at its first turn. A cell may then be older than the ring,
//! whose slots belong to newer buckets by now: what is no longer held is dropped, because it left
//! every window when its bucket did.
//!
//! # Reset
//!
//! A reset sets every cell's `handed` to its `total`, whoever owns it. The owner may count on
//! meanwhile: it writes `total` alone, so what it adds is after the reset and stays.

use std::ops::RangeInclusive;

use crate::error::{RecordError, SnapshotError, WindowError};
use crate::grid::Grid;
use crate::per_thread::PerThread;
use crate::question::{Look, Question};
use crate::ring::{Ring, increase};
use crate::snapshot::{Buckets, CounterSnapshot};
use crate::spec::WindowSpec;
use crate::stamp::Stamp;
use crate::sync::{
    AtomicI64, AtomicU64, Mutex, MutexGuard,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

/// The most events that a cell counts before it hands them over, although its bucket is still open.
///
/// Small enough that thousands of cells stay below the limit of a bucket together.
const OPEN_LIMIT: u64 = 1 << 28;

/// The most events in all, but for those open in cells, so that their sum does not overflow: 2^63.
const TOTAL_LIMIT: u64 = 1 << 63;

/// How often a reader tries before it takes the lock.
const READ_TRIES: usize = if cfg!(loom) { 2 } else { 16 };

/// What one thread has counted in its open bucket.
///
/// The owner writes `total`; all else is written under the ledger's lock, by owner or reset.
///
/// On cache lines of its own: two, because processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Cell {
    /// First moment of the open bucket. Meaningless while `len` is 0.
    start: AtomicI64,
    /// Length of the open bucket in nanoseconds; 0 while none is open, so that no stamp is inside.
    len: AtomicU64,
    /// Events ever counted in this cell.
    total: AtomicU64,
    /// How many of `total` are no longer in the open bucket: never more than `total`, nor less by
    /// more than `OPEN_LIMIT`.
    handed: AtomicU64,
}

impl Cell {
    pub(crate) fn new() -> Self {
        Self {
            start: AtomicI64::new(0),
            len: AtomicU64::new(0),
            total: AtomicU64::new(0),
            handed: AtomicU64::new(0),
        }
    }

    /// Whether the stamp is in the open bucket and the number fits in the cell.
    ///
    /// For the owner alone, as [`count`](Self::count): what it takes now it takes until it turns.
    #[inline]
    pub(crate) fn takes(&self, stamp: Stamp, events: u64) -> bool {
        // ORDERING: Relaxed loads.
        // Needs: the values that this thread, or a reset before this call, stored last.
        // Gives: program order; for the reset, whatever made it happen before this call.
        // Not needed: more. A reset that runs beside this call may count as before or after it.
        // Checks: loom.rs, `reset_leaves_nothing_of_before_and_all_of_after`.
        let offset = stamp.as_nanos().wrapping_sub(self.start.load(Relaxed)).cast_unsigned();
        if offset >= self.len.load(Relaxed) {
            return false;
        }
        let open = self.total.load(Relaxed) - self.handed.load(Relaxed);
        events <= OPEN_LIMIT - open
    }

    /// Counts events in the open bucket; `false` if the stamp or the number is not for it.
    #[inline]
    pub(crate) fn count(&self, stamp: Stamp, events: u64) -> bool {
        let takes = self.takes(stamp, events);
        if takes {
            // ORDERING: Relaxed load, Release store.
            // Needs: a reader that sees this total also sees the turn that opened its bucket.
            // Gives: the version was stepped before; Release orders it, the reader's fence
            // receives.
            // Not needed: an atomic add. This thread alone writes `total`.
            // Checks: loom.rs, `a_read_beside_a_turn_sees_one_state`.
            self.total.store(self.total.load(Relaxed) + events, Release);
        }
        takes
    }

    /// The events in the open bucket, for a reader or under the lock.
    fn open_events(&self) -> u64 {
        self.read().1
    }

    /// The first moment of the open bucket, and the events in it. Where none is open, there are no
    /// events in it, and any moment will do.
    #[inline]
    fn read(&self) -> (i64, u64) {
        // ORDERING: Relaxed loads, `handed` before `total`.
        // Needs: a total that is not older than what was handed over of it.
        // Gives: who stored `handed` had seen that much of `total`, and stepped the version after;
        // the reader's Acquire load of the version, or the lock, receives both.
        // Not needed: a cut. `total` only grows, and a newer one is a record beside the read.
        // Checks: loom.rs, `reset_leaves_nothing_of_before_and_all_of_after`.
        let (start, handed) = (self.start.load(Relaxed), self.handed.load(Relaxed));
        (start, self.total.load(Relaxed).wrapping_sub(handed))
    }

    /// The first moment of the open bucket, if one is open.
    fn open_start(&self) -> Option<i64> {
        // ORDERING: Relaxed loads, under the version or the lock as all of a cell but its total.
        (self.len.load(Relaxed) > 0).then(|| self.start.load(Relaxed))
    }
}

/// The closed buckets that all threads share, and what keeps them and the open ones in step.
#[derive(Debug)]
pub(crate) struct Ledger {
    spec: WindowSpec,
    /// The version, for whoever changes a ring or a cell's bucket.
    turn: Mutex<u64>,
    /// The same for readers: even at rest, odd while a change is made.
    version: AtomicU64,
    /// The finest first. Cells have buckets of that one.
    tiers: Box<[RingTier]>,
    /// The latest stamp that was ahead of the clock when it was recorded.
    latest_ahead: AtomicI64,
    /// Events that thousands of cells counted in one bucket, which then had no room for their sum.
    cut_off: AtomicU64,
    /// Events since the start or the last reset that are not, or no longer, open in a cell. At most
    /// [`TOTAL_LIMIT`].
    closed: AtomicU64,
    /// When counting began: at the start, at the last reset, or with the earliest event since.
    since: AtomicI64,
}

/// The closed buckets of one width.
#[derive(Debug)]
pub(crate) struct RingTier {
    pub(crate) grid: Grid,
    pub(crate) ring: Ring,
}

impl RingTier {
    /// The tick of a stamp, if its bucket is held or yet to come.
    fn held_tick(&self, stamp: Stamp) -> Option<i64> {
        let tick = self.grid.tick(stamp);
        (tick >= self.ring.oldest()).then_some(tick)
    }

    /// What the ring has of each bucket.
    fn closed(&self, ticks: RangeInclusive<i64>) -> Vec<u64> {
        ticks.map(|tick| self.ring.events_at(tick)).collect()
    }

    /// Adds what is open in a cell to its bucket, if that is one of those from `oldest` on.
    fn add_open(&self, oldest: i64, counts: &mut [u64], start: i64, events: u64) {
        let place = usize::try_from(self.grid.tick(Stamp::from_nanos(start)) - oldest);
        if let Some(count) = place.ok().and_then(|place| counts.get_mut(place)) {
            *count = count.wrapping_add(events);
        }
    }
}

impl RingTier {
    /// Whether so many events fit in a bucket that is held, with what is open in cells.
    ///
    /// A record fills at most half of what a bucket may hold. The other half takes in what several
    /// threads counted before any of them could see the others' part.
    fn has_room(&self, cells: &impl Cells, tick: i64, events: u64) -> Result<(), RecordError> {
        let limit = self.ring.layout().bucket_limit() / 2;
        let in_ring = self.ring.events_at(tick);
        let in_cells_at_most = OPEN_LIMIT.saturating_mul(cells.made() as u64);
        if in_ring.saturating_add(in_cells_at_most).saturating_add(events) <= limit {
            return Ok(());
        }
        let (start, end) = (self.grid.start(tick).as_nanos(), self.grid.end(tick).as_nanos());
        let mut in_cells = 0;
        cells.for_each(|cell| {
            if cell.open_start().is_some_and(|open| (start..end).contains(&open)) {
                in_cells += cell.open_events();
            }
        });
        let room = limit.saturating_sub(in_ring + in_cells);
        if events > room { Err(RecordError::Full { events, room }) } else { Ok(()) }
    }
}

impl Ledger {
    pub(crate) fn new(spec: WindowSpec, now: Stamp) -> Self {
        let ring = |grid: &Grid| Ring::new(grid.layout(), grid.tick(now));
        let tiers = spec.grids().iter().map(|&grid| RingTier { grid, ring: ring(&grid) }).collect();
        Self {
            spec,
            turn: Mutex::new(0),
            version: AtomicU64::new(0),
            tiers,
            latest_ahead: AtomicI64::new(i64::MIN),
            cut_off: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            since: AtomicI64::new(now.as_nanos()),
        }
    }

    pub(crate) fn spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// Records events in the caller's own cell, after turning to the bucket of the stamp if that is
    /// newer than the open one; in the rings if it is older.
    ///
    /// For a stamp that [`Cell::count`] did not take. The stamp must not be ahead of the clock: a
    /// bucket opened too early would make every record until then a late one.
    #[cold]
    pub(crate) fn turn(
        &self,
        cell: &Cell,
        cells: &impl Cells,
        stamp: Stamp,
        events: u64,
    ) -> Result<(), RecordError> {
        let _change = Change::begin(self);
        self.admit(cells, stamp, events)?;
        self.note(stamp, stamp);
        let grid = &self.tiers[0].grid;
        let tick = grid.tick(stamp);
        let start = grid.start(tick).as_nanos();
        if cell.open_start().is_some_and(|open| start < open) {
            self.add_to_rings(stamp, events);
            return Ok(());
        }
        self.hand_over(cell);
        // ORDERING: Relaxed stores, between the two steps of the version.
        // Needs: no reader uses the new bucket with the old count or the other way round.
        // Gives: the version, as for all in the ring.
        // Not needed: an order of their own.
        // Checks: loom.rs, `a_read_beside_a_turn_sees_one_state`.
        cell.start.store(start, Relaxed);
        cell.len.store(grid.len(tick), Relaxed);
        if !cell.count(stamp, events) {
            self.add_to_rings(stamp, events); // More than a cell may hold.
        }
        Ok(())
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
        let _change = Change::begin(self);
        self.admit(cells, stamp, events)?;
        self.add_to_rings(stamp, events);
        self.note(stamp, now);
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

    /// Remembers a stamp that is ahead of the clock, or before all others, where counting then
    /// began. To be called before its event is counted in a cell.
    #[inline]
    pub(crate) fn note(&self, stamp: Stamp, now: Stamp) {
        // ORDERING: Relaxed loads, maximum and minimum.
        // Needs: a read that finds the event finds the stamp, or one further out.
        // Gives: the Release with which the event is counted, after; or the version.
        // Not needed: to write what is no news. Threads that stamp by a finer clock come here
        // often.
        // Checks: loom.rs, `an_event_ahead_of_the_clock_is_seen_with_its_stamp`.
        if stamp > now && stamp.as_nanos() > self.latest_ahead.load(Relaxed) {
            self.latest_ahead.fetch_max(stamp.as_nanos(), Relaxed);
        }
        if stamp.as_nanos() < self.since.load(Relaxed) {
            self.since.fetch_min(stamp.as_nanos(), Relaxed);
        }
    }

    /// Makes sure that a ring holds the bucket of a stamp, and that the events fit in wherever they
    /// will be, whoever counted the others. Refuses otherwise, before anything changed.
    fn admit(&self, cells: &impl Cells, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        let room = TOTAL_LIMIT.saturating_sub(self.closed.load(Relaxed)); // ORDERING: by the lock.
        if events > room {
            return Err(RecordError::Full { events, room });
        }
        let mut is_held = false;
        for tier in &self.tiers {
            if let Some(tick) = tier.held_tick(stamp) {
                tier.has_room(cells, tick, events)?;
                is_held = true;
            }
        }
        if !is_held {
            let RingTier { grid, ring } = &self.tiers[self.tiers.len() - 1];
            let behind = grid.end(ring.newest()).saturating_since(stamp);
            return Err(RecordError::GivenUp { behind, held: grid.held() });
        }
        for tier in &self.tiers {
            tier.ring.enter(tier.grid.tick(stamp));
        }
        Ok(())
    }

    /// Moves what a cell counted in its open bucket to the rings that still hold the bucket.
    fn hand_over(&self, cell: &Cell) {
        let Some(open) = cell.open_start() else { return };
        let events = cell.open_events();
        let mut cut_off = 0;
        for tier in &self.tiers {
            if let Some(tick) = tier.held_tick(Stamp::from_nanos(open)) {
                let fitting = events.min(tier.ring.room_at(tick));
                tier.ring.add(tick, fitting);
                cut_off = cut_off.max(events - fitting);
            }
        }
        increase(&self.cut_off, cut_off); // A number to be told, nothing hangs on it.
        // At most a cell's worth beyond the limit, for each cell.
        increase(&self.closed, events);
        // ORDERING: Relaxed load and store, by the owner under the lock.
        cell.handed.store(cell.total.load(Relaxed), Relaxed);
    }

    /// Asks, for each question, the finest tier that holds what it is about, if any does. To be
    /// called, as all that reads, by way of [`consistently`](Self::consistently).
    ///
    /// Every cell is read once for all questions, so that a longer window never has fewer events.
    ///
    /// The answers are put where they are wanted, because they are too large to be moved about.
    #[inline(always)]
    pub(crate) fn look<'a, const N: usize>(
        &'a self,
        cells: &impl Cells,
        questions: &[Question; N],
        now: Stamp,
        looks: &mut [Option<Look<'a>>; N],
    ) {
        for (look, &question) in looks.iter_mut().zip(questions) {
            *look = self.look_at_rings(question, now);
        }
        cells.for_each(|cell| {
            let (start, events) = cell.read();
            looks.iter_mut().flatten().for_each(|look| look.take_in(start, events));
        });
        // ORDERING: Acquire fence, then Relaxed loads.
        // Needs: the stamp of each event ahead of the clock, or before all others, that was found
        // in a cell.
        // Gives: the stamp was stored before the event was released; the fence receives that.
        // Not needed: to wait for the fence of `consistently`, which comes after the loads.
        // Checks: loom.rs, `an_event_ahead_of_the_clock_is_seen_with_its_stamp` and
        // `an_event_before_all_others_is_seen_with_when_counting_began`.
        fence(Acquire);
        for look in looks.iter_mut().flatten() {
            look.latest_ahead = self.latest_ahead.load(Relaxed);
            look.since = Stamp::from_nanos(self.since.load(Relaxed));
        }
    }

    #[inline(always)]
    fn look_at_rings(&self, question: Question, now: Stamp) -> Option<Look<'_>> {
        for tier in &self.tiers {
            if question.fits(&tier.grid, now) {
                let touched = question.touches(&tier.grid, now);
                if tier.ring.oldest() <= touched.oldest || touched.is_empty {
                    return Some(Look::new(tier, now, touched));
                }
            }
        }
        None
    }

    /// Why no tier holds what a question is about.
    #[cold]
    pub(crate) fn unanswered(&self, question: Question, now: Stamp) -> WindowError {
        let RingTier { grid, ring } = &self.tiers[self.tiers.len() - 1];
        match question {
            Question::Between(interval) if !question.fits(grid, now) => {
                let age = now.saturating_since(interval.from);
                WindowError::BeforeSpan { interval, age, span: self.spec.span() }
            }
            _ => {
                let from = grid.start(question.touches(grid, now).oldest);
                WindowError::GivenUp { from, held: grid.start(self.consistently(|| ring.oldest())) }
            }
        }
    }

    /// What each of the buckets of a tier holds, all of which must be held or yet to come.
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

    /// All that one could ask for: since when, how many events in all, the buckets of each tier.
    pub(crate) fn contents(&self, cells: &impl Cells, now: Stamp) -> (Stamp, u64, Vec<Buckets>) {
        self.consistently(|| {
            let closed = |tier: &RingTier| {
                let newest = tier.ring.newest();
                let oldest = tier.grid.oldest(newest, now);
                (oldest, tier.closed(oldest..=newest))
            };
            let mut tiers: Vec<_> = self.tiers.iter().map(closed).collect();
            // ORDERING: Relaxed, all of it under the version.
            let mut total = self.closed.load(Relaxed);
            cells.for_each(|cell| {
                let (start, events) = cell.read();
                total = total.wrapping_add(events);
                for (tier, (oldest, counts)) in self.tiers.iter().zip(&mut tiers) {
                    tier.add_open(*oldest, counts, start, events);
                }
            });
            // ORDERING: Acquire fence, then a Relaxed load, as in `look`.
            // Needs: that no event found in a cell is before this.
            // Checks: loom.rs, `an_event_before_all_others_is_seen_with_when_counting_began`.
            fence(Acquire);
            let since = Stamp::from_nanos(self.since.load(Relaxed));
            let buckets = |(tier, (oldest, all)): (&RingTier, (i64, Vec<u64>))| {
                Buckets::new(oldest, all, tier.grid.tick(now))
            };
            (since, total, self.tiers.iter().zip(tiers).map(buckets).collect())
        })
    }

    /// Adds all that a snapshot of the same tiers holds. What is older than the rings is counted in
    /// the total alone.
    pub(crate) fn merge(
        &self,
        cells: &impl Cells,
        snapshot: &CounterSnapshot,
        now: Stamp,
    ) -> Result<(), SnapshotError> {
        let _change = Change::begin(self);
        let pairs = || self.tiers.iter().zip(snapshot.tiers());
        for (tier, buckets) in pairs() {
            for (tick, count) in buckets.iter().filter(|&(tick, _)| tick >= tier.ring.oldest()) {
                let room = tier.has_room(cells, tick, count);
                room.map_err(|_| SnapshotError::TooManyEvents)?;
            }
        }
        // ORDERING: Relaxed, under the lock.
        if snapshot.total() > TOTAL_LIMIT.saturating_sub(self.closed.load(Relaxed)) {
            return Err(SnapshotError::TooManyEvents);
        }
        for (tier, buckets) in pairs() {
            let Some(newest) = buckets.newest() else { continue };
            tier.ring.enter(newest);
            for (tick, count) in buckets.iter().filter(|&(tick, _)| tick >= tier.ring.oldest()) {
                tier.ring.add(tick, count);
            }
        }
        self.note(snapshot.latest(), now);
        increase(&self.closed, snapshot.total());
        self.note(snapshot.since(), now);
        Ok(())
    }

    /// How many events were recorded since the start or the last reset.
    pub(crate) fn total(&self, cells: &impl Cells) -> u64 {
        self.consistently(|| self.total_once(cells))
    }

    fn total_once(&self, cells: &impl Cells) -> u64 {
        // ORDERING: Relaxed, all of it under the version or the lock.
        let mut total = self.closed.load(Relaxed);
        cells.for_each(|cell| total = total.wrapping_add(cell.open_events()));
        total
    }

    /// Reads what belongs to one state, however often others change it meanwhile.
    ///
    /// `read` must not panic on what belongs to no state: it is thrown away then.
    #[inline(always)]
    pub(crate) fn consistently<R>(&self, mut read: impl FnMut() -> R) -> R {
        let mut tries = 0;
        let mut _turn = None;
        loop {
            // ORDERING: Acquire load, then an Acquire fence before the second, Relaxed load.
            // Needs: all that is read between belongs to the state that `before` names.
            // Gives: the first load receives the Release of the change that made the state; if
            // anything read was stored by a later change, or by a record after one, the fence pairs
            // with the fence or the Release there, and the second load sees the version moved.
            // Not needed: SeqCst. Two readers need not agree on an order of changes.
            // Checks: loom.rs, `a_read_beside_a_turn_sees_one_state`.
            let before = self.version.load(Acquire);
            if before.is_multiple_of(2) {
                let found = read();
                fence(Acquire);
                if self.version.load(Relaxed) == before {
                    return found;
                }
            }
            tries += 1;
            if tries == READ_TRIES {
                _turn = Some(self.lock()); // Nobody changes anything now: the next try succeeds.
            } else {
                std::hint::spin_loop();
            }
        }
    }

    /// Forgets all that was recorded before this call, wherever it is held.
    pub(crate) fn reset(&self, cells: &impl Cells, now: Stamp) {
        let _change = Change::begin(self);
        self.tiers.iter().for_each(|tier| tier.ring.clear());
        cells.for_each(|cell| {
            // ORDERING: Relaxed load and store, between the two steps of the version.
            // Needs: every record that happened before this call is in `total`; no reader sees more
            // handed over than counted.
            // Gives: coherence for the first; the version's Release for the second.
            // Not needed: to stop the owner. What it adds from here on was recorded after.
            // Checks: loom.rs, `reset_leaves_nothing_of_before_and_all_of_after`.
            cell.handed.store(cell.total.load(Relaxed), Relaxed);
        });
        // ORDERING: Relaxed, these too: a reader takes them for one state by the version.
        self.closed.store(0, Relaxed);
        self.since.store(now.as_nanos(), Relaxed);
        // Not `latest_ahead`: it may be of an event that is about to be counted, and stays. Until
        // the clock is there, it only makes `at_least` lower.
        self.cut_off.store(0, Relaxed);
    }

    /// Events that were counted and then had no room.
    pub(crate) fn cut_off(&self) -> u64 {
        self.cut_off.load(Relaxed) // ORDERING: Relaxed, a number to be told.
    }

    /// Takes the lock. No user's code runs under it, so there is nothing a panic could leave torn.
    fn lock(&self) -> MutexGuard<'_, u64> {
        self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// All the cells there are.
pub(crate) trait Cells {
    /// Visits each of them.
    fn for_each(&self, visit: impl FnMut(&Cell));

    /// How many there are, or more.
    fn made(&self) -> usize;
}

impl Cells for PerThread<Cell> {
    #[inline]
    fn for_each(&self, visit: impl FnMut(&Cell)) {
        self.for_each(visit);
    }

    fn made(&self) -> usize {
        self.made()
    }
}

/// The right to change what readers see, taken with the lock and given back when dropped.
struct Change<'a> {
    ledger: &'a Ledger,
    version: MutexGuard<'a, u64>,
}

impl<'a> Change<'a> {
    fn begin(ledger: &'a Ledger) -> Self {
        let mut version = ledger.lock();
        *version += 1;
        // ORDERING: Relaxed store, Release fence.
        // Needs: a reader that sees any store of this change also sees the version odd, or later.
        // Gives: the fence orders this step before all that follow; the reader's fence receives it.
        // Not needed: an atomic add. The lock excludes other changes.
        // Checks: loom.rs, `a_read_beside_a_turn_sees_one_state`.
        ledger.version.store(*version, Relaxed);
        fence(Release);
        Self { ledger, version }
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        *self.version += 1;
        // ORDERING: Release store.
        // Needs: a reader that sees this version sees the whole change.
        // Gives: Release here, the reader's Acquire load.
        // Not needed: more. The lock is given back after.
        // Checks: loom.rs, `a_read_beside_a_turn_sees_one_state`.
        self.ledger.version.store(*self.version, Release);
    }
}
