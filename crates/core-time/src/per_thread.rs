//! A slot for each thread, found without a lock, that outlives the thread.
//!
//! A thread has a small [`SlotId`] while it lives, which the next thread gets after it ended. The
//! slots of the first ids are found by one load. Those of later ids are in a table of tables, each
//! twice as long as the one before, so no table ever moves. Both hold only pointers: a slot is made
//! when a thread first asks for it. So the memory depends on the threads that did, plus 16 bytes
//! for each id up to theirs.
//!
//! The crate `thread_local` does nearly this. But a destructor that runs at the end of a thread and
//! records after that crate has returned the thread's id panics there, which aborts the process,
//! and nothing can detect it before. Here the id is our own, and so is its end.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Release},
};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::{fmt, iter};

use crate::sync::unpoisoned;

/// Holds a slot for each thread, and lets a reader visit all of them.
///
/// The slot of a thread that ends is reused as it is by the next thread that starts. So the memory
/// depends on the maximum number of threads at one time, and the content of a slot is neither lost
/// nor reset.
///
/// # Concurrency
///
/// A reader sees each slot that was made before the read began. What the owner of a slot does
/// concurrently is for `T` to order.
///
/// # Examples
///
/// ```
/// use core_time::PerThread;
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// let counts = PerThread::<AtomicU64>::default();
/// std::thread::scope(|scope| {
///     for _ in 0..3 {
///         scope.spawn(|| counts.get_or(AtomicU64::default).map(|n| n.fetch_add(1, Relaxed)));
///     }
/// });
/// let mut sum = 0;
/// counts.for_each(|n| sum += n.load(Relaxed));
/// assert_eq!(sum, 3);
/// ```
pub struct PerThread<T: Send> {
    /// The slots of the first ids. With a table for these too, a thread took 20 instructions to
    /// find its slot, and not 8.
    first: [Slot<T>; FIRST],
    /// Table `n` has the slots of the ids from `2^(n + 5) - 1` on.
    tables: OnceLock<Box<[Table<T>; TABLES]>>,
    /// The number of slots that exist or are about to.
    made: AtomicUsize,
}

type Slot<T> = OnceLock<Box<OwnerOnly<T>>>;
type Table<T> = OnceLock<Box<[Slot<T>]>>;

/// The binary logarithm of the length of the first table.
const FIRST_BITS: u32 = 5;
/// The number of ids before those in tables.
const FIRST: usize = (1 << FIRST_BITS) - 1;
/// Enough for 2^32 threads at the same time.
const TABLES: usize = (u32::BITS - FIRST_BITS) as usize;

impl<T: Send> Default for PerThread<T> {
    fn default() -> Self {
        let (first, tables) = ([const { OnceLock::new() }; FIRST], OnceLock::new());
        Self { first, tables, made: AtomicUsize::new(0) }
    }
}

impl<T: Send> PerThread<T> {
    /// Calls `f` with the slot of this thread, which is made if it has none.
    ///
    /// Returns `None` if the thread is ending and has already returned its slot.
    #[inline]
    pub fn with<R>(&self, make: impl FnOnce() -> T, f: impl FnOnce(&T) -> R) -> Option<R> {
        // The reference must not leave `f`: a destructor that kept it could use it when the next
        // thread owns the slot.
        self.find().or_else(|| self.make(make)).map(|slot| f(&slot.0))
    }

    #[inline]
    fn find(&self) -> Option<&OwnerOnly<T>> {
        self.at(SLOT_INDEX.get())
    }

    #[inline]
    fn at(&self, id: usize) -> Option<&OwnerOnly<T>> {
        match self.first.get(id) {
            Some(slot) => slot.get().map(|slot| &**slot),
            None => self.at_far(id),
        }
    }

    /// The same for an id that is not one of the first, or for none.
    #[inline(never)]
    fn at_far(&self, id: usize) -> Option<&OwnerOnly<T>> {
        let FarIndex { table, index } = FarIndex::of(id)?;
        self.tables.get()?.get(table)?.get()?.get(index)?.get().map(|slot| &**slot)
    }

    #[cold]
    fn make(&self, make: impl FnOnce() -> T) -> Option<&OwnerOnly<T>> {
        self.make_at(slot_index_or_new()?, make)
    }

    fn make_at(&self, id: usize, make: impl FnOnce() -> T) -> Option<&OwnerOnly<T>> {
        let slot = match self.first.get(id) {
            Some(slot) => slot,
            None => self.far_slot(id)?,
        };
        // Before the slot is filled, because `make` may come here too.
        let value = Box::new(OwnerOnly(make()));
        if slot.get().is_none() {
            // ORDERING: Release. Pairs with: the Acquire of `for_each`.
            self.made.fetch_add(1, Release);
        }
        Some(slot.get_or_init(|| value))
    }

