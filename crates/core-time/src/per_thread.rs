//! A place for each thread, found without a lock, that outlives the thread.
//!
//! A thread has a small [`Number`] while it lives, which the next thread gets when it has ended. A
//! place is found by that number in a table of tables, each twice as long as the one before, so
//! that none ever moves. The tables hold pointers only: a place is made when a thread first asks
//! for its own, so memory follows the threads that did, and 16 bytes for each number up to theirs.
//!
//! The crate `thread_local` does nearly this. But a destructor that runs when a thread ends, and
//! comes to record when that crate has already given the thread's number back, panics there, which
//! aborts the process; and nothing tells beforehand. Here the number is ours, and so is its end.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Release},
};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// A place of its own for each thread, which a reader can visit all of.
///
/// A thread that ends leaves its place as it is to the next thread that starts, so memory follows
/// the most threads there were at once, and what the place holds is neither lost nor reset.
///
/// # Concurrency
///
/// A reader sees each place that was made before it began to look. What the owner does with its
/// place meanwhile is for `T` to order.
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
    /// Table `n` has the places of the threads numbered from `2^n - 1` on.
    tables: [OnceLock<Box<[Place<T>]>>; TABLES],
    /// How many places there are, or are about to be.
    made: AtomicUsize,
}

type Place<T> = OnceLock<Box<ForOwner<T>>>;

/// Enough for 2^32 threads at once.
const TABLES: usize = 32;

impl<T: Send> Default for PerThread<T> {
    fn default() -> Self {
        Self { tables: [const { OnceLock::new() }; TABLES], made: AtomicUsize::new(0) }
    }
}

impl<T: Send> PerThread<T> {
    /// Uses the place of this thread, made if it has none.
    ///
    /// Nothing if the thread is being torn down so far that it has nobody to leave a place to.
    #[inline]
    pub fn with<R>(&self, make: impl FnOnce() -> T, f: impl FnOnce(&T) -> R) -> Option<R> {
        // The reference must not leave `f`: a destructor that kept it could use it when the next
        // thread has the place.
        self.find().or_else(|| self.make(make)).map(|place| f(&place.0))
    }

    #[inline]
    fn find(&self) -> Option<&ForOwner<T>> {
        self.at(POSITION.get())
    }

    #[inline]
    fn at(&self, Position { table, index }: Position) -> Option<&ForOwner<T>> {
        self.tables.get(table as usize)?.get()?.get(index as usize)?.get().map(|place| &**place)
    }

    #[cold]
    fn make(&self, make: impl FnOnce() -> T) -> Option<&ForOwner<T>> {
        self.make_at(position_or_new()?, make)
    }

    fn make_at(&self, at: Position, make: impl FnOnce() -> T) -> Option<&ForOwner<T>> {
        let new_table = || (0..1_usize << at.table).map(|_| OnceLock::new()).collect();
        let table = self.tables.get(at.table as usize)?.get_or_init(new_table);
        let place = table.get(at.index as usize)?;
        // Before the place is filled, because `make` may come here too.
        let value = Box::new(ForOwner(make()));
        if place.get().is_none() {
            // ORDERING: Release, for the Acquire of `for_each`.
            self.made.fetch_add(1, Release);
        }
        Some(place.get_or_init(|| value))
    }

    /// How many places there are, or are about to be.
    pub(crate) fn made(&self) -> usize {
        // ORDERING: Acquire, as in `for_each`.
        self.made.load(Acquire)
    }
}

impl<T: Send + Sync> PerThread<T> {
    /// The place of this thread, if it has one.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.find().map(|place| &place.0)
    }

    /// The place of this thread, made if it has none.
    ///
    /// Nothing if the thread is being torn down so far that it has nobody to leave a place to.
    #[inline]
    pub fn get_or(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.find().or_else(|| self.make(make)).map(|place| &place.0)
    }

    /// The place that goes with a number of one's own, made if there is none.
    pub(crate) fn of(&self, number: &Number, make: impl FnOnce() -> T) -> Option<&T> {
        let at = Position::of(number.0)?;
        self.at(at).or_else(|| self.make_at(at, make)).map(|place| &place.0)
    }

    /// Visits the places of all threads, also of those that ended.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(&T)) {
        let mut seen = 0;
        if self.made() == 0 {
            return;
        }
        // A table may be missing although a later one is there: its threads never came here.
        for table in self.tables.iter().filter_map(OnceLock::get) {
            for place in table.iter().filter_map(OnceLock::get) {
                visit(&place.0);
                seen += 1;
                // ORDERING: Acquire, for the Release of `make`.
                // Needs: the end comes only after every place that was made before.
                // Gives: a place is counted before it can be seen, and this is asked anew after
                // each one, so one that appears meanwhile cannot stand in for another.
                // Not needed: an exact number. One that is counted and not yet there costs a
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
        f.debug_struct("PerThread").field("places", &self.made()).finish()
    }
}

/// What only the thread that owns it may use, unless it is for all to use.
struct ForOwner<T>(T);

#[expect(unsafe_code, reason = "an owner's table needs no lock; see Worth below")]
// SAFETY: `Sync` promises that threads may share `&ForOwner<T>`. Where `T` is `Sync`, they may
// share `&T` too. Where it is only `Send`, `with` alone lends a `&T`, to the thread whose number
// the place has and for the time of a call: a `Number` belongs to one thread at a time, which gives
// it back when no call of its can be under way but those of destructors that come later, which find
// no position; and it is handed on through a mutex. So the place is sent, as `Send` allows,
// and never shared.
// Worth: a record of an action borrows its thread's table. Taking an uncontended mutex beside each
// `RunningTracker::record`, in a loop over four names, made 54 ns of its 35 (medians of five runs).
unsafe impl<T: Send> Sync for ForOwner<T> {}

