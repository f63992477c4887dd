//! The allocator of a test: that of the system, with a count of what each thread allocates.
#![expect(unsafe_code, reason = "counting allocations needs a custom allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator of the system, with a count of the bytes that each thread allocates and holds.
struct Counting;

thread_local! {
    // One per thread, because tests run concurrently.
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Adds to the number of bytes that the thread holds.
fn hold(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: `GlobalAlloc` requires blocks that fit their layout, do not overlap and stay valid until
// they are freed. `System` returns such blocks, and each call is passed on unchanged. Counting does
// not allocate (the cell is constant and has no destructor) and does not unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size()));
        hold(layout.size().cast_signed());
        // SAFETY: the caller upholds the contract of `alloc`, which is that of `System.alloc`.
        unsafe { System.alloc(layout) }
    }

    // The default implementation would write to every page.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size()));
        hold(layout.size().cast_signed());
        // SAFETY: the caller upholds the contract of `alloc_zeroed`, which is that of `System`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        hold(-layout.size().cast_signed());
        // SAFETY: the caller passes a block of this allocator and its layout; `System` made it.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns the total number of bytes that a call allocates, freed or not.
#[allow(dead_code, reason = "some tests count the peak only")]
pub(crate) fn allocated<T>(call: impl FnOnce() -> T) -> (usize, T) {
    let before = BYTES.get();
    let answer = call();
    (BYTES.get() - before, answer)
}

/// Returns the peak of bytes that this thread holds during a call, above those before.
pub(crate) fn peak_of<T>(call: impl FnOnce() -> T) -> (usize, T) {
    let before = HELD.get();
    PEAK.set(before);
    let answer = call();
    (usize::try_from(PEAK.get() - before).unwrap(), answer)
}
