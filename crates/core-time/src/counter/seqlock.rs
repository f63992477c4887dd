//! A sequence lock: writers exclude each other, readers retry when a writer was active.

use crate::sync::{
    AtomicU64, Mutex, MutexGuard,
    Ordering::{Acquire, Relaxed, Release},
    fence, unpoisoned,
};

/// The number of attempts of a reader before it takes the lock.
///
/// So writers that change the state without pause cannot starve a reader.
const READ_TRIES: usize = if cfg!(loom) { 2 } else { 16 };

/// Guards state whose readers take no lock.
///
/// The state itself is atomic and outside; the lock decides which accesses form one version of it.
#[derive(Debug)]
pub(crate) struct SeqLock {
    /// The version, for the writer that holds the lock.
    writer: Mutex<u64>,
    /// The same for readers: even at rest, odd during a write.
    version: AtomicU64,
}

impl SeqLock {
    pub(crate) fn new() -> Self {
        Self { writer: Mutex::new(0), version: AtomicU64::new(0) }
    }

    /// Calls `read` until all that it read is one version, and returns its last result.
    ///
    /// `read` must not panic on a mixture of two versions, whose result is discarded.
    #[inline(always)]
    pub(crate) fn read<R>(&self, mut read: impl FnMut() -> R) -> R {
        let mut tries = 0;
        let mut _writer = None;
        loop {
            // ORDERING: Acquire load, then an Acquire fence before the second, Relaxed load.
            // Needs: everything read in between is of the version `before`.
            // Gives: the first load pairs with the Release of the write that made the version. If
            // anything read was stored by a later write, or by a record after one, the fence pairs
            // with the fence or the Release there, and the second load sees another version.
            // Not needed: SeqCst. Two readers need not agree on an order of writes.
            // Checks: loom, `a_read_concurrent_with_a_turn_sees_one_state`.
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
                _writer = Some(unpoisoned(self.writer.lock())); // The next attempt succeeds.
            } else {
                std::hint::spin_loop();
            }
        }
    }

    /// Begins a write, which ends when the guard is dropped. Waits for other writers.
    pub(crate) fn write(&self) -> WriteGuard<'_> {
        // No user's code runs under the lock, so a panic cannot leave the state half written.
        let mut version = unpoisoned(self.writer.lock());
        *version += 1;
        // ORDERING: Relaxed store, Release fence.
        // Needs: a reader that sees any store of this write also sees the version odd, or later.
        // Gives: the fence orders this step before all that follow; the reader's fence pairs with
        // it.
        // Not needed: an atomic add. The lock excludes other writers.
        // Checks: loom, `a_read_concurrent_with_a_turn_sees_one_state`.
        self.version.store(*version, Relaxed);
        fence(Release);
        WriteGuard { lock: self, version }
    }
}

/// The exclusive right to write, until it is dropped.
pub(crate) struct WriteGuard<'a> {
    lock: &'a SeqLock,
    version: MutexGuard<'a, u64>,
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        *self.version += 1;
        // ORDERING: Release store.
        // Needs: a reader that sees this version sees the whole write.
        // Gives: Release here, the reader's Acquire load.
        // Not needed: more. The lock is released afterwards.
        // Checks: loom, `a_read_concurrent_with_a_turn_sees_one_state`.
        self.lock.version.store(*self.version, Release);
    }
}
