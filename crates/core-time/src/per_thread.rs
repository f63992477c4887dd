//! A place for each thread, found without a lock, that outlives the thread.

use std::fmt;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Release},
};

use thread_local::ThreadLocal;

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
/// assert_eq!(counts.iter().map(|n| n.load(Relaxed)).sum::<u64>(), 3);
/// ```
pub struct PerThread<T: Send> {
    places: ThreadLocal<T>,
    /// How many places there are, or are about to be.
    made: AtomicUsize,
}

impl<T: Send> Default for PerThread<T> {
    fn default() -> Self {
        Self { places: ThreadLocal::new(), made: AtomicUsize::new(0) }
    }
}

impl<T: Send> PerThread<T> {
    /// The place of this thread, if it has one.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.places.get()
    }

    /// The place of this thread, made if it has none.
    ///
    /// Nothing if the thread is being torn down and had none: it would have nobody to leave one to.
    #[inline]
    pub fn get_or(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.places.get().or_else(|| self.make(make))
    }

    #[cold]
    fn make(&self, make: impl FnOnce() -> T) -> Option<&T> {
        teardown::is_alive().then(|| {
            self.places.get_or(|| {
                let place = make();
                // ORDERING: Release, for the Acquire of `iter`.
                self.made.fetch_add(1, Release);
                place
            })
        })
    }
}

impl<T: Send + Sync> PerThread<T> {
    /// The places of all threads, also of those that ended.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let mut places = self.places.iter();
        let mut seen = 0;
        // The iterator alone would go on to look for places that cannot be, at ten times the cost.
        std::iter::from_fn(move || {
            // ORDERING: Acquire, for the Release of `make`.
            // Needs: the end comes only after every place that was made before.
            // Gives: a place is counted before it can be seen, and this is asked anew after each
            // one, so one that appears meanwhile cannot stand in for another.
            // Not needed: an exact number. One that is counted and not yet there costs a search.
            // Checks: tests/concurrency.rs, `threads_that_appear_hide_no_other`.
            if seen >= self.made.load(Acquire) {
                return None;
            }
            seen += 1;
            places.next()
        })
    }
}

impl<T: Send + fmt::Debug> fmt::Debug for PerThread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerThread").field("this_thread", &self.get()).finish_non_exhaustive()
    }
}

mod teardown {
    //! Whether a thread may still be given a place.
    //!
    //! `thread_local` takes a thread's number back when the thread ends, and panics if a destructor
    //! that runs after that asks for a new one. A guard of ours that was set up just before is
    //! taken down just after (thread-locals go in the reverse order), so it tells.

    struct Guard;

    impl Drop for Guard {
        fn drop(&mut self) {}
    }

    thread_local! {
        static GUARD: Guard = const { Guard };
    }

    pub(super) fn is_alive() -> bool {
        GUARD.try_with(|_| ()).is_ok()
    }
}