    /// Returns the slot of an id that is not one of the first, in a table that is made if needed.
    fn far_slot(&self, id: usize) -> Option<&Slot<T>> {
        let FarIndex { table, index } = FarIndex::of(id)?;
        let tables = self.tables.get_or_init(|| Box::new([const { OnceLock::new() }; TABLES]));
        let slots = || (0..1 << FIRST_BITS << table).map(|_| OnceLock::new()).collect();
        tables.get(table)?.get_or_init(slots).get(index)
    }

    /// Returns the number of slots that exist or are about to.
    pub(crate) fn made(&self) -> usize {
        // ORDERING: Acquire, as in `for_each`.
        self.made.load(Acquire)
    }
}

impl<T: Send + Sync> PerThread<T> {
    /// Returns the slot of this thread, if it has one.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.find().map(|slot| &slot.0)
    }

    /// Returns the slot of this thread, which is made if it has none.
    ///
    /// Returns `None` if the thread is ending and has already returned its slot.
    #[inline]
    pub fn get_or(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.find().or_else(|| self.make(make)).map(|slot| &slot.0)
    }

    /// Visits the slots of all threads, including those that ended.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(&T)) {
        let mut seen = 0;
        if self.made() == 0 {
            return;
        }
        // A table may be missing although a later one exists: its threads never came here.
        let tables = self.tables.get().into_iter().flat_map(|tables| &tables[..]);
        let far = tables.filter_map(OnceLock::get).map(|table| &table[..]);
        for slots in iter::once(&self.first[..]).chain(far) {
            for slot in slots.iter().filter_map(OnceLock::get) {
                visit(&slot.0);
                seen += 1;
                // ORDERING: Acquire. Pairs with: the Release of `make_at`.
                // Needs: the end comes only after every slot that was made before.
                // Gives: a slot is counted before it can be seen, and the count is read again after
                // each one, so one that appears concurrently cannot replace another.
                // Not needed: an exact number. One that is counted but not yet there costs a
                // search.
                // Checks: tests/concurrency.rs, `threads_that_appear_hide_no_other`.
                if seen >= self.made() {
                    return;
                }
            }
        }
    }
}

impl<T: Send> fmt::Debug for PerThread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerThread").field("slots", &self.made()).finish()
    }
}

/// A value that only the thread that owns it may use, unless all threads may.
struct OwnerOnly<T>(T);

#[expect(unsafe_code, reason = "the table of an owner needs no lock; see Worth below")]
// SAFETY: `Sync` promises that threads may share `&OwnerOnly<T>`. Where `T` is `Sync`, they may
// share `&T` too. Where it is only `Send`, `with` alone lends a `&T`, to the thread that has the id
// of the slot, for the time of a call. A `SlotId` belongs to one thread at a time, which returns it
// when none of its calls can be active except those of later destructors, which find no index; and
// it reaches the next thread through a mutex. So the slot is sent, as `Send` allows, and never
// shared.
// Worth: a record of an action borrows its thread's table. An uncontended mutex in each
// `RunningTracker::record`, in a loop over four names, made 54 ns of its 35 (medians of five runs).
unsafe impl<T: Send> Sync for OwnerOnly<T> {}

/// The place of a slot that is not one of the first: which table, and which entry in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FarIndex {
    table: usize,
    index: usize,
}

impl FarIndex {
    fn of(id: usize) -> Option<Self> {
        let nth = u32::try_from(id).ok()?.checked_add(1)?;
        let table = nth.ilog2().checked_sub(FIRST_BITS)? as usize;
        Some(Self { table, index: (nth - (1 << nth.ilog2())) as usize })
    }
}

/// The id of a thread that has none.
const NO_ID: usize = usize::MAX;

/// A number that has one owner until it is dropped.
///
/// A thread has one while it lives.
struct SlotId(usize);

impl SlotId {
    /// Takes the smallest number that is free.
    fn take() -> Self {
        Self(slot_ids().take())
    }
}

impl Drop for SlotId {
    fn drop(&mut self) {
        slot_ids().free.push(Reverse(self.0));
    }
}

thread_local! {
    /// The id of this thread, which is the index of its slots. Has no destructor, so that it can be
    /// read until the very end.
    static SLOT_INDEX: Cell<usize> = const { Cell::new(NO_ID) };
    /// Returns the id when the thread ends.
    static GUARD: Guard = const { Guard(Cell::new(None)) };
}

struct Guard(Cell<Option<SlotId>>);

impl Drop for Guard {
    fn drop(&mut self) {
        // Before the id is dropped, which another thread may then take.
        SLOT_INDEX.set(NO_ID);
    }
}

/// Returns the index of this thread's slots, and takes an id if it has none.
///
/// Returns `None` after the guard was dropped, when nothing is left to return an id.
fn slot_index_or_new() -> Option<usize> {
    GUARD
        .try_with(|guard| {
            let known = SLOT_INDEX.get();
            if known != NO_ID {
                return Some(known);
            }
            let id = SlotId::take();
            let index = id.0;
            guard.0.set(Some(id));
            SLOT_INDEX.set(index);
            Some(index)
        })
        .ok()?
}