/// Where the place with a number lies: in which table, and where in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    table: u32,
    index: u32,
}

impl Position {
    /// In a table that there is not.
    const NONE: Self = Self { table: TABLES as u32, index: 0 };

    fn of(number: usize) -> Option<Self> {
        let nth = u32::try_from(number).ok()?.checked_add(1)?;
        Some(Self { table: nth.ilog2(), index: nth - (1 << nth.ilog2()) })
    }
}

/// A number that nobody else has, until it is dropped.
///
/// Threads have one while they live, and whoever must be told apart from the thread it lives on
/// takes one of its own.
#[derive(Debug)]
pub(crate) struct Number(usize);

impl Number {
    /// The lowest number there is.
    pub(crate) fn take() -> Self {
        Self(numbers().take())
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        numbers().free.push(Reverse(self.0));
    }
}

thread_local! {
    /// Where this thread's places lie, if it has a number. Without a destructor, so that it can be
    /// read until the very end.
    static POSITION: Cell<Position> = const { Cell::new(Position::NONE) };
    /// Gives the number back when the thread ends.
    static GUARD: Guard = const { Guard(Cell::new(None)) };
}

struct Guard(Cell<Option<Number>>);

impl Drop for Guard {
    fn drop(&mut self) {
        // Before the number is dropped, which another thread may then take.
        POSITION.set(Position::NONE);
    }
}

/// Where this thread's places lie, with a new number if it has none; nothing once the guard is
/// gone, when there is nobody left to give a number back.
fn position_or_new() -> Option<Position> {
    GUARD
        .try_with(|guard| {
            let known = POSITION.get();
            if known != Position::NONE {
                return Some(known);
            }
            let number = Number::take();
            let position = Position::of(number.0)?;
            guard.0.set(Some(number));
            POSITION.set(position);
            Some(position)
        })
        .ok()?
}

/// Which numbers are taken: all below `next` but those in `free`.
struct Numbers {
    next: usize,
    /// The lowest first, so that tables stay short.
    free: BinaryHeap<Reverse<usize>>,
}

impl Numbers {
    fn take(&mut self) -> usize {
        let used_before = self.free.pop().map(|Reverse(number)| number);
        used_before.unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

fn numbers() -> MutexGuard<'static, Numbers> {
    static NUMBERS: OnceLock<Mutex<Numbers>> = OnceLock::new();
    let numbers = NUMBERS.get_or_init(|| Mutex::new(Numbers { next: 0, free: BinaryHeap::new() }));
    numbers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count<T: Send + Sync>(places: &PerThread<T>) -> usize {
        let mut count = 0;
        places.for_each(|_| count += 1);
        count
    }

    #[test]
    fn positions_fill_tables_without_gaps() {
        let mut expected =
            (0..6).flat_map(|table| (0..1 << table).map(move |index| (table, index)));
        for number in 0..63 {
            let (table, index) = expected.next().unwrap();
            assert_eq!(Position::of(number), Some(Position { table, index }), "number {number}");
        }
        assert_eq!(Position::of(u32::MAX as usize), None);
    }

    #[test]
    fn a_place_made_while_it_is_made_is_the_same_place() {
        let places = PerThread::<u8>::default();
        let place = places.get_or(|| *places.get_or(|| 1).unwrap() + 1);
        assert_eq!((place, count(&places)), (Some(&1), 1));
    }

    #[test]
    fn places_are_found_behind_tables_that_are_missing() {
        let (numbered, places) = (PerThread::<u8>::default(), PerThread::<u8>::default());
        let all_have_numbers = std::sync::Barrier::new(8);
        let made: usize = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| {
                scope.spawn(|| {
                    numbered.get_or(|| 0);
                    all_have_numbers.wait();
                    let is_late = POSITION.get().table >= 2;
                    usize::from(is_late && places.get_or(|| 0).is_some())
                })
            });
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert!(made > 0);
        assert_eq!(count(&places), made);
    }
    #[test]
    fn a_number_belongs_to_one_thread_at_a_time() {
        let places = PerThread::<u8>::default();
        std::thread::scope(|scope| {
            // Gives its number back when it is joined: a scope does not wait for destructors.
            scope.spawn(|| places.get_or(|| 0).copied()).join().unwrap();
        });
        let both_have_one = std::sync::Barrier::new(2);
        let position = || {
            places.get_or(|| 0);
            let position = POSITION.get();
            both_have_one.wait();
            position
        };
        let [first, second] = std::thread::scope(|scope| {
            [scope.spawn(position), scope.spawn(position)].map(|thread| thread.join().unwrap())
        });
        assert_ne!(first, second);
    }

    #[test]
    fn a_thread_that_gave_its_number_back_has_no_place() {
        /// Tells at the end of its thread whether that still has a place.
        struct Asks(Cell<Option<std::sync::mpsc::Sender<Position>>>);
        impl Drop for Asks {
            fn drop(&mut self) {
                self.0.take().unwrap().send(POSITION.get()).unwrap();
            }
        }
        thread_local! {
            static ASKS: Asks = const { Asks(Cell::new(None)) };
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(|| {
            ASKS.with(|asks| asks.0.set(Some(sender))); // Set up first, so gone after the guard.
            assert!(PerThread::<u8>::default().get_or(|| 0).is_some());
        });
        assert_eq!(receiver.recv().unwrap(), Position::NONE);
    }
}
