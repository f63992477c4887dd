//! Threads for a batch, as many as the system has room for.
//!
//! A thread that cannot be started is not an error: the others do its share, because shares are
//! taken from one queue. The calling thread works too, so the batch is always finished.

use std::hint::black_box;
use std::thread;

/// Address space of one thread: its stack, by default 2 MiB, blocks of its longest lines, and the
/// 64 MiB that the allocator of glibc reserves for each of the first threads.
const THREAD_BYTES: usize = 72 << 20;

/// Limits a number of threads to those that memory allows.
///
/// Returns `wanted` unless the address space of the process, or its share of memory, is too small
/// for that many; then fewer, and at least 1. Ask this before you make a sink for each thread of
/// [`par_decode_reader`](crate::DecodeOptions::par_decode_reader): a thread that is started where
/// memory is nearly used up leaves none for the work, and a failed allocation ends the process.
///
/// # Complexity
///
/// Reserves address space and releases it untouched, at most once for each halving of `wanted`.
///
/// # Examples
///
/// ```
/// assert_eq!(codec::threads_within_memory(0), 1);
/// assert_eq!(codec::threads_within_memory(2), 2);
/// ```
#[must_use]
pub fn threads_within_memory(wanted: usize) -> usize {
    let mut threads = wanted.max(1);
    while threads > 1 && !has_room(threads) {
        threads /= 2;
    }
    threads
}

fn has_room(threads: usize) -> bool {
    let mut room = Vec::<u8>::new();
    let is_there = room.try_reserve_exact(threads.saturating_mul(THREAD_BYTES)).is_ok();
    black_box(&room); // Memory that is not looked at need not be asked for.
    is_there
}

/// Calls `work` with each worker on a thread of its own, the first on the calling thread.
///
/// A worker whose thread cannot be started is left out, so `work` takes its shares from one queue.
///
/// # Panics
///
/// If `work` does, when all threads are done.
pub(crate) fn share<W: Send>(workers: &mut [W], work: impl Fn(&mut W) + Sync) {
    thread::scope(|scope| {
        let mut workers = workers.iter_mut();
        let own = workers.next();
        for worker in workers {
            // Not `scope.spawn`, which panics. What one thread was refused the next is too.
            if thread::Builder::new().spawn_scoped(scope, || work(worker)).is_err() {
                break;
            }
        }
        // This thread would only wait: it is one of them.
        own.into_iter().for_each(&work);
    });
}