/// The ids of the process: all below `next` are taken, except those in `free`.
struct SlotIds {
    next: usize,
    /// The smallest first, so that tables stay short.
    free: BinaryHeap<Reverse<usize>>,
}

impl SlotIds {
    fn take(&mut self) -> usize {
        let used_before = self.free.pop().map(|Reverse(id)| id);
        used_before.unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

fn slot_ids() -> MutexGuard<'static, SlotIds> {
    static SLOT_IDS: OnceLock<Mutex<SlotIds>> = OnceLock::new();
    let ids = SLOT_IDS.get_or_init(|| Mutex::new(SlotIds { next: 0, free: BinaryHeap::new() }));
    unpoisoned(ids.lock())
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    fn count<T: Send + Sync>(slots: &PerThread<T>) -> usize {
        let mut count = 0;
        slots.for_each(|_| count += 1);
        count
    }

    #[test]
    fn indices_fill_tables_without_gaps() {
        let mut expected =
            (0..4).flat_map(|table| (0..32 << table).map(move |index| FarIndex { table, index }));
        assert!((0..FIRST).all(|id| FarIndex::of(id).is_none()));
        for id in FIRST..FIRST + 32 + 64 + 128 + 256 {
            assert_eq!(FarIndex::of(id), expected.next(), "id {id}");
        }
        let last = FarIndex { table: TABLES - 1, index: (1 << 31) - 1 };
        assert_eq!(FarIndex::of(u32::MAX as usize - 1), Some(last));
        assert_eq!((FarIndex::of(u32::MAX as usize), FarIndex::of(NO_ID)), (None, None));
    }

    #[test]
    fn a_slot_made_while_it_is_made_is_the_same_slot() {
        let slots = PerThread::<u8>::default();
        let slot = slots.get_or(|| *slots.get_or(|| 1).unwrap() + 1);
        assert_eq!((slot, count(&slots)), (Some(&1), 1));
    }

    #[test]
    fn slots_are_found_behind_tables_that_are_missing() {
        let ids: Vec<_> = (0..300).map(|_| SlotId::take()).collect();
        for from in [0, FIRST, FIRST + 32, FIRST + 96] {
            let (slots, mut made) = (PerThread::<usize>::default(), vec![]);
            for id in ids.iter().filter(|id| id.0 >= from).step_by(7) {
                let made_at = slots.make_at(id.0, || id.0).map(|slot| slot.0);
                assert_eq!(made_at, Some(id.0));
                assert_eq!(slots.at(id.0).map(|slot| slot.0), Some(id.0));
                made.push(id.0);
            }
            let mut found = vec![];
            slots.for_each(|&id| found.push(id));
            made.sort_unstable();
            assert_eq!((found, slots.made()), (made.clone(), made.len()), "from {from}");
            assert!(made.len() > 10);
        }
    }

    #[test]
    fn threads_beyond_the_first_have_slots() {
        let (slots, all_have_one) = (PerThread::<AtomicUsize>::default(), Barrier::new(70));
        thread::scope(|scope| {
            for number in 0..70 {
                let (slots, all_have_one) = (&slots, &all_have_one);
                scope.spawn(move || {
                    let own = slots.get_or(|| AtomicUsize::new(number)).unwrap();
                    all_have_one.wait();
                    // Found again, and of this thread alone.
                    assert!(std::ptr::eq(slots.get().unwrap(), own));
                    assert_eq!(own.load(Acquire), number);
                });
            }
        });
        assert_eq!(count(&slots), 70);
    }

    #[test]
    fn an_id_belongs_to_one_thread_at_a_time() {
        let slots = PerThread::<u8>::default();
        std::thread::scope(|scope| {
            // Returns its id when it is joined: a scope does not wait for destructors.
            scope.spawn(|| slots.get_or(|| 0).copied()).join().unwrap();
        });
        let both_have_one = Barrier::new(2);
        let index = || {
            slots.get_or(|| 0);
            let index = SLOT_INDEX.get();
            both_have_one.wait();
            index
        };
        let [first, second] = std::thread::scope(|scope| {
            [scope.spawn(index), scope.spawn(index)].map(|thread| thread.join().unwrap())
        });
        assert_ne!(first, second);
    }

    #[test]
    fn a_thread_that_returned_its_id_has_no_slot() {
        /// Sends the slot index of its thread when the thread ends.
        struct SendsIndex(Cell<Option<std::sync::mpsc::Sender<usize>>>);
        impl Drop for SendsIndex {
            fn drop(&mut self) {
                self.0.take().unwrap().send(SLOT_INDEX.get()).unwrap();
            }
        }
        thread_local! {
            static SENDER: SendsIndex = const { SendsIndex(Cell::new(None)) };
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(|| {
            SENDER.with(|sends| sends.0.set(Some(sender))); // First, so dropped after the guard.
            assert!(PerThread::<u8>::default().get_or(|| 0).is_some());
        });
        assert_eq!(receiver.recv().unwrap(), NO_ID);
    }
}
