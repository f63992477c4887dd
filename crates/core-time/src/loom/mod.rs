//! Models of what threads share, each explored in all interleavings: `cargo xtask loom`.
//!
//! Each model asks one question, with two or three threads and the smallest ring. Ticks are
//! milliseconds. `cargo xtask mutants` shows that each model can fail.

mod clock;
mod counter;
mod in_flight;
mod limiter;

use std::sync::atomic::AtomicUsize;

use crate::sync::Ordering::Relaxed;

/// Explores all interleavings in which threads are interrupted no more than three times.
///
/// Without a bound the larger models take days. Nearly all faults of such protocols need two
/// interruptions.
///
/// Loom runs the first thread as far as it can, and branches where an access conflicts with the
/// last access to the same address, which may be the thread's own. So a reader that runs first is
/// hidden from an owner that loads before it stores. That is why the reader is the spawned thread,
/// and why a model with a single run fails.
#[expect(clippy::print_stdout, reason = "read by `cargo xtask loom`")]
pub(super) fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&runs);
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        model();
    });
    let runs = runs.load(Relaxed);
    assert!(runs > 1, "threads never met");
    println!("{runs} interleavings");
}
