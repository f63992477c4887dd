//! Runs the same work on several threads at once, and times the slowest.

use std::hint;
use std::sync::RwLock;
use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::thread;
use std::time::Duration;

use criterion::measurement::{Measurement, WallTime};

use super::Steady;

/// Runs work on several threads and returns the result of the leader, which is this thread.
pub(super) fn at_once<R: Send>(threads: usize, work: impl Fn(Role) -> R + Sync) -> R {
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| work(Role::Follower));
        }
        work(Role::Leader)
    })
}

/// Distinguishes the one thread that leads from those that follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Prepares each round and adds up the times.
    Leader,
    /// Only does the work.
    Follower,
}

/// Adds up the slowest thread's time of each round.
///
/// `work` returns how long its thread took.
pub(super) fn time_rounds<S: Send + Sync>(
    threads: usize,
    rounds: u64,
    fresh: impl Fn() -> S + Sync,
    work: impl Fn(Role, &S) -> Duration + Sync,
) -> Duration {
    let (gate, slowest) = (Gate::new(threads), Slowest::default());
    let stage = RwLock::new(None);
    at_once(threads, |role| {
        let mut total = Duration::ZERO;
        for _ in 0..rounds {
            if role == Role::Leader {
                *stage.write().expect("no thread panicked with the lock") = Some(fresh());
            }
            gate.pass(); // The implementation of this round exists.
            let held = stage.read().expect("no thread panicked with the lock");
            let implementation = held.as_ref().expect("the leader went first");
            gate.pass(); // All hold it.
            slowest.observe(work(role, implementation));
            drop(held);
            gate.pass(); // All are done.
            if role == Role::Leader {
                total += slowest.take();
            }
        }
        total
    })
}

/// Adds up the slowest thread's time of each round of steady work.
pub(super) fn time_steady<S: Steady>(threads: usize, rounds: u64, implementation: &S) -> Duration {
    let (gate, slowest) = (Gate::new(threads), Slowest::default());
    at_once(threads, |role| {
        let (mut local, mut total) = (implementation.local(), Duration::ZERO);
        for _ in 0..rounds {
            gate.pass(); // All are ready.
            slowest.observe(time(|| implementation.work(&mut local)));
            gate.pass(); // All are done.
            if role == Role::Leader {
                total += slowest.take();
                implementation.make_room();
            }
        }
        total
    })
}

/// Times `reads` reads on each thread, and returns the slowest thread's time for all of its reads.
pub(super) fn time_reads<R>(threads: usize, reads: u64, read: impl Fn() -> R + Sync) -> Duration {
    let (gate, slowest) = (Gate::new(threads), Slowest::default());
    at_once(threads, |_| {
        gate.pass();
        slowest.observe(time(|| (0..reads).for_each(|_| drop(hint::black_box(read())))));
    });
    slowest.take()
}

/// Times work by criterion's clock.
pub(super) fn time(work: impl FnOnce()) -> Duration {
    let start = WallTime.start();
    work();
    WallTime.end(start)
}

/// The interval between two reads that run concurrently with a writer.
const PAUSE: Duration = Duration::from_micros(1);

/// Runs one round of the writer, which leads and is timed, or of the reader, which reads until the
/// writer is done.
pub(super) fn with_reader<S, R>(
    role: Role,
    is_done: &AtomicBool,
    implementation: &S,
    write: impl Fn(&S),
    read: impl Fn(&S) -> R,
) -> Duration {
    // ORDERING: Release store, Acquire load; Relaxed to clear the flag.
    // Needs: the flag is clear when a round begins.
    // Gives: the reader clears it before the gate that ends the round.
    // Not needed: that the reader sees it soon; no timed thread waits for it.
    if role == Role::Leader {
        let took = time(|| write(implementation));
        is_done.store(true, Release);
        return took;
    }
    let (start, mut next) = (WallTime.start(), PAUSE);
    while !is_done.load(Acquire) {
        if WallTime.end(start) >= next {
            hint::black_box(read(implementation));
            next += PAUSE;
        }
        hint::spin_loop();
    }
    is_done.store(false, Relaxed);
    Duration::ZERO
}

/// Keeps the longest time of several threads.
#[derive(Default)]
struct Slowest(AtomicU64);

