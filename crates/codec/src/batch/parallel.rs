//! Threads for a batch, as many as the system has memory for.
//!
//! If a thread cannot be started, the others decode its blocks, because all take blocks from one
//! queue. The calling thread decodes too, so the batch is always finished.

use std::hint::black_box;
use std::thread;

/// Address space of one thread: its stack, by default 2 MiB, blocks of its longest lines, and the
/// 64 MiB that the allocator of glibc reserves for each of the first threads.
const THREAD_BYTES: usize = 72 << 20;

/// Returns how many of the `wanted` threads fit into memory.
///
/// Returns `wanted` unless the address space of the process, or its share of memory, is too small;
/// then fewer, and at least 1. Call this before creating a sink for each thread of
/// [`par_decode_reader`](crate::DecodeOptions::par_decode_reader): a thread that starts when memory
/// is nearly used up leaves none for decoding, and a failed allocation ends the process.
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
    while threads > 1 && !can_reserve(threads) {
        threads /= 2;
    }
    threads
}

fn can_reserve(threads: usize) -> bool {
    let mut memory = Vec::<u8>::new();
    let reserved = memory.try_reserve_exact(threads.saturating_mul(THREAD_BYTES)).is_ok();
    black_box(&memory); // The compiler may remove an allocation that is not used.
    reserved
}

/// Calls `work` with each worker on its own thread, the first on the calling thread.
///
/// A worker whose thread cannot be started is skipped, so `work` must take jobs from one queue.
///
/// # Panics
///
/// If `work` panics, after all threads have finished.
pub(super) fn share<W: Send>(workers: &mut [W], work: impl Fn(&mut W) + Sync) {
    thread::scope(|scope| {
        let mut workers = workers.iter_mut();
        let own = workers.next();
        for worker in workers {
            // Not `scope.spawn`, which panics. If one thread cannot start, the next cannot either.
            if thread::Builder::new().spawn_scoped(scope, || work(worker)).is_err() {
                break;
            }
        }
        // The calling thread works too instead of waiting.
        own.into_iter().for_each(&work);
    });
}