impl Slowest {
    fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // ORDERING: Relaxed, here and in `take`: the gate, or the end of the thread, lies between.
        self.0.fetch_max(nanos, Relaxed);
    }

    /// Returns the longest time and clears it.
    fn take(&self) -> Duration {
        Duration::from_nanos(self.0.swap(0, Relaxed))
    }
}

/// A barrier at which threads spin, so that they leave it within a fraction of a microsecond.
///
/// The standard barrier puts threads to sleep: the first to wake would finish a short round before
/// the last begins it, and threads would never contend. If a thread panics, the others wait
/// forever; work that could panic was verified before.
struct Gate {
    threads: usize,
    arrived: AtomicUsize,
    opened: AtomicUsize,
}

/// The number of spins before a thread yields: some microseconds on a core that is free.
const SPINS: u32 = 10_000;

impl Gate {
    fn new(threads: usize) -> Self {
        Self { threads, arrived: AtomicUsize::new(0), opened: AtomicUsize::new(0) }
    }

    /// Waits for all threads.
    fn pass(&self) {
        // ORDERING: AcqRel add, Release store, Acquire load.
        // Needs: every thread sees behind the gate what any thread did before it, and the count of
        // arrivals is 0 before a thread arrives again.
        // Gives: the last thread to arrive acquires the others' additions, and releases everything
        // to the threads that see the gate open.
        let opened = self.opened.load(Relaxed); // Cannot change before this thread arrives.
        if self.arrived.fetch_add(1, AcqRel) + 1 == self.threads {
            self.arrived.store(0, Relaxed);
            self.opened.store(opened + 1, Release);
            return;
        }
        let mut spins = 0;
        while self.opened.load(Acquire) == opened {
            spins += 1;
            if spins % SPINS == 0 {
                thread::yield_now();
            }
            hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_works_on_every_round_and_on_that_alone() {
        let finished = AtomicU64::new(0);
        let fresh = || AtomicU64::new(0);
        let work = |_, implementation: &AtomicU64| {
            let _ = (0..100).map(|_| implementation.fetch_add(1, Relaxed)).max();
            finished.fetch_max(implementation.load(Relaxed), Relaxed);
            Duration::from_nanos(1)
        };
        assert_eq!(time_rounds(3, 50, fresh, work), Duration::from_nanos(50));
        assert_eq!(
            finished.into_inner(),
            300,
            "three threads share a round, and a round has its own implementation"
        );
    }

    #[test]
    fn reader_asks_in_every_round_until_the_writer_is_done() {
        let (is_done, rounds_read) = (AtomicBool::new(false), AtomicU64::new(0));
        let fresh = || AtomicU64::new(0);
        let write = |asked: &AtomicU64| while asked.load(Relaxed) < 3 {};
        let read = |asked: &AtomicU64| {
            if asked.fetch_add(1, Relaxed) == 2 {
                rounds_read.fetch_add(1, Relaxed);
            }
        };
        let work = |role, asked: &AtomicU64| with_reader(role, &is_done, asked, write, read);
        time_rounds(2, 20, fresh, work);
        assert_eq!((rounds_read.into_inner(), is_done.into_inner()), (20, false));
    }

    /// Counts the calls of each method.
    #[derive(Default)]
    struct Rounds {
        begun: AtomicU64,
        worked: AtomicU64,
        made_room: AtomicU64,
    }

    impl Steady for Rounds {
        type Local = ();

        fn local(&self) {
            self.begun.fetch_add(1, Relaxed);
        }

        fn work(&self, (): &mut ()) {
            self.worked.fetch_add(1, Relaxed);
        }

        fn make_room(&self) {
            let rounds = self.made_room.fetch_add(1, Relaxed) + 1;
            assert_eq!(
                self.worked.load(Relaxed),
                rounds * 3,
                "all threads are done and none has continued"
            );
        }

        fn collect(&self, (): ()) {}

        fn verify(&self) -> Result<(), String> {
            Ok(())
        }
    }

    #[test]
    fn steady_work_begins_once_and_makes_room_between_rounds() {
        let rounds = Rounds::default();
        time_steady(3, 50, &rounds);
        let Rounds { begun, worked, made_room } = rounds;
        let found = [begun, worked, made_room].map(AtomicU64::into_inner);
        assert_eq!(found, [3, 150, 50]);
    }

    #[test]
    fn every_thread_reads_as_often_as_asked() {
        let reads = AtomicU64::new(0);
        time_reads(3, 70, || reads.fetch_add(1, Relaxed));
        assert_eq!(reads.into_inner(), 210);
    }
}
